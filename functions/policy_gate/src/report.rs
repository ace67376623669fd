//! What the gate prints: a table for people, JSON lines for programs.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde::Serialize;

use crate::judge::Finding;
use crate::pack::{Level, Rule};
use crate::table;

/// One JSON object a line.
pub(crate) fn json_lines(items: &[impl Serialize], output: &mut impl Write) -> io::Result<()> {
    for item in items {
        serde_json::to_writer(&mut *output, item)?;
        writeln!(output)?;
    }
    Ok(())
}

/// The findings, how to mend them, and one line that says it all.
pub(crate) fn findings(
    findings: &[Finding],
    rules: &[Rule],
    resources: usize,
    width: usize,
    output: &mut impl Write,
) -> io::Result<()> {
    let rule_of = |finding: &Finding| rules.iter().find(|rule| rule.name == finding.rule);
    let rows: Vec<[String; 4]> = findings
        .iter()
        .map(|finding| {
            let pci = rule_of(finding).map_or_else(String::new, |rule| rule.pci.join(", "));
            [
                finding.rule.clone(),
                short(&finding.resource),
                finding.message.clone(),
                pci,
            ]
        })
        .collect();
    if !rows.is_empty() {
        table::write(
            output,
            ["rule", "resource", "message", "PCI DSS"],
            &rows,
            &[2, 1, 3, 0],
            width,
        )?;
        writeln!(output, "\nHow to mend it:")?;
        let broken: BTreeSet<&str> = findings
            .iter()
            .map(|finding| finding.rule.as_str())
            .collect();
        for rule in rules
            .iter()
            .filter(|rule| broken.contains(rule.name.as_str()))
        {
            let text = format!(
                "{}: {} ({}). {}",
                rule.name, rule.title, rule.file, rule.fix
            );
            let lines = table::wrap(&text, width.saturating_sub(2).max(1));
            writeln!(output, "  {}", lines.join("\n  "))?;
        }
        writeln!(output)?;
    }
    let mandatory = findings
        .iter()
        .filter(|finding| finding.level == Level::Mandatory)
        .count();
    writeln!(
        output,
        "{resources} {}, {} {}: {mandatory} mandatory {}, {} advisory.",
        plural(resources, "resource"),
        rules.len(),
        plural(rules.len(), "rule"),
        plural(mandatory, "violation"),
        findings.len() - mandatory,
    )
}

/// The rules of the pack.
pub(crate) fn rules(rules: &[Rule], width: usize, output: &mut impl Write) -> io::Result<()> {
    let rows: Vec<[String; 4]> = rules
        .iter()
        .map(|rule| {
            let level = match rule.level {
                Level::Mandatory => "mandatory",
                Level::Advisory => "advisory",
            };
            [
                rule.name.clone(),
                level.to_owned(),
                rule.pci.join(", "),
                rule.title.clone(),
            ]
        })
        .collect();
    table::write(
        output,
        ["rule", "level", "PCI DSS", "title"],
        &rows,
        &[3, 2, 0],
        width,
    )
}

/// `name (package/type)` of a URN: what tells resources of a stack apart at a glance.
fn short(urn: &str) -> String {
    let mut parts = urn.splitn(4, "::").skip(2);
    let (types, name) = (parts.next().unwrap_or(""), parts.next().unwrap_or(urn));
    match types.rsplit('$').next().unwrap_or("").split(':').nth(1) {
        Some("pulumi") => "the stack".to_owned(),
        Some(module) => format!("{name} ({module})"),
        None => name.to_owned(),
    }
}

fn plural(count: usize, word: &str) -> String {
    if count == 1 {
        word.to_owned()
    } else {
        format!("{word}s")
    }
}
