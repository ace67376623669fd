//! The plan of a run: how many of each, in which order, with which bytes.

use std::collections::{BTreeMap, BTreeSet};

use card_masking::{mask_json, rules_for};
use provider_webhooks::sign::SignError;
use provider_webhooks::{Headers, RawWebhook, Reject, providers};

use super::*;

const NOW: &str = "2026-01-02T03:04:05.678901Z";

fn signer(name: &str) -> Signer {
    let key = match name {
        "adyen" => "0a".repeat(32),
        _ => "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned(),
    };
    Signer {
        info: providers::by_name(name).unwrap().info(),
        secrets: Secrets::new([key], Some("https://shop.example.com/square".to_owned())),
    }
}

fn everyone() -> Order {
    Order {
        signers: providers::ALL
            .iter()
            .map(|p| signer(p.info().name))
            .collect(),
        genuine: 40,
        forged: 12,
        duplicates: 60,
        stale: 6,
        with_pan: 10,
        seed: 7,
        amount_minor: 1130,
        currency: "EUR".to_owned(),
    }
}

/// A clock that moves on by a second each time it is asked.
fn ticking() -> impl FnMut() -> Timestamp {
    let mut now: Timestamp = NOW.parse().unwrap();
    move || {
        now += SignedDuration::from_secs(1);
        now
    }
}

fn sent(order: Order) -> Vec<Signed> {
    let plan = plan(order).unwrap_or_else(|e| panic!("{e}"));
    let webhooks: Result<Vec<_>, _> = plan.webhooks(ticking()).collect();
    webhooks.unwrap()
}

fn refusal(change: impl FnOnce(&mut Order)) -> Error {
    let mut order = everyone();
    change(&mut order);
    plan(order).err().expect("a refusal")
}

fn judged(webhook: &Signed, received_at: Timestamp) -> Result<Vec<String>, Reject> {
    let provider = providers::by_name(webhook.info.name).unwrap();
    let raw = RawWebhook {
        body: &webhook.request.body,
        headers: Headers::new(webhook.request.headers.clone()),
    };
    let verified = provider.verify(raw, &signer(webhook.info.name).secrets, received_at)?;
    let events = provider.parse(&verified).unwrap();
    assert_eq!(events[0].amount.as_ref().unwrap().minor.0, 1130);
    Ok(events
        .into_iter()
        .map(|e| e.dedupe_key().transaction_id)
        .collect())
}

#[test]
fn every_kind_is_judged_as_it_should_be() {
    let received_at: Timestamp = NOW.parse().unwrap();
    let mut genuine = BTreeSet::new();
    let mut kinds: BTreeMap<String, u32> = BTreeMap::new();
    let mut providers_of_genuine: BTreeMap<&str, u32> = BTreeMap::new();
    for webhook in sent(everyone()) {
        *kinds.entry(format!("{:?}", webhook.kind)).or_default() += 1;
        let verdict = judged(&webhook, received_at);
        match webhook.kind {
            Kind::Genuine => {
                *providers_of_genuine.entry(webhook.info.name).or_default() += 1;
                for id in verdict.unwrap() {
                    assert!(genuine.insert(id), "an id twice");
                }
            }
            Kind::Duplicate => assert!(verdict.unwrap().iter().all(|id| genuine.contains(id))),
            Kind::Forged => assert_eq!(verdict, Err(Reject::SignatureMismatch)),
            Kind::Stale => assert_eq!(verdict, Err(Reject::TimestampStale)),
        }
    }
    let counted: Vec<_> = kinds.iter().map(|(k, n)| (k.as_str(), *n)).collect();
    assert_eq!(
        counted,
        [
            ("Duplicate", 60),
            ("Forged", 12),
            ("Genuine", 40),
            ("Stale", 6)
        ]
    );
    assert!(providers_of_genuine.values().all(|n| *n == 10));
}

#[test]
fn duplicates_follow_their_original_byte_for_byte() {
    let mut seen: Vec<SignedRequest> = Vec::new();
    let mut duplicates = 0;
    for webhook in sent(everyone()) {
        if webhook.kind == Kind::Duplicate {
            duplicates += 1;
            assert!(seen.contains(&webhook.request));
        } else {
            assert!(!seen.contains(&webhook.request));
            seen.push(webhook.request);
        }
    }
    assert_eq!(duplicates, 60);
}

#[test]
fn a_card_number_is_where_it_was_planted_and_nowhere_else() {
    for seed in [7, 12_345, SEED_MAX] {
        let order = Order {
            seed,
            genuine: 400,
            with_pan: 100,
            ..everyone()
        };
        let webhooks = sent(order);
        let planted = |w: &&Signed| w.kind == Kind::Genuine && w.planted_pan;
        assert_eq!(webhooks.iter().filter(planted).count(), 100);
        for webhook in &webhooks {
            let masked = mask_json(&webhook.request.body, rules_for(webhook.info.name)).unwrap();
            assert_eq!(
                masked.masked_pans > 0,
                webhook.planted_pan,
                "{}",
                String::from_utf8_lossy(&webhook.request.body)
            );
        }
    }
}

#[test]
fn the_seed_decides_everything() {
    let bytes = |seed| -> Vec<SignedRequest> {
        let order = Order { seed, ..everyone() };
        sent(order).into_iter().map(|w| w.request).collect()
    };
    assert_eq!(bytes(1), bytes(1));
    let others = bytes(2);
    assert!(bytes(1).iter().all(|request| !others.contains(request)));
}

#[test]
fn what_cannot_be_met_is_refused() {
    assert!(matches!(refusal(|o| o.signers.clear()), Error::NoProvider));
    assert!(matches!(
        refusal(|o| o.with_pan = 41),
        Error::TooManyPans(40)
    ));
    assert!(matches!(
        refusal(|o| o.genuine = u32::MAX),
        Error::TooManyWebhooks(_)
    ));
    assert!(matches!(
        refusal(|o| (o.genuine, o.with_pan) = (0, 0)),
        Error::NothingToRepeat
    ));
    let error = refusal(|o| {
        o.signers
            .retain(|s| s.info.replay_window_past_seconds.is_none())
    });
    assert!(
        error.to_string().contains("standardwebhooks, stripe"),
        "{error}"
    );
    for (name, source) in [
        ("adyen", SignError::Secret),
        ("standardwebhooks", SignError::Secret),
    ] {
        let error = refusal(|o| {
            o.signers = vec![signer(name)];
            o.signers[0].secrets = Secrets::new(["* not a key *".to_owned()], None);
            o.stale = 0;
        });
        assert!(matches!(error, Error::Sign { source: s, .. } if s == source));
        assert!(!error.to_string().contains("not a key"));
    }
}
