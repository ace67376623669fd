//! `payhook verify`: judges stored requests by hand, as the functions would.
//!
//! Invariant: one line out for each line in, flushed, so that a caller can ask and read in turns; no line ends the run. A reason never
//! repeats input.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use payment_event::PaymentEvent;
use provider_webhooks::{Authenticity, Headers, RawWebhook, Reject, Secrets, providers};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::lines::lines;

/// A request as it was received, with the secret it is judged by. Other fields may stand in it.
#[derive(Deserialize)]
struct Request {
    provider: String,
    #[serde(default)]
    headers: BTreeMap<String, OneOrMore>,
    body_base64: String,
    #[serde(default)]
    secrets: Vec<String>,
    /// Unix seconds.
    received_at: i64,
    /// The notification URL, where the provider signs it.
    url: Option<String>,
    /// The webhook's id at the provider, where that is signed.
    webhook_id: Option<String>,
    /// The certificate that the webhook names (PEM), where the provider signs with one.
    cert_pem: Option<String>,
    /// Further settings of the provider's secret, by name.
    #[serde(default)]
    settings: BTreeMap<String, String>,
}

/// A header may be sent several times.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

#[derive(Debug, Serialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Valid,
    Invalid,
    /// Nothing was signed.
    Unsigned,
    /// The line could not be judged.
    Error,
}

#[derive(Debug, Serialize, PartialEq)]
pub(crate) struct Answer {
    verdict: Verdict,
    /// Why it is not believed, or cannot be judged.
    pub(crate) reason: Option<&'static str>,
    /// What would be stored.
    pub(crate) events: Vec<PaymentEvent>,
}

impl Answer {
    fn without_events(verdict: Verdict, reason: &'static str) -> Self {
        Self {
            verdict,
            reason: Some(reason),
            events: Vec::new(),
        }
    }
}

fn read(line: &[u8]) -> Result<(Request, Vec<u8>, Timestamp), &'static str> {
    let text = std::str::from_utf8(line).map_err(|_| "line is not UTF-8")?;
    // serde's own messages quote the input, which may be a secret or card data.
    let request: Request = serde_json::from_str(text).map_err(|error| {
        if error.is_data() {
            "line needs provider, body_base64 and received_at (integer unix seconds); headers, secrets, url, webhook_id, cert_pem and settings are optional"
        } else {
            "line is not JSON"
        }
    })?;
    let body = STANDARD
        .decode(&request.body_base64)
        .map_err(|_| "body_base64 is not base64")?;
    let received_at = Timestamp::from_second(request.received_at)
        .map_err(|_| "received_at is outside the range of times")?;
    Ok((request, body, received_at))
}

/// Judges the request of one line.
pub(crate) fn judge(line: &[u8]) -> Answer {
    let (request, body, received_at) = match read(line) {
        Ok(read) => read,
        Err(reason) => return Answer::without_events(Verdict::Error, reason),
    };
    let Some(provider) = providers::by_name(&request.provider) else {
        return Answer::without_events(Verdict::Invalid, Reject::UnknownProvider.as_str());
    };
    let headers = request
        .headers
        .into_iter()
        .flat_map(|(name, value)| {
            let values = match value {
                OneOrMore::One(value) => vec![value],
                OneOrMore::More(values) => values,
            };
            values.into_iter().map(move |value| (name.clone(), value))
        })
        .collect::<Vec<_>>();
    let named = [
        ("notification_url", request.url),
        ("webhook_id", request.webhook_id),
    ];
    let named = named
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let secrets = request.settings.into_iter().chain(named).fold(
        Secrets::new(request.secrets, None),
        |secrets, (name, value)| secrets.with(name, value),
    );
    let raw = RawWebhook {
        certificate: request.cert_pem.as_deref().map(str::as_bytes),
        ..RawWebhook::new(&body, Headers::new(headers))
    };
    match pipeline::judge::judge(provider, raw, &secrets, received_at) {
        Ok(accepted) => Answer {
            verdict: match accepted.authenticity {
                Authenticity::Unsigned => Verdict::Unsigned,
                Authenticity::Signed | Authenticity::SharedSecret => Verdict::Valid,
            },
            reason: None,
            events: accepted.events,
        },
        Err(refusal) => Answer::without_events(Verdict::Invalid, refusal.as_str()),
    }
}

