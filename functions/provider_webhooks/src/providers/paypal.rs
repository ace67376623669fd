//! PayPal: an RSA signature by the certificate at `PAYPAL-CERT-URL`, over transmission id, time, the webhook's id and the body's CRC-32.
//!
//! Sources, read 2026-11-25: <https://developer.paypal.com/api/rest/webhooks/rest/>, <https://developer.paypal.com/api/rest/webhooks/event-names/>; PayPal-Python-SDK 1.13.3 `notifications.py` (message, and that the certificate's
//! name ends in `.paypal.com`; a signature of its tests is in the fixtures). The id of the webhook is not in the request: it comes from configuration.
//!
//! The certificate's address is taken from the request. It is fetched only after every check that
//! needs no certificate has passed ([`Claim::read`]), and only from one of PayPal's two API hosts
//! over HTTPS below the certificates' path. The certificate has to lead to a public root, be for a
//! name of PayPal's, and have been valid at receipt. An operator may configure the certificate, so
//! that nothing is ever fetched, and issuers that are trusted beside the public roots.
//!
//! What is signed of the body is its CRC-32 and no more: whoever holds one signed webhook can make another body with the same one. No verification on this side can mend that.
//! Amounts are decimal texts. Assumed, from documents of the interface: HUF, JPY and TWD have no decimals. A refund is filed under its capture (its link `up`), a sale of the older interface under itself.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use card_masking::{FieldRules, Patterns, has_a_letter};
use jiff::Timestamp;
use payment_event::{EventIdentity, Identifier, PaymentEvent, PaymentStatus};
use serde_json::value::RawValue;

use crate::amounts::{amount_if_known, major_amount};
use crate::encoding::{base64_lenient, base64_strict, base64_text};
use crate::exponents::ExponentTable;
use crate::json::{
    event_type, id_or_object, identifier, json_document, object_or_default, raw_fields, read,
    read_body, required, scalar,
};
use crate::samples::{Escape, compact, fill};
use crate::sign::{SignError, SignedRequest, Unsigned};
use crate::signature::{rsa_sha256, rsa_sha256_sign};
use crate::statuses::by_type;
use crate::times::rfc3339;
use crate::{
    Acknowledgement, AmountForm, Amounts, Authenticity, CustomHeader, Delivery, EventTimeStability,
    Headers, KeyForm, ParseError, Provider, ProviderInfo, RawWebhook, Reject, SampleParams,
    Secrets, Setting, SignatureCoverage, VerifiedWebhook, certificates,
};

pub(super) struct PayPal;

const ID: &str = "paypal-transmission-id";
const TIME: &str = "paypal-transmission-time";
const SIGNATURE: &str = "paypal-transmission-sig";
const CERTIFICATE: &str = "paypal-cert-url";
const ALGORITHM: &str = "paypal-auth-algo";
/// The one algorithm; SHA-1, which the SDK still knows, is not taken.
const ALGORITHM_NAME: &str = "SHA256withRSA";
/// The certificate is issued for a name below this one.
const NAME_SUFFIX: &str = ".paypal.com";
/// The hosts that serve certificates, live and sandbox. Compared exactly, so that a sender cannot
/// choose another name below `paypal.com`, such as one that never answers.
const CERTIFICATE_HOSTS: [&str; 2] = ["api.paypal.com", "api.sandbox.paypal.com"];
const CERTIFICATE_PATH: &str = "v1/notifications/certs/";
const URL_BYTES_MAX: usize = 500;
/// A signature is as long as its RSA modulus: 2048 to 8192 bits are the sizes that we verify.
const SIGNATURE_BYTES: RangeInclusive<usize> = 2048 / 8..=8192 / 8;

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
    source: "https://developer.paypal.com/api/rest/webhooks/rest/, read 2026-11-25",
    signature_headers: &[ID, TIME, SIGNATURE, CERTIFICATE, ALGORITHM],
    unsigned_headers: &[],
    content_types: &["application/json"],
    authenticity: Authenticity::Signed,
    scheme: "RSA (PKCS#1 v1.5, SHA-256), base64, over id|time|webhook_id|CRC-32 of the body",
    covers: SignatureCoverage::WholeBody,
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
    event_time: EventTimeStability::Stable,
    event_id: "id",
    replay_window_past_seconds: None,
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

