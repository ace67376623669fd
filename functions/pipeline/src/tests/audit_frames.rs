//! Frames of several lines: how they are cut, how a line is found, and what a damaged one costs. And objects of before, with a frame a line.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::support::*;
use crate::audit::{
    Damaged, FRAME_LINES_MAX, FRAME_TEXT_BYTES_MAX, read_frames, read_line, read_lines,
};
use crate::error::AuditError;
use crate::storage::AuditPointer;

/// An object as it was written until 2026-11: three lines, each a frame of level 1 with its checksum, in base64.
const FRAME_A_LINE: &[&str] = &[
    "KLUv/SSbzQMAwggbGoDHOdoaEqvae1AaZmIkZ5RGAN9NGkA5qthhgIQLahPTZMrbYROzpBrNNJrWV93wZvSqXO2PC9/J",
    "tmp0+8rnQK/DvqpXTXNcmHAJCiSHyCFyA3TGcYYAHTJ6k7L+5NWbCx8GM3ql8iWpnhkRAwQCW8PLyUVTZxtV5YQotS/9",
    "JJvNAwDCCBsagMc52hoSq9p7UBpmYiRnlEYA300aQDmq2GGAhAtqE9NkytthE7OkGs00mtZX3fBm9Kpc7Y8L38m2anT7",
    "yudAr8O+qldNc1yYcAkKJIfIIXIDdMZxhgAdMnqTsv7k1ZsLI4MZvVL5klTPjAgDBAJbw8vJRVNn083Gzii1L/0km90D",
    "AMKIGxxwNc4BpG0Uu9qsUFpmYn5YVdgc+rELY7yqjxtwgQAf1CamyZS3xCZmSTWaaTStrzrizehVudofF76TbdXo9pXP",
    "gV6HfVWvmua4sOESJEgOkUPkCuiM4wwCOmT0JmX9yas3Fx4YzOiVypekemaAAwQCW8PLyUVTZ55b2C0=",
];
/// Offset and length of its frames, in bytes.
const ITS_FRAMES: [(usize, usize); 3] = [(0, 134), (134, 134), (268, 136)];

fn frame_a_line() -> Vec<u8> {
    STANDARD.decode(FRAME_A_LINE.concat()).unwrap()
}

/// Forged messages: each has a line, and nothing else is to be written.
fn forged_batch(messages: usize) -> Vec<Queued> {
    (0..messages)
        .map(|n| forged("stripe", n as u64, &format!("m-{n}")))
        .collect()
}

/// Genuine messages of about so many bytes each.
fn long_batch(messages: u64, note_bytes: usize) -> Vec<Queued> {
    (0..messages)
        .map(|n| {
            let mut message = forged("stripe", n, &format!("m-{n}"));
            message.request = Some(format!("provider=&request_id={}", "r".repeat(128)));
            message.message_id = format!("{}{n}", "m".repeat(note_bytes));
            message
        })
        .collect()
}

/// The one object of a batch.
fn object_of(messages: &[Queued]) -> Vec<u8> {
    let memory = memory();
    run(&memory, messages, "i");
    let objects = memory.objects();
    assert_eq!(objects.len(), 1);
    objects.into_values().next().unwrap()
}

/// Offset and text of each frame, by decompressing from one frame to the next.
fn frames_of(object: &[u8]) -> Vec<(usize, String)> {
    let mut frames = Vec::new();
    let mut at = 0;
    while at < object.len() {
        let length = zstd::zstd_safe::find_frame_compressed_size(&object[at..]).unwrap();
        let text = zstd::decode_all(&object[at..at + length]).unwrap();
        frames.push((at, String::from_utf8(text).unwrap()));
        at += length;
    }
    frames
}

#[test]
fn a_frame_has_so_many_lines_and_no_more() {
    for (messages, expected) in [
        (1, vec![1]),
        (FRAME_LINES_MAX, vec![FRAME_LINES_MAX]),
        (FRAME_LINES_MAX + 1, vec![FRAME_LINES_MAX, 1]),
        (
            2 * FRAME_LINES_MAX + 3,
            vec![FRAME_LINES_MAX, FRAME_LINES_MAX, 3],
        ),
    ] {
        let object = object_of(&forged_batch(messages));
        let lines: Vec<usize> = frames_of(&object)
            .iter()
            .map(|(_, text)| text.lines().count())
            .collect();
        assert_eq!(lines, expected);
        assert_eq!(read_lines(&object).unwrap().len(), messages);
    }
}

#[test]
fn a_frame_has_so_much_text_and_more_only_in_one_line() {
    let object = object_of(&long_batch(7, 100_000));
    let frames = frames_of(&object);
    assert!(
        frames
            .iter()
            .all(|(_, text)| text.len() <= FRAME_TEXT_BYTES_MAX)
    );
    assert_eq!(frames.len(), 4, "two lines each");
    let object = object_of(&long_batch(3, FRAME_TEXT_BYTES_MAX));
    let lines: Vec<usize> = frames_of(&object)
        .iter()
        .map(|(_, text)| text.lines().count())
        .collect();
    assert_eq!(lines, [1, 1, 1]);
}

