//! Sample bodies and secrets in each provider's form, for `payhook send`, the demo and the tests. Nothing that runs in a function uses it.
//!
//! A sample is `fixtures/NAME/sample.template`, a body with placeholders `{{name}}`, or `{{name:8}}` for so many characters. Its shape follows the provider's published
//! examples (named in the folder's `SOURCE.md`); the values are ours.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use payment_event::CurrencyCode;

use crate::exponents::ExponentTable;
use crate::{KeyEncoding, ProviderInfo, Secrets, providers};

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

const NOTE: &str = "Order of two items \u{2014} leave with the neighbour";

/// A payment (captured, or as far as `provider` tells of one) as `provider` would tell it; `None` for a provider that is not in the catalogue.
pub fn sample(provider: &str, params: &SampleParams) -> Option<Vec<u8>> {
    Some(providers::by_name(provider)?.sample(params))
}

/// Secrets number `n` (from 1) in the provider's form: keys and settings that differ from those of another number.
pub fn sample_secrets(info: &ProviderInfo, n: u8) -> Secrets {
    let form = &info.key;
    let bytes: Vec<u8> = (0..form.bytes)
        .map(|i| i.wrapping_mul(7).wrapping_add(n))
        .collect();
    let key = match form.encoding {
        KeyEncoding::None => None,
        KeyEncoding::Text => Some(format!("example_{}_{n}", info.name)),
        KeyEncoding::Hex => Some(hex::encode_upper(&bytes)),
        KeyEncoding::Base64 => Some(STANDARD.encode(&bytes)),
    };
    let key = key.map(|key| format!("{}{key}", form.prefix));
    let number = n.to_string();
    info.settings
        .iter()
        .fold(Secrets::new(key, None), |secrets, setting| {
            secrets.with(setting.name, setting.sample.replace("{n}", &number))
        })
}

/// Odd and without a factor in common with [`NUMBER_MAX`], so that numbers of different sequence differ.
const SPREAD: u64 = 7_919;
/// Numbers of eighteen digits, as ids of 64 bits are.
const NUMBER_MIN: u64 = 100_000_000_000_000_000;
const NUMBER_MAX: u64 = 9 * NUMBER_MIN;

/// How a text is written where a placeholder stands.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Escape {
    /// Inside a JSON string.
    Json,
    /// As the text of an XML element.
    Xml,
}

/// Fills a template. Placeholders: `sequence`, `number`, `hex` and `uuid` (made of the sequence number), `amount_minor`, `amount_major` (by `exponents`), `currency`,
/// `currency_lower`, `note`, `time_s`, `time_ms`, `time` (RFC 3339, UTC, so many decimals as its number says, zone `Z`), and `more`'s own. A number behind a colon
/// pads `sequence` and `hex` with zeros. An unknown placeholder stays as it is, for a test to find.
pub(crate) fn fill(
    template: &str,
    params: &SampleParams,
    exponents: &ExponentTable,
    escape: Escape,
    more: &[(&str, &str)],
) -> String {
    let mut filled = String::with_capacity(template.len() + 512);
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once("{{") {
        filled.push_str(before);
        let (placeholder, after) = behind.split_once("}}").unwrap_or((behind, ""));
        let (name, width) = placeholder.split_once(':').unwrap_or((placeholder, ""));
        let width: usize = width.parse().unwrap_or(0);
        let own = more
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(_, value)| (*value).to_owned());
        match own.or_else(|| value(name, width, params, exponents, escape)) {
            Some(value) => filled.push_str(&value),
            None => filled.push_str(&format!("{{{{{placeholder}}}}}")),
        }
        rest = after;
    }
    filled + rest
}