#[rustfmt::skip]
const STATUS: &[(&str, PaymentStatus)] = {
    use PaymentStatus::*;
    &[
        ("CHECKOUT.ORDER.APPROVED", Pending),
        ("CHECKOUT.PAYMENT-APPROVAL.REVERSED", Voided),
        ("PAYMENT.AUTHORIZATION.CREATED", Authorised),
        ("PAYMENT.AUTHORIZATION.VOIDED", Voided),
        ("PAYMENT.CAPTURE.PENDING", Pending),
        ("PAYMENT.CAPTURE.COMPLETED", Captured),
        ("PAYMENT.CAPTURE.DECLINED", Failed),
        ("PAYMENT.CAPTURE.DENIED", Failed),
        ("PAYMENT.CAPTURE.REFUNDED", Refunded),
        ("PAYMENT.CAPTURE.REVERSED", Refunded),
        ("PAYMENT.REFUND.PENDING", Pending),
        ("PAYMENT.REFUND.FAILED", RefundFailed),
        ("PAYMENT.SALE.PENDING", Pending),
        ("PAYMENT.SALE.COMPLETED", Captured),
        ("PAYMENT.SALE.DENIED", Failed),
        ("PAYMENT.SALE.REFUNDED", Refunded),
        ("PAYMENT.SALE.REVERSED", Refunded),
        ("CUSTOMER.DISPUTE.CREATED", Disputed),
        ("CUSTOMER.DISPUTE.UPDATED", Disputed),
        ("PAYMENT.PAYOUTS-ITEM.SUCCEEDED", Payout),
    ]
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
        id, amount, dispute_amount, supplementary_data, links, sale_id, capture_id, dispute_id, dispute_outcome, disputed_transactions, payee
    }
}

raw_fields! { Money { value, currency_code, total, currency } }

raw_fields! { Supplementary { related_ids } }

raw_fields! { Related { order_id, capture_id, authorization_id } }

raw_fields! { Outcome { outcome_code } }

raw_fields! { Disputed { seller_transaction_id } }

raw_fields! { Payee { merchant_id } }

raw_fields! { Link { href, rel } }

/// What the headers claim, in PayPal's form: everything that is checked without the certificate.
struct Claim<'h> {
    webhook_id: &'h str,
    id: &'h str,
    time: &'h str,
    signature: Vec<u8>,
    certificate_url: &'h str,
}

impl<'h> Claim<'h> {
    fn read(headers: &'h Headers, secrets: &'h Secrets) -> Result<Self, Reject> {
        let webhook_id = secrets.required(WEBHOOK_ID)?;
        let header = |name| headers.get(name).ok_or(Reject::SignatureMissing);
        let (id, time, signature) = (header(ID)?, header(TIME)?, header(SIGNATURE)?);
        let (certificate_url, algorithm) = (header(CERTIFICATE)?, header(ALGORITHM)?);
        if algorithm != ALGORITHM_NAME || rfc3339(time).is_err() {
            return Err(Reject::SignatureMalformed);
        }
        let signature = base64_strict(signature)
            .filter(|signature| SIGNATURE_BYTES.contains(&signature.len()))
            .ok_or(Reject::SignatureMalformed)?;
        if !serves_certificates(certificate_url) {
            return Err(Reject::CertificateInvalid);
        }
        Ok(Self {
            webhook_id,
            id,
            time,
            signature,
            certificate_url,
        })
    }
}

