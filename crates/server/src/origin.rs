//! Where a request comes from: through which endpoint, from which address, over what transport.
//!
//! Made once per connection, when it is accepted, and seen by every step of the pipeline: policies ask for it
//! (`aws:SourceIp`, `aws:SourceVpce`, `aws:SecureTransport`) and the audit log tells it.

use policy::{DocumentKind, Policy, PolicyError};
use std::net::IpAddr;
use std::sync::Arc;

/// What stands behind a listener: an endpoint as a VPC has them, or the public one.
#[derive(Debug, Default)]
pub struct Endpoint {
    /// The id, as in `vpce-0a1b2c3d`; none for the public endpoint.
    pub id: Option<String>,
    /// The endpoint's policy; none allows everything that other policies allow.
    pub policy: Option<Policy>,
}

impl Endpoint {
    /// An endpoint with its policy as the operator wrote it.
    ///
    /// # Errors
    /// When the text is no policy.
    pub fn new(id: Option<String>, policy: Option<&str>) -> Result<Endpoint, PolicyError> {
        let policy = policy.map(|text| Policy::parse(text, DocumentKind::Resource)).transpose()?;
        Ok(Endpoint { id, policy })
    }
}

/// How a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protection {
    /// The version of TLS, in CloudTrail's words: `TLSv1.3`.
    pub version: &'static str,
    /// The cipher suite, in CloudTrail's words: `TLS_AES_128_GCM_SHA256`.
    pub cipher_suite: &'static str,
}

/// Where one connection comes from, and so all of its requests.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The client's address, an IPv4 address always as such; none on a unix socket.
    pub source: Option<IpAddr>,
    /// The endpoint that was called.
    pub endpoint: Arc<Endpoint>,
    /// How the connection is protected; none where it is not.
    pub protection: Option<Protection>,
}

impl Origin {
    /// Whether nobody between could read or change what is said: `aws:SecureTransport`.
    pub fn is_secure(&self) -> bool {
        self.protection.is_some()
    }
}
