//! Coinbase Business and the other webhooks of Coinbase's developer platform (CDP):
//! `X-Hook0-Signature: t=…,v0=…,h=…,v1=…`, HMAC-SHA256, hex.
//!
//! Sources, read 2026-11-27: <https://docs.cdp.coinbase.com/webhooks/verify-signatures>,
//! <https://docs.cdp.coinbase.com/coinbase-business/checkout-apis/webhooks>,
//! <https://docs.cdp.coinbase.com/coinbase-business/payment-link-apis/webhooks>,
//! <https://docs.cdp.coinbase.com/webhooks/payment-acceptance/overview>,
//! <https://docs.cdp.coinbase.com/webhooks/transfers/overview>; coinbase/cdp-sdk f9bbf41d
//! (`openapi.yaml`: types and bodies); hook0/hook0 (`output-worker/src/work.rs`, which signs;
//! `clients/conformance/signature.json`, whose vector is in the fixtures).
//!
//! `v1` is over `t.NAMES.VALUES.body`, where `h` gives the names, joined by blanks, and the values
//! are joined by points; `v0` is over `t.body`. The sender chooses the names: all the headers that
//! it sends, those that the subscription's owner adds (`target.headers`) among them. Dots stand in
//! values and in bodies, so that one signed text could be cut in several ways. Therefore:
//! - names are those of [`SIGNED_HEADERS`] alone, which the gateway hands on and of which none is a
//!   secret; with any other name `v1` cannot be checked here, and `v0` decides, if it is sent;
//! - where `v1` can be checked it alone decides: a right `v0` does not help a wrong `v1`;
//! - a value has no brace, and the body begins with one, as every JSON object does. The first brace
//!   of a signed text is thus where the body begins, and no text of one scheme is one of the other.
//!
//! Nothing is read out of the headers. The documents' own code lets a time in the future pass, and
//! so does this file.
//!
//! Checkouts and payment links have neither an id nor a time of the event: the whole body is the
//! identity, and `updatedAt` is the time of the object. Amounts are what the merchant asked for
//! (`amount`, `currency`), of an action in a payment session its own. A refund's own amount is in
//! `refunds`; with several of them the one that ended last in the event's state is meant [M], else
//! the total. A transfer is a payout where it leaves an account of the platform for elsewhere.
//!
//! Movements: see [`movements`].

use std::borrow::Cow;

use card_masking::{FieldRules, Patterns, has_a_letter};
use jiff::Timestamp;
use payment_event::PaymentStatus;

use crate::encoding::{hex_any_case, part, parts};
use crate::event_types::Says;
use crate::events::{Draft, Events, Identity};
use crate::exponents::ISO_ONLY;
use crate::facts::{Facts, Related};
use crate::json::{json_document, raw_fields, read_body, scalar};
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned, first_key};
use crate::signature::{hmac_sha256, hmac_sha256_tag};
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    Headers, KeyForm, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets,
    SignatureCoverage, VerifiedWebhook,
};

mod amounts;
mod event_types;
mod movements;

use amounts::{Field, action_of, money, refund_of};
use event_types::EVENT_TYPES;
use movements::movements;

pub(super) struct CoinbaseBusiness;

const WINDOW_PAST_SECONDS: u32 = 300;
const HEADER: &str = "x-hook0-signature";
/// The headers that Coinbase sends with every webhook, and which a signature may therefore name.
const SIGNED_HEADERS: &[&str] = &["content-type", "x-event-id", "x-event-type", "x-hook0-id"];
/// Signatures of one scheme that are looked at.
const SIGNATURES_MAX: usize = 4;

/// The one type whose body does not name it; the signature of a contract's event tells it.
const ACTIVITY: &str = "onchain.activity.detected";

static INFO: ProviderInfo = ProviderInfo {
    name: "coinbasebusiness",
    title: "Coinbase Business (CDP)",
    source: "https://docs.cdp.coinbase.com/webhooks/verify-signatures, read 2026-11-27",
    signature_headers: &[HEADER],
    unsigned_headers: SIGNED_HEADERS,
    content_types: &["application/json"],
    authenticity: Authenticity::Signed,
    scheme: "HMAC-SHA256, hex, over time.names.values.body (v1) or time.body (v0)",
    covers: SignatureCoverage::WholeBody,
    rotation: "one secret a subscription: keep both while it is replaced",
    key: KeyForm::TEXT,
    settings: &[],
    event_time: EventTimeStability::StableWhenStated,
    event_id: "eventId, else the body",
    volatile: &[],
    event_types: &EVENT_TYPES,
    replay_window_past_seconds: Some(WINDOW_PAST_SECONDS),
    replay_window_future_seconds: None,
    amounts: Amounts {
        form: AmountForm::MajorUnits,
        exponents: &ISO_ONLY,
    },
    free_text: true,
    custom_header: CustomHeader {
        supported: Some(true),
        source: "target.headers of a subscription; v1 covers it too, so that v0 decides",
    },
    acknowledgement: Acknowledgement::ANY_2XX,
    handshake: None,
    certificate_url: None,
    delivery: Delivery {
        retry_horizon_seconds: None,
        retries: "up to 60 times with growing gaps; 200",
    },
};

