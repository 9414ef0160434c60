//! Signing: this process as the client of a service of AWS.

use crate::ALGORITHM;
use crate::canonical::Canonical;
use crate::key::{Scope, SigningKey};
use crate::query::LeftOut;
use crate::request::Request;
use crate::timestamp::Timestamp;

/// Who signs.
#[derive(Clone, Copy, Debug)]
pub struct Signer<'a> {
    /// Names the key.
    pub access_key_id: &'a str,
    /// What the key is good for.
    pub scope: Scope<'a>,
    /// The key, derived for that scope.
    pub key: &'a SigningKey,
}

/// The value of the header `Authorization` for a request.
///
/// `signed_headers` names what is signed, in lower case, sorted, separated by `;`. It has to contain `host`, `x-amz-date` with the time
/// that is given, and whatever else of `x-amz-*` the request has; the headers must be those that are sent.
pub fn sign(request: &Request<'_>, signed_headers: &str, signer: &Signer<'_>, timestamp: Timestamp) -> String {
    let Signer { access_key_id, scope, key } = signer;
    let signature = Canonical::of(request, signed_headers, LeftOut::Nothing).signature(key, scope, timestamp);
    format!("{ALGORITHM} Credential={access_key_id}/{scope}, SignedHeaders={signed_headers}, Signature={signature}")
}
