//! Event times as providers write them, whatever the form. A time is read exactly, down to
//! nanoseconds, or not at all.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;

/// Digits of the whole part of an epoch time, by its unit. Seconds have ten from September 2001 to
/// the year 2286, and each finer unit has three more, so that a number tells its unit.
const SECONDS_DIGITS_MAX: usize = 11;
const MILLIS_DIGITS: usize = 13;
const MICROS_DIGITS: usize = 16;
const NANOS_DIGITS: usize = 19;
/// A fraction of a second that is kept.
const FRACTION_DIGITS_MAX: usize = 9;
/// A text longer than this is no time.
const BYTES_MAX: usize = 64;
/// Times outside are no times of an event: a key has four digits for the year.
const YEARS: std::ops::RangeInclusive<i16> = 1970..=9999;

/// A time in any form that providers use:
/// - RFC 3339 with a zone or an offset (`Z`, ` UTC`, `+01:00`, `+0100`), `T` or a blank in its
///   middle; without a zone it is UTC;
/// - a date, which is its first moment in UTC;
/// - RFC 2822 (`Fri, 2 Jan 2026 03:04:05 GMT`);
/// - seconds, milliseconds, microseconds or nanoseconds since the epoch, told apart by their
///   digits, with or without a fraction.
pub(crate) fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.len() > BYTES_MAX {
        return None;
    }
    let time = epoch(text).or_else(|| calendar(text))?;
    let year = TimeZone::UTC.to_datetime(time).year();
    YEARS.contains(&year).then_some(time)
}

/// A time that is signed on its own, in RFC 3339 and nothing else.
pub(crate) fn rfc3339(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

fn calendar(text: &str) -> Option<Timestamp> {
    let named = ["UTC", "GMT", "Etc/UTC"]
        .iter()
        .find_map(|zone| text.strip_suffix(zone))
        .filter(|rest| rest.ends_with(' '));
    let text = named.unwrap_or(text).trim_end();
    if let Some(time) = rfc3339(text) {
        return Some(time);
    }
    // `2026-01-02 03:04:05 +0000`: a blank in front of the offset.
    if let Some((civil, offset)) = text.rsplit_once(' ')
        && offset.starts_with(['+', '-'])
        && let Some(time) = rfc3339(&format!("{civil}{offset}"))
    {
        return Some(time);
    }
    let civil: Option<DateTime> = text.parse().ok();
    let date = || text.parse::<Date>().ok().map(DateTime::from);
    if let Some(civil) = civil.or_else(date) {
        return TimeZone::UTC.to_timestamp(civil).ok();
    }
    let parser = rfc2822::DateTimeParser::new();
    let zoned = named.map(|_| format!("{text} +0000"));
    let text = zoned.as_deref().unwrap_or(text);
    parser.parse_timestamp(text).ok()
}

fn epoch(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let fraction = fraction.trim_end_matches('0');
    if whole.is_empty()
        || !digits(whole)
        || !digits(fraction)
        || text.ends_with('.')
        || fraction.len() > FRACTION_DIGITS_MAX
    {
        return None;
    }
    // Nanoseconds in one unit, and the places that a fraction may have.
    let (unit_ns, places): (i128, usize) = match whole.len() {
        1..=SECONDS_DIGITS_MAX => (1_000_000_000, 9),
        MILLIS_DIGITS => (1_000_000, 6),
        MICROS_DIGITS => (1_000, 3),
        NANOS_DIGITS => (1, 0),
        _ => return None,
    };
    let fraction = fraction.get(..places).unwrap_or(fraction);
    let below: i128 = format!("{fraction:0<places$}").parse().unwrap_or(0);
    let nanoseconds = whole.parse::<i128>().ok()? * unit_ns + below;
    Timestamp::from_nanosecond(nanoseconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_time() {
        for (text, expected) in [
            ("1767323045", "2026-01-02T03:04:05Z"),
            ("1767323045.0", "2026-01-02T03:04:05Z"),
            ("1767323045.116", "2026-01-02T03:04:05.116Z"),
            ("1767323045678", "2026-01-02T03:04:05.678Z"),
            ("1767323045678.5", "2026-01-02T03:04:05.6785Z"),
            ("1767323045678901", "2026-01-02T03:04:05.678901Z"),
            ("1767323045678901234", "2026-01-02T03:04:05.678901234Z"),
            (" 1767323045 ", "2026-01-02T03:04:05Z"),
            ("0", "1970-01-01T00:00:00Z"),
            ("2026-01-02T03:04:05.1Z", "2026-01-02T03:04:05.1Z"),
            (
                "2026-01-02T03:04:05.123456789Z",
                "2026-01-02T03:04:05.123456789Z",
            ),
            ("2026-01-02t03:04:05z", "2026-01-02T03:04:05Z"),
            ("2026-01-02T03:04:05+01:00", "2026-01-02T02:04:05Z"),
            ("2026-01-02T03:04:05-0530", "2026-01-02T08:34:05Z"),
            ("2026-01-02 03:04:05Z", "2026-01-02T03:04:05Z"),
            ("2026-01-02 03:04:05 UTC", "2026-01-02T03:04:05Z"),
            ("2026-01-02 03:04:05 +0000", "2026-01-02T03:04:05Z"),
            ("2026-01-02 03:04:05 -05:00", "2026-01-02T08:04:05Z"),
            ("2026-01-02T03:04:05.678", "2026-01-02T03:04:05.678Z"),
            ("2026-01-02 03:04:05", "2026-01-02T03:04:05Z"),
            ("2026-01-02T03:04", "2026-01-02T03:04:00Z"),
            ("2026-01-02", "2026-01-02T00:00:00Z"),
            ("Fri, 2 Jan 2026 03:04:05 +0000", "2026-01-02T03:04:05Z"),
            ("Fri, 02 Jan 2026 03:04:05 GMT", "2026-01-02T03:04:05Z"),
        ] {
            let got = time(text).map(|time| time.to_string());
            assert_eq!(got.as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "x",
            "soon",
            ".5",
            "1.",
            "-1",
            "1e9",
            "176732304567",
            "99999999999999",
            "12345678901234567890123",
            "1767323045.1234567891",
            "2026-13-01T00:00:00Z",
            "2026-02-30",
            "1969-12-31T23:59:59Z",
            "-000001-01-01T00:00:00Z",
            "T",
            &"1".repeat(1000),
        ] {
            assert_eq!(time(text), None, "{text}");
        }
        assert_eq!(rfc3339("1767323045"), None);
    }
}
