//! Reads what stands for another character: escapes, character references, tags.
//!
//! Sources, read 2026-11-27: <https://html.spec.whatwg.org/multipage/named-characters.html>,
//! RFC 3986 section 2.1 (`%20`), RFC 8259 section 7 (`\u0020`), RFC 2045 section 6.7 (`=20`).
//!
//! Everything here looks only so many characters ahead, so a text costs no more than it is long.
//!
//! Long because: one table of written forms beside its readers.

use crate::digits::{Decode, digit};
use crate::steps;

/// What some bytes of the text stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// One character.
    Character(char),
    /// A gap in a line: a tag, or a row of blanks.
    Gap,
    /// Something that nobody reads across: a very long row of blanks.
    End,
}

/// Characters of the longest name of a reference that is known.
const NAME_MAX: usize = 20;
/// Characters that a tag may have.
const TAG_MAX: usize = 128;
/// Blanks in a row that still look like one gap.
const BLANKS_MAX: usize = 16;
/// Backslashes in a row that are read as one: they double each time a text is put into another.
const BACKSLASHES_MAX: usize = 8;
/// How often a percent sign may be escaped again (`%2520` is once).
const PERCENTS_MAX: usize = 3;

/// Digits of a reference that is read without a semicolon wherever it stands.
const BARE_NUMBER_MAX: usize = 3;

/// The references by name that look like a gap, and those that text is escaped with.
const NAMES: &[(&str, char)] = &[
    ("nbsp", '\u{a0}'),
    ("NonBreakingSpace", '\u{a0}'),
    ("ensp", ' '),
    ("emsp", ' '),
    ("emsp13", ' '),
    ("emsp14", ' '),
    ("numsp", ' '),
    ("puncsp", ' '),
    ("thinsp", ' '),
    ("ThinSpace", ' '),
    ("hairsp", ' '),
    ("VeryThinSpace", ' '),
    ("MediumSpace", ' '),
    ("ZeroWidthSpace", '\u{200b}'),
    ("NoBreak", '\u{2060}'),
    ("zwnj", '\u{200c}'),
    ("zwj", '\u{200d}'),
    ("lrm", '\u{200e}'),
    ("rlm", '\u{200f}'),
    ("shy", '\u{ad}'),
    ("Tab", ' '),
    ("NewLine", ' '),
    ("hyphen", '-'),
    ("dash", '-'),
    ("ndash", '-'),
    ("mdash", '-'),
    ("horbar", '-'),
    ("minus", '-'),
    ("lowbar", '_'),
    ("UnderBar", '_'),
    ("period", '.'),
    ("comma", ','),
    ("colon", ':'),
    ("semi", ';'),
    ("plus", '+'),
    ("sol", '/'),
    ("bsol", '\\'),
    ("verbar", '|'),
    ("vert", '|'),
    ("middot", '\u{b7}'),
    ("centerdot", '\u{b7}'),
    ("CenterDot", '\u{b7}'),
    ("bull", '\u{2022}'),
    ("bullet", '\u{2022}'),
    ("num", '#'),
    ("lpar", '('),
    ("rpar", ')'),
    ("lsqb", '['),
    ("rsqb", ']'),
    ("quot", '"'),
    ("QUOT", '"'),
    ("apos", '\''),
    ("equals", '='),
    ("ast", '*'),
    ("lt", '<'),
    ("LT", '<'),
    ("gt", '>'),
    ("GT", '>'),
    ("amp", '&'),
    ("AMP", '&'),
];

/// Names that browsers read without a semicolon, too.
const BARE_NAMES: [&str; 6] = ["nbsp", "shy", "amp", "lt", "gt", "middot"];

/// Reads what stands for something else at byte `at`, and its length in bytes.
pub(crate) fn written(text: &str, at: usize, decode: Decode) -> Option<(Written, usize)> {
    let rest = text.get(at..)?;
    match decode {
        Decode::Nothing => {
            let (_, length) = reference(rest, decode)?;
            return Some((Written::End, length));
        }
        Decode::References => reference(rest, decode),
        Decode::Escapes if rest.starts_with('&') => reference(rest, decode),
        Decode::Escapes => escape(rest),
        Decode::Everything => return anything(text, at),
    }
    .map(|(c, length)| (Written::Character(c), length))
}

/// Reads one character at byte `at` that is escaped in any way.
pub(crate) fn character_at(text: &str, at: usize) -> Option<(Written, usize)> {
    let found = character(text.get(at..)?);
    found.map(|(c, length)| (Written::Character(c), length))
}

/// Reads `%34` or `\u0034`.
fn escape(rest: &str) -> Option<(char, usize)> {
    let (hex, length) = if rest.starts_with('%') {
        (rest.get(1..3)?, 3)
    } else {
        (rest.strip_prefix("\\u")?.get(..4)?, 6)
    };
    Some((char::from_u32(hexadecimal(hex)?)?, length))
}

fn hexadecimal(text: &str) -> Option<u32> {
    let all = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    all.then(|| u32::from_str_radix(text, 16).ok()).flatten()
}

