//! PayPal: an RSA signature by the certificate at `PAYPAL-CERT-URL`, over transmission id, time,
//! the webhook's id and the body's CRC-32.
//!
//! Sources, read 2026-11-27: <https://developer.paypal.com/api/rest/webhooks/rest/>,
//! <https://developer.paypal.com/api/rest/webhooks/event-names/>; PayPal-Python-SDK 1.13.3
//! `notifications.py` (the message, and that the certificate's name ends in `.paypal.com`; a
//! signature of its tests is in the fixtures). The id of the webhook is not in the request: it
//! comes from configuration.
//!
//! The certificate's address is taken from the request. It is fetched only after every check that
//! needs no certificate has passed ([`Claim::read`]), and only from one of PayPal's two API hosts
//! over HTTPS below the certificates' path. The certificate has to lead to a public root, be for a
//! name of PayPal's, and have been valid at receipt. An operator may configure the certificate, so
//! that nothing is ever fetched, and issuers that are trusted beside the public roots.
//!
//! Of the body only the CRC-32 is signed: whoever holds one signed webhook can make other bodies
//! with the same checksum. Therefore the event is what is signed in full, the transmission: its id
//! is the event's, so that a changed body is not one more event of the same payment, and its time
//! must lie within four days of receipt, so that one signature does not serve for ever. Within
//! these days a body that names another payment is still an event: nothing in one webhook can tell.
//!
//! That an automatic retry keeps id and time is not documented. A record of one event at PayPal
//! (nopCommerce's forum, topic 92555) shows both unchanged after two days of retries; the time is
//! no part of the key all the same. Assumed: a webhook that is resent by hand has a new
//! transmission id and is stored again, beside the first, as an event of the same payment; PayPal's
//! own id of the event is among the related ids and tells that they are one.
//!
//! Amounts are decimal texts; HUF, JPY and TWD have no decimals. A refund is filed under its
//! capture or sale (a link, `sale_id` or `capture_id`), a dispute under the first disputed
//! transaction. The older interface writes what is given back as a negative total; it is read as a
//! positive one. An order's amount is that of its purchase unit; an order of several units has none
//! here. Which money an event tells: see [`movements`].
//!
//! Long because: a provider is one file.

use std::borrow::Cow;

use card_masking::{FieldRules, Patterns, has_a_letter};
use jiff::Timestamp;
use payment_event::{Amount, Identifier, MinorUnits, PaymentStatus, Problem};
use serde_json::value::RawValue;

use self::claim::{
    ALGORITHM, ALGORITHM_NAME, CERTIFICATE, CERTIFICATE_PATH, Claim, ID, SIGNATURE, TIME,
    certificate_url,
};
use self::event_types::EVENT_TYPES;
use crate::encoding::{base64_lenient, base64_text};
use crate::events::{Draft, Events, Identity, UNREADABLE};
use crate::exponents::ExponentTable;
use crate::facts::{Facts, Related};
use crate::json::{json_document, list, object_or_default, raw_fields, read_body, scalar};
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned};
use crate::signature::{rsa_sha256, rsa_sha256_sign};
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    KeyForm, Provider, ProviderInfo, RawWebhook, Reject, SampleParams, Secrets, Setting,
    SignatureCoverage, VerifiedWebhook, certificates,
};

mod claim;
mod event_types;
mod movements;

pub(super) struct PayPal;

/// The certificate is issued for a name below this one.
const NAME_SUFFIX: &str = ".paypal.com";
/// PayPal tries for three days; a day more for clocks and queues.
const WINDOW_PAST_SECONDS: u32 = 4 * 86_400;

const WEBHOOK_ID: &str = "webhook_id";
const SIGNING_KEY: &str = "signing_key";
const ISSUERS: &str = "issuer_pem";

/// Source: <https://developer.paypal.com/reference/currency-codes/>, read 2026-11-25.
static EXPONENTS: ExponentTable = ExponentTable {
    source: "https://developer.paypal.com/reference/currency-codes/",
    exceptions: &[(0, &["HUF", "JPY", "TWD"])],
};

