//! Verification, in two steps: what needs no secret, and the signature.
//!
//! DynamoDB looks at the time, then whether the host is signed, then at the scope, then whether it knows the key, then at the
//! signature (dynalite's captures). The key is the caller's, so the checks before it are one step and the signature another, which
//! can only be taken after the first.

use crate::TERMINATOR;
use crate::canonical::{Canonical, canonical_request, names, string_to_sign};
use crate::fault::Fault;
use crate::key::{Scope, Signature, SigningKey};
use crate::query::has_token;
use crate::request::Request;
use crate::timestamp::Timestamp;

/// The proof that a request offers.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'a> {
    /// What the signing key is said to be good for.
    pub scope: Scope<'a>,
    /// What ends the credential.
    pub terminator: &'a str,
    /// The names of the signed headers, separated by `;`.
    pub signed_headers: &'a str,
    /// The signature in hexadecimal digits.
    pub signature: &'a str,
    /// When the request was signed: `X-Amz-Date` or, failing that, `Date`.
    pub timestamp: Timestamp,
    /// Where all this stood.
    pub form: Form<'a>,
}

/// Where a request has its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form<'a> {
    /// In the header `Authorization`.
    Header,
    /// In the query of a presigned request.
    Query {
        /// For how many seconds it is good: `X-Amz-Expires`.
        expires: Option<&'a str>,
    },
}

/// What this server accepts.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The one region of the server, or none where it does not care.
    pub region: Option<&'a str>,
    /// The service that is called.
    pub service: &'a str,
}

/// A presigned request can be good for a week.
const EXPIRES_SECONDS_MAX: u64 = 7 * 24 * 60 * 60;

/// More signed headers than any request has headers. The list is the client's, and each name in it is looked for.
const SIGNED_HEADERS_MAX: usize = 128;

impl Expected<'_> {
    /// How far a client's clock may be from ours. DynamoDB and CloudWatch say five minutes, STS says fifteen (what users of the SDKs
    /// reported); IAM stands behind the same door as STS.
    fn tolerance_seconds(&self) -> u64 {
        if matches!(self.service, "sts" | "iam") { 15 * 60 } else { 5 * 60 }
    }

    /// For how long a signature is good. STS ignores `X-Amz-Expires` (the source of aws-iam-authenticator, whose tokens are presigned
    /// for one minute and good for fifteen).
    fn lifetime_seconds(&self, form: Form<'_>) -> Result<u64, Fault> {
        match form {
            Form::Query { expires: Some(expires) } if self.service != "sts" => expires_seconds(expires),
            _ => Ok(self.tolerance_seconds()),
        }
    }

    fn check_time(&self, presented: &Presented<'_>, now: Timestamp) -> Result<(), Fault> {
        let signed = presented.timestamp;
        let seconds = self.lifetime_seconds(presented.form)?;
        if signed < now.earlier(seconds) {
            return Err(Fault::Expired { signed, now, seconds });
        }
        let seconds = self.tolerance_seconds();
        if signed > now.later(seconds) {
            return Err(Fault::NotYetCurrent { signed, now, seconds });
        }
        Ok(())
    }

    /// Everything that is wrong with the scope is said at once.
    fn check_scope(&self, presented: &Presented<'_>) -> Result<(), Fault> {
        let Scope { date, region, service } = presented.scope;
        let signed = presented.timestamp.basic();
        let is_region = self.region.is_none_or(|expected| expected == region);
        if is_region && service == self.service && presented.terminator == TERMINATOR && date == signed.date() {
            return Ok(());
        }
        let mut sentences = String::new();
        if !is_region {
            sentences += &format!("Credential should be scoped to a valid region, not '{region}'. ");
        }
        if service != self.service {
            sentences += &format!("Credential should be scoped to correct service: '{}'. ", self.service);
        }
        if presented.terminator != TERMINATOR {
            let terminator = presented.terminator;
            sentences +=
                &format!("Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{terminator}'. ");
        }
        if date != signed.date() {
            sentences += &format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{date}' != '{}', \
                 from '{}'.",
                signed.date(),
                signed.as_str()
            );
        }
        Err(Fault::Scope(sentences))
    }
}