/// Answers every line of `input`.
///
/// # Errors
/// Input that cannot be read, output that cannot be written.
pub(crate) fn run(input: impl BufRead, output: &mut impl Write) -> Result<(), Error> {
    for line in lines(input) {
        let answer = judge(&line?.bytes);
        let written = serde_json::to_writer(&mut *output, &answer)
            .map_err(std::io::Error::from)
            .and_then(|()| output.write_all(b"\n"))
            .and_then(|()| output.flush());
        written.map_err(Error::Output)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipeline::memory::{Memory, to_the_end};
    use pipeline::{IncomingMessage, Judge, Judgement};
    use serde_json::{Value, json};

    fn ask(input: &[u8]) -> Vec<Value> {
        let mut output = Vec::new();
        run(input, &mut output).unwrap();
        let text = String::from_utf8(output).unwrap();
        text.lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect()
    }

    fn request(body: &[u8], secrets: &[&str], headers: Value) -> Value {
        json!({"provider": "standardwebhooks", "headers": headers, "body_base64": STANDARD.encode(body),
            "secrets": secrets, "received_at": 1_767_323_045})
    }

    fn signed(body: &[u8]) -> Value {
        let secrets = Secrets::new(["c2VjcmV0".to_owned()], None);
        let at = Timestamp::from_second(1_767_323_045).unwrap();
        let signed =
            provider_webhooks::sign::sign("standardwebhooks", body, &secrets, at, "m1").unwrap();
        let headers: BTreeMap<_, _> = signed.headers.into_iter().collect();
        json!(headers)
    }

    #[test]
    fn every_kind_of_answer() {
        let good = br#"{"type":"payment 4111111111111111","timestamp":"2026-01-02T03:04:05Z","data":{"id":"p1","amount":5,"currency":"EUR","merchant_id":"4111111111111111"}}"#;
        let mut several = signed(good);
        several["webhook-signature"] = json!([several["webhook-signature"]]);
        let mut unknown = request(good, &[], json!({}));
        unknown["provider"] = json!("nobody");
        let mut late = request(good, &[], json!({}));
        late["received_at"] = json!(i64::MAX);
        let mut no_time = request(good, &[], json!({}));
        no_time["received_at"] = json!("whsec_not_to_be_seen");
        let mut no_base64 = request(good, &[], json!({}));
        no_base64["body_base64"] = json!("*");
        for (line, verdict, reason) in [
            (request(good, &["c2VjcmV0"], signed(good)), "valid", None),
            (request(good, &["c2VjcmV0"], several), "valid", None),
            (request(b"[]", &["c2VjcmV0"], signed(b"[]")), "valid", None),
            (
                request(good, &["b3RoZXI"], signed(good)),
                "invalid",
                Some("signature_mismatch"),
            ),
            (
                request(good, &["c2VjcmV0"], json!({})),
                "invalid",
                Some("signature_missing"),
            ),
            (
                request(good, &[], signed(good)),
                "invalid",
                Some("secret_missing"),
            ),
            (unknown, "invalid", Some("unknown_provider")),
            (
                late,
                "error",
                Some("received_at is outside the range of times"),
            ),
            (no_base64, "error", Some("body_base64 is not base64")),
        ] {
            let answers = ask(line.to_string().as_bytes());
            assert_eq!(answers.len(), 1);
            assert_eq!(answers[0]["verdict"], verdict, "{}", answers[0]);
            assert_eq!(answers[0].get("reason").and_then(Value::as_str), reason);
            assert_eq!(
                answers[0]["events"].as_array().unwrap().is_empty(),
                reason.is_some()
            );
            assert!(!answers[0].to_string().contains("4111111111111111"));
        }
        let answers = ask(no_time.to_string().as_bytes());
        assert_eq!(answers[0]["verdict"], "error");
        assert!(!answers[0].to_string().contains("whsec"));
    }

    /// Every fixture of every provider: this command says of it what the function would store.
    #[test]
    fn it_says_what_the_function_stores() {
        let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../provider_webhooks/fixtures");
        let at = Timestamp::from_second(1_767_323_045).unwrap();
        let mut judged = 0;
        for provider in providers::ALL {
            let info = provider.info();
            let secrets = provider_webhooks::sample_secrets(info, 1);
            let memory = Memory::new();
            memory.set_secrets(info.name, secrets.clone());
            for file in std::fs::read_dir(format!("{fixtures}/{}", info.name)).unwrap() {
                let path = file.unwrap().path();
                if path.is_dir() {
                    continue;
                }
                let body = std::fs::read(&path).unwrap();
                let Ok(signed) =
                    provider_webhooks::sign::sign(info.name, &body, &secrets, at, "m1")
                else {
                    continue;
                };
                let Ok(text) = String::from_utf8(signed.body.clone()) else {
                    continue;
                };
                let stored = stored(info.name, &memory, &text, &signed.headers, at);
                let mut line = json!({"provider": info.name, "secrets": secrets.keys(),
                    "body_base64": STANDARD.encode(&signed.body), "received_at": at.as_second(),
                    "headers": signed.headers.into_iter().collect::<BTreeMap<_, _>>()});
                let settings: BTreeMap<_, _> = info
                    .settings
                    .iter()
                    .filter_map(|setting| Some((setting.name, secrets.setting(setting.name)?)))
                    .collect();
                line["settings"] = json!(settings);
                let answer = ask(line.to_string().as_bytes()).remove(0);
                assert_eq!(answer["events"], stored, "{}", path.display());
                assert_ne!(answer["verdict"], "error", "{}", path.display());
                judged += 1;
            }
        }
        assert!(judged > 100, "{judged}");
    }

    /// The events that the function would store of a message; an empty list for a rejection.
    fn stored(
        provider: &str,
        memory: &Memory,
        body: &str,
        headers: &[(String, String)],
        at: Timestamp,
    ) -> Value {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("provider", provider);
        for (name, value) in headers {
            form.append_pair(&format!("h.{}", name.to_ascii_lowercase()), value);
        }
        let request = form.finish();
        let message = IncomingMessage {
            message_id: "m",
            body,
            request: Some(&request),
            received_at_ms: at.as_millisecond(),
            queued_at_ms: at.as_millisecond(),
            first_message_id: None,
            // `payhook verify` knows no archive.
            archive_asked: true,
            fetched: None,
            receive_count: 1,
        };
        let mut judge = Judge::new(memory, memory);
        let judgements = to_the_end(judge.judge_all(&[message])).unwrap();
        match &judgements[0] {
            Judgement::Accepted(accepted) => json!(accepted.events),
            Judgement::Rejected { .. } => json!([]),
            Judgement::Retry(error) => panic!("{error}"),
        }
    }

    #[test]
    fn settings_are_part_of_the_secret() {
        // The URL may stand under its own name, or among the settings.
        let (name, body) = (
            "square",
            br#"{"event_id":"e","type":"t","created_at":"2026-01-02T03:04:05Z"}"#,
        );
        let provider = providers::by_name(name).unwrap();
        let secrets = provider_webhooks::sample_secrets(provider.info(), 1);
        let at = Timestamp::from_second(1_767_323_045).unwrap();
        let signed = provider_webhooks::sign::sign(name, body, &secrets, at, "m1").unwrap();
        let headers: BTreeMap<_, _> = signed.headers.into_iter().collect();
        let line = |more: Value| {
            let mut line = json!({"provider": name, "headers": headers, "body_base64": STANDARD.encode(body),
                "secrets": secrets.keys(), "received_at": 1_767_323_045, "webhook_id": "W1", "cert_pem": "PEM"});
            let members = more.as_object().unwrap().clone();
            line.as_object_mut().unwrap().extend(members);
            ask(line.to_string().as_bytes()).remove(0)
        };
        let url = secrets.notification_url();
        assert_eq!(line(json!({ "url": url }))["verdict"], "valid");
        assert_eq!(
            line(json!({"settings": {"notification_url": url}}))["verdict"],
            "valid"
        );
        assert_eq!(line(json!({}))["reason"], "notification_url_missing");
    }

    #[test]
    fn a_malformed_line_is_answered_and_the_run_goes_on() {
        let good = request(b"{}", &[], json!({})).to_string();
        let input = [b"{\n\n\xff\xfe\n[]\n".as_slice(), good.as_bytes()].concat();
        let verdicts: Vec<_> = ask(&input).iter().map(|a| a["verdict"].clone()).collect();
        assert_eq!(verdicts, ["error", "error", "error", "error", "invalid"]);
    }
}
