//! Identifiers that become part of a DynamoDB key.
//!
//! Invariant: an [`Identifier`] is 1 to 256 printable ASCII bytes without `#`, so that a sort key made of a time, a `#` and an
//! identifier always fits DynamoDB's 1,024 bytes and can be split again.
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html> (limits as in the shared design notes).

use serde::{Deserialize, Serialize, Serializer};

/// The longest identifier, in bytes. Five of them and a time stay below DynamoDB's sort key limit of 1,024 bytes.
pub const IDENTIFIER_BYTES_MAX: usize = 256;

const SHA256_BYTES: usize = 32;
const SORT_KEY_BYTES_MAX: usize = 1024;
const TIME_TEXT_BYTES: usize = 30;
const _: () = assert!(TIME_TEXT_BYTES + 1 + IDENTIFIER_BYTES_MAX < SORT_KEY_BYTES_MAX);

/// An identifier given by a provider, checked to be usable as part of a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Identifier(String);

impl Serialize for Identifier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Why a text is not an [`Identifier`]. The text itself is never repeated: it may be card data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// Nothing was given.
    #[error("identifier is empty")]
    Empty,
    /// Longer than [`IDENTIFIER_BYTES_MAX`].
    #[error("identifier has {0} bytes, at most {IDENTIFIER_BYTES_MAX} are stored")]
    TooLong(usize),
    /// A byte outside printable ASCII, or `#`.
    #[error("identifier has a character outside printable ASCII, a space or a '#'")]
    Character,
}

impl Identifier {
    /// Checks `text` and wraps it.
    pub fn new(text: impl Into<String>) -> Result<Self, IdentifierError> {
        let text = text.into();
        if text.is_empty() {
            return Err(IdentifierError::Empty);
        }
        if text.len() > IDENTIFIER_BYTES_MAX {
            return Err(IdentifierError::TooLong(text.len()));
        }
        if !text.bytes().all(|b| b.is_ascii_graphic() && b != b'#') {
            return Err(IdentifierError::Character);
        }
        Ok(Self(text))
    }

    /// The identifier that a hash makes, for what has none of its own: `sha256:` and at most 32
    /// bytes in hexadecimal digits, then `:` and `position` where several things have one hash.
    pub fn of_sha256(hash: &[u8], position: Option<usize>) -> Self {
        const PREFIX: &str = "sha256:";
        let mut text = String::with_capacity(PREFIX.len() + 2 * SHA256_BYTES);
        text.push_str(PREFIX);
        for byte in hash.iter().take(SHA256_BYTES) {
            let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
            text.push(digit(byte >> 4));
            text.push(digit(byte & 15));
        }
        if let Some(position) = position {
            text.push_str(&format!(":{position}"));
        }
        Self(text)
    }

    /// The text as the provider sent it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Identifier {
    type Error = IdentifierError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(text)
    }
}

impl From<Identifier> for String {
    fn from(identifier: Identifier) -> Self {
        identifier.0
    }
}

impl std::fmt::Display for Identifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_a_row() {
        let long = "x".repeat(IDENTIFIER_BYTES_MAX + 1);
        for (text, expected) in [
            ("", Err(IdentifierError::Empty)),
            (long.as_str(), Err(IdentifierError::TooLong(257))),
            ("a b", Err(IdentifierError::Character)),
            ("a#b", Err(IdentifierError::Character)),
            ("caf\u{e9}", Err(IdentifierError::Character)),
            ("evt_1", Ok("evt_1")),
            ("M8NB66SBZSGLNK82", Ok("M8NB66SBZSGLNK82")),
        ] {
            let got = Identifier::new(text);
            assert_eq!(
                got.as_ref().map(Identifier::as_str).map_err(|e| *e),
                expected
            );
        }
    }

    #[test]
    fn a_hash_makes_an_identifier() {
        let hash = [0xab; 40];
        let id = Identifier::of_sha256(&hash, Some(usize::MAX));
        assert_eq!(Identifier::new(id.as_str()), Ok(id));
        assert_eq!(
            Identifier::of_sha256(&[0, 255], None).as_str(),
            "sha256:00ff"
        );
    }

    #[test]
    fn json_keeps_the_refusals() {
        let back: Result<Identifier, _> = serde_json::from_str("\"a#b\"");
        assert!(back.is_err());
        let id: Identifier = serde_json::from_str("\"pi_1\"").expect("a good identifier");
        assert_eq!(serde_json::to_string(&id).expect("serialises"), "\"pi_1\"");
        assert_eq!(id.to_string(), "pi_1");
    }
}
