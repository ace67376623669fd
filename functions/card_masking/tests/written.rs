//! How a card number may be written and is found all the same, and what looks like one and stays.
//!
//! Many cases come from public reports against other maskers; each such case names its report (all
//! read 2026-11-27).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use card_masking::{COMMON_RULES, contains_pan, mask_json, mask_text};

fn check(cases: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (text, expected) in cases {
        let (masked, found) = mask_text(text);
        let again = mask_text(&masked);
        if masked != *expected || again != (masked.clone(), 0) || (found == 0) != (masked == *text)
        {
            wrong.push(format!("{text:?}\n     is {masked:?}\n not {expected:?}"));
        }
        assert!(!contains_pan(&masked), "{masked}");
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn stays(texts: &[&str]) {
    let cases: Vec<_> = texts.iter().map(|text| (*text, *text)).collect();
    check(&cases);
}

#[test]
fn references_are_read_as_what_they_stand_for() {
    check(&[
        // zendesk/credit_card_sanitizer#25: a reference is a separator.
        (
            "4111&#32;1111&#32;1111&#32;1111",
            "4111&#32;11**&#32;****&#32;1111",
        ),
        (
            "4111&#x20;1111&#X20;1111&#160;1111",
            "4111&#x20;11**&#X20;****&#160;1111",
        ),
        (
            "4111&nbsp;1111&ensp;1111&thinsp;1111",
            "4111&nbsp;11**&ensp;****&thinsp;1111",
        ),
        (
            "4111&#45;1111&ndash;1111&hyphen;1111",
            "4111&#45;11**&ndash;****&hyphen;1111",
        ),
        (
            "4111&NonBreakingSpace;1111&shy;1111&zwj;1111",
            "4111&NonBreakingSpace;11**&shy;****&zwj;1111",
        ),
        (
            "&#52;&#49;&#49;&#49;1111&#x31;1111111",
            "&#52;&#49;&#49;&#49;11******1111",
        ),
        ("&#52;111111111111111", "&#52;11111******1111"),
        ("&#65300;111111111111111", "&#65300;11111******1111"),
        // Without semicolons, escaped again, escaped otherwise.
        (
            "4111&#32 1111&#32 1111&#32 1111",
            "4111&#32 11**&#32 ****&#32 1111",
        ),
        (
            "4111&nbsp1111&nbsp1111&nbsp1111",
            "4111&nbsp11**&nbsp****&nbsp1111",
        ),
        (
            "4111&amp;nbsp;1111&amp;#32;1111&amp;amp;#x20;1111",
            "4111&amp;nbsp;11**&amp;#32;****&amp;amp;#x20;1111",
        ),
        (
            "4111%26nbsp%3B1111%26%2332%3B1111\\u0026#32;1111",
            "4111%26nbsp%3B11**%26%2332%3B****\\u0026#32;1111",
        ),
        ("&#x2B;4111111111111111", "&#x2B;411111******1111"),
        // One more digit before a card number.
        ("&#52;4111111111111111", "&#52;411111******1111"),
        // A number behind a reference does not begin in it.
        ("&#4;111111111111111&#1;", "&#4;111111111111111&#1;"),
    ]);
    stays(&[
        // zendesk/credit_card_sanitizer#24: 43 is no part of the number.
        "&#43;1 936 321 1111",
        "&#43; 1 936 321 1111",
        "&#43;676767676767672",
        "&plus;676767676767672",
        "%2B676767676767672",
        "&#4111111111111112;",
        "&unknown;4111 1111 &; &# &#; &#x; &#xZ;",
    ]);
}

#[test]
fn tags_and_blanks_are_gaps() {
    check(&[
        (
            "4111<br>1111<br/>1111<br />1111",
            "4111<br>11**<br/>****<br />1111",
        ),
        (
            "<b>4111</b> <i>1111</i> <span class=\"x9\">1111</span> <u>1111</u>",
            "<b>4111</b> <i>11**</i> <span class=\"x9\">****</span> <u>1111</u>",
        ),
        (
            "4111&lt;br&gt;1111%3Cbr%3E1111\\u003cbr\\u003e1111",
            "4111&lt;br&gt;11**%3Cbr%3E****\\u003cbr\\u003e1111",
        ),
        (
            "4111<!-- x -->1111<wbr>1111\u{200b}1111",
            "4111<!-- x -->11**<wbr>****\u{200b}1111",
        ),
        (
            "4111     1111     1111     1111",
            "4111     11**     ****     1111",
        ),
        (
            "4111\n      1111\r\n\t1111\u{3000}\u{3000}1111",
            "4111\n      11**\r\n\t****\u{3000}\u{3000}1111",
        ),
        // zendesk/credit_card_sanitizer, its test of a tag with a colon before the number.
        (
            "<span style=\"display:none;\">4111111111111111</span>",
            "<span style=\"display:none;\">411111******1111</span>",
        ),
        // elizaOS/eliza#27983: tabs of a table.
        (
            "4111\t1111\t1111\t1111 then (555) 1234",
            "4111\t11**\t****\t1111 then (555) 1234",
        ),
    ]);
    stays(&[
        "4111                  1111                  1111                  1111",
        "4111<1111<1111<1111 is 4 numbers, a<b",
        // zendesk/credit_card_sanitizer, its test of spacey input.
        "Hello  0      0      0     14     20      1      1     20     34      9      1      0",
    ]);
}

#[test]
fn escapes_are_read_as_what_they_stand_for() {
    check(&[
        (
            "4111%C2%A01111%E2%80%891111%20%201111",
            "4111%C2%A011**%E2%80%89****%20%201111",
        ),
        (
            "4111%25201111%2525201111+1111",
            "4111%252011**%252520****+1111",
        ),
        (
            "%EF%BC%94%EF%BC%91%EF%BC%91%EF%BC%911111%EF%BC%911111111",
            "%EF%BC%94%EF%BC%91%EF%BC%91%EF%BC%9111******1111",
        ),
        (
            "4111\\n1111\\t1111\\\\u00201111",
            "4111\\n11**\\t****\\\\u00201111",
        ),
        (
            "4111\\x201111\\u{20}1111\\0401111",
            "4111\\x2011**\\u{20}****\\0401111",
        ),
        (
            "4111\\xC2\\xA01111\\U000000201111%u00201111",
            "4111\\xC2\\xA011**\\U00000020****%u00201111",
        ),
        (
            "\\ud835\\udfd2111111111111111",
            "\\ud835\\udfd211111******1111",
        ),
        (
            "4111=201111=20\u{20}1111=\r\n1111",
            "4111=2011**=20\u{20}****=\r\n1111",
        ),
        (
            "4111=C2=A01111=C2=A01111=C2=A01111",
            "4111=C2=A011**=C2=A0****=C2=A01111",
        ),
        ("card=4111111111111111&x=1", "card=411111******1111&x=1"),
        ("\\\"4111111111111111\\\"", "\\\"411111******1111\\\""),
        ("%254111111111111111", "%25411111******1111"),
        ("\\n4111111111111111", "\\n411111******1111"),
    ]);
}

#[test]
fn digits_of_every_script_and_in_circles() {
    check(&[
        // elizaOS/eliza#28960
        (
            "\u{664}\u{661}\u{661}\u{661} \u{661}\u{661}\u{661}\u{661} \u{661}\u{661}\u{661}\u{661} \u{661}\u{661}\u{661}\u{661}",
            "\u{664}\u{661}\u{661}\u{661} \u{661}\u{661}** **** \u{661}\u{661}\u{661}\u{661}",
        ),
        ("\u{1fbf4}111111111111111", "\u{1fbf4}11111******1111"),
        ("\u{1e954}111111111111111", "\u{1e954}11111******1111"),
        ("\u{11f54}111111111111111", "\u{11f54}11111******1111"),
        ("\u{10d34}111111111111111", "\u{10d34}11111******1111"),
        (
            "\u{2463}\u{2460}11111111111111",
            "\u{2463}\u{2460}1111******1111",
        ),
        (
            "4\u{fe0f}\u{20e3}1\u{fe0f}\u{20e3}11 1111 1111 1111",
            "4\u{fe0f}\u{20e3}1\u{fe0f}\u{20e3}11 11** **** 1111",
        ),
        ("4111111111111111\u{b2}", "411111******1111\u{b2}"),
    ]);
}

#[test]
fn digits_directly_beside_a_card_number_do_not_hide_it() {
    check(&[
        ("41111111111111111227", "411111******11111227"),
        ("41111111111111112712", "411111******11112712"),
        ("3782822463100050129", "378282*****00050129"),
        ("4111111111111111122029", "411111******1111122029"),
        ("41111111111111111227123", "411111******11111227***"),
        ("4111111111111111|12|27|123", "411111******1111|12|27|123"),
        ("5A084111111111111111", "5A08411111******1111"),
        (
            "57134111111111111111D27121010000012345678F",
            "5713411111******1111D********************F",
        ),
        (
            ";4111111111111111=27121010000012345678?",
            ";411111******1111=********************?",
        ),
        (
            "%B4111111111111111^DOE/JANE MRS^27121010000012345678?",
            "%B411111******1111^************^********************?",
        ),
    ]);
    stays(&[
        "41111111111111111327",
        "41111111111111111219",
        "41111111111111121227",
        "41111111111111112345678",
        // zendesk/credit_card_sanitizer
        "612999921404471347800000",
    ]);
}

#[test]
fn what_is_no_card_number_stays() {
    stays(&[
        // philterd/phileas#120, tinyhumansai/tinycortex#154, pii-shield/pii-shield#209,
        // data-privacy-stack/presidio#1607
        "time 1647725122227 and 1548138160707",
        "1748503543012 please check this :)",
        "1647725122227000 and 1548138160707000000",
        // philterd/phileas#120: a UUID whose digits would do.
        "quote(account_token:\"47223179-9330-4259-b66c-f2db26efb20c\", amount_usd:\"62\")",
        "sub_41111111-1111-1111-8111-111111111111, urn:uuid:47223179-9330-4259-8000-000000000000",
        "{47223179-9330-4259-8660-522026000200}",
        // Arachni/arachni#647, vectorize-io/hindsight#4333: the digits of a fraction.
        "transform: translate(0%, -0.5309136012499991%)",
        "0.4111111111111111",
        "[0.5309136012499991,0.4111111111111111]",
        // zendesk/credit_card_sanitizer, of its tests
        "Hello 12 345123 451234 81 there",
        "Hello 49 9273 987 16 there",
        "<a href=\"/tickets/40004595\">#40004595</a>",
        // Masked before.
        "411111******1111 411111XXXXXX1111 4111-11**-****-1111",
        // RuPay has 16 digits.
        "820000000000003",
        // UATP is left out.
        "100000000000009",
    ]);
    check(&[
        // More than the fraction of a number below one.
        ("0.4111 1111 1111 1111", "0.4111 11** **** 1111"),
        ("1.4111111111111111", "1.411111******1111"),
        ("10.4111111111111111", "10.411111******1111"),
        ("0,4111111111111111", "0,411111******1111"),
        ("a0.4111111111111111", "a0.411111******1111"),
        // A card number beside a UUID.
        (
            "47223179-9330-4259-b66c-f2db26efb20c 4111111111111111",
            "47223179-9330-4259-b66c-f2db26efb20c 411111******1111",
        ),
        // Osmantic/ODS#2195
        (
            "Amex 3782 822463 10005 Diners 3056 930902 5904",
            "Amex 3782 82**** *0005 Diners 3056 93**** 5904",
        ),
        // data-privacy-stack/presidio#2075
        (
            "2221000000000009 2720990000000007",
            "222100******0009 272099******0007",
        ),
        // zendesk/credit_card_sanitizer#47
        (
            "http://foobar.com/1 4111 1111 1111 1111",
            "http://foobar.com/1 4111 11** **** 1111",
        ),
        ("99-4111-1111-1111-1111 -- 2", "99-4111-11**-****-1111 -- 2"),
        (
            "4111 1111 1111 1111    03/2015",
            "4111 11** **** 1111    03/2015",
        ),
        (
            "CREDIT CARD4111 1111 1111 1111exp06/17",
            "CREDIT CARD4111 11** **** 1111exp06/17",
        ),
    ]);
}

#[test]
fn what_is_shown_of_a_card_number_makes_no_other() {
    // The last digits of the first number begin the second one.
    let text = format!("4111111111114111{}", "-111111111111".repeat(3));
    let (masked, _) = mask_text(&text);
    assert!(!contains_pan(&masked), "{masked}");
    assert_eq!(mask_text(&masked), (masked.clone(), 0));
}

#[test]
fn numbers_of_json_with_exponents() {
    for (before, after) in [
        ("41111111111111110e-1", "\"411111******1111\""),
        ("4111111111111111e-3", "\"411111******1111e-3\""),
        ("4111111111111111e99", "\"411111******1111e99\""),
        (
            "0.0000000000000000000000000000000000000000004111111111111111e58",
            "\"411111******1111\"",
        ),
        ("4111111111111111.0e0", "\"411111******1111\""),
        ("0.4111111111111111", "0.4111111111111111"),
        ("4e999999999999999999999", "4e999999999999999999999"),
        ("4e-999999999999999999999", "4e-999999999999999999999"),
    ] {
        let masked = mask_json(before.as_bytes(), &COMMON_RULES).unwrap();
        assert_eq!(masked.text.as_str(), after);
    }
}
