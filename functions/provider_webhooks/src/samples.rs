//! Sample bodies in each provider's shape, for `payhook send`, the demo and the tests. Nothing that runs in a function uses it.
//!
//! The shapes follow the providers' published examples (named in each fixture folder's `SOURCE.md`); the values are ours.

use jiff::Timestamp;
use serde_json::{Value, json};

/// What a sample says.
#[derive(Clone, Debug)]
pub struct SampleParams {
    /// Makes every id unique: two samples with different numbers are different events.
    pub sequence: u64,
    /// Minor units.
    pub amount_minor: i64,
    /// Three letters.
    pub currency: String,
    /// Event time.
    pub at: Timestamp,
    /// Goes into a free-text field (a planted card number, for instance).
    pub note: Option<String>,
}

/// A payment (captured; with Adyen authorised) as `provider` would tell it; `None` for a provider without samples.
pub fn sample(provider: &str, params: &SampleParams) -> Option<Vec<u8>> {
    let value = match provider {
        "stripe" => stripe(params),
        "adyen" => adyen(params),
        "square" => square(params),
        "standardwebhooks" => standardwebhooks(params),
        _ => return None,
    };
    // Stripe sends its JSON pretty-printed; the others do not. Bodies are signed byte for byte either way.
    let bytes = if provider == "stripe" {
        serde_json::to_vec_pretty(&value)
    } else {
        serde_json::to_vec(&value)
    };
    bytes.ok()
}

fn note(params: &SampleParams) -> &str {
    params
        .note
        .as_deref()
        .unwrap_or("Order of two items \u{2014} leave with the neighbour")
}

fn stripe(p: &SampleParams) -> Value {
    let id = |prefix: &str| format!("{prefix}_3Q{:020x}", p.sequence);
    json!({
        "id": id("evt"),
        "object": "event",
        "api_version": "2025-09-30.clover",
        "created": p.at.as_second(),
        "data": { "object": {
            "id": id("ch"),
            "object": "charge",
            "amount": p.amount_minor,
            "amount_captured": p.amount_minor,
            "amount_refunded": 0,
            "balance_transaction": id("txn"),
            "billing_details": {
                "address": { "city": "Columbus", "country": "US", "line1": "1 Main Street", "line2": null, "postal_code": "43004", "state": "OH" },
                "email": "jenny.rosen@example.com",
                "name": "Jenny Rosen",
                "phone": "+15555550123"
            },
            "calculated_statement_descriptor": "EXAMPLE SHOP",
            "captured": true,
            "created": p.at.as_second(),
            "currency": p.currency.to_lowercase(),
            "customer": id("cus"),
            "description": note(p),
            "disputed": false,
            "livemode": false,
            "metadata": { "order_id": format!("order-{}", p.sequence), "note": note(p) },
            "outcome": { "network_status": "approved_by_network", "reason": null, "risk_level": "normal", "risk_score": 12, "seller_message": "Payment complete.", "type": "authorized" },
            "paid": true,
            "payment_intent": id("pi"),
            "payment_method": id("pm"),
            "payment_method_details": {
                "card": {
                    "brand": "visa",
                    "checks": { "address_line1_check": "pass", "address_postal_code_check": "pass", "cvc_check": "pass" },
                    "country": "US", "exp_month": 8, "exp_year": 2028, "fingerprint": "Xt5EWLLDS7FJjR1c", "funding": "credit",
                    "last4": "4242", "network": "visa", "three_d_secure": null, "wallet": null
                },
                "type": "card"
            },
            "receipt_email": "jenny.rosen@example.com",
            "receipt_url": "https://pay.example.com/receipts/payment/CAcaFwoVYWNjdF8x",
            "refunded": false,
            "shipping": null,
            "statement_descriptor": null,
            "status": "succeeded"
        } },
        "livemode": false,
        "pending_webhooks": 1,
        "request": { "id": id("req"), "idempotency_key": format!("{:032x}", p.sequence) },
        "type": "charge.succeeded"
    })
}

/// Odd, so that multiplying by it modulo a power of two gives every number below that power exactly once.
const PSP_SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
/// Fifteen hexadecimal digits.
const PSP_BITS: u64 = (1 << 60) - 1;
const _: () = assert!(PSP_SPREAD % 2 == 1);