#[test]
fn every_pointer_leads_to_the_line_of_its_message() {
    let memory = memory();
    let messages: Vec<Queued> = (0..150)
        .map(|n| genuine("stripe", n, &format!("m-{n}")))
        .collect();
    run(&memory, &messages, "i");
    let records = memory.records();
    assert_eq!(records.len(), 150);
    let mut pointers: Vec<AuditPointer> = Vec::new();
    for record in records.values() {
        let line = line_at(&memory, &record.audit, &record.message_id);
        assert_eq!(line["message_id"], record.message_id.as_str());
        if !pointers.contains(&record.audit) {
            pointers.push(record.audit.clone());
        }
    }
    assert!(pointers.len() >= 3, "150 lines are three frames at least");
}

#[test]
fn a_second_object_has_the_bytes_that_it_would_have_as_the_first() {
    let messages = forged_batch(70);
    let first = object_of(&messages);
    object_of(&long_batch(3, 50_000));
    assert_eq!(object_of(&messages), first);
}

#[test]
fn an_object_with_a_frame_a_line_is_read() {
    let object = frame_a_line();
    let lines = read_lines(&object).unwrap();
    assert_eq!(lines.len(), 3);
    for (number, ((offset, length), line)) in ITS_FRAMES.into_iter().zip(lines).enumerate() {
        let id = format!("m-{}", number + 1);
        let frame = &object[offset..offset + length];
        assert_eq!(read_line(frame, &id).as_deref(), Ok(line.as_str()));
        assert!(line.starts_with(&format!("{{\"message_id\":\"{id}\",")));
    }
}

#[test]
fn a_line_is_found_by_the_whole_id_of_its_message() {
    let text = "{\"message_id\":\"m-1\",\"a\":1}\n{\"message_id\":\"m\",\"reason\":\"\"}\n{\"message_id\":\"\\\"\"}\n";
    let frame = zstd::encode_all(text.as_bytes(), 1).unwrap();
    for (id, line) in [
        ("m-1", Ok("{\"message_id\":\"m-1\",\"a\":1}")),
        ("m", Ok("{\"message_id\":\"m\",\"reason\":\"\"}")),
        ("\"", Ok("{\"message_id\":\"\\\"\"}")),
        ("m-", Err(AuditError::NotInFrame)),
        ("", Err(AuditError::NotInFrame)),
        ("m-1\",\"a\":1}", Err(AuditError::NotInFrame)),
    ] {
        let found = read_line(&frame, id);
        assert_eq!(found.as_deref().map_err(|error| *error), line, "{id}");
    }
}

#[test]
fn what_is_not_one_whole_frame_of_lines_has_no_line() {
    let good = zstd::encode_all(&b"{\"message_id\":\"m\"}\n"[..], 3).unwrap();
    let no_line_feed = zstd::encode_all(&b"{\"message_id\":\"m\"}"[..], 3).unwrap();
    let not_text = zstd::encode_all(&b"\xff\n"[..], 3).unwrap();
    assert_eq!(
        read_line(&good, "m").as_deref(),
        Ok("{\"message_id\":\"m\"}")
    );
    for (frame, error) in [
        (&b""[..], AuditError::Frame),
        (b"plain", AuditError::Frame),
        (&no_line_feed, AuditError::Frame),
        (&good[..good.len() - 1], AuditError::Frame),
        (&[good.clone(), good.clone()].concat(), AuditError::Frame),
        (&not_text, AuditError::Text),
    ] {
        assert_eq!(read_line(frame, "m"), Err(error));
    }
}

#[test]
fn a_damaged_frame_is_named_and_hides_no_other() {
    for object in [
        object_of(&forged_batch(3 * FRAME_LINES_MAX)),
        frame_a_line(),
    ] {
        let frames = frames_of(&object);
        assert_eq!(frames.len(), 3);
        let end = |n: usize| {
            frames
                .get(n + 1)
                .map_or(object.len(), |(offset, _)| *offset)
        };
        for (number, (offset, _)) in frames.iter().enumerate() {
            // Every byte of the frame in turn, but not every one of a long frame.
            for at in (*offset..end(number)).step_by(if object.len() > 2_000 { 17 } else { 1 }) {
                for flipped in [0x01, 0x80, 0xff] {
                    let mut damaged = object.clone();
                    damaged[at] ^= flipped;
                    let read = read_frames(&damaged);
                    let others = frames
                        .iter()
                        .enumerate()
                        .filter(|(other, _)| *other != number);
                    let expected: Vec<&str> =
                        others.flat_map(|(_, (_, text))| text.lines()).collect();
                    // A bit of the header that means nothing may be flipped without any harm.
                    if read.damaged.is_empty() {
                        assert_eq!(Ok(read.lines), read_lines(&object));
                        continue;
                    }
                    assert_eq!(read.lines, expected, "byte {at} of frame {number}");
                    let place = Damaged {
                        offset_bytes: *offset,
                        length_bytes: end(number) - offset,
                    };
                    assert_eq!(read.damaged, [place]);
                    assert_eq!(read_lines(&damaged), Err(AuditError::Frame));
                }
            }
        }
    }
    assert_eq!(read_frames(b""), crate::audit::Lines::default());
    let nothing = read_frames(b"no frame at all");
    assert_eq!((nothing.lines.len(), nothing.damaged.len()), (0, 1));
}
