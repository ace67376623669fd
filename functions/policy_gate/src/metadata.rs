//! The `# METADATA` annotations of a policy file, which the engine leaves out of its syntax tree.
//!
//! A block starts with the line `# METADATA`, goes on while lines are comments, is YAML, and belongs to the next line that is neither blank
//! nor a comment: <https://www.openpolicyagent.org/docs/policy-language#metadata>, read 2026-11-25.

use std::collections::HashMap;

use serde_json::Value;

/// What one block says of its rule.
#[derive(Debug)]
pub(crate) struct Annotation {
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) fix: String,
    pub(crate) pci: Vec<String>,
}

/// The blocks of a file as YAML text, by the line (from 1) that each belongs to.
pub(crate) fn blocks(source: &str) -> HashMap<u64, String> {
    let mut found = HashMap::new();
    let mut block: Option<String> = None;
    let mut open = false;
    for (number, line) in (1..).zip(source.lines()) {
        if line.trim_end() == "# METADATA" {
            (block, open) = (Some(String::new()), true);
        } else if let Some(comment) = line.strip_prefix('#') {
            if let (true, Some(yaml)) = (open, block.as_mut()) {
                yaml.push_str(comment);
                yaml.push('\n');
            }
        } else if line.trim().is_empty() {
            open = false;
        } else if let Some(yaml) = block.take() {
            found.insert(number, yaml);
        }
    }
    found
}

/// A block, read. The fault says what is missing.
pub(crate) fn annotation(yaml: &str) -> Result<Annotation, String> {
    let document: Value =
        yaml_serde::from_str(yaml).map_err(|e| format!("its METADATA is not YAML: {e}"))?;
    let text = |value: &Value, name: &str| match value {
        Value::String(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        Value::Null => Err(format!("its METADATA has no {name}")),
        _ => Err(format!(
            "{name} in its METADATA is not a text: put it in quotes"
        )),
    };
    let custom = &document["custom"];
    let pci = match &custom["pci"] {
        Value::Array(items) if !items.is_empty() => items
            .iter()
            .map(|item| text(item, "custom.pci"))
            .collect::<Result<_, _>>()?,
        Value::Array(_) => return Err("its METADATA has no custom.pci".to_owned()),
        single => vec![text(single, "custom.pci")?],
    };
    Ok(Annotation {
        title: text(&document["title"], "title")?,
        description: text(&document["description"], "description").unwrap_or_default(),
        fix: text(&custom["fix"], "custom.fix")?,
        pci,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_belongs_to_the_next_line_of_code() {
        let source = "# METADATA\n# title: package\npackage a\n\n# METADATA\n# title: rule\n# custom:\n#   pci: x\n\n# Not of it.\ndeny_a contains 1\n\n# title: none\nhelper := 1\n";
        let found = blocks(source);
        assert_eq!(found.len(), 2);
        assert_eq!(found[&3], " title: package\n");
        assert_eq!(found[&11], " title: rule\n custom:\n   pci: x\n");
    }

    #[test]
    fn an_annotation_has_title_fix_and_requirements() {
        let read = annotation(
            " title: Queues are encrypted\n description: >-\n   Bodies\n   wait there\n custom:\n   fix: set a key\n   pci: ['3.5.1', '10.10']\n",
        )
        .unwrap();
        assert_eq!(read.title, "Queues are encrypted");
        assert_eq!(read.description, "Bodies wait there");
        assert_eq!(read.fix, "set a key");
        assert_eq!(read.pci, ["3.5.1", "10.10"]);
        let one = annotation("title: a\ncustom: {fix: b, pci: '7.2'}").unwrap();
        assert_eq!(
            (one.description.as_str(), one.pci),
            ("", vec!["7.2".to_owned()])
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        for (yaml, fault) in [
            ("title: [", "its METADATA is not YAML"),
            ("custom: {fix: b, pci: '7.2'}", "its METADATA has no title"),
            (
                "title: a\ncustom: {pci: '7.2'}",
                "its METADATA has no custom.fix",
            ),
            (
                "title: a\ncustom: {fix: b}",
                "its METADATA has no custom.pci",
            ),
            (
                "title: a\ncustom: {fix: b, pci: []}",
                "its METADATA has no custom.pci",
            ),
            // As a number, 7.20 would be 7.2.
            (
                "title: a\ncustom: {fix: b, pci: 7.20}",
                "custom.pci in its METADATA is not a text: put it in quotes",
            ),
            (
                "title: a\ncustom: {fix: b, pci: [7.20]}",
                "custom.pci in its METADATA is not a text: put it in quotes",
            ),
            (
                "title: ' '\ncustom: {fix: b, pci: '1'}",
                "title in its METADATA is not a text",
            ),
        ] {
            let error = annotation(yaml).unwrap_err();
            assert!(error.starts_with(fault), "{yaml}: {error}");
        }
    }
}
