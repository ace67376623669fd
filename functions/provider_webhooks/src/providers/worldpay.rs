//! Worldpay Access: `Event-Signature`, `{keyId}/{hash function}/{signature}`, several of them
//! parted by commas; the signature is an HMAC-SHA256 over the body.
//!
//! Sources, read 2026-11-25 and 2026-11-27:
//! <https://docs.worldpay.com/access/products/events/openapi/payment> and its pages per event
//! (body, types), <https://developer.worldpay.com/products/events/signature> (header). The
//! signature is switched on on request, and without it a webhook is refused. Not documented where
//! we could read, so both are taken: whether the signature is hexadecimal or base64. Assumed: the
//! secret is used as the text it is, `eventTimestamp`, which has no zone, is UTC, and minor units
//! are ISO 4217's (Worldpay's older gateway has HUF without decimals).
//!
//! `sentForSettlement` and `sentForRefund` are what every merchant is sent, so they say captured
//! and refunded; `settled` and `refunded`, which only some are sent, tell the same again and are kept
//! unclassified. Which money an event tells: see [`movements`]. The funds of
//! `informationRequested` are held until the dispute is over, so it is a dispute. `tokenCreated`
//! has no type in its body.
//!
//! A payment is filed under `transactionReference`, which the merchant chooses and every event has:
//! what is no id, or a card number, becomes a hash.

use std::borrow::Cow;

use card_masking::{FieldRules, Patterns, has_a_letter};
use jiff::Timestamp;
use payment_event::PaymentStatus;

use crate::encoding::{base64_strict, hex_any_case};
use crate::event_types::{EventTypes, Says};
use crate::events::{Draft, Events, Identity};
use crate::exponents::ISO_ONLY;
use crate::facts::{Facts, Related};
use crate::json::{json_document, raw_fields, read_body, scalar};
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned, first_key};
use crate::signature::{hmac_sha256, hmac_sha256_tag};
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyForm, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets, SignatureCoverage,
    VerifiedWebhook,
};

mod movements;

pub(super) struct Worldpay;

const HEADER: &str = "event-signature";
/// The one hash function that is taken, compared without regard to case and dashes.
const HASH_FUNCTION: &str = "sha256";
/// Signatures of one request that are looked at: one for each live key.
const SIGNATURES_MAX: usize = 4;

static INFO: ProviderInfo = ProviderInfo {
    name: "worldpay",
    title: "Worldpay (Access)",
    source: "https://docs.worldpay.com/access/products/events/openapi/payment, read 2026-11-25",
    signature_headers: &[HEADER],
    unsigned_headers: &[],
    content_types: &["application/json"],
    authenticity: Authenticity::Signed,
    scheme: "HMAC-SHA256, hex or base64, over the body; switched on on request",
    covers: SignatureCoverage::WholeBody,
    rotation: "a signature for each live key in one header: keep both keys while they overlap",
    key: KeyForm::TEXT,
    settings: &[],
    event_time: EventTimeStability::Stable,
    event_id: "eventId",
    volatile: &[],
    event_types: &EVENT_TYPES,
    replay_window_past_seconds: None,
    replay_window_future_seconds: None,
    amounts: Amounts {
        form: AmountForm::MinorUnits,
        exponents: &ISO_ONLY,
    },
    free_text: true,
    custom_header: CustomHeader {
        supported: None,
        source: "webhooks are set up by Worldpay on request: ask for it",
    },
    acknowledgement: Acknowledgement::ANY_2XX,
    handshake: None,
    certificate_url: None,
    delivery: Delivery {
        retry_horizon_seconds: None,
        retries: "until it is answered, later events wait meanwhile; 200",
    },
};

/// What an event type says about the payment. What depends on the class of the event is decided in
/// [`status`]. The page of account payouts was not at hand.
#[rustfmt::skip]
static EVENT_TYPES: EventTypes = {
    use PaymentStatus::*;
    use Says::{ByState, Nothing, Status};
    EventTypes {
        source: "https://docs.worldpay.com/access/products/events/openapi (payment, payout, chargeback) and products/parties/receive-events, read 2026-11-27",
        open: false,
        rows: &[
            ("authorized", Status(Authorised)),
            ("cancelled", Status(Voided)),
            ("chargedBack", Status(Disputed)),
            ("disbursed", Status(Payout)),
            ("error", ByState),
            ("expired", Status(Voided)),
            ("informationRequested", Status(Disputed)),
            ("partyCreated", Nothing),
            ("pending", Status(Pending)),
            ("refundFailed", Status(RefundFailed)),
            ("refunded", Nothing),
            ("refused", ByState),
            ("sentForAuthorization", Status(Pending)),
            ("sentForRefund", Status(Refunded)),
            ("sentForSettlement", Status(Captured)),
            ("settled", Nothing),
            ("settlementFailed", Status(Failed)),
            ("tokenCreated", Nothing),
        ],
    }
};

#[rustfmt::skip]
static MASKING: FieldRules = Patterns {
    drop: &[
        "billingAddress", "shippingAddress", "cardHolderName", "cardExpiryDate", "cardBin", "email", "phone", "payer", "customer",
        "tokenPaymentInstrument/href", "bankAccount",
    ],
    ids: &[("eventId", has_a_letter), ("downstreamReference", downstream)],
}
.rules();

/// Fewer digits than a card number has.
const DOWNSTREAM_DIGITS_MAX: usize = 11;