/// Returns true if `url` is HTTPS, one of PayPal's hosts, the path of certificates and one name.
fn serves_certificates(url: &str) -> bool {
    let name = || {
        let (host, path) = url.strip_prefix("https://")?.split_once('/')?;
        let name = path.strip_prefix(CERTIFICATE_PATH)?;
        CERTIFICATE_HOSTS.contains(&host).then_some(name)
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    url.len() <= URL_BYTES_MAX
        && name().is_some_and(|name| !name.is_empty() && name.bytes().all(plain))
}

fn certificate_url(headers: &Headers, secrets: &Secrets) -> Result<String, Reject> {
    Claim::read(headers, secrets).map(|claim| claim.certificate_url.to_owned())
}

fn signed_text(id: &str, time: &str, webhook_id: &str, body: &[u8]) -> String {
    format!("{id}|{time}|{webhook_id}|{}", crc32fast::hash(body))
}

fn status_of(kind: &str, resource: &Resource<'_>) -> Result<PaymentStatus, ParseError> {
    if kind != "CUSTOMER.DISPUTE.RESOLVED" {
        return Ok(by_type(STATUS, kind));
    }
    let outcome: Outcome<'_> = object_or_default(resource.dispute_outcome)?;
    let code = scalar(outcome.outcome_code)?;
    let listed = OUTCOME.iter().find(|(name, _)| *name == code);
    Ok(listed.map_or(PaymentStatus::Disputed, |(_, status)| *status))
}

/// The id at the end of the link that leads up to what a refund is of.
fn parent(links: Option<&RawValue>) -> Result<Option<Identifier>, ParseError> {
    let Some(raw) = links.filter(|raw| raw.get().starts_with('[')) else {
        return Ok(None);
    };
    for raw in read::<Vec<&RawValue>>(raw.get())? {
        let link: Link<'_> = object_or_default(Some(raw))?;
        if scalar(link.rel)? == "up" {
            let href = scalar(link.href)?;
            return Ok(href.rsplit('/').next().and_then(|id| identifier(id).ok()));
        }
    }
    Ok(None)
}

/// The first of the disputed transactions.
fn disputed(list: Option<&RawValue>) -> Result<Option<Identifier>, ParseError> {
    let Some(raw) = list.filter(|raw| raw.get().starts_with('[')) else {
        return Ok(None);
    };
    let list: Vec<&RawValue> = read(raw.get())?;
    let first: Disputed<'_> = object_or_default(list.first().copied())?;
    id_or_object(first.seller_transaction_id)
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
        Ok(rsa_sha256(key, text.as_bytes(), claim.signature)?.vouch(raw))
    }

    fn parse(&self, webhook: &VerifiedWebhook<'_>) -> Result<Vec<PaymentEvent>, ParseError> {
        let event: Event<'_> = read_body(webhook.body())?;
        let event_id = identifier(&required(scalar(event.id)?)?)?;
        let kind = required(scalar(event.event_type)?)?;
        let resource = &event.resource;
        let status = status_of(&kind, resource)?;
        let money: Money<'_> = object_or_default(resource.amount.or(resource.dispute_amount))?;
        let value = money.value.or(money.total);
        let amount = major_amount(value, money.currency_code.or(money.currency), &EXPONENTS);

        let supplementary: Supplementary<'_> = object_or_default(resource.supplementary_data)?;
        let related: Related<'_> = object_or_default(supplementary.related_ids)?;
        let own = id_or_object(resource.id.or(resource.dispute_id))?;
        let resource_type = scalar(event.resource_type)?.to_ascii_lowercase();
        let refund = resource_type == "refund";
        let stated = [resource.capture_id.or(related.capture_id), resource.sale_id];
        let mut payment = disputed(resource.disputed_transactions)?;
        for candidate in stated {
            payment = payment.or(id_or_object(candidate)?);
        }
        if refund {
            payment = payment.or(parent(resource.links)?);
        }
        let payee: Payee<'_> = object_or_default(resource.payee)?;
        let mut related_ids = BTreeMap::new();
        let role = if resource_type.is_empty() {
            "resource"
        } else {
            resource_type.as_str()
        };
        related_ids.extend(own.clone().map(|id| (role.to_owned(), id)));
        related_ids.extend(payment.clone().map(|id| ("payment".to_owned(), id)));
        related_ids.extend(id_or_object(related.order_id)?.map(|id| ("order".to_owned(), id)));
        let authorisation = id_or_object(related.authorization_id)?;
        related_ids.extend(authorisation.map(|id| ("authorization".to_owned(), id)));
        Ok(vec![PaymentEvent {
            provider: INFO.name.to_owned(),
            transaction_id: payment.or(own).unwrap_or_else(|| event_id.clone()),
            event_id,
            event_type: event_type(&kind)?,
            status,
            amount: amount_if_known(status, amount)?,
            merchant_account: crate::json::account(payee.merchant_id)?,
            event_time: rfc3339(&required(scalar(event.create_time)?)?)?,
            identity: EventIdentity::Key,
            related_ids,
        }])
    }

    fn document<'a>(&self, webhook: &VerifiedWebhook<'a>) -> Result<Cow<'a, [u8]>, ParseError> {
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
