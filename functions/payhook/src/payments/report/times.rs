//! Times as reports write them. A time whose zone is not known is none.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// Abbreviations of zones that mean one offset, in hours. CST, IST and others mean several.
/// Source: the abbreviations of the IANA time zone database, release 2025b.
const ZONES: [(&str, i8); 20] = [
    ("UTC", 0),
    ("GMT", 0),
    ("WET", 0),
    ("WEST", 1),
    ("BST", 1),
    ("CET", 1),
    ("CEST", 2),
    ("EET", 2),
    ("EEST", 3),
    ("EST", -5),
    ("EDT", -4),
    ("CDT", -5),
    ("MST", -7),
    ("MDT", -6),
    ("PST", -8),
    ("PDT", -7),
    ("JST", 9),
    ("HKT", 8),
    ("AEST", 10),
    ("AEDT", 11),
];

/// `2026-03-02 09:00:06`, in UTC.
pub(super) fn utc(text: &str) -> Option<Timestamp> {
    Offset::UTC.to_timestamp(text.parse().ok()?).ok()
}

/// `2026-03-02 09:00:06` in the zone of an abbreviation.
pub(super) fn abbreviated(text: &str, zone: &str) -> Option<Timestamp> {
    let time: DateTime = text.parse().ok()?;
    let (_, hours) = ZONES.iter().find(|(name, _)| *name == zone)?;
    Offset::constant(*hours).to_timestamp(time).ok()
}

/// `2026/03/02 09:00:06 -0800`.
pub(super) fn slashed(text: &str) -> Option<Timestamp> {
    Timestamp::strptime("%Y/%m/%d %H:%M:%S %z", text).ok()
}

/// `2026-03-02T09:00:06.101Z`.
pub(super) fn rfc3339(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_with_its_zone_or_not_at_all() {
        let nine: Timestamp = "2026-03-02T09:00:06Z".parse().unwrap();
        assert_eq!(utc("2026-03-02 09:00:06"), Some(nine));
        assert_eq!(abbreviated("2026-03-02 10:00:06", "CET"), Some(nine));
        assert_eq!(abbreviated("2026-03-02 01:00:06", "PST"), Some(nine));
        assert_eq!(slashed("2026/03/02 01:00:06 -0800"), Some(nine));
        assert_eq!(rfc3339("2026-03-02T09:00:06Z"), Some(nine));
        for nothing in ["", "8/6/2026 12:00", "2026-13-02 09:00:06", "\u{663}"] {
            assert_eq!(utc(nothing), None, "{nothing}");
            assert_eq!(slashed(nothing), None, "{nothing}");
            assert_eq!(rfc3339(nothing), None, "{nothing}");
            assert_eq!(abbreviated(nothing, "CET"), None, "{nothing}");
        }
        assert_eq!(abbreviated("2026-03-02 10:00:06", "IST"), None);
    }
}
