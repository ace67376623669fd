//! Small readers over a provider's JSON that never turn an amount into a float and never repeat input in an error.

use std::borrow::Cow;

use jiff::Timestamp;
use payment_event::{Amount, CurrencyCode, Identifier, PaymentStatus};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::ParseError;
use crate::exponents::ExponentTable;

/// An event type longer than this is not one.
const EVENT_TYPE_BYTES_MAX: usize = 128;

/// Arrays and objects inside one another; the same limit as `serde_json`'s own, which does not count inside what it skips.
const DEPTH_MAX: usize = 128;
/// A merchant account longer than this is not one.
const ACCOUNT_BYTES_MAX: usize = 256;
/// Digits of the milliseconds since the epoch, from September 2001 to the year 2286.
const EPOCH_MILLIS_DIGITS: usize = 13;
/// Digits and sign of the longest 64-bit integer: longer text is refused before it is kept.
const AMOUNT_BYTES_MAX: usize = 20;

/// Reads a whole body, which is an object in UTF-8 of bounded depth: what is read here can be walked by recursion afterwards.
pub(crate) fn read_body<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ParseError> {
    let text = std::str::from_utf8(body).map_err(|_| ParseError::Malformed)?;
    if !text.trim_start().starts_with('{') || too_deep(body) {
        return Err(ParseError::Malformed);
    }
    read(body)
}

fn too_deep(json: &[u8]) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return true;
        }
    }
    false
}

/// Reads `text` as `T`; anything else is [`ParseError::Malformed`].
pub(crate) fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ParseError> {
    serde_json::from_slice(body).map_err(|_| ParseError::Malformed)
}

/// A JSON scalar as text: a string unescaped, a number or boolean as written, null or absent as the empty text.
pub(crate) fn scalar(raw: Option<&RawValue>) -> Result<Cow<'_, str>, ParseError> {
    let Some(text) = raw.map(RawValue::get) else {
        return Ok(Cow::Borrowed(""));
    };
    match text.as_bytes().first() {
        Some(b'"') => string(text),
        Some(b'{' | b'[') => Err(ParseError::Malformed),
        _ if text == "null" => Ok(Cow::Borrowed("")),
        _ => Ok(Cow::Borrowed(text)),
    }
}

fn string(json: &str) -> Result<Cow<'_, str>, ParseError> {
    if let Ok(borrowed) = serde_json::from_str::<&str>(json) {
        return Ok(Cow::Borrowed(borrowed));
    }
    serde_json::from_str::<String>(json)
        .map(Cow::Owned)
        .map_err(|_| ParseError::Malformed)
}

/// Reads an object whose fields are wanted if it is one; anything else counts as an object without fields.
pub(crate) fn object_or_default<'a, T: Deserialize<'a> + Default>(
    raw: Option<&'a RawValue>,
) -> Result<T, ParseError> {
    match raw {
        Some(raw) if raw.get().starts_with('{') => read(raw.get().as_bytes()),
        _ => Ok(T::default()),
    }
}

/// The merchant's account, when one is named.
pub(crate) fn account(raw: Option<&RawValue>) -> Result<Option<String>, ParseError> {
    match scalar(raw)? {
        text if text.is_empty() => Ok(None),
        text if text.len() > ACCOUNT_BYTES_MAX => Err(ParseError::IdentifierUnusable),
        text => Ok(Some(text.into_owned())),
    }
}

/// The id in a field that holds either an id or the whole object with its `id`.
pub(crate) fn id_or_object(raw: Option<&RawValue>) -> Result<Option<Identifier>, ParseError> {
    #[derive(Deserialize)]
    struct Expanded<'a> {
        #[serde(borrow)]
        id: Option<&'a RawValue>,
    }
    let Some(raw) = raw else { return Ok(None) };
    let text = if raw.get().starts_with('{') {
        let object: Expanded<'_> = read(raw.get().as_bytes())?;
        scalar(object.id)?.into_owned()
    } else {
        scalar(Some(raw))?.into_owned()
    };
    if text.is_empty() {
        Ok(None)
    } else {
        identifier(&text).map(Some)
    }
}

