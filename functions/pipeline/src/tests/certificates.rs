//! Certificates: fetched for plausible messages alone, together and within a limit, and whatever
//! becomes of a fetch, no other message notices.

use provider_webhooks::{Provider, Secrets, providers, sample_secrets};

use super::support::*;
use crate::judge::{CERTIFICATES_FETCHED_MAX, Judge, Judgement};
use crate::memory::{Call, CallFault, Memory, to_the_end};

const URL_HEADER: &str = "paypal-cert-url";
const MISSING: &str = "certificate_missing";

/// The provider that signs with a certificate.
fn certified() -> &'static dyn Provider {
    let mut all = providers::ALL.iter().copied();
    all.find(|p| p.info().certificate_url.is_some()).unwrap()
}

fn name() -> &'static str {
    certified().info().name
}

fn setting(name: &str) -> String {
    let sample = sample_secrets(certified().info(), 1);
    sample.setting(name).unwrap().to_owned()
}

/// Secrets without a certificate, so that it has to be fetched.
fn fetching_secrets() -> Secrets {
    let secrets = Secrets::default().with("webhook_id", setting("webhook_id"));
    secrets.with("issuer_pem", setting("issuer_pem"))
}

/// Stores where the provider's certificate has to be fetched, and every other provider is
/// configured.
fn fetching_memory() -> Memory {
    let memory = memory();
    memory.set_secrets(name(), fetching_secrets());
    memory
}

fn signed(sequence: u64, message_id: &str) -> Queued {
    genuine(name(), sequence, message_id)
}

/// A genuine message with one header replaced, or taken away.
fn with_header(message_id: &str, header: &str, value: Option<&str>) -> Queued {
    let mut message = signed(1, message_id);
    let headers = headers_of(&message);
    let others = headers.iter().filter(|(name, _)| *name != header);
    let replaced = value.map(|value| (header, value));
    let headers: Vec<(String, String)> = others
        .chain(replaced)
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    message.request = Some(form(name(), &headers));
    message
}

fn url(name: impl std::fmt::Display) -> String {
    format!("https://api.paypal.com/v1/notifications/certs/{name}")
}

/// Plausible in every header, each with a certificate of another name.
fn forgeries(count: usize) -> Vec<Queued> {
    (0..count)
        .map(|n| with_header(&format!("forged{n}"), URL_HEADER, Some(&url(n))))
        .collect()
}

/// The certificate and its URL, as the genuine messages name it.
fn the_certificate() -> (String, String) {
    let url = headers_of(&signed(1, "m"))
        .get(URL_HEADER)
        .unwrap()
        .to_owned();
    (url, setting("certificate_pem"))
}

/// The reason of each rejected message, in order.
fn rejected(memory: &Memory) -> Vec<String> {
    let reasons = memory.rejected().into_iter().map(|message| {
        let reject = crate::Origin::decode(&message.reject).unwrap();
        reject.reason
    });
    reasons.collect()
}

fn fetches(memory: &Memory) -> usize {
    let calls = memory.calls().into_iter();
    calls.filter(|call| *call == Call::CertificateFetch).count()
}

#[test]
fn forged_names_in_front_do_not_harm_what_needs_no_fetch() {
    for count in [CERTIFICATES_FETCHED_MAX, 100] {
        let memory = fetching_memory();
        let (url, pem) = the_certificate();
        memory.remember_certificate(&url, Some(pem.as_bytes()));
        let mut batch = forgeries(count);
        batch.extend([signed(1, "genuine"), genuine("stripe", 2, "other")]);
        let report = run(&memory, &batch, "i");
        assert_eq!(failed(&report), Vec::<&str>::new());
        assert_eq!(memory.records().len(), 2);
        assert_eq!(rejected(&memory), vec![MISSING; count]);
    }
}

#[test]
fn what_is_not_plausible_causes_no_fetch() {
    let headers = certified().info().signature_headers;
    let missing = headers
        .iter()
        .map(|header| (*header, None, "signature_missing"));
    let short = "AAAA".repeat(10);
    let malformed = [
        (
            "paypal-transmission-sig",
            "no base64",
            "signature_malformed",
        ),
        ("paypal-transmission-sig", &short, "signature_malformed"),
        ("paypal-transmission-time", "soon", "signature_malformed"),
        ("paypal-auth-algo", "SHA1withRSA", "signature_malformed"),
        (
            URL_HEADER,
            "https://t0.paypal.com/v1/notifications/certs/C",
            "certificate_invalid",
        ),
    ];
    let malformed = malformed.map(|(header, value, reason)| (header, Some(value), reason));
    for (header, value, reason) in missing.chain(malformed) {
        let memory = fetching_memory();
        run(&memory, &[with_header("m", header, value)], "i");
        assert_eq!(rejected(&memory), [reason], "{header} {value:?}");
        assert_eq!(fetches(&memory), 0, "{header} {value:?}");
    }
    // The flood of the finding: the one header that names a certificate, and no other.
    let memory = fetching_memory();
    let mut bare = signed(1, "m");
    bare.request = Some(form(name(), &[(URL_HEADER.to_owned(), url("x"))]));
    run(&memory, &[bare], "i");
    assert_eq!(
        (rejected(&memory), fetches(&memory)),
        (vec!["signature_missing".to_owned()], 0)
    );
}

