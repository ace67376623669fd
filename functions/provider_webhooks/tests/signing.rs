//! Signs as each provider does, and is believed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{at, known, raw, signed, verify};
use provider_webhooks::{
    AmountForm, Authenticity, KeyEncoding, SampleParams, providers, sample, sample_secrets,
};
use serde_json::Value;

/// A sample is about as large as what a provider really sends; a mere notice is smaller.
const SAMPLE_BYTES_MAX: usize = 5000;

#[test]
fn samples_of_every_provider_sign_verify_and_differ() {
    let params = |sequence| SampleParams {
        sequence,
        amount_minor: 1234,
        currency: "EUR".into(),
        at: at(),
        note: Some("a note".into()),
    };
    for provider in providers::ALL {
        let (info, name) = (provider.info(), provider.info().name);
        let request = |sequence| signed(name, &sample(name, &params(sequence)).unwrap(), 1, at());
        let event = |sequence| {
            let mut events = verify(*provider, &request(sequence), &known(name), at()).unwrap();
            assert_eq!(events.len(), 1, "{name}");
            events.remove(0)
        };
        let (first, second) = (event(7), event(8));
        let minor = first.amount.as_ref().map(|amount| amount.minor.0);
        let stated = info.amounts.form != AmountForm::NotStated;
        assert_eq!(minor, stated.then_some(1234), "{name}");
        assert_ne!(first.key(), second.key(), "{name}");
        assert_eq!(first.key(), event(7).key(), "{name}");
        let (request, secrets) = (request(7), known(name));
        assert!(
            request.body.len() < SAMPLE_BYTES_MAX,
            "{name}: {} bytes",
            request.body.len()
        );
        let verified = provider.verify(raw(&request), &secrets, at()).unwrap();
        let document = String::from_utf8(provider.document(&verified).into_owned()).unwrap();
        assert!(
            serde_json::from_str::<Value>(&document)
                .unwrap()
                .is_object(),
            "{name}"
        );
        assert_eq!(document.contains("a note"), info.free_text, "{name}");
        assert!(!document.contains("{{"), "{name}: a placeholder is left");
    }
    assert_eq!(sample("nobody", &params(1)), None);
}

#[test]
fn sample_secrets_have_the_providers_form_and_differ() {
    for provider in providers::ALL {
        let info = provider.info();
        let (one, two) = (sample_secrets(info, 1), sample_secrets(info, 2));
        assert_eq!(
            one.keys().is_empty(),
            info.key.encoding == KeyEncoding::None,
            "{}",
            info.name
        );
        assert!(
            one.keys()
                .iter()
                .all(|key| key.starts_with(info.key.prefix))
        );
        assert!(info.settings.iter().all(|s| one.setting(s.name).is_some()));
        // Whose notices nobody signs has nothing that could differ.
        let differ = info.authenticity != Authenticity::Unsigned;
        assert_eq!(one != two, differ, "{}", info.name);
    }
}
