//! Finds the UUIDs in a text: digits in one are no part of a card number.
//!
//! Source of the form: RFC 9562, section 4.

use crate::steps;

/// Bytes of a UUID.
pub(crate) const UUID_BYTES: usize = 36;
/// Where its dashes are.
const DASHES: [usize; 4] = [8, 13, 18, 23];

/// The UUIDs of a text, looked for only as far as the text was read.
pub(crate) struct Uuids<'a> {
    text: &'a [u8],
    /// Where the next one starts, or the largest number.
    next: usize,
}

impl<'a> Uuids<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let mut uuids = Self {
            text: text.as_bytes(),
            next: 0,
        };
        uuids.find(0);
        uuids
    }

    /// Returns the end of the UUID that byte `at` is in. Asked for growing `at` alone.
    pub(crate) fn end_if_inside(&mut self, at: usize) -> Option<usize> {
        while self.next.saturating_add(UUID_BYTES) <= at {
            self.find(self.next + UUID_BYTES);
        }
        (at >= self.next).then(|| self.next + UUID_BYTES)
    }

    /// Finds the next one that starts at byte `from` or later.
    fn find(&mut self, from: usize) {
        let mut dash = from.saturating_add(DASHES[0]);
        while let Some(rest) = self.text.get(dash..)
            && let Some(found) = rest.iter().position(|byte| *byte == b'-')
        {
            steps::count(1);
            dash += found;
            if self.is_uuid_at(dash - DASHES[0]) {
                self.next = dash - DASHES[0];
                return;
            }
            dash += 1;
        }
        self.next = usize::MAX;
    }

    fn is_uuid_at(&self, start: usize) -> bool {
        let Some(text) = self.text.get(start..start + UUID_BYTES) else {
            return false;
        };
        // Nearly every dash is none of a UUID, and the places of the dashes say so at once.
        let alone = |neighbour: Option<&u8>| neighbour.is_none_or(|b| !b.is_ascii_alphanumeric());
        DASHES.iter().all(|dash| text.get(*dash) == Some(&b'-'))
            && text
                .iter()
                .enumerate()
                .all(|(i, byte)| DASHES.contains(&i) || byte.is_ascii_hexdigit())
            && alone(
                start
                    .checked_sub(1)
                    .and_then(|before| self.text.get(before)),
            )
            && alone(self.text.get(start + UUID_BYTES))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_uuid_of_a_text_is_found() {
        let one = "13b867cf-db3d-4b1c-90b6-676767676767";
        for (text, starts) in [
            (String::new(), vec![]),
            ("-".repeat(50), vec![]),
            (one.to_owned(), vec![0]),
            (format!("a {one}, {one}-{one}"), vec![2, 40, 77]),
            (format!("sub_{one}.json"), vec![4]),
            (format!("a{one} {one}0"), vec![]),
            (one.replace('c', "g"), vec![]),
        ] {
            let mut uuids = Uuids::new(&text);
            let mut found = Vec::new();
            for at in 0..text.len() {
                if let Some(end) = uuids.end_if_inside(at)
                    && found.last() != Some(&(end - UUID_BYTES))
                {
                    found.push(end - UUID_BYTES);
                }
            }
            assert_eq!(found, starts, "{text}");
        }
    }
}
