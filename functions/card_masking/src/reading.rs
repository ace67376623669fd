//! Reads a text once and finds the card numbers in it, in time that grows with the text and in
//! memory of one bit for each of its bytes.
//!
//! How: only the last [`PAN_DIGITS_MAX`] digits are kept. Wherever a group of digits ends, every
//! span of whole groups that ends there is checked, from the shortest to the longest, so that the
//! sum of the check digit is added up once for all of them. A card number is not stored: it is
//! counted, and the digits of it that must not be shown are marked.
//!
//! A text with escapes is read again. The card numbers of the second reading are counted only if
//! the first cannot have found them, which the digits tell: see [`Reading::is_new`]. Those of the
//! readings that decode nothing or everything are counted if they hide something more.
//!
//! Long because: one state machine.

use crate::brands::{
    PAN_DIGITS_MAX, PAN_DIGITS_MIN, PREFIX_DIGITS, check_digit_is_right, check_term, has_brand,
    may_be_phone,
};
use crate::digits::{Atom, Decode, Kind, atom_at, without_digits};
use crate::glued::{GROUP_DIGITS_MAX, Glued, follows_a_plus, glued, is_fraction, stripe_data};
use crate::steps;
use crate::uuid::Uuids;

/// Separators in a row that a number may have inside.
pub(crate) const GAP_ATOMS_MAX: usize = 4;
/// Digits at the beginning of a card number that may be shown.
pub(crate) const BIN_DIGITS: usize = 6;
/// Digits at the end of a card number that may be shown.
pub(crate) const LAST_DIGITS: usize = 4;

/// Decimal digits that an escape can end with: four in `\u0020`.
const ESCAPE_DIGITS_MAX: usize = 4;
// What an escape may add to a number is never masked, so only digits of the reading are marked.
const _: () = assert!(ESCAPE_DIGITS_MAX <= BIN_DIGITS);

/// Digits in memory: a power of two, which makes finding one fast.
const DIGITS_KEPT: usize = 32;
const _: () = assert!(DIGITS_KEPT > PAN_DIGITS_MAX && DIGITS_KEPT >= GROUP_DIGITS_MAX);

/// Escapes in memory. A number can begin in one only if at most [`GAP_ATOMS_MAX`] separators are
/// between it and the next digit, so each kept digit has at most one more escape than that.
const ESCAPES_KEPT: usize = 128;
const _: () = assert!(ESCAPES_KEPT > (PAN_DIGITS_MAX + 1) * (GAP_ATOMS_MAX + 1));

/// How many digits of a card number stay.
#[derive(Clone, Copy)]
pub(crate) struct Shown {
    first: usize,
    last: usize,
}

impl Shown {
    /// As many as may be shown.
    pub(crate) const ENDS: Self = Self {
        first: BIN_DIGITS,
        last: LAST_DIGITS,
    };
    pub(crate) const NOTHING: Self = Self { first: 0, last: 0 };
}

/// The card numbers in a text.
#[derive(Default)]
pub(crate) struct Found {
    /// How many different ones there are.
    pub(crate) count: u32,
    /// A bit for each byte of the text, set where a digit starts that must not be shown. Empty if
    /// there are none.
    hidden: Vec<u64>,
}

impl Found {
    /// Marks what starts at byte `start`; returns true if it was not marked before.
    fn hide(&mut self, start: usize, text_bytes: usize) -> bool {
        if self.hidden.is_empty() {
            self.hidden.resize(text_bytes.div_ceil(64), 0);
        }
        let Some(word) = self.hidden.get_mut(start / 64) else {
            return false;
        };
        let before = *word;
        *word |= 1 << (start % 64);
        *word != before
    }

    /// Returns where the digits start that must not be shown, in order.
    pub(crate) fn hidden(&self) -> impl Iterator<Item = usize> + '_ {
        self.hidden.iter().enumerate().flat_map(|(index, word)| {
            let mut bits = *word;
            std::iter::from_fn(move || {
                let bit = bits.trailing_zeros() as usize;
                // With no bit left this subtraction fails, and that ends the word.
                bits &= bits.checked_sub(1)?;
                Some(index * 64 + bit)
            })
        })
    }
}

