//! Walks every fixture of every provider: parses to what is expected, and refuses every attack within what the signature covers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use std::fs;

use common::{
    MESSAGE_ID, at, data, fixtures, known, listed_types, raw, request, secret, secrets,
    set_headers, short, signed, signed_fixture, verify,
};
use jiff::{Span, Timestamp};
use payment_event::PaymentStatus;
use provider_webhooks::sign::{SignedRequest, sign};
use provider_webhooks::{
    Authenticity, EventTimeStability, KeyEncoding, Provider, Secrets, SignatureCoverage, providers,
    sample_secrets,
};
use serde_json::Value;

fn providers() -> impl Iterator<Item = (&'static dyn Provider, &'static str)> {
    providers::ALL.iter().map(|p| (*p, p.info().name))
}

#[test]
fn every_fixture_parses_to_what_is_expected() {
    for (provider, name) in providers() {
        for path in fixtures(name) {
            let request = signed_fixture(name, &path);
            let events = verify(provider, &request, &known(name), at())
                .unwrap_or_else(|reason| panic!("{}: {reason}", path.display()));
            assert!(events.iter().all(|e| e.provider == name));
            let got: Vec<Value> = events.iter().map(short).collect();
            if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
                let text = serde_json::to_string_pretty(&got).unwrap();
                fs::write(path.with_extension("expected.json"), text + "\n").unwrap();
            }
            let expected = fs::read(path.with_extension("expected.json"));
            let expected: Vec<Value> =
                serde_json::from_slice(&expected.expect("an expectation beside the body")).unwrap();
            assert_eq!(got, expected, "{}", path.display());
        }
    }
}

#[test]
fn every_webhook_has_a_json_document() {
    for (provider, name) in providers() {
        for path in fixtures(name) {
            let (request, secrets) = (signed_fixture(name, &path), known(name));
            let verified = provider.verify(raw(&request), &secrets, at()).unwrap();
            assert_eq!(
                verified.authenticity(),
                provider.info().authenticity,
                "{name}"
            );
            let document = provider.document(&verified);
            let value: Value = serde_json::from_slice(&document).unwrap();
            assert!(value.is_object(), "{}", path.display());
        }
    }
}

#[test]
fn without_secrets_nothing_is_believed() {
    for (provider, name) in providers() {
        let info = provider.info();
        let good = request(name);
        let refusal = |s: &Secrets| verify(provider, &good, s, at()).unwrap_err();
        assert!(
            verify(provider, &good, &known(name), at()).is_ok(),
            "{name}"
        );
        let reason = if info.key.encoding != KeyEncoding::None {
            "secret_missing"
        } else if info.authenticity == Authenticity::Unsigned {
            "unsigned_not_accepted"
        } else {
            "setting_missing"
        };
        assert_eq!(refusal(&Secrets::default()), reason, "{name}");
        if info.key.encoding != KeyEncoding::None {
            assert_eq!(refusal(&secrets(name, &[])), "secret_missing", "{name}");
            assert_eq!(
                refusal(&secrets(name, &["  ".into()])),
                "secret_missing",
                "{name}"
            );
        }
        for missing in info.settings.iter().filter(|setting| setting.required) {
            let keys = Secrets::new(known(name).keys().to_vec(), None);
            let others = info.settings.iter().filter(|s| s.name != missing.name);
            let without = others.fold(keys, |s, other| {
                s.with(other.name, other.sample.replace("{n}", "1"))
            });
            let named = [
                "setting_missing",
                "notification_url_missing",
                "unsigned_not_accepted",
            ];
            assert!(
                named.contains(&refusal(&without).as_str()),
                "{name} {}",
                missing.name
            );
        }
    }
}

#[test]
fn another_secret_does_not_match_and_one_among_others_does() {
    for (provider, name) in providers() {
        if provider.info().authenticity == Authenticity::Unsigned {
            continue;
        }
        let good = request(name);
        let other = sample_secrets(provider.info(), 2);
        let refusal = verify(provider, &good, &other, at()).unwrap_err();
        assert_eq!(refusal, "signature_mismatch", "{name}");
        if provider.info().key.encoding != KeyEncoding::None {
            // Rotation: the good one may stand anywhere in the list.
            let both = secrets(name, &[secret(name, 2), secret(name, 1)]);
            assert!(verify(provider, &good, &both, at()).is_ok(), "{name}");
        }
    }
}

