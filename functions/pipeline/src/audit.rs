//! An audit object of a batch: a line per message, up to `FRAME_LINES_MAX` lines in one zstd frame,
//! so that a record is one ranged GET.
//!
//! Invariant: the frame that `AuditWriter::push` names holds, in the finished object, exactly the line that was pushed among its lines.
//! A frame ends in a line feed, so the whole object decompresses to JSON lines. `read.rs` takes objects apart again.
//! Invariant: nothing reaches a line unmasked. Events and payload come masked from [`crate::judge`]; of what an unverified sender
//! claims only an IP address that parses and a masked, bounded request id are kept.
//!
//! Source: `ARCHITECTURE.md`, "Audit object"; frames may be concatenated, RFC 8878 section 3,
//! <https://www.rfc-editor.org/rfc/rfc8878#section-3>.

use std::borrow::Cow;
use std::cell::Cell;
use std::net::IpAddr;
use std::sync::Arc;

use aws_lc_rs::digest;
use card_masking::mask_text;
use payment_event::{PaymentEvent, TransactionKey};
use serde::Serialize;
use zstd::bulk::Compressor;

use crate::error::AuditError;
use crate::fetched::Fetched;
use crate::judge::{Decoded, Judgement};
use crate::plan::instant;
use crate::storage::AuditPointer;

mod keys;
mod place;
mod read;

pub use keys::{EventKeys, read_keys, read_object_keys};
pub use place::{Filed, again_prefix, day_prefix, is_again};
pub use read::{Damaged, Lines, read_frames, read_line, read_lines};

/// The longest line: a body of 1 MiB, its masked copy and its events fit many times over. Bounds what a reader allocates.
pub const LINE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Characters of a request id that are kept; the gateway's own have 36.
const REQUEST_ID_CHARS_MAX: usize = 128;

/// Lines of a frame. What reads one line decompresses the others of its frame, and a damaged frame loses all of them; a line that
/// is a frame of its own pays for compression tables of its own.
pub(crate) const FRAME_LINES_MAX: usize = 64;

/// Bytes of a frame's text beyond which no line is added: a frame is longer only where its one line is.
pub(crate) const FRAME_TEXT_BYTES_MAX: usize = 256 * 1024;

/// zstd's level of everything that payhook compresses. At level 1 zstd uses its strategy `fast` for an
/// input of any size (`zstd/lib/compress/clevels.h` of zstd 1.5.7), and the functions for AWS are
/// built without the other strategies (`tests/tools/cross_build.sh`). Level 3, zstd's default, made
/// lines with hashes and the archive's columns larger and took twice as long.
pub const ZSTD_LEVEL: i32 = 1;

thread_local! {
    /// The compressor of the last object. Making one costs as much as the lines of a small batch, and it remembers nothing of what it compressed.
    static KEPT: Cell<Option<Compressor<'static>>> = const { Cell::new(None) };
}

/// A line, but for the masked payload, which is the last field. The order of the fields is the order in the log.
#[derive(Serialize)]
struct AuditLine<'a> {
    message_id: &'a str,
    /// The message that it was at first, where it was sent through verification again.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_message_id: Option<&'a str>,
    received_at: String,
    processed_attempt: u32,
    provider: Option<&'static str>,
    source_ip: Option<IpAddr>,
    request_id: Option<String>,
    body_sha256: String,
    body_bytes: usize,
    verdict: &'static str,
    /// Who fetched the body from the provider's API, where it was not sent as a webhook.
    #[serde(skip_serializing_if = "Option::is_none")]
    fetched: Option<&'a Fetched>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<Vec<TransactionKey>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<&'a [PaymentEvent]>,
}

/// Collects the lines of one object.
pub(crate) struct AuditWriter {
    key: Arc<str>,
    compressor: Compressor<'static>,
    line: Vec<u8>,
    /// The lines of the frame that is not written yet.
    text: Vec<u8>,
    lines: usize,
    body: Vec<u8>,
    frames: Vec<AuditPointer>,
}

/// A finished object.
pub(crate) struct AuditObject {
    pub(crate) key: Arc<str>,
    /// Empty where there is no line.
    pub(crate) body: Vec<u8>,
    /// Its frames, by the numbers that [`AuditWriter::push`] gave.
    pub(crate) frames: Vec<AuditPointer>,
}

impl AuditWriter {
    /// An empty object with this key, which no other invocation uses.
    ///
    /// # Errors
    /// [`AuditError::Frame`] when the compressor has no memory.
    pub(crate) fn new(key: String) -> Result<Self, AuditError> {
        Ok(Self {
            key: key.into(),
            compressor: KEPT.take().map_or_else(compressor, Ok)?,
            line: Vec::new(),
            text: Vec::new(),
            lines: 0,
            body: Vec::new(),
            frames: Vec::new(),
        })
    }