/// `text` as an identifier.
pub(crate) fn identifier(text: &str) -> Result<Identifier, ParseError> {
    Identifier::new(text).map_err(|_| ParseError::IdentifierUnusable)
}

/// An event type as sent: not empty, of bounded length.
pub(crate) fn event_type(text: &str) -> Result<String, ParseError> {
    match text.len() {
        0 => Err(ParseError::FieldMissing),
        1..=EVENT_TYPE_BYTES_MAX => Ok(text.to_owned()),
        _ => Err(ParseError::Malformed),
    }
}

/// A required text field.
pub(crate) fn required<'a>(text: Cow<'a, str>) -> Result<Cow<'a, str>, ParseError> {
    if text.is_empty() {
        Err(ParseError::FieldMissing)
    } else {
        Ok(text)
    }
}

/// Seconds or milliseconds since the epoch, told apart by their thirteen digits: seconds reach those in the year 33658.
pub(crate) fn epoch_seconds_or_millis(text: &str) -> Result<Timestamp, ParseError> {
    if text.len() != EPOCH_MILLIS_DIGITS {
        return epoch_seconds(text);
    }
    let millis = text.parse::<i64>().map_err(|_| ParseError::TimeUnusable)?;
    Timestamp::from_millisecond(millis).map_err(|_| ParseError::TimeUnusable)
}

/// Seconds since the epoch, as an integer.
pub(crate) fn epoch_seconds(text: &str) -> Result<Timestamp, ParseError> {
    let seconds = text.parse::<i64>().map_err(|_| ParseError::TimeUnusable)?;
    Timestamp::from_second(seconds).map_err(|_| ParseError::TimeUnusable)
}

/// An RFC 3339 time with a zone or offset, any precision down to nanoseconds.
pub(crate) fn rfc3339(text: &str) -> Result<Timestamp, ParseError> {
    text.parse().map_err(|_| ParseError::TimeUnusable)
}

/// An amount of integer minor units with its currency; `None` when either is absent.
pub(crate) fn minor_amount(
    value: Option<&RawValue>,
    currency: Option<&RawValue>,
    exponents: &ExponentTable,
) -> Result<Option<Amount>, ParseError> {
    let text = scalar(value).map_err(|_| ParseError::AmountUnusable)?;
    let currency = scalar(currency).map_err(|_| ParseError::AmountUnusable)?;
    if text.is_empty() || currency.is_empty() {
        return Ok(None);
    }
    if text.len() > AMOUNT_BYTES_MAX {
        return Err(ParseError::AmountUnusable);
    }
    let currency = CurrencyCode::parse(&currency).map_err(|_| ParseError::AmountUnusable)?;
    let (places, source) = exponents.exponent(currency);
    Amount::from_minor_text(&text, currency, places, source)
        .map(Some)
        .map_err(|_| ParseError::AmountUnusable)
}