fn adyen(p: &SampleParams) -> Value {
    let psp = format!("P{:015X}", p.sequence.wrapping_mul(PSP_SPREAD) & PSP_BITS);
    json!({
        "live": "false",
        "notificationItems": [ { "NotificationRequestItem": {
            "additionalData": {
                "authCode": "067894",
                "avsResult": "4 AVS not supported for this card type",
                "acquirerCode": "TestPmmAcquirer",
                "acquirerReference": "8PQMP9VIE9N",
                "avsResultRaw": "4",
                "cardBin": "411111",
                "cardHolderName": "J. Janssen",
                "cardSummary": "1111",
                "cardIssuingCountry": "NL",
                "checkout.cardAddedBrand": "visa",
                "cvcResult": "1 Matches",
                "cvcResultRaw": "M",
                "expiryDate": "03/2030",
                "issuerCountry": "NL",
                "fundingSource": "CREDIT",
                "liabilityShift": "true",
                "recurringProcessingModel": "CardOnFile",
                "refusalReasonRaw": "AUTHORISED",
                "metadata.note": note(p),
                "paymentMethod": "visa",
                "shopperEmail": "j.janssen@example.com",
                "shopperIP": "203.0.113.9",
                "shopperReference": format!("shopper-{}", p.sequence)
            },
            "amount": { "currency": p.currency, "value": p.amount_minor },
            "eventCode": "AUTHORISATION",
            "eventDate": format!("{:.0}", p.at),
            "merchantAccountCode": "ExampleShopECOM",
            "merchantReference": format!("order-{}", p.sequence),
            "operations": ["CANCEL", "CAPTURE", "REFUND"],
            "paymentMethod": "visa",
            "pspReference": psp,
            "reason": "067894:1111:03/2030",
            "success": "true"
        } } ]
    })
}

fn square(p: &SampleParams) -> Value {
    let id = format!("sq0pay{:026x}", p.sequence);
    let money = json!({ "amount": p.amount_minor, "currency": p.currency });
    json!({
        "merchant_id": "6SSW7HV8K2ST5",
        "type": "payment.updated",
        "event_id": format!("{:08x}-0000-4000-8000-{:012x}", p.sequence >> 32, p.sequence & 0xFFFF_FFFF),
        "created_at": format!("{:.3}", p.at),
        "data": { "type": "payment", "id": id, "object": { "payment": {
            "amount_money": money,
            "approved_money": money,
            "card_details": {
                "avs_status": "AVS_ACCEPTED",
                "card": {
                    "bin": "540988", "card_brand": "MASTERCARD", "card_type": "CREDIT", "cardholder_name": "Ada Example",
                    "exp_month": 11, "exp_year": 2027, "fingerprint": "sq-1-Tvruf3vPQxlvI6n0IcKYfBukrcv6IqWr8UyBdViWXU2yzGn5VMJvrsHMKpINMhPmVg",
                    "last_4": "9029", "prepaid_type": "NOT_PREPAID"
                },
                "cvv_status": "CVV_ACCEPTED", "entry_method": "KEYED", "status": "CAPTURED"
            },
            "created_at": format!("{:.3}", p.at),
            "id": id,
            "location_id": "S8GWD5R9QB376",
            "note": note(p),
            "order_id": format!("ord{:029x}", p.sequence),
            "receipt_number": "hYy9",
            "receipt_url": "https://squareup.example.com/receipt/preview/hYy9",
            "source_type": "CARD",
            "status": "COMPLETED",
            "total_money": money,
            "updated_at": format!("{:.3}", p.at),
            "version": 1
        } } }
    })
}

fn standardwebhooks(p: &SampleParams) -> Value {
    let id = |prefix: &str| format!("{prefix}_{:024x}", p.sequence);
    json!({
        "type": "payment.captured",
        "timestamp": format!("{:.6}", p.at),
        "data": {
            "id": id("pay"),
            "object": "payment",
            "amount": p.amount_minor,
            "currency": p.currency,
            "captured_at": format!("{:.6}", p.at),
            "created_at": format!("{:.6}", p.at),
            "customer": {
                "id": id("cus"), "name": "Sam Example", "email": "sam@example.com",
                "address": { "city": "Utrecht", "country": "NL", "line1": "Voorbeeldstraat 1", "postal_code": "3511 AB" }
            },
            "description": note(p),
            "fees": [ { "amount": 30, "type": "fixed" }, { "amount": 17, "type": "percentage" } ],
            "links": { "checkout": id("chk"), "order": id("ord"), "self": format!("https://api.example.com/payments/{}", id("pay")) },
            "merchant_id": "mrc_2ZxYKQ1",
            "method": {
                "type": "card",
                "card": { "brand": "mastercard", "country": "NL", "expiry_month": 4, "expiry_year": 2029, "funding": "debit", "last4": "4444" }
            },
            "metadata": { "basket": "2 items", "order_id": format!("order-{}", p.sequence) },
            "refunded_amount": 0,
            "risk": { "level": "normal", "score": 7 },
            "settlement": { "batch": null, "expected_on": null },
            "statement_descriptor": "EXAMPLE SHOP",
            "status": "captured"
        }
    })
}
