//! Reads the lists in the XML answers of AWS's query protocol: `<List><member>…</member></List>`.
//!
//! Source: <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>, read 2026-11-27.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::Event;

/// The texts inside one element, each under the names that lead to it (`AlarmActions/member`).
pub(crate) type Texts = BTreeMap<String, Vec<String>>;

/// The members of the lists called `list`, in their order; `None` when the answer is no XML.
pub(crate) fn members(xml: &str, list: &str) -> Option<Vec<Texts>> {
    let mut reader = Reader::from_str(xml);
    let mut open: Vec<(String, String)> = Vec::new();
    let mut found: Vec<Texts> = Vec::new();
    // How many elements were open when the present member began.
    let mut member: Option<usize> = None;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                let name: String = start.name().as_ref().to_owned();
                let in_list = open.last().is_some_and(|(parent, _)| parent == list);
                if member.is_none() && in_list && name == "member" {
                    member = Some(open.len());
                    found.push(Texts::new());
                }
                open.push((name, String::new()));
            }
            Event::End(_) => {
                let (name, text) = open.pop()?;
                if member == Some(open.len()) {
                    member = None;
                } else if let (Some(start), Some(texts)) = (member, found.last_mut()) {
                    let mut path: Vec<&str> =
                        open[start + 1..].iter().map(|(n, _)| n.as_str()).collect();
                    path.push(&name);
                    if !text.trim().is_empty() {
                        let text = text.trim().to_owned();
                        texts.entry(path.join("/")).or_default().push(text);
                    }
                }
            }
            Event::Text(text) => push(&mut open, &text),
            Event::CData(text) => push(&mut open, &text),
            Event::GeneralRef(reference) => {
                let resolved = match reference.resolve_char_ref().ok()? {
                    Some(character) => character.to_string(),
                    None => resolve_xml_entity(&reference)?.to_owned(),
                };
                push(&mut open, &resolved);
            }
            Event::Eof => return open.is_empty().then_some(found),
            Event::Empty(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::Comment(_)
            | Event::DocType(_) => {}
        }
    }
}

fn push(open: &mut [(String, String)], text: &str) {
    if let Some((_, so_far)) = open.last_mut() {
        so_far.push_str(text);
    }
}

/// The text of the first element of this name; `None` when there is none.
pub(crate) fn first_text<'x>(xml: &'x str, name: &str) -> Option<&'x str> {
    let (_, after) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = after.split_once(&format!("</{name}>"))?;
    Some(text.trim())
}

/// The first text of a member at a path.
pub(crate) fn one<'t>(texts: &'t Texts, path: &str) -> Option<&'t str> {
    texts.get(path)?.first().map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALARMS: &str = "<R><A><MetricAlarms>\
        <member><AlarmName>a&amp;b</AlarmName><AlarmActions><member>x</member><member>y</member>\
        </AlarmActions><Dimensions/></member>\
        <member><AlarmName>c</AlarmName><AlarmActions/></member>\
        </MetricAlarms><NextToken>n</NextToken></A></R>";

    #[test]
    fn members_are_read_with_the_lists_inside_them() {
        let alarms = members(ALARMS, "MetricAlarms").unwrap();
        assert_eq!(alarms.len(), 2);
        assert_eq!(one(&alarms[0], "AlarmName"), Some("a&b"));
        assert_eq!(alarms[0]["AlarmActions/member"], ["x", "y"]);
        assert_eq!(one(&alarms[1], "AlarmActions/member"), None);
        assert_eq!(first_text(ALARMS, "NextToken"), Some("n"));
        assert_eq!(first_text(ALARMS, "Other"), None);
    }

    #[test]
    fn what_is_no_xml_has_no_members() {
        assert_eq!(members("{\"a\":1}<b>", "MetricAlarms"), None);
        assert_eq!(members("<a></b>", "MetricAlarms"), None);
        assert_eq!(members("<a></a>", "MetricAlarms"), Some(Vec::new()));
    }
}
