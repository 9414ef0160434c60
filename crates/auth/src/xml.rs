//! Answers in XML.
//!
//! What must hold: every text is escaped, so that no stored name or document can become an element.

use std::fmt::Write as _;

/// Writes elements into a text.
#[derive(Default, Debug)]
pub(crate) struct Xml {
    out: String,
}

impl Xml {
    /// An element with what is written inside.
    pub(crate) fn node(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        self.node_with(name, "", inside);
    }

    /// An element of a namespace with what is written inside.
    pub(crate) fn root(&mut self, name: &str, namespace: &str, inside: impl FnOnce(&mut Self)) {
        self.node_with(name, &format!(" xmlns=\"{namespace}\""), inside);
    }

    fn node_with(&mut self, name: &str, attributes: &str, inside: impl FnOnce(&mut Self)) {
        // Writing into a String cannot fail.
        let _ = write!(self.out, "<{name}{attributes}>");
        inside(self);
        let _ = write!(self.out, "</{name}>");
    }

    /// An element that is a text.
    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.node(name, |xml| escape(text, &mut xml.out));
    }

    /// An element that is a text, where there is one.
    pub(crate) fn optional(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    /// An element that is a number or a truth value.
    pub(crate) fn value(&mut self, name: &str, value: impl std::fmt::Display) {
        let _ = write!(self.out, "<{name}>{value}</{name}>");
    }

    /// A policy document: URL-encoded, as IAM answers them.
    pub(crate) fn document(&mut self, name: &str, document: &str) {
        let mut encoded = String::with_capacity(document.len() * 2);
        percent_encode(document, &mut encoded);
        self.text(name, &encoded);
    }

    /// A list: each member is an element `member` with what is written for it.
    pub(crate) fn members<T>(
        &mut self,
        name: &str,
        members: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        self.node(name, |xml| {
            for member in members {
                xml.node("member", |xml| write(xml, member));
            }
        });
    }

    /// A list of texts.
    pub(crate) fn texts<'a>(&mut self, name: &str, texts: impl IntoIterator<Item = &'a str>) {
        self.node(name, |xml| {
            for text in texts {
                xml.text("member", text);
            }
        });
    }

    /// Elements that were written before.
    pub(crate) fn append(&mut self, other: &Xml) {
        self.out.push_str(&other.out);
    }

    /// What was written.
    pub(crate) fn into_string(self) -> String {
        self.out
    }
}

/// Text between elements. XML 1.0 has no way to write most control characters: what it cannot write becomes the replacement character.
fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' => out.push(character),
            // Readers make a line feed of a carriage return that is not written so.
            '\r' => out.push_str("&#13;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(character),
        }
    }
}

/// RFC 3986: all but the unreserved characters.
fn percent_encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped() {
        let mut xml = Xml::default();
        xml.root("A", "urn:a", |xml| {
            xml.text("B", "</B>&\"'\r\u{1}ä");
            xml.value("C", true);
            xml.document("D", "{\"ä\": 1}");
            xml.texts("E", ["x", "<"]);
            xml.optional("F", None);
        });
        assert_eq!(
            xml.into_string(),
            "<A xmlns=\"urn:a\"><B>&lt;/B&gt;&amp;&quot;&#39;&#13;\u{fffd}ä</B><C>true</C>\
             <D>%7B%22%C3%A4%22%3A%201%7D</D><E><member>x</member><member>&lt;</member></E></A>"
        );
    }
}
