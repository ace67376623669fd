//! Reading reports: the fixtures of `tests/payments/reports`, and whatever bytes.

use proptest::prelude::*;

use super::*;

pub(crate) const STRIPE: &str =
    include_str!("../../../../tests/payments/reports/stripe_balance.csv");
pub(crate) const STRIPE_EXPORT: &str =
    include_str!("../../../../tests/payments/reports/stripe_transactions.csv");
pub(crate) const ADYEN: &str =
    include_str!("../../../../tests/payments/reports/adyen_settlement.csv");
pub(crate) const PAYPAL: &str =
    include_str!("../../../../tests/payments/reports/paypal_settlement.csv");
pub(crate) const GOCARDLESS: &str =
    include_str!("../../../../tests/payments/reports/gocardless_items.json");
pub(crate) const GOCARDLESS_EXPORT: &str =
    include_str!("../../../../tests/payments/reports/gocardless_transactions.csv");
pub(crate) const SQUARE: &str =
    include_str!("../../../../tests/payments/reports/square_entries.json");

/// Names that stand in their readers alone.
pub(crate) const PAYPAL_NAME: &str = paypal::FORMAT.provider;
pub(crate) const GOCARDLESS_NAME: &str = gocardless::FORMAT.provider;

pub(crate) const FIXTURES: [(&str, &str); 7] = [
    ("stripe", STRIPE),
    ("stripe", STRIPE_EXPORT),
    ("adyen", ADYEN),
    (PAYPAL_NAME, PAYPAL),
    (GOCARDLESS_NAME, GOCARDLESS),
    (GOCARDLESS_NAME, GOCARDLESS_EXPORT),
    ("square", SQUARE),
];

pub(super) fn report(provider: &str, text: &str) -> Report {
    read(provider, text.as_bytes(), None).unwrap()
}

pub(super) fn refused(provider: &str, text: &str) -> ReportError {
    read(provider, text.as_bytes(), None).unwrap_err()
}

/// A row as text: line, kind, first id, signed amount, currency with its decimal places.
fn shown(report: &Report) -> Vec<String> {
    let row = |row: &Row| {
        let id = row.ids.first().or(row.payments.first()).unwrap();
        let amount = &row.amount;
        format!(
            "{} {} {id} {} {}.{}",
            row.line,
            row.kind.as_str(),
            row.signed(),
            amount.currency.as_str(),
            amount.exponent,
        )
    };
    report.rows.iter().map(row).collect()
}

#[test]
fn the_fixtures_are_read_whole() {
    let counts = FIXTURES.map(|(provider, text)| {
        let report = report(provider, text);
        assert_eq!(report.provider, provider);
        (report.rows.len(), report.left_out.values().sum::<u64>())
    });
    assert_eq!(
        counts,
        [(17, 2), (4, 1), (11, 2), (7, 3), (6, 2), (4, 0), (5, 1)]
    );
}

#[test]
fn a_row_of_stripes_has_the_customers_currency_and_the_line_on_which_it_begins() {
    let report = report("stripe", STRIPE);
    let shown = shown(&report);
    assert_eq!(
        shown[0],
        "2 capture pi_383LXLDAEWB8K4XLTV3H5TGH 10000 EUR.2"
    );
    // The description above has a line feed, so that this is the fourth line.
    assert_eq!(shown[1], "4 capture pi_3FT5F4NM4KB433F9JEPXKHVQ 5000 JPY.0");
    assert_eq!(shown[2], "5 refund re_3NA6AH5D62S52JG3RJW82G2D 1200 JPY.0");
    assert_eq!(
        shown[11],
        "14 capture pi_3CDSEY7228DGXXPQDPK5SX8D -2000 EUR.2"
    );
    assert_eq!(report.rows[0].ids[1], "ch_3ZY2X5LFF2GZ42SHPP2DMMJX");
    let first = "2026-03-02T09:00:06Z".parse().unwrap();
    let last = "2026-03-12T09:00:00Z".parse().unwrap();
    assert_eq!(report.span(), Some((first, last)));
    assert_eq!(report.left_out["fee"], 1);
    assert!(!report.kinds.contains(&MovementKind::Payout));
}

#[test]
fn the_export_of_stripes_dashboard_knows_disputes_by_their_source() {
    let report = report("stripe", STRIPE_EXPORT);
    assert_eq!(
        shown(&report),
        [
            "2 capture ch_3NEVERTOLD00000000000002 10000 EUR.2",
            "3 refund re_3NA6AH5D62S52JG3RJW82G2D 1200 JPY.0",
            "4 dispute du_1UX9WYC3QMN76HP8TGQ9RESQ 10000 EUR.2",
            "5 payout po_1NEVERTOLD 9000 EUR.2",
        ]
    );
    assert!(report.kinds.contains(&MovementKind::Payout));
}

