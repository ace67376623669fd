//! What the targets share: a provider chosen by the first byte, its secrets, and what must hold of a webhook that was believed.

use card_masking::mask_json;
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

/// Judges a request. Whatever is believed and read has keys that fit a table, a document that is JSON, and one that stays JSON when it is masked.
pub(crate) fn judge(provider: &dyn Provider, body: &[u8], headers: &[(String, String)]) {
    let raw = RawWebhook::new(
        body,
        Headers::new(headers.iter().map(|(n, v)| (n, v.as_str()))),
    );
    let Ok(verified) = provider.verify(raw, &secrets(provider), at()) else {
        return;
    };
    let Ok(events) = provider.parse(&verified) else {
        return;
    };
    assert!(!events.is_empty());
    for event in &events {
        assert_eq!(event.provider, provider.info().name);
        // DynamoDB's limits of the two parts of a key.
        for key in [Some(event.key()), event.guard_key()].into_iter().flatten() {
            assert!(key.transaction_id.len() <= 2048 && key.timestamp.len() <= 1024);
        }
    }
    let document = provider
        .document(&verified)
        .expect("what could be read has a document");
    let masked =
        mask_json(&document, provider.masking()).expect("a document that was read is JSON");
    // By grammar: what was stored may hold a number that no reader can take, such as 1e999, as it was sent.
    let text = masked.text.as_str();
    serde_json::from_str::<serde::de::IgnoredAny>(text).expect("masked, it is JSON still");
    assert!(text.trim_start().starts_with('{'));
}