/// Worldpay's own reference of an order: letters and digits, or too few digits for a card number.
fn downstream(text: &str) -> bool {
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric());
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    plain && text.len() <= 24 && (!digits || text.len() <= DOWNSTREAM_DIGITS_MAX)
}

raw_fields! {
    #[serde(rename_all = "camelCase")]
    Event { event_id, event_timestamp, event_type; event_details: Details }
}

raw_fields! {
    #[serde(rename_all = "camelCase")]
    Details {
        classification, transaction_reference, downstream_reference, reference,
        #[serde(rename = "type")] kind, token_payment_instrument,
        party_id; amount: Money,
    }
}

raw_fields! { Money { value, #[serde(rename = "currencyCode")] currency_code } }

/// The signatures of the header that a known hash function made.
fn signatures(header: &str) -> Vec<Vec<u8>> {
    let one = |entry: &str| {
        let mut parts = entry.trim().splitn(3, '/');
        let (_key, hash, signature) = (parts.next()?, parts.next()?, parts.next()?);
        let known = hash.replace('-', "").eq_ignore_ascii_case(HASH_FUNCTION);
        let decoded = hex_any_case(signature).or_else(|| base64_strict(signature));
        decoded.filter(|bytes| known && !bytes.is_empty())
    };
    header
        .split(',')
        .take(SIGNATURES_MAX)
        .filter_map(one)
        .collect()
}

/// The status of a type in its class. A payout is refused under the same type as a payment, and
/// the types of chargebacks could be read in part alone: their class says what they are.
fn status(kind: &str, classification: &str) -> PaymentStatus {
    use PaymentStatus::{Disputed, Failed, Payout, Pending, Unclassified};
    match (classification, kind) {
        ("payout", "disbursed" | "refused" | "error") => Payout,
        ("payout", "pending") => Pending,
        ("payout", _) => Unclassified,
        ("chargeback", _) if !EVENT_TYPES.knows(kind) => Disputed,
        (_, "refused" | "error") => Failed,
        _ => EVENT_TYPES.status(kind),
    }
}

fn draft(event: &Event<'_>) -> Draft {
    let mut facts = Facts::default();
    let details = &event.event_details;
    let event_type = match details.kind.or(event.event_type) {
        None if details.token_payment_instrument.is_some() => "tokenCreated".to_owned(),
        kind => facts.event_type(kind),
    };
    let status = status(&event_type, &scalar(details.classification));
    let money = &details.amount;
    let amount = facts.minor(status, money.value, money.currency_code, &ISO_ONLY);
    let downstream = facts.chosen_id(details.downstream_reference);
    let reference = facts.chosen_id(details.transaction_reference);
    let party = facts.id(details.party_id);
    let payment = reference.clone().or(downstream.clone());
    let movements = movements::movements(
        (&event_type, &scalar(details.classification)),
        payment.as_ref(),
        Facts::default().chosen_id(details.reference).as_ref(),
        amount.as_ref(),
    );
    let mut related = Related::new();
    related.extend(downstream.clone().map(|id| ("downstream_reference", id)));
    related.extend(reference.clone().map(|id| ("transaction_reference", id)));
    related.extend(party.map(|id| ("party", id)));
    Draft {
        identity: Identity::Own(facts.event_id(event.event_id)),
        event_type,
        status,
        transaction_id: payment,
        amount,
        merchant_account: None,
        event_time: facts.time(&[event.event_timestamp]),
        dated: true,
        related,
        facts,
        movements,
    }
}

impl Provider for Worldpay {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn verify<'a>(
        &self,
        raw: RawWebhook<'a>,
        secrets: &Secrets,
        _received_at: Timestamp,
    ) -> Result<VerifiedWebhook<'a>, Reject> {
        let keys = secrets.some_keys()?;
        let mut sent = raw.headers.all(HEADER).take(SIGNATURES_MAX).peekable();
        if sent.peek().is_none() {
            return Err(Reject::SignatureMissing);
        }
        let signatures: Vec<_> = sent.flat_map(signatures).collect();
        if signatures.is_empty() {
            return Err(Reject::SignatureMalformed);
        }
        Ok(hmac_sha256(keys, &[raw.body], &signatures)?.vouch(raw))
    }

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Events {
        match read_body::<Event<'_>>(webhook.body()) {
            Some(event) => Events::of(&INFO, webhook, vec![draft(&event)]),
            None => Events::unreadable(&INFO, webhook),
        }
    }

    fn document<'a>(&self, webhook: &VerifiedWebhook<'a>) -> Cow<'a, [u8]> {
        json_document(webhook)
    }

    fn masking(&self) -> &'static FieldRules {
        &MASKING
    }

    fn sign(&self, unsigned: &Unsigned<'_>, secrets: &Secrets) -> Result<SignedRequest, SignError> {
        let tag = hmac_sha256_tag(first_key(secrets)?.as_bytes(), &[unsigned.body]);
        let value = format!("1/SHA256/{}", hex::encode(tag));
        Ok(unsigned.with_headers([("Event-Signature", value)]))
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        let template = include_str!("../../fixtures/worldpay/sample.template");
        compact(&fill(template, params, &ISO_ONLY, Escape::Json, &[]))
    }
}

#[cfg(test)]
#[path = "../../fixtures/worldpay/tests.rs"]
mod tests;
