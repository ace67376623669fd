//! Which digit strings can be card numbers: issuer prefix, length and check digit.
//!
//! Source: the table of braintree's `credit-card-type` 10.3.0 (read 2026-11-23), widened to the lengths that the brands' own ranges allow.
//! Domestic brands: <https://en.wikipedia.org/wiki/Payment_card_number> (UzCard, Humo, RuPay) and
//! <https://gist.github.com/hungtrn75/c1dfd5cb0dfcb1045c32970a69a127b5> (NAPAS), read 2026-11-27.
//! UATP is left out: its only prefix is `1`, so one in ten of all order numbers of 15 digits that begin
//! with it would be masked, and its cards are said to need no check digit
//! (<https://github.com/stripe-archive/jquery.payment/pull/224>, read 2026-11-27).
//!
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
    /// What [`PREFIX_DIGITS`] digits are divided by for as many as the prefix has.
    beyond_prefix: u32,
    lengths: &'static [usize],
}

/// Digits of the longest prefix.
pub(crate) const PREFIX_DIGITS: usize = 4;

const fn range(first: u32, last: u32, prefix_digits: u32, lengths: &'static [usize]) -> Range {
    Range {
        first,
        last,
        beyond_prefix: 10_u32.pow(PREFIX_DIGITS as u32 - prefix_digits),
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
    range(81, 81, 2, &[14, 15, 16, 17, 18, 19]), // UnionPay
    range(82, 82, 2, &[16]),           // RuPay
    range(50, 50, 2, &[12, 13, 14, 15, 16, 17, 18, 19]), // Maestro, Elo, Verve
    range(56, 58, 2, &[12, 13, 14, 15, 16, 17, 18, 19]), // Maestro, Naranja
    range(6, 6, 1, &[12, 13, 14, 15, 16, 17, 18, 19]), // Maestro, Hiper, Hipercard
    range(2200, 2204, 4, &[16, 17, 18, 19]), // Mir
    range(9792, 9792, 4, &[16]),       // Troy
    range(8600, 8600, 4, &[16]),       // UzCard
    range(9860, 9860, 4, &[16]),       // Humo
    range(9704, 9704, 4, &[16, 19]),   // NAPAS
];

/// How card numbers begin: a bit for every [`PREFIX_DIGITS`] digits that some brand's begin with, whatever their length.
pub(crate) struct Beginnings([u64; Self::WORDS]);

impl Beginnings {
    const COUNT: usize = 10_usize.pow(PREFIX_DIGITS as u32);
    const WORDS: usize = Self::COUNT.div_ceil(u64::BITS as usize);

    /// Returns true if a number that begins with these digits may be a card number.
    pub(crate) fn hold(&self, prefix: usize) -> bool {
        let word = self.0.get(prefix / 64);
        word.is_some_and(|word| word >> (prefix % 64) & 1 != 0)
    }
}

/// Made of the brands' own table, so it cannot fall behind it.
pub(crate) static BEGINNINGS: Beginnings = {
    let mut bits = [0; Beginnings::WORDS];
    let mut index = 0;
    while index < RANGES.len() {
        let range = &RANGES[index];
        let mut prefix = (range.first * range.beyond_prefix) as usize;
        while prefix < ((range.last + 1) * range.beyond_prefix) as usize {
            bits[prefix / 64] |= 1 << (prefix % 64);
            prefix += 1;
        }
        index += 1;
    }
    Beginnings(bits)
};

/// Returns true if a number can be of a brand whose shorter numbers look like international phone
/// numbers.
pub(crate) fn may_be_phone(first: u8, length: usize) -> bool {
    length <= 15 && matches!(first, 5 | 6 | 8 | 9)
}

/// Returns true if an issuer has card numbers of this length that begin with these
/// [`PREFIX_DIGITS`] digits.
pub(crate) fn has_brand(prefix: u32, length: usize) -> bool {
    RANGES.iter().any(|r| {
        let shortened = prefix / r.beyond_prefix;
        (r.first..=r.last).contains(&shortened) && r.lengths.contains(&length)
    })
}

/// Returns what a digit adds to the sum that the check digit makes a multiple of ten (the formula
/// of Luhn). The check digit itself, which is the last one, is at place 0.
pub(crate) const fn check_term(digit: u8, place: usize) -> u32 {
    const DOUBLED: [u8; 10] = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9];
    if place % 2 == 1 {
        DOUBLED[(digit % 10) as usize] as u32
    } else {
        digit as u32
    }
}

/// Returns true if the check terms of a number add up as they must. Twelve or more zeros do, and
/// are no card.
pub(crate) const fn check_digit_is_right(sum: u32) -> bool {
    sum.is_multiple_of(10) && sum != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_pan(digits: &str) -> bool {
        let values = digits.bytes().map(|b| b - b'0');
        let terms = values.rev().enumerate().map(|(i, v)| check_term(v, i));
        has_brand(digits[..PREFIX_DIGITS].parse().unwrap(), digits.len())
            && check_digit_is_right(terms.sum())
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
            "8600000000000007",
            "9860000000000000",
            "9704000000000018",
            "8200000000000001",
        ] {
            assert!(is_pan(pan), "{pan}");
        }
    }

    #[test]
    fn the_beginnings_are_those_of_the_brands() {
        for prefix in 0..Beginnings::COUNT {
            let lengths = PAN_DIGITS_MIN..=PAN_DIGITS_MAX;
            let digits = u32::try_from(prefix).unwrap();
            let any = lengths.into_iter().any(|length| has_brand(digits, length));
            assert_eq!(BEGINNINGS.hold(prefix), any, "{prefix}");
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
            "820000000000008",
            "100000000000009",
        ] {
            assert!(!is_pan(number), "{number}");
        }
    }
}
