//! Says at once of a text what kinds of bytes are in it: most texts of a body hold none that needs a closer look.
//!
//! How: sixteen bytes at a time and without a branch between them, which the compiler does in one register.

/// Bytes that are looked at together.
const TOGETHER: usize = 16;

/// It may part a name from its value, or begin what stands for such a byte.
const MARK: u8 = 1;
/// Something may stand for another character here, or does not look like what it is: `detector` reads a text with one of these in
/// more than one way.
const DOUBTFUL: u8 = 2;
/// It is not ASCII.
const FOREIGN: u8 = 4;

/// The kinds of the bytes of a text.
#[derive(Clone, Copy)]
pub(crate) struct Kinds(u8);

impl Kinds {
    pub(crate) fn of(text: &str) -> Self {
        Self(kinds(text.as_bytes()))
    }

    /// Returns true if a byte may part a name from its value, or begin what stands for such a byte.
    pub(crate) const fn has_marks(self) -> bool {
        self.0 & MARK != 0
    }

    /// Returns true if something in the text may stand for another character, or is not ASCII.
    pub(crate) const fn has_doubtful(self) -> bool {
        self.0 & DOUBTFUL != 0
    }

    /// Returns true if all of the text is ASCII.
    pub(crate) const fn is_ascii(self) -> bool {
        self.0 & FOREIGN == 0
    }
}

const fn kinds_of(byte: u8) -> u8 {
    // All bits or none, as the processor compares many bytes.
    macro_rules! is {
        ($($other:literal)|+) => { 0_u8 $(| 0_u8.wrapping_sub((byte == $other) as u8))+ };
    }
    (is!(b'=' | b'%' | b'\\' | b'&') & (MARK | DOUBTFUL))
        | (is!(b':' | b'>') & MARK)
        | (is!(b'<') & DOUBTFUL)
        | (0_u8.wrapping_sub(byte >> 7) & (DOUBTFUL | FOREIGN))
}

fn kinds(bytes: &[u8]) -> u8 {
    let Some(last) = bytes.last_chunk::<TOGETHER>() else {
        return bytes.iter().fold(0, |found, byte| {
            found | KINDS.get(usize::from(*byte)).copied().unwrap_or_default()
        });
    };
    let mut found = last.map(kinds_of);
    let (blocks, _) = bytes.as_chunks::<TOGETHER>();
    for block in blocks {
        for (found, byte) in found.iter_mut().zip(block) {
            *found |= kinds_of(*byte);
        }
    }
    found.iter().fold(0, |all, found| all | found)
}

static KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0_u8;
    loop {
        kinds[byte as usize] = kinds_of(byte);
        if byte == u8::MAX {
            break kinds;
        }
        byte += 1;
    }
};

/// Returns true if [`Kinds::has_marks`] looks for this byte.
pub(crate) const fn is_mark(byte: u8) -> bool {
    kinds_of(byte) & MARK != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_found_at_every_place() {
        for byte in 0..=u8::MAX {
            for length in 1..40 {
                for at in 0..length {
                    let mut bytes = vec![b'x'; length];
                    bytes[at] = byte;
                    assert_eq!(kinds(&bytes), kinds_of(byte), "{byte} at {at} of {length}");
                }
            }
        }
        assert_eq!(kinds(b""), 0);
        assert_eq!(kinds(b"x:<"), MARK | DOUBTFUL);
    }

    #[test]
    fn the_kinds_are_those_that_are_named() {
        for byte in 0..=u8::MAX {
            let mark = matches!(byte, b':' | b'=' | b'>' | b'%' | b'\\' | b'&');
            let doubtful = matches!(byte, b'%' | b'\\' | b'<' | b'&' | b'=' | 128..);
            assert_eq!(is_mark(byte), mark, "{byte}");
            assert_eq!(kinds_of(byte) & DOUBTFUL != 0, doubtful, "{byte}");
            assert_eq!(kinds_of(byte) & FOREIGN != 0, !byte.is_ascii(), "{byte}");
        }
    }
}
