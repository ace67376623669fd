//! Masks fields by their names in a text that is not JSON: a log line, a form, XML, JSON that is
//! cut off or that stands behind something else.
//!
//! How: a colon, an equals sign or the end of a tag is looked for; the name before it says whether
//! the value behind it is masked. What ends a value depends on how it begins: a quote, a bracket,
//! or neither. A value that never ends is masked to the end of the text, because it may be cut off.
//! The text is read forward once, and looked back into only so far.
//!
//! Long because: one scanner.

use crate::fields::FieldRules;
use crate::kinds::{Kinds, is_mark};
use crate::names::is_always;
use crate::rewrite::DROPPED;
use crate::steps;
use crate::written::{Written, character_at};

/// Bytes of the longest name, with the words before it.
const NAME_MAX: usize = 64;
/// Words that a name is made of.
const WORDS_MAX: usize = 4;
/// Quotes and brackets between a name and its colon.
const CLOSERS_MAX: usize = 8;
/// Blanks between a name, its colon and its value.
const BLANKS_MAX: usize = 64;
/// Bytes of the longest opening tag.
const TAG_MAX: usize = 128;
/// Words of a value that begins with one that has a digit.
const DIGIT_WORDS_MAX: usize = 8;
/// Backslashes before a quote.
const BACKSLASHES_MAX: usize = 32;

/// What may stand for a quote.
const QUOTES: [&str; 12] = [
    "\"", "'", "`", "&quot;", "&#34;", "&#39;", "&apos;", "%22", "%27", "\\u0022", "\\u0027",
    "\\x22",
];
/// What may stand between a name and its colon, beside quotes.
const CLOSERS: [&str; 7] = ["]", ")", "*", "\\", "%5D", "%5d", "&#93;"];

/// Masks the values of the names that always say card data and, with rules, of theirs. Returns the
/// text and how many values there were; `None` if there are none.
pub(crate) fn mask_fields(text: &str, rules: Option<&FieldRules>) -> Option<(String, u32)> {
    if !Kinds::of(text).has_marks() {
        steps::count(text.len());
        return None;
    }
    let mut scanner = Scanner {
        text,
        rules,
        out: String::new(),
        copied: 0,
        fields: 0,
    };
    let mut at = 0;
    while let Some(found) = text
        .as_bytes()
        .get(at..)
        .and_then(|rest| rest.iter().position(|byte| is_mark(*byte)))
    {
        steps::count(found + 1);
        at = scanner.after_mark(at + found);
    }
    if scanner.fields == 0 {
        return None;
    }
    scanner.out.push_str(text.get(scanner.copied..)?);
    Some((scanner.out, scanner.fields))
}

struct Scanner<'a> {
    text: &'a str,
    rules: Option<&'a FieldRules>,
    out: String,
    /// Bytes of the text that `out` has, masked or not.
    copied: usize,
    fields: u32,
}