#[test]
fn the_other_providers_rows_bear_the_ids_of_their_webhooks() {
    let adyen = report("adyen", ADYEN);
    assert_eq!(shown(&adyen)[0], "2 capture 5M3J75ZGC7GBNSQK 10000 EUR.2");
    assert_eq!(shown(&adyen)[5], "7 refund HL8A8DSXMPX4DMAL -3000 EUR.2");
    assert_eq!(shown(&adyen)[8], "10 dispute QDZF8JWXPRHDM7GK -10000 EUR.2");
    assert_eq!(adyen.rows[0].payments, ["5Y2GK3QXMPB72CTK"]);
    let summer = "2026-04-01T09:00:00Z".parse().unwrap();
    assert_eq!(adyen.rows[8].at, Some(summer));

    let paypal = report(PAYPAL_NAME, PAYPAL);
    assert_eq!(shown(&paypal)[2], "7 refund NFABGQ9VS6W6Y75SH 10000 EUR.2");
    assert_eq!(shown(&paypal)[6], "18 capture UGBRL3L7HKEHELFGT 5000 JPY.0");
    let dispute = &paypal.rows[4];
    assert!(dispute.ids.is_empty());
    assert_eq!(dispute.payments, ["GNML7NFKWKM69LE5H"]);
    assert_eq!(paypal.left_out["T1110"], 1);
    let tabs = PAYPAL.replace(',', "\t");
    assert_eq!(report(PAYPAL_NAME, &tabs).rows, paypal.rows);

    let gocardless = report(GOCARDLESS_NAME, GOCARDLESS);
    assert_eq!(shown(&gocardless)[0], "1 capture PM00LCLCA82QPE 45 GBP.2");
    assert_eq!(
        shown(&gocardless)[2],
        "4 dispute PM00H3M3XFJDA4 10000 GBP.2"
    );
    assert!(gocardless.rows[5].ids.is_empty());
    let export = report(GOCARDLESS_NAME, GOCARDLESS_EXPORT);
    assert_eq!(
        shown(&export),
        [
            "2 capture PM00LCLCA82QPE 45 GBP.2",
            "3 capture PM00H3M3XFJDA4 10000 GBP.2",
            "4 dispute PM00H3M3XFJDA4 10000 GBP.2",
            "5 refund RF00NEVERTOLD1 500 GBP.2",
        ]
    );

    let square = report("square", SQUARE);
    assert_eq!(
        shown(&square)[3],
        "4 dispute 4KFDU3PL6EC3L92M2X37 4000 USD.2"
    );
    assert_eq!(square.left_out["DEPOSIT_FEE"], 1);
}

#[test]
fn a_report_may_have_a_mark_of_its_encoding_a_title_other_columns_and_a_decimal_comma() {
    let plain = "source_id,currency,gross,reporting_category\nch_1,eur,1.50,charge\n";
    let one = report("stripe", plain);
    assert_eq!(shown(&one), ["2 capture ch_1 150 EUR.2"]);
    for same in [
        format!("\u{feff}{plain}"),
        plain.replace('\n', "\r\n"),
        plain.replace("1.50", "\"1,50\""),
        plain.replace("1.50", " 1.500 "),
        plain.replace("source_id", "Source ID"),
        format!("{plain},,,\n\n"),
    ] {
        assert_eq!(report("stripe", &same).rows, one.rows, "{same}");
    }
    let titled = report("stripe", &format!("Balance of a day\n\n{plain}"));
    assert_eq!(shown(&titled), ["4 capture ch_1 150 EUR.2"]);
    let switched = "extra,gross,reporting_category,source_id,currency\nx,1.50,charge,ch_1,eur\n";
    assert_eq!(report("stripe", switched).rows, one.rows);
}

#[test]
fn pages_of_json_may_stand_behind_each_other_or_in_an_array() {
    let one = report("square", SQUARE);
    for pages in [format!("{SQUARE}{SQUARE}"), format!("[{SQUARE},{SQUARE}]")] {
        let both = report("square", &pages);
        assert_eq!(both.rows.len(), 2 * one.rows.len());
        assert_eq!(both.rows.last().unwrap().line, 11);
    }
}

#[test]
fn a_currency_that_a_report_does_not_state_has_to_be_given() {
    let bare = r#"{"payout_items":[{"type":"payment_paid_out","amount":"45.0","links":{"payment":"PM1"}}]}"#;
    assert_eq!(refused(GOCARDLESS_NAME, bare), ReportError::NoCurrency);
    let given = CurrencyCode::parse("JPY").ok();
    let read = read(GOCARDLESS_NAME, bare.as_bytes(), given).unwrap();
    assert_eq!(shown(&read), ["1 capture PM1 45 JPY.0"]);
    let two = bare.replacen(
        '{',
        r#"{"payouts":[{"currency":"EUR"},{"currency":"GBP"}],"#,
        1,
    );
    assert_eq!(refused(GOCARDLESS_NAME, &two), ReportError::NoCurrency);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_bytes_are_reading_ends(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for format in &FORMATS {
            let _ = read(format.provider, &bytes, CurrencyCode::parse("EUR").ok());
        }
    }

    #[test]
    fn whatever_is_spoilt_in_a_report_reading_ends(
        fixture in 0..FIXTURES.len(),
        spoilt in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let (provider, text) = FIXTURES[fixture];
        let mut bytes = text.as_bytes().to_vec();
        for (at, byte) in spoilt {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = read(provider, &bytes, None);
        bytes.truncate(cut.index(bytes.len()));
        let _ = read(provider, &bytes, None);
    }
}
