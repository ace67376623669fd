//! What fails: for each failure both clients make the same number of attempts and tell the pipeline
//! the same.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_wire::Timeouts;
use futures::future::join_all;
use pipeline::storage::StoreError;

use super::calls::{Call, by_wire};
use super::sdk_calls::by_sdk;
use super::server::{Answer, Recorded, Server};
use super::{PATIENT, region_of_its_own};
use crate::{Clients, Wire};

const JSON_TYPE: (&str, &str) = ("content-type", "application/x-amz-json-1.0");
/// The time of the tests' clocks, and half an hour later.
const NOW: (&str, &str) = ("date", "Sat, 28 Nov 2026 05:06:07 GMT");
const LATER: (&str, &str) = ("date", "Sat, 28 Nov 2026 05:36:07 GMT");
const EARLIER: (&str, &str) = ("date", "Sat, 28 Nov 2026 04:46:07 GMT");
/// Beyond what is blamed on the clock, four minutes, and not: by so much that it is not the time that an exchange takes which decides.
const BEYOND: (&str, &str) = ("date", "Sat, 28 Nov 2026 05:12:07 GMT");
const WITHIN: (&str, &str) = ("date", "Sat, 28 Nov 2026 05:09:07 GMT");

/// An error of a service, in its form.
fn error(call: Call, status: u16, headers: &[(&str, &str)], code: &str) -> Answer {
    let body = match call {
        Call::PutObject => format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code>\
             <Message>m</Message><RequestId>r</RequestId></Error>"
        ),
        _ => format!("{{\"__type\":\"com.amazonaws.x#{code}\",\"message\":\"m\"}}"),
    };
    let headers = [&[JSON_TYPE][..], headers].concat();
    Answer::whole(status, &headers, &body)
}

/// Every code that the clients treat apart, every one that the pipeline does, and some that nobody
/// knows.
const CODES: [(u16, &str); 36] = [
    (400, "Throttling"),
    (400, "ThrottlingException"),
    (400, "ThrottledException"),
    (400, "RequestThrottledException"),
    (429, "TooManyRequestsException"),
    (400, "ProvisionedThroughputExceededException"),
    (400, "ProvisionedThroughputExceeded"),
    (400, "TransactionInProgressException"),
    (400, "RequestLimitExceeded"),
    (400, "BandwidthLimitExceeded"),
    (400, "LimitExceededException"),
    (400, "RequestThrottled"),
    (503, "SlowDown"),
    (400, "SlowDown"),
    (400, "PriorRequestNotComplete"),
    (400, "EC2ThrottledException"),
    (400, "RequestTimeout"),
    (400, "RequestTimeoutException"),
    (400, "TransactionConflictException"),
    (400, "ConditionalCheckFailedException"),
    (400, "TransactionCanceledException"),
    (400, "ItemCollectionSizeLimitExceededException"),
    (400, "ResourceNotFoundException"),
    (400, "ValidationException"),
    (400, "AccessDeniedException"),
    (400, "UnrecognizedClientException"),
    (400, "ExpiredTokenException"),
    (400, "ExpiredToken"),
    (403, "RequestTimeTooSkewed"),
    (403, "SignatureDoesNotMatch"),
    (404, "NoSuchBucket"),
    (409, "OperationAborted"),
    (412, "PreconditionFailed"),
    (500, "InternalServerError"),
    (503, "ServiceUnavailable"),
    (418, "SomethingNew"),
];

