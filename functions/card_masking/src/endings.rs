//! The last three letters of the names that say "card data": nearly no name ends so, and then nothing else is to be asked of it.
//!
//! Invariant: the set says only that a name is surely none of those. It is made of the names' own tables when the crate is compiled, so it cannot
//! fall behind them. What it cannot exclude is judged by `names`.

use crate::names::{LAST_WORDS, SUFFIXES, WHOLE};

/// Letters of an ending. No name is shorter.
const LETTERS: usize = 3;

/// A bit for each ending, which several may share.
struct Endings([u64; Endings::WORDS]);

impl Endings {
    const WORDS: usize = 32;

    const fn place(ending: [u8; LETTERS]) -> (usize, u64) {
        let [first, second, third] = ending;
        // Letters and digits differ in their low five bits, nearly all of them.
        let mixed =
            (first as usize & 31) | (second as usize & 31) << 5 | (third as usize & 31) << 10;
        let mixed = mixed ^ (mixed >> 6) ^ (mixed >> 11);
        ((mixed >> 6) % Self::WORDS, 1 << (mixed & 63))
    }

    const fn with(mut self, before: &[u8], word: &[u8]) -> Self {
        let mut ending = [0; LETTERS];
        let mut index = 0;
        while index < LETTERS {
            let from_end = LETTERS - index;
            ending[index] = if from_end <= word.len() {
                word[word.len() - from_end]
            } else {
                // Two letters at least: one of what comes before.
                before[before.len() - (from_end - word.len())]
            };
            index += 1;
        }
        let (word, bit) = Self::place(ending);
        self.0[word] |= bit;
        self
    }

    const fn may_hold(&self, ending: [u8; LETTERS]) -> bool {
        let (word, bit) = Self::place(ending);
        self.0[word] & bit != 0
    }
}

/// How the names end: with a whole one, with one of the last words, or with a suffix behind it or behind another suffix.
static ENDINGS: Endings = {
    let mut endings = Endings([0; Endings::WORDS]);
    let mut index = 0;
    while index < WHOLE.len() {
        endings = endings.with(&[], WHOLE[index]);
        index += 1;
    }
    let mut suffix = 0;
    while suffix < SUFFIXES.len() {
        let mut index = 0;
        while index < LAST_WORDS.len() {
            endings = endings.with(LAST_WORDS[index], SUFFIXES[suffix]);
            index += 1;
        }
        index = 0;
        while index < SUFFIXES.len() {
            endings = endings.with(SUFFIXES[index], SUFFIXES[suffix]);
            index += 1;
        }
        suffix += 1;
    }
    let mut index = 0;
    while index < LAST_WORDS.len() {
        // One of two letters says nothing without a suffix.
        if LAST_WORDS[index].len() >= LETTERS {
            endings = endings.with(&[], LAST_WORDS[index]);
        }
        index += 1;
    }
    endings
};

/// Returns false if the name surely does not say "card data".
pub(crate) fn may_say_card_data(name: &str) -> bool {
    let mut ending = [0; LETTERS];
    let mut missing = LETTERS;
    for byte in name.bytes().rev() {
        let byte = byte.to_ascii_lowercase();
        if !byte.is_ascii() {
            // A letter of another script, which no name has.
            return false;
        }
        if !byte.is_ascii_alphanumeric() {
            continue;
        }
        missing -= 1;
        if let Some(place) = ending.get_mut(missing) {
            *place = byte;
        }
        if missing == 0 {
            return ENDINGS.may_hold(ending);
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::names::{PREFIXES, judged_always};

    /// Names put together of what the tables have, and of what they do not.
    fn names() -> impl Strategy<Value = String> {
        let known: Vec<String> = [LAST_WORDS, &SUFFIXES, WHOLE, &PREFIXES]
            .concat()
            .into_iter()
            .map(|word| String::from_utf8(word.to_vec()).unwrap())
            .collect();
        let capital = |word: String| {
            let (first, rest) = word.split_at(1);
            format!("{}{rest}", first.to_ascii_uppercase())
        };
        let word = (prop::sample::select(known), any::<bool>())
            .prop_map(move |(word, as_capital)| if as_capital { capital(word) } else { word });
        let piece = prop_oneof![
            6 => word,
            2 => prop::sample::select(vec!["_", "-", ".", " ", "", "[", "]"]).prop_map(str::to_owned),
            1 => "[a-z0-9A-Z\u{fc}]{0,3}",
        ];
        prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn no_name_that_says_card_data_is_excluded(name in names()) {
            prop_assert!(may_say_card_data(&name) || !judged_always(&name), "{}", name);
        }
    }

    #[test]
    fn every_name_with_up_to_two_suffixes_may_say_card_data() {
        let empty: &[u8] = b"";
        let with_nothing = || SUFFIXES.into_iter().chain([empty]);
        let mut judged = 0;
        for word in LAST_WORDS.iter().chain(WHOLE) {
            for (one, other) in with_nothing().flat_map(|one| with_nothing().map(move |o| (one, o)))
            {
                let name = String::from_utf8([*word, one, other].concat()).unwrap();
                if judged_always(&name) {
                    judged += 1;
                    assert!(may_say_card_data(&name), "{name}");
                }
            }
        }
        assert!(judged > 1_000);
    }

    #[test]
    fn most_names_of_a_body_are_excluded() {
        for name in [
            "",
            "id",
            "no",
            "amount",
            "created",
            "currency",
            "customer",
            "status",
            "\u{fc}cvc\u{fc}",
        ] {
            assert!(!may_say_card_data(name), "{name}");
        }
    }
}
