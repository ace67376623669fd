//! The audit object of a batch: one zstd frame per line, one line per message, so that a record is one ranged GET.
//!
//! Invariant: a pointer that [`AuditWriter::push`] returned decodes, out of the finished object, to exactly the line that was
//! pushed. A frame ends in one line feed and holds no other, so the whole object decompresses to JSON lines.
//! Invariant: nothing reaches a line unmasked. Events and payload come masked from [`crate::judge`]; of what an unverified sender
//! claims only an IP address that parses and a masked, bounded request id are kept.
//!
//! Source: `ARCHITECTURE.md`, "Audit object"; frames may be concatenated, RFC 8878 section 3,
//! <https://www.rfc-editor.org/rfc/rfc8878#section-3>.

use std::borrow::Cow;
use std::io::Read;
use std::net::IpAddr;
use std::sync::Arc;

use aws_lc_rs::digest;
use card_masking::mask_text;
use payment_event::{PaymentEvent, TransactionKey};
use serde::Serialize;
use zstd::bulk::Compressor;

use crate::error::AuditError;
use crate::judge::{Decoded, Judgement};
use crate::plan::instant;
use crate::storage::AuditPointer;

/// The longest line: a body of 1 MiB, its masked copy and its events fit many times over. Bounds what a reader allocates.
pub const LINE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Characters of a request id that are kept; the gateway's own have 36.
const REQUEST_ID_CHARS_MAX: usize = 128;

/// A line is a frame of its own of some four kilobytes, in which higher levels find little more and take longer (`make bench`).
const ZSTD_LEVEL: i32 = 1;

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
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<Vec<TransactionKey>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<&'a [PaymentEvent]>,
}

/// Collects the lines of one object.
pub struct AuditWriter {
    key: Arc<str>,
    compressor: Compressor<'static>,
    line: Vec<u8>,
    body: Vec<u8>,
}

impl AuditWriter {
    /// An empty object. `earliest_received_at_ms` is the earliest receipt in the batch; `invocation_id` makes the key one that no
    /// other invocation uses.
    ///
    /// # Errors
    /// [`AuditError::Frame`] when the compressor has no memory.
    pub fn new(earliest_received_at_ms: i64, invocation_id: &str) -> Result<Self, AuditError> {
        let mut compressor = Compressor::new(ZSTD_LEVEL).map_err(|_| AuditError::Frame)?;
        // Four bytes a line let a reader tell a damaged frame from a forged one.
        compressor
            .include_checksum(true)
            .map_err(|_| AuditError::Frame)?;
        let key = object_key(earliest_received_at_ms, invocation_id).into();
        Ok(Self {
            key,
            compressor,
            line: Vec::new(),
            body: Vec::new(),
        })
    }

    /// Appends the line of a message; `None` for a message that is not judged yet and will come again.
    ///
    /// # Errors
    /// An [`AuditError`]; the object is then as it was before.
    pub(crate) fn push(
        &mut self,
        message: &Decoded<'_>,
        judgement: &Judgement,
    ) -> Result<Option<AuditPointer>, AuditError> {
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
        let frame = self
            .compressor
            .compress(&self.line)
            .map_err(|_| AuditError::Frame)?;
        let pointer = AuditPointer {
            key: Arc::clone(&self.key),
            offset_bytes: self.body.len() as u64,
            length_bytes: frame.len() as u64,
        };
        self.body.extend_from_slice(&frame);
        Ok(Some(pointer))
    }

    /// The object: its key and its bytes.
    pub fn finish(self) -> (Arc<str>, Vec<u8>) {
        (self.key, self.body)
    }
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
            body_sha256: hex::encode(digest::digest(&digest::SHA256, &body)),
            body_bytes: body.len(),
            verdict,
            reason,
            keys: accepted.map(|a| a.events.iter().map(PaymentEvent::key).collect()),
            events: accepted.map(|a| a.events.as_slice()),
        })
    }
}

/// Masked first: a bound that cuts a card number in half would hide it from the detector.
fn bounded_masked(text: &str) -> String {
    mask_text(text)
        .0
        .chars()
        .take(REQUEST_ID_CHARS_MAX)
        .collect()
}

/// `audit/dt=YYYY-MM-DD/hh=HH/{invocation id}.jsonl.zst`.
pub fn object_key(earliest_received_at_ms: i64, invocation_id: &str) -> String {
    format!(
        "audit/{}/{invocation_id}.jsonl.zst",
        instant(earliest_received_at_ms).strftime("dt=%Y-%m-%d/hh=%H")
    )
}

/// Reads the line of one frame, without its line feed: the bytes that an [`AuditPointer`] names.
///
/// # Errors
/// [`AuditError`] when the bytes are not one whole frame of one line.
pub fn read_line(frame: &[u8]) -> Result<String, AuditError> {
    let decoder = zstd::stream::read::Decoder::new(frame).map_err(|_| AuditError::Frame)?;
    let mut line = Vec::new();
    let bytes_max = LINE_BYTES_MAX + 1;
    decoder
        .take(bytes_max as u64)
        .read_to_end(&mut line)
        .map_err(|_| AuditError::Frame)?;
    if line.pop() != Some(b'\n') || line.contains(&b'\n') {
        return Err(AuditError::Frame);
    }
    String::from_utf8(line).map_err(|_| AuditError::Text)
}

/// The longest object that [`read_lines`] takes apart, decompressed: a batch of a thousand long webhooks fits.
const OBJECT_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;

/// Reads every line of an object, in order.
///
/// # Errors
/// [`AuditError`] when the bytes are not whole frames of UTF-8 lines.
pub fn read_lines(object: &[u8]) -> Result<Vec<String>, AuditError> {
    let decoder = zstd::stream::read::Decoder::new(object).map_err(|_| AuditError::Frame)?;
    let mut text = String::new();
    decoder
        .take(OBJECT_BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(|_| AuditError::Frame)?;
    if !text.is_empty() && !text.ends_with('\n') {
        return Err(AuditError::Frame);
    }
    Ok(text.lines().map(str::to_owned).collect())
}
