//! Evaluates the rules of a pack: each resource rule on each resource, each stack rule once.

use std::collections::{BTreeMap, BTreeSet};

use regorus::{Engine, Value};
use serde::Serialize;

use crate::graph::{Graph, Resource};
use crate::pack::{Level, Pack, Rule, Scope};
use crate::{Error, input};

/// What one rule says of one resource, or of the stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule's name.
    pub rule: String,
    /// URN of the resource; of the stack itself where a stack rule speaks.
    pub resource: String,
    /// Whether it forbids the deployment.
    pub level: Level,
    /// What is wrong and what to do.
    pub message: String,
}

/// A pack with its configuration, ready to judge.
pub struct Judge {
    engine: Engine,
    package: String,
    rules: Vec<Rule>,
}

impl Judge {
    /// `config` becomes `data.config`: an object by rule.
    ///
    /// # Errors
    /// What is wrong with the configuration: a key that is no rule of the pack would have no effect.
    pub fn new(pack: &Pack, config: Option<&serde_json::Value>) -> Result<Self, String> {
        let mut engine = pack.engine.clone();
        if let Some(config) = config {
            let by_rule = config.as_object().ok_or("it is not an object by rule")?;
            let stranger = by_rule
                .keys()
                .find(|key| pack.rules.iter().all(|rule| rule.name != **key));
            if let Some(key) = stranger {
                return Err(format!("{key} is no rule of the pack"));
            }
            let data = serde_json::json!({ "config": config }).to_string();
            engine.add_data_json(&data).map_err(|e| e.to_string())?;
        }
        Ok(Self {
            engine,
            package: pack.package.clone(),
            rules: pack.rules.clone(),
        })
    }

    /// Judges a whole graph. Findings are sorted by level, rule and resource.
    ///
    /// # Errors
    /// When a rule fails, or says something that is not a text.
    pub fn judge(&mut self, graph: &Graph) -> Result<Vec<Finding>, Error> {
        let mut findings = Vec::new();
        let mut elements = Vec::new();
        for resource in graph.resources() {
            findings.extend(self.resource(resource)?);
            elements.push(self.element(resource)?);
        }
        findings.extend(self.stack(elements, graph.stack_urn(), None)?);
        sort(&mut findings);
        Ok(findings)
    }

    /// What the rules for one resource say.
    pub(crate) fn resource(&mut self, resource: &Resource) -> Result<Vec<Finding>, Error> {
        let input = self.value(input::of_resource(resource), &resource.urn)?;
        self.evaluate(Scope::Resource, None, input, &resource.urn)
    }

    /// One element of what the rules for the stack see.
    pub(crate) fn element(&self, resource: &Resource) -> Result<Value, Error> {
        self.value(input::in_stack(resource), &resource.urn)
    }

    /// Whether the pack has a rule of this name.
    pub(crate) fn has(&self, rule: &str) -> bool {
        self.rules.iter().any(|known| known.name == rule)
    }

    /// What the rules for the stack say: those that are named, or all.
    pub(crate) fn stack(
        &mut self,
        elements: Vec<Value>,
        urn: &str,
        only: Option<&BTreeSet<String>>,
    ) -> Result<Vec<Finding>, Error> {
        let fields = BTreeMap::from([("resources".into(), Value::from(elements))]);
        let input = Value::from(fields);
        self.evaluate(Scope::Stack, only, input, urn)
    }

    fn value(&self, document: serde_json::Value, urn: &str) -> Result<Value, Error> {
        serde_json::from_value(document).map_err(|e| failed(&self.rules[0], urn, e.to_string()))
    }

    fn evaluate(
        &mut self,
        scope: Scope,
        only: Option<&BTreeSet<String>>,
        input: Value,
        urn: &str,
    ) -> Result<Vec<Finding>, Error> {
        self.engine.set_input(input);
        let mut findings = Vec::new();
        let asked = |rule: &&Rule| {
            rule.scope == scope && only.is_none_or(|names| names.contains(&rule.name))
        };
        for rule in self.rules.iter().filter(asked) {
            let fault = |fault: String| failed(rule, urn, fault);
            let value = self
                .engine
                .eval_rule(format!("{}.{}", self.package, rule.name))
                .map_err(|e| fault(e.to_string().trim().to_owned()))?;
            for message in value.as_set().map_err(|e| fault(e.to_string()))?.iter() {
                let message = message
                    .as_string()
                    .map_err(|_| fault(format!("its message {message} is not a text")))?;
                findings.push(Finding {
                    rule: rule.name.clone(),
                    resource: urn.to_owned(),
                    level: rule.level,
                    message: message.to_string(),
                });
            }
        }
        Ok(findings)
    }
}

fn failed(rule: &Rule, urn: &str, fault: String) -> Error {
    Error::Evaluate {
        file: rule.file.clone(),
        rule: rule.name.clone(),
        resource: urn.to_owned(),
        fault,
    }
}

/// The order of every output.
pub(crate) fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| {
        (a.level, &a.rule, &a.resource, &a.message).cmp(&(
            b.level,
            &b.rule,
            &b.resource,
            &b.message,
        ))
    });
}