/// One character as a whole reading sees it: escaped in any way, and by more than one of them.
fn character(rest: &str) -> Option<(char, usize)> {
    match rest.as_bytes().first()? {
        b'&' => reference(rest, Decode::Everything),
        _ => unit(rest).map(|(c, length)| {
            if c != '&' {
                return (c, length);
            }
            // `%26nbsp%3B`, `\u0026#32;`
            reference(rest, Decode::Everything).unwrap_or((c, length))
        }),
    }
}

/// One escaped character; not a reference.
fn unit(rest: &str) -> Option<(char, usize)> {
    match rest.as_bytes().first()? {
        b'%' => percent(rest),
        b'\\' => backslash(rest),
        _ => None,
    }
}

/// One character, escaped or not.
fn unit_or_plain(rest: &str) -> Option<(char, usize)> {
    unit(rest).or_else(|| rest.chars().next().map(|c| (c, c.len_utf8())))
}

fn percent(rest: &str) -> Option<(char, usize)> {
    let mut opening = 1;
    while opening < 1 + 2 * PERCENTS_MAX && rest.get(opening..opening + 2) == Some("25") {
        opening += 2;
    }
    // `%25` alone is a percent sign.
    loop {
        let opener = rest.get(..opening)?;
        if let Some(found) = sequence(rest, opener) {
            return Some(found);
        }
        if let Some(hex) = rest
            .get(opening..)
            .and_then(|rest| rest.strip_prefix('u')?.get(..4))
            && let Some(c) = hexadecimal(hex).and_then(char::from_u32)
        {
            return Some((c, opening + 5));
        }
        opening = opening.checked_sub(2)?;
    }
}

/// Bytes in hexadecimal, each behind the same `opener`: one of ASCII, or several in UTF-8.
fn sequence(rest: &str, opener: &str) -> Option<(char, usize)> {
    let byte = |index: usize| {
        let start = index * (opener.len() + 2);
        let pair = rest.get(start..)?.strip_prefix(opener)?.get(..2)?;
        u8::try_from(hexadecimal(pair)?).ok()
    };
    let first = byte(0)?;
    let count = match first {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        // Not UTF-8: a character of Latin-1.
        _ => 1,
    };
    let mut bytes = [0; 4];
    for (index, place) in bytes.iter_mut().take(count).enumerate() {
        match byte(index) {
            Some(byte) => *place = byte,
            None => return Some((char::from(first), opener.len() + 2)),
        }
    }
    let decoded = std::str::from_utf8(bytes.get(..count)?).ok();
    match decoded.and_then(|text| text.chars().next()) {
        Some(c) => Some((c, count * (opener.len() + 2))),
        None => Some((char::from(first), opener.len() + 2)),
    }
}

fn backslash(rest: &str) -> Option<(char, usize)> {
    let slashes = rest.bytes().take_while(|byte| *byte == b'\\');
    let slashes = slashes.take(BACKSLASHES_MAX).count();
    let behind = rest.get(slashes..)?;
    let found = |c: char, length: usize| Some((c, slashes + length));
    let hex = |from: usize, digits: usize| hexadecimal(behind.get(from..from + digits)?);
    match behind.as_bytes().first()? {
        b'u' if behind.as_bytes().get(1) == Some(&b'{') => {
            let inner = behind.get(2..)?;
            let length = inner.bytes().take(7).position(|byte| byte == b'}')?;
            found(char::from_u32(hex(2, length)?)?, length + 3)
        }
        b'u' => {
            let first = hex(1, 4)?;
            if let Some(c) = char::from_u32(first) {
                return found(c, 5);
            }
            // Half of a character, and the other half behind as many backslashes.
            let slash = rest.get(..slashes)?;
            let other = behind.get(5..)?.strip_prefix(slash)?.strip_prefix('u')?;
            let second = hexadecimal(other.get(..4)?)?;
            let pair = [u16::try_from(first).ok()?, u16::try_from(second).ok()?];
            let c = char::decode_utf16(pair).next()?.ok()?;
            found(c, 5 + slashes + 5)
        }
        b'U' => found(char::from_u32(hex(1, 8)?)?, 9),
        b'x' => sequence(rest, rest.get(..=slashes)?),
        b'0'..=b'3' => {
            let octal = behind.get(..3)?;
            let all = octal.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
            let value = u8::from_str_radix(octal, 8).ok().filter(|_| all)?;
            found(char::from(value), 3)
        }
        b'n' | b'r' | b't' | b'f' | b'v' => found(' ', 1),
        _ => None,
    }
}

