//! Lines of bytes: a line that is not UTF-8 is a line all the same.

use std::io::BufRead;

use crate::error::Error;

/// A line without its line feed.
pub(crate) struct Line {
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
    /// Whether a line feed ended it: the last line of a file may have none.
    pub(crate) ended: bool,
}

/// The lines of `input`, read one at a time.
pub(crate) fn lines(mut input: impl BufRead) -> impl Iterator<Item = Result<Line, Error>> {
    std::iter::from_fn(move || {
        let mut bytes = Vec::new();
        match input.read_until(b'\n', &mut bytes) {
            Ok(0) => None,
            Ok(_) => {
                let ended = bytes.last() == Some(&b'\n');
                if ended {
                    bytes.pop();
                }
                Some(Ok(Line { bytes, ended }))
            }
            Err(error) => Some(Err(Error::Input(error))),
        }
    })
}
