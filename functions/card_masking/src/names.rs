//! The names that say "card data", whatever the provider.
//!
//! A name is compared in lower case and without anything but letters and digits, so `CARD-CVC`,
//! `cardCvc` and `card_cvc` are one. Asked of every value, hence without an allocation.

use crate::endings::may_say_card_data;
use crate::steps;

/// Letters of a name that are looked at: the last ones.
const LETTERS_MAX: usize = 48;

/// Names that say so as the last words of a longer name, too: `paymentCardCvc`.
pub(crate) const LAST_WORDS: &[&[u8]] = &[
    // The security code.
    b"cvc",
    b"cvc1",
    b"cvc2",
    b"cvc3",
    b"cvv",
    b"cvv1",
    b"cvv2",
    b"cvv3",
    b"icvv",
    b"dcvv",
    b"cvn",
    b"cvn2",
    b"cvd",
    b"csc",
    b"cav2",
    b"cv",
    b"cvx",
    b"cvx2",
    b"securitycode",
    b"cardcode",
    b"cardverification",
    b"cardvalidation",
    b"verificationvalue",
    b"validationvalue",
    // The number.
    b"cardnumber",
    b"cardno",
    b"cardnum",
    b"cardpan",
    b"ccnumber",
    b"ccnum",
    b"ccno",
    b"dpan",
    b"fpan",
    b"fullpan",
    b"creditcardnumber",
    b"debitcardnumber",
    b"accountnumber",
    b"primaryaccountnumber",
    b"iban",
    b"routingnumber",
    // The magnetic stripe and the chip.
    b"track1",
    b"track2",
    b"track3",
    b"trackone",
    b"tracktwo",
    b"track",
    b"tracks",
    b"magstripe",
    b"magnetictrack",
    b"magneticstripe",
    b"magdata",
    b"swipedata",
    b"emvdata",
    b"iccdata",
    // The PIN.
    b"pinblock",
    b"pinnumber",
    b"cardpin",
];

/// Words that may follow one of [`LAST_WORDS`] and say no more.
pub(crate) const SUFFIXES: [&[u8]; 9] = [
    b"data",
    b"number",
    b"code",
    b"value",
    b"num",
    b"no",
    b"digits",
    b"equivalent",
    b"raw",
];

/// Names that say so only on their own, or with a word of [`PREFIXES`] before: `map_pin` is none.
pub(crate) const WHOLE: &[&[u8]] = &[
    b"pan",
    b"pin",
    b"pindata",
    b"pinvalue",
    b"cid",
    b"cav",
    b"epb",
];

pub(crate) const PREFIXES: [&[u8]; 6] = [
    b"card",
    b"cc",
    b"creditcard",
    b"debitcard",
    b"bankcard",
    b"paymentcard",
];

/// Words of [`LAST_WORDS`] that say nothing without one of [`SUFFIXES`].
const INCOMPLETE: [&[u8]; 5] = [
    b"cv",
    b"cardverification",
    b"cardvalidation",
    b"track",
    b"tracks",
];

/// The last letters and digits of a name.
struct Plain {
    /// Filled from the end.
    letters: [u8; LETTERS_MAX],
    /// Index of the first one.
    start: usize,
    /// The name has no others.
    complete: bool,
    /// A bit for each index at which a word begins.
    words: u64,
}

const _: () = assert!(LETTERS_MAX < 64);

impl Plain {
    fn new(name: &str) -> Self {
        let mut plain = Self {
            letters: [0; LETTERS_MAX],
            start: LETTERS_MAX,
            complete: true,
            words: 0,
        };
        let mut after = b'_';
        for byte in name.bytes().rev() {
            steps::count(1);
            // A letter beyond ASCII is one that no name has.
            let letter = byte.is_ascii_alphanumeric() || !byte.is_ascii();
            if !letter || (!byte.is_ascii_uppercase() && after.is_ascii_uppercase()) {
                plain.words |= 1 << plain.start;
            }
            after = byte;
            if !letter {
                continue;
            }
            let Some(start) = plain.start.checked_sub(1) else {
                plain.complete = false;
                break;
            };
            plain.start = start;
            if let Some(place) = plain.letters.get_mut(start) {
                *place = byte.to_ascii_lowercase();
            }
            // In `CARDNumber` the word begins with the last of several capitals, which is left out:
            // what is written so is compared as a whole, too.
        }
        if plain.complete {
            plain.words |= 1 << plain.start;
        }
        plain
    }

    fn from(&self, index: usize) -> &[u8] {
        self.letters.get(index..).unwrap_or_default()
    }
}

/// Returns true if a name says "card data".
pub(crate) fn is_always(name: &str) -> bool {
    may_say_card_data(name) && judged_always(name)
}

