//! AWS Signature Version 4: what is signed of a request, how, and whether a signature is right.
//!
//! Layer 1, pure: no clock, no HTTP library, nothing of a service but its name. The way of a verification:
//!
//! ```text
//! Request + Presented -> scope, times, signed headers (verify) -> canonical form -> digest (canonical) -> HMAC with the day's key (key)
//! ```
//!
//! The specification is IAM's user guide, "Create a signed AWS API request"; AWS's own test vectors are its other half (`tests/vectors.rs`).
//!
//! What must hold: signatures are compared in constant time. The canonical form goes into the digest piece by piece and exists as text only
//! where somebody asks for it. No input makes the work grow faster than its own length but for the number of signed headers, which is bounded.

mod canonical;
mod key;
mod time;
mod verify;

pub use canonical::{PathForm, Request, canonical_request};
pub use key::{Signature, SigningKey};
pub use time::{Times, seconds_of};
pub use verify::{Expected, Fault, Form, Presented, explanation, string_to_sign, verify};

/// The algorithm, as requests name it.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What ends every scope.
pub const TERMINATOR: &str = "aws4_request";

/// The headers and the signature of a request that is about to be sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signed {
    /// The value of `Authorization`.
    pub authorization: String,
}

/// Signs a request that already carries `host` and `x-amz-date` among its headers; all of its headers are signed.
pub fn sign(request: &Request<'_>, access_key_id: &str, presented: &Presented<'_>, key: &SigningKey) -> Signed {
    let text = string_to_sign(request, presented);
    let signature = key.sign(text.as_bytes());
    let Presented { date, region, service, signed_headers, .. } = presented;
    Signed {
        authorization: format!(
            "{ALGORITHM} Credential={access_key_id}/{date}/{region}/{service}/{TERMINATOR}, \
             SignedHeaders={signed_headers}, Signature={signature}"
        ),
    }
}
