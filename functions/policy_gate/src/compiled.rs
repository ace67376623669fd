//! What the engine's syntax tree says of a pack: which rules each file declares, which functions it calls.
//!
//! The tree is the engine's own, so that nothing here guesses at Rego's grammar.

use std::collections::{BTreeMap, BTreeSet};

use regorus::Engine;
use serde_json::Value;

use crate::Error;

/// The form of a rule's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `name contains value if …`.
    Set,
    /// `name(argument) := …`.
    Function,
    /// Everything else: one value, an object, a name with dots, a default.
    Other,
}

/// One rule's head.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) file: String,
    pub(crate) line: u64,
    pub(crate) name: String,
    pub(crate) form: Form,
}

/// One file of the pack.
pub(crate) struct Module {
    pub(crate) file: String,
    pub(crate) source: String,
    /// Whether it says `import rego.v1`, without which the runtime reads another language.
    pub(crate) imports_v1: bool,
    pub(crate) heads: Vec<Head>,
    /// Functions called, with the number of arguments.
    calls: BTreeMap<String, (usize, u64)>,
}

/// The modules of an engine, in the order they were added.
pub(crate) fn modules(engine: &Engine) -> Result<Vec<Module>, String> {
    let text = engine.get_ast_as_json().map_err(|e| e.to_string())?;
    let trees: Vec<Value> = serde_json::from_str(&text).map_err(|e| e.to_string())?;
    Ok(trees.iter().map(module).collect())
}

fn module(tree: &Value) -> Module {
    let file = tree["source"]["file"].as_str().unwrap_or_default();
    let listed = |key: &str| tree["ast"][key].as_array().cloned().unwrap_or_default();
    let mut calls = BTreeMap::new();
    let rules = listed("rules");
    rules.iter().for_each(|rule| find_calls(rule, &mut calls));
    Module {
        file: file.to_owned(),
        source: tree["source"]["contents"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        imports_v1: listed("imports")
            .iter()
            .any(|i| dotted(&i["refr"]) == "rego.v1"),
        heads: rules.iter().map(|rule| head(file, rule)).collect(),
        calls,
    }
}

fn head(file: &str, rule: &Value) -> Head {
    let (span, refr, form) = if rule["Default"].is_object() {
        let default = &rule["Default"];
        (&default["span"], &default["refr"], Form::Other)
    } else {
        let spec = &rule["Spec"];
        let forms = [
            ("Set", Form::Set),
            ("Func", Form::Function),
            ("Compr", Form::Other),
        ];
        let (key, form) = forms
            .into_iter()
            .find(|(key, _)| spec["head"][key].is_object())
            .unwrap_or(("Compr", Form::Other));
        let refr = &spec["head"][key]["refr"];
        let plain = refr["Var"].is_object() || form == Form::Function;
        (&spec["span"], refr, if plain { form } else { Form::Other })
    };
    let name = dotted(refr);
    Head {
        file: file.to_owned(),
        line: span["line"].as_u64().unwrap_or(0),
        name: name.split('.').next().unwrap_or_default().to_owned(),
        form,
    }
}

/// `a.b.c` of a reference; an index in brackets ends it.
fn dotted(reference: &Value) -> String {
    if let Some(name) = reference["Var"]["value"].as_str() {
        return name.to_owned();
    }
    if reference["RefBrack"].is_object() {
        return dotted(&reference["RefBrack"]["refr"]);
    }
    let field = reference["RefDot"]["field"][1].as_str().unwrap_or_default();
    format!("{}.{field}", dotted(&reference["RefDot"]["refr"]))
}

fn find_calls(node: &Value, calls: &mut BTreeMap<String, (usize, u64)>) {
    if let (true, Some(arguments)) = (node["Call"].is_object(), node["Call"]["params"].as_array()) {
        let line = node["Call"]["span"]["line"].as_u64().unwrap_or(0);
        calls.insert(dotted(&node["Call"]["fcn"]), (arguments.len(), line));
    }
    match node {
        Value::Array(items) => items.iter().for_each(|item| find_calls(item, calls)),
        Value::Object(fields) => fields.values().for_each(|item| find_calls(item, calls)),
        _ => {}
    }
}

/// The engine looks a function up only when a call is reached: a wrong name in a branch that no resource takes would stay unseen.
pub(crate) fn check_calls(modules: &[Module]) -> Result<(), Error> {
    let heads = modules.iter().flat_map(|m| &m.heads);
    let own: BTreeSet<&str> = heads
        .filter(|h| h.form == Form::Function)
        .map(|h| h.name.as_str())
        .collect();
    let mut judged = BTreeMap::new();
    for module in modules {
        for (name, (arguments, line)) in &module.calls {
            let known = own.contains(name.as_str())
                || name.starts_with("data.")
                || *judged
                    .entry(name)
                    .or_insert_with(|| is_builtin(name, *arguments));
            if !known {
                return Err(Error::Compile {
                    file: module.file.clone(),
                    fault: format!(
                        "line {line} calls {name}, which neither the pack nor the gate defines"
                    ),
                });
            }
        }
    }
    Ok(())
}

fn is_builtin(name: &str, arguments: usize) -> bool {
    let arguments = vec!["null"; arguments].join(", ");
    let mut engine = Engine::new();
    let policy = format!("package probe\n\nimport rego.v1\n\nresult := {name}({arguments})\n");
    let probe = engine
        .add_policy("probe.rego".to_owned(), policy)
        .and_then(|_| engine.eval_rule("data.probe.result".to_owned()));
    !probe.is_err_and(|e| e.to_string().contains("could not find function"))
}
