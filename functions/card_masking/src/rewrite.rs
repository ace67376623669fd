//! Masks a JSON text in one pass over its tokens: what need not be masked is copied byte for byte, and at once up to the next that is.
//!
//! Invariant: the result is valid JSON and differs from the input in nothing but the strings, numbers and keys that were masked. The
//! nesting is kept on a stack of our own, so depth can end in an error but never in a crash.
//! Source of the grammar: RFC 8259.

use std::borrow::Cow;

use crate::FieldRules;
use crate::brands::PAN_DIGITS_MIN;
use crate::detector::masked;
use crate::fields::Action;
use crate::token::{plain_bytes, plain_digits, unescape};

/// Deeper nesting is refused: no provider sends it, and readers further on give up at the same depth.
pub const NESTING_MAX: usize = 128;

const DROPPED: &str = "[masked]";

/// A body without card data in the fields the rules know and without a card number anywhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskedPayload(String);

impl MaskedPayload {
    /// The JSON text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The JSON text.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// A masked body and what was masked in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Masked {
    /// The JSON text.
    pub text: MaskedPayload,
    /// Values that a field rule masked.
    pub masked_fields: u32,
    /// Card numbers that the detector masked.
    pub masked_pans: u32,
}

/// Why a body cannot be masked. Carries no input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MaskError {
    /// Not UTF-8.
    #[error("body is not UTF-8")]
    NotUtf8,
    /// Not JSON.
    #[error("body is not JSON")]
    NotJson,
    /// Deeper than [`NESTING_MAX`].
    #[error("body is nested deeper than {NESTING_MAX} levels")]
    TooDeep,
}

/// Masks `body` by `rules`, then by the detector.
///
/// # Errors
/// A [`MaskError`] when the body is not JSON that can be read.
pub fn mask_json(body: &[u8], rules: &FieldRules) -> Result<Masked, MaskError> {
    let text = std::str::from_utf8(body).map_err(|_| MaskError::NotUtf8)?;
    let mut rewriter = Rewriter {
        text,
        at: 0,
        out: String::with_capacity(text.len()),
        copied: 0,
        rules,
        containers: Vec::new(),
        path: Vec::new(),
        masked_fields: 0,
        masked_pans: 0,
    };
    rewriter.document()?;
    rewriter.out.push_str(&text[rewriter.copied..]);
    Ok(Masked {
        text: MaskedPayload(rewriter.out),
        masked_fields: rewriter.masked_fields,
        masked_pans: rewriter.masked_pans,
    })
}

/// Masks `body` as JSON, or as text where it is none.
pub fn mask_body(body: &[u8], rules: &FieldRules) -> Masked {
    mask_json(body, rules).unwrap_or_else(|_| {
        let (text, masked_pans) = crate::mask_text(&String::from_utf8_lossy(body));
        Masked {
            text: MaskedPayload(serde_json::Value::from(text).to_string()),
            masked_fields: 0,
            masked_pans,
        }
    })
}

struct Container {
    object: bool,
    /// What the rules say of this container. For an array they say the same of each element,
    /// because positions are not part of a path. It is kept because looking it up reads the key,
    /// and a long key would be read as often as the array has elements.
    action: Action,
}

struct Rewriter<'a> {
    text: &'a str,
    at: usize,
    out: String,
    /// Bytes of the text that `out` has, masked or not.
    copied: usize,
    rules: &'a FieldRules,
    containers: Vec<Container>,
    /// One key for each open object that is at a member.
    path: Vec<Cow<'a, str>>,
    masked_fields: u32,
    masked_pans: u32,
}

