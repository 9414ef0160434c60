//! The canonical request and the string to sign.
//!
//! Both are digested as they are made; their text is built only for who wants to read it. The last line of the canonical request is
//! always the hash of the body that came: of the services, only S3 takes it from `X-Amz-Content-Sha256`, where it may also say that
//! the body is unsigned or signed in pieces. Everywhere else that header is one like any other (API Gateway answers a request whose
//! header names another hash with a canonical request that has both: the header's among the headers, the body's own as its last line),
//! so a request that was signed for `UNSIGNED-PAYLOAD` or `STREAMING-...` does not verify.

use crate::key::{Scope, Signature, SigningKey};
use crate::path::put_path;
use crate::query::{LeftOut, put_query};
use crate::request::Request;
use crate::sink::{Gathered, Sink, hex};
use crate::timestamp::Timestamp;
use crate::verify::{Form, Presented};
use crate::{ALGORITHM, request::Headers};
use memchr::{memchr, memchr_iter, memchr3};
use ring::digest::{Context, SHA256, digest};
use std::borrow::Cow;

/// The canonical request that someone would have signed who presents these credentials.
pub fn canonical_request(request: &Request<'_>, presented: &Presented<'_>) -> String {
    let left_out = presented.form.left_out();
    text(|sink| Canonical::of(request, presented.signed_headers, left_out).put(sink))
}

/// The string that someone would have signed who presents these credentials.
pub fn string_to_sign(request: &Request<'_>, presented: &Presented<'_>) -> String {
    let digest = Canonical::of(request, presented.signed_headers, presented.form.left_out()).digest();
    text(|sink| put_string_to_sign(&digest, &presented.scope, presented.timestamp, sink))
}

fn text(put: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut sink = Vec::new();
    put(&mut sink);
    // The values of headers need not be UTF-8.
    String::from_utf8_lossy(&sink).into_owned()
}

impl Form<'_> {
    pub(crate) fn left_out(self) -> LeftOut {
        match self {
            Form::Header => LeftOut::Nothing,
            Form::Query { .. } => LeftOut::Signature,
        }
    }
}

/// A request, and which parts of it are signed.
#[derive(Clone, Copy)]
pub(crate) struct Canonical<'a> {
    request: &'a Request<'a>,
    signed_headers: &'a str,
    left_out: LeftOut,
    payload: [u8; 64],
}

impl<'a> Canonical<'a> {
    pub(crate) fn of(request: &'a Request<'a>, signed_headers: &'a str, left_out: LeftOut) -> Canonical<'a> {
        Canonical { request, signed_headers, left_out, payload: hex(digest(&SHA256, request.body)) }
    }

    /// The same, as someone would have signed it who adds the session token afterwards.
    pub(crate) fn without_token(self) -> Canonical<'a> {
        Canonical { left_out: LeftOut::SignatureAndToken, ..self }
    }

    /// The signature of the request.
    pub(crate) fn signature(&self, key: &SigningKey, scope: &Scope<'_>, timestamp: Timestamp) -> Signature {
        let digest = self.digest();
        key.sign(|sink| put_string_to_sign(&digest, scope, timestamp, sink))
    }

    fn digest(&self) -> [u8; 64] {
        let mut sink = Gathered::new(Context::new(&SHA256));
        self.put(&mut sink);
        hex(sink.finish().finish())
    }

    fn put(&self, sink: &mut impl Sink) {
        sink.put(self.request.method.as_bytes());
        sink.put(b"\n");
        put_path(self.request.path, self.request.path_rule, sink);
        sink.put(b"\n");
        put_query(self.request.query, self.left_out, sink);
        sink.put(b"\n");
        for name in names(self.signed_headers) {
            put_header(name, self.request.headers, sink);
        }
        sink.put(b"\n");
        sink.put(folded(self.signed_headers).as_bytes());
        sink.put(b"\n");
        sink.put(&self.payload);
    }
}

fn put_string_to_sign(digest: &[u8; 64], scope: &Scope<'_>, timestamp: Timestamp, sink: &mut impl Sink) {
    sink.put(ALGORITHM.as_bytes());
    sink.put(b"\n");
    sink.put(timestamp.basic().as_str().as_bytes());
    sink.put(b"\n");
    scope.put(sink);
    sink.put(b"\n");
    sink.put(digest);
}

/// The names in a list of signed headers.
pub(crate) fn names(signed_headers: &str) -> impl Iterator<Item = &str> {
    let mut start = 0;
    memchr_iter(b';', signed_headers.as_bytes()).chain([signed_headers.len()]).map(move |end| {
        let name = &signed_headers[start..end];
        start = end + 1;
        name
    })
}

/// A header that is signed, but not there, has an empty value, so that nothing else can stand in for it.
fn put_header(name: &str, headers: &dyn Headers, sink: &mut impl Sink) {
    let name = folded(name);
    sink.put(name.as_bytes());
    sink.put(b":");
    // Over HTTP/2 a client may sign the name that the host has there.
    let header = if name == ":authority" { "host" } else { &name };
    let mut is_first = true;
    headers.each(header, &mut |value| {
        if !is_first {
            sink.put(b",");
        }
        is_first = false;
        put_value(value, sink);
    });
    sink.put(b"\n");
}

/// In lower case; nearly always it is already.
fn folded(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) { name.to_ascii_lowercase().into() } else { name.into() }
}

/// Puts a header's value without spaces around it, and with one where there were several.
fn put_value(value: &[u8], sink: &mut impl Sink) {
    let value = value.trim_ascii();
    if !has_run_of_spaces(value) {
        return sink.put(value);
    }
    let words = value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    for (index, word) in words.enumerate() {
        if index > 0 {
            sink.put(b" ");
        }
        sink.put(word);
    }
}

/// Whether there is any white space but single spaces.
fn has_run_of_spaces(value: &[u8]) -> bool {
    let mut rest = value;
    // Session tokens are long and have no spaces at all.
    if memchr(b' ', rest).is_none() && memchr3(b'\t', b'\n', b'\r', rest).is_none() {
        return false;
    }
    while let Some(at) = rest.iter().position(u8::is_ascii_whitespace) {
        if rest[at] != b' ' || rest.get(at + 1).is_some_and(u8::is_ascii_whitespace) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}
