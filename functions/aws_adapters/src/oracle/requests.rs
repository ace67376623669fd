//! What is sent: method, path, query, headers, signature and body of every call.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use aws_config::{BehaviorVersion, Region};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_wire::{Config, Endpoints, Service, Timeouts};
use serde_json::Value;

use super::calls::{Call, by_wire};
use super::sdk_calls::by_sdk;
use super::server::{Answer, Recorded, Server};
use super::signature::{authorization, expected};
use super::{PATIENT, REGION, SECRET, credentials};
use crate::Clients;

/// Headers in which the two may differ, because no service acts on them.
const FREE: [(&str, &str); 5] = [
    ("user-agent", "names the program"),
    ("x-amz-user-agent", "names the program once more"),
    (
        "amz-sdk-invocation-id",
        "a random number, for the service's own logs",
    ),
    (
        "amz-sdk-request",
        "the number of the attempt, for the service's own statistics",
    ),
    (
        "authorization",
        "compared by its parts, since the headers above are signed",
    ),
];

fn is_free(name: &str) -> bool {
    FREE.iter().any(|(free, _)| *free == name)
}

fn compared(request: &Recorded) -> Vec<&(String, String)> {
    let headers = request.headers.iter();
    headers.filter(|(name, _)| !is_free(name)).collect()
}

/// JSON without the order of its members and without the random token of a transaction.
fn json(request: &Recorded) -> (Value, bool) {
    let mut body: Value = serde_json::from_slice(&request.body).unwrap();
    let token = body.as_object_mut().unwrap().remove("ClientRequestToken");
    let token = token.map(|token| token.as_str().unwrap().len());
    assert!(token.is_none_or(|length| (1..=36).contains(&length)));
    (body, token.is_some())
}

async fn sent(call: Call, token: bool) -> (Recorded, Recorded) {
    let done = Answer::whole(200, &[], call.done());
    let (sdk, wire) = (Server::start(vec![done.clone()]), Server::start(vec![done]));
    let clients = super::sdk(&sdk.url, REGION, token, PATIENT).await;
    by_sdk(call, &clients).await.unwrap();
    let client = super::wire(&wire.url, REGION, token, PATIENT);
    by_wire(call, &client).await.unwrap();
    let one = |server: &Server| {
        let mut requests = server.requests();
        assert_eq!(requests.len(), 1, "{call:?}");
        let mut request = requests.remove(0);
        // The two servers have ports of their own; the signature is checked with them.
        let host = request.headers.iter().find(|(name, _)| name == "host");
        assert_eq!(format!("http://{}", host.unwrap().1), server.url);
        assert_eq!(
            expected(&request, SECRET),
            authorization(&request).signature,
            "{call:?}"
        );
        request.headers.retain(|(name, _)| name != "host");
        request
    };
    (one(&sdk), one(&wire))
}

#[tokio::test]
async fn every_call_is_sent_as_the_sdk_sends_it() {
    for token in [true, false] {
        for call in Call::ALL {
            let (sdk, wire) = sent(call, token).await;
            let it = format!("{call:?}, session token: {token}");
            assert_eq!(
                (&wire.method, &wire.target),
                (&sdk.method, &sdk.target),
                "{it}"
            );
            let signed = |request: &Recorded| -> BTreeSet<String> {
                let signed = authorization(request).signed.into_iter().map(str::to_owned);
                signed.filter(|name| !is_free(name)).collect()
            };
            assert_eq!(signed(&wire), signed(&sdk), "{it}");
            assert_eq!(
                authorization(&wire).scope,
                authorization(&sdk).scope,
                "{it}"
            );
            if call == Call::PutObject {
                assert_eq!(wire.body, sdk.body, "{it}");
                assert_eq!(compared(&wire), compared(&sdk), "{it}");
                continue;
            }
            assert_eq!(json(&wire), json(&sdk), "{it}");
            // The same JSON may be escaped in more than one way, but is as long as it says.
            let length = |request: &Recorded| request.header("content-length").unwrap().parse();
            assert_eq!(length(&wire), Ok(wire.body.len()), "{it}");
            let compared = |request| {
                let mut headers = compared(request);
                headers.retain(|(name, _)| name != "content-length");
                headers
            };
            assert_eq!(compared(&wire), compared(&sdk), "{it}");
        }
    }
}

/// Reaches nobody, and remembers whom it should have reached.
#[derive(Clone, Debug, Default)]
struct Asked(Arc<Mutex<Vec<String>>>);

impl HttpConnector for Asked {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.0.lock().unwrap().push(request.uri().to_owned());
        let error = ConnectorError::user("nobody is asked".into());
        HttpConnectorFuture::ready(Err(error))
    }
}

/// Where the SDK finds the services when no endpoint is configured.
#[tokio::test]
async fn aws_is_found_where_the_sdk_finds_it() {
    for region in [
        "us-east-2",
        "us-east-1",
        "eu-central-1",
        "ap-southeast-4",
        "us-gov-west-1",
    ] {
        let asked = Asked::default();
        let connector = SharedHttpConnector::new(asked.clone());
        let sdk = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(region))
            .credentials_provider(credentials(true))
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .load()
            .await;
        let clients = Clients::new(&sdk);
        let config = Config {
            region: region.to_owned(),
            endpoints: Endpoints::default(),
            credentials: None,
            timeouts: Timeouts::STANDARD,
            clock: SystemTime::now,
        };
        let url = |service, bucket| {
            let address = config.address(service, bucket).unwrap();
            assert!(address.tls);
            format!("https://{}{}/", address.authority, address.base)
        };
        for (call, service) in [
            (Call::GetItem, Service::DynamoDb),
            (Call::SendMessage, Service::Sqs),
            (Call::GetSecretValue, Service::SecretsManager),
        ] {
            assert!(by_sdk(call, &clients).await.is_err());
            assert_eq!(asked.0.lock().unwrap().pop(), Some(url(service, None)));
        }
        for bucket in ["audit-bucket", "audit.bucket"] {
            let got = clients.s3.get_object().bucket(bucket).key("k").send();
            assert!(got.await.is_err());
            let found = asked.0.lock().unwrap().pop().unwrap();
            assert_eq!(found, url(Service::S3, Some(bucket)) + "k?x-id=GetObject");
        }
    }
}
