//! The webhooks that are sent: signed as `payhook send` signs, each a payment of 0.00 XTS.
//!
//! XTS is ISO 4217's code for tests, so what is sent is counted in rows of its own and no sum of
//! money changes; its ids are those of `payhook send` for a seed that the clock gives.

use jiff::Timestamp;
use provider_webhooks::sign::{SignedRequest, sign};
use provider_webhooks::{
    Authenticity, Headers, ProviderInfo, RawWebhook, SampleParams, Secrets, SignatureCoverage,
    providers, sample,
};

use crate::error::Error;
use crate::send::plan::{Kind, Order, Signer, first_sequence, plan};

/// ISO 4217's code for tests.
pub(super) const CURRENCY: &str = "XTS";
/// No sum changes.
const AMOUNT_MINOR: i64 = 0;
/// Under the queue's limit with its headers, far above the 256 KiB that it once was.
pub(super) const LARGE_BYTES: usize = 1_000_000;
/// Behind what the plan of a run numbers.
const LARGE_NUMBER: u64 = 1 << 20;
/// Whose genuine webhooks try one thing more each.
const PROBES: u32 = 2;

/// What a webhook is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To be stored.
    Genuine,
    /// To be rejected.
    Forged,
    /// To be stored although its header names are in title case.
    TitleCase,
    /// To be stored although it brings a request id of its own.
    OwnRequestId,
    /// To be stored although it is long.
    Large,
}

/// One webhook, signed.
pub(super) struct Webhook {
    pub(super) purpose: Purpose,
    pub(super) request: SignedRequest,
    /// Under which a genuine one is stored; `None` where only the function can tell.
    pub(super) transaction_id: Option<String>,
}

/// The webhooks of one provider, signed now. One provider probes what needs no more than one.
///
/// # Errors
/// A secret that does not sign.
pub(super) fn webhooks(
    signer: &Signer,
    seed: u64,
    probes: bool,
    now: Timestamp,
) -> Result<Vec<Webhook>, Error> {
    let signed = signer.info.authenticity != Authenticity::Unsigned;
    let order = Order {
        signers: vec![signer.clone()],
        genuine: 1 + if probes { PROBES } else { 0 },
        forged: u32::from(signed),
        duplicates: 0,
        stale: 0,
        with_pan: 0,
        seed,
        amount_minor: AMOUNT_MINOR,
        currency: CURRENCY.to_owned(),
    };
    let mut genuine = [Purpose::Genuine, Purpose::TitleCase, Purpose::OwnRequestId].into_iter();
    let plan = plan(order)?;
    let mut webhooks = Vec::new();
    for planned in plan.webhooks(|| now) {
        let planned = planned?;
        let purpose = match planned.kind {
            Kind::Genuine => genuine.next().unwrap_or(Purpose::Genuine),
            _ => Purpose::Forged,
        };
        webhooks.push(webhook(purpose, signer, planned.request, now));
    }
    if probes {
        let request = large(signer, seed, now)?;
        webhooks.push(webhook(Purpose::Large, signer, request, now));
    }
    Ok(webhooks)
}

fn webhook(purpose: Purpose, signer: &Signer, request: SignedRequest, now: Timestamp) -> Webhook {
    let genuine = purpose != Purpose::Forged;
    let id = genuine.then(|| transaction_id(signer, &request, now));
    Webhook {
        purpose,
        request,
        transaction_id: id.flatten(),
    }
}

/// As the function will read it.
fn transaction_id(signer: &Signer, request: &SignedRequest, now: Timestamp) -> Option<String> {
    let provider = providers::by_name(signer.info.name)?;
    let headers = Headers::new(request.headers.iter().map(|(n, v)| (n, v.as_str())));
    let raw = RawWebhook::new(&request.body, headers);
    let verified = provider.verify(raw, &signer.secrets, now).ok()?;
    let events = provider.parse(&verified);
    Some(events.as_slice().first()?.key().transaction_id)
}

/// Blanks behind a JSON text are part of it.
fn large(signer: &Signer, seed: u64, now: Timestamp) -> Result<SignedRequest, Error> {
    let name = signer.info.name;
    let sequence = first_sequence(seed) + LARGE_NUMBER;
    let parameters = SampleParams {
        sequence,
        amount_minor: AMOUNT_MINOR,
        currency: CURRENCY.to_owned(),
        at: now,
        note: None,
    };
    let mut body = sample(name, &parameters).ok_or(Error::NoSample(name))?;
    body.resize(LARGE_BYTES.max(body.len()), b' ');
    let message_id = format!("msg_{sequence:024x}");
    let signed = sign(name, &body, &signer.secrets, now, &message_id);
    signed.map_err(|source| Error::Sign {
        provider: name,
        source,
    })
}

