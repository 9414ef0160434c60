//! AWS Signature Version 4: who knows the secret of an access key signs a request with it, and who holds the same secret verifies it.
//!
//! Layer 1, pure: no clock, no randomness, no HTTP library; the time of a verification is given. The words of what is refused are
//! AWS's (`fault`). A server first checks what needs no secret (`check`), then looks up the key, then verifies (`Checked::verify`),
//! in the order in which DynamoDB answers. `sign` is the other side: this process calling a service of AWS.
//!
//! What must hold: nothing that the server acts upon can be changed without the signature failing, and signatures are compared in
//! constant time.

mod authorization;
mod canonical;
mod encode;
mod fault;
mod key;
mod path;
mod query;
mod request;
mod sink;
mod timestamp;
mod verify;

pub use authorization::{Signer, sign};
pub use canonical::{canonical_request, string_to_sign};
pub use fault::Fault;
pub use key::{Scope, Signature, SigningKey};
pub use request::{Headers, PathRule, Request};
pub use timestamp::Timestamp;
pub use verify::{Checked, Expected, Form, Presented, check};

/// The name of the algorithm, as requests give it.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What ends the scope of every credential.
pub const TERMINATOR: &str = "aws4_request";
