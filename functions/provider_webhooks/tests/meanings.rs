//! What each event type means, and what it states: a table per provider, walked through signing, verifying and parsing.
//!
//! Written from the providers' event lists (each `fixtures/*/SOURCE.md` names them), not from the tables in `src`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{at, secret, secrets, signed, verify};
use payment_event::{EventIdentity, PaymentEvent};
use provider_webhooks::providers;
use serde_json::{Value, json};

fn events(provider: &str, body: &Value) -> Result<Vec<PaymentEvent>, String> {
    let request = signed(provider, &serde_json::to_vec(body).unwrap(), 1, at());
    let known = secrets(&[secret(provider, 1)]);
    verify(
        providers::by_name(provider).unwrap(),
        &request,
        &known,
        at(),
    )
}

fn event(provider: &str, body: &Value) -> PaymentEvent {
    events(provider, body).unwrap().remove(0)
}

fn minor(event: &PaymentEvent) -> Option<i64> {
    event.amount.as_ref().map(|amount| amount.minor.0)
}

fn stripe(kind: &str, object: Value) -> Value {
    json!({"id": "evt_1", "object": "event", "type": kind, "created": 1767323045, "data": {"object": object}})
}

#[test]
fn stripe_types() {
    let money =
        |status: &str| json!({"id": "x_1", "amount": 5, "currency": "eur", "status": status});
    for (kind, state, expected) in [
        ("payment_intent.created", "", "pending"),
        ("payment_intent.processing", "", "pending"),
        ("payment_intent.requires_action", "", "pending"),
        ("payment_intent.amount_capturable_updated", "", "authorised"),
        ("payment_intent.succeeded", "", "captured"),
        ("payment_intent.payment_failed", "", "failed"),
        ("payment_intent.canceled", "", "voided"),
        ("charge.pending", "", "pending"),
        ("charge.succeeded", "", "captured"),
        ("charge.captured", "", "captured"),
        ("charge.failed", "", "failed"),
        ("charge.expired", "", "voided"),
        ("charge.refunded", "", "refunded"),
        ("refund.created", "succeeded", "refunded"),
        ("refund.created", "pending", "pending"),
        ("refund.updated", "requires_action", "pending"),
        ("refund.updated", "canceled", "refund_failed"),
        ("charge.refund.updated", "failed", "refund_failed"),
        ("refund.failed", "failed", "refund_failed"),
        ("charge.dispute.created", "needs_response", "disputed"),
        (
            "charge.dispute.funds_withdrawn",
            "needs_response",
            "disputed",
        ),
        ("charge.dispute.funds_reinstated", "won", "dispute_won"),
        ("charge.dispute.closed", "won", "dispute_won"),
        ("charge.dispute.closed", "warning_closed", "dispute_won"),
        ("charge.dispute.closed", "lost", "dispute_lost"),
        ("charge.dispute.closed", "", "disputed"),
        ("payout.paid", "paid", "payout"),
        ("payout.failed", "failed", "payout"),
        ("invoice.paid", "paid", "unclassified"),
        ("customer.created", "", "unclassified"),
    ] {
        let got = event("stripe", &stripe(kind, money(state)));
        assert_eq!(got.status.as_str(), expected, "{kind} {state}");
        assert_eq!(
            (got.event_type.as_str(), minor(&got)),
            (kind, Some(5)),
            "{kind}"
        );
        assert_eq!(got.identity, EventIdentity::Key);
    }
}

#[test]
fn stripe_amounts() {
    let object = json!({
        "id": "x_1", "currency": "eur", "amount": 100, "amount_received": 90, "amount_capturable": 80, "amount_captured": 70,
        "amount_refunded": 60
    });
    for (kind, expected) in [
        ("payment_intent.succeeded", 90),
        ("payment_intent.amount_capturable_updated", 80),
        ("payment_intent.payment_failed", 100),
        ("charge.succeeded", 70),
        ("charge.captured", 70),
        ("charge.refunded", 60),
        ("refund.created", 100),
    ] {
        assert_eq!(
            minor(&event("stripe", &stripe(kind, object.clone()))),
            Some(expected),
            "{kind}"
        );
    }
    let invoice = json!({"id": "in_1", "currency": "eur", "amount_due": 50, "amount_paid": 40});
    let session = json!({"id": "cs_1", "currency": "eur", "amount_total": 30});
    for (kind, object, expected) in [
        ("invoice.paid", &invoice, Some(40)),
        ("invoice.payment_failed", &invoice, Some(50)),
        ("checkout.session.completed", &session, Some(30)),
        ("customer.created", &json!({"id": "cus_1"}), None),
    ] {
        assert_eq!(
            minor(&event("stripe", &stripe(kind, object.clone()))),
            expected,
            "{kind}"
        );
    }
}

