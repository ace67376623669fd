//! A small reader of XML documents: elements, their texts and children, of bounded depth and number. No entities but the five of XML, no DTD.

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::Event;
use serde_json::{Map, Value};

const DEPTH_MAX: usize = 32;
const ELEMENTS_MAX: usize = 20_000;

/// One element. `nil="true"` is an element without a text, and `type="array"` is not told apart from any other list of children.
#[derive(Debug, Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    text: String,
    children: Vec<Element>,
}

impl Element {
    /// The one element that a document is; `None` for what is no XML, has a DTD, is nested too
    /// deeply or has too many elements.
    pub(crate) fn read(xml: &str) -> Option<Self> {
        tree(xml)
    }

    /// The first child of this name.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The first child, whatever its name.
    pub(crate) fn first(&self) -> Option<&Self> {
        self.children.first()
    }

    /// The text of the element at the end of `path`, without surrounding blanks; empty where there is none.
    pub(crate) fn text(&self, path: &[&str]) -> &str {
        let end = path
            .iter()
            .try_fold(self, |element, name| element.child(name));
        end.map_or("", |element| element.text.trim())
    }

    /// The element as JSON: a text, or an object of its children by name; several of one name are a list.
    pub(crate) fn json(&self) -> Value {
        if self.children.is_empty() {
            return Value::from(self.text.trim());
        }
        let mut object = Map::new();
        for child in &self.children {
            let value = child.json();
            match object.get_mut(&child.name) {
                None => {
                    object.insert(child.name.clone(), value);
                }
                // Of one child a list cannot be told from a value; what is a list here was put there by the next arm.
                Some(Value::Array(list)) => list.push(value),
                Some(one) => *one = Value::Array(vec![one.take(), value]),
            }
        }
        Value::Object(object)
    }
}

fn tree(xml: &str) -> Option<Element> {
    let mut reader = Reader::from_str(xml);
    let mut open: Vec<Element> = vec![Element::default()];
    let mut elements = 0;
    loop {
        let event = reader.read_event().ok()?;
        if matches!(event, Event::Start(_) | Event::Empty(_)) {
            elements += 1;
            if elements > ELEMENTS_MAX || open.len() > DEPTH_MAX {
                return None;
            }
        }
        match event {
            Event::Start(start) => open.push(Element {
                name: start.name().as_ref().to_owned(),
                ..Element::default()
            }),
            Event::Empty(start) => {
                let empty = Element {
                    name: start.name().as_ref().to_owned(),
                    ..Element::default()
                };
                open.last_mut()?.children.push(empty);
            }
            Event::End(_) => {
                let closed = open.pop()?;
                open.last_mut()?.children.push(closed);
            }
            Event::Text(text) => open.last_mut()?.text.push_str(&text),
            Event::CData(text) => open.last_mut()?.text.push_str(&text),
            Event::GeneralRef(reference) => {
                let resolved = match reference.resolve_char_ref() {
                    Ok(Some(character)) => character.to_string(),
                    Ok(None) => resolve_xml_entity(&reference)?.to_owned(),
                    // A number that is no character, such as half a surrogate pair.
                    Err(_) => char::REPLACEMENT_CHARACTER.to_string(),
                };
                open.last_mut()?.text.push_str(&resolved);
            }
            Event::DocType(_) => return None,
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof => break,
        }
    }
    // What is left open is the document around everything; it holds one element.
    let document = open.pop()?;
    let whole = open.is_empty() && document.text.trim().is_empty() && document.children.len() == 1;
    document.children.into_iter().next().filter(|_| whole)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn elements_texts_and_lists() {
        let xml = "<?xml version=\"1.0\"?><n><!-- c --><a type=\"x\"> 1 &amp; &#65;<![CDATA[<b>]]> </a><b nil=\"true\"/><l><i>1</i><i>2</i><i>3</i></l></n>";
        let element = Element::read(xml).unwrap();
        assert_eq!(element.name, "n");
        assert_eq!(element.text(&["a"]), "1 & A<b>");
        assert_eq!(element.text(&["l", "i"]), "1");
        assert_eq!(element.text(&["b"]), "");
        assert_eq!(element.text(&["none", "of", "them"]), "");
        assert_eq!(element.first().unwrap().name, "a");
        assert_eq!(
            element.json(),
            json!({"a": "1 & A<b>", "b": "", "l": {"i": ["1", "2", "3"]}})
        );
    }

    #[test]
    fn a_number_that_is_no_character_is_replaced() {
        let element = Element::read("<n><a>a&#55357;b&#xD83D;&#0;</a></n>").unwrap();
        assert_eq!(element.text(&["a"]), "a\u{fffd}b\u{fffd}\u{fffd}");
    }

    #[test]
    fn what_is_no_document_is_refused() {
        let deep = |levels: usize| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
        assert!(Element::read(&deep(DEPTH_MAX)).is_some());
        let many = format!("<a>{}</a>", "<b/>".repeat(ELEMENTS_MAX));
        for xml in [
            "",
            "text",
            "<a>",
            "</a>",
            "<a></b>",
            "<a/><b/>",
            "<a/>text",
            "<!DOCTYPE a [<!ENTITY e \"x\">]><a>&e;</a>",
            "<a>&unknown;</a>",
            &deep(DEPTH_MAX + 1),
            &deep(100_000),
            &many,
        ] {
            let start: String = xml.chars().take(40).collect();
            assert!(Element::read(xml).is_none(), "{start}");
        }
    }
}
