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

/// Masked whatever the provider: names that say "card data", compared in lower case without `_` and `-`.
const ALWAYS: &[&str] = &[
    "pan",
    "cardnumber",
    "ccnumber",
    "creditcardnumber",
    "accountnumber",
    "primaryaccountnumber",
    "cvv",
    "cvv2",
    "cvc",
    "cvc2",
    "cid",
    "securitycode",
    "cardsecuritycode",
    "track1",
    "track2",
    "trackdata",
    "pin",
    "pinblock",
    "iban",
    "routingnumber",
];

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
    pub(crate) fn action(&self, path: &[String]) -> Action {
        let Some(key) = path.last() else {
            return Action::Detect;
        };
        let ends_with = |pattern: &str| {
            let mut keys = path.iter().rev();
            pattern
                .rsplit('/')
                .all(|part| keys.next().is_some_and(|key| key == part))
        };
        if ALWAYS.contains(&plain(key).as_str()) || self.drop.iter().any(|p| ends_with(p)) {
            return Action::Drop;
        }
        self.ids
            .iter()
            .find(|(p, _)| ends_with(p))
            .map_or(Action::Detect, |(_, form)| Action::Id(*form))
    }
}

fn plain(key: &str) -> String {
    key.chars()
        .filter(|c| !matches!(c, '_' | '-'))
        .map(|c| c.to_ascii_lowercase())
        .collect()
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
    }
}
