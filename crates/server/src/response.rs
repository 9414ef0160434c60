//! The last step: an answer becomes an HTTP response.
//!
//! What the response owes to the request's head is noted when the request begins.

use crate::head::Head;
use crate::listener::Server;
use crate::request_id::RequestId;
use crate::service::{Answer, Media};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http_body_util::Full;
use hyper::Response;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName,
    HeaderValue, SERVER,
};
use std::io::Write;

/// A response as hyper sends it.
pub(crate) type HttpResponse = Response<Full<Bytes>>;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const CRC32: HeaderName = HeaderName::from_static("x-amz-crc32");

const SERVER_NAME: HeaderValue = HeaderValue::from_static("Stator");
const GZIP: HeaderValue = HeaderValue::from_static("gzip");
const ANY_ORIGIN: HeaderValue = HeaderValue::from_static("*");
/// What scripts in a browser may read beside the body.
const EXPOSED: HeaderValue =
    HeaderValue::from_static("x-amzn-requestid,x-amz-crc32,x-amzn-errortype,x-amzn-errormessage,date");

/// Headers of an ordinary response, with room for hyper's own.
const HEADERS: usize = 8;

/// Shorter bodies fit a packet or two as they are.
const GZIP_MIN_BYTES: usize = 1024;

/// The content types by which clients of the API name JSON; the answer is named as the request was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContentType {
    /// `application/x-amz-json-1.0`
    AmzJson,
    /// `application/json`
    Json,
}

impl ContentType {
    /// None for every other type, among them `application/x-amz-json-1.1` (dynalite's tests, recorded against DynamoDB).
    pub(crate) fn of_request(head: &Head<'_>) -> Option<ContentType> {
        let value = head.headers.content_type?.as_bytes();
        let name = value.split(|byte| *byte == b';').next()?.trim_ascii();
        if name.eq_ignore_ascii_case(b"application/x-amz-json-1.0") {
            Some(ContentType::AmzJson)
        } else if name.eq_ignore_ascii_case(b"application/json") {
            Some(ContentType::Json)
        } else {
            None
        }
    }
}

/// One request and what its response must carry.
#[derive(Debug)]
pub(crate) struct Exchange {
    request_id: RequestId,
    /// What the request called JSON.
    json: ContentType,
    /// The client takes gzip.
    takes_gzip: bool,
    /// A browser asks on behalf of a page from elsewhere.
    is_cross_origin: bool,
}

impl Exchange {
    pub(crate) fn begin<S>(server: &Server<S>, head: &Head<'_>) -> Exchange {
        Exchange {
            request_id: RequestId::draw(&server.random),
            json: ContentType::of_request(head).unwrap_or(ContentType::Json),
            takes_gzip: head.headers.takes_gzip,
            is_cross_origin: head.headers.origin.is_some(),
        }
    }

    pub(crate) fn request_id(&self) -> &str {
        self.request_id.as_str()
    }

    /// The response for `answer`.
    pub(crate) fn respond(&self, answer: Answer) -> HttpResponse {
        let mut headers = HeaderMap::with_capacity(HEADERS);
        headers.insert(SERVER, SERVER_NAME);
        headers.insert(CONTENT_TYPE, self.content_type(answer.media));
        if let Ok(id) = HeaderValue::from_bytes(self.request_id.as_bytes()) {
            headers.insert(REQUEST_ID, id);
        }
        let mut body = answer.body;
        if self.takes_gzip && body.len() >= GZIP_MIN_BYTES {
            body = compressed(&body);
            headers.insert(CONTENT_ENCODING, GZIP);
        }
        // Of the bytes as sent: botocore and the SDK for Java compute it before they decompress.
        headers.insert(CRC32, HeaderValue::from(crc32fast::hash(&body)));
        if self.is_cross_origin {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, ANY_ORIGIN);
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = answer.status;
        *response.headers_mut() = headers;
        response
    }

    fn content_type(&self, media: Media) -> HeaderValue {
        HeaderValue::from_static(match (media, self.json) {
            (Media::Json, ContentType::AmzJson) => "application/x-amz-json-1.0",
            (Media::Json, ContentType::Json) => "application/json",
            (Media::Text, _) => "text/plain; charset=utf-8",
            (Media::Prometheus, _) => "text/plain; version=0.0.4; charset=utf-8",
            (Media::Xml, _) => "text/xml",
        })
    }
}

fn compressed(body: &Bytes) -> Bytes {
    // Answers are made once and read once, so the fastest level is the right one.
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 2), Compression::fast());
    // Writing into memory cannot fail.
    let _ = encoder.write_all(body);
    encoder.finish().unwrap_or_default().into()
}
