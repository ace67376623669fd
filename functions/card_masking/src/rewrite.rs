//! Masks a JSON text in one pass over its tokens: what need not be masked is copied byte for byte, and at once up to the next that is.
//!
//! Invariant: the result is valid JSON and differs from the input in nothing but the strings, numbers and keys that were masked. The
//! nesting is kept on a stack of our own, so depth can end in an error but never in a crash.
//! Source of the grammar: RFC 8259.

use std::borrow::Cow;

use crate::brands::PAN_DIGITS_MIN;
use crate::detector::{mask_text, masked};
use crate::fields::{Action, FieldRules};
use crate::payload::{MaskError, Scrubbed, push_quoted, scrub};
use crate::token::{plain_bytes, plain_digits, unescape, without_halves, written_digits};

/// Deeper nesting is refused: no provider sends it, and readers further on give up at the same depth.
pub const NESTING_MAX: usize = 128;

pub(crate) const DROPPED: &str = "[masked]";

/// Masks a JSON text. `nested` is how many levels of JSON in its strings are read.
///
/// # Errors
/// A [`MaskError`] when the text is not JSON that can be read.
pub(crate) fn rewrite<'a>(
    text: &'a str,
    rules: &FieldRules,
    nested: usize,
) -> Result<Scrubbed<'a>, MaskError> {
    let mut rewriter = Rewriter {
        text,
        at: 0,
        out: String::new(),
        copied: 0,
        rules,
        nested,
        containers: Vec::new(),
        path: Vec::new(),
        masked_fields: 0,
        masked_pans: 0,
    };
    rewriter.document()?;
    let text = if rewriter.copied == 0 {
        Cow::Borrowed(text)
    } else {
        rewriter.out.push_str(&text[rewriter.copied..]);
        Cow::Owned(rewriter.out)
    };
    Ok(Scrubbed {
        text,
        is_json: true,
        fields: rewriter.masked_fields,
        pans: rewriter.masked_pans,
    })
}

struct Container {
    object: bool,
    /// What the rules say of this container. For an array they say the same of each element,
    /// because positions are not part of a path. It is kept because looking it up reads the key,
    /// and a long key would be read as often as the array has elements.
    action: Action,
}

/// A string token.
struct Token<'a> {
    /// Its raw text with quotes.
    raw: &'a str,
    value: Cow<'a, str>,
    /// It has half of a character.
    has_halves: bool,
}

struct Rewriter<'a, 'r> {
    text: &'a str,
    at: usize,
    out: String,
    /// Bytes of the text that `out` has, masked or not.
    copied: usize,
    rules: &'r FieldRules,
    nested: usize,
    containers: Vec<Container>,
    /// One key for each open object that is at a member.
    path: Vec<Cow<'a, str>>,
    masked_fields: u32,
    masked_pans: u32,
}

impl<'a> Rewriter<'a, '_> {
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
        let token = self.string()?;
        self.scrub(&token);
        self.path.push(token.value);
        self.punctuation(b':')
    }

    fn string_value(&mut self, action: Action) -> Result<(), MaskError> {
        let token = self.string()?;
        match action {
            Action::Drop if !token.value.is_empty() && token.value != DROPPED => {
                self.masked_fields += 1;
                self.replace(token.raw, DROPPED);
            }
            Action::Drop => {}
            Action::Id(form) if form(&token.value) => self.keep(&token),
            Action::Id(_) | Action::Detect => self.scrub(&token),
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
            Action::Id(_) | Action::Detect => {
                let digits = plain_digits(raw).and_then(|digits| masked(&digits));
                let digits = digits.or_else(|| {
                    masked(written_digits(raw))?;
                    Some(mask_text(raw))
                });
                if let Some((text, found)) = digits {
                    self.replace(raw, &text);
                    self.masked_pans = self.masked_pans.saturating_add(found);
                }
            }
        }
        Ok(())
    }

    /// Leaves the token as it is, or writes what masking leaves of its value.
    fn scrub(&mut self, token: &Token<'_>) {
        // The names of the rules count in a string that is the whole body.
        let all_names = self.containers.is_empty();
        let scrubbed = scrub(&token.value, self.rules, self.nested, all_names);
        self.masked_fields = self.masked_fields.saturating_add(scrubbed.fields);
        self.masked_pans = self.masked_pans.saturating_add(scrubbed.pans);
        match scrubbed.text {
            Cow::Owned(text) => self.replace(token.raw, &text),
            Cow::Borrowed(_) => self.keep(token),
        }
    }

    /// Leaves the token as it is but for halves of characters.
    fn keep(&mut self, token: &Token<'_>) {
        if token.has_halves {
            self.copy_up_to(token.raw);
            self.out.push_str(&without_halves(token.raw));
        }
    }

    /// Writes `text` as a string instead of the token `raw`, which was read last.
    fn replace(&mut self, raw: &str, text: &str) {
        self.copy_up_to(raw);
        push_quoted(&mut self.out, text);
    }

    /// Copies what comes before the token `raw`, which was read last and is written otherwise.
    fn copy_up_to(&mut self, raw: &str) {
        if self.copied == 0 {
            self.out.reserve(self.text.len());
        }
        self.out
            .push_str(&self.text[self.copied..self.at - raw.len()]);
        self.copied = self.at;
    }

    fn string(&mut self) -> Result<Token<'a>, MaskError> {
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
        if !escaped {
            return Ok(Token {
                raw,
                value: Cow::Borrowed(inner),
                has_halves: false,
            });
        }
        let unescaped = unescape(inner)?;
        Ok(Token {
            raw,
            value: Cow::Owned(unescaped.text),
            has_halves: unescaped.has_halves,
        })
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
