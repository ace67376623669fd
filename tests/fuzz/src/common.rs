//! What the targets share: a provider chosen by the first byte, its secrets, and what must hold of a webhook that was believed.

use card_masking::{contains_pan, mask_body};
use jiff::Timestamp;
use provider_webhooks::{Headers, Provider, RawWebhook, Secrets, providers, sample_secrets};

/// The provider that the first byte of `data` stands for (its place in the catalogue), and the rest.
pub(crate) fn chosen(data: &[u8]) -> Option<(&'static dyn Provider, &[u8])> {
    let (first, rest) = data.split_first()?;
    Some((
        providers::ALL[usize::from(*first) % providers::ALL.len()],
        rest,
    ))
}

pub(crate) fn secrets(provider: &dyn Provider) -> Secrets {
    sample_secrets(provider.info(), 1)
}

/// A fixed time: what is found is found again.
pub(crate) fn at() -> Timestamp {
    Timestamp::constant(1_767_323_045, 0)
}

/// Judges a request as the function does. Whatever is believed is stored: its events have keys that
/// fit a table, and its masked payload is JSON in which no card number is left.
pub(crate) fn judge(provider: &'static dyn Provider, body: &[u8], headers: &[(String, String)]) {
    let raw = RawWebhook::new(
        body,
        Headers::new(headers.iter().map(|(n, v)| (n, v.as_str()))),
    );
    let Ok(accepted) = pipeline::judge::judge(provider, raw, &secrets(provider), at()) else {
        return;
    };
    assert!(!accepted.events.is_empty());
    for event in &accepted.events {
        assert_eq!(event.provider, provider.info().name);
        // DynamoDB's limits of the two parts of a key.
        let key = event.key();
        assert!(key.transaction_id.len() <= 2048 && key.timestamp.len() <= 1024);
        assert!(!contains_pan(&event.event_type));
    }
    // By grammar: what was stored may hold a number that no reader can take, such as 1e999, as it
    // was sent.
    let text = accepted.payload.as_str();
    serde_json::from_str::<serde::de::IgnoredAny>(text).expect("a masked payload is JSON");
    let again = mask_body(text.as_bytes(), provider.masking());
    assert_eq!(again.masked_pans, 0, "a card number is left");
}