fn value(
    name: &str,
    width: usize,
    params: &SampleParams,
    exponents: &ExponentTable,
    escape: Escape,
) -> Option<String> {
    Some(match name {
        "sequence" => format!("{:0width$}", params.sequence),
        "number" => (params.sequence.wrapping_mul(SPREAD) % NUMBER_MAX + NUMBER_MIN).to_string(),
        "hex" => format!("{:0width$x}", params.sequence),
        "uuid" => {
            let (high, low) = (params.sequence >> 32, params.sequence & 0xFFFF_FFFF);
            format!("{high:08x}-0000-4000-8000-{low:012x}")
        }
        "amount_minor" => params.amount_minor.to_string(),
        "amount_major" => {
            let currency = CurrencyCode::parse(&params.currency).ok()?;
            major(params.amount_minor, exponents.exponent(currency).0.into())
        }
        "currency" => params.currency.to_uppercase(),
        "currency_lower" => params.currency.to_lowercase(),
        "note" => escaped(params.note.as_deref().unwrap_or(NOTE), escape),
        "time_s" => params.at.as_second().to_string(),
        "time_ms" => params.at.as_millisecond().to_string(),
        "time" => format!("{:.width$}", params.at),
        _ => return None,
    })
}

/// Minor units as decimal text of major ones.
fn major(minor: i64, places: usize) -> String {
    let digits = format!("{:0>1$}", minor.unsigned_abs(), places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let sign = if minor < 0 { "-" } else { "" };
    let point = if places > 0 { "." } else { "" };
    format!("{sign}{whole}{point}{fraction}")
}

fn escaped(text: &str, escape: Escape) -> String {
    match escape {
        // A string always serialises; its quotes are the template's.
        Escape::Json => {
            let quoted = serde_json::to_string(text).unwrap_or_default();
            quoted
                .trim_start_matches('"')
                .strip_suffix('"')
                .unwrap_or_default()
                .to_owned()
        }
        Escape::Xml => quick_xml::escape::escape(text).into_owned(),
    }
}

/// A filled JSON template without the blanks between its tokens, as most providers send it.
pub(crate) fn compact(json: &str) -> Vec<u8> {
    let (mut in_string, mut escaped) = (false, false);
    let keep = |byte: &u8| {
        let quote = *byte == b'"' && !escaped;
        escaped = in_string && *byte == b'\\' && !escaped;
        in_string ^= quote;
        in_string || !byte.is_ascii_whitespace()
    };
    json.bytes().filter(keep).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::exponents::ISO_ONLY;

    fn params(note: Option<&str>) -> SampleParams {
        SampleParams {
            sequence: 255,
            amount_minor: -5,
            currency: "eur".into(),
            at: "2026-01-02T03:04:05.678Z".parse().unwrap(),
            note: note.map(str::to_owned),
        }
    }

    #[test]
    fn templates_are_filled() {
        let text = "{{hex:4}} {{sequence}} {{amount_minor}} {{amount_major}} {{currency}} {{currency_lower}} {{time_s}} {{time_ms}} {{time:3}} {{time:0}} {{psp}} {{nobody:2}}";
        let filled = fill(
            text,
            &params(None),
            &ISO_ONLY,
            Escape::Json,
            &[("psp", "P1")],
        );
        let expected = "00ff 255 -5 -0.05 EUR eur 1767323045 1767323045678 2026-01-02T03:04:05.678Z 2026-01-02T03:04:05Z P1 {{nobody:2}}";
        assert_eq!(filled, expected);
        assert_eq!(
            fill("{{note", &params(Some("n")), &ISO_ONLY, Escape::Json, &[]),
            "n"
        );
    }

    #[test]
    fn notes_are_escaped_for_their_place() {
        let params = params(Some("\"a\" & <b>\n"));
        assert_eq!(
            fill("{{note}}", &params, &ISO_ONLY, Escape::Json, &[]),
            "\\\"a\\\" & <b>\\n"
        );
        assert_eq!(
            fill("{{note}}", &params, &ISO_ONLY, Escape::Xml, &[]),
            "&quot;a&quot; &amp; &lt;b&gt;\n"
        );
    }

    #[test]
    fn blanks_go_between_tokens_only() {
        let json = "{ \"a b\\\\\" :\n\t\"c \\\" d\" , \"e\": [ 1 ] }";
        assert_eq!(compact(json), b"{\"a b\\\\\":\"c \\\" d\",\"e\":[1]}");
    }

    #[test]
    fn major_units() {
        for (minor, places, expected) in [
            (1130, 2, "11.30"),
            (-5, 2, "-0.05"),
            (5, 0, "5"),
            (0, 3, "0.000"),
            (i64::MIN, 2, "-92233720368547758.08"),
        ] {
            assert_eq!(major(minor, places), expected);
        }
    }
}