/// Whether its webhooks can probe: the body is signed whole and is JSON.
fn can_probe(info: &ProviderInfo) -> bool {
    info.authenticity == Authenticity::Signed
        && info.covers == SignatureCoverage::WholeBody
        && info.content_types.first() == Some(&"application/json")
}

/// Who probes: the one that a deploy proves itself as, or else the first that can.
pub(super) fn prober<'s>(signers: &'s [Signer], preferred: &str) -> Option<&'s Signer> {
    let mut able = signers.iter().filter(|signer| can_probe(signer.info));
    let first = able.clone().next();
    able.find(|signer| signer.info.name == preferred).or(first)
}

/// Whether there is anything to sign with.
pub(super) fn usable(secrets: &Secrets) -> bool {
    !secrets.is_empty()
}

#[cfg(test)]
mod tests {
    use provider_webhooks::sample_secrets;

    use super::*;

    fn signers() -> Vec<Signer> {
        let all = providers::ALL.iter().map(|provider| provider.info());
        all.map(|info| Signer {
            info,
            secrets: sample_secrets(info, 1),
        })
        .collect()
    }

    /// A body of each provider that can be read says nothing, or zero of the test currency.
    #[test]
    fn no_test_webhook_is_money() {
        let now: Timestamp = "2026-11-27T12:00:00Z".parse().unwrap();
        for signer in signers() {
            let name = signer.info.name;
            let webhooks = webhooks(&signer, 7, false, now).unwrap();
            assert!(webhooks[0].transaction_id.is_some(), "{name}");
            let provider = providers::by_name(name).unwrap();
            let genuine = webhooks.iter().filter(|w| w.purpose != Purpose::Forged);
            for webhook in genuine {
                let pairs = webhook.request.headers.iter();
                let headers = Headers::new(pairs.map(|(n, v)| (n, v.as_str())));
                let raw = RawWebhook::new(&webhook.request.body, headers);
                let verified = provider.verify(raw, &signer.secrets, now).unwrap();
                for event in provider.parse(&verified).into_vec() {
                    let amount = event
                        .amount
                        .map(|a| (a.minor.0, a.currency.as_str().to_owned()));
                    assert!(
                        amount.is_none() || amount == Some((0, CURRENCY.to_owned())),
                        "{name}: {amount:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn whoever_signs_can_be_forged_and_one_provider_probes() {
        let now = Timestamp::UNIX_EPOCH;
        let signers = signers();
        let prober = prober(&signers, "standardwebhooks").unwrap();
        assert_eq!(prober.info.name, "standardwebhooks");
        let purposes = |signer, probes| -> Vec<Purpose> {
            let webhooks = webhooks(signer, 1, probes, now).unwrap();
            webhooks.iter().map(|webhook| webhook.purpose).collect()
        };
        let mut probing = purposes(prober, true);
        // The plan strews forgeries among the others.
        probing.retain(|purpose| *purpose != Purpose::Forged);
        assert_eq!(
            probing,
            [
                Purpose::Genuine,
                Purpose::TitleCase,
                Purpose::OwnRequestId,
                Purpose::Large
            ]
        );
        for signer in &signers {
            let forged = purposes(signer, false).contains(&Purpose::Forged);
            let unsigned = signer.info.authenticity == Authenticity::Unsigned;
            assert_eq!(forged, !unsigned, "{}", signer.info.name);
        }
        let stripe: Vec<Signer> = signers
            .into_iter()
            .filter(|signer| ["adyen", "stripe"].contains(&signer.info.name))
            .collect();
        let other = super::prober(&stripe, "standardwebhooks").unwrap();
        assert_eq!(other.info.name, "stripe");
        assert!(super::prober(&[], "stripe").is_none());
    }

    #[test]
    fn a_large_webhook_is_signed_whole() {
        let now: Timestamp = "2026-11-27T12:00:00Z".parse().unwrap();
        let signers = signers();
        let prober = prober(&signers, "standardwebhooks").unwrap();
        let webhooks = webhooks(prober, 1, true, now).unwrap();
        let large = webhooks
            .iter()
            .find(|w| w.purpose == Purpose::Large)
            .unwrap();
        assert_eq!(large.request.body.len(), LARGE_BYTES);
        assert!(large.transaction_id.is_some());
        let ids: std::collections::BTreeSet<_> = webhooks
            .iter()
            .filter_map(|w| w.transaction_id.clone())
            .collect();
        assert_eq!(ids.len(), 4);
    }
}
