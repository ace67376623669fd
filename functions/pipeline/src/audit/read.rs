//! Takes an audit object apart: one line of a frame, or every line of an object.
//!
//! Invariant: a line is given only out of a frame that is whole by its checksum. A damaged frame is named by its place and hides no other:
//! the next one is found by where it begins.
//! Until 2026-11 each line was a frame of its own; such objects are read in the same way.
//!
//! Source: <https://www.rfc-editor.org/rfc/rfc8878#section-3>, read 2026-11-28 (frames, magic number).

use std::io::Read;

use zstd::stream::read::Decoder;
use zstd::zstd_safe::find_frame_compressed_size;

use super::{FRAME_TEXT_BYTES_MAX, LINE_BYTES_MAX};
use crate::error::AuditError;

/// How a frame begins, and seldom anything else.
const MAGIC: [u8; 4] = 0xFD2F_B528_u32.to_le_bytes();

/// The text of a frame: one line of the longest, or several that are shorter.
const TEXT_BYTES_MAX: usize = if LINE_BYTES_MAX > FRAME_TEXT_BYTES_MAX {
    LINE_BYTES_MAX
} else {
    FRAME_TEXT_BYTES_MAX
};

/// The longest object that is taken apart, decompressed: a batch of a thousand long webhooks fits.
const OBJECT_BYTES_MAX: usize = 2 * 1024 * 1024 * 1024;

/// Bytes of an object that hold no frame that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// The first of them.
    pub offset_bytes: usize,
    /// How many there are.
    pub length_bytes: usize,
}

/// What can be read of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// The lines of the frames that are whole, in order, without their line feeds.
    pub lines: Vec<String>,
    /// What is between those frames, in order; empty for an object that nothing happened to.
    pub damaged: Vec<Damaged>,
}

/// Reads the line of a message in the frame that an [`AuditPointer`](crate::storage::AuditPointer) names, without its line feed.
///
/// # Errors
/// [`AuditError::Frame`] when the bytes are not one whole frame of lines, [`AuditError::NotInFrame`] when no line is of the message.
pub fn read_line(frame: &[u8], message_id: &str) -> Result<String, AuditError> {
    let text = frame_text(frame)?;
    // The writer puts it first, and as JSON it cannot stand there in another way.
    let id = serde_json::to_string(message_id).map_err(|_| AuditError::Text)?;
    let begins = format!("{{\"message_id\":{id}");
    let is_of_message = |line: &&str| {
        let rest = line.strip_prefix(&begins);
        rest.is_some_and(|rest| rest.starts_with([',', '}']))
    };
    let line = text.lines().find(is_of_message);
    line.map(str::to_owned).ok_or(AuditError::NotInFrame)
}

/// Reads every line of an object, in order.
///
/// # Errors
/// [`AuditError`] when the bytes are not whole frames of UTF-8 lines.
pub fn read_lines(object: &[u8]) -> Result<Vec<String>, AuditError> {
    let Lines { lines, damaged } = read_frames(object);
    match damaged.as_slice() {
        [] => Ok(lines),
        _ => Err(AuditError::Frame),
    }
}

/// Reads the lines of every frame of an object that can be read, and says where the others are.
pub fn read_frames(object: &[u8]) -> Lines {
    let mut found = Lines::default();
    let (mut at, mut text_bytes) = (0, 0);
    while let Some(rest) = object.get(at..).filter(|rest| !rest.is_empty()) {
        let size = find_frame_compressed_size(rest).ok();
        let frame = size.and_then(|size| rest.get(..size));
        match frame.map(|frame| (frame, frame_text(frame))) {
            Some((frame, Ok(text))) if text_bytes + text.len() <= OBJECT_BYTES_MAX => {
                text_bytes += text.len();
                found.lines.extend(text.lines().map(str::to_owned));
                at += frame.len();
            }
            // Its length may be what is damaged.
            _ => {
                let length_bytes = up_to_next_frame(rest);
                match found.damaged.last_mut() {
                    Some(last) if last.offset_bytes + last.length_bytes == at => {
                        last.length_bytes += length_bytes;
                    }
                    _ => found.damaged.push(Damaged {
                        offset_bytes: at,
                        length_bytes,
                    }),
                }
                at += length_bytes;
            }
        }
    }
    found
}

/// How many bytes come before what may be the next frame.
fn up_to_next_frame(bytes: &[u8]) -> usize {
    let behind = bytes.get(1..).unwrap_or_default();
    let next = behind.windows(MAGIC.len()).position(|four| four == MAGIC);
    next.map_or(bytes.len(), |next| next + 1)
}

/// The text of one whole frame.
fn frame_text(frame: &[u8]) -> Result<String, AuditError> {
    // Else the decoder would read on in what comes behind the frame.
    if find_frame_compressed_size(frame) != Ok(frame.len()) {
        return Err(AuditError::Frame);
    }
    let decoder = Decoder::new(frame).map_err(|_| AuditError::Frame)?;
    let mut text = Vec::new();
    let read = decoder
        .take(TEXT_BYTES_MAX as u64 + 1)
        .read_to_end(&mut text);
    read.map_err(|_| AuditError::Frame)?;
    if text.last() != Some(&b'\n') || text.len() > TEXT_BYTES_MAX {
        return Err(AuditError::Frame);
    }
    String::from_utf8(text).map_err(|_| AuditError::Text)
}