impl<'a> Rewriter<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Passes blanks and returns what follows.
    fn blanks(&mut self) -> Option<u8> {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        self.peek()
    }

    fn punctuation(&mut self, byte: u8) -> Result<(), MaskError> {
        if self.blanks() != Some(byte) {
            return Err(MaskError::NotJson);
        }
        self.at += 1;
        Ok(())
    }

    fn document(&mut self) -> Result<(), MaskError> {
        self.value()?;
        while let Some(container) = self.containers.last() {
            let object = container.object;
            match self.blanks() {
                Some(b',') => {
                    self.punctuation(b',')?;
                    if object {
                        self.path.pop();
                        self.key()?;
                    }
                    self.value()?;
                }
                Some(b'}') if object => {
                    self.path.pop();
                    self.close(b'}')?;
                }
                Some(b']') if !object => self.close(b']')?,
                _ => return Err(MaskError::NotJson),
            }
        }
        if self.blanks().is_some() {
            Err(MaskError::NotJson)
        } else {
            Ok(())
        }
    }

    fn close(&mut self, byte: u8) -> Result<(), MaskError> {
        self.containers.pop();
        self.punctuation(byte)
    }

    /// Reads one value; a non-empty container is left open with its first value read.
    fn value(&mut self) -> Result<(), MaskError> {
        loop {
            let action = self.action();
            match self.blanks() {
                Some(opening @ (b'{' | b'[')) => {
                    if self.containers.len() == NESTING_MAX {
                        return Err(MaskError::TooDeep);
                    }
                    self.punctuation(opening)?;
                    let object = opening == b'{';
                    self.containers.push(Container { object, action });
                    match (self.blanks(), object) {
                        (Some(b'}'), true) => return self.close(b'}'),
                        (Some(b']'), false) => return self.close(b']'),
                        (_, true) => self.key()?,
                        (_, false) => {}
                    }
                }
                Some(b'"') => return self.string_value(action),
                Some(b'-' | b'0'..=b'9') => return self.number_value(action),
                Some(b't') => return self.literal("true"),
                Some(b'f') => return self.literal("false"),
                Some(b'n') => return self.literal("null"),
                _ => return Err(MaskError::NotJson),
            }
        }
    }

    fn action(&self) -> Action {
        match self.containers.last() {
            Some(container) if !container.object || matches!(container.action, Action::Drop) => {
                container.action
            }
            _ => self.rules.action(&self.path),
        }
    }

    fn literal(&mut self, word: &str) -> Result<(), MaskError> {
        if !self.text[self.at..].starts_with(word) {
            return Err(MaskError::NotJson);
        }
        self.at += word.len();
        Ok(())
    }

    fn key(&mut self) -> Result<(), MaskError> {
        if self.blanks() != Some(b'"') {
            return Err(MaskError::NotJson);
        }
        let (raw, key) = self.string()?;
        self.detected(raw, &key);
        self.path.push(key);
        self.punctuation(b':')
    }

    fn string_value(&mut self, action: Action) -> Result<(), MaskError> {
        let (raw, value) = self.string()?;
        match action {
            Action::Drop if !value.is_empty() && value != DROPPED => {
                self.masked_fields += 1;
                self.replace(raw, DROPPED);
            }
            Action::Drop => {}
            Action::Id(form) if form(&value) => {}
            Action::Id(_) | Action::Detect => self.detected(raw, &value),
        }
        Ok(())
    }

    fn number_value(&mut self, action: Action) -> Result<(), MaskError> {
        let raw = self.number()?;
        match action {
            Action::Drop => {
                self.masked_fields += 1;
                self.replace(raw, DROPPED);
            }
            Action::Id(form) if form(raw) => {}
            // Too short for a card number, unless an exponent makes it longer; one that was sent as a number becomes text.
            Action::Id(_) | Action::Detect
                if raw.len() < PAN_DIGITS_MIN && !raw.contains(['e', 'E']) => {}
            Action::Id(_) | Action::Detect => self.detected(raw, &plain_digits(raw)),
        }
        Ok(())
    }

    /// Leaves the token as it is, or writes its value without the card numbers that are in it.
    fn detected(&mut self, raw: &str, value: &str) {
        if let Some((masked, found)) = masked(value) {
            self.replace(raw, &masked);
            self.masked_pans += found;
        }
    }

    /// Writes `text` as a string instead of the token `raw`, which was read last.
    fn replace(&mut self, raw: &str, text: &str) {
        self.out
            .push_str(&self.text[self.copied..self.at - raw.len()]);
        self.copied = self.at;
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                c if c < ' ' => self.out.push_str(&format!("\\u{:04x}", u32::from(c))),
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }

    /// Reads a string token: its raw text with quotes, and its value.
    fn string(&mut self) -> Result<(&'a str, Cow<'a, str>), MaskError> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut escaped = false;
        self.at += 1;
        loop {
            self.at += plain_bytes(&bytes[self.at.min(bytes.len())..]);
            match bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.at += 2;
                }
                Some(_) | None => return Err(MaskError::NotJson),
            }
        }
        self.at += 1;
        let raw = &self.text[start..self.at];
        let inner = &raw[1..raw.len() - 1];
        let value = if escaped {
            Cow::Owned(unescape(inner)?)
        } else {
            Cow::Borrowed(inner)
        };
        Ok((raw, value))
    }

    /// Reads a number token by the grammar of RFC 8259, section 6.
    fn number(&mut self) -> Result<&'a str, MaskError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(&self.text[start..self.at])
    }

    fn digits(&mut self) -> Result<(), MaskError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start {
            Err(MaskError::NotJson)
        } else {
            Ok(())
        }
    }
}
