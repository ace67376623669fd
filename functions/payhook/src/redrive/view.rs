//! What is shown of a message: where it came from, why it rests, and its body masked.
//!
//! Invariant: nobody has vouched for a body here, so it is shown only where it is JSON whose fields can
//! be masked; a form, XML or broken JSON is not shown. No text of a stranger reaches the terminal with
//! a control character in it, so it cannot look like another message.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;

use aws_adapters::waiting::Waiting;
use card_masking::{COMMON_RULES, MaskError, mask_json, mask_text};
use jiff::Timestamp;
use pipeline::judge::TOO_OLD;
use pipeline::{Fetched, IncomingMessage, Judgement, Origin, Request};
use provider_webhooks::providers;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{LookArguments, verdict};
use crate::error::Error;
use crate::hash::sha256_hex;
use crate::terminal::{cell, json_line};

/// A message that was taken, and what is known of it.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) message: Waiting,
    /// What it was at first.
    pub(super) origin: Origin,
    /// The provider of its path or, without one, of its headers: as claimed.
    provider: Option<&'static str>,
    /// Who fetched it, where it was not sent as a webhook.
    fetched: Option<Fetched>,
    passes: bool,
    now: &'static str,
}

impl Seen {
    /// A message of the rejected queue, or among the dead letters of `function`.
    pub(super) fn new(message: Waiting, function: Option<&str>) -> Self {
        let known = message.reject.as_deref().and_then(Origin::decode);
        let reason = message.reason.clone().map(|text| mask_text(&text).0);
        let origin = known.unwrap_or_else(|| Origin {
            reason: reason.unwrap_or_else(|| Origin::DEAD_LETTER.to_owned()),
            message_id: message.message_id.clone(),
            received_at_ms: message.sent_at_ms,
            archive_asked: false,
        });
        let request = Request::decode(message.request.as_deref()).ok();
        let provider = request.and_then(|request| match request.provider.as_deref() {
            Some(name) => providers::by_name(name),
            None => providers::detect(&request.headers),
        });
        Self {
            provider: provider.map(|p| p.info().name),
            // What is no webhook is tried again without being judged.
            passes: function.is_some_and(|name| name != "webhook_processor"),
            now: "-",
            fetched: message.fetched.as_deref().and_then(Fetched::decode),
            origin,
            message,
        }
    }

    /// As the function that takes webhooks in would see it.
    pub(super) fn incoming(&self) -> IncomingMessage<'_> {
        IncomingMessage {
            message_id: &self.message.message_id,
            body: &self.message.body,
            request: self.message.request.as_deref(),
            received_at_ms: self.origin.received_at_ms,
            queued_at_ms: self.message.sent_at_ms,
            first_message_id: Some(&self.origin.message_id),
            archive_asked: self.origin.archive_asked,
            fetched: self.fetched.as_ref(),
            receive_count: 1,
        }
    }

    /// Remembers what would become of it now.
    pub(super) fn judged(&mut self, judgement: Judgement) {
        (self.passes, self.now) = verdict(&judgement);
    }

    /// Whether it states to be older than the records of the table.
    pub(super) fn is_too_old(&self) -> bool {
        self.now == TOO_OLD
    }

    /// Remembers that the archive was asked for its events and had none.
    pub(super) fn archive_asked(&mut self) {
        self.origin.archive_asked = true;
    }

    /// Remembers that the archive has its event: it was stored once.
    pub(super) fn found_in_archive(&mut self) {
        (self.passes, self.now) = (false, "in the archive already");
        self.origin.archive_asked = false;
    }

    /// Whether it would do any good to send it back.
    pub(super) fn would_pass(&self) -> bool {
        self.passes
    }

    /// Whether the message, or what it was at first, has an id that begins so.
    pub(super) fn is_called(&self, id: &str) -> bool {
        !id.is_empty()
            && (self.message.message_id.starts_with(id) || self.origin.message_id.starts_with(id))
    }

    fn received_at(&self) -> Option<Timestamp> {
        Timestamp::from_millisecond(self.origin.received_at_ms).ok()
    }

    /// Whether it was asked for.
    pub(super) fn wanted(&self, look: &LookArguments) -> bool {
        let is = |wanted: &Option<String>, value: Option<&str>| {
            wanted.as_deref().is_none_or(|w| value == Some(w))
        };
        let at = self.received_at();
        is(&look.reason, Some(&self.origin.reason))
            && is(&look.provider, self.provider)
            && look
                .since
                .is_none_or(|since| at.is_some_and(|at| at >= since))
            && look
                .until
                .is_none_or(|until| at.is_some_and(|at| at < until))
    }

    fn masked_body(&self) -> String {
        let provider = self.provider.and_then(providers::by_name);
        let rules = provider.map_or(&COMMON_RULES, |p| p.masking());
        let request = Request::decode(self.message.request.as_deref());
        // As it was sent: the gateway encodes a body with a character that no queue takes.
        let raw =
            request.and_then(|request| self.incoming().raw_body(&request).map(Cow::into_owned));
        let body = raw.unwrap_or_else(|_| self.message.body.clone().into_bytes());
        match mask_json(&body, rules) {
            Ok(masked) => masked.text.into_string(),
            Err(MaskError::TooDeep) => withheld("nested too deeply"),
            Err(MaskError::NotJson | MaskError::NotUtf8) => withheld("not JSON"),
        }
    }

    fn time(&self) -> String {
        self.received_at()
            .map_or_else(|| "-".to_owned(), |at| format!("{at:.3}"))
    }
}