    /// Appends the line of a message and returns the number of its frame; `None` for a message that is not judged yet and will come again.
    ///
    /// # Errors
    /// An [`AuditError`]; the object is then as it was before.
    pub(crate) fn push(
        &mut self,
        message: &Decoded<'_>,
        judgement: &Judgement,
    ) -> Result<Option<usize>, AuditError> {
        let Some(line) = AuditLine::new(message, judgement) else {
            return Ok(None);
        };
        self.line.clear();
        serde_json::to_writer(&mut self.line, &line).map_err(|_| AuditError::Text)?;
        if let Judgement::Accepted(accepted) = judgement {
            // Masking read it as JSON to its end and wrote JSON: it is set in as it is, not read once more.
            self.line.pop();
            self.line.extend_from_slice(b",\"payload\":");
            self.line
                .extend_from_slice(accepted.payload.as_str().as_bytes());
            self.line.push(b'}');
        }
        if self.line.len() >= LINE_BYTES_MAX {
            return Err(AuditError::TooLong(self.line.len()));
        }
        // Between JSON tokens a line feed is only blank space, and inside JSON text it cannot stand: a pretty-printed payload
        // loses nothing here.
        for byte in &mut self.line {
            // Written in either case: so the compiler does many bytes at a time.
            *byte = match *byte {
                b'\n' | b'\r' => b' ',
                other => other,
            };
        }
        self.line.push(b'\n');
        let has_room = self.lines < FRAME_LINES_MAX
            && self.text.len() + self.line.len() <= FRAME_TEXT_BYTES_MAX;
        if self.lines > 0 && !has_room {
            self.end_frame()?;
        }
        self.text.extend_from_slice(&self.line);
        self.lines += 1;
        Ok(Some(self.frames.len()))
    }

    /// Writes the lines that are collected as a frame.
    fn end_frame(&mut self) -> Result<(), AuditError> {
        let frame = self.compressor.compress(&self.text);
        let frame = frame.map_err(|_| AuditError::Frame)?;
        self.frames.push(AuditPointer {
            key: Arc::clone(&self.key),
            offset_bytes: self.body.len() as u64,
            length_bytes: frame.len() as u64,
        });
        self.body.extend_from_slice(&frame);
        self.text.clear();
        self.lines = 0;
        Ok(())
    }

    /// The object.
    ///
    /// # Errors
    /// [`AuditError::Frame`] when the compressor has no memory.
    pub(crate) fn finish(mut self) -> Result<AuditObject, AuditError> {
        if self.lines > 0 {
            self.end_frame()?;
        }
        KEPT.set(Some(self.compressor));
        Ok(AuditObject {
            key: self.key,
            body: self.body,
            frames: self.frames,
        })
    }
}

fn compressor() -> Result<Compressor<'static>, AuditError> {
    let mut compressor = Compressor::new(ZSTD_LEVEL).map_err(|_| AuditError::Frame)?;
    // Four bytes a frame let a reader tell a damaged frame from a forged one.
    let checked = compressor.include_checksum(true);
    checked.map(|()| compressor).map_err(|_| AuditError::Frame)
}

impl<'a> AuditLine<'a> {
    fn new((message, request): &'a Decoded<'_>, judgement: &'a Judgement) -> Option<Self> {
        let (verdict, provider, reason, accepted) = match judgement {
            Judgement::Accepted(accepted) => {
                ("stored", Some(accepted.provider), None, Some(accepted))
            }
            Judgement::Rejected { reason, provider } => {
                ("rejected", *provider, Some(*reason), None)
            }
            Judgement::Retry(_) => return None,
        };
        // Unreadable requests have neither address nor id that could be believed.
        let request = request.as_ref().ok();
        let source_ip = request
            .and_then(|r| r.source_ip.as_deref())
            .and_then(|ip| ip.parse().ok());
        let request_id = request
            .and_then(|r| r.request_id.as_deref())
            .map(bounded_masked);
        let raw_body = request.map(|r| message.raw_body(r));
        let body = match raw_body {
            Some(Ok(body)) => body,
            _ => Cow::Borrowed(message.body.as_bytes()),
        };
        Some(Self {
            message_id: message.message_id,
            first_message_id: message.first_message_id,
            received_at: format!("{:.3}", instant(message.received_at_ms)),
            processed_attempt: message.receive_count,
            provider,
            source_ip,
            request_id,
            body_sha256: hexadecimal(digest::digest(&digest::SHA256, &body).as_ref()),
            body_bytes: body.len(),
            verdict,
            fetched: message.fetched,
            reason,
            keys: accepted.map(|a| a.events.iter().map(PaymentEvent::key).collect()),
            events: accepted.map(|a| a.events.as_slice()),
        })
    }
}

/// The hash as text; the crate's own function goes by way of an iterator of characters, which is much longer.
fn hexadecimal(hash: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    let mut digits = String::with_capacity(2 * hash.len());
    for byte in hash {
        digits.push(digit(byte >> 4));
        digits.push(digit(byte & 15));
    }
    digits
}

/// Masked first: a bound that cuts a card number in half would hide it from the detector.
fn bounded_masked(text: &str) -> String {
    let (mut masked, _) = mask_text(text);
    if masked.len() > REQUEST_ID_CHARS_MAX
        && let Some((end, _)) = masked.char_indices().nth(REQUEST_ID_CHARS_MAX)
    {
        masked.truncate(end);
    }
    masked
}