/// Failures by name, as a service of this call makes them.
fn table(call: Call) -> BTreeMap<String, Answer> {
    let mut rows = BTreeMap::new();
    let mut row = |name: &str, answer: Answer| {
        assert!(rows.insert(name.to_owned(), answer).is_none(), "{name}");
    };
    for (status, code) in CODES {
        row(&format!("{status} {code}"), error(call, status, &[], code));
    }
    for status in [429, 500, 501, 502, 503, 504, 505] {
        row(
            &format!("{status} without a body"),
            Answer::whole(status, &[], ""),
        );
        row(
            &format!("{status} page"),
            Answer::whole(status, &[], "<html>no</html>"),
        );
    }
    for (status, name) in [
        (301, "PermanentRedirect"),
        (307, "TemporaryRedirect"),
        (302, ""),
    ] {
        let elsewhere = [("location", "http://127.0.0.1:9/elsewhere")];
        row(
            &format!("redirect {status}"),
            error(call, status, &elsewhere, name),
        );
    }
    row(
        "400 InternalError, S3's own",
        match call {
            Call::PutObject => error(call, 400, &[], "InternalError"),
            // The SDK repeats it for S3 alone; no other service has the code.
            _ => error(call, 500, &[], "InternalError"),
        },
    );
    row(
        "400 malformed",
        Answer::whole(400, &[], "{\"__type\":\"ThrottlingExc"),
    );
    row(
        "400 of another type",
        Answer::whole(400, &[], "[\"ThrottlingException\"]"),
    );
    row("400 no code", Answer::whole(400, &[], "{}"));
    row("400 empty", Answer::whole(400, &[], ""));
    row(
        "503 malformed",
        Answer::whole(503, &[], "<Error><Code>SlowDown"),
    );
    let typed = [("x-amzn-errortype", "ThrottlingException:http://internal/")];
    row(
        "code in a header",
        Answer::whole(400, &typed, "{\"message\":\"m\"}"),
    );
    row("code in a header alone", Answer::whole(400, &typed, ""));
    let queried = [("x-amzn-query-error", "RequestThrottled;Sender")];
    row(
        "code of the query protocol",
        error(call, 400, &queried, "Unknown"),
    );
    let wish = [("x-amz-retry-after", "5")];
    row(
        "a wish when to come again",
        error(call, 503, &wish, "SlowDown"),
    );
    for (name, date) in [
        ("now", NOW),
        ("later", LATER),
        ("earlier", EARLIER),
        ("beyond the limit", BEYOND),
        ("within the limit", WITHIN),
        ("unreadable", ("date", "soon")),
    ] {
        for code in [
            "RequestTimeTooSkewed",
            "SignatureDoesNotMatch",
            "InvalidSignatureException",
        ] {
            row(
                &format!("{code}, the clock: {name}"),
                error(call, 403, &[date], code),
            );
        }
    }
    let cached = [LATER, ("age", "7")];
    row(
        "skew of a cached answer",
        error(call, 403, &cached, "RequestTimeTooSkewed"),
    );
    row(
        "another code and a skew",
        error(call, 403, &[LATER], "ExpiredTokenException"),
    );
    row("closed before the answer", Answer::ThenClose(Vec::new()));
    row(
        "closed in the head",
        Answer::ThenClose(b"HTTP/1.1 200 OK\r\ncontent-".to_vec()),
    );
    row("200 cut off", Answer::cut_off(200, "{\"Responses\":[]"));
    row("500 cut off", Answer::cut_off(500, "{\"__type\":"));
    row(
        "no HTTP",
        Answer::ThenClose(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec()),
    );
    let chunk = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\n{\"a\":";
    row("chunks cut off", Answer::ThenClose(chunk.to_vec()));
    if call != Call::PutObject {
        // S3 says nothing in its answer, so nothing of it is read.
        row(
            "200 malformed",
            Answer::whole(200, &[], "{\"Responses\":[{\"Err"),
        );
        row("200 page", Answer::whole(200, &[], "<html>hello</html>"));
        row("200 of another type", Answer::whole(200, &[], "[1]"));
    }
    rows
}

/// What came of a call: the number of requests, what was told, and the time of the last signature.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    told: Result<(), StoreError>,
    signed_at: Vec<String>,
}

fn outcome(told: Result<(), StoreError>, requests: &[Recorded]) -> Outcome {
    let date = |request: &Recorded| request.header("x-amz-date").unwrap().to_owned();
    Outcome {
        told,
        signed_at: requests.iter().map(date).collect(),
    }
}

async fn sdk_of(url: &str) -> Clients {
    super::sdk(url, &region_of_its_own(), true, PATIENT).await
}

fn wire_of(url: &str) -> Wire {
    super::wire(url, &region_of_its_own(), true, PATIENT)
}

/// The same script for both.
async fn outcomes(call: Call, script: Vec<Answer>) -> (Outcome, Outcome) {
    let (sdk, wire) = (Server::start(script.clone()), Server::start(script));
    let clients = sdk_of(&sdk.url).await;
    let client = wire_of(&wire.url);
    let (by_sdk, by_wire) = futures::join!(by_sdk(call, &clients), by_wire(call, &client));
    (
        outcome(by_sdk, &sdk.requests()),
        outcome(by_wire, &wire.requests()),
    )
}

async fn compare(call: Call, name: String, script: Vec<Answer>) -> Option<String> {
    let (sdk, wire) = outcomes(call, script).await;
    (sdk != wire).then(|| format!("{call:?}, {name}: the SDK {sdk:?}, the small client {wire:?}"))
}