static INFO: ProviderInfo = ProviderInfo {
    name: "paypal",
    title: "PayPal",
    source: "https://developer.paypal.com/api/rest/webhooks/rest/, read 2026-11-27",
    signature_headers: &[ID, TIME, SIGNATURE, CERTIFICATE, ALGORITHM],
    unsigned_headers: &[],
    content_types: &["application/json"],
    authenticity: Authenticity::Signed,
    scheme: "RSA (PKCS#1 v1.5, SHA-256), base64, over id|time|webhook_id|CRC-32 of the body",
    covers: SignatureCoverage::Checksum("CRC-32"),
    rotation: "a new certificate has a new address; the webhook keeps its id",
    key: KeyForm::NONE,
    settings: &[
        Setting {
            name: WEBHOOK_ID,
            required: true,
            meaning: "the id that PayPal gave the webhook",
            sample: "WH{n}EXAMPLE0000000",
        },
        Setting {
            name: crate::secrets::CERTIFICATE_PEM,
            required: false,
            meaning: "PayPal's certificate and its chain (PEM), where it shall not be fetched",
            sample: include_str!("../../fixtures/paypal/certificates/chain.pem"),
        },
        Setting {
            name: ISSUERS,
            required: false,
            meaning: "certificates (PEM) that are trusted to issue PayPal's, beside the public roots",
            sample: include_str!("../../fixtures/paypal/certificates/issuer.pem"),
        },
        Setting {
            name: SIGNING_KEY,
            required: false,
            meaning: "for payhook send alone: a private key (PKCS#8, base64) of a certificate of one's own",
            sample: include_str!("../../fixtures/paypal/certificates/signing_key.base64"),
        },
    ],
    event_time: EventTimeStability::Unstable,
    event_id: "PAYPAL-TRANSMISSION-ID, which is signed",
    volatile: &[],
    event_types: &EVENT_TYPES,
    replay_window_past_seconds: Some(WINDOW_PAST_SECONDS),
    replay_window_future_seconds: None,
    amounts: Amounts {
        form: AmountForm::MajorUnits,
        exponents: &EXPONENTS,
    },
    free_text: true,
    custom_header: CustomHeader {
        supported: Some(false),
        source: "a webhook has a URL and event types, no headers",
    },
    acknowledgement: Acknowledgement::ANY_2XX,
    handshake: None,
    certificate_url: Some(certificate_url),
    delivery: Delivery {
        retry_horizon_seconds: Some(3 * 86_400),
        retries: "up to 25 times within three days; any 2xx",
    },
};

/// How a dispute ended; anything else leaves it a dispute.
const OUTCOME: &[(&str, PaymentStatus)] = &[
    ("RESOLVED_BUYER_FAVOUR", PaymentStatus::DisputeLost),
    ("ACCEPTED", PaymentStatus::DisputeLost),
    ("RESOLVED_SELLER_FAVOUR", PaymentStatus::DisputeWon),
    ("RESOLVED_WITH_PAYOUT", PaymentStatus::DisputeWon),
    ("CANCELED_BY_BUYER", PaymentStatus::DisputeWon),
    ("DENIED", PaymentStatus::DisputeWon),
];

#[rustfmt::skip]
static MASKING: FieldRules = Patterns {
    drop: &[
        "payer", "payee/email_address", "email_address", "shipping", "shipping_address", "billing_address", "payment_source", "subscriber", "given_name",
        "surname", "full_name", "phone", "phone_number", "buyer", "messages", "recipient_wallet", "receiver",
    ],
    ids: &[
        ("id", has_a_letter), ("parent_payment", has_a_letter), ("sale_id", has_a_letter), ("capture_id", has_a_letter), ("order_id", has_a_letter),
        ("authorization_id", has_a_letter), ("merchant_id", has_a_letter), ("dispute_id", has_a_letter), ("seller_transaction_id", has_a_letter),
        ("invoice_id", has_a_letter), ("network_transaction_reference", has_a_letter),
    ],
}
.rules();

raw_fields! { Event { id, create_time, event_type, resource_type; resource: Resource } }

raw_fields! {
    Resource {
        id, dispute_id, order_id, payout_item_id, amount, dispute_amount, payout_amount,
        purchase_units, transactions, links, sale_id, capture_id, disputed_transactions,
        create_time, update_time;
        supplementary_data: Supplementary, dispute_outcome: Outcome, payee: Payee, payer: Payee,
        payout_item: PayoutItem, billing_info: BillingInfo,
    }
}

raw_fields! { Money { value, currency_code, total, currency } }

raw_fields! { Supplementary {; related_ids: RelatedIds } }

raw_fields! { RelatedIds { order_id, capture_id, authorization_id } }

raw_fields! { Outcome { outcome_code, amount_refunded } }

raw_fields! { Payee { merchant_id } }

raw_fields! { PayoutItem { amount } }

raw_fields! { BillingInfo {; last_failed_payment: FailedPayment } }

raw_fields! { FailedPayment { amount } }

raw_fields! { Unit { amount; payee: Payee, payments: Payments } }

raw_fields! { Payments { captures } }

raw_fields! { Disputed { seller_transaction_id; seller: Payee } }

raw_fields! { Link { href, rel } }

fn signed_text(id: &str, time: &str, webhook_id: &str, body: &[u8]) -> String {
    format!("{id}|{time}|{webhook_id}|{}", crc32fast::hash(body))
}

