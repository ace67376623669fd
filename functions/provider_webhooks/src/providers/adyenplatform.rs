//! Adyen's platform, transfer and management webhooks: `HmacSignature`, HMAC-SHA256 over the body,
//! base64. Standard webhooks, signed item by item, are `adyen`.
//!
//! Sources, read 2026-11-25:
//! <https://docs.adyen.com/development-resources/webhooks/verify-hmac-signatures>,
//! <https://docs.adyen.com/platforms/payment-event-webhooks>; adyen-python-api-library 16.0.0 (its
//! published vector is in the fixtures); the descriptions of
//! <https://github.com/Adyen/adyen-openapi>, read 2026-11-27.
//!
//! Transfers of a platform's payments tell of captures and refunds once more, for each of their
//! splits: only what is booked has a status and tells a movement, see [`movements`]. A refund's
//! amount is negative there, as the transfer is, and kept so. No id of an event is documented (the
//! `eventId` of tokenisation webhooks is the reference of the payment that caused them), so an event is known
//! by the hash of its body. `timestamp` (when the event was queued), in management and tokenisation
//! webhooks `createdAt`, on the classic platform `eventDate`, is the event's own time; assumed: it
//! is the same in every delivery. Where none of them is stated, the time of what the event is about
//! stands for it and is no part of the key. Assumed: the classic platform signs as the others do.

use std::borrow::Cow;

use card_masking::{FieldRules, Patterns, has_a_letter};
use jiff::Timestamp;
use serde_json::value::RawValue;

use super::adyen::{EXPONENTS, key, keys};
use crate::body_hmac::{BodyHmac, Written};
use crate::events::{Draft, Events, Identity};
use crate::facts::{Facts, Related};
use crate::json::{json_document, list, object_or_default, raw_fields, read_body, scalar};
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned};
use crate::signature::Hash;
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyEncoding, KeyForm, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets,
    SignatureCoverage, VerifiedWebhook,
};

mod event_types;
mod movements;

use event_types::{EVENT_TYPES, transfer};
use movements::movement;

pub(super) struct AdyenPlatform;

const SIGNATURE: BodyHmac = BodyHmac {
    header: "hmacsignature",
    prefix: "",
    hash: Hash::Sha256,
    written: Written::Base64,
};

static INFO: ProviderInfo = ProviderInfo {
    name: "adyenplatform",
    title: "Adyen (platform and management webhooks)",
    source: "https://docs.adyen.com/development-resources/webhooks/verify-hmac-signatures, read 2026-11-25",
    signature_headers: &[SIGNATURE.header],
    unsigned_headers: &[],
    content_types: &["application/json"],
    authenticity: Authenticity::Signed,
    scheme: "HMAC-SHA256, base64, over the body",
    covers: SignatureCoverage::WholeBody,
    rotation: "one key an endpoint, a new one may take a while to be used: keep both",
    key: KeyForm {
        prefix: "",
        encoding: KeyEncoding::Hex,
        bytes: 32,
    },
    settings: &[],
    event_time: EventTimeStability::StableWhenStated,
    event_id: "hash of the body",
    volatile: &[],
    event_types: &EVENT_TYPES,
    replay_window_past_seconds: None,
    replay_window_future_seconds: None,
    amounts: Amounts {
        form: AmountForm::MinorUnits,
        exponents: &EXPONENTS,
    },
    free_text: true,
    custom_header: CustomHeader {
        supported: Some(false),
        source: "an endpoint has a URL and basic authentication, no headers",
    },
    acknowledgement: Acknowledgement::ANY_2XX,
    handshake: None,
    certificate_url: None,
    delivery: Delivery {
        retry_horizon_seconds: Some(30 * 86_400),
        retries: "three times at once, then with growing gaps up to thirty days; any 2xx within ten seconds",
    },
};

/// Holders, and accounts by number.
#[rustfmt::skip]
static MASKING: FieldRules = Patterns {
    drop: &[
        "accountHolder/description", "counterparty", "bankAccount", "individual", "organization", "email", "phone", "webAddress", "address",
        "legalName", "fullName", "name", "phoneNumber", "card", "merchantData",
        "accountHolderDetails", "bankAccountDetail", "bankAccountDetails", "contactDetails", "notificationOfChange", "shopperReference",
    ],
    ids: &[
        ("id", has_a_letter), ("pspPaymentReference", has_a_letter), ("modificationPspReference", has_a_letter),
        ("balancePlatform", has_a_letter), ("merchantId", has_a_letter), ("companyId", has_a_letter), ("storeId", has_a_letter),
    ],
}
.rules();

raw_fields! {
    #[serde(rename_all = "camelCase")]
    Event {
        #[serde(rename = "type")] kind, event_type, timestamp, created_at, event_date, event_id, psp_reference, id,
        unique_terminal_id, authorisation_type, purchase;
        data: Data, content: Content,
    }
}