#[test]
fn every_attack_within_the_coverage_is_refused() {
    for (provider, name) in providers() {
        // A checksum tells these changes, too; it does not tell those that are made to keep it.
        let told = matches!(
            provider.info().covers,
            SignatureCoverage::WholeBody | SignatureCoverage::Checksum(_)
        );
        if !told {
            continue;
        }
        let (good, known) = (request(name), known(name));
        let refusal =
            |request: &SignedRequest| verify(provider, request, &known, at()).unwrap_err();
        for i in (0..good.body.len()).step_by(7) {
            let mut flipped = good.clone();
            flipped.body[i] ^= 1;
            assert_eq!(refusal(&flipped), "signature_mismatch", "{name} byte {i}");
        }
        let longer = SignedRequest {
            body: [&good.body[..], b" "].concat(),
            ..good.clone()
        };
        assert_eq!(refusal(&longer), "signature_mismatch", "{name}");
    }
}

#[test]
fn every_attack_on_the_headers_is_refused() {
    for (provider, name) in providers() {
        let info = provider.info();
        let (good, known) = (request(name), known(name));
        let signing: Vec<usize> = (0..good.headers.len())
            .filter(|i| {
                info.signature_headers
                    .contains(&good.headers[*i].0.to_ascii_lowercase().as_str())
            })
            .collect();
        if info.signature_headers.is_empty() || info.authenticity == Authenticity::Unsigned {
            assert!(signing.is_empty(), "{name}");
            continue;
        }
        let verdict = |request: &SignedRequest| verify(provider, request, &known, at());
        let bare = SignedRequest {
            headers: vec![],
            ..good.clone()
        };
        assert_eq!(verdict(&bare), Err("signature_missing".into()), "{name}");
        let mut mismatches = 0;
        for i in signing {
            let mut odd = good.clone();
            odd.headers[i].1 = "?".into();
            assert!(verdict(&odd).is_err(), "{name} {}", good.headers[i].0);
            // One character in the middle becomes another one of its kind.
            let mut value = good.headers[i].1.clone().into_bytes();
            let middle = value.len() * 3 / 4;
            value[middle] = match value[middle] {
                b'1' => b'2',
                b'a' => b'b',
                b'A' => b'B',
                byte if byte.is_ascii_digit() => b'1',
                byte if byte.is_ascii_lowercase() => b'a',
                _ => b'A',
            };
            let mut altered = good.clone();
            altered.headers[i].1 = String::from_utf8(value).unwrap();
            mismatches += u32::from(verdict(&altered) == Err("signature_mismatch".into()));
            // A second one behind the good one changes nothing.
            let mut twice = good.clone();
            twice.headers.push(altered.headers[i].clone());
            assert!(verdict(&twice).is_ok(), "{name} {}", good.headers[i].0);
            // The gateway hands on a header that was sent in two cases as two pairs, in either order. A forged
            // one in front can only have the webhook refused, and two forged ones are no better than one.
            let doubled = |first: &SignedRequest, second: &SignedRequest| {
                let mut both = first.clone();
                let (header, value) = second.headers[i].clone();
                both.headers
                    .insert(i + 1, (header.to_ascii_uppercase(), value));
                verdict(&both)
            };
            let in_front = doubled(&altered, &good);
            assert!(in_front.is_err() || in_front == verdict(&good), "{name}");
            if verdict(&altered).is_err() {
                assert!(doubled(&altered, &altered).is_err(), "{name}");
            }
        }
        assert!(mismatches > 0, "{name}");
    }
}

#[test]
fn windows_are_kept_to_the_second() {
    for (provider, name) in providers() {
        let info = provider.info();
        let good = request(name);
        let received =
            |seconds: i64| -> Timestamp { at().checked_add(Span::new().seconds(seconds)).unwrap() };
        for (window, sign, reason) in [
            (info.replay_window_past_seconds, 1, "timestamp_stale"),
            (info.replay_window_future_seconds, -1, "timestamp_future"),
        ] {
            let verdict = |seconds: i64| {
                verify(provider, &good, &known(name), received(sign * seconds)).map(|_| ())
            };
            match window {
                None => assert_eq!(verdict(86_400), Ok(()), "{name}"),
                Some(window) => {
                    assert_eq!(verdict(window.into()), Ok(()), "{name}");
                    assert_eq!(verdict(i64::from(window) + 1), Err(reason.into()), "{name}");
                }
            }
        }
    }
}

#[test]
fn a_redelivery_has_the_keys_of_the_first_delivery() {
    for (provider, name) in providers() {
        let body = fs::read(&fixtures(name)[0]).unwrap();
        let keys = |seconds: i64| -> Vec<_> {
            let at = at().checked_add(Span::new().seconds(seconds)).unwrap();
            let events = verify(provider, &signed(name, &body, 1, at), &known(name), at).unwrap();
            events
                .iter()
                .map(payment_event::PaymentEvent::key)
                .collect()
        };
        // Where nothing tells one delivery from another, each is an event.
        let repeated = provider.info().event_time != EventTimeStability::Receipt;
        assert_eq!(keys(0) == keys(7200), repeated, "{name}");
        assert_eq!(keys(0), keys(0), "{name}");
    }
}