/// Payers' and beneficiaries' names and addresses; addresses and hashes of chains are no card data.
#[rustfmt::skip]
static MASKING: FieldRules = Patterns {
    drop: &[
        "email", "phone", "customer_name", "customer_email", "ip_address", "source/address",
        "target/address", "fromAddress", "toAddress", "walletAddress", "destinationAddress",
        "partnerUserRef", "userId", "companyName", "individualIdentificationNumber", "originator",
        "beneficiary",
    ],
    ids: &[
        ("id", has_a_letter), ("checkoutId", has_a_letter), ("eventId", has_a_letter),
        ("eventID", has_a_letter), ("paymentSessionId", has_a_letter), ("entityId", has_a_letter),
        ("authorizationId", has_a_letter), ("captureId", has_a_letter), ("voidId", has_a_letter),
        ("refundId", has_a_letter), ("disbursementId", has_a_letter), ("transferId", has_a_letter),
        ("transactionId", has_a_letter), ("orderId", has_a_letter), ("accountId", has_a_letter),
    ],
}
.rules();

raw_fields! {
    #[serde(rename_all = "camelCase")]
    Body {
        event_id, #[serde(rename = "eventID")] event_id_capitals, event_type, timestamp, id, amount,
        currency, refunded_amount, refunds, transaction_id, order_id, created_at, updated_at,
        #[serde(rename = "event_signature")] event_signature;
        data: Data,
    }
}

raw_fields! {
    #[serde(rename_all = "camelCase")]
    Data {
        authorization, capture, void, refund, disbursement_id, transfer_id, amount, asset,
        source_amount, source_asset, created_at, updated_at;
        payment_session: PaymentSession, source: Place, target: Place,
    }
}

raw_fields! {
    #[serde(rename_all = "camelCase")]
    PaymentSession { payment_session_id, entity_id, amount, asset }
}

raw_fields! {
    /// Where money comes from or goes to.
    #[serde(rename_all = "camelCase")]
    Place { account_id }
}

raw_fields! {
    /// What was done in a payment session.
    #[serde(rename_all = "camelCase")]
    Action { authorization_id, capture_id, void_id, refund_id, amount }
}

raw_fields! {
    /// A refund of a checkout.
    #[serde(rename_all = "camelCase")]
    Refund { id, amount, currency, status, created_at, completed_at }
}

/// The values of the headers that a signature names; `None` where it names others.
fn named_values<'h>(names: &str, headers: &'h Headers) -> Option<Result<Vec<&'h str>, Reject>> {
    let listed = |name: &str| {
        let same = |known: &&&str| known.eq_ignore_ascii_case(name);
        SIGNED_HEADERS.iter().find(same).copied()
    };
    let names: Option<Vec<&str>> = names.split(' ').map(listed).collect();
    let names = names.filter(|names| names.len() <= SIGNED_HEADERS.len())?;
    let value = |name: &&str| headers.get(name).filter(|value| !value.contains('{'));
    let values = names
        .iter()
        .map(|name| value(name).ok_or(Reject::SignatureMismatch));
    Some(values.collect())
}

fn status(kind: &str, data: &Data<'_>) -> PaymentStatus {
    match EVENT_TYPES.says(kind) {
        Some(Says::ByState) if data.source.account_id.is_some() => match data.target.account_id {
            None => PaymentStatus::Payout,
            Some(_) => PaymentStatus::Unclassified,
        },
        _ => EVENT_TYPES.status(kind),
    }
}

/// Every id of an event by its role, the payment's first.
fn ids<'a>(
    kind: &str,
    body: &Body<'a>,
    action: &Action<'a>,
    refund: Option<&Refund<'a>>,
) -> [(&'static str, Field<'a>); 10] {
    let data = &body.data;
    let root = match kind {
        _ if kind.starts_with("checkout.") => "checkout_session",
        _ if kind.starts_with("payment_link.") => "payment_link",
        _ => "object",
    };
    [
        ("payment_session", data.payment_session.payment_session_id),
        ("disbursement", data.disbursement_id),
        ("transfer", data.transfer_id),
        (root, body.id),
        ("purchase", body.transaction_id.or(body.order_id)),
        ("authorization", action.authorization_id),
        ("capture", action.capture_id),
        ("void", action.void_id),
        ("refund", action.refund_id),
        ("refund", refund.and_then(|refund| refund.id)),
    ]
}

