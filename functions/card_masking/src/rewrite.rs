//! Masks a JSON text in one pass over its tokens: what need not be masked is copied byte for byte.
//!
//! Invariant: the result is valid JSON and differs from the input in nothing but the strings, numbers and keys that were masked. The
//! nesting is kept on a stack of our own, so depth can end in an error but never in a crash.
//! Source of the grammar: RFC 8259.

use std::borrow::Cow;

use crate::FieldRules;
use crate::brands::PAN_DIGITS_MIN;
use crate::detector::masked;
use crate::fields::Action;

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
        rules,
        containers: Vec::new(),
        path: Vec::new(),
        masked_fields: 0,
        masked_pans: 0,
    };
    rewriter.document()?;
    Ok(Masked {
        text: MaskedPayload(rewriter.out),
        masked_fields: rewriter.masked_fields,
        masked_pans: rewriter.masked_pans,
    })
}

struct Container {
    object: bool,
    /// Every value below is masked.
    dropping: bool,
}

struct Rewriter<'a> {
    text: &'a str,
    at: usize,
    out: String,
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

    /// Copies blanks and returns what follows.
    fn blanks(&mut self) -> Option<u8> {
        let start = self.at;
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        self.out.push_str(&self.text[start..self.at]);
        self.peek()
    }

    fn punctuation(&mut self, byte: u8) -> Result<(), MaskError> {
        if self.blanks() != Some(byte) {
            return Err(MaskError::NotJson);
        }
        self.at += 1;
        self.out.push(char::from(byte));
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
                    self.containers.push(Container {
                        object,
                        dropping: matches!(action, Action::Drop),
                    });
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
        if self.containers.last().is_some_and(|c| c.dropping) {
            return Action::Drop;
        }
        self.rules.action(&self.path)
    }

    fn literal(&mut self, word: &str) -> Result<(), MaskError> {
        if !self.text[self.at..].starts_with(word) {
            return Err(MaskError::NotJson);
        }
        self.at += word.len();
        self.out.push_str(word);
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
                self.quoted(DROPPED);
            }
            Action::Drop => self.out.push_str(raw),
            Action::Id(form) if form(&value) => self.out.push_str(raw),
            Action::Id(_) | Action::Detect => {
                self.detected(raw, &value);
            }
        }
        Ok(())
    }

    fn number_value(&mut self, action: Action) -> Result<(), MaskError> {
        let raw = self.number()?;
        match action {
            Action::Drop => {
                self.masked_fields += 1;
                self.quoted(DROPPED);
            }
            Action::Id(form) if form(raw) => self.out.push_str(raw),
            // Too short for a card number, unless an exponent makes it longer; one that was sent as a number becomes text.
            Action::Id(_) | Action::Detect
                if raw.len() < PAN_DIGITS_MIN && !raw.contains(['e', 'E']) =>
            {
                self.out.push_str(raw);
            }
            Action::Id(_) | Action::Detect => self.detected(raw, &plain_digits(raw)),
        }
        Ok(())
    }

    /// Copies the token, or writes its value without the card numbers that are in it.
    fn detected(&mut self, raw: &str, value: &str) {
        match masked(value) {
            None => self.out.push_str(raw),
            Some((masked, found)) => {
                self.quoted(&masked);
                self.masked_pans += found;
            }
        }
    }

    fn quoted(&mut self, text: &str) {
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
            match bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.at += 2;
                }
                Some(0..=0x1F) | None => return Err(MaskError::NotJson),
                Some(_) => self.at += 1,
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

/// The integer digits of a number, its exponent applied: `4.1e2` is `410`. A fraction alone (`0.4111…`) is no card number.
fn plain_digits(number: &str) -> String {
    let unsigned = number.trim_start_matches('-');
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let shift = usize::try_from(exponent.trim_start_matches('+').parse::<i32>().unwrap_or(0))
        .unwrap_or(0)
        .min(32);
    let moved: String = fraction
        .chars()
        .chain(std::iter::repeat('0'))
        .take(shift)
        .collect();
    format!("{whole}{moved}").trim_start_matches('0').to_owned()
}

fn unescape(inner: &str) -> Result<String, MaskError> {
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(position) = rest.find('\\') {
        out.push_str(&rest[..position]);
        rest = &rest[position + 1..];
        let c = rest.chars().next().ok_or(MaskError::NotJson)?;
        rest = &rest[c.len_utf8()..];
        out.push(match c {
            '"' | '\\' | '/' => c,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let first = unit(&mut rest)?;
                if (0xD800..0xDC00).contains(&first) && rest.starts_with("\\u") {
                    rest = &rest[2..];
                    let second = unit(&mut rest)?;
                    char::decode_utf16([first, second])
                        .next()
                        .and_then(Result::ok)
                        .ok_or(MaskError::NotJson)?
                } else {
                    char::from_u32(u32::from(first)).ok_or(MaskError::NotJson)?
                }
            }
            _ => return Err(MaskError::NotJson),
        });
    }
    out.push_str(rest);
    Ok(out)
}

/// Four hexadecimal digits.
fn unit(rest: &mut &str) -> Result<u16, MaskError> {
    let hex = rest
        .get(..4)
        .filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit()))
        .ok_or(MaskError::NotJson)?;
    *rest = &rest[4..];
    u16::from_str_radix(hex, 16).map_err(|_| MaskError::NotJson)
}
