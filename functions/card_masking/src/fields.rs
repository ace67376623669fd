//! A provider's field rules: which fields are masked whole, and which hold ids that the detector must leave alone.

use crate::names::{is_always, same_name};
use crate::steps;

/// Whether a text has the form of an id.
pub type IdForm = fn(&str) -> bool;

/// The fields of one provider. A pattern is the end of a path of object keys, parted by `/`; array positions do not count.
#[derive(Clone, Copy, Debug)]
pub struct Patterns {
    /// Masked with everything below: holder, contact, bank, token fields.
    pub drop: &'static [&'static str],
    /// Ids: the detector does not look at them as long as they have the form of an id. An Adyen `pspReference` of sixteen digits
    /// can have a right check digit, and a transaction that loses its id is lost.
    pub ids: &'static [(&'static str, IdForm)],
}

impl Patterns {
    /// The rules that they make: put together once, when the program is compiled.
    pub const fn rules(self) -> FieldRules {
        let mut keys = KeySet::EMPTY;
        let mut index = 0;
        while index < self.drop.len() {
            keys = keys.with(last_part(self.drop[index].as_bytes()));
            index += 1;
        }
        index = 0;
        while index < self.ids.len() {
            keys = keys.with(last_part(self.ids[index].0.as_bytes()));
            index += 1;
        }
        FieldRules {
            patterns: self,
            keys,
        }
    }
}

/// Rules of one provider.
#[derive(Debug)]
pub struct FieldRules {
    patterns: Patterns,
    /// The keys that the patterns end in.
    keys: KeySet,
}

/// Keys, of which it is said that one is not there, or that it may be there: nearly no key of a body is one of a pattern.
#[derive(Clone, Copy, Debug)]
struct KeySet([u64; KeySet::WORDS]);

impl KeySet {
    const WORDS: usize = 8;
    const EMPTY: Self = Self([0; Self::WORDS]);

    /// Word and bit of a key: of its length, first and last byte, by which names differ most.
    const fn place(key: &[u8]) -> (usize, u64) {
        let (first, last) = match key {
            [] => (0, 0),
            [only] => (*only, *only),
            [first, .., last] => (*first, *last),
        };
        let mixed = (key.len() * 31) ^ (first as usize * 7) ^ ((last as usize) << 4);
        ((mixed >> 6) % Self::WORDS, 1 << (mixed & 63))
    }

    const fn with(mut self, key: &[u8]) -> Self {
        let (word, bit) = Self::place(key);
        self.0[word] |= bit;
        self
    }

    fn may_hold(&self, key: &str) -> bool {
        let (word, bit) = Self::place(key.as_bytes());
        self.0.get(word).is_some_and(|bits| bits & bit != 0)
    }
}

const fn last_part(pattern: &[u8]) -> &[u8] {
    let mut start = pattern.len();
    while start > 0 && pattern[start - 1] != b'/' {
        start -= 1;
    }
    pattern.split_at(start).1
}

/// What to do with a value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    /// Mask it, and everything below.
    Drop,
    /// Leave it when it looks like an id.
    Id(IdForm),
    /// Let the detector look.
    Detect,
}

impl FieldRules {
    /// What the rules are made of.
    pub const fn patterns(&self) -> &Patterns {
        &self.patterns
    }

    /// Returns true if a field of this name is masked whole somewhere, wherever it stands.
    pub(crate) fn drops_name(&self, name: &str) -> bool {
        steps::count(1);
        let last = |pattern: &'static str| pattern.rsplit('/').next().unwrap_or_default();
        self.patterns
            .drop
            .iter()
            .any(|pattern| same_name(last(pattern), name))
    }

    pub(crate) fn action<K: AsRef<str>>(&self, path: &[K]) -> Action {
        let Some((key, above)) = path.split_last() else {
            return Action::Detect;
        };
        let key = key.as_ref();
        steps::count(key.len());
        if is_always(key) {
            return Action::Drop;
        }
        // A part of a pattern holds no `/`, so such a key is none.
        if !self.keys.may_hold(key) || key.contains('/') {
            return Action::Detect;
        }
        let last = key.as_bytes().last();
        let ends_with = |pattern: &str| {
            // Nearly always they differ in their last byte: the rest is looked at when they do not.
            if pattern.as_bytes().last() != last {
                return false;
            }
            match pattern.strip_suffix(key) {
                Some("") => true,
                Some(rest) => rest.strip_suffix('/').is_some_and(|rest| {
                    let mut keys = above.iter().rev();
                    rest.rsplit('/')
                        .all(|part| keys.next().is_some_and(|key| key.as_ref() == part))
                }),
                None => false,
            }
        };
        if self.patterns.drop.iter().any(|p| ends_with(p)) {
            return Action::Drop;
        }
        self.patterns
            .ids
            .iter()
            .find(|(p, _)| ends_with(p))
            .map_or(Action::Detect, |(_, form)| Action::Id(*form))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_path_decides() {
        let rules = Patterns {
            drop: &["card/name"],
            ids: &[("id", |_| true)],
        }
        .rules();
        let action =
            |path: &[&str]| rules.action(&path.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>());
        assert!(matches!(action(&["data", "card", "name"]), Action::Drop));
        assert!(matches!(action(&["data", "name"]), Action::Detect));
        assert!(matches!(action(&["name"]), Action::Detect));
        assert!(matches!(action(&["data", "id"]), Action::Id(_)));
        assert!(matches!(action(&["Card_Number"]), Action::Drop));
        assert!(matches!(action(&[]), Action::Detect));
        assert!(matches!(action(&["card/name"]), Action::Detect));
        assert!(matches!(action(&["", "name"]), Action::Detect));
        assert!(matches!(action(&["data", "card", ""]), Action::Detect));
        assert!(matches!(action(&["discard", "name"]), Action::Detect));
        assert!(matches!(action(&["the", "card", "name"]), Action::Drop));
    }

    #[test]
    fn a_key_of_a_pattern_is_always_held() {
        let keys = ["a", "name", "card_name", "\u{fc}", "x-y"];
        let set = keys
            .iter()
            .fold(KeySet::EMPTY, |set, key| set.with(key.as_bytes()));
        assert!(keys.iter().all(|key| set.may_hold(key)));
        assert!(!set.may_hold("") && !set.may_hold("amount_received"));
        assert_eq!(last_part(b"card/holder/name"), b"name");
        assert_eq!(last_part(b"name"), b"name");
    }
}
