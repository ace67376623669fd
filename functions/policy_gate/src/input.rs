//! The documents that a rule sees as `input`, in the shape that Pulumi's OPA runtime gives them (`buildOPAInput`, `buildStackOPAInput`).
//!
//! One addition: `retainOnDelete`, which the graph records and the runtime does not pass on. A rule about it works here and sleeps in
//! `pulumi preview`.

use serde_json::{Map, Value, json};

use crate::graph::Resource;

/// `input` of the rules for one resource.
pub(crate) fn of_resource(resource: &Resource) -> Value {
    if let Some(recorded) = &resource.recorded {
        return Value::Object(recorded.clone());
    }
    let options = options(&resource.options);
    let provider = provider(&resource.provider);
    let properties = Value::Object(resource.properties.clone());
    let mut input = Map::new();
    for (key, value) in [
        ("type", Value::from(resource.type_token.as_str())),
        ("urn", Value::from(resource.urn.as_str())),
        ("name", Value::from(resource.name.as_str())),
        ("options", options.clone()),
        ("provider", provider.clone()),
        ("properties", properties.clone()),
    ] {
        input.insert(key.to_owned(), value);
    }
    // A property hides the metadata of the same name; the names with underscores are put in last and hide nothing that a provider uses.
    input.extend(resource.properties.clone());
    for (key, value) in [
        ("__type", Value::from(resource.type_token.as_str())),
        ("__urn", Value::from(resource.urn.as_str())),
        ("__name", Value::from(resource.name.as_str())),
        ("__options", options),
        ("__provider", provider),
        ("__properties", properties),
    ] {
        input.insert(key.to_owned(), value);
    }
    Value::Object(input)
}

/// One element of `input.resources` of the rules for the stack.
pub(crate) fn in_stack(resource: &Resource) -> Value {
    let mut input = of_resource(resource);
    if resource.recorded.is_some() {
        return input;
    }
    for key in ["dependencies", "propertyDependencies"] {
        if let (Some(value), Some(fields)) = (resource.options.get(key), input.as_object_mut()) {
            fields.insert(key.to_owned(), value.clone());
        }
    }
    input
}

fn options(given: &Map<String, Value>) -> Value {
    let or = |key: &str, default: Value| given.get(key).cloned().unwrap_or(default);
    json!({
        "protect": or("protect", false.into()),
        "retainOnDelete": or("retainOnDelete", false.into()),
        "ignoreChanges": or("ignoreChanges", json!([])),
        "deleteBeforeReplace": or("deleteBeforeReplace", false.into()),
        "additionalSecretOutputs": or("additionalSecretOutputs", json!([])),
        "aliasURNs": or("aliasURNs", json!([])),
        "aliases": or("aliases", Value::Null),
        "customTimeouts": or("customTimeouts", json!({"create": 0, "update": 0, "delete": 0})),
        "parent": or("parent", "".into()),
    })
}

/// `{type, name, urn, properties}`, or an empty object for the default provider. A reference says nothing of the provider's properties.
fn provider(given: &Value) -> Value {
    let reference = match given {
        Value::Object(_) => return given.clone(),
        Value::String(reference) => reference.as_str(),
        _ => "",
    };
    let parts: Vec<&str> = reference.split("::").collect();
    match parts[..] {
        [stack, project, types, name, _id] => {
            let urn = [stack, project, types, name].join("::");
            json!({"type": types.rsplit('$').next(), "name": name, "urn": urn, "properties": {}})
        }
        _ => json!({}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph;

    fn resource(element: Value) -> Resource {
        graph::element_of(element).unwrap()
    }

    #[test]
    fn a_resource_has_its_metadata_its_properties_and_its_metadata_again() {
        let urn = "urn:pulumi:dev::shop::shop:index:Part$aws:sqs/queue:Queue::orders";
        let input = of_resource(&resource(json!({
            "type": "aws:sqs/queue:Queue",
            "urn": urn,
            "properties": {"name": "orders_dev", "type": "standard"},
            "options": {"protect": true, "parent": "urn:p", "dependencies": ["urn:d"]},
            "provider": "urn:pulumi:dev::shop::pulumi:providers:aws::ohio::4711",
        })));
        let options = json!({
            "protect": true,
            "retainOnDelete": false,
            "ignoreChanges": [],
            "deleteBeforeReplace": false,
            "additionalSecretOutputs": [],
            "aliasURNs": [],
            "aliases": null,
            "customTimeouts": {"create": 0, "update": 0, "delete": 0},
            "parent": "urn:p",
        });
        let provider = json!({
            "type": "pulumi:providers:aws",
            "name": "ohio",
            "urn": "urn:pulumi:dev::shop::pulumi:providers:aws::ohio",
            "properties": {},
        });
        assert_eq!(
            input,
            json!({
                // The properties `name` and `type` hide the metadata.
                "name": "orders_dev",
                "type": "standard",
                "urn": urn,
                "options": options,
                "provider": provider,
                "properties": {"name": "orders_dev", "type": "standard"},
                "__name": "orders",
                "__type": "aws:sqs/queue:Queue",
                "__urn": urn,
                "__options": options,
                "__provider": provider,
                "__properties": {"name": "orders_dev", "type": "standard"},
            })
        );
    }

    #[test]
    fn only_the_stack_shows_dependencies() {
        let queue = resource(json!({
            "type": "aws:sqs/queue:Queue",
            "urn": "urn:pulumi:dev::shop::aws:sqs/queue:Queue::orders",
            "properties": {},
            "options": {"dependencies": ["urn:d"], "propertyDependencies": {"name": ["urn:d"]}},
        }));
        assert_eq!(of_resource(&queue).get("dependencies"), None);
        assert_eq!(in_stack(&queue)["dependencies"], json!(["urn:d"]));
        assert_eq!(
            in_stack(&queue)["propertyDependencies"],
            json!({"name": ["urn:d"]})
        );
    }

    #[test]
    fn a_recorded_resource_is_handed_on_unchanged() {
        let recorded = json!({
            "type": "standard",
            "name": "orders_dev",
            "dependencies": ["urn:d"],
            "__type": "aws:sqs/queue:Queue",
            "__urn": "urn:pulumi:dev::shop::aws:sqs/queue:Queue::orders",
            "__name": "orders",
            "__options": {"ignoreChanges": null},
            "__provider": {},
            "__properties": {"name": "orders_dev", "type": "standard"},
        });
        let queue = resource(recorded.clone());
        assert_eq!(
            (queue.type_token.as_str(), queue.name.as_str()),
            ("aws:sqs/queue:Queue", "orders")
        );
        assert_eq!(of_resource(&queue), recorded);
        assert_eq!(in_stack(&queue), recorded);
    }

    #[test]
    fn a_provider_is_a_reference_an_object_or_the_default_one() {
        let given = json!({"type": "pulumi:providers:aws", "properties": {"region": "us-east-2"}});
        assert_eq!(provider(&given), given);
        for default in [json!(""), json!(null), json!("aws")] {
            assert_eq!(provider(&default), json!({}));
        }
    }
}