/// The amount where the event's status is known; where it is not, a field that merely looks like one must not cost us the event.
pub(crate) fn amount_if_known(
    status: PaymentStatus,
    amount: Result<Option<Amount>, ParseError>,
) -> Result<Option<Amount>, ParseError> {
    match amount {
        Err(_) if status == PaymentStatus::Unclassified => Ok(None),
        amount => amount,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::exponents::ISO_ONLY;

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    #[test]
    fn scalars_keep_their_text() {
        for (json, expected) in [
            ("\"a\\u0041\"", Ok("aA")),
            ("10.00", Ok("10.00")),
            ("true", Ok("true")),
            ("null", Ok("")),
            ("{}", Err(ParseError::Malformed)),
            ("[1]", Err(ParseError::Malformed)),
        ] {
            assert_eq!(
                scalar(Some(&raw(json))).as_deref().map_err(|e| *e),
                expected
            );
        }
        assert_eq!(scalar(None).unwrap(), "");
        assert_eq!(string("\"\\ud800\""), Err(ParseError::Malformed));
    }

    #[test]
    fn ids_are_plain_or_expanded() {
        let id = |text: &str| id_or_object(Some(&raw(text))).map(|i| i.map(String::from));
        assert_eq!(id("\"pi_1\""), Ok(Some("pi_1".into())));
        assert_eq!(id("{\"id\":\"pi_1\",\"x\":1}"), Ok(Some("pi_1".into())));
        assert_eq!(id("null"), Ok(None));
        assert_eq!(id("{}"), Ok(None));
        assert_eq!(id("\"a b\""), Err(ParseError::IdentifierUnusable));
        assert_eq!(id("[]"), Err(ParseError::Malformed));
    }

    #[test]
    fn absurd_numbers_are_refused_not_rounded() {
        for (json, expected) in [
            ("1130", Ok(Some(1130))),
            ("\"1130\"", Ok(Some(1130))),
            ("null", Ok(None)),
            ("1e400", Err(ParseError::AmountUnusable)),
            ("10.0", Err(ParseError::AmountUnusable)),
            ("99999999999999999999", Err(ParseError::AmountUnusable)),
            ("\"000000000000000000001\"", Err(ParseError::AmountUnusable)),
            ("{}", Err(ParseError::AmountUnusable)),
        ] {
            let got = minor_amount(Some(&raw(json)), Some(&raw("\"EUR\"")), &ISO_ONLY)
                .map(|a| a.map(|a| a.minor.0));
            assert_eq!(got, expected, "{json}");
        }
        for currency in ["\"4111\"", "{}"] {
            let unusable = minor_amount(Some(&raw("1")), Some(&raw(currency)), &ISO_ONLY);
            assert_eq!(unusable, Err(ParseError::AmountUnusable));
            assert_eq!(
                amount_if_known(PaymentStatus::Unclassified, unusable),
                Ok(None)
            );
            assert_eq!(
                amount_if_known(PaymentStatus::Captured, Err(ParseError::AmountUnusable)),
                Err(ParseError::AmountUnusable)
            );
        }
    }

    #[test]
    fn a_body_is_one_object_in_utf8_of_bounded_depth() {
        let nested = |levels: usize| {
            format!(
                "{{\"a\\\"[\":{}{}}}",
                "[".repeat(levels),
                "]".repeat(levels)
            )
            .into_bytes()
        };
        for (body, ok) in [
            (b" {}".to_vec(), true),
            (b"[]".to_vec(), false),
            (b"".to_vec(), false),
            (b"{\"a\":\"\xff\"}".to_vec(), false),
            (nested(127), true),
            (nested(128), false),
            (nested(10_000), false),
        ] {
            let got: Result<serde::de::IgnoredAny, _> = read_body(&body);
            assert_eq!(got.is_ok(), ok, "{} bytes", body.len());
        }
    }

    #[test]
    fn accounts_are_bounded() {
        let long = raw(&format!("\"{}\"", "x".repeat(257)));
        assert_eq!(account(Some(&long)), Err(ParseError::IdentifierUnusable));
        assert_eq!(
            account(Some(&raw("\"My Shop\""))),
            Ok(Some("My Shop".into()))
        );
        assert_eq!(account(None), Ok(None));
    }

    #[test]
    fn times_and_types() {
        assert_eq!(
            epoch_seconds("99999999999999"),
            Err(ParseError::TimeUnusable)
        );
        assert_eq!(epoch_seconds("x"), Err(ParseError::TimeUnusable));
        assert_eq!(rfc3339("2026-01-01"), Err(ParseError::TimeUnusable));
        assert_eq!(
            rfc3339("2026-01-01T00:00:00.1234567Z")
                .unwrap()
                .subsec_nanosecond(),
            123_456_700
        );
        assert_eq!(event_type(""), Err(ParseError::FieldMissing));
        assert_eq!(event_type(&"x".repeat(129)), Err(ParseError::Malformed));
        assert_eq!(required("".into()), Err(ParseError::FieldMissing));
    }
}