impl<'a> Scanner<'a> {
    fn from(&self, at: usize) -> &'a str {
        self.text.get(at..).unwrap_or_default()
    }

    fn before(&self, at: usize) -> &'a str {
        self.text.get(..at).unwrap_or_default()
    }

    /// Masks what belongs to the mark at byte `at`, and returns where to go on.
    fn after_mark(&mut self, at: usize) -> usize {
        let length = match self.from(at).as_bytes() {
            [b'=', b'>', ..] => 2,
            [b':' | b'=', ..] => 1,
            [b'>', ..] => return self.after_tag(at),
            _ => match character_at(self.text, at) {
                Some((Written::Character(':' | '='), length)) => length,
                _ => return at + 1,
            },
        };
        match self.name_before(at) {
            Some(quote) => self.value(at + length, quote),
            None => at + length,
        }
    }

    /// Returns true if the value behind byte `at` is masked because of the name before it, and the
    /// quote that ends the name (empty without one).
    fn name_before(&self, at: usize) -> Option<&'a str> {
        let before = self.before(at);
        let closed = without_blanks_at_end(before);
        let mut name = closed;
        for _ in 0..CLOSERS_MAX {
            let shorter = QUOTES
                .iter()
                .chain(&CLOSERS)
                .find_map(|end| name.strip_suffix(end));
            match shorter {
                Some(shorter) => name = shorter,
                None => break,
            }
        }
        if !self.says_so(last_words(name)) {
            return None;
        }
        let closers = closed.get(name.len()..).unwrap_or_default();
        let quote = closers.trim_matches([']', ')', '*']);
        let is_quote = QUOTES
            .iter()
            .any(|known| quote.trim_start_matches('\\') == known.trim_start_matches('\\'));
        Some(if is_quote { quote } else { "" })
    }

    /// Returns true if the last words are a name whose value is masked.
    fn says_so(&self, words: &str) -> bool {
        let mut rest = words;
        for _ in 0..WORDS_MAX {
            steps::count(rest.len());
            if rest.is_empty() {
                return false;
            }
            let key = rest.rsplit('.').next().unwrap_or_default();
            if is_always(rest)
                || self
                    .rules
                    .is_some_and(|r| r.drops_name(rest) || r.drops_name(key))
            {
                return true;
            }
            match rest.split_once(' ') {
                Some((_, shorter)) => rest = shorter.trim_start_matches(' '),
                None => return false,
            }
        }
        false
    }

    /// Masks the value that begins at byte `from` or behind blanks, and returns where it ends.
    fn value(&mut self, from: usize, quote: &str) -> usize {
        let blanks = self.from(from).bytes().take(BLANKS_MAX);
        let in_lines = !quote.is_empty();
        let blank = |byte: &u8| match byte {
            b' ' | b'\t' => true,
            b'\n' | b'\r' => in_lines,
            _ => false,
        };
        let start = from + blanks.take_while(blank).count();
        let rest = self.from(start);
        if rest.starts_with(DROPPED) {
            return start + DROPPED.len();
        }
        if let Some(opener) = opener(rest) {
            let inner = start + opener.len();
            let (end, after) = self.closing(inner, opener);
            self.mask(inner, end, "");
            return after;
        }
        if rest.starts_with(['{', '[']) {
            let end = self.structure_end(start, quote);
            let inside = |c: char| matches!(c, '{' | '}' | '[' | ']') || c.is_whitespace();
            if !self
                .before(end)
                .get(start..)
                .unwrap_or_default()
                .trim_matches(inside)
                .is_empty()
            {
                self.mask(start, end, quote);
            }
            return end;
        }
        let end = self.unquoted_end(start);
        const LITERALS: [&str; 6] = ["null", "true", "false", "None", "True", "False"];
        if !LITERALS.contains(&self.before(end).get(start..).unwrap_or_default()) {
            self.mask(start, end, quote);
        }
        end
    }

    /// Writes that the bytes `start..end` are masked.
    fn mask(&mut self, start: usize, end: usize, quote: &str) {
        let value = self.before(end).get(start..).unwrap_or_default();
        if value.is_empty() || value == DROPPED {
            return;
        }
        self.out
            .push_str(self.before(start).get(self.copied..).unwrap_or_default());
        for part in [quote, DROPPED, quote] {
            self.out.push_str(part);
        }
        self.copied = end;
        self.fields = self.fields.saturating_add(1);
    }

    /// Where the text in quotes ends that begins at byte `inner`, and where its last quote ends.
    fn closing(&self, inner: usize, opener: &str) -> (usize, usize) {
        let rest = self.from(inner);
        let quote = opener.trim_start_matches('\\');
        let Some(quote) = quote.chars().next().filter(|_| quote.len() == 1) else {
            return match rest.find(opener) {
                Some(found) => (inner + found, inner + found + opener.len()),
                None => (self.text.len(), self.text.len()),
            };
        };
        let expected = opener.len() - 1;
        let mut slashes = 0;
        for (at, c) in rest.char_indices() {
            steps::count(1);
            if c == '\\' {
                slashes += 1;
                continue;
            }
            // Fewer backslashes than before the first quote end the text around it as well.
            let ends = if expected == 0 {
                slashes % 2 == 0
            } else {
                slashes <= expected
            };
            let behind = rest.get(at + 1..).unwrap_or_default();
            // An apostrophe in a name is no quote.
            let inside = quote == '\'' && behind.starts_with(char::is_alphanumeric);
            if c == quote && ends && !inside {
                return (
                    inner + at - if expected == 0 { 0 } else { slashes },
                    inner + at + 1,
                );
            }
            slashes = 0;
        }
        (self.text.len(), self.text.len())
    }

    /// Where the object or array ends that begins at byte `start`.
    fn structure_end(&self, start: usize, quote: &str) -> usize {
        let expected = quote.bytes().take_while(|byte| *byte == b'\\').count();
        let (mut depth, mut slashes, mut in_text) = (0_usize, 0_usize, false);
        for (at, byte) in self.from(start).bytes().enumerate() {
            steps::count(1);
            match byte {
                b'\\' => {
                    slashes += 1;
                    continue;
                }
                b'"' if expected == 0 && slashes % 2 == 1 => {}
                b'"' if slashes <= expected.max(1) => in_text = !in_text,
                b'{' | b'[' if !in_text => depth += 1,
                b'}' | b']' if !in_text => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return start + at + 1;
                    }
                }
                b'\n' if quote.is_empty() => return start + at,
                _ => {}
            }
            slashes = 0;
        }
        self.text.len()
    }

    /// Where the value ends that begins at byte `start` without a quote: after its last word.
    fn unquoted_end(&self, start: usize) -> usize {
        let has_digit = |word: &str| word.contains(|c: char| c.is_numeric());
        let mut end = start;
        let mut word_start = start;
        let mut digits = false;
        let mut words = 0;
        loop {
            let word_end = self.word_end(word_start, words == 0);
            let word = self.before(word_end).get(word_start..).unwrap_or_default();
            if words == 0 {
                digits = has_digit(word);
            } else if is_key(word) || (digits && (!has_digit(word) || words >= DIGIT_WORDS_MAX)) {
                return end;
            }
            if word.is_empty() {
                return end;
            }
            end = word_end;
            words += 1;
            let blanks = self.from(end).bytes();
            let blanks = blanks.take_while(|byte| matches!(byte, b' ' | b'\t'));
            word_start = end + blanks.count();
            if word_start == end {
                return end;
            }
        }
    }

    fn word_end(&self, start: usize, first: bool) -> usize {
        let rest = self.from(start);
        for (at, c) in rest.char_indices() {
            steps::count(1);
            // The first character of track 1 or track 2.
            if first && at == 0 && matches!(c, ';' | '%') && !self.from(start).starts_with("%2") {
                continue;
            }
            let ends = match c {
                ',' | ';' | '&' | '|' | '}' | ']' | ')' | '<' | '>' | '"' => true,
                '%' => {
                    let written = character_at(self.text, start + at);
                    matches!(
                        written,
                        Some((Written::Character('&' | '"' | '}' | ',' | ';'), _))
                    )
                }
                '\\' => !rest.get(at + 1..).unwrap_or_default().starts_with('/'),
                c => c.is_whitespace(),
            };
            if ends {
                return start + at;
            }
        }
        self.text.len()
    }

    /// Masks what stands in the element whose opening tag ends at byte `at`.
    fn after_tag(&mut self, at: usize) -> usize {
        let tail = &self.before(at).as_bytes()[at.saturating_sub(TAG_MAX)..];
        let opening = tail.iter().rposition(|byte| matches!(byte, b'<' | b'>'));
        steps::count(tail.len() - opening.unwrap_or(0));
        let inner = at + 1;
        let Some(opening) = opening.filter(|opening| tail.get(*opening) == Some(&b'<')) else {
            return inner;
        };
        let tag = self.before(at).get(at - (tail.len() - opening) + 1..);
        let tag = tag.unwrap_or_default();
        let name = tag.split_whitespace().next().unwrap_or_default();
        let name = name.rsplit(':').next().unwrap_or_default();
        if tag.starts_with(['/', '!', '?']) || tag.ends_with('/') || !self.says_so(name) {
            return inner;
        }
        let (start, close) = match self.from(inner).strip_prefix("<![CDATA[") {
            Some(_) => (inner + 9, "]]>"),
            None => (inner, "<"),
        };
        let length = self.from(start).find(close);
        let end = length.map_or(self.text.len(), |length| start + length);
        steps::count(end - start);
        if !self
            .before(end)
            .get(start..)
            .unwrap_or_default()
            .trim()
            .is_empty()
        {
            self.mask(start, end, "");
        }
        end
    }
}