fn withheld(why: &str) -> String {
    format!("{{\"payhook_mask\":\"body withheld: {why}, so its fields cannot be masked\"}}")
}

/// Prints how many there are, by reason, provider and what would become of them now.
pub(super) fn counts(queue: &str, seen: &[Seen], output: &mut impl Write) -> Result<(), Error> {
    let mut groups: BTreeMap<(&str, &str, &str), (usize, i64, i64)> = BTreeMap::new();
    for one in seen {
        let key = (
            one.origin.reason.as_str(),
            one.provider.unwrap_or("-"),
            one.now,
        );
        let at = one.origin.received_at_ms;
        let group = groups.entry(key).or_insert((0, at, at));
        *group = (group.0 + 1, group.1.min(at), group.2.max(at));
    }
    let mut rows =
        vec![["reason", "provider", "messages", "first", "last", "now"].map(str::to_owned)];
    let time = |ms: i64| {
        Timestamp::from_millisecond(ms).map_or_else(|_| "-".to_owned(), |at| format!("{at:.0}"))
    };
    for ((reason, provider, now), (count, first, last)) in groups {
        rows.push([
            cell(reason).into_owned(),
            provider.to_owned(),
            count.to_string(),
            time(first),
            time(last),
            now.to_owned(),
        ]);
    }
    let mut text = format!("{queue}: {} messages seen\n", seen.len());
    if rows.len() > 1 {
        let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..6).map(width).collect();
        for row in &rows {
            let cells = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{cell:width$}"));
            text += cells.collect::<Vec<_>>().join("  ").trim_end();
            text.push('\n');
        }
    }
    output.write_all(text.as_bytes()).map_err(Error::Output)
}

/// Prints one message.
pub(super) fn detail(one: &Seen, output: &mut impl Write) -> Result<(), Error> {
    let body = one.masked_body();
    let rows = [
        ("message", &*cell(&one.message.message_id)),
        ("first message", &cell(&one.origin.message_id)),
        ("received", &one.time()),
        ("reason", &cell(&one.origin.reason)),
        ("provider", one.provider.unwrap_or("-")),
        ("now", one.now),
        ("body", &json_line(&body)),
    ];
    for (name, value) in rows {
        writeln!(output, "{name:14}{value}").map_err(Error::Output)?;
    }
    writeln!(output).map_err(Error::Output)
}

#[derive(Serialize)]
struct Line<'a> {
    message_id: &'a str,
    first_message_id: &'a str,
    received_at: String,
    reason: &'a str,
    provider: Option<&'static str>,
    now: &'static str,
    body_bytes: usize,
    body_sha256: String,
    body_masked: String,
}

/// Prints one message as a JSON line.
pub(super) fn export_line(one: &Seen, output: &mut impl Write) -> Result<(), Error> {
    let line = Line {
        message_id: &one.message.message_id,
        first_message_id: &one.origin.message_id,
        received_at: one.time(),
        reason: &one.origin.reason,
        provider: one.provider,
        now: one.now,
        body_bytes: one.message.body.len(),
        body_sha256: sha256_hex(one.message.body.as_bytes()),
        body_masked: one.masked_body(),
    };
    let text = serde_json::to_string(&line).map_err(|error| Error::Output(error.into()))?;
    writeln!(output, "{}", json_line(&text)).map_err(Error::Output)
}

