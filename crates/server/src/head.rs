//! A request's head, read once: the headers that mean something here, found in one walk.
//!
//! A look-up in a header map hashes the name each time, and a request is asked for a dozen headers of which it has half. Where a
//! header is given twice, the first counts.

use hyper::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;
use hyper::{Method, Uri};

/// What a request says before its body.
#[derive(Debug)]
pub(crate) struct Head<'a> {
    pub(crate) method: &'a Method,
    pub(crate) uri: &'a Uri,
    /// Every header, for the steps that few requests come to.
    pub(crate) all: &'a HeaderMap,
    pub(crate) headers: Headers<'a>,
}

/// The headers that mean something to the server.
#[derive(Debug, Default)]
pub(crate) struct Headers<'a> {
    /// `Access-Control-Request-Headers`, from a browser's preflight.
    pub(crate) asked_headers: Option<&'a HeaderValue>,
    /// `Access-Control-Request-Method`, from a browser's preflight.
    pub(crate) asked_method: Option<&'a HeaderValue>,
    /// `Authorization`.
    pub(crate) authorization: Option<&'a HeaderValue>,
    /// `Content-Encoding`.
    pub(crate) content_encoding: Option<&'a HeaderValue>,
    /// `Content-Type`.
    pub(crate) content_type: Option<&'a HeaderValue>,
    /// `Date`.
    pub(crate) date: Option<&'a HeaderValue>,
    /// `Expect`.
    pub(crate) expect: Option<&'a HeaderValue>,
    /// `Origin`: a browser asks on behalf of a page from elsewhere.
    pub(crate) origin: Option<&'a HeaderValue>,
    /// `X-Amz-Date`.
    pub(crate) amz_date: Option<&'a HeaderValue>,
    /// `X-Amz-Security-Token`.
    pub(crate) security_token: Option<&'a HeaderValue>,
    /// `X-Amz-Target`.
    pub(crate) target: Option<&'a HeaderValue>,
    /// Whether any `Accept-Encoding` takes gzip.
    pub(crate) takes_gzip: bool,
}

impl<'a> Head<'a> {
    pub(crate) fn read(parts: &'a Parts) -> Head<'a> {
        Head { method: &parts.method, uri: &parts.uri, all: &parts.headers, headers: Headers::read(&parts.headers) }
    }

    /// The text of a header that is not among those found in the walk.
    pub(crate) fn text(&self, name: HeaderName) -> Option<&'a str> {
        self.all.get(name)?.to_str().ok()
    }

    /// By which name the client called: over HTTP/2 that is no header but a part of the request line.
    pub(crate) fn host(&self) -> Option<&'a str> {
        self.text(HOST).or_else(|| self.uri.authority().map(Authority::as_str))
    }
}

impl<'a> Headers<'a> {
    fn read(map: &'a HeaderMap) -> Headers<'a> {
        let mut headers = Headers::default();
        for (name, value) in map {
            let place = match name.as_str() {
                "accept-encoding" => {
                    headers.takes_gzip |= takes_gzip(value);
                    continue;
                }
                "access-control-request-headers" => &mut headers.asked_headers,
                "access-control-request-method" => &mut headers.asked_method,
                "authorization" => &mut headers.authorization,
                "content-encoding" => &mut headers.content_encoding,
                "content-type" => &mut headers.content_type,
                "date" => &mut headers.date,
                "expect" => &mut headers.expect,
                "origin" => &mut headers.origin,
                "x-amz-date" => &mut headers.amz_date,
                "x-amz-security-token" => &mut headers.security_token,
                "x-amz-target" => &mut headers.target,
                _ => continue,
            };
            place.get_or_insert(value);
        }
        headers
    }
}

fn takes_gzip(accepted: &HeaderValue) -> bool {
    accepted.to_str().unwrap_or_default().split(',').any(|entry| {
        let (name, parameters) = entry.split_once(';').unwrap_or((entry, ""));
        name.trim().eq_ignore_ascii_case("gzip") && !is_refusal(parameters)
    })
}

/// `q=0`, with any number of zeros after the point.
fn is_refusal(parameters: &str) -> bool {
    let weight = parameters.trim().strip_prefix("q=").unwrap_or("1");
    weight.parse().is_ok_and(|weight: f32| weight <= 0.0)
}
