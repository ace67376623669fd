//! Many small changes of one graph in one run: JSON lines in, JSON lines out.
//!
//! In: `{"id", "put": [resource, …], "remove": [urn, …], "stack": [rule, …], "until_refused": bool}`; a put resource takes the place of the one
//! with its URN, or is added. The rules for the stack cost the most: `stack` names those that are asked, all where it is absent, and with
//! `until_refused` none is where a rule for one of the put resources refuses it.
//! Out: `{"id", "findings": [{rule, resource, level, message}, …]}`, in the order of the lines. The findings are those of the whole changed graph;
//! what the change leaves alone is judged once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{BufRead, Write};

use regorus::Value;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::graph::{self, Graph, Resource};
use crate::judge::{self, Finding, Judge};
use crate::pack::Level;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    id: String,
    #[serde(default)]
    put: Vec<serde_json::Value>,
    #[serde(default)]
    remove: Vec<String>,
    stack: Option<BTreeSet<String>>,
    #[serde(default)]
    until_refused: bool,
}

#[derive(Serialize)]
struct Judgement {
    id: String,
    findings: Vec<Finding>,
}

/// A resource with what is known of it already.
#[derive(Clone)]
struct Judged {
    element: Value,
    findings: Vec<Finding>,
}

/// Judges one changed graph a line.
///
/// # Errors
/// When a line is no change of this graph, or its graph cannot be judged.
pub fn run(
    judge: &mut Judge,
    base: &Graph,
    input: impl BufRead,
    output: &mut impl Write,
) -> Result<(), Error> {
    let mut resources = BTreeMap::new();
    for resource in base.resources() {
        resources.insert(resource.urn.clone(), judged(judge, resource)?);
    }
    // The same resource turns up in several changes.
    let mut known: HashMap<String, Judged> = HashMap::new();
    for (line, text) in (1..).zip(input.lines()) {
        let text = text.map_err(Error::Input)?;
        let fault = |fault: String| Error::Batch { line, fault };
        let change: Change = serde_json::from_str(&text).map_err(|e| fault(e.to_string()))?;
        let mut changed = resources.clone();
        if let Some(stranger) = change.stack.iter().flatten().find(|name| !judge.has(name)) {
            return Err(fault(format!("{stranger} is no rule of the pack")));
        }
        for urn in &change.remove {
            changed
                .remove(urn)
                .ok_or_else(|| fault(format!("{urn} is not in the graph")))?;
        }
        let mut refused = false;
        for element in change.put {
            let key = element.to_string();
            let resource =
                graph::element_of(element).map_err(|e| fault(format!("a put element {e}")))?;
            if !known.contains_key(&key) {
                known.insert(key.clone(), judged(judge, &resource)?);
            }
            let judged = known[&key].clone();
            refused |= judged.findings.iter().any(|f| f.level == Level::Mandatory);
            changed.insert(resource.urn, judged);
        }
        if changed.is_empty() {
            return Err(fault("it leaves nothing of the graph".to_owned()));
        }
        let mut findings: Vec<Finding> =
            changed.values().flat_map(|r| r.findings.clone()).collect();
        if !(change.until_refused && refused) {
            let elements = changed.into_values().map(|r| r.element).collect();
            findings.extend(judge.stack(elements, base.stack_urn(), change.stack.as_ref())?);
        }
        judge::sort(&mut findings);
        let judgement = Judgement {
            id: change.id,
            findings,
        };
        serde_json::to_writer(&mut *output, &judgement).map_err(std::io::Error::from)?;
        writeln!(output)?;
        // Whoever asks may wait for the answer before the next question.
        output.flush()?;
    }
    Ok(())
}

fn judged(judge: &mut Judge, resource: &Resource) -> Result<Judged, Error> {
    Ok(Judged {
        element: judge.element(resource)?,
        findings: judge.resource(resource)?,
    })
}