/// The same, whatever the name ends with.
pub(crate) fn judged_always(name: &str) -> bool {
    let plain = Plain::new(name);
    if plain.complete && is_whole(plain.from(plain.start)) {
        return true;
    }
    let mut words = plain.words;
    while words != 0 {
        let index = words.trailing_zeros() as usize;
        words &= words - 1;
        if says_card_data(plain.from(index)) {
            return true;
        }
    }
    false
}

/// Returns true if two names are the same but for case and separators.
pub(crate) fn same_name(one: &str, other: &str) -> bool {
    // From the end, where most names differ.
    fn letters(text: &str) -> impl Iterator<Item = u8> + '_ {
        let bytes = text.bytes().rev().filter(u8::is_ascii_alphanumeric);
        bytes.map(|byte| byte.to_ascii_lowercase())
    }
    letters(one).eq(letters(other))
}

fn is_whole(letters: &[u8]) -> bool {
    let rest = PREFIXES
        .iter()
        .filter_map(|prefix| letters.strip_prefix(*prefix));
    rest.chain([letters])
        .any(|letters| WHOLE.contains(&letters) || says_card_data(letters))
}

/// The lengths of [`LAST_WORDS`] by their last letter: a bit for each. Nearly no word has both of one.
static LAST_LETTERS: [u64; 256] = {
    let mut lengths = [0; 256];
    let mut index = 0;
    while index < LAST_WORDS.len() {
        let word = LAST_WORDS[index];
        lengths[word[word.len() - 1] as usize] |= 1 << word.len();
        index += 1;
    }
    lengths
};

fn is_last_word(letters: &[u8]) -> bool {
    let lengths = letters
        .last()
        .and_then(|last| LAST_LETTERS.get(usize::from(*last)));
    lengths.is_some_and(|lengths| letters.len() < 64 && lengths >> letters.len() & 1 != 0)
        && LAST_WORDS.contains(&letters)
}

fn says_card_data<'a>(letters: &'a [u8]) -> bool {
    // Nearly no name ends as one of these does.
    if !matches!(letters.len(), 2..=40) {
        return false;
    }
    if is_last_word(letters) {
        return !INCOMPLETE.contains(&letters);
    }
    let shorter = |letters: &'a [u8]| {
        SUFFIXES
            .iter()
            .filter_map(move |suffix| letters.strip_suffix(*suffix))
    };
    // `track2EquivalentData` has two of them.
    shorter(letters)
        .flat_map(|letters| shorter(letters).chain([letters]))
        .any(is_last_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_say_card_data_are_known_however_they_are_written() {
        for name in [
            "pan",
            "cardnumber",
            "cvv2",
            "track1",
            "pinblock",
            "iban",
            "primaryaccountnumber",
            "track2data",
            "cardverificationcode",
        ] {
            let spelled: String = name
                .chars()
                .flat_map(|c| ['_', c.to_ascii_uppercase(), '-'])
                .collect();
            assert!(is_always(name) && is_always(&spelled), "{name}");
            assert!(!is_always(&format!("{name}x")) && !is_always(&format!("\u{fc}{name}")));
        }
        for name in [
            "track2Data",
            "csc",
            "cvn",
            "cvvNumber",
            "cvNumber",
            "card_cvc",
            "CARD-CVC",
            "cardCvc",
            "cardVerificationCode",
            "card_verification_value",
            "cardCode",
            "card_code",
            "pin_data",
            "magstripe",
            "magStripeData",
            "track_2_equivalent_data",
            "payment.card.cvc",
            "card[cvv]",
            "paymentCardCvc",
            "customer_cvv2",
            "CardCVV",
            "CVV Number",
            "Security Code",
            "cardPin",
            "card_pan",
            "ccCid",
            "cvd_value",
            "CardSecurityCode",
            "encrypted-track-data",
            "CARDNUMBER",
            "bank_account_number",
            "cardcvc",
            "creditCardSecurityCode",
        ] {
            assert!(is_always(name), "{name}");
        }
    }

    #[test]
    fn other_names_are_not() {
        for name in [
            "",
            "_-",
            "pa",
            "panorama",
            "primaryaccountnumberprimaryaccountnumber",
            "cvc_check",
            "cvvResult",
            "cvv_result_code",
            "card_verification",
            "map_pin",
            "japan",
            "company",
            "client_cid",
            "pincode",
            "track",
            "sound_track",
            "tracking_number",
            "card_id",
            "number",
            "code",
            "cv",
            "curriculum_cv",
            "last4",
            "card_number_last4",
            "spin",
            "pinned",
            "account_name",
            "zip_code",
            "gift_code",
            "order_no",
        ] {
            assert!(!is_always(name), "{name}");
        }
        assert!(!is_always(&"x_".repeat(100)));
        assert!(is_always(&format!("{}_cvc", "x".repeat(100))));
    }

    #[test]
    fn names_are_the_same_but_for_case_and_separators() {
        assert!(same_name("cardholder_name", "Cardholder Name"));
        assert!(!same_name("cardholder_name", "cardholder") && !same_name("name", "nam"));
    }
}
