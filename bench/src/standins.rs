//! What stands in for AWS: answers every call of the functions as if it had worked, after the time that AWS would take, and counts.
//!
//! Nothing is stored. The answers have the form that the SDKs read; what AWS itself would find wrong with a call is the end-to-end tests' business.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::workload::secret_values;

/// How long the services take to answer.
#[derive(Clone, Copy, Debug)]
pub struct Latency {
    /// DynamoDB.
    pub dynamodb: Duration,
    /// S3.
    pub s3: Duration,
}

impl Latency {
    /// SQS and Secrets Manager are taken to be as fast as DynamoDB.
    fn of(self, service: &str) -> Duration {
        if service == "s3" {
            self.s3
        } else {
            self.dynamodb
        }
    }
}

/// Calls of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// How many.
    pub count: u64,
    /// Bytes of the requests' bodies.
    pub bytes: u64,
    /// Items or messages in them: statements, puts, updates, entries; one where a call has no list.
    pub items: u64,
    /// Write units: one a begun kilobyte of each item, two in a transaction; once more for an item that is in the archive's index.
    /// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>, read 2026-11-26.
    pub write_units: u64,
}

/// Calls by `service:Operation`.
pub type Counted = BTreeMap<String, Calls>;

/// The running stand-ins.
#[derive(Clone, Debug)]
pub struct StandIns {
    /// Where they listen.
    pub address: SocketAddr,
    counted: Arc<Mutex<Counted>>,
    /// The last items that were inserted, for the stream.
    inserted: Arc<Mutex<Vec<Value>>>,
}

const ITEMS_KEPT: usize = 2_000;

impl StandIns {
    /// Listens on a free port.
    ///
    /// # Errors
    /// When there is none.
    pub async fn start(latency: Latency) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let standins = Self {
            address: listener.local_addr()?,
            counted: Arc::default(),
            inserted: Arc::default(),
        };
        let serving = standins.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                let serving = serving.clone();
                tokio::spawn(async move {
                    let service = service_fn(|request| {
                        let serving = serving.clone();
                        async move { Ok::<_, Infallible>(serving.answer(request, latency).await) }
                    });
                    let io = TokioIo::new(stream);
                    // A function that ended leaves its connections behind.
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(io, service)
                        .await;
                });
            }
        });
        Ok(standins)
    }

    /// What was called since the last time that this was asked.
    pub fn take(&self) -> Counted {
        std::mem::take(&mut *self.counted.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Items that webhook_processor inserted last.
    pub fn inserted(&self) -> Vec<Value> {
        self.inserted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    async fn answer(&self, request: Request<Incoming>, latency: Latency) -> Response<Full<Bytes>> {
        let target = request.headers().get("x-amz-target");
        let target = target.and_then(|value| value.to_str().ok()).unwrap_or("");
        let (service, operation) = match target.split_once('.') {
            Some((service, operation)) if service.starts_with("DynamoDB") => {
                ("dynamodb", operation.to_owned())
            }
            Some(("AmazonSQS", operation)) => ("sqs", operation.to_owned()),
            Some(("secretsmanager", operation)) => ("secretsmanager", operation.to_owned()),
            _ => ("s3", format!("{}Object", title(request.method().as_str()))),
        };
        let body = match request.into_body().collect().await {
            Ok(body) => body.to_bytes(),
            Err(_) => Bytes::new(),
        };
        let document: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        self.count(service, &operation, &document, body.len());
        tokio::time::sleep(latency.of(service)).await;
        let answer = if service == "s3" {
            Response::builder()
                .header("etag", "\"d41d8cd98f00b204e9800998ecf8427e\"")
                .header("x-amz-version-id", "3sL4kqtJlcpXroDTDmJ")
                .body(Full::default())
        } else {
            let answer = answer_to(&operation, &document).to_string();
            Response::builder()
                .header("content-type", "application/x-amz-json-1.0")
                .body(Full::from(answer))
        };
        answer.unwrap_or_default()
    }

    fn count(&self, service: &str, operation: &str, document: &Value, bytes: usize) {
        let mut calls = Calls {
            count: 1,
            bytes: bytes as u64,
            ..Calls::default()
        };
        match operation {
            "BatchExecuteStatement" => {
                let statements = list(document, "Statements");
                calls.items = statements.len() as u64;
                for statement in statements {
                    let item = inserted(statement);
                    calls.write_units += units(&item) + index_units(&item);
                    self.push(item);
                }
            }
            "TransactWriteItems" => {
                let items = list(document, "TransactItems");
                calls.items = items.len() as u64;
                for item in items {
                    let put = &item["Put"]["Item"];
                    // What an update leaves behind is a row of a few numbers.
                    calls.write_units += 2 * units(put).max(1) + index_units(put);
                    if put["record_type"]["S"] == "event" {
                        self.push(put.clone());
                    }
                }
            }
            "SendMessageBatch" => calls.items = list(document, "Entries").len() as u64,
            _ => calls.items = 1,
        }
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let sum = counted.entry(format!("{service}:{operation}")).or_default();
        sum.count += calls.count;
        sum.bytes += calls.bytes;
        sum.items += calls.items;
        sum.write_units += calls.write_units;
    }

    fn push(&self, item: Value) {
        let mut inserted = self.inserted.lock().unwrap_or_else(PoisonError::into_inner);
        if inserted.len() < ITEMS_KEPT {
            inserted.push(item);
        }
    }
}

fn title(method: &str) -> String {
    let mut letters = method.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first
        .into_iter()
        .chain(letters.map(|letter| letter.to_ascii_lowercase()))
        .collect()
}

fn list<'v>(document: &'v Value, name: &str) -> &'v [Value] {
    document[name].as_array().map(Vec::as_slice).unwrap_or(&[])
}

