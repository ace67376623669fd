//! The policy pack: a folder with `PulumiPolicy.yaml` and Rego files, and the rules that Pulumi's runtime would find in it.
//!
//! A name makes a policy: `deny…` and `violation…` are mandatory, `warn…` is advisory, and with `stack_` before it a rule judges the whole
//! stack. Everything else is a helper. A name that looks like a policy's and is none would be skipped in silence, so it is an error.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use regorus::Engine;
use serde::Serialize;
use serde_json::Value;

use crate::Error;
use crate::compiled::{self, Form, Head};
use crate::metadata;

/// What a violation means for the deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It is refused.
    Mandatory,
    /// It is mentioned.
    Advisory,
}

/// What a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// One resource at a time.
    Resource,
    /// The whole stack, once.
    Stack,
}

/// A rule and what its METADATA says.
#[derive(Debug, Clone, Serialize)]
pub struct Rule {
    /// Its name in the package.
    #[serde(rename = "rule")]
    pub name: String,
    /// From its name.
    pub level: Level,
    /// From its name.
    pub scope: Scope,
    /// PCI DSS v4.0.1 requirements, from `custom.pci`.
    pub pci: Vec<String>,
    /// In a few words.
    pub title: String,
    /// Why; may be empty.
    pub description: String,
    /// What to do about a violation, from `custom.fix`.
    pub fix: String,
    /// The policy file.
    pub file: String,
}

/// A loaded pack.
pub struct Pack {
    /// The package of all its files, such as `data.payhook`.
    pub package: String,
    /// Sorted by name.
    pub rules: Vec<Rule>,
    pub(crate) engine: Engine,
}

impl Pack {
    /// Loads and compiles all Rego files below `folder`.
    ///
    /// # Errors
    /// When a file cannot be read or compiled, the manifest does not say `runtime: opa`, the files have several packages, a rule could not be
    /// what it looks like, or there is no rule.
    pub fn load(folder: &Path) -> Result<Self, Error> {
        check_manifest(&folder.join("PulumiPolicy.yaml"))?;
        let mut files = Vec::new();
        find_rego(folder, &mut files)?;
        let no_pack = |fault: String| Error::Pack {
            path: folder.to_owned(),
            fault,
        };
        let mut engine = Engine::new();
        // As in OPA: a built-in function that is given what it cannot take is undefined.
        engine.set_strict_builtin_errors(false);
        let mut package = None;
        for path in &files {
            let file = path.display().to_string();
            let source = read(path)?;
            let its = engine
                .add_policy(file.clone(), source)
                .map_err(|e| Error::Compile {
                    file: file.clone(),
                    fault: e.to_string().trim().to_owned(),
                })?;
            let first = package.get_or_insert_with(|| its.clone());
            if *first != its {
                return Err(no_pack(format!(
                    "{file} is in {its} and others in {first}: give all files one package"
                )));
            }
        }
        let package = package.ok_or_else(|| no_pack("there is no .rego file in it".to_owned()))?;
        let modules = compiled::modules(&engine).map_err(no_pack)?;
        if let Some(module) = modules.iter().find(|m| !m.imports_v1) {
            let fault = "it does not say `import rego.v1`, without which the runtime reads it as an older Rego".to_owned();
            return Err(Error::Compile {
                file: module.file.clone(),
                fault,
            });
        }
        compiled::check_calls(&modules)?;
        let mut rules: HashMap<String, Rule> = HashMap::new();
        for module in &modules {
            let blocks = metadata::blocks(&module.source);
            for head in &module.heads {
                let fault = |fault: String| Error::Rule {
                    file: head.file.clone(),
                    line: head.line,
                    rule: head.name.clone(),
                    fault,
                };
                if let Some((level, scope)) = policy(head).map_err(fault)? {
                    let block = blocks.get(&head.line).map(String::as_str);
                    let known = rules.get(&head.name).map(|rule| rule.file.as_str());
                    if let Some(rule) = declared(head, known, block, level, scope).map_err(fault)? {
                        rules.insert(head.name.clone(), rule);
                    }
                }
            }
        }
        if rules.is_empty() {
            return Err(no_pack(
                "none of its rules is a policy: name one deny_…, warn_… or stack_deny_…".to_owned(),
            ));
        }
        let mut rules: Vec<Rule> = rules.into_values().collect();
        rules.sort_by(|a, b| a.name.cmp(&b.name));
        let mut pack = Self {
            package,
            rules,
            engine,
        };
        pack.check_bodies(folder)?;
        Ok(pack)
    }

    /// Variables without a value show only when the engine plans an evaluation. One rule on an empty input plans them all.
    fn check_bodies(&mut self, folder: &Path) -> Result<(), Error> {
        let any = format!("{}.{}", self.package, self.rules[0].name);
        self.engine
            .compile_with_entrypoint(&any.as_str().into())
            .map(|_| ())
            .map_err(|e| Error::Compile {
                file: folder.display().to_string(),
                fault: e.to_string().trim().to_owned(),
            })
    }
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })
}

fn check_manifest(path: &Path) -> Result<(), Error> {
    let fault = |fault: String| Error::Pack {
        path: path.to_owned(),
        fault,
    };
    let manifest: Value =
        yaml_serde::from_str(&read(path)?).map_err(|e| fault(format!("not YAML: {e}")))?;
    match manifest["runtime"].as_str() {
        Some("opa") => Ok(()),
        other => Err(fault(format!(
            "runtime is {}, it must be opa",
            other.unwrap_or("not set")
        ))),
    }
}

