//! The error of an answer. Kinds are generated from the service model; words come from `messages`.

use crate::generated::ErrorKind;
use crate::json::{Malformed, write_string};
use std::borrow::Cow;
use std::fmt;

/// The words of an error, for the client.
pub type Message = Cow<'static, str>;

/// What a request is answered when it fails. Boxed, so that results stay small.
#[derive(Clone, PartialEq, Debug)]
pub struct Error(Box<ErrorKind>);

impl Error {
    /// The error's kind and payload.
    pub fn kind(&self) -> &ErrorKind {
        &self.0
    }

    /// The error's name on the wire, without its namespace.
    pub fn code(&self) -> &'static str {
        self.0.code()
    }

    /// The words for the client.
    pub fn message(&self) -> &str {
        self.0.message()
    }

    /// The HTTP status of the answer.
    pub fn http_status(&self) -> u16 {
        self.0.http_status()
    }

    /// Writes the answer's body. An error without words has no message member, as on AWS.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0.head());
        if !self.message().is_empty() {
            out.push(b',');
            out.extend_from_slice(self.0.message_member());
            write_string(self.message(), out);
        }
        self.0.encode_payload(out);
        out.push(b'}');
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self(Box::new(kind))
    }
}

impl From<Malformed> for Error {
    /// AWS answers malformed JSON without words (recorded by dynalite).
    #[cold]
    fn from(_: Malformed) -> Self {
        ErrorKind::Serialization { message: Cow::Borrowed("") }.into()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code(), self.message())
    }
}

impl std::error::Error for Error {}
