//! Every refusal of a report: what is wrong, where, and nothing of what stands there.

use std::collections::BTreeSet;

use payment_event::MoneyError;

use super::tests::{
    ADYEN, FIXTURES, GOCARDLESS, GOCARDLESS_EXPORT, GOCARDLESS_NAME, PAYPAL, PAYPAL_NAME, SQUARE,
    STRIPE, STRIPE_EXPORT, refused, report,
};
use super::{CATEGORY_UNREADABLE, Place, ReportError, read};

/// A report of Stripe's with one cell of its second row replaced.
fn stripe_with(column: usize, cell: &str) -> String {
    let mut cells = ["ch_1", "eur", "1.50", "charge"];
    cells[column] = cell;
    let good = "ch_0,eur,1.50,charge";
    format!(
        "source_id,currency,gross,reporting_category\n{good}\n{}\n",
        cells.join(",")
    )
}

#[test]
fn every_refusal_names_the_line_and_the_column() {
    let amount = |place, column, source| ReportError::Amount {
        place,
        column,
        source,
    };
    let missing = |place, column| ReportError::Missing { place, column };
    let currency = |place, column| ReportError::Currency { place, column };
    let other = |asked, found| ReportError::OtherProvider { asked, found };
    let line = Place::Line;
    let huge = "9".repeat(30);
    let paypal = |code: &str, dc: &str, amount: &str| {
        format!(
            "CH,Transaction ID,Transaction Event Code,Transaction Debit or Credit,\
             Gross Transaction Amount,Gross Transaction Currency\nSB,T1,{code},{dc},{amount},EUR\n"
        )
    };
    let square = |entry: &str| format!(r#"{{"payout_entries":[{entry}]}}"#);
    let adyen = |row: &str| {
        format!(
            "Type,Psp Reference,Modification Reference,Gross Currency,Gross Debit (GC),\
             Gross Credit (GC)\n{row}\n"
        )
    };
    for (provider, text, expected) in [
        ("nobody", "x".into(), ReportError::Provider("nobody".into())),
        ("stripe", String::new(), ReportError::Empty),
        ("stripe", "\u{feff} \r\n".into(), ReportError::Empty),
        ("stripe", ADYEN.into(), other("stripe", "adyen")),
        ("adyen", STRIPE.into(), other("adyen", "stripe")),
        ("adyen", PAYPAL.into(), other("adyen", PAYPAL_NAME)),
        (PAYPAL_NAME, STRIPE_EXPORT.into(), other(PAYPAL_NAME, "stripe")),
        (GOCARDLESS_NAME, SQUARE.into(), other(GOCARDLESS_NAME, "square")),
        ("square", GOCARDLESS.into(), other("square", GOCARDLESS_NAME)),
        (
            "square",
            GOCARDLESS_EXPORT.into(),
            other("square", GOCARDLESS_NAME),
        ),
        (
            "stripe",
            "a,b\nsource_id,currency,gross,gross,type\n".into(),
            ReportError::TwoColumns {
                line: 2,
                column: "gross",
            },
        ),
        (
            "stripe",
            stripe_with(0, "\"ch_1"),
            ReportError::OpenQuote(3),
        ),
        ("stripe", stripe_with(0, ""), missing(line(3), "source_id")),
        (
            "stripe",
            stripe_with(0, "ch 1"),
            missing(line(3), "source_id"),
        ),
        (
            "stripe",
            stripe_with(3, ""),
            missing(line(3), "reporting_category"),
        ),
        ("stripe", stripe_with(2, ""), missing(line(3), "gross")),
        (
            "stripe",
            stripe_with(2, "ten"),
            amount(line(3), "gross", MoneyError::NotANumber),
        ),
        (
            "stripe",
            stripe_with(2, "\"1,234.50\""),
            amount(line(3), "gross", MoneyError::NotANumber),
        ),
        (
            "stripe",
            stripe_with(2, "1.505"),
            amount(line(3), "gross", MoneyError::TooPrecise),
        ),
        (
            "stripe",
            stripe_with(2, &huge),
            amount(line(3), "gross", MoneyError::OutOfRange),
        ),
        (
            "stripe",
            stripe_with(2, "-92233720368547758.08"),
            amount(line(3), "gross", MoneyError::OutOfRange),
        ),
        ("stripe", stripe_with(1, ""), missing(line(3), "currency")),
        (
            "stripe",
            stripe_with(1, "4111"),
            currency(line(3), "currency"),
        ),
        (
            "stripe",
            stripe_with(1, "XXZ"),
            currency(line(3), "currency"),
        ),
        (
            "stripe",
            stripe_with(3, "charge\nch_2,eur"),
            missing(line(4), "reporting_category"),
        ),
        (
            "adyen",
            adyen("Settled,,,EUR,,1.00"),
            missing(line(2), "Modification Reference"),
        ),
        (
            "adyen",
            adyen("Settled,P,M,EUR,,"),
            missing(line(2), "Gross Credit (GC)"),
        ),
        (
            "adyen",
            adyen("Settled,P,M,EUR,x,"),
            amount(line(2), "Gross Debit (GC)", MoneyError::NotANumber),
        ),
        (
            "adyen",
            adyen("Settled,P,M,EUR,-92233720368547758.07,92233720368547758.07"),
            amount(line(2), "Gross Credit (GC)", MoneyError::OutOfRange),
        ),
        (
            PAYPAL_NAME,
            paypal("T0006", "CR", "1.50"),
            amount(line(2), "Gross Transaction Amount", MoneyError::NotANumber),
        ),
        (
            PAYPAL_NAME,
            paypal("T0006", "XX", "150"),
            missing(line(2), "Transaction Debit or Credit"),
        ),
        (
            PAYPAL_NAME,
            paypal("", "CR", "150"),
            missing(line(2), "Transaction Event Code"),
        ),
        (
            PAYPAL_NAME,
            paypal("T1201", "DR", "150"),
            missing(line(2), "PayPal Reference ID"),
        ),
        (
            "square",
            "{\"payout_entries\":\n[{\"type\":4}]}".into(),
            ReportError::Json {
                provider: "square",
                line: 2,
                column: 10,
            },
        ),
        (
            "square",
            square("{}"),
            missing(Place::Entry(1), "type"),
        ),
        (
            "square",
            square(r#"{"type":"CHARGE"}"#),
            missing(Place::Entry(1), "payment_id"),
        ),
        (
            "square",
            square(r#"{"type":"CHARGE","type_charge_details":{"payment_id":"p"}}"#),
            missing(Place::Entry(1), "gross_amount_money.amount"),
        ),
        (
            GOCARDLESS_NAME,
            r#"{"payout_items":[{"type":"refund","amount":"1.0"}]}"#.into(),
            missing(Place::Entry(1), "links.payment"),
        ),
        (
            GOCARDLESS_NAME,
            r#"{"payouts":{"currency":"GBP"},"payout_items":[{"type":"refund","amount":"0.5","links":{"refund":"RF1"}}]}"#.into(),
            amount(Place::Entry(1), "amount", MoneyError::TooPrecise),
        ),
    ] {
        assert_eq!(refused(provider, &text), expected, "{provider}: {text}");
    }
    for (provider, text) in [
        ("stripe", "a,b\n1,2\n"),
        (
            "stripe",
            "source_id;currency;gross;reporting_category\nch_1;eur;1;charge\n",
        ),
        ("stripe", "source_id\tcurrency\tgross\treporting_category\n"),
        (PAYPAL_NAME, "SB,1,2\n"),
        ("adyen", "{}"),
        (GOCARDLESS_NAME, "{}"),
        ("square", "a,b\n"),
        ("square", "[]"),
    ] {
        let error = refused(provider, text);
        assert!(matches!(error, ReportError::NoHeader { .. }), "{error}");
    }
    let latin = read("stripe", b"a,b\nc,\xe9\n", None).unwrap_err();
    assert_eq!(latin, ReportError::NotUtf8(2));
}

#[test]
fn no_refusal_says_what_stands_there() {
    const PAN: &str = "4111111111111111";
    for (provider, text) in FIXTURES {
        let cells = text.split([',', '"', '\n', '\r', ' ']);
        let cells: BTreeSet<_> = cells.filter(|cell| !cell.is_empty()).collect();
        for cell in cells {
            let spoilt = text.replacen(cell, PAN, 1);
            if let Err(error) = read(provider, spoilt.as_bytes(), None) {
                assert!(!error.to_string().contains(PAN), "{error}");
            }
        }
    }
    let left_out = report("stripe", &stripe_with(3, PAN)).left_out;
    assert_eq!(left_out, [(CATEGORY_UNREADABLE.to_owned(), 1)].into());
}
