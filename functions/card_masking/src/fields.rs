//! A provider's field rules: which fields are masked whole, and which hold ids that the detector must leave alone.

/// Whether a text has the form of an id.
pub type IdForm = fn(&str) -> bool;

/// Rules of one provider. A pattern is the end of a path of object keys, parted by `/`; array positions do not count.
#[derive(Debug)]
pub struct FieldRules {
    /// Masked with everything below: holder, contact, bank, token fields.
    pub drop: &'static [&'static str],
    /// Ids: the detector does not look at them as long as they have the form of an id. An Adyen `pspReference` of sixteen digits
    /// can have a right check digit, and a transaction that loses its id is lost.
    pub ids: &'static [(&'static str, IdForm)],
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
    pub(crate) fn action<K: AsRef<str>>(&self, path: &[K]) -> Action {
        let Some((key, above)) = path.split_last() else {
            return Action::Detect;
        };
        let key = key.as_ref();
        // A part of a pattern holds no `/`, so such a key is none.
        let part = !key.contains('/');
        let last = key.as_bytes().last();
        // Every value is asked about every pattern, and the last byte differs nearly always: the rest is looked at when it does not.
        let ends_with = |pattern: &str| {
            if !part || pattern.as_bytes().last() != last {
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
        if is_always(key) || self.drop.iter().any(|p| ends_with(p)) {
            return Action::Drop;
        }
        self.ids
            .iter()
            .find(|(p, _)| ends_with(p))
            .map_or(Action::Detect, |(_, form)| Action::Id(*form))
    }
}

/// Letters of the longest name that says "card data".
const ALWAYS_BYTES_MAX: usize = 20;

/// Whether the key says "card data", whatever the provider: compared in lower case without `_` and `-`. Asked of every value, hence without an allocation.
fn is_always(key: &str) -> bool {
    let mut plain = [0; ALWAYS_BYTES_MAX];
    let mut length = 0;
    for byte in key.bytes().filter(|byte| !matches!(byte, b'_' | b'-')) {
        match plain.get_mut(length) {
            Some(place) => *place = byte.to_ascii_lowercase(),
            None => return false,
        }
        length += 1;
    }
    matches!(
        &plain[..length],
        b"pan"
            | b"cardnumber"
            | b"ccnumber"
            | b"creditcardnumber"
            | b"accountnumber"
            | b"primaryaccountnumber"
            | b"cvv"
            | b"cvv2"
            | b"cvc"
            | b"cvc2"
            | b"cid"
            | b"securitycode"
            | b"cardsecuritycode"
            | b"track1"
            | b"track2"
            | b"trackdata"
            | b"pin"
            | b"pinblock"
            | b"iban"
            | b"routingnumber"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_path_decides() {
        let rules = FieldRules {
            drop: &["card/name"],
            ids: &[("id", |_| true)],
        };
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
    fn names_that_say_card_data_are_known_however_they_are_written() {
        for name in [
            "pan",
            "cardnumber",
            "cvv2",
            "track1",
            "pinblock",
            "iban",
            "primaryaccountnumber",
        ] {
            let spelled: String = name
                .chars()
                .flat_map(|c| ['_', c.to_ascii_uppercase(), '-'])
                .collect();
            assert!(is_always(name) && is_always(&spelled), "{name}");
            assert!(!is_always(&format!("{name}x")) && !is_always(&format!("\u{fc}{name}")));
        }
        for key in [
            "",
            "_-",
            "pa",
            "panorama",
            "primaryaccountnumberprimaryaccountnumber",
        ] {
            assert!(!is_always(key), "{key}");
        }
    }
}
