//! Numbers that look random and follow from a seed, and card numbers made of them.

/// Published test prefixes and the length that goes with them: what is planted must look real and belong to nobody.
const TEST_PREFIXES: [(&str, usize); 5] = [
    ("411111", 16),
    ("424242", 16),
    ("555555", 16),
    ("378282", 15),
    ("601111", 16),
];

/// `SplitMix64`: the same seed gives the same numbers on every machine.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `limit` (0 when that is 0). The slight bias of the remainder does not matter for test data.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.number().checked_rem(limit).unwrap_or(0)
    }

    /// The numbers below `limit` in random order.
    pub(super) fn shuffled(&mut self, limit: u32) -> Vec<u32> {
        let mut numbers: Vec<u32> = (0..limit).collect();
        let mut rest = numbers.as_mut_slice();
        while !rest.is_empty() {
            let pick = self.below(rest.len() as u64);
            rest.swap(0, usize::try_from(pick).unwrap_or(0));
            rest = &mut rest[1..];
        }
        numbers
    }
}

/// A free text with a test card number in it, in one of the ways people write them.
pub(super) fn note_with_pan(seed: u64) -> String {
    let mut random = Random::new(seed);
    let pick = usize::try_from(random.below(TEST_PREFIXES.len() as u64)).unwrap_or(0);
    let (prefix, length) = TEST_PREFIXES[pick];
    let mut digits: Vec<u8> = prefix.bytes().map(|b| b - b'0').collect();
    while digits.len() < length - 1 {
        digits.push(u8::try_from(random.below(10)).unwrap_or(0));
    }
    digits.push(check_digit(&digits));
    let separator = ["", " ", "-"][usize::try_from(random.below(3)).unwrap_or(0)];
    let mut number = String::new();
    for (i, digit) in digits.iter().enumerate() {
        if i > 0 && i % 4 == 0 {
            number.push_str(separator);
        }
        number.push(char::from(b'0' + digit));
    }
    format!("Paid by phone, card {number}, leave with the neighbour")
}

/// The digit that makes the Luhn sum of `digits` and itself a multiple of ten.
fn check_digit(digits: &[u8]) -> u8 {
    let sum = digits.iter().rev().enumerate().fold(0u32, |sum, (i, d)| {
        let value = u32::from(*d) * if i % 2 == 0 { 2 } else { 1 };
        sum + if value > 9 { value - 9 } else { value }
    });
    u8::try_from((10 - sum % 10) % 10).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_digit_is_luhns() {
        for (digits, expected) in [("411111111111111", 1), ("37828224631000", 5), ("0", 0)] {
            let digits: Vec<u8> = digits.bytes().map(|b| b - b'0').collect();
            assert_eq!(check_digit(&digits), expected);
        }
    }

    #[test]
    fn every_note_holds_a_number_that_the_detector_finds() {
        for seed in 0..500 {
            let note = note_with_pan(seed);
            // Two, where some groups of the number make another one.
            assert!(card_masking::mask_text(&note).1 >= 1, "{note}");
            assert_eq!(note, note_with_pan(seed));
        }
    }

    #[test]
    fn shuffling_loses_nothing() {
        let mut numbers = Random::new(7).shuffled(100);
        assert_ne!(numbers, (0..100).collect::<Vec<_>>());
        numbers.sort_unstable();
        assert_eq!(numbers, (0..100).collect::<Vec<_>>());
        assert!(Random::new(7).shuffled(0).is_empty());
        assert_eq!(Random::new(7).below(0), 0);
    }
}