/// Reads a character reference. Complete ones only, unless everything is to be read.
fn reference(rest: &str, decode: Decode) -> Option<(char, usize)> {
    let everything = decode == Decode::Everything;
    let next = |at: usize| {
        let rest = rest.get(at..)?;
        if everything {
            unit_or_plain(rest)
        } else {
            rest.chars().next().map(|c| (c, c.len_utf8()))
        }
    };
    let (c, mut at) = next(0)?;
    if c != '&' {
        return None;
    }
    // `&amp;#32;` is a reference that was escaped again.
    if everything {
        for _ in 0..PERCENTS_MAX {
            match rest.get(at..).and_then(|rest| rest.strip_prefix("amp;")) {
                Some(_) => at += 4,
                None => break,
            }
        }
    }
    let behind_escapes = at;
    let mut name = [0_u8; NAME_MAX];
    let mut length = 0;
    let mut end = None;
    while let Some((c, bytes)) = next(at) {
        steps::count(1);
        if c == ';' {
            end = Some(at + bytes);
            break;
        }
        let byte = u8::try_from(c).ok();
        let Some(byte) = byte.filter(|b| b.is_ascii_alphanumeric() || (*b == b'#' && length == 0))
        else {
            break;
        };
        let Some(place) = name.get_mut(length) else {
            break;
        };
        *place = byte;
        length += 1;
        at += bytes;
    }
    let name = std::str::from_utf8(name.get(..length)?).ok()?;
    let escaped_again = || {
        let escaped = everything && behind_escapes > 1 && rest.starts_with('&');
        escaped.then_some(('&', behind_escapes))
    };
    if let Some(number) = name.strip_prefix('#') {
        // Without its semicolon a number goes on as far as there are digits. A short one is read so
        // by every reading: no card number begins with it.
        let short = number.trim_start_matches(['x', 'X']).len() <= BARE_NUMBER_MAX;
        let ends = !matches!(next(at), Some((c, _)) if c.is_alphanumeric());
        let end = end.or((everything || (short && ends)).then_some(at));
        return numbered(number)
            .and_then(|c| Some((c, end?)))
            .or_else(escaped_again);
    }
    if let Some(end) = end
        && let Some((_, c)) = NAMES.iter().find(|(known, _)| *known == name)
    {
        return Some((*c, end));
    }
    if !everything {
        return None;
    }
    let bare = BARE_NAMES.iter().find(|bare| name.starts_with(**bare));
    bare.and_then(|bare| {
        let (_, c) = NAMES.iter().find(|(known, _)| known == bare)?;
        // Its characters may be escaped themselves; only plain ones are read here.
        let plain = rest.get(behind_escapes..)?.starts_with(*bare);
        plain.then_some((*c, behind_escapes + bare.len()))
    })
    .or_else(escaped_again)
}

/// The character of `52` or `x34`. At most seven digits: a longer one is a number.
fn numbered(number: &str) -> Option<char> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) if hex.len() <= 7 => hexadecimal(hex)?,
        None if number.len() <= 7 && number.bytes().all(|byte| byte.is_ascii_digit()) => {
            number.parse().ok()?
        }
        _ => return None,
    };
    char::from_u32(code)
}

/// Reads a row of blanks and tags, or one character that is escaped in any way.
fn anything(text: &str, at: usize) -> Option<(Written, usize)> {
    let rest = text.get(at..)?;
    if rest.starts_with('=') {
        return quoted_printable(text, at);
    }
    let Some(first) = blank(rest) else {
        return character(rest).map(|(c, length)| (Written::Character(c), length));
    };
    let (mut count, mut length) = (1, first);
    while let Some(next) = rest.get(length..).and_then(blank) {
        count += 1;
        length += next;
    }
    if count > BLANKS_MAX {
        return Some((Written::End, length));
    }
    Some((Written::Gap, length))
}

/// The bytes of one blank or one tag, escaped or not.
fn blank(rest: &str) -> Option<usize> {
    steps::count(1);
    let (c, length) = match character(rest) {
        Some(found) => found,
        None => rest.chars().next().map(|c| (c, c.len_utf8()))?,
    };
    match c {
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' => Some(length),
        '\u{2060}'..='\u{2069}' | '\u{fe0f}' | '\u{feff}' => Some(length),
        '<' => tag(rest, length),
        c => c.is_whitespace().then_some(length),
    }
}

/// The bytes of the tag that begins with `opening` bytes: `<br>`, `</td>`, `&lt;br /&gt;`.
fn tag(rest: &str, opening: usize) -> Option<usize> {
    let mut at = opening;
    for index in 0..TAG_MAX {
        steps::count(1);
        let rest = rest.get(at..)?;
        let (c, length) = match character(rest) {
            Some(found) => found,
            None => rest.chars().next().map(|c| (c, c.len_utf8()))?,
        };
        at += length;
        match c {
            '<' => return None,
            '>' => return (index > 0).then_some(at),
            '/' | '!' => {}
            c if index == 0 && !c.is_ascii_alphabetic() => return None,
            _ => {}
        }
    }
    None
}

/// Reads `=20` directly behind a digit, and a line that goes on (`=` at its end).
fn quoted_printable(text: &str, at: usize) -> Option<(Written, usize)> {
    let rest = text.get(at..)?;
    let before = text.get(..at)?.chars().next_back()?;
    digit(before)?;
    for end in ["=\r\n", "=\n"] {
        if rest.starts_with(end) {
            return Some((Written::Gap, end.len()));
        }
    }
    let (c, length) = sequence(rest, "=")?;
    // A digit need not be written so, and `id=34…` is no escape.
    let gap = !c.is_alphanumeric() && c != '*';
    gap.then_some((Written::Character(c), length))
}
