//! What stands in for AWS: answers every call of the functions as if it had worked, after the time that AWS would take, and counts.
//!
//! Nothing is stored but what decides a price: items that a write adds to. The answers have the form that the SDKs read; what AWS itself would find wrong with a call is the end-to-end tests' business.

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

use crate::counts::Counts;
use crate::table::{Items, Table, WriteUnits, list};
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
    /// Write units, see [`crate::table`]; twice as many in a transaction.
    pub write_units: WriteUnits,
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
    table: Arc<Mutex<Table>>,
    counts: Arc<Mutex<Counts>>,
}

const ITEMS_KEPT: usize = 2_000;

/// A bucket without objects, as ListObjectsV2 answers.
const NO_OBJECTS: &str =
    "<ListBucketResult><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>";

impl StandIns {
    /// Listens on a free port, with this table.
    ///
    /// # Errors
    /// When there is none.
    pub async fn start(latency: Latency, table: Table) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let standins = Self {
            address: listener.local_addr()?,
            counted: Arc::default(),
            inserted: Arc::default(),
            table: Arc::new(Mutex::new(table)),
            counts: Arc::default(),
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

    /// What the table has.
    pub fn items(&self) -> Items {
        let table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        table.items()
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
        let query = request.uri().query();
        let lists = query.is_some_and(|query| query.contains("list-type="));
        let body = match request.into_body().collect().await {
            Ok(body) => body.to_bytes(),
            Err(_) => Bytes::new(),
        };
        let document: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let told = self.count(service, &operation, &document, body.len());
        tokio::time::sleep(latency.of(service)).await;
        let answer = if service == "s3" {
            Response::builder()
                .header("etag", "\"d41d8cd98f00b204e9800998ecf8427e\"")
                .header("x-amz-version-id", "3sL4kqtJlcpXroDTDmJ")
                .body(Full::from(if lists { NO_OBJECTS } else { "" }))
        } else {
            let answer = told.unwrap_or_else(|| answer_to(&operation, &document));
            let answer = answer.to_string();
            Response::builder()
                .header("content-type", "application/x-amz-json-1.0")
                .body(Full::from(answer))
        };
        answer.unwrap_or_default()
    }

    /// Counts a call; what the table answers, if it is asked.
    fn count(
        &self,
        service: &str,
        operation: &str,
        document: &Value,
        bytes: usize,
    ) -> Option<Value> {
        let mut told = None;
        let mut calls = Calls {
            count: 1,
            bytes: bytes as u64,
            ..Calls::default()
        };
        match operation {
            "BatchExecuteStatement" => {
                let statements = list(document, "Statements");
                calls.items = statements.len() as u64;
                let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
                let mut answers = Vec::with_capacity(statements.len());
                for statement in statements {
                    let executed = table.execute(statement);
                    calls.write_units += executed.units;
                    if let Some(item) = executed.inserted {
                        self.push(item);
                    }
                    answers.push(executed.answer);
                }
                told = Some(json!({ "Responses": answers }));
            }
            "TransactWriteItems" => {
                let items = list(document, "TransactItems");
                calls.items = items.len() as u64;
                let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
                calls.write_units += counts.transact(items);
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
        told
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

fn answer_to(operation: &str, document: &Value) -> Value {
    match operation {
        "BatchGetItem" => json!({ "Responses": {}, "UnprocessedKeys": {} }),
        "GetItem" => json!({}),
        "DescribeTimeToLive" => json!({
            "TimeToLiveDescription": { "TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at" }
        }),
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
    fn a_secret_is_answered_with_its_settings() {
        let secret = answer_to(
            "GetSecretValue",
            &json!({"SecretId": "webhook_secret_square_bench"}),
        );
        let text: Value = serde_json::from_str(secret["SecretString"].as_str().unwrap()).unwrap();
        assert!(text["keys"][0].is_string() && text["notification_url"].is_string());
    }
}
