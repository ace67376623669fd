//! A record's place in the stream.

use std::cmp::Ordering;
use std::fmt;

/// The longest that DynamoDB documents: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html>, read
/// 2026-11-24.
const DIGITS_MAX: usize = 40;

/// A sequence number: up to forty digits, ordered as the number it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SequenceNumber(String);

impl SequenceNumber {
    /// Reads one; `None` when it is not one to forty digits.
    pub fn parse(text: &str) -> Option<Self> {
        let valid = (1..=DIGITS_MAX).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_digit());
        valid.then(|| Self(text.to_owned()))
    }

    /// As it came.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Padded to forty digits, so that texts are ordered as numbers: for a sort key.
    pub fn sortable(&self) -> String {
        format!("{:0>DIGITS_MAX$}", self.0)
    }

    fn digits(&self) -> &str {
        self.0.trim_start_matches('0')
    }
}

impl Ord for SequenceNumber {
    fn cmp(&self, other: &Self) -> Ordering {
        let (a, b) = (self.digits(), other.digits());
        // Equal as a number but not as a text: told apart, so that order and equality agree.
        (a.len(), a, &self.0).cmp(&(b.len(), b, &other.0))
    }
}

impl PartialOrd for SequenceNumber {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for SequenceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_that_of_numbers() {
        let mut numbers: Vec<_> = ["100", "9", "1000000000000000000000000000000000000001", "10"]
            .map(|text| SequenceNumber::parse(text).unwrap())
            .into();
        numbers.sort();
        let texts: Vec<_> = numbers.iter().map(SequenceNumber::as_str).collect();
        assert_eq!(texts[..3], ["9", "10", "100"]);
        let mut sortable: Vec<_> = numbers.iter().map(SequenceNumber::sortable).collect();
        sortable.sort();
        assert_eq!(sortable[0], format!("{}9", "0".repeat(39)));
        assert_eq!(numbers[0].to_string(), "9");
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "-1", "1.0", "１", "1 ", &"1".repeat(41)] {
            assert_eq!(SequenceNumber::parse(text), None, "{text}");
        }
    }
}