fn expires_seconds(text: &str) -> Result<u64, Fault> {
    let seconds: i64 = text.parse().map_err(|_| Fault::Expires("X-Amz-Expires should be a number"))?;
    let seconds = u64::try_from(seconds).map_err(|_| Fault::Expires("X-Amz-Expires must be non-negative"))?;
    if seconds > EXPIRES_SECONDS_MAX {
        return Err(Fault::Expires(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds",
        ));
    }
    Ok(seconds)
}

/// Headers without which a signature would say nothing: for whom the request is, and what is asked. AWS's documentation wants every
/// `x-amz-*` header signed, S3 refuses those that are not, DynamoDB was seen to accept a signature over the host alone (dynalite's
/// captures), and Kinesis a session token that was not signed. Of those headers only the target means something here that the
/// signature does not cover otherwise: the time is in the string to sign, the token must be that of the key, the hash of the body is
/// our own. What proxies add on the way (`x-amz-cf-id`) does no harm.
fn check_signed_headers(request: &Request<'_>, presented: &Presented<'_>) -> Result<(), Fault> {
    if memchr::memchr_iter(b';', presented.signed_headers.as_bytes()).nth(SIGNED_HEADERS_MAX).is_some() {
        return Err(Fault::Mismatch);
    }
    let is_signed = |wanted: &str| names(presented.signed_headers).any(|name| name.eq_ignore_ascii_case(wanted));
    if !is_signed("host") && !is_signed(":authority") {
        return Err(Fault::NotSigned("Host"));
    }
    if !is_signed("x-amz-target") && request.headers.has("x-amz-target") {
        return Err(Fault::NotSigned("X-Amz-Target"));
    }
    Ok(())
}

/// Checks all but the signature, for which the caller has to find the key first.
pub fn check<'a>(
    request: &'a Request<'a>,
    presented: &'a Presented<'a>,
    expected: &Expected<'_>,
    now: Timestamp,
) -> Result<Checked<'a>, Fault> {
    expected.check_time(presented, now)?;
    check_signed_headers(request, presented)?;
    expected.check_scope(presented)?;
    Ok(Checked { request, presented })
}

/// A request whose signature is all that is left to verify.
#[derive(Clone, Copy)]
pub struct Checked<'a> {
    request: &'a Request<'a>,
    presented: &'a Presented<'a>,
}

impl<'a> Checked<'a> {
    /// Verifies the signature with the key of the presented scope.
    pub fn verify(&self, key: &SigningKey) -> Result<(), Fault> {
        let Presented { scope, timestamp, signed_headers, form, .. } = *self.presented;
        let signature = Signature::from_hex(self.presented.signature).ok_or(Fault::Mismatch)?;
        let signed = Canonical::of(self.request, signed_headers, form.left_out());
        if signed.signature(key, &scope, timestamp) == signature {
            return Ok(());
        }
        // A session token may be part of what a presigned request signs or be added later (AWS's documentation says that services
        // differ). Both prove knowledge of the secret, and the token itself proves which session it belongs to.
        let may_omit_token = form != Form::Header && has_token(self.request.query);
        if may_omit_token && signed.without_token().signature(key, &scope, timestamp) == signature {
            return Ok(());
        }
        Err(Fault::Mismatch)
    }

    /// What DynamoDB says about a wrong signature, at full length. Nothing in it is unknown to the client, but a session token may be
    /// among it: it is for the client and not for a log.
    pub fn explained(&self) -> String {
        format!(
            "{}\n\nThe Canonical String for this request should have been\n'{}'\n\nThe String-to-Sign should have been\n'{}'\n",
            Fault::Mismatch,
            canonical_request(self.request, self.presented),
            string_to_sign(self.request, self.presented)
        )
    }
}

#[cfg(test)]
mod tests;