fn status_of(kind: &str, resource: &Resource<'_>) -> PaymentStatus {
    if kind != "CUSTOMER.DISPUTE.RESOLVED" {
        return EVENT_TYPES.status(kind);
    }
    let code = scalar(resource.dispute_outcome.outcome_code);
    let listed = OUTCOME.iter().find(|(name, _)| *name == code);
    listed.map_or(PaymentStatus::Disputed, |(_, status)| *status)
}

/// Returns true if the resource of such an event is a refund, whatever `resource_type` says: older
/// webhooks call it a sale.
fn tells_a_refund(kind: &str, resource_type: &str) -> bool {
    resource_type == "refund"
        || kind.starts_with("PAYMENT.REFUND.")
        || (kind.starts_with("PAYMENT.") && kind.ends_with(".REFUNDED"))
}

/// The role that the resource has among the related ids. Roles are names in the record, so that
/// none is taken from the body.
fn role(resource_type: &str) -> &'static str {
    match resource_type {
        "authorization" => "authorization",
        "capture" => "capture",
        "refund" => "refund",
        "sale" => "sale",
        "order" | "checkout-order" => "order",
        "dispute" => "dispute",
        "payment" => "payment",
        "payouts" => "payout",
        "payouts_item" | "payouts-item" => "payout_item",
        "subscription" | "agreement" => "subscription",
        "invoices" | "invoice" => "invoice",
        _ => "object",
    }
}

/// What a refund is of, in the path of its link.
const REFUNDED: [&str; 3] = ["captures", "capture", "sale"];
/// What a capture is of, in the path of its link.
const AUTHORISED: [&str; 2] = ["authorizations", "authorization"];

/// What a link leads to: the part of its path behind one of these names.
fn linked<'a>(links: Option<&'a RawValue>, names: &[&str]) -> Option<Cow<'a, str>> {
    list(links).into_iter().find_map(|raw| {
        let link: Link<'a> = object_or_default(Some(raw));
        let relation = scalar(link.rel);
        if relation != "up" && !names.contains(&&*relation) {
            return None;
        }
        let href = scalar(link.href);
        let mut parts = href.split('/');
        parts.find(|part| names.contains(part))?;
        let id = parts.next().filter(|id| !id.is_empty())?;
        Some(Cow::Owned(id.to_owned()))
    })
}

/// The one entry of a list; a default where there is none or there are several.
fn only<'a, T: serde::Deserialize<'a> + Default>(entries: Option<&'a RawValue>) -> T {
    match list(entries).as_slice() {
        [one] => object_or_default(Some(one)),
        _ => T::default(),
    }
}

/// The first entry of a list.
fn first<'a, T: serde::Deserialize<'a> + Default>(entries: Option<&'a RawValue>) -> T {
    object_or_default(list(entries).first().copied())
}

/// The money of an event, in the place that its resource has for it.
fn amount(
    facts: &mut Facts,
    kind: &str,
    status: PaymentStatus,
    resource: &Resource<'_>,
) -> Option<Amount> {
    let unit: Unit<'_> = only(resource.purchase_units.or(resource.transactions));
    let stated = resource
        .amount
        .or(resource.dispute_amount)
        .or(unit.amount)
        .or(resource.payout_amount)
        .or(resource.payout_item.amount)
        .or(resource.billing_info.last_failed_payment.amount);
    let money: Money<'_> = object_or_default(stated);
    let (value, currency) = (
        money.value.or(money.total),
        money.currency_code.or(money.currency),
    );
    let mut amount = match kind {
        // Deprecated, and no document says what it holds.
        "RISK.DISPUTE.CREATED" => facts.major_if_stated(status, value, currency, &EXPONENTS),
        _ => facts.major(status, value, currency, &EXPONENTS),
    };
    // Only the older interface writes a sign.
    if let Some(amount) = amount
        .as_mut()
        .filter(|_| status == PaymentStatus::Refunded)
    {
        amount.minor = MinorUnits(amount.minor.0.saturating_abs());
    }
    amount
}