#[derive(Clone, Copy, Default)]
struct Digit {
    /// Its first byte in the text.
    start: usize,
    value: u8,
    /// No digit stands directly before it.
    begins_group: bool,
    /// It is written as an escape.
    escaped: bool,
    /// Value of [`Reading::place`] at this digit.
    place: usize,
    /// How many escapes there are up to here; this digit counts if it is one.
    escapes: usize,
}

/// An escape whose last characters are decimal digits. It may be no escape at all, and they the
/// beginning of a number whose separators are escapes: in `\u4000%200000%20…` the first is no
/// escape and the others are.
#[derive(Clone, Copy)]
struct Doubtful {
    /// The bytes of its decimal digits.
    start: usize,
    end: usize,
    /// Index of the first digit behind it.
    next_digit: usize,
    /// Value of [`Reading::place`] at this escape.
    place: usize,
    /// How many escapes there are up to here, with this one.
    escapes: usize,
}

/// One pass over a text.
pub(crate) struct Reading<'a> {
    text: &'a str,
    /// What counts as the character that it stands for.
    decode: Decode,
    uuids: Uuids<'a>,
    shown: Shown,
    /// The last digits: the one with index `i` is at `i % DIGITS_KEPT`.
    digits: [Digit; DIGITS_KEPT],
    /// Digits read: the index of the next one.
    digits_read: usize,
    /// Index of the first digit of the run: at most [`GAP_ATOMS_MAX`] separators are between any
    /// two digits from there on.
    run: usize,
    /// Index of the first digit of the last group.
    group: usize,
    /// The last doubtful escapes, the one with index `i` at `i % ESCAPES_KEPT`.
    doubtful: Vec<Doubtful>,
    doubtful_read: usize,
    escapes: usize,
    /// Grows by one with every digit and separator. It grows by more than a number may have of
    /// them in a row where something ends a number.
    place: usize,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(text: &'a str, decode: Decode, shown: Shown) -> Self {
        Self {
            text,
            decode,
            uuids: Uuids::new(text),
            shown,
            digits: [Digit::default(); DIGITS_KEPT],
            digits_read: 0,
            run: 0,
            group: 0,
            doubtful: Vec::new(),
            doubtful_read: 0,
            escapes: 0,
            place: 0,
        }
    }

    /// Adds the card numbers of the text to `found`.
    pub(crate) fn find(mut self, found: &mut Found) {
        let mut gap = usize::MAX;
        let mut at = 0;
        loop {
            // Most texts have no digits for long stretches.
            if gap > GAP_ATOMS_MAX && self.decode == Decode::References {
                at += without_digits(self.text.as_bytes().get(at..).unwrap_or_default());
            }
            let Some(atom) = self.atom_at(at) else {
                break;
            };
            steps::count(1);
            // Where the atom before this one ends.
            let last_end = at.min(atom.start);
            at = atom.end;
            let escaped = self.decode == Decode::Escapes && self.is_escape(atom);
            self.escapes += usize::from(escaped);
            self.place += 1;
            match atom.kind {
                Kind::Digit(value) => {
                    if gap > GAP_ATOMS_MAX {
                        self.run = self.digits_read;
                    }
                    self.push(Digit {
                        start: atom.start,
                        value,
                        begins_group: gap != 0,
                        escaped,
                        place: self.place,
                        escapes: self.escapes,
                    });
                    gap = 0;
                }
                Kind::Separator => {
                    if gap == 0 {
                        self.end_group(last_end, found);
                    }
                    gap = gap.saturating_add(1);
                }
                Kind::Other => {
                    if gap == 0 {
                        self.end_group(last_end, found);
                    }
                    gap = usize::MAX;
                    self.place += GAP_ATOMS_MAX;
                }
            }
            if escaped {
                self.push_doubtful(atom);
            }
        }
        if gap == 0 {
            self.end_group(self.text.len(), found);
        }
    }

    fn atom_at(&mut self, at: usize) -> Option<Atom> {
        if let Some(end) = self.uuids.end_if_inside(at) {
            return Some(Atom {
                start: at,
                end,
                kind: Kind::Other,
            });
        }
        atom_at(self.text, at, self.decode)
    }

    fn is_escape(&self, atom: Atom) -> bool {
        let first = self.text.as_bytes().get(atom.start);
        matches!(first, Some(b'%' | b'\\')) && atom.end - atom.start > 1
    }

    fn push(&mut self, digit: Digit) {
        if digit.begins_group {
            self.group = self.digits_read;
        }
        self.digits[self.digits_read % DIGITS_KEPT] = digit;
        self.digits_read += 1;
    }

    fn digit(&self, index: usize) -> &Digit {
        &self.digits[index % DIGITS_KEPT]
    }

    fn push_doubtful(&mut self, escape: Atom) {
        let written = self.text.as_bytes().get(escape.start..escape.end);
        let decimals = written
            .unwrap_or_default()
            .iter()
            .rev()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if decimals == 0 {
            return;
        }
        let doubtful = Doubtful {
            start: escape.end - decimals,
            end: escape.end,
            next_digit: self.digits_read,
            place: self.place,
            escapes: self.escapes,
        };
        match self.doubtful.get_mut(self.doubtful_read % ESCAPES_KEPT) {
            Some(place) => *place = doubtful,
            None => self.doubtful.push(doubtful),
        }
        self.doubtful_read += 1;
    }

    /// Finds every card number that ends with the digit read last, after which a group ends at byte
    /// `end`.
    fn end_group(&self, end: usize, found: &mut Found) {
        let in_run = self.digits_read - self.run;
        let fewest = if self.decode == Decode::Escapes {
            PAN_DIGITS_MIN - ESCAPE_DIGITS_MAX
        } else {
            PAN_DIGITS_MIN
        };
        if in_run < fewest {
            return;
        }
        let mut matches = self.find_glued(end, found);
        let oldest = self.digits_read - in_run.min(PAN_DIGITS_MAX);
        // Everything from here to the last digits is hidden: all these numbers end at the same
        // digit, so what one of them hides is a part of what a longer one hides.
        let mut hide_from = self.digits_read;
        let mut new = 0;
        let mut sum = 0;
        let mut doubtful_left = self.doubtful_read;
        let mut hides_more = false;
        for index in (oldest..self.digits_read).rev() {
            steps::count(1);
            let first = self.digit(index);
            sum += check_term(first.value, self.digits_read - index - 1);
            if first.begins_group && self.is_card(&[], index, sum) {
                new += u32::from(self.is_new(first));
                hide_from = hide_from.min(index + self.shown.first);
            }
            while let Some(doubtful) = self.doubtful_before(doubtful_left)
                && doubtful.next_digit >= index
            {
                steps::count(1);
                doubtful_left -= 1;
                if doubtful.next_digit == index
                    && first.place - doubtful.place <= GAP_ATOMS_MAX + 1
                    && let Some(beginning) = self.beginning_in(doubtful)
                    && self.is_card(beginning, index, sum)
                {
                    new += 1;
                    hide_from =
                        hide_from.min(index + self.shown.first.saturating_sub(beginning.len()));
                    for start in (doubtful.start..doubtful.end).skip(self.shown.first) {
                        found.hide(start, self.text.len());
                    }
                }
            }
        }
        matches |= hide_from < self.digits_read;
        for index in hide_from..self.digits_read - self.shown.last {
            steps::count(1);
            hides_more |= found.hide(self.digit(index).start, self.text.len());
        }
        if matches!(self.decode, Decode::Nothing | Decode::Everything) {
            new = u32::from(hides_more);
        }
        found.count = found.count.saturating_add(new);
        if matches {
            for start in stripe_data(self.text, end) {
                steps::count(1);
                found.hide(start, self.text.len());
            }
        }
    }

    /// Finds the card numbers that other digits stand directly beside, in the group that ends at
    /// byte `end`. Returns true if there are any.
    fn find_glued(&self, end: usize, found: &mut Found) -> bool {
        let digits = self.digits_read - self.group;
        if digits <= PAN_DIGITS_MIN || digits > GROUP_DIGITS_MAX {
            return false;
        }
        let mut values = [0; GROUP_DIGITS_MAX];
        for (index, value) in values.iter_mut().take(digits).enumerate() {
            *value = self.digit(self.group + index).value;
        }
        let start = self.digit(self.group).start;
        let mut hides_more = false;
        let mut any = false;
        for Glued { number, hidden } in glued(self.text, start..end, values.get(..digits)) {
            steps::count(number.len());
            any = true;
            let middle = number.start + self.shown.first..number.end - self.shown.last;
            for index in middle.chain(hidden) {
                let digit = self.digit(self.group + index);
                hides_more |= found.hide(digit.start, self.text.len());
            }
        }
        found.count = found.count.saturating_add(u32::from(hides_more));
        any
    }

    fn doubtful_before(&self, count: usize) -> Option<&Doubtful> {
        self.doubtful.get(count.checked_sub(1)? % ESCAPES_KEPT)
    }

    /// Returns true unless the reading that leaves escapes alone finds the number, too: it does if
    /// no escape is in the number and no digit of an escape is directly before it.
    fn is_new(&self, first: &Digit) -> bool {
        let before = first.start.checked_sub(1);
        self.decode == Decode::References
            || first.escaped
            || self.has_escapes_after(first.escapes)
            || before
                .and_then(|before| self.text.as_bytes().get(before))
                .is_some_and(u8::is_ascii_digit)
    }

    /// Returns true if an escape comes after the first so many, up to the digit read last.
    fn has_escapes_after(&self, escapes: usize) -> bool {
        self.digit(self.digits_read - 1).escapes > escapes
    }

    /// Returns the digits of an escape with which a number may begin. None if no escapes follow:
    /// the reading that leaves escapes alone finds such a number.
    fn beginning_in(&self, doubtful: &Doubtful) -> Option<&'a [u8]> {
        if !self.has_escapes_after(doubtful.escapes) {
            return None;
        }
        self.text.as_bytes().get(doubtful.start..doubtful.end)
    }

    /// Returns true if these ASCII digits and the ones read from `index` on are a card number.
    /// `sum` is the sum of the check terms of the digits read.
    fn is_card(&self, beginning: &[u8], index: usize, mut sum: u32) -> bool {
        let read = self.digits_read - index;
        let length = beginning.len() + read;
        if !(PAN_DIGITS_MIN..=PAN_DIGITS_MAX).contains(&length) {
            return false;
        }
        let beginning = beginning.iter().map(|byte| byte - b'0');
        for (place, digit) in beginning.clone().rev().enumerate() {
            sum += check_term(digit, read + place);
        }
        if !check_digit_is_right(sum) {
            return false;
        }
        // No plus is before a number that begins in an escape.
        let may_follow_a_plus = beginning.len() == 0;
        let digits = beginning.chain((index..).map(|index| self.digit(index).value));
        let prefix = digits
            .take(PREFIX_DIGITS)
            .fold(0, |prefix, digit| prefix * 10 + u32::from(digit));
        let first = self.digit(index);
        let before = || self.text.get(..first.start).unwrap_or_default();
        let unbroken = may_follow_a_plus && index == self.group;
        has_brand(prefix, length)
            && !(may_follow_a_plus && may_be_phone(first.value, length) && follows_a_plus(before()))
            && !(unbroken && is_fraction(before()))
    }
}

#[cfg(test)]
impl Found {
    pub(crate) fn memory_bytes(&self) -> usize {
        self.hidden.capacity() * size_of::<u64>()
    }
}
