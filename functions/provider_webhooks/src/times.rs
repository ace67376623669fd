//! Event times as providers write them. A time is read exactly, down to nanoseconds, or refused.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::ParseError;

/// Digits of the milliseconds since the epoch, from September 2001 to the year 2286.
const EPOCH_MILLIS_DIGITS: usize = 13;

/// Seconds or milliseconds since the epoch, told apart by their thirteen digits: seconds reach those in the year 33658.
pub(crate) fn epoch_seconds_or_millis(text: &str) -> Result<Timestamp, ParseError> {
    if text.len() == EPOCH_MILLIS_DIGITS {
        epoch_millis(text)
    } else {
        epoch_seconds(text)
    }
}

/// Seconds since the epoch, as an integer.
pub(crate) fn epoch_seconds(text: &str) -> Result<Timestamp, ParseError> {
    let seconds = text.parse::<i64>().map_err(|_| ParseError::TimeUnusable)?;
    Timestamp::from_second(seconds).map_err(|_| ParseError::TimeUnusable)
}

/// Milliseconds since the epoch, as an integer.
pub(crate) fn epoch_millis(text: &str) -> Result<Timestamp, ParseError> {
    let millis = text.parse::<i64>().map_err(|_| ParseError::TimeUnusable)?;
    Timestamp::from_millisecond(millis).map_err(|_| ParseError::TimeUnusable)
}

/// An RFC 3339 time with a zone or offset (`Z`, `+01:00`, `+0100`), any precision down to nanoseconds, `T` or a blank in its middle.
pub(crate) fn rfc3339(text: &str) -> Result<Timestamp, ParseError> {
    text.parse().map_err(|_| ParseError::TimeUnusable)
}

/// The same, and without a zone it is UTC: for providers whose documents say so, or whose file states it as an assumption.
pub(crate) fn rfc3339_or_utc(text: &str) -> Result<Timestamp, ParseError> {
    rfc3339(text).or_else(|_| {
        let civil: DateTime = text.parse().map_err(|_| ParseError::TimeUnusable)?;
        let time = TimeZone::UTC.to_timestamp(civil);
        time.map_err(|_| ParseError::TimeUnusable)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_time() {
        type Reader = fn(&str) -> Result<Timestamp, ParseError>;
        let rows: &[(Reader, &str, &str)] = &[
            (epoch_seconds, "1767323045", "2026-01-02T03:04:05Z"),
            (epoch_millis, "1767323045678", "2026-01-02T03:04:05.678Z"),
            (
                epoch_seconds_or_millis,
                "1767323045678",
                "2026-01-02T03:04:05.678Z",
            ),
            (
                epoch_seconds_or_millis,
                "1767323045",
                "2026-01-02T03:04:05Z",
            ),
            (rfc3339, "2026-01-02T03:04:05.1Z", "2026-01-02T03:04:05.1Z"),
            (
                rfc3339,
                "2026-01-02T03:04:05.1234567Z",
                "2026-01-02T03:04:05.1234567Z",
            ),
            (
                rfc3339,
                "2026-01-02T03:04:05.123456789Z",
                "2026-01-02T03:04:05.123456789Z",
            ),
            (rfc3339, "2026-01-02T03:04:05+01:00", "2026-01-02T02:04:05Z"),
            (rfc3339, "2026-01-02T03:04:05-0530", "2026-01-02T08:34:05Z"),
            (rfc3339, "2026-01-02 03:04:05Z", "2026-01-02T03:04:05Z"),
            (
                rfc3339_or_utc,
                "2026-01-02T03:04:05.678",
                "2026-01-02T03:04:05.678Z",
            ),
            (
                rfc3339_or_utc,
                "2026-01-02T03:04:05+01:00",
                "2026-01-02T02:04:05Z",
            ),
        ];
        for (read, text, expected) in rows {
            assert_eq!(
                read(text).map(|t| t.to_string()).as_deref(),
                Ok(*expected),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["99999999999999", "x", "", "1.5"] {
            assert_eq!(epoch_seconds(text), Err(ParseError::TimeUnusable), "{text}");
        }
        assert_eq!(epoch_millis("x"), Err(ParseError::TimeUnusable));
        for text in [
            "2026-01-01",
            "2026-01-02T03:04:05",
            "2026-13-01T00:00:00Z",
            "T",
        ] {
            assert_eq!(rfc3339(text), Err(ParseError::TimeUnusable), "{text}");
        }
        for text in ["yesterday", "2026-02-30T00:00:00"] {
            assert_eq!(
                rfc3339_or_utc(text),
                Err(ParseError::TimeUnusable),
                "{text}"
            );
        }
    }
}
