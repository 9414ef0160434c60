//! The canonical form of a request: what both sides sign.
//!
//! ```text
//! method \n path \n query, sorted \n header:value \n ... \n \n names of signed headers \n digest of the body
//! ```
//!
//! The last line is always the digest of the body that came, whatever `x-amz-content-sha256` says of it: S3 alone takes that header at its
//! word, and none of the services here is S3.

use crate::key::hex;
use ring::digest::{Context, SHA256, digest};
use std::borrow::Cow;

/// What of a request is signed.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// The path as it stands in the request line, up to the question mark.
    pub path: &'a str,
    /// How the path is put into its canonical form.
    pub path_form: PathForm,
    /// What follows the question mark; empty where there is none.
    pub query: &'a str,
    /// All headers in the order in which they came, names in lower case.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The body as it came, compressed or not.
    pub body: &'a [u8],
}

/// What becomes of a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PathForm {
    /// Without empty steps, `.` and `..`: all services but S3.
    Normalized,
    /// As it came.
    Given,
}

/// Where the pieces of a canonical form go.
pub(crate) trait Sink {
    /// Takes the next piece.
    fn put(&mut self, piece: &[u8]);
}

impl Sink for Context {
    fn put(&mut self, piece: &[u8]) {
        self.update(piece);
    }
}

impl Sink for Vec<u8> {
    fn put(&mut self, piece: &[u8]) {
        self.extend_from_slice(piece);
    }
}

/// The canonical form as text, for whoever wants to compare it with a client's.
pub fn canonical_request(request: &Request<'_>, signed_headers: &str, left_out: &[&str]) -> Vec<u8> {
    let mut text = Vec::with_capacity(512);
    write(&mut text, request, signed_headers, left_out);
    text
}

/// The digest of the canonical form, in hexadecimal.
pub(crate) fn digest_of(request: &Request<'_>, signed_headers: &str, left_out: &[&str]) -> [u8; 64] {
    let mut context = Context::new(&SHA256);
    write(&mut context, request, signed_headers, left_out);
    let mut bytes = [0; 32];
    bytes.copy_from_slice(context.finish().as_ref());
    hex(&bytes)
}

/// Writes the canonical form. `left_out` are parameters of the query that are not signed.
fn write(sink: &mut impl Sink, request: &Request<'_>, signed_headers: &str, left_out: &[&str]) {
    sink.put(request.method.as_bytes());
    sink.put(b"\n");
    write_path(sink, request);
    sink.put(b"\n");
    write_query(sink, request.query, left_out);
    sink.put(b"\n");
    for name in signed_headers.split(';') {
        sink.put(name.as_bytes());
        sink.put(b":");
        write_values(sink, request, name);
        sink.put(b"\n");
    }
    sink.put(b"\n");
    sink.put(signed_headers.as_bytes());
    sink.put(b"\n");
    let mut body = [0; 32];
    body.copy_from_slice(digest(&SHA256, request.body).as_ref());
    sink.put(&hex(&body));
}

fn write_path(sink: &mut impl Sink, request: &Request<'_>) {
    let path = match request.path_form {
        _ if matches!(request.path, "" | "/") => return sink.put(b"/"),
        PathForm::Normalized => normalized(request.path),
        PathForm::Given => Cow::Borrowed(request.path),
    };
    for byte in path.bytes() {
        if byte == b'/' { sink.put(b"/") } else { write_encoded(sink, byte) }
    }
}

/// A path without empty steps, `.` and `..`; a slash at its end stays.
fn normalized(path: &str) -> Cow<'_, str> {
    let mut steps: Vec<&str> = Vec::new();
    for step in path.split('/') {
        match step {
            "" | "." => (),
            ".." => {
                steps.pop();
            }
            step => steps.push(step),
        }
    }
    let mut text = String::with_capacity(path.len());
    for step in &steps {
        text.push('/');
        text.push_str(step);
    }
    if steps.is_empty() || path.ends_with('/') {
        text.push('/');
    }
    Cow::Owned(text)
}

/// The query with its parameters in the order of their encoded names, then of their values.
fn write_query(sink: &mut impl Sink, query: &str, left_out: &[&str]) {
    if query.is_empty() {
        return;
    }
    let mut parameters: Vec<(Vec<u8>, Vec<u8>)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (encoded(name), encoded(value)))
        .filter(|(name, _)| !left_out.iter().any(|left_out| name == left_out.as_bytes()))
        .collect();
    parameters.sort_unstable();
    for (place, (name, value)) in parameters.iter().enumerate() {
        if place > 0 {
            sink.put(b"&");
        }
        sink.put(name);
        sink.put(b"=");
        sink.put(value);
    }
}

/// A part of a query in its one canonical encoding, whichever of several it came in.
fn encoded(part: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(part.len());
    let mut bytes = part.as_bytes();
    while let Some((&first, rest)) = bytes.split_first() {
        let (byte, rest) = match (first, rest) {
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, after),
                _ => (first, rest),
            },
            _ => (first, rest),
        };
        write_encoded(&mut out, byte);
        bytes = rest;
    }
    out
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn write_encoded(sink: &mut impl Sink, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
        sink.put(&[byte]);
    } else {
        sink.put(&[b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
}

/// All values of a header, joined by commas; nothing for one that did not come.
fn write_values(sink: &mut impl Sink, request: &Request<'_>, name: &str) {
    let values = request.headers.iter().filter(|(other, _)| *other == name);
    for (place, (_, value)) in values.enumerate() {
        if place > 0 {
            sink.put(b",");
        }
        write_value(sink, value.trim_ascii());
    }
}

/// A value whose runs of white space are single spaces.
fn write_value(sink: &mut impl Sink, value: &[u8]) {
    // Hardly any value has such a run.
    let is_plain = |pair: &[u8]| !(pair[0].is_ascii_whitespace() && pair[1].is_ascii_whitespace());
    if value.windows(2).all(is_plain) && !value.iter().any(|byte| matches!(byte, b'\t' | b'\r' | b'\n')) {
        return sink.put(value);
    }
    let words = value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    for (place, word) in words.enumerate() {
        if place > 0 {
            sink.put(b" ");
        }
        sink.put(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lose_their_detours() {
        let rows = [
            ("/a/./b", "/a/b"),
            ("/a/../b/", "/b/"),
            ("//a//b", "/a/b"),
            ("/..", "/"),
            ("/../../a", "/a"),
            ("/a/..", "/"),
        ];
        for (path, expected) in rows {
            assert_eq!(normalized(path), expected, "{path}");
        }
    }

    #[test]
    fn parts_of_a_query_have_one_encoding() {
        for (part, expected) in
            [("a%2fb", "a%2Fb"), ("a/b", "a%2Fb"), ("%", "%25"), ("%4", "%254"), ("a+b", "a%2Bb"), ("%41", "A")]
        {
            assert_eq!(encoded(part), expected.as_bytes(), "{part}");
        }
    }
}
