//! The counts of the analytics table, for whoever adds minutes up: the archive's daily task, and the command line.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::civil::Date;
use pipeline::aggregate::sums::{CountStore, MinutePage};
use pipeline::aggregate::{Grain, ItemKey, Items, NotCounts, Numbers};
use pipeline::storage::StoreError;

use crate::Clients;
use crate::error::store_error;

const QUERY: &str = "dynamodb:Query";
const PUT: &str = "dynamodb:PutItem";
const EXPIRES_AT: &str = "expires_at";
/// Behind every sort key that begins with a day: those go on with `#` or `T`.
const LAST: char = '~';

/// The table in DynamoDB.
#[derive(Clone, Debug)]
pub struct DynamoCounts {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

type SdkItem = HashMap<String, AttributeValue>;

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn key_of(item: &SdkItem) -> Option<ItemKey> {
    let part = |name: &str| item.get(name)?.as_s().ok().cloned();
    Some(ItemKey {
        aggregate: part("aggregate")?,
        bucket: part("bucket")?,
    })
}

fn key(key: &ItemKey) -> SdkItem {
    HashMap::from([
        ("aggregate".to_owned(), text(&key.aggregate)),
        ("bucket".to_owned(), text(&key.bucket)),
    ])
}

/// The key of an item and its numbers; those that are zero are none.
fn counts(item: &SdkItem) -> Option<(ItemKey, Numbers)> {
    let mut numbers = Numbers::new();
    for (name, value) in item {
        if let (AttributeValue::N(number), false) = (value, name == EXPIRES_AT) {
            let number: i128 = number.parse().ok()?;
            if number != 0 {
                numbers.insert(name.clone(), number);
            }
        }
    }
    Some((key_of(item)?, numbers))
}

fn all(items: &[SdkItem]) -> Result<Items, StoreError> {
    let items = items.iter().map(counts).collect::<Option<_>>();
    items.ok_or_else(|| StoreError::Final {
        call: QUERY,
        cause: NotCounts.to_string(),
    })
}

impl DynamoCounts {
    /// The table called `table`.
    pub fn new(clients: &Clients, table: impl Into<String>) -> Self {
        Self {
            client: clients.dynamodb.clone(),
            table: table.into(),
        }
    }

    /// A page of the items of a partition key between two days, both included.
    async fn page(
        &self,
        aggregate: String,
        (first, last): (Date, Date),
        after: Option<&ItemKey>,
    ) -> Result<MinutePage, StoreError> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            // Both names are reserved words.
            .key_condition_expression(
                "#aggregate = :aggregate AND #bucket BETWEEN :first AND :last",
            )
            .expression_attribute_names("#aggregate", "aggregate")
            .expression_attribute_names("#bucket", "bucket")
            .expression_attribute_values(":aggregate", text(aggregate))
            .expression_attribute_values(":first", text(first.to_string()))
            .expression_attribute_values(":last", text(format!("{last}{LAST}")))
            .set_exclusive_start_key(after.map(key))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| store_error(QUERY, &error))?;
        Ok(MinutePage {
            items: all(answer.items())?,
            next: answer.last_evaluated_key().and_then(key_of),
        })
    }
}

impl CountStore for DynamoCounts {
    async fn minutes(
        &self,
        lane: u8,
        day: Date,
        after: Option<&ItemKey>,
    ) -> Result<MinutePage, StoreError> {
        self.page(ItemKey::lane(lane), (day, day), after).await
    }

    async fn sums(&self, grain: Grain, first: Date, last: Date) -> Result<Items, StoreError> {
        let mut items = Items::new();
        let mut after: Option<ItemKey> = None;
        loop {
            let aggregate = grain.as_str().to_owned();
            let page = self.page(aggregate, (first, last), after.as_ref()).await?;
            items.extend(page.items);
            after = page.next;
            if after.is_none() {
                return Ok(items);
            }
        }
    }

    async fn put(&self, item: &ItemKey, numbers: &Numbers) -> Result<(), StoreError> {
        let mut item = key(item);
        item.extend(
            numbers
                .iter()
                .map(|(name, number)| (name.clone(), AttributeValue::N(number.to_string()))),
        );
        let call = self.client.put_item().table_name(&self.table);
        let answer = call.set_item(Some(item)).send().await;
        answer.map(|_| ()).map_err(|error| store_error(PUT, &error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_number_of_ours_is_told_apart() {
        let item_key = ItemKey {
            aggregate: "minute#03".to_owned(),
            bucket: "2026-01-02T03:04Z#event".to_owned(),
        };
        let mut item = key(&item_key);
        let number = |text: &str| AttributeValue::N(text.to_owned());
        item.insert(EXPIRES_AT.to_owned(), number("1767323046"));
        item.insert("stripe#captured#n".to_owned(), number("2"));
        item.insert("stripe#captured#e".to_owned(), number("0"));
        let numbers = Numbers::from([("stripe#captured#n".to_owned(), 2)]);
        assert_eq!(all(&[item.clone()]), Ok(Items::from([(item_key, numbers)])));
        item.insert("stripe#captured#c".to_owned(), number("1.5"));
        for wrong in [item, SdkItem::new()] {
            assert!(matches!(all(&[wrong]), Err(StoreError::Final { .. })));
        }
    }
}