#[test]
fn nothing_is_fetched_without_secrets_or_with_a_certificate_of_ones_own() {
    let own = memory();
    run(&own, &[signed(1, "m")], "i");
    assert_eq!((own.records().len(), fetches(&own)), (1, 0));
    for incomplete in [
        Secrets::default(),
        Secrets::default().with("issuer_pem", "x"),
    ] {
        let memory = Memory::new();
        memory.set_secrets(name(), incomplete);
        run(&memory, &[signed(1, "m")], "i");
        assert_eq!(rejected(&memory), ["setting_missing"]);
        assert_eq!(fetches(&memory), 0);
    }
}

#[test]
fn unknown_certificates_are_fetched_in_one_call_and_each_once() {
    let memory = fetching_memory();
    let (known, pem) = the_certificate();
    memory.set_certificate(&known, pem.as_bytes());
    let mut batch = vec![signed(1, "a")];
    batch.extend(forgeries(1));
    batch.extend([signed(2, "b"), genuine("stripe", 3, "c")]);
    batch.extend(forgeries(1));
    let report = run(&memory, &batch, "i");
    assert_eq!(failed(&report), Vec::<&str>::new());
    assert_eq!(memory.fetched_urls(), [[known, url(0)]]);
    assert_eq!(memory.records().len(), 3);
    assert_eq!(rejected(&memory), [MISSING; 2]);
    // The next batch finds both answers remembered, the missing one too.
    run(&memory, &batch, "j");
    assert_eq!(fetches(&memory), 1);
}

#[test]
fn a_batch_of_forgeries_causes_a_few_fetches_in_one_call() {
    let memory = fetching_memory();
    let report = run(&memory, &forgeries(50), "i");
    assert_eq!(failed(&report), Vec::<&str>::new());
    let first: Vec<String> = (0..CERTIFICATES_FETCHED_MAX).map(url).collect();
    assert_eq!(memory.fetched_urls(), [first]);
    assert_eq!(rejected(&memory), [MISSING; 50]);
}

#[test]
fn a_failed_fetch_rejects_its_messages_alone_and_they_can_come_again() {
    for fault in [
        CallFault::RetryableBefore,
        CallFault::RetryableAfter,
        CallFault::Final,
    ] {
        let memory = fetching_memory();
        let (url, pem) = the_certificate();
        memory.set_certificate(&url, pem.as_bytes());
        memory.fail_every(Call::CertificateFetch, fault);
        let batch = [
            genuine("stripe", 1, "a"),
            signed(2, "b"),
            genuine("adyen", 3, "c"),
        ];
        let report = run(&memory, &batch, "i");
        assert_eq!(failed(&report), Vec::<&str>::new(), "{fault:?}");
        assert_eq!(memory.records().len(), 2, "{fault:?}");
        assert_eq!(rejected(&memory), [MISSING], "{fault:?}");

        // Sent through verification again once the certificate can be had.
        memory.heal();
        memory.remember_certificate(&url, Some(pem.as_bytes()));
        let [again] = &memory.rejected()[..] else {
            panic!("one message was rejected")
        };
        let again = Queued {
            body: again.body.clone(),
            request: Some(again.request.clone()),
            ..signed(2, "b2")
        };
        run(&memory, &[again], "j");
        assert_eq!(memory.records().len(), 3, "{fault:?}");
    }
}

/// A new webhook id is read when the old secret has none, and the certificate is fetched then.
#[test]
fn renewed_secrets_make_a_message_plausible() {
    let memory = Memory::new();
    memory.set_secrets(name(), Secrets::default().with("issuer_pem", "x"));
    memory.set_newer_secrets(name(), fetching_secrets());
    let (url, pem) = the_certificate();
    memory.set_certificate(&url, pem.as_bytes());
    let batch = [signed(1, "a"), signed(2, "b")];
    let batch: Vec<_> = batch.iter().map(Queued::incoming).collect();
    let mut judge = Judge::new(&memory, &memory);
    let judgements = to_the_end(judge.judge_all(&batch)).unwrap();
    let accepted = |judgement: &Judgement| matches!(judgement, Judgement::Accepted(_));
    assert!(judgements.iter().all(accepted));
    assert_eq!(
        memory.calls(),
        [Call::Secrets, Call::Refresh, Call::CertificateFetch]
    );
}

#[test]
fn a_certificate_that_does_not_verify_is_fetched_once_more() {
    let memory = fetching_memory();
    let (url, pem) = the_certificate();
    memory.set_certificate(&url, pem.as_bytes());
    // What an earlier batch was given: a certificate, and not the provider's.
    memory.remember_certificate(&url, Some(setting("issuer_pem").as_bytes()));
    let batch = [signed(1, "a"), signed(2, "b")];
    let batch: Vec<_> = batch.iter().map(Queued::incoming).collect();
    let mut judge = Judge::new(&memory, &memory);
    let judgements = to_the_end(judge.judge_all(&batch)).unwrap();
    for judgement in &judgements {
        assert!(matches!(judgement, Judgement::Accepted(_)), "{judgement:?}");
    }
    assert_eq!(memory.fetched_urls(), [[url]], "once for the batch");
}