impl Provider for PayPal {
    fn info(&self) -> &'static ProviderInfo {
        &INFO
    }

    fn verify<'a>(
        &self,
        raw: RawWebhook<'a>,
        secrets: &Secrets,
        received_at: Timestamp,
    ) -> Result<VerifiedWebhook<'a>, Reject> {
        let claim = Claim::read(&raw.headers, secrets)?;
        let configured = secrets.certificate().or(raw.certificate);
        let pem = configured.ok_or(Reject::CertificateMissing)?;
        let issuers = secrets.setting(ISSUERS);
        let key = certificates::public_key(pem, issuers, NAME_SUFFIX, received_at)?;
        let text = signed_text(claim.id, claim.time, claim.webhook_id, raw.body);
        let sent_at = claim.sent_at;
        let matched = rsa_sha256(key, text.as_bytes(), claim.signature)?;
        // The time is signed, so it is judged after the signature; to the second.
        INFO.judge_time(received_at, sent_at.as_second())?;
        Ok(matched.vouch(raw))
    }

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Events {
        let mut facts = Facts::default();
        // The transmission is signed whatever the body is, so it is the event of any body.
        let transmission = webhook.headers().get(ID).unwrap_or_default();
        let identity = Identity::Own(facts.event_id_text(transmission));
        let Some(event) = read_body::<Event<'_>>(webhook.body()) else {
            facts.note(Problem::BodyUnreadable);
            let draft = Draft {
                facts,
                identity,
                event_type: UNREADABLE.to_owned(),
                status: PaymentStatus::Unclassified,
                transaction_id: None,
                amount: None,
                merchant_account: None,
                event_time: None,
                dated: false,
                related: Related::new(),
                movements: Vec::new(),
            };
            return Events::of(&INFO, webhook, vec![draft]);
        };
        let resource = &event.resource;
        let event_type = facts.event_type(event.event_type);
        let status = status_of(&event_type, resource);
        let amount = amount(&mut facts, &event_type, status, resource);
        let movements = movements::movements(&event_type, status, resource, amount.as_ref());

        let resource_type = scalar(event.resource_type).to_ascii_lowercase();
        let refund = tells_a_refund(&event_type, &resource_type);
        let own = resource
            .id
            .or(resource.dispute_id)
            .or(resource.payout_item_id)
            .or(resource.order_id);
        let own = facts.id(own);
        let related_ids = &resource.supplementary_data.related_ids;
        let disputed: Disputed<'_> = first(resource.disputed_transactions);
        let stated = disputed
            .seller_transaction_id
            .or(resource.capture_id)
            .or(related_ids.capture_id)
            .or(resource.sale_id);
        let payment: Option<Identifier> = match refund {
            true => facts
                .id(stated)
                .or_else(|| facts.id_text(&linked(resource.links, &REFUNDED).unwrap_or_default())),
            false => facts.id(stated),
        };
        let unit: Unit<'_> = first(resource.purchase_units);
        let capture: Resource<'_> = only(unit.payments.captures);
        let merchant = resource.payee.merchant_id.or(unit.payee.merchant_id);
        let merchant = merchant.or(disputed.seller.merchant_id);
        // The payer of a refund is the merchant.
        let merchant = merchant.or(resource.payer.merchant_id.filter(|_| refund));

        let mut related = Related::new();
        related.extend(facts.id(event.id).map(|id| ("event", id)));
        related.extend(facts.id(capture.id).map(|id| ("capture", id)));
        related.extend(payment.clone().map(|id| ("payment", id)));
        related.extend(facts.id(related_ids.order_id).map(|id| ("order", id)));
        let authorization = facts
            .id(related_ids.authorization_id)
            .or_else(|| facts.id_text(&linked(resource.links, &AUTHORISED).unwrap_or_default()));
        related.extend(authorization.map(|id| ("authorization", id)));
        let role = if refund {
            "refund"
        } else {
            role(&resource_type)
        };
        related.extend(own.clone().map(|id| (role, id)));
        let times = [
            event.create_time,
            resource.update_time,
            resource.create_time,
        ];
        let draft = Draft {
            identity,
            event_type,
            status,
            transaction_id: payment.or(own),
            amount,
            merchant_account: facts.account(merchant),
            event_time: facts.time(&times),
            dated: false,
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
        let webhook_id = secrets.setting(WEBHOOK_ID).ok_or(SignError::Setting)?;
        let key = secrets.setting(SIGNING_KEY).ok_or(SignError::Setting)?;
        let key = base64_lenient(key).ok_or(SignError::Secret)?;
        let time = format!("{:.0}", unsigned.at);
        let text = signed_text(unsigned.message_id, &time, webhook_id, unsigned.body);
        let signature = rsa_sha256_sign(&key, text.as_bytes()).ok_or(SignError::Secret)?;
        let url = format!("https://api.sandbox.paypal.com/{CERTIFICATE_PATH}CERT-example");
        Ok(unsigned.with_headers([
            ("PAYPAL-TRANSMISSION-ID", unsigned.message_id.to_owned()),
            ("PAYPAL-TRANSMISSION-TIME", time),
            ("PAYPAL-TRANSMISSION-SIG", base64_text(signature)),
            ("PAYPAL-CERT-URL", url),
            ("PAYPAL-AUTH-ALGO", ALGORITHM_NAME.to_owned()),
        ]))
    }

    fn sample(&self, params: &SampleParams) -> Vec<u8> {
        let template = include_str!("../../fixtures/paypal/sample.template");
        compact(&fill(template, params, &EXPONENTS, Escape::Json, &[]))
    }
}

#[cfg(test)]
#[path = "../../fixtures/paypal/tests.rs"]
mod tests;