/// The item of a PartiQL insert, which names its attributes in the statement and has their values apart.
fn inserted(statement: &Value) -> Value {
    let text = statement["Statement"].as_str().unwrap_or_default();
    let names = text.split('\'').skip(1).step_by(2);
    let values = list(statement, "Parameters");
    let item: serde_json::Map<String, Value> = names
        .zip(values)
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .collect();
    Value::Object(item)
}

/// What DynamoDB counts of an item: names and values, numbers by two digits a byte.
/// Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>, read 2026-11-26.
fn item_bytes(item: &Value) -> u64 {
    let members = item.as_object().into_iter().flatten();
    members
        .map(|(name, value)| name.len() as u64 + value_bytes(value))
        .sum()
}

fn value_bytes(value: &Value) -> u64 {
    let Some((kind, inner)) = value.as_object().and_then(|object| object.iter().next()) else {
        return 0;
    };
    let text = |value: &Value| value.as_str().map_or(1, |text| text.len() as u64);
    match (kind.as_str(), inner) {
        ("N", number) => text(number).div_ceil(2) + 1,
        ("M", map) => 3 + item_bytes(map) + map.as_object().map_or(0, |map| map.len() as u64),
        ("L", Value::Array(values)) => {
            3 + values
                .iter()
                .map(|value| value_bytes(value) + 1)
                .sum::<u64>()
        }
        (_, Value::Array(values)) => values.iter().map(text).sum(),
        (_, scalar) => text(scalar),
    }
}

fn units(item: &Value) -> u64 {
    item_bytes(item).div_ceil(1024)
}

/// The index has every attribute of the items that it has.
fn index_units(item: &Value) -> u64 {
    if item["archive_shard"].is_null() {
        0
    } else {
        units(item)
    }
}

fn answer_to(operation: &str, document: &Value) -> Value {
    match operation {
        "BatchExecuteStatement" => {
            let each = list(document, "Statements").iter();
            json!({ "Responses": each.map(|_| json!({})).collect::<Vec<_>>() })
        }
        "BatchGetItem" => json!({ "Responses": {}, "UnprocessedKeys": {} }),
        "GetItem" => json!({}),
        "Query" => json!({ "Items": [], "Count": 0, "ScannedCount": 0 }),
        "SendMessageBatch" => {
            let sent = list(document, "Entries").iter().map(|entry| {
                json!({"Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": "e4e68fb7bd0e697a0ae8f1bb342846b3"})
            });
            json!({ "Successful": sent.collect::<Vec<_>>() })
        }
        "GetSecretValue" => {
            let wanted = document["SecretId"].as_str().unwrap_or_default();
            let secrets = secret_values();
            let found = secrets
                .iter()
                .find(|(name, _)| wanted.contains(&format!("_{name}_")));
            let text = found.map_or_else(
                || "{\"keys\":[]}".to_owned(),
                |(name, secrets)| {
                    let mut value = json!({ "keys": secrets.keys() });
                    let info = provider_webhooks::providers::by_name(name).map(|p| p.info());
                    for setting in info.into_iter().flat_map(|info| info.settings) {
                        value[setting.name] = json!(secrets.setting(setting.name));
                    }
                    value.to_string()
                },
            );
            json!({ "Name": wanted, "SecretString": text, "VersionId": "v" })
        }
        _ => json!({}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_begun_kilobytes_of_names_and_values() {
        let item = json!({"ab": {"S": "xyz"}, "c": {"N": "1130"}, "d": {"SS": ["p", "qr"]}, "e": {"BOOL": true}});
        assert_eq!(item_bytes(&item), 5 + 4 + 4 + 2);
        assert_eq!(units(&json!({"a": {"S": "x".repeat(1023)}})), 1);
        let indexed =
            json!({"a": {"S": "x".repeat(1024)}, "archive_shard": {"S": "2026-11-26#07"}});
        assert_eq!((units(&indexed), index_units(&indexed)), (2, 2));
        let statement = json!({"Statement": "INSERT INTO \"t\" VALUE {'a': ?, 'b': ?}", "Parameters": [{"S": "1"}, {"N": "2"}]});
        assert_eq!(
            inserted(&statement),
            json!({"a": {"S": "1"}, "b": {"N": "2"}})
        );
    }

    #[test]
    fn every_statement_is_answered() {
        let answer = answer_to("BatchExecuteStatement", &json!({"Statements": [1, 2, 3]}));
        assert_eq!(list(&answer, "Responses").len(), 3);
        let secret = answer_to(
            "GetSecretValue",
            &json!({"SecretId": "webhook_secret_square_bench"}),
        );
        let text: Value = serde_json::from_str(secret["SecretString"].as_str().unwrap()).unwrap();
        assert!(text["keys"][0].is_string() && text["notification_url"].is_string());
    }
}