#[test]
fn an_unknown_type_is_kept_whatever_its_fields_look_like() {
    for object in [
        json!({"amount": {"value": 1, "currency": "eur"}, "currency": "eur", "status": {"a": 1}}),
        json!({"amount": 1e300, "currency": "eur"}),
        json!({"amount": 1, "currency": "euros"}),
        json!([1]),
        json!("text"),
        json!(null),
    ] {
        let got = event("stripe", &stripe("brand.new", object.clone()));
        assert_eq!(
            (got.status.as_str(), minor(&got)),
            ("unclassified", None),
            "{object}"
        );
        assert_eq!(got.transaction_id.as_str(), "evt_1");
    }
    let square = json!({
        "event_id": "e_1", "type": "brand.new", "created_at": "2026-01-02T03:04:05Z",
        "data": {"id": "d_1", "object": {"brand": {"amount_money": {"amount": "much"}, "status": [1]}}}
    });
    assert_eq!(event("square", &square).transaction_id.as_str(), "d_1");
    for data in [json!(7), json!([]), json!({"id": "d_1", "object": []})] {
        let mut body = square.clone();
        body["data"] = data;
        assert_eq!(event("square", &body).status.as_str(), "unclassified");
    }
}

fn adyen(change: Value) -> Value {
    let mut item = json!({
        "pspReference": "PSP1", "merchantAccountCode": "My Shop", "merchantReference": "order-1",
        "amount": {"value": 5, "currency": "EUR"}, "eventCode": "AUTHORISATION", "eventDate": "2026-01-02T03:04:05+01:00",
        "success": "true"
    });
    for (key, value) in change.as_object().unwrap() {
        item[key] = value.clone();
    }
    json!({"live": "false", "notificationItems": [{"NotificationRequestItem": item}]})
}

#[test]
fn adyen_codes() {
    for (code, yes, no) in [
        ("AUTHORISATION", "authorised", "failed"),
        ("CAPTURE", "captured", "failed"),
        ("CAPTURE_FAILED", "failed", "failed"),
        ("CANCELLATION", "voided", "unclassified"),
        ("REFUND", "refunded", "refund_failed"),
        ("REFUND_FAILED", "refund_failed", "refund_failed"),
        ("REFUNDED_REVERSED", "refund_failed", "refund_failed"),
        ("VOID_PENDING_REFUND", "voided", "refund_failed"),
        ("NOTIFICATION_OF_CHARGEBACK", "disputed", "disputed"),
        ("CHARGEBACK", "disputed", "disputed"),
        ("CHARGEBACK_REVERSED", "dispute_won", "disputed"),
        ("SECOND_CHARGEBACK", "dispute_lost", "disputed"),
        ("PAYOUT_THIRDPARTY", "payout", "payout"),
        ("REPORT_AVAILABLE", "unclassified", "unclassified"),
    ] {
        for (success, expected) in [("true", yes), ("false", no)] {
            let got = event(
                "adyen",
                &adyen(json!({"eventCode": code, "success": success})),
            );
            assert_eq!(got.status.as_str(), expected, "{code} {success}");
            assert_eq!(got.merchant_account.as_deref(), Some("My Shop"));
            let guard = format!("My Shop:{code}:PSP1::{success}");
            assert_eq!(got.identity, EventIdentity::Guard(guard));
        }
    }
}

#[test]
fn adyens_colons_can_be_cut_in_one_way_only() {
    let good = event(
        "adyen",
        &adyen(json!({"merchantReference": "a:1:EUR:CAPTURE:true:b"})),
    );
    assert_eq!(minor(&good), Some(5));
    // The same signed text, cut elsewhere, may not be read as something else.
    let known = secrets(&[secret("adyen", 1)]);
    let honest = adyen(json!({"merchantReference": "a:1:EUR:CAPTURE"}));
    let request = signed("adyen", &serde_json::to_vec(&honest).unwrap(), 1, at());
    let mut forged: Value = serde_json::from_slice(&request.body).unwrap();
    let item = &mut forged["notificationItems"][0]["NotificationRequestItem"];
    item["merchantReference"] = json!("a");
    item["amount"] = json!({"value": 1, "currency": "EUR"});
    item["eventCode"] = json!("CAPTURE:5:EUR:AUTHORISATION");
    let forged = provider_webhooks::sign::SignedRequest {
        headers: vec![],
        body: serde_json::to_vec(&forged).unwrap(),
    };
    let provider = providers::by_name("adyen").unwrap();
    assert!(verify(provider, &request, &known, at()).is_ok());
    assert_eq!(
        verify(provider, &forged, &known, at()),
        Err("body_unreadable".into())
    );
}

