//! The records that a marker lists, in a few bytes each.
//!
//! A hundred sequence numbers as texts are two kilobytes and more, which is six write units in a transaction. Numbers of a shard differ in two
//! places: what stands before the last twenty digits grows by one a record, and of the last twenty some sixteen say nothing that could be foretold
//! (`2000001584047545833909`, `2100003604869767892701`, `2200001099771112898434`:
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.LowLevel.Walkthrough.html>, read 2026-11-28). So a number is
//! written as two differences to the one before it, each in as few bytes as it needs, which is nine for such numbers: a marker of a hundred
//! is one kilobyte. Numbers that follow another rule may take more bytes, and are listed all the same.
//!
//! Form: for each number, in their order, the difference of the digits before the last twenty, times two, plus one if its length in digits is
//! another than that of the number before it, which then follows; and the difference of the last twenty digits. Differences are zigzag, all are LEB128.

use std::collections::BTreeSet;

use super::SequenceNumber;

/// The records that a marker lists.
pub type Listed = BTreeSet<SequenceNumber>;

/// Digits of the lower part.
const LOW_DIGITS: usize = 20;
/// Digits of a number, at most.
const DIGITS_MAX: usize = 2 * LOW_DIGITS;
/// Bits of a byte that hold the number; the last says whether another byte follows.
const BITS: u32 = 7;

/// Bytes that are not of the form above. A marker that cannot be read is no marker that is not there: nothing may be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a marker does not say which records it lists")]
pub struct Unreadable;

/// Its two parts and its length in digits.
fn parts(number: &SequenceNumber) -> (i128, i128, i128) {
    let text = number.as_str();
    let (high, low) = text.split_at(text.len().saturating_sub(LOW_DIGITS));
    // Up to twenty digits each: they fit.
    let part = |digits: &str| digits.parse().unwrap_or_default();
    (part(high), part(low), text.len() as i128)
}

fn zigzag(number: i128) -> u128 {
    ((number << 1) ^ (number >> 127)).cast_unsigned()
}

fn unzigzag(number: u128) -> i128 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

fn write(mut number: u128, bytes: &mut Vec<u8>) {
    loop {
        let low = (number & 0x7f) as u8;
        number >>= BITS;
        if number == 0 {
            bytes.push(low);
            return;
        }
        bytes.push(low | 0x80);
    }
}

fn read(bytes: &mut &[u8]) -> Result<u128, Unreadable> {
    let (mut number, mut shift) = (0_u128, 0);
    loop {
        let (byte, rest) = bytes.split_first().ok_or(Unreadable)?;
        *bytes = rest;
        if shift >= u128::BITS {
            return Err(Unreadable);
        }
        number |= u128::from(byte & 0x7f) << shift;
        shift += BITS;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
}

/// The bytes that list these records; the order does not matter.
pub fn encode(records: &[SequenceNumber]) -> Vec<u8> {
    let listed: Listed = records.iter().cloned().collect();
    let mut bytes = Vec::with_capacity(8 * listed.len());
    let mut before = (0, 0, 0);
    for number in &listed {
        let (high, low, length) = parts(number);
        let resized = length != before.2;
        write(
            (zigzag(high - before.0) << 1) | u128::from(resized),
            &mut bytes,
        );
        if resized {
            write(length.cast_unsigned(), &mut bytes);
        }
        write(zigzag(low - before.1), &mut bytes);
        before = (high, low, length);
    }
    bytes
}

/// The records that these bytes list.
///
/// # Errors
/// [`Unreadable`] for bytes that [`encode`] does not make, or that list nothing.
pub fn decode(mut bytes: &[u8]) -> Result<Listed, Unreadable> {
    let mut listed = Listed::new();
    let (mut high, mut low, mut length) = (0_i128, 0_i128, 0_usize);
    while !bytes.is_empty() {
        let first = read(&mut bytes)?;
        let sum = |part: i128, difference: u128| {
            let sum = part.checked_add(unzigzag(difference));
            sum.filter(|sum| *sum >= 0).ok_or(Unreadable)
        };
        high = sum(high, first >> 1)?;
        if first & 1 == 1 {
            let read = usize::try_from(read(&mut bytes)?).ok();
            let read = read.filter(|length| *length <= DIGITS_MAX);
            length = read.ok_or(Unreadable)?;
        }
        low = sum(low, read(&mut bytes)?)?;
        let text = match length.checked_sub(LOW_DIGITS) {
            None | Some(0) => format!("{low:0>length$}"),
            Some(width) => format!("{high:0>width$}{low:0>LOW_DIGITS$}"),
        };
        let number = SequenceNumber::parse(&text).filter(|number| number.as_str().len() == length);
        listed.insert(number.ok_or(Unreadable)?);
    }
    match listed.is_empty() {
        true => Err(Unreadable),
        false => Ok(listed),
    }
}

#[cfg(test)]
#[path = "marker_tests.rs"]
mod tests;
