//! Items of the SDK in the pipeline's form.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_wire::dynamodb;
use pipeline::storage::Item;

/// A DynamoDB item in the pipeline's form.
pub(crate) fn neutral(item: HashMap<String, AttributeValue>) -> Item {
    crate::item::neutral(members(item))
}

fn members(item: HashMap<String, AttributeValue>) -> dynamodb::Item {
    let members = item.into_iter();
    members.map(|(name, it)| (name, value(it))).collect()
}

fn value(value_of_sdk: AttributeValue) -> dynamodb::AttributeValue {
    match value_of_sdk {
        AttributeValue::S(text) => dynamodb::AttributeValue::S(text),
        AttributeValue::N(text) => dynamodb::AttributeValue::N(text),
        AttributeValue::M(item) => dynamodb::AttributeValue::M(members(item)),
        AttributeValue::L(values) => {
            dynamodb::AttributeValue::L(values.into_iter().map(value).collect())
        }
        // The pipeline has no other kinds, and no record has one.
        _ => dynamodb::AttributeValue::Null(true),
    }
}
