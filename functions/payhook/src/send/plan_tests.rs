//! The plan of a run: how many of each, in which order, with which bytes.

use std::collections::{BTreeMap, BTreeSet};

use card_masking::mask_json;
use provider_webhooks::sign::SignError;
use provider_webhooks::{AmountForm, Headers, RawWebhook, Reject, providers};

use super::*;

const NOW: &str = "2026-01-02T03:04:05.678901Z";

fn signer(name: &str) -> Signer {
    let info = providers::by_name(name).unwrap().info();
    Signer {
        info,
        secrets: sample_secrets(info, 1),
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

/// A clock that moves on by a little each time it is asked: all of [`everyone`] is sent within the shortest of the providers' windows.
fn ticking() -> impl FnMut() -> Timestamp {
    let mut now: Timestamp = NOW.parse().unwrap();
    move || {
        now += SignedDuration::from_millis(20);
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

/// The transactions of a webhook, and whether a card number is masked in it.
fn judged(webhook: &Signed, received_at: Timestamp) -> Result<(Vec<String>, bool), Reject> {
    let provider = providers::by_name(webhook.info.name).unwrap();
    let secrets = signer(webhook.info.name).secrets;
    let raw = RawWebhook::new(
        &webhook.request.body,
        Headers::new(webhook.request.headers.clone()),
    );
    let verified = provider.verify(raw, &secrets, received_at)?;
    let events = provider.parse(&verified).into_vec();
    let minor = events[0].amount.as_ref().map(|amount| amount.minor.0);
    let stated = webhook.info.amounts.form != AmountForm::NotStated;
    assert_eq!(minor, stated.then_some(1130));
    let document = provider.document(&verified);
    let masked = mask_json(&document, provider.masking()).unwrap();
    let ids = events.into_iter().map(|e| e.key().transaction_id);
    Ok((ids.collect(), masked.masked_pans > 0))
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
                for id in verdict.unwrap().0 {
                    assert!(genuine.insert(id), "an id twice");
                }
            }
            Kind::Duplicate => assert!(verdict.unwrap().0.iter().all(|id| genuine.contains(id))),
            Kind::Forged => {
                assert_eq!(
                    verdict,
                    Err(Reject::SignatureMismatch),
                    "{}",
                    webhook.info.name
                );
            }
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
    let share = 40 / u32::try_from(providers::ALL.len()).unwrap();
    assert_eq!(providers_of_genuine.len(), providers::ALL.len());
    assert!(
        providers_of_genuine
            .values()
            .all(|n| *n == share || *n == share + 1)
    );
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
fn a_duplicate_that_comes_late_is_signed_again_where_the_old_signature_is_stale() {
    // A slow sender: ten seconds pass between one webhook and the next.
    let plan = plan(everyone()).unwrap();
    let start: Timestamp = NOW.parse().unwrap();
    let mut now = start;
    let clock = || {
        now += SignedDuration::from_secs(10);
        now
    };
    let mut bodies = BTreeSet::new();
    let mut signed_again = 0;
    let mut seen: Vec<SignedRequest> = Vec::new();
    let webhooks: Vec<Signed> = plan.webhooks(clock).collect::<Result<_, _>>().unwrap();
    for (webhook, turn) in webhooks.iter().zip(1..) {
        let received_at = start + SignedDuration::from_secs(10 * turn);
        let (name, request) = (webhook.info.name, &webhook.request);
        match webhook.kind {
            Kind::Duplicate => {
                judged(webhook, received_at).unwrap();
                assert!(bodies.contains(&request.body), "{name}: another body");
                if !seen.contains(request) {
                    signed_again += 1;
                    assert!(webhook.info.replay_window_past_seconds.is_some(), "{name}");
                }
            }
            Kind::Genuine => _ = judged(webhook, received_at).unwrap(),
            Kind::Stale => assert_eq!(judged(webhook, received_at), Err(Reject::TimestampStale)),
            Kind::Forged => {}
        }
        bodies.insert(request.body.clone());
        seen.push(request.clone());
    }
    assert!(signed_again > 0);
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
        let received_at: Timestamp = NOW.parse().unwrap();
        for webhook in &webhooks {
            if let Ok((_, masked)) = judged(webhook, received_at) {
                let name = webhook.info.name;
                assert_eq!(masked, webhook.planted_pan, "{name}");
            }
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
        Error::TooManyPans(_)
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
    assert!(error.to_string().contains("stripe"), "{error}");
    let unsigned = |o: &mut Order| {
        o.signers
            .retain(|s| s.info.authenticity == Authenticity::Unsigned);
        (o.stale, o.with_pan) = (0, 0);
    };
    assert!(matches!(
        refusal(unsigned),
        Error::NoProvider | Error::NothingToForge
    ));
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
