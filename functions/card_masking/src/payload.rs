//! What masking gives: the stored copy of a body, which is JSON whatever the body was.

use std::borrow::Cow;

use crate::FieldRules;
use crate::detector::masked;
use crate::kinds::Kinds;
use crate::rewrite::rewrite;
use crate::screen::surely_has_none;
use crate::steps;
use crate::text_fields::mask_fields;

/// How deep JSON is looked for in the strings of JSON. What is deeper is masked as text.
pub(crate) const NESTED_MAX: usize = 4;

/// How often a text is masked by names and by the detector. Digits that are masked may have stood
/// directly before a name, which is seen then.
const ROUNDS_MAX: usize = 4;

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

/// What a body was masked as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadForm {
    /// The body is JSON, and so is the payload.
    Json,
    /// The body is no JSON that can be read. The payload is a JSON string that holds its text.
    Text,
}

/// A masked body and what was masked in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Masked {
    /// The JSON text.
    pub text: MaskedPayload,
    /// What the body was masked as.
    pub form: PayloadForm,
    /// Values that a field rule masked.
    pub masked_fields: u32,
    /// Card numbers that the detector masked.
    pub masked_pans: u32,
}

/// Why a body cannot be masked as JSON. Carries no input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MaskError {
    /// Not UTF-8.
    #[error("body is not UTF-8")]
    NotUtf8,
    /// Not JSON.
    #[error("body is not JSON")]
    NotJson,
    /// Deeper than [`NESTING_MAX`](crate::NESTING_MAX).
    #[error("body is nested deeper than {} levels", crate::NESTING_MAX)]
    TooDeep,
}

/// Masks `body` by `rules`, then by the detector, if it is JSON. See [`mask_body`] for any body.
///
/// # Errors
/// A [`MaskError`] when the body is not JSON that can be read.
pub fn mask_json(body: &[u8], rules: &FieldRules) -> Result<Masked, MaskError> {
    let text = std::str::from_utf8(body).map_err(|_| MaskError::NotUtf8)?;
    let scrubbed = rewrite(text, rules, NESTED_MAX)?;
    Ok(Masked {
        text: MaskedPayload(scrubbed.text.into_owned()),
        form: PayloadForm::Json,
        masked_fields: scrubbed.fields,
        masked_pans: scrubbed.pans,
    })
}

/// Masks any body whatever. Masking the result again changes nothing.
///
/// A body that can be read as JSON stays JSON. Every other body becomes a JSON string with its
/// text, in which the values behind the names of the rules are masked, and bytes that are not UTF-8 are
/// U+FFFD. A byte order mark before JSON is left out.
pub fn mask_body(body: &[u8], rules: &FieldRules) -> Masked {
    let text = str::from_utf8(body).map_or_else(|_| String::from_utf8_lossy(body), Cow::Borrowed);
    let scrubbed = scrub_body(&text, rules);
    let (text, form) = if scrubbed.is_json {
        (scrubbed.text.into_owned(), PayloadForm::Json)
    } else {
        let mut quoted = String::with_capacity(scrubbed.text.len() + 2);
        push_quoted(&mut quoted, &scrubbed.text);
        (quoted, PayloadForm::Text)
    };
    Masked {
        text: MaskedPayload(text),
        form,
        masked_fields: scrubbed.fields,
        masked_pans: scrubbed.pans,
    }
}

/// Masks a line of a log as [`mask_body`] does, but what is not JSON stays the text that it is.
pub fn mask_line(line: &str, rules: &FieldRules) -> String {
    scrub_body(line, rules).text.into_owned()
}

/// A text that was masked.
pub(crate) struct Scrubbed<'a> {
    pub(crate) text: Cow<'a, str>,
    pub(crate) is_json: bool,
    pub(crate) fields: u32,
    pub(crate) pans: u32,
}

impl<'a> Scrubbed<'a> {
    fn become_text(&mut self, text: String) {
        self.text = Cow::Owned(text);
    }

    /// Masks the text as JSON, if it is JSON.
    fn rewrite(&mut self, rules: &FieldRules, nested: usize) {
        if let Ok(inner) = rewrite(&self.text, rules, nested) {
            self.fields = self.fields.saturating_add(inner.fields);
            self.pans = self.pans.saturating_add(inner.pans);
            self.is_json = true;
            if let Cow::Owned(text) = inner.text {
                self.become_text(text);
            }
        }
    }
}

fn scrub_body<'a>(text: &'a str, rules: &FieldRules) -> Scrubbed<'a> {
    let text = text.trim_start_matches('\u{feff}');
    match rewrite(text, rules, NESTED_MAX) {
        Ok(scrubbed) => scrubbed,
        Err(_) => scrub(text, rules, NESTED_MAX, true),
    }
}

/// Masks a text that may be JSON: a string of a document, or a body.
///
/// `nested` is how many levels of JSON in strings are still read. `all_names` says that the names
/// of the rules count in a text as well; for what looks like JSON they always do.
pub(crate) fn scrub<'a>(
    text: &'a str,
    rules: &FieldRules,
    nested: usize,
    all_names: bool,
) -> Scrubbed<'a> {
    let mut scrubbed = Scrubbed {
        text: Cow::Borrowed(text),
        is_json: false,
        fields: 0,
        pans: 0,
    };
    let looks_like_json = looks_like_json(text);
    if !looks_like_json {
        // Nearly every text of a body is one in which there is nothing to mask.
        let kinds = Kinds::of(text);
        if !kinds.has_marks() && surely_has_none(text, kinds) {
            steps::count(text.len());
            return scrubbed;
        }
    } else if let Some(nested) = nested.checked_sub(1) {
        scrubbed.rewrite(rules, nested);
    }
    let found = masked(&scrubbed.text);
    if scrubbed.is_json && found.is_none() {
        return scrubbed;
    }
    scrubbed.is_json = false;
    let names = (all_names || looks_like_json).then_some(rules);
    let mut found = found;
    for _ in 0..ROUNDS_MAX {
        let fields = mask_fields(&scrubbed.text, names);
        let has_fields = fields.is_some();
        if let Some((text, fields)) = fields {
            scrubbed.become_text(text);
            scrubbed.fields = scrubbed.fields.saturating_add(fields);
            found = masked(&scrubbed.text);
        }
        match found.take() {
            Some((text, pans)) => {
                scrubbed.become_text(text);
                scrubbed.pans = scrubbed.pans.saturating_add(pans);
            }
            None if !has_fields => break,
            None => {}
        }
    }
    // Where a broken value was masked, what is left may be JSON.
    if let Some(nested) = nested.checked_sub(1)
        && matches!(scrubbed.text, Cow::Owned(_))
        && looks_like_json
    {
        scrubbed.rewrite(rules, nested);
    }
    scrubbed
}

/// Returns true if a text begins as an object or an array does.
fn looks_like_json(text: &str) -> bool {
    // Nearly every text begins with a letter or a digit.
    if text
        .bytes()
        .next()
        .is_none_or(|byte| byte.is_ascii_alphanumeric())
    {
        return false;
    }
    text.trim_start_matches(['\u{feff}', ' ', '\t', '\n', '\r'])
        .starts_with(['{', '['])
}

/// Writes a text as a JSON string.
pub(crate) fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}
