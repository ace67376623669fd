//! Certificates: fetched once a batch, never for a provider that is not configured, and our own trouble is no rejection.

use provider_webhooks::{Headers, Provider, Secrets, providers, sample_secrets};

use super::support::{Queued, genuine};
use crate::judge::{Judge, Judgement, Undecided};
use crate::memory::{Call, CallFault, Memory, to_the_end};

/// The provider that signs with a certificate.
fn certified() -> &'static dyn Provider {
    let mut all = providers::ALL.iter().copied();
    all.find(|p| p.info().certificate_url.is_some()).unwrap()
}

fn url(name: &str) -> String {
    format!("https://api.paypal.com/v1/notifications/certs/{name}")
}

/// What asking for each certificate in turn gives within one batch; an empty name stands for none.
fn asked(memory: &Memory, secrets: &Secrets, names: &[&str]) -> Vec<String> {
    let provider = certified();
    let mut judge = Judge::new(memory, memory);
    names
        .iter()
        .map(|name| {
            let url = if name.is_empty() {
                String::new()
            } else {
                url(name)
            };
            let headers = Headers::new([("paypal-cert-url", url)]);
            let found = judge.certificate(provider, &headers, secrets);
            match to_the_end(found).unwrap() {
                Ok(Some(pem)) => String::from_utf8(pem.to_vec()).unwrap(),
                Ok(None) => "none".to_owned(),
                Err(Undecided::Rejected(reject)) => reject.as_str().to_owned(),
                Err(Undecided::Later(_)) => "later".to_owned(),
            }
        })
        .collect()
}

fn configured() -> Secrets {
    Secrets::default().with("webhook_id", "W1")
}

#[test]
fn each_certificate_is_asked_for_once_a_batch() {
    let memory = Memory::new();
    memory.set_certificate(&url("a"), b"PEM A");
    let answers = asked(&memory, &configured(), &["a", "b", "a", "b", "", "../x"]);
    let expected = [
        "PEM A",
        "certificate_missing",
        "PEM A",
        "certificate_missing",
        "signature_missing",
        "certificate_invalid",
    ];
    assert_eq!(answers, expected);
    assert_eq!(memory.calls(), [Call::Certificate, Call::Certificate]);
}

#[test]
fn nothing_is_asked_without_secrets_or_with_a_certificate_of_ones_own() {
    let memory = Memory::new();
    let own = configured().with("certificate_pem", "PEM");
    assert_eq!(asked(&memory, &Secrets::default(), &["a"]), ["none"]);
    assert_eq!(asked(&memory, &own, &["a"]), ["none"]);
    assert_eq!(memory.calls(), []);
}

#[test]
fn trouble_is_put_off_and_costs_one_call_a_batch() {
    for fault in [CallFault::RetryableBefore, CallFault::Final] {
        let memory = Memory::new();
        memory.fail_every(Call::Certificate, fault);
        assert_eq!(
            asked(&memory, &configured(), &["a", "a"]),
            ["later", "later"]
        );
        assert_eq!(memory.calls(), [Call::Certificate]);
    }
}

#[test]
fn a_batch_of_forgeries_makes_us_ask_for_a_few_only() {
    let memory = Memory::new();
    let names: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let answers = asked(&memory, &configured(), &names);
    let put_off = answers.iter().filter(|answer| *answer == "later").count();
    assert_eq!((memory.calls().len(), put_off), (8, 12));
}

/// A genuine webhook, where the certificate is not configured but at the address that the webhook names.
#[test]
fn a_fetched_certificate_is_what_a_webhook_is_judged_by() {
    let message: Queued = genuine(certified().info().name, 1, "a");
    let sample = sample_secrets(certified().info(), 1);
    let setting = |name: &str| sample.setting(name).unwrap().to_owned();
    let secrets = configured()
        .with("webhook_id", setting("webhook_id"))
        .with("issuer_pem", setting("issuer_pem"));
    let judged = |there: bool| {
        let memory = Memory::new();
        memory.set_secrets(certified().info().name, secrets.clone());
        if there {
            let at = "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-example";
            memory.set_certificate(at, setting("certificate_pem").as_bytes());
        }
        to_the_end(Judge::new(&memory, &memory).judge(&message.incoming())).unwrap()
    };
    assert!(matches!(judged(true), Judgement::Accepted(_)));
    assert!(!matches!(judged(false), Judgement::Accepted(_)));
}