/// The task in a dead letter of the archive: Lambda wraps what it could not do, the schedule does not.
pub(super) fn task(body: &str) -> String {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wrapped<'a> {
        #[serde(borrow)]
        request_payload: &'a RawValue,
    }
    match serde_json::from_str::<Wrapped<'_>>(body) {
        Ok(wrapped) => wrapped.request_payload.get().to_owned(),
        Err(_) => body.to_owned(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A rejected Stripe webhook of this id.
    pub(in crate::redrive) fn seen(id: &str) -> Seen {
        message(
            id,
            "{\"card\":{\"number\":\"4111111111111111\"},\"description\":\"4111 1111 1111 1111\"}",
        )
    }

    fn message(id: &str, body: &str) -> Seen {
        let origin = Origin {
            reason: "signature_mismatch".to_owned(),
            message_id: format!("first-{id}"),
            received_at_ms: 1_767_323_045_678,
            archive_asked: false,
        };
        let message = Waiting {
            message_id: id.to_owned(),
            receipt_handle: "r".to_owned(),
            body: body.to_owned(),
            request: Some("provider=stripe&request_id=1&source_ip=192.0.2.1".to_owned()),
            reject: Some(origin.encode()),
            fetched: None,
            reason: None,
            sent_at_ms: 1_767_400_000_000,
        };
        Seen::new(message, None)
    }

    fn text(print: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>) -> String {
        let mut output = Vec::new();
        print(&mut output).unwrap();
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn nothing_that_is_shown_has_a_card_number() {
        let form = message("2", "bt_signature=x&bt_payload=4111111111111111");
        let cut = message("3", "{\"card\":{\"number\":\"4111111111111111\"");
        for one in [seen("1"), form, cut] {
            let shown =
                text(|output| detail(&one, output)) + &text(|output| export_line(&one, output));
            assert!(
                !shown.contains("4111111111111111") && !shown.contains("4111 1111"),
                "{shown}"
            );
            assert!(shown.contains(&format!("first-{}", one.message.message_id)));
            assert!(shown.contains("2026-01-02T03:04:05.678Z"));
        }
        assert!(!format!("{:?}", seen("1")).contains("4111"));
    }

    #[test]
    fn a_body_cannot_write_on_the_terminal() {
        let forged = "[x \u{9b}2J\nmessage       0000\nreason        none\nnow           would be stored\nbody          {}";
        let hostile = "{\"a\":\"\u{9b}31m \u{202e}x\u{7f}\",\n\n\"message       0000\":1}";
        for body in [
            forged,
            hostile,
            "[\"a\",{\"cvc\":\"987654\"",
            "<cvc>987654</cvc>",
            "cvc=987654",
        ] {
            let mut one = message("4", body);
            one.origin.reason = "\u{1b}]0;title\u{7}\nmessage       0000".to_owned();
            one.origin.message_id = "first-4\u{2028}\r\nmessage       0000".to_owned();
            let shown = text(|output| detail(&one, output));
            assert_eq!(
                shown
                    .lines()
                    .filter(|line| line.starts_with("message "))
                    .count(),
                1
            );
            let all = shown
                + &text(|output| export_line(&one, output))
                + &text(|output| counts("q", &[one], output));
            let acts =
                |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{2028}');
            assert!(!all.contains(acts), "{all:?}");
            assert!(!all.contains("987654"), "{all}");
        }
    }

    #[test]
    fn counted_by_reason_provider_and_outcome() {
        let mut passing = seen("2");
        (passing.passes, passing.now) = (true, "would be stored");
        let shown =
            text(|output| counts("rejected_queue_x", &[seen("1"), passing, seen("3")], output));
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[0], "rejected_queue_x: 3 messages seen");
        let cells = |line: &str| {
            line.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            cells(lines[2]),
            [
                "signature_mismatch",
                "stripe",
                "2",
                "2026-01-02T03:04:05Z",
                "2026-01-02T03:04:05Z",
                "-"
            ]
        );
        assert!(lines[3].ends_with("would be stored"));
        let none = text(|output| counts("q", &[], output));
        assert_eq!(none, "q: 0 messages seen\n");
    }

    #[test]
    fn a_message_is_found_by_either_id() {
        let one = seen("abc");
        assert!(
            one.is_called("ab")
                && one.is_called("first-abc")
                && !one.is_called("b")
                && !one.is_called("")
        );
    }

    #[test]
    fn a_task_is_taken_out_of_its_wrapping() {
        assert_eq!(task("{\"task\":\"daily\"}"), "{\"task\":\"daily\"}");
        let wrapped = "{\"version\":\"1.0\",\"requestPayload\":{\"task\":\"seal\",\"day\":\"2026-01-02\"},\"responsePayload\":{}}";
        assert_eq!(task(wrapped), "{\"task\":\"seal\",\"day\":\"2026-01-02\"}");
    }
}
