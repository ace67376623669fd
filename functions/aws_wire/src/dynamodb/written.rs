//! The request of a batch of statements, written by hand: each webhook stores two items of some twenty texts, and nearly none of them has a
//! byte that JSON escapes.
//!
//! Invariant: the bytes are those that `serde_json` writes, which a test compares.

use super::{AttributeValue, ReturnOld, Statement};

/// Bytes of a statement of some twenty parameters with all that is around them, nearly always.
const STATEMENT_BYTES: usize = 2_048;

/// The body of `BatchExecuteStatement`.
pub(super) fn statements(statements: &[Statement]) -> serde_json::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(STATEMENT_BYTES * (statements.len() + 1));
    out.extend_from_slice(b"{\"Statements\":[");
    for (position, statement) in statements.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"Statement\":");
        text(&mut out, &statement.statement)?;
        out.extend_from_slice(b",\"Parameters\":");
        list(&mut out, &statement.parameters)?;
        if let Some(ReturnOld::All) = statement.present {
            out.extend_from_slice(b",\"ReturnValuesOnConditionCheckFailure\":\"ALL_OLD\"");
        }
        out.push(b'}');
    }
    out.extend_from_slice(b"]}");
    Ok(out)
}

fn list(out: &mut Vec<u8>, values: &[AttributeValue]) -> serde_json::Result<()> {
    out.push(b'[');
    for (position, it) in values.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        value(out, it)?;
    }
    out.push(b']');
    Ok(())
}

fn value(out: &mut Vec<u8>, value: &AttributeValue) -> serde_json::Result<()> {
    match value {
        AttributeValue::S(it) => {
            out.extend_from_slice(b"{\"S\":");
            text(out, it)?;
        }
        AttributeValue::N(it) => {
            out.extend_from_slice(b"{\"N\":");
            text(out, it)?;
        }
        AttributeValue::L(values) => {
            out.extend_from_slice(b"{\"L\":");
            list(out, values)?;
        }
        other => return serde_json::to_writer(out, other),
    }
    out.push(b'}');
    Ok(())
}

/// Writes a text as JSON.
fn text(out: &mut Vec<u8>, text: &str) -> serde_json::Result<()> {
    if !is_plain(text.as_bytes()) {
        return serde_json::to_writer(out, text);
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
    Ok(())
}

/// Returns true if JSON escapes none of the bytes.
fn is_plain(bytes: &[u8]) -> bool {
    const EACH: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = EACH << 7;
    // The highest bit of a byte that is below 0x20, or is the one that is looked for and thus zero, is set by subtracting; that of the byte
    // behind it may be, too.
    let escaped = |word: [u8; 8]| {
        let word = u64::from_le_bytes(word);
        let control = word.wrapping_sub(EACH * 0x20);
        let quote = (word ^ (EACH * u64::from(b'"'))).wrapping_sub(EACH);
        let backslash = (word ^ (EACH * u64::from(b'\\'))).wrapping_sub(EACH);
        (control | quote | backslash) & !word & HIGH
    };
    let (words, rest) = bytes.as_chunks();
    let found = words.iter().fold(0, |found, word| found | escaped(*word));
    let rest = rest
        .iter()
        .all(|byte| !matches!(byte, 0..=0x1F | b'"' | b'\\'));
    found == 0 && rest
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::dynamodb::Item;

    #[test]
    fn every_byte_is_seen_at_every_place() {
        for byte in 0..=u8::MAX {
            for at in 0..19 {
                let mut bytes = [b'x'; 19];
                bytes[at] = byte;
                let plain = !matches!(byte, 0..=0x1F | b'"' | b'\\');
                assert_eq!(is_plain(&bytes), plain, "{byte} at {at}");
            }
        }
    }

    #[test]
    fn the_bytes_are_those_of_the_crate() {
        for it in [
            "",
            "a",
            "caf\u{e9} \u{1f600} and more",
            "a\"b",
            "back\\slash behind it",
            "a\nb\u{1}",
            "\u{7f}",
        ] {
            let mut written = Vec::new();
            text(&mut written, it).unwrap();
            assert_eq!(written, serde_json::to_vec(it).unwrap());
        }
        let of = |text: &str| AttributeValue::S(text.to_owned());
        let values = vec![
            of("a\"b"),
            AttributeValue::N("-1".to_owned()),
            AttributeValue::L(vec![of("x"), AttributeValue::Bool(true)]),
            AttributeValue::L(Vec::new()),
            AttributeValue::M(Item::from([("k".to_owned(), of("v"))])),
            AttributeValue::Null(true),
        ];
        let mut written = Vec::new();
        list(&mut written, &values).unwrap();
        assert_eq!(written, serde_json::to_vec(&values).unwrap());
        let made = |present| Statement {
            statement: "INSERT INTO \"t\" VALUE {'a': ?}".to_owned(),
            parameters: vec![of("x")],
            present,
        };
        let written = statements(&[made(None), made(Some(ReturnOld::All))]).unwrap();
        let written: Value = serde_json::from_slice(&written).unwrap();
        let expected =
            json!({"Statement": "INSERT INTO \"t\" VALUE {'a': ?}", "Parameters": [{"S": "x"}]});
        let mut asking = expected.clone();
        asking["ReturnValuesOnConditionCheckFailure"] = json!("ALL_OLD");
        assert_eq!(written, json!({"Statements": [expected, asking]}));
        assert_eq!(statements(&[]).unwrap(), b"{\"Statements\":[]}");
    }
}
