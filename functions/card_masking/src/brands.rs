//! Which digit strings can be card numbers: issuer prefix, length and check digit.
//!
//! Source: the table of braintree's `credit-card-type` 10.3.0 (read 2026-11-23), widened to the lengths that the brands' own ranges allow.
//! The check digit is always asked for. Some UnionPay cards are said to fail it; without it every twelfth order number would be
//! masked, so such a card is caught by its field's name and not by its digits.

/// Fewest digits of a PAN.
pub(crate) const PAN_DIGITS_MIN: usize = 12;
/// Most digits of a PAN.
pub(crate) const PAN_DIGITS_MAX: usize = 19;

struct Range {
    /// First and last prefix, with the same number of digits.
    first: u32,
    last: u32,
    /// What [`PREFIX_DIGITS_MAX`] digits are divided by for as many as the prefix has.
    beyond_prefix: u32,
    lengths: &'static [usize],
}

/// Digits of the longest prefix.
const PREFIX_DIGITS_MAX: u32 = 4;

const fn range(first: u32, last: u32, prefix_digits: u32, lengths: &'static [usize]) -> Range {
    Range {
        first,
        last,
        beyond_prefix: 10_u32.pow(PREFIX_DIGITS_MAX - prefix_digits),
        lengths,
    }
}

const RANGES: &[Range] = &[
    range(4, 4, 1, &[13, 16, 18, 19]), // Visa; Elo and Naranja ranges inside it
    range(51, 55, 2, &[16]),           // Mastercard
    range(2221, 2720, 4, &[16]),       // Mastercard, 2-series
    range(34, 34, 2, &[15]),           // American Express
    range(37, 37, 2, &[15]),           // American Express
    range(30, 30, 2, &[14, 15, 16, 17, 18, 19]), // Diners Club
    range(36, 36, 2, &[14, 15, 16, 17, 18, 19]), // Diners Club
    range(38, 39, 2, &[14, 15, 16, 17, 18, 19]), // Diners Club
    range(6011, 6011, 4, &[16, 17, 18, 19]), // Discover
    range(644, 659, 3, &[16, 17, 18, 19]), // Discover, RuPay, Elo, Verve
    range(3528, 3589, 4, &[16, 17, 18, 19]), // JCB
    range(2131, 2131, 4, &[15]),       // JCB
    range(1800, 1800, 4, &[15]),       // JCB
    range(62, 62, 2, &[14, 15, 16, 17, 18, 19]), // UnionPay
    range(81, 82, 2, &[14, 15, 16, 17, 18, 19]), // UnionPay, RuPay
    range(50, 50, 2, &[12, 13, 14, 15, 16, 17, 18, 19]), // Maestro, Elo, Verve
    range(56, 58, 2, &[12, 13, 14, 15, 16, 17, 18, 19]), // Maestro, Naranja
    range(6, 6, 1, &[12, 13, 14, 15, 16, 17, 18, 19]), // Maestro, Hiper, Hipercard
    range(2200, 2204, 4, &[16, 17, 18, 19]), // Mir
    range(9792, 9792, 4, &[16]),       // Troy
];

/// Whether `digits` (values 0–9) have an issuer's prefix, a length that goes with it, and a right check digit.
pub(crate) fn is_pan(digits: &[u8]) -> bool {
    (PAN_DIGITS_MIN..=PAN_DIGITS_MAX).contains(&digits.len()) && has_brand(digits) && luhn(digits)
}

/// Brands whose shorter numbers look like international phone numbers.
pub(crate) fn may_be_phone(digits: &[u8]) -> bool {
    digits.len() <= 15 && matches!(digits.first(), Some(5 | 6 | 8 | 9))
}

fn has_brand(digits: &[u8]) -> bool {
    let prefix = digits
        .iter()
        .take(PREFIX_DIGITS_MAX as usize)
        .fold(0, |n, d| n * 10 + u32::from(*d));
    RANGES.iter().any(|r| {
        let shortened = prefix / r.beyond_prefix;
        (r.first..=r.last).contains(&shortened) && r.lengths.contains(&digits.len())
    })
}

fn luhn(digits: &[u8]) -> bool {
    let mut sum = 0;
    for (i, digit) in digits.iter().rev().enumerate() {
        let value = u32::from(*digit) * if i % 2 == 1 { 2 } else { 1 };
        sum += if value > 9 { value - 9 } else { value };
    }
    // Twelve or more zeros pass the sum and are no card.
    sum % 10 == 0 && sum != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Vec<u8> {
        text.bytes().map(|b| b - b'0').collect()
    }

    #[test]
    fn published_test_numbers_are_cards() {
        for pan in [
            "4111111111111111",
            "4012888888881881",
            "4222222222222",
            "5555555555554444",
            "5105105105105100",
            "2223003122003222",
            "378282246310005",
            "371449635398431",
            "30569309025904",
            "38520000023237",
            "6011111111111117",
            "3530111333300000",
            "6200000000000005",
            "6759649826438453",
            "5018000000000009",
            "2200000000000004",
        ] {
            assert!(is_pan(&digits(pan)), "{pan}");
        }
    }

    #[test]
    fn other_numbers_are_not() {
        for number in [
            "4111111111111112",
            "1767323045123",
            "0000000000000000",
            "41111111111",
            "41111111111111111111",
            "918527419630",
            "7999999999999999",
        ] {
            assert!(!is_pan(&digits(number)), "{number}");
        }
    }
}