#[test]
fn adyen_orders_its_money_by_its_own_exponents() {
    for (currency, exponent) in [
        ("CLP", 2),
        ("ISK", 2),
        ("IDR", 0),
        ("CVE", 0),
        ("JPY", 0),
        ("KWD", 3),
        ("EUR", 2),
    ] {
        let got = event(
            "adyen",
            &adyen(json!({"amount": {"value": 5, "currency": currency}})),
        );
        assert_eq!(got.amount.unwrap().exponent, exponent, "{currency}");
    }
    assert_eq!(
        events(
            "adyen",
            &adyen(json!({"amount": {"value": "5.0", "currency": "EUR"}}))
        ),
        Err("amount_unusable".into())
    );
}

#[test]
fn square_objects_and_states() {
    for (kind, role, state, expected) in [
        ("payment.created", "payment", "APPROVED", "authorised"),
        ("payment.updated", "payment", "COMPLETED", "captured"),
        ("payment.updated", "payment", "CANCELED", "voided"),
        ("payment.updated", "payment", "FAILED", "failed"),
        ("payment.updated", "payment", "BRAND_NEW", "unclassified"),
        ("refund.created", "refund", "PENDING", "pending"),
        ("refund.updated", "refund", "COMPLETED", "refunded"),
        ("refund.updated", "refund", "REJECTED", "refund_failed"),
        (
            "terminal.refund.updated",
            "refund",
            "COMPLETED",
            "unclassified",
        ),
        ("dispute.state.updated", "dispute", "WON", "dispute_won"),
        (
            "dispute.state.updated",
            "dispute",
            "EVIDENCE_REQUIRED",
            "disputed",
        ),
        ("payout.sent", "payout", "SENT", "payout"),
        (
            "order.updated",
            "order_updated",
            "COMPLETED",
            "unclassified",
        ),
    ] {
        let object =
            json!({"id": "o_1", "status": state, "amount_money": {"amount": 5, "currency": "JPY"}});
        let got = event(
            "square",
            &json!({"event_id": "e_1", "type": kind, "created_at": "2026-01-02T03:04:05.123456789Z", "merchant_id": "M1",
                "data": {"id": "o_1", "object": {role: object}}}),
        );
        assert_eq!(got.status.as_str(), expected, "{kind} {state}");
        assert_eq!(
            (minor(&got), got.amount.as_ref().unwrap().exponent),
            (Some(5), 0)
        );
        assert_eq!(got.event_time.subsec_nanosecond(), 123_456_789);
    }
}

#[test]
fn standard_webhooks_bodies() {
    let body = |data: Value| json!({"type": "payment.captured", "timestamp": "2026-01-02T03:04:05Z", "data": data});
    for (data, expected) in [
        (json!({"amount": 5, "currency": "EUR"}), Some(5)),
        (json!({"amount": -5, "currency": "eur"}), Some(-5)),
        (json!({"amount": "5", "currency": "EUR"}), None),
        (json!({"amount": 5.5, "currency": "EUR"}), None),
        (json!({"amount": {"value": 5}, "currency": "EUR"}), None),
        (json!({"amount": 5, "currency": "USDC"}), None),
        (json!({"amount": 5, "currency": {"code": "EUR"}}), None),
        (json!({"amount": 5}), None),
        (json!({"merchant_id": ["m"]}), None),
    ] {
        let got = event("standardwebhooks", &body(data.clone()));
        assert_eq!(
            (minor(&got), got.status.as_str()),
            (expected, "captured"),
            "{data}"
        );
        assert_eq!(got.transaction_id.as_str(), "msg_fixture");
    }
    let huge = body(
        serde_json::from_str("{\"amount\":9223372036854775808,\"currency\":\"EUR\"}").unwrap(),
    );
    assert_eq!(
        events("standardwebhooks", &huge),
        Err("amount_unusable".into())
    );
    for (stated, expected) in [
        (json!("2026-01-02T03:04:05.25Z"), "2026-01-02T03:04:05.25Z"),
        (json!(1767323045), "2026-01-02T03:04:05Z"),
        (json!("1767323045"), "2026-01-02T03:04:05Z"),
        (json!(1767323045250_i64), "2026-01-02T03:04:05.25Z"),
    ] {
        let got = event(
            "standardwebhooks",
            &json!({"type": "a", "timestamp": stated}),
        );
        assert_eq!(
            (got.event_time.to_string().as_str(), got.identity),
            (expected, EventIdentity::Key)
        );
    }
}
