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
        FieldRules {
            places: Places::of(&self),
            patterns: self,
        }
    }

    /// The key that a pattern ends in: of those of `drop`, then of those of `ids`.
    const fn key(&self, index: usize) -> &[u8] {
        let pattern = if index < self.drop.len() {
            self.drop[index]
        } else {
            self.ids[index - self.drop.len()].0
        };
        last_part(pattern.as_bytes())
    }
}

/// Rules of one provider.
#[derive(Debug)]
pub struct FieldRules {
    patterns: Patterns,
    places: Places,
}

/// The patterns by the key that they end in: of its length, first and last byte, by which names differ most, a place is made. Nearly
/// no key of a body has one with a pattern.
#[derive(Debug)]
struct Places {
    /// Indexes of the patterns, those of one place beside each other and in their own order.
    patterns: [u8; Places::PATTERNS_MAX],
    /// Where those of each place begin; those of the next one end them.
    begins: [u8; Places::COUNT + 1],
}

impl Places {
    const COUNT: usize = 256;
    /// A provider with more does not compile.
    const PATTERNS_MAX: usize = u8::MAX as usize;

    const fn of(patterns: &Patterns) -> Self {
        let count = patterns.drop.len() + patterns.ids.len();
        let mut places = Self {
            patterns: [0; Self::PATTERNS_MAX],
            begins: [0; Self::COUNT + 1],
        };
        let (mut place, mut sorted) = (0, 0);
        while place < Self::COUNT {
            let mut index = 0;
            while index < count {
                if Self::place(patterns.key(index)) == place {
                    places.patterns[sorted] = index as u8;
                    sorted += 1;
                }
                index += 1;
            }
            place += 1;
            places.begins[place] = sorted as u8;
        }
        places
    }

    const fn place(key: &[u8]) -> usize {
        let (first, last) = match key {
            [] => (0, 0),
            [only] => (*only, *only),
            [first, .., last] => (*first, *last),
        };
        ((key.len() * 31) ^ (first as usize * 7) ^ ((last as usize) << 3)) % Self::COUNT
    }

    /// The indexes of the patterns that may end in this key, in order.
    fn may_end_in(&self, key: &str) -> &[u8] {
        let place = Self::place(key.as_bytes());
        let bound = |place: usize| self.begins.get(place).map(|bound| usize::from(*bound));
        match (bound(place), bound(place + 1)) {
            (Some(begin), Some(end)) => self.patterns.get(begin..end).unwrap_or_default(),
            _ => &[],
        }
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
        let may_end_in = self.places.may_end_in(key);
        // A part of a pattern holds no `/`, so such a key is none.
        if may_end_in.is_empty() || key.contains('/') {
            return Action::Detect;
        }
        let ends_with = |pattern: &str| match pattern.strip_suffix(key) {
            Some("") => true,
            Some(rest) => rest.strip_suffix('/').is_some_and(|rest| {
                let mut keys = above.iter().rev();
                rest.rsplit('/')
                    .all(|part| keys.next().is_some_and(|key| key.as_ref() == part))
            }),
            None => false,
        };
        // Those that drop a value come first.
        let found = may_end_in.iter().find_map(|index| {
            let index = usize::from(*index);
            let ids = || index.checked_sub(self.patterns.drop.len());
            match self.patterns.drop.get(index) {
                Some(pattern) => ends_with(pattern).then_some(Action::Drop),
                None => {
                    let (pattern, form) = self.patterns.ids.get(ids()?)?;
                    ends_with(pattern).then_some(Action::Id(*form))
                }
            }
        });
        found.unwrap_or(Action::Detect)
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
    fn every_pattern_is_at_the_place_of_its_key() {
        let patterns = Patterns {
            drop: &["a", "card/name", "name", "x-y", "\u{fc}", "eman"],
            ids: &[("name", |_| true), ("b/a", |_| true), ("", |_| true)],
        };
        let places = Places::of(&patterns);
        for index in 0..9 {
            let key = std::str::from_utf8(patterns.key(index)).unwrap();
            let found = places.may_end_in(key);
            assert!(found.contains(&u8::try_from(index).unwrap()), "{key}");
            assert!(found.is_sorted());
        }
        assert_eq!(usize::from(places.begins[Places::COUNT]), 9);
        assert_eq!(last_part(b"card/holder/name"), b"name");
        assert_eq!(last_part(b"name"), b"name");
    }

    #[test]
    fn what_drops_a_value_goes_before_an_id() {
        let rules = Patterns {
            drop: &["b/name"],
            ids: &[("name", |_| true), ("b/name", |_| false)],
        }
        .rules();
        assert!(matches!(rules.action(&["b", "name"]), Action::Drop));
        assert!(matches!(rules.action(&["a", "name"]), Action::Id(form) if form("")));
    }
}