impl Provider for CoinbaseBusiness {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn verify<'a>(
        &self,
        raw: RawWebhook<'a>,
        secrets: &Secrets,
        received_at: Timestamp,
    ) -> Result<VerifiedWebhook<'a>, Reject> {
        let keys = secrets.some_keys()?;
        let header = raw.headers.get(HEADER).ok_or(Reject::SignatureMissing)?;
        let time_text = part(header, ',', "t").ok_or(Reject::SignatureMalformed)?;
        if !time_text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Reject::SignatureMalformed);
        }
        let time: i64 = time_text.parse().map_err(|_| Reject::SignatureMalformed)?;
        let signatures = |scheme: &str| -> Vec<Vec<u8>> {
            parts(header, ',')
                .filter(|(name, _)| *name == scheme)
                .filter_map(|(_, value)| hex_any_case(value))
                .take(SIGNATURES_MAX)
                .collect()
        };
        let (body_alone, with_headers) = (signatures("v0"), signatures("v1"));
        // One that cannot be read is one that does not match: the other scheme vouches for less.
        let stated = parts(header, ',').any(|(name, _)| name == "v1");
        let named = part(header, ',', "h").filter(|_| stated);
        let values = named.and_then(|names| Some((names, named_values(names, &raw.headers)?)));
        let matched = match values {
            Some(_) if with_headers.is_empty() => return Err(Reject::SignatureMalformed),
            Some((names, values)) => {
                let before = format!("{time_text}.{names}.{}.", values?.join("."));
                hmac_sha256(keys, &[before.as_bytes(), raw.body], &with_headers)?
            }
            None if body_alone.is_empty() => return Err(Reject::SignatureMalformed),
            None => hmac_sha256(keys, &[time_text.as_bytes(), b".", raw.body], &body_alone)?,
        };
        if !raw.body.trim_ascii_start().starts_with(b"{") {
            return Err(Reject::SignatureMismatch);
        }
        INFO.judge_time(received_at, time)?;
        Ok(matched.vouch(raw))
    }

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Events {
        let Some(body) = read_body::<Body<'_>>(webhook.body()) else {
            return Events::unreadable(&INFO, webhook);
        };
        let mut facts = Facts::default();
        let event_type = match (body.event_type, body.event_signature) {
            (None, Some(_)) => facts.event_type_text(ACTIVITY),
            (stated, _) => facts.event_type(stated),
        };
        let data = &body.data;
        let status = status(&event_type, data);
        let action = action_of(&event_type, data);
        let refund = refund_of(&event_type, &body);
        let (value, currency) = money(&body, &action, refund.as_ref());
        let amount = facts.major(status, value, currency, &ISO_ONLY);
        let mut related = Related::new();
        let mut transaction_id = None;
        for (position, (role, id)) in ids(&event_type, &body, &action, refund.as_ref())
            .into_iter()
            .enumerate()
        {
            let id = facts.id(id);
            // What was done to a payment is not the payment.
            if position < 5 {
                transaction_id = transaction_id.or_else(|| id.clone());
            }
            related.extend(id.map(|id| (role, id)));
        }
        let event_id = body.event_id.or(body.event_id_capitals);
        let own_time = match event_id {
            Some(_) => facts.time(&[body.timestamp]),
            None => facts.time_if_stated(&[body.timestamp]),
        };
        let event_time = own_time.or_else(|| {
            let object = [
                body.updated_at,
                data.updated_at,
                body.created_at,
                data.created_at,
            ];
            facts.time_if_stated(&object)
        });
        let movements = movements(
            &event_type,
            status,
            &body,
            transaction_id.as_ref(),
            amount.as_ref(),
        );
        let draft = Draft {
            identity: match event_id {
                Some(_) => Identity::Own(facts.event_id(event_id)),
                None => Identity::Body,
            },
            event_type,
            status,
            transaction_id,
            amount,
            merchant_account: facts.account(data.payment_session.entity_id),
            event_time,
            dated: own_time.is_some(),
            related,
            facts,
            movements,
        };
        Events::of(&INFO, webhook, vec![draft])
    }

    fn document<'a>(&self, webhook: &VerifiedWebhook<'a>) -> Cow<'a, [u8]> {
        json_document(webhook)
    }

    fn masking(&self) -> &'static FieldRules {
        &MASKING
    }

    fn sign(&self, unsigned: &Unsigned<'_>, secrets: &Secrets) -> Result<SignedRequest, SignError> {
        let key = first_key(secrets)?.as_bytes();
        let time = unsigned.at.as_second().to_string();
        let body: Option<Body<'_>> = read_body(unsigned.body);
        let kind = body.map(|body| scalar(body.event_type).into_owned());
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_');
        let kind = kind.filter(|kind| !kind.is_empty() && kind.bytes().all(plain));
        let (id, kind) = (
            unsigned.message_id,
            kind.unwrap_or_else(|| "event".to_owned()),
        );
        let names = "x-event-id x-event-type";
        let before = format!("{time}.{names}.{id}.{kind}.");
        let v0 = hmac_sha256_tag(key, &[time.as_bytes(), b".", unsigned.body]);
        let v1 = hmac_sha256_tag(key, &[before.as_bytes(), unsigned.body]);
        let (v0, v1) = (hex::encode(v0), hex::encode(v1));
        Ok(unsigned.with_headers([
            ("X-Event-Id", id.to_owned()),
            ("X-Event-Type", kind),
            (
                "X-Hook0-Signature",
                format!("t={time},v0={v0},h={names},v1={v1}"),
            ),
        ]))
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        let template = include_str!("../../fixtures/coinbasebusiness/sample.template");
        compact(&fill(template, params, &ISO_ONLY, Escape::Json, &[]))
    }
}

#[cfg(test)]
#[path = "../../fixtures/coinbasebusiness/tests.rs"]
mod tests;