#[test]
fn every_listed_type_has_a_row_and_every_row_is_listed() {
    for (provider, name) in providers() {
        let types = provider.info().event_types;
        let rows: Vec<&str> = types.rows.iter().map(|(kind, _)| *kind).collect();
        assert!(rows.is_sorted_by(|a, b| a < b), "{name}");
        assert!(types.source.contains("read 20"), "{name}: {}", types.source);
        let mut listed = listed_types(name);
        listed.sort_unstable();
        assert_eq!(rows, listed, "{name}: event_types.txt and the rows");
        assert!(types.open || !rows.is_empty(), "{name}");
    }
}

#[test]
fn whatever_is_signed_is_stored() {
    let bodies: &[&[u8]] = &[
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\"text\"",
        b"{\"id\":",
        b"{\"id\":1,\"id\":2}",
        b"\xff\xfe",
        b"<xml/>",
        b"a=b&c=d",
        "\u{feff}{}".as_bytes(),
        b"{\"type\":\"\\ud83d\",\"id\":\"\\ude00\"}",
    ];
    for (provider, name) in providers() {
        for body in bodies {
            // What has its signature inside cannot be signed when it cannot be read.
            let Ok(request) = sign(name, body, &known(name), at(), MESSAGE_ID) else {
                continue;
            };
            let verified = provider.verify(raw(&request), &known(name), at());
            let Ok(verified) = verified else { continue };
            let events = provider.parse(&verified);
            assert!(!events.as_slice().is_empty(), "{name}");
            let text = String::from_utf8_lossy(body);
            for event in events.as_slice() {
                let unknown = [PaymentStatus::Unclassified, PaymentStatus::Notice];
                assert!(unknown.contains(&event.status), "{name} {text}");
                assert!(event.key().timestamp.contains('#'), "{name} {text}");
            }
        }
    }
}

#[test]
fn volatile_fields_change_no_key_and_every_other_field_does() {
    for (provider, name) in providers() {
        let info = provider.info();
        if info.authenticity == Authenticity::Unsigned {
            continue;
        }
        for path in fixtures(name) {
            let request = signed_fixture(name, &path);
            let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
                continue;
            };
            let keys = |body: &Value| -> Vec<_> {
                let text = serde_json::to_vec(body).unwrap();
                let mut again = signed(name, &text, 1, at());
                if let Ok(text) = fs::read(path.with_extension("headers.json")) {
                    set_headers(&mut again, &serde_json::from_slice(&text).unwrap());
                }
                let events = verify(provider, &again, &known(name), at()).unwrap();
                events
                    .iter()
                    .map(payment_event::PaymentEvent::key)
                    .collect()
            };
            let first = keys(&body);
            for volatile in info.volatile {
                let mut other = body.clone();
                let pointer = format!("/{volatile}");
                if let Some(value) = other.pointer_mut(&pointer) {
                    *value = serde_json::json!("another");
                    assert_eq!(keys(&other), first, "{}: {volatile}", path.display());
                }
            }
            if !first.iter().all(|key| key.timestamp.contains("#sha256:")) {
                continue;
            }
            if info.covers == SignatureCoverage::WholeBody {
                let mut other = body.clone();
                other["another"] = serde_json::json!(1);
                assert_ne!(keys(&other), first, "{}", path.display());
            }
        }
    }
}

#[test]
fn documents_are_masked_as_written_down_and_keep_their_ids() {
    for (provider, name) in providers() {
        let mask = |json: &[u8]| -> Value {
            let masked = card_masking::mask_json(json, provider.masking()).unwrap();
            serde_json::from_str(masked.text.as_str()).unwrap()
        };
        let rows = data(name, "masked.json");
        assert!(!rows.as_array().unwrap().is_empty());
        for row in rows.as_array().unwrap() {
            assert_eq!(
                mask(row["before"].to_string().as_bytes()),
                row["after"],
                "{name}"
            );
        }
        for path in fixtures(name) {
            let (request, secrets) = (signed_fixture(name, &path), known(name));
            let verified = provider.verify(raw(&request), &secrets, at()).unwrap();
            let document = provider.document(&verified);
            let masked = mask(&document).to_string();
            for event in provider.parse(&verified).as_slice() {
                let id = event.transaction_id.as_str();
                let told = String::from_utf8_lossy(&document).contains(id);
                assert!(!told || masked.contains(id), "{}: {id}", path.display());
            }
        }
    }
}
