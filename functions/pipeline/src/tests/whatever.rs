//! Promise 1, as a property: any bytes under a good signature are stored, and no card number with
//! them.

use card_masking::{contains_pan, mask_body};
use jiff::Timestamp;
use proptest::prelude::*;
use provider_webhooks::sign::sign;
use provider_webhooks::{Headers, Provider, RawWebhook, providers};
use serde_json::value::RawValue;

use super::support::{PLANTED_PAN, secrets};
use crate::judge::judge;

/// Whether a provider signs a time or headers and the body behind it with nothing between them that
/// could not stand in the body. Only a body that begins as JSON does can be told from what is in
/// front of it, and such a provider sends no other.
fn cut_at_a_brace(provider: &'static dyn Provider, at: Timestamp) -> bool {
    let secrets = secrets(provider.info().name);
    let signed = sign(provider.info().name, b"0", &secrets, at, "msg_1");
    signed.is_ok_and(|signed| {
        let raw = RawWebhook::new(&signed.body, Headers::new(signed.headers));
        !provider.info().signature_headers.is_empty() && judge(provider, raw, &secrets, at).is_err()
    })
}

#[test]
fn of_two_providers_a_body_begins_as_json_does() {
    let at = Timestamp::from_second(1_767_323_045).unwrap();
    let such = providers::ALL.iter().filter(|p| cut_at_a_brace(**p, at));
    assert_eq!(such.count(), 2);
}

/// Bytes, texts, JSON of any shape, and JSON in which something is broken or a card number hides.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let scalar = prop_oneof![
        Just("null".to_owned()),
        Just("1e999".to_owned()),
        Just("\"\\ud83d\"".to_owned()),
        Just(format!("\"{PLANTED_PAN}\"")),
        Just(PLANTED_PAN.to_owned()),
        Just(format!(
            "\"{{\\\"cvc\\\":\\\"123\\\",\\\"n\\\":{PLANTED_PAN}}}\""
        )),
        any::<i64>().prop_map(|number| number.to_string()),
        "[ -~]{0,20}".prop_map(|text| serde_json::Value::from(text).to_string()),
        "\\PC{0,12}".prop_map(|text| serde_json::Value::from(text).to_string()),
    ];
    let name = prop_oneof![
        Just("id"),
        Just("type"),
        Just("event"),
        Just("data"),
        Just("object"),
        Just("amount"),
        Just("currency"),
        Just("created"),
        Just("created_at"),
        Just("notificationItems"),
        Just("NotificationRequestItem"),
        Just("additionalData"),
        Just("events"),
        Just("payload"),
        Just("resource"),
        Just("status"),
        Just("links"),
        Just("event_type"),
        Just("x"),
    ];
    let value = scalar.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|list| format!("[{}]", list.join(","))),
            prop::collection::vec((name.clone(), inner), 0..6).prop_map(|members| {
                let members = members
                    .iter()
                    .map(|(name, value)| format!("\"{name}\":{value}"));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }),
        ]
    });
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300),
        "\\PC{0,200}".prop_map(String::into_bytes),
        value.clone().prop_map(String::into_bytes),
        // Cut off somewhere.
        (value, 0_usize..400).prop_map(|(json, at)| {
            let mut bytes = json.into_bytes();
            bytes.truncate(at);
            bytes
        }),
    ]
}

proptest! {
    #[test]
    fn whatever_is_signed_is_stored_without_a_card_number(body in body()) {
        let at = Timestamp::from_second(1_767_323_045).unwrap();
        for provider in providers::ALL {
            let name = provider.info().name;
            let secrets = secrets(name);
            // What has its signature inside cannot be signed when it cannot be read.
            let Ok(signed) = sign(name, &body, &secrets, at, "msg_1") else { continue };
            let headers = Headers::new(signed.headers);
            let judged = judge(*provider, RawWebhook::new(&signed.body, headers), &secrets, at);
            let accepted = match judged {
                Ok(accepted) => accepted,
                Err(refusal) => {
                    // Its `verify` cannot find the signature in the body, or cannot tell where the
                    // body begins in the signed text.
                    let inside = provider.info().signature_headers.is_empty();
                    let joined = !body.starts_with(b"{") && cut_at_a_brace(*provider, at);
                    prop_assert!(inside || joined, "{}: {:?}", name, refusal);
                    continue;
                }
            };
            prop_assert!(!accepted.events.is_empty());
            for event in &accepted.events {
                prop_assert!(!contains_pan(&event.event_type));
                prop_assert!(event.key().timestamp.len() <= 1024);
            }
            let payload = accepted.payload.as_str();
            prop_assert!(serde_json::from_str::<&RawValue>(payload).is_ok(), "{}", name);
            let again = mask_body(payload.as_bytes(), provider.masking());
            prop_assert_eq!(again.masked_pans, 0, "{}", name);
        }
    }
}
