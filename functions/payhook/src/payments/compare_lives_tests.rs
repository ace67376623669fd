//! The reports of `tests/payments/reports` beside the webhooks of `tests/payments/lives.jsonl`.

use std::collections::BTreeSet;

use payment_event::{Ledger, PAYMENT_ROLES};

use super::tests::{open, time};
use super::*;
use crate::payments::report::read;
use crate::payments::report::tests::{
    ADYEN, GOCARDLESS, GOCARDLESS_NAME, PAYPAL, PAYPAL_NAME, SQUARE, STRIPE,
};
use crate::verify::judge;

const LIVES: &str = include_str!("../../../../tests/payments/lives.jsonl");

/// What the webhooks of a provider's lives tell, each movement once.
fn from_lives(provider: &str) -> Vec<Known> {
    let mut ledger = Ledger::default();
    let mut known = Vec::new();
    for life in LIVES.lines() {
        let life: serde_json::Value = serde_json::from_str(life).unwrap();
        if life["provider"] != provider {
            continue;
        }
        for request in life["requests"].as_array().unwrap() {
            let mut request = request.clone();
            request.as_object_mut().unwrap().remove("label");
            for event in judge(request.to_string().as_bytes()).events {
                ledger.add(&event);
                let related = event.related_ids.iter();
                let related = related.filter(|(role, _)| PAYMENT_ROLES.contains(&role.as_str()));
                let ids: BTreeSet<_> = related.map(|(_, id)| id.as_str().to_owned()).collect();
                for movement in event.movements {
                    known.push(Known {
                        movement,
                        payments: ids.clone(),
                        told_at: event.event_time,
                    });
                }
            }
        }
    }
    let mut joined: Vec<Known> = Vec::new();
    for payment in ledger.payments() {
        for movement in payment.movements {
            let tellings = || {
                let same = |one: &&Known| {
                    one.movement.kind == movement.kind && one.movement.id == movement.id
                };
                known.iter().filter(same)
            };
            joined.push(Known {
                payments: tellings().flat_map(|one| one.payments.clone()).collect(),
                told_at: tellings().filter_map(|one| one.told_at).max(),
                movement,
            });
        }
    }
    joined
}

fn fixture(provider: &str, text: &str) -> Comparison {
    let report = read(provider, text.as_bytes(), None).unwrap();
    let window = Window {
        from: time("2026-03-01T00:00:00Z"),
        to: time("2026-05-01T00:00:00Z"),
    };
    compare(&report, &from_lives(provider), window)
}

#[test]
fn the_fixtures_come_to_what_their_readme_says() {
    use Reason::{Amount, FailedHere, NotReported, NotTold, PendingHere};
    for (provider, text, agree, unstated, expected) in [
        (
            "stripe",
            STRIPE,
            11,
            0,
            vec![
                ('h', "pi_3NEVERTOLD00000000000001", NotTold),
                ('h', "re_3AYH5WQB2DMNURFBJ55TPWWX", PendingHere),
                ('t', "pi_3RUQ7YHKNEZWTWWAER5NGS96", NotReported),
                ('d', "pi_3MXBU8JAJRMTTXNG65977C95", Amount),
            ],
        ),
        (
            "adyen",
            ADYEN,
            6,
            0,
            vec![
                ('h', "GLTDCRFQA6TWNTMH", FailedHere),
                ('h', "NEVERTOLD0000002", NotTold),
                ('t', "P4BCNBUH5QUTYT7X", NotReported),
                ('d', "8N26ZAKCF2JY4GCM", Amount),
            ],
        ),
        (
            PAYPAL_NAME,
            PAYPAL,
            5,
            0,
            vec![
                ('h', "9NEVERTOLD0000001", NotTold),
                ('t', "YR6B755FXTMXWYMVY", NotReported),
                ('d', "GNML7NFKWKM69LE5H", Amount),
            ],
        ),
        (
            GOCARDLESS_NAME,
            GOCARDLESS,
            0,
            3,
            vec![
                ('h', "PM00NEMYAFPGSK", FailedHere),
                ('h', "PM00NEVERTOLD1", NotTold),
                ('h', "PM00NEVERTOLD1", NotTold),
            ],
        ),
        (
            "square",
            SQUARE,
            2,
            0,
            vec![
                (
                    'h',
                    "CZBQMVC534HGURWMKZ6E5MZY_UMZJPZ4NF6WRWKUDJW5AAHXRWKFE93",
                    FailedHere,
                ),
                ('h', "NEVERTOLD00000000000ZY", NotTold),
                ('t', "X2MQHVP4XNQTZZL97DAYT6ZY", NotReported),
                ('d', "CZBQMVC534HGURWMKZ6E5MZY", Amount),
            ],
        ),
    ] {
        let comparison = fixture(provider, text);
        assert_eq!(open(&comparison), expected, "{provider}");
        assert_eq!(
            (comparison.agree, comparison.agree_without_amount),
            (agree, unstated),
            "{provider}"
        );
    }
}

#[test]
fn what_is_printed_has_the_open_items_by_id_and_the_sums() {
    let comparison = fixture("adyen", ADYEN);
    let printed = |json| {
        let mut out = Vec::new();
        print(&comparison, "adyen", json, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let text = printed(false);
    let failed = text.find("GLTDCRFQA6TWNTMH").unwrap();
    assert!(failed < text.find("NEVERTOLD0000002").unwrap(), "{text}");
    for part in [
        "missing here",
        "failed here, row 4 (Settled)",
        "EUR 100.00         EUR 99.50  amount differs, row 5",
        "not in the report",
        "MerchantPayout",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let json = printed(true);
    assert_eq!(json.lines().count(), 1);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["open"], true);
    assert_eq!(json["agree"], 6);
    assert_eq!(json["differs"][0]["reason"], "amount");
    assert_eq!(json["differs"][0]["there"][0]["minor"], 9950);
    assert_eq!(json["totals"][0]["currency"], "EUR.2");
    assert_eq!(json["totals"][0]["kind"], "capture");
    assert_eq!(json["totals"][0]["here"], 46_000);
    assert_eq!(json["totals"][0]["there"], 42_450);
    assert_eq!(json["totals"][0]["agree"], 26_000);
}