/// Each failure for ever, and each before an answer that is good.
async fn judge(call: Call) {
    let rows = table(call).into_iter().flat_map(|(name, answer)| {
        let done = Answer::whole(200, &[NOW], call.done());
        let healed = vec![answer.clone(), done];
        [
            compare(call, name.clone(), vec![answer]),
            compare(call, format!("{name}, once"), healed),
        ]
    });
    let differing: Vec<String> = join_all(rows).await.into_iter().flatten().collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[tokio::test]
async fn dynamodb_fails_as_with_the_sdk() {
    judge(Call::BatchExecuteStatement).await;
}

#[tokio::test]
async fn s3_fails_as_with_the_sdk() {
    judge(Call::PutObject).await;
}

#[tokio::test]
async fn sqs_fails_as_with_the_sdk() {
    judge(Call::SendMessageBatch).await;
}

#[tokio::test]
async fn secrets_manager_fails_as_with_the_sdk() {
    judge(Call::GetSecretValue).await;
}

/// A write of one item may collide with another region's; the SDK repeats that one, too.
#[tokio::test]
async fn a_conflict_of_replicas_fails_as_with_the_sdk() {
    let call = Call::PutItem;
    let conflict = error(call, 400, &[], "ReplicatedWriteConflictException");
    let differs = compare(call, "conflict".to_owned(), vec![conflict]).await;
    assert_eq!(differs, None);
}

#[tokio::test]
async fn nobody_there_is_told_as_with_the_sdk() {
    // Kept, so that nobody else gets the port, and not listened at.
    let kept = tokio::net::TcpSocket::new_v4().unwrap();
    kept.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", kept.local_addr().unwrap());
    for call in Call::SERVICES {
        let (clients, client) = (sdk_of(&url).await, wire_of(&url));
        let told = by_wire(call, &client).await;
        assert!(
            matches!(told, Err(StoreError::Retryable { .. })),
            "{told:?}"
        );
        assert_eq!(told, by_sdk(call, &clients).await);
    }
}

/// The server never answers, so that the time-outs end every attempt, however fast this machine is.
#[tokio::test]
async fn silence_is_told_as_with_the_sdk() {
    let timeouts = Timeouts {
        attempt: Duration::from_secs(5),
        ..PATIENT
    };
    let all = Call::SERVICES.map(|call| async move {
        let script = vec![Answer::Silence];
        let (sdk, wire) = (Server::start(script.clone()), Server::start(script));
        let region = region_of_its_own();
        let clients = super::sdk(&sdk.url, &region, true, timeouts).await;
        let client = super::wire(&wire.url, &region, true, timeouts);
        let (by_sdk, by_wire) = futures::join!(by_sdk(call, &clients), by_wire(call, &client));
        let sdk = outcome(by_sdk, &sdk.requests());
        let wire = outcome(by_wire, &wire.requests());
        assert_eq!(wire, sdk, "{call:?}");
        assert_eq!(wire.signed_at.len(), 2);
    });
    join_all(all).await;
}

/// Sixty calls at once to a service that is down: some of them are not repeated any more.
#[tokio::test]
async fn repetitions_end_with_the_budget_as_with_the_sdk() {
    const CALLS: usize = 60;
    for (status, code) in [(500, "InternalServerError"), (400, "ThrottlingException")] {
        let call = Call::GetItem;
        let script = vec![error(call, status, &[], code)];
        let (sdk, wire) = (Server::start(script.clone()), Server::start(script));
        let clients = sdk_of(&sdk.url).await;
        let client = wire_of(&wire.url);
        let by_sdk = join_all((0..CALLS).map(|_| by_sdk(call, &clients)));
        let by_wire = join_all((0..CALLS).map(|_| by_wire(call, &client)));
        let (by_sdk, by_wire) = futures::join!(by_sdk, by_wire);
        assert_eq!(by_sdk, by_wire);
        assert_eq!(wire.requests().len(), sdk.requests().len(), "{code}");
        let repeated = wire.requests().len() - CALLS;
        assert_eq!(repeated, if status == 500 { 50 } else { CALLS });
    }
}

#[tokio::test]
async fn calls_in_a_row_share_a_connection_and_outlive_its_end() {
    let call = Call::GetItem;
    let done = || Answer::whole(200, &[], call.done());
    let Answer::Bytes(bytes) = done() else {
        panic!("an answer without bytes");
    };
    let server = Server::start(vec![done(), done(), Answer::ThenClose(bytes), done()]);
    let client = wire_of(&server.url);
    for _ in 0..3 {
        by_wire(call, &client).await.unwrap();
    }
    assert_eq!(server.connections(), 1);
    // The server has closed it since; that is found out without an attempt.
    for _ in 0..2 {
        by_wire(call, &client).await.unwrap();
    }
    assert_eq!((server.connections(), server.requests().len()), (2, 5));
}

#[tokio::test]
async fn a_connection_that_was_opened_before_is_used() {
    let call = Call::GetItem;
    let server = Server::start(vec![Answer::whole(200, &[], call.done())]);
    let client = wire_of(&server.url);
    client
        .open(aws_wire::Service::DynamoDb, None)
        .await
        .unwrap();
    by_wire(call, &client).await.unwrap();
    assert_eq!((server.connections(), server.requests().len()), (1, 1));
}

/// As with the SDK, which does not use the connection to a server in trouble again.
#[tokio::test]
async fn another_attempt_has_a_connection_of_its_own() {
    let call = Call::GetItem;
    let failed = error(call, 500, &[], "InternalServerError");
    let script = vec![failed, Answer::whole(200, &[], call.done())];
    let (sdk, wire) = (Server::start(script.clone()), Server::start(script));
    let clients = sdk_of(&sdk.url).await;
    let client = wire_of(&wire.url);
    for _ in 0..2 {
        by_sdk(call, &clients).await.unwrap();
        by_wire(call, &client).await.unwrap();
    }
    assert_eq!(wire.connections(), sdk.connections());
    assert_eq!((wire.connections(), wire.requests().len()), (2, 3));
}