raw_fields! {
    #[serde(rename_all = "camelCase")]
    Data {
        id, stored_payment_method_id, status, category, #[serde(rename = "type")] kind, direction, amount, disputed_amount,
        balance_platform, merchant_id, merchant_account, creation_date, psp_payment_reference;
        category_data: Category, transfer: Transfer,
    }
}

raw_fields! {
    #[serde(rename_all = "camelCase")]
    Category { psp_payment_reference }
}

raw_fields! {
    #[serde(rename_all = "camelCase")]
    Transfer { id; category_data: Category }
}

raw_fields! { Content { amount, amounts } }

raw_fields! { Money { value, currency } }

const TRANSFER: &str = "balancePlatform.transfer.";

/// The type of the three webhooks that have none, by a field that only they have.
fn untyped(event: &Event<'_>) -> &'static str {
    let known = [
        (event.unique_terminal_id, "terminalAssignment.completed"),
        (
            event.authorisation_type,
            "balancePlatform.authorisation.relayed",
        ),
        (event.purchase, "balancePlatform.authentication.relayed"),
    ];
    let found = known.iter().find(|(field, _)| field.is_some());
    found.map_or("", |(_, kind)| *kind)
}

/// The one amount that an event states.
fn amount_field<'a>(event: &Event<'a>) -> Option<&'a RawValue> {
    let several = list(event.content.amounts);
    let one = several.first().copied().filter(|_| several.len() == 1);
    let data = &event.data;
    data.amount
        .or(data.disputed_amount)
        .or(event.content.amount)
        .or(one)
}

fn draft(event: &Event<'_>) -> Draft {
    let mut facts = Facts::default();
    let data = &event.data;
    let event_type = match untyped(event) {
        kind if event.kind.is_none() && !kind.is_empty() => kind.to_owned(),
        _ => facts.event_type(event.kind.or(event.event_type)),
    };
    let category = scalar(data.category);
    // The oldest description of transfers does not require a type of the event.
    let is_transfer =
        event_type.starts_with(TRANSFER) || event_type.is_empty() && !category.is_empty();
    let [kind, state, direction] = [data.kind, data.status, data.direction].map(scalar);
    let status = if is_transfer {
        transfer(&category, &kind, &state, &direction)
    } else {
        EVENT_TYPES.status(&event_type)
    };
    let money: Money<'_> = object_or_default(amount_field(event));
    let amount = facts.minor(status, money.value, money.currency, &EXPONENTS);
    let stated = [
        data.category_data.psp_payment_reference,
        data.psp_payment_reference,
        data.transfer.category_data.psp_payment_reference,
    ];
    let payment = facts.id(stated.into_iter().flatten().next());
    let told = (&*category, &*kind, &*state, &*direction);
    let movements = match is_transfer {
        true => movement(told, facts.id(data.id).as_ref(), amount.as_ref()),
        false => None,
    };
    let own = data.id.or(data.stored_payment_method_id);
    let own = facts.id(own.or(event.event_id).or(event.psp_reference).or(event.id));
    let of_transfer = facts.id(data.transfer.id);
    let mut related = Related::new();
    related.extend(own.clone().map(|id| ("object", id)));
    related.extend(payment.clone().map(|id| ("payment", id)));
    related.extend(of_transfer.clone().map(|id| ("transfer", id)));
    let envelope = [event.timestamp, event.created_at, event.event_date];
    let dated = envelope.iter().any(|field| !scalar(*field).is_empty());
    let [queued, created, completed] = envelope;
    let times: &[_] = if dated {
        &[queued, created, completed]
    } else {
        &[data.creation_date]
    };
    let event_time = if is_transfer {
        facts.time(times)
    } else {
        facts.time_if_stated(times)
    };
    Draft {
        identity: Identity::Body,
        event_type,
        status,
        transaction_id: payment.or(of_transfer).or(own),
        amount,
        merchant_account: facts.account(
            data.merchant_id
                .or(data.merchant_account)
                .or(data.balance_platform),
        ),
        event_time,
        dated,
        related,
        facts,
        movements: movements.into_iter().collect(),
    }
}

impl Provider for AdyenPlatform {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn verify<'a>(
        &self,
        raw: RawWebhook<'a>,
        secrets: &Secrets,
        _received_at: Timestamp,
    ) -> Result<VerifiedWebhook<'a>, Reject> {
        SIGNATURE.verify_with(&keys(secrets)?, raw)
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
        let key = key(secrets).ok_or(SignError::Secret)?;
        let mut signed = SIGNATURE.sign_with("HmacSignature", &key, unsigned);
        signed
            .headers
            .push(("Protocol".to_owned(), "HmacSHA256".to_owned()));
        Ok(signed)
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        let template = include_str!("../../fixtures/adyenplatform/sample.template");
        compact(&fill(template, params, &EXPONENTS, Escape::Json, &[]))
    }
}

#[cfg(test)]
#[path = "../../fixtures/adyenplatform/tests.rs"]
mod tests;