/// Every `.rego` below the folder, tests included, as the runtime takes them; sorted.
fn find_rego(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Error> {
    let broken = |source| Error::Read {
        path: folder.to_owned(),
        source,
    };
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(broken)?
        .map(|entry| entry.map(|e| e.path()).map_err(broken))
        .collect::<Result<_, _>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            find_rego(&path, found)?;
        } else if path.extension().is_some_and(|e| e == "rego") {
            found.push(path);
        }
    }
    Ok(())
}

/// What the name and form of a head make of it: a policy, a helper (`None`), or neither.
fn policy(head: &Head) -> Result<Option<(Level, Scope)>, String> {
    match (classify(&head.name), head.form) {
        (Some(kind), Form::Set) => Ok(Some(kind)),
        (Some(_), Form::Function) => Err("a function is no policy, and the runtime would take its name for one: rename it".to_owned()),
        (Some(_), Form::Other) => Err("a policy is a set of messages: write it as `name contains message if { … }`".to_owned()),
        (None, Form::Function) => Ok(None),
        (None, _) if looks_like_policy(&head.name) => {
            Err("looks like a policy and would be skipped in silence: use deny, violation or warn, then an underscore and letters only".to_owned())
        }
        (None, _) => Ok(None),
    }
}

/// Level and scope of a policy's name: `^(stack_)?(deny|violation|warn)(_[a-zA-Z]+)*$`.
fn classify(name: &str) -> Option<(Level, Scope)> {
    let (rest, scope) = match name.strip_prefix("stack_") {
        Some(rest) => (rest, Scope::Stack),
        None => (name, Scope::Resource),
    };
    let mut words = rest.split('_');
    let level = match words.next()? {
        "deny" | "violation" => Level::Mandatory,
        "warn" => Level::Advisory,
        _ => return None,
    };
    words
        .all(|w| !w.is_empty() && w.chars().all(|c| c.is_ascii_alphabetic()))
        .then_some((level, scope))
}

/// `Deny_x`, `denyX`, `deny_s3`, `denies_x`: somebody meant a policy.
fn looks_like_policy(name: &str) -> bool {
    const WORDS: [&str; 9] = [
        "denies",
        "deny",
        "violations",
        "violation",
        "violate",
        "warnings",
        "warning",
        "warns",
        "warn",
    ];
    let lower = name.to_ascii_lowercase();
    let start = if lower.starts_with("stack") {
        "stack".len()
    } else {
        0
    };
    let start = start + lower[start..].len() - lower[start..].trim_start_matches('_').len();
    WORDS.iter().any(|word| {
        lower[start..].starts_with(word)
            && name[start + word.len()..]
                .chars()
                .next()
                .is_none_or(|c| !c.is_ascii_lowercase())
    })
}

/// The rule of a head; `None` for a further body of the same rule.
fn declared(
    head: &Head,
    known: Option<&str>,
    block: Option<&str>,
    level: Level,
    scope: Scope,
) -> Result<Option<Rule>, String> {
    match (known, block) {
        (Some(file), _) if file != head.file => {
            return Err(format!("{file} has a rule of this name: give each its own"));
        }
        (Some(_), Some(_)) => {
            return Err(
                "a second METADATA block: a rule of this name is above, give each its own"
                    .to_owned(),
            );
        }
        (Some(_), None) => return Ok(None),
        (None, None) => {
            return Err(
                "it has no METADATA: write title, custom.fix and custom.pci above it".to_owned(),
            );
        }
        (None, Some(_)) => {}
    }
    let annotation = metadata::annotation(block.unwrap_or_default())?;
    Ok(Some(Rule {
        name: head.name.clone(),
        level,
        scope,
        pci: annotation.pci,
        title: annotation.title,
        description: annotation.description,
        fix: annotation.fix,
        file: head.file.clone(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_make_policies() {
        let mandatory = |scope| Some((Level::Mandatory, scope));
        let advisory = |scope| Some((Level::Advisory, scope));
        for (name, kind) in [
            ("deny", mandatory(Scope::Resource)),
            ("deny_topic_Key", mandatory(Scope::Resource)),
            ("violation", mandatory(Scope::Resource)),
            ("violation_x", mandatory(Scope::Resource)),
            ("warn_x", advisory(Scope::Resource)),
            ("stack_deny_x", mandatory(Scope::Stack)),
            ("stack_violation", mandatory(Scope::Stack)),
            ("stack_warn_x", advisory(Scope::Stack)),
            ("deny_s3_open", None),
            ("deny_", None),
            ("deny__x", None),
            ("denyX", None),
            ("stack_helper", None),
            ("tag_keys", None),
        ] {
            assert_eq!(classify(name), kind, "{name}");
        }
    }

    #[test]
    fn names_that_look_like_policies() {
        for name in [
            "deny_s3_open",
            "deny_",
            "Deny_x",
            "denyX",
            "DENY",
            "denies_x",
            "deny2",
            "stackDeny_x",
            "stack_warnings",
            "violations",
            "violate_x",
            "stack__deny_x",
        ] {
            assert!(looks_like_policy(name), "{name}");
        }
        for name in [
            "denying",
            "denied_topics",
            "warned",
            "tag_keys",
            "stack_of",
            "stack",
            "violationless",
            "is_denied",
        ] {
            assert!(!looks_like_policy(name), "{name}");
        }
    }
}
