//! Why a signature was refused, in AWS's words.
//!
//! Evidence: the captures in dynalite's source, made against DynamoDB, which also have the order of the checks; the same answers as
//! users of the SDKs reported them later (with five minutes where the captures have fifteen); AWS's guide to troubleshooting
//! signatures. The words for `X-Amz-Expires` are those of S3, since no other service was seen to complain.

use crate::timestamp::Timestamp;
use std::fmt;

/// Why a signature was refused. `Display` gives the words for the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The time of the signature lies too far back.
    Expired {
        /// When the request was signed.
        signed: Timestamp,
        /// The time at the server.
        now: Timestamp,
        /// For how long a signature is good.
        seconds: u64,
    },
    /// The time of the signature has not come.
    NotYetCurrent {
        /// When the request was signed.
        signed: Timestamp,
        /// The time at the server.
        now: Timestamp,
        /// How far a client's clock may be ahead.
        seconds: u64,
    },
    /// A presigned request is to be good for a time that is no number, in whatever way.
    Expires(&'static str),
    /// A header that must be signed is not: its name as it is usually written.
    NotSigned(&'static str),
    /// The credential is one for elsewhere or another day: everything that is wrong, in sentences.
    Scope(String),
    /// The signature is not that of the request under the secret.
    Mismatch,
}

/// What DynamoDB says first about a wrong signature; for what it may add see `Checked::explained`.
const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access \
                        Key and signing method. Consult the service documentation for details.";

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Expired { signed, now, seconds } => {
                let (signed, limit) = (signed.basic(), now.earlier(*seconds).basic());
                write!(formatter, "Signature expired: {} is now earlier than {} ", signed.as_str(), limit.as_str())?;
                write!(formatter, "({} - {})", now.basic().as_str(), Span(*seconds))
            }
            Fault::NotYetCurrent { signed, now, seconds } => {
                let (signed, limit) = (signed.basic(), now.later(*seconds).basic());
                write!(
                    formatter,
                    "Signature not yet current: {} is still later than {} ",
                    signed.as_str(),
                    limit.as_str()
                )?;
                write!(formatter, "({} + {})", now.basic().as_str(), Span(*seconds))
            }
            Fault::Expires(words) => formatter.write_str(words),
            Fault::NotSigned("Host") => {
                formatter.write_str("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
            }
            Fault::NotSigned(name) => write!(formatter, "'{name}' must be a 'SignedHeader' in the AWS Authorization."),
            Fault::Scope(sentences) => formatter.write_str(sentences),
            Fault::Mismatch => formatter.write_str(MISMATCH),
        }
    }
}

impl std::error::Error for Fault {}

/// A time span, as in `5 min.`
struct Span(u64);

impl fmt::Display for Span {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(60) {
            write!(formatter, "{} min.", self.0 / 60)
        } else {
            write!(formatter, "{} sec.", self.0)
        }
    }
}
