//! Fetching from real sockets: answers, silence, and what is remembered. No test waits for a clock.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::oneshot;

use super::*;

const PEM: &[u8] =
    include_bytes!("../../../provider_webhooks/fixtures/paypal/certificates/chain.pem");

type PlainClient = Client<HttpConnector, Empty<Bytes>>;

fn plain_client() -> PlainClient {
    Client::builder(TokioExecutor::new()).build(HttpConnector::new())
}

fn now<V>(future: impl Future<Output = V>) -> V {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(future)
}

fn answer(status: u16, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status} x\r\nlocation: https://elsewhere.example.com/\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// A server that counts its connections. It reads requests and leaves them without an answer unless
/// the path is in `answers`.
struct Server {
    address: String,
    connections: Arc<AtomicUsize>,
    /// Ready as soon as `silent_max` requests wait for an answer that never comes.
    all_wait: oneshot::Receiver<()>,
}

fn server(answers: &'static [(&'static str, u16, &'static [u8])], silent_max: usize) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    let (tell, all_wait) = oneshot::channel();
    std::thread::spawn(move || {
        let mut tell = Some(tell);
        let mut silent: Vec<TcpStream> = Vec::new();
        while let Ok((mut stream, _)) = listener.accept() {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut request = [0; 4096];
            let length = stream.read(&mut request).unwrap_or(0);
            let text = String::from_utf8_lossy(&request[..length]).into_owned();
            let path = text.split(' ').nth(1).unwrap_or_default();
            match answers.iter().find(|(known, _, _)| *known == path) {
                Some((_, status, body)) => {
                    let _ = stream.write_all(&answer(*status, body));
                }
                None => silent.push(stream),
            }
            if silent.len() >= silent_max
                && let Some(tell) = tell.take()
            {
                let _ = tell.send(());
            }
        }
    });
    Server {
        address,
        connections,
        all_wait,
    }
}

/// What comes of an endpoint that sends these bytes.
async fn answered(bytes: Vec<u8>) -> Result<Found, Trouble> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/certificate", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(&bytes);
    });
    let found = fetch(&plain_client(), &url).await;
    server.join().unwrap();
    found
}

#[test]
fn an_answer_is_a_certificate_nothing_or_trouble() {
    now(async {
        let found = answered(answer(200, PEM)).await.unwrap();
        assert_eq!(found.as_deref(), Some(PEM));
        for status in [301, 302, 307, 400, 403, 404, 410] {
            assert_eq!(answered(answer(status, PEM)).await, Ok(None), "{status}");
        }
        let too_long = [PEM, &vec![b'x'; BYTES_MAX]].concat();
        assert_eq!(answered(answer(200, &too_long)).await, Ok(None));
        for status in [408, 429, 500, 503] {
            assert_eq!(
                answered(answer(status, b"")).await,
                Err(format!("status {status}"))
            );
        }
        let broken = b"HTTP/1.1 200 x\r\ncontent-length: 9\r\n\r\nPEM".to_vec();
        assert_eq!(answered(broken).await, Err("answer broken off".to_owned()));
        assert_eq!(answered(Vec::new()).await, Err("connection".to_owned()));
    });
}

/// Otherwise one page of a provider's maintenance would refuse its webhooks for a day.
#[test]
fn an_answer_that_is_not_a_certificate_counts_as_absent() {
    let key = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let empty = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let half = &PEM[..PEM.len() / 4];
    for body in [&b"<html>maintenance</html>"[..], b"", key, empty, half] {
        let found = now(answered(answer(200, body)));
        assert_eq!(found, Ok(None), "{}", String::from_utf8_lossy(body));
    }
}

/// The deadline comes when all of them wait at once. One after the other they would never do so.
#[test]
fn a_silent_host_costs_one_budget_for_all_urls_and_is_not_asked_again() {
    const SILENT: usize = 8;
    now(async {
        let server = server(&[("/good", 200, PEM), ("/page", 200, b"<html>")], SILENT);
        let store = HttpsCertificates::new();
        let client = plain_client();
        let url = |name: &str| format!("{}/{name}", server.address);
        let silent = (0..SILENT).map(|n| url(&n.to_string()));
        let urls: Vec<String> = silent.chain([url("page"), url("good")]).collect();
        let (good, forged) = urls.split_last().unwrap();

        let found = store
            .fetch_before(
                std::future::pending(),
                Ok(&client),
                std::slice::from_ref(good),
            )
            .await;
        assert_eq!(found.get(good).map(|pem| &pem[..]), Some(PEM));

        let deadline = async {
            // The limit ends the test where it would hang, and decides nothing else.
            let all_wait = tokio::time::timeout(Duration::from_secs(60), server.all_wait);
            assert!(all_wait.await.is_ok(), "fetches are not made at once");
        };
        let found = store.fetch_before(deadline, Ok(&client), &urls).await;
        // What is remembered is in the answer and costs no fetch.
        assert_eq!(found.keys().collect::<Vec<_>>(), [good]);
        for url in forged {
            assert_eq!(store.remembered(url), Some(None), "{url}");
        }

        let connections = server.connections.load(Ordering::SeqCst);
        let found = store
            .fetch_before(std::future::ready(()), Ok(&client), &urls)
            .await;
        assert_eq!(found.keys().collect::<Vec<_>>(), [good]);
        assert_eq!(server.connections.load(Ordering::SeqCst), connections);
    });
}

#[test]
fn trouble_of_every_kind_is_remembered_as_absent() {
    now(async {
        let server = server(&[("/503", 503, b""), ("/404", 404, b"")], usize::MAX);
        let store = HttpsCertificates::new();
        let refused = "http://127.0.0.1:1/".to_owned();
        let urls = [
            format!("{}/503", server.address),
            format!("{}/404", server.address),
            refused,
        ];
        let client = plain_client();
        let found = store
            .fetch_before(std::future::pending(), Ok(&client), &urls)
            .await;
        assert!(found.is_empty());
        let no_client: Result<&PlainClient, Trouble> = Err("no trusted certificates".to_owned());
        let unasked = ["http://127.0.0.1:1/unasked".to_owned()];
        let found = store.fetch_before(std::future::pending(), no_client, &unasked);
        assert!(found.await.is_empty());
        for url in urls.iter().chain(&unasked) {
            assert_eq!(store.remembered(url), Some(None), "{url}");
        }
    });
}

#[test]
fn answers_that_are_there_at_the_deadline_count() {
    type Boxed = futures::future::BoxFuture<'static, u8>;
    let fetches: [Boxed; 4] = [
        Box::pin(std::future::ready(1)),
        Box::pin(std::future::pending()),
        Box::pin(std::future::pending()),
        Box::pin(std::future::ready(2)),
    ];
    let mut answers = now(answers_before(std::future::ready(()), fetches));
    answers.sort_unstable();
    assert_eq!(answers, [1, 2]);
}

#[test]
fn only_https_is_asked() {
    let store = HttpsCertificates::new();
    let urls = [
        "http://127.0.0.1:1/",
        "file:///etc/passwd",
        "not a url",
        "/certificate",
    ];
    assert!(now(store.fetch(&urls.map(str::to_owned))).is_empty());
    assert!(store.client.get().is_none());
}

#[test]
fn the_budget_is_measured_by_the_time_that_the_function_has() {
    let limits = concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/limits.json");
    let limits: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(limits).unwrap()).unwrap();
    assert_eq!(
        limits["function"]["webhook_processor"]["timeout_seconds"],
        FUNCTION_TIMEOUT.as_secs()
    );
}