/// The quote that a text begins with, and the backslashes before it.
fn opener(rest: &str) -> Option<&str> {
    let slashes = rest
        .bytes()
        .take(BACKSLASHES_MAX)
        .take_while(|byte| *byte == b'\\');
    let slashes = slashes.count();
    if let Some('"' | '\'' | '`') = rest.get(slashes..)?.chars().next() {
        return rest.get(..=slashes);
    }
    QUOTES.into_iter().find(|quote| rest.starts_with(quote))
}

fn without_blanks_at_end(text: &str) -> &str {
    let blanks = text.bytes().rev().take(BLANKS_MAX);
    let blanks = blanks.take_while(u8::is_ascii_whitespace).count();
    text.get(..text.len() - blanks).unwrap_or_default()
}

/// The last words of a text, without an escape that stands directly before them.
fn last_words(text: &str) -> &str {
    let bytes = text.as_bytes();
    let mut start = text.len();
    let mut words = 1;
    while let Some(byte) = start.checked_sub(1).and_then(|before| bytes.get(before))
        && text.len() - start < NAME_MAX
    {
        match byte {
            b'_' | b'-' | b'.' => {}
            b' ' if words < WORDS_MAX => words += 1,
            byte if byte.is_ascii_alphanumeric() || !byte.is_ascii() => {}
            _ => break,
        }
        start -= 1;
    }
    while !text.is_char_boundary(start) {
        start += 1;
    }
    steps::count(text.len() - start);
    let words = text.get(start..).unwrap_or_default();
    let escape = match start.checked_sub(1).and_then(|before| bytes.get(before)) {
        Some(b'%') => 2,
        Some(b'\\') if words.starts_with('u') => 5,
        Some(b'\\') if words.starts_with('x') => 3,
        Some(b'\\') => 1,
        _ => 0,
    };
    words
        .get(escape..)
        .unwrap_or_default()
        .trim_start_matches(' ')
}

/// Returns true if a word begins the next field: `amount=` or `amount:`.
fn is_key(word: &str) -> bool {
    word.contains('=')
        || word
            .split_once(':')
            .is_some_and(|(name, _)| name.ends_with(char::is_alphabetic))
}
