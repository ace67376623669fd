//! The resource graph: a JSON list of `{type, name, urn, properties, options, provider}`, as `infra/graph.py` writes it.
//!
//! An element may also be what Pulumi's engine handed to the analyzer for a resource, recorded: it
//! has its `__urn`, and the rules see it unchanged.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use crate::Error;

/// One resource of the graph, checked for what the gate itself needs.
#[derive(Debug, Clone)]
pub struct Resource {
    /// The type token, such as `aws:s3/bucket:Bucket`.
    pub type_token: String,
    /// The logical name.
    pub name: String,
    /// The URN: unique in a graph.
    pub urn: String,
    /// What the program set.
    pub properties: Map<String, Value>,
    /// `protect`, `parent`, `dependencies` and so on.
    pub options: Map<String, Value>,
    /// The provider: a reference (`URN::id`), an object, or null.
    pub provider: Value,
    /// The whole element, where Pulumi's engine handed it to the analyzer and it was recorded.
    pub recorded: Option<Map<String, Value>>,
}

/// A checked graph: never empty, and all of one stack.
#[derive(Debug)]
pub struct Graph {
    resources: Vec<Resource>,
    stack_urn: String,
}

impl Graph {
    /// At least one.
    #[must_use]
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// URN of the stack: where the runtime reports what a stack rule says.
    #[must_use]
    pub fn stack_urn(&self) -> &str {
        &self.stack_urn
    }
}

/// Reads a graph.
///
/// # Errors
/// When the file cannot be read or is not a graph: not JSON, not a list, empty, an element without type, URN or properties, a type that is no
/// type token, two elements with one URN, elements of two stacks.
pub fn read(path: &Path) -> Result<Graph, Error> {
    let text = fs::read_to_string(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    parse(&text).map_err(|fault| Error::Graph {
        path: path.to_owned(),
        fault,
    })
}

/// A graph from its text.
///
/// # Errors
/// What is wrong with it, and where.
pub fn parse(text: &str) -> Result<Graph, String> {
    let document: Value = serde_json::from_str(text).map_err(|e| format!("not JSON: {e}"))?;
    let Value::Array(elements) = document else {
        return Err(format!("it is {}, not a list", kind(&document)));
    };
    let mut resources = Vec::with_capacity(elements.len());
    let mut seen = HashSet::new();
    let mut stacks = BTreeSet::new();
    for (index, element) in elements.into_iter().enumerate() {
        let fault = |fault: &str| format!("element {index} {fault}");
        let resource = element_of(element).map_err(|e| fault(&e))?;
        // URNs are what findings are about: two resources with one URN could not be told apart.
        if !seen.insert(resource.urn.clone()) {
            return Err(fault(&format!(
                "has a urn that is in it twice: {}",
                resource.urn
            )));
        }
        stacks.insert(stack_urn(&resource.urn));
        resources.push(resource);
    }
    let Some(stack_urn) = stacks.pop_first() else {
        return Err("the list is empty, and nothing is not a stack".to_owned());
    };
    match stacks.pop_first() {
        Some(other) => Err(format!("it is of two stacks, {stack_urn} and {other}")),
        None => Ok(Graph {
            resources,
            stack_urn,
        }),
    }
}

/// One element, checked.
pub(crate) fn element_of(element: Value) -> Result<Resource, String> {
    let Value::Object(mut fields) = element else {
        return Err(format!("is {}, not an object", kind(&element)));
    };
    let recorded = fields.contains_key("__urn").then(|| fields.clone());
    if recorded.is_some() {
        // A property may hide the metadata that is named without underscores.
        fields = metadata(fields);
    }
    let type_token = text(&mut fields, "type")?;
    let urn = text(&mut fields, "urn")?;
    if !is_type_token(&type_token) {
        return Err(format!(
            "has the type {type_token:?}, which is not of the form package:module/name:Type"
        ));
    }
    let Some(urn_name) = name_in_urn(&urn, &type_token) else {
        return Err(format!(
            "has the urn {urn:?}, which is not of the form urn:pulumi:stack::project::{type_token}::name"
        ));
    };
    let name = match fields.remove("name") {
        None => urn_name.to_owned(),
        Some(Value::String(name)) => name,
        Some(other) => return Err(format!("has {} as its name", kind(&other))),
    };
    Ok(Resource {
        properties: object(&mut fields, "properties")?
            .ok_or("has no properties (a stack's export has inputs instead: it is no graph)")?,
        options: object(&mut fields, "options")?.unwrap_or_default(),
        provider: fields.remove("provider").unwrap_or(Value::Null),
        type_token,
        name,
        urn,
        recorded,
    })
}

/// `__type`, `__urn` and so on, by their names in a graph.
fn metadata(fields: Map<String, Value>) -> Map<String, Value> {
    let unprefixed =
        |(key, value): (String, Value)| Some((key.strip_prefix("__")?.to_owned(), value));
    fields.into_iter().filter_map(unprefixed).collect()
}

fn text(fields: &mut Map<String, Value>, key: &str) -> Result<String, String> {
    match fields.remove(key) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text),
        Some(other) => Err(format!("has {} as its {key}", kind(&other))),
        None => Err(format!("has no {key}")),
    }
}

fn object(
    fields: &mut Map<String, Value>,
    key: &str,
) -> Result<Option<Map<String, Value>>, String> {
    match fields.remove(key) {
        None => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(other) => Err(format!("has {} as its {key}", kind(&other))),
    }
}

/// `package:module:Type`; a provider's module names the file as well (`s3/bucket`), a component's does not.
fn is_type_token(token: &str) -> bool {
    let parts: Vec<&str> = token.split(':').collect();
    let of_word = |part: &str, also: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || also.contains(c))
    };
    matches!(parts[..], [package, module, name]
        if of_word(package, "_-") && of_word(module, "_-./") && of_word(name, "_-"))
}

/// The last part of `urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME`, where TYPE must be the resource's own.
fn name_in_urn<'a>(urn: &'a str, type_token: &str) -> Option<&'a str> {
    let mut parts = urn.strip_prefix("urn:pulumi:")?.splitn(4, "::");
    let (stack, project) = (parts.next()?, parts.next()?);
    let (types, name) = (parts.next()?, parts.next()?);
    let own = types.rsplit('$').next()?;
    (!stack.is_empty() && !project.is_empty() && !name.is_empty() && own == type_token)
        .then_some(name)
}

/// URN of the stack that a resource belongs to.
fn stack_urn(resource_urn: &str) -> String {
    let mut parts = resource_urn
        .trim_start_matches("urn:pulumi:")
        .splitn(3, "::");
    let (stack, project) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    format!("urn:pulumi:{stack}::{project}::pulumi:pulumi:Stack::{project}-{stack}")
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(text) if text.is_empty() => "an empty string",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
