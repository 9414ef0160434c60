//! Whether a request was signed by who holds the key, for this service, now.
//!
//! The words are AWS's, as its services answer them and as SDKs match them (the tests of dynalite, recorded against DynamoDB; the issues of
//! the AWS SDKs quote the others).

use crate::canonical::{Request, canonical_request, digest_of};
use crate::key::SigningKey;
use crate::time::{Times, seconds_of, text_of};
use crate::{ALGORITHM, TERMINATOR};
use std::fmt;

/// How many headers a request may sign. Real clients sign a dozen.
const SIGNED_HEADERS_MAX: usize = 100;

/// For how long a presigned request is good at the most, in seconds: seven days.
const EXPIRES_MAX: i64 = 7 * 24 * 60 * 60;

/// The parameters of a presigned request's query that are not signed.
const SIGNATURE: &str = "X-Amz-Signature";
const SECURITY_TOKEN: &str = "X-Amz-Security-Token";

/// The proof that a request presents, taken apart.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'a> {
    /// The day of the scope.
    pub date: &'a str,
    /// The region of the scope.
    pub region: &'a str,
    /// The service of the scope.
    pub service: &'a str,
    /// What ends the scope.
    pub terminator: &'a str,
    /// The names of the signed headers, with semicolons between them.
    pub signed_headers: &'a str,
    /// The signature.
    pub signature: &'a str,
    /// The time of the request.
    pub time: &'a str,
    /// Where all this stood.
    pub form: Form<'a>,
}

/// Where a request presents its signature.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form<'a> {
    /// In its `Authorization` header.
    Header,
    /// In its query: `X-Amz-Expires`, in seconds, if it is there.
    Query(Option<&'a str>),
}

/// What the scope of a request must say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The region, where it matters: the services of the account take any.
    pub region: Option<&'a str>,
    /// The service.
    pub service: &'a str,
}

/// Why a request is not taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Its scope is another one.
    Scope(String),
    /// Its time is too far from now, or it was good only until before now.
    Time(String),
    /// A header that must be signed is not.
    Unsigned(String),
    /// The signature is another one.
    Mismatch,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Scope(words) | Self::Time(words) | Self::Unsigned(words) => words,
            Self::Mismatch => {
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access \
                 Key and signing method. Consult the service documentation for details."
            }
        })
    }
}

impl std::error::Error for Fault {}

/// Verifies a request.
///
/// # Errors
/// Why it is not taken.
pub fn verify(
    request: &Request<'_>,
    presented: &Presented<'_>,
    expected: Expected<'_>,
    key: &SigningKey,
    times: Times,
) -> Result<(), Fault> {
    check_scope(presented, expected)?;
    check_time(presented, times)?;
    check_signed_headers(request, presented)?;
    let is_signed = |left_out: &[&str]| {
        let digest = digest_of(request, presented.signed_headers, left_out);
        key.sign_pieces(&pieces(presented, &digest)).is(presented.signature)
    };
    let matches = match presented.form {
        Form::Header => is_signed(&[]),
        // Some services' clients add the token when they have signed.
        Form::Query(_) => is_signed(&[SIGNATURE]) || is_signed(&[SIGNATURE, SECURITY_TOKEN]),
    };
    if matches { Ok(()) } else { Err(Fault::Mismatch) }
}

/// The string to sign.
fn pieces<'p>(presented: &'p Presented<'_>, digest: &'p [u8; 64]) -> [&'p [u8]; 13] {
    let text = str::as_bytes;
    [
        text(ALGORITHM),
        b"\n",
        text(presented.time),
        b"\n",
        text(presented.date),
        b"/",
        text(presented.region),
        b"/",
        text(presented.service),
        b"/",
        text(TERMINATOR),
        b"\n",
        digest,
    ]
}

/// The string to sign as text.
pub fn string_to_sign(request: &Request<'_>, presented: &Presented<'_>) -> String {
    let left_out: &[&str] = if presented.form == Form::Header { &[] } else { &[SIGNATURE] };
    let digest = digest_of(request, presented.signed_headers, left_out);
    String::from_utf8_lossy(&pieces(presented, &digest).concat()).into_owned()
}

fn check_scope(presented: &Presented<'_>, expected: Expected<'_>) -> Result<(), Fault> {
    let mut words = String::new();
    if let Some(region) = expected.region.filter(|region| *region != presented.region) {
        words += &format!(
            "Credential should be scoped to a valid region, not '{}'. Expected: '{region}'. ",
            presented.region
        );
    }
    if presented.service != expected.service {
        words += &format!("Credential should be scoped to correct service: '{}'. ", expected.service);
    }
    if presented.terminator != TERMINATOR {
        words += &format!(
            "Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{}'. ",
            presented.terminator
        );
    }
    if presented.time.get(..8) != Some(presented.date) {
        words += &format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != '{}', from '{}'. ",
            presented.date,
            presented.time.get(..8).unwrap_or_default(),
            presented.time
        );
    }
    if words.is_empty() { Ok(()) } else { Err(Fault::Scope(words)) }
}

fn check_time(presented: &Presented<'_>, times: Times) -> Result<(), Fault> {
    let Some(signed) = seconds_of(presented.time) else {
        return Err(Fault::Time(format!("Date must be in ISO-8601 'basic format'. Got '{}'.", presented.time)));
    };
    let Times { now, skew_max } = times;
    let minutes = skew_max / 60;
    let good_for = match presented.form {
        Form::Header => skew_max,
        Form::Query(expires) => lifetime(expires)?.max(0),
    };
    let words = if now + skew_max < signed {
        format!(
            "Signature not yet current: {} is still later than {} ({} + {minutes} min.)",
            presented.time,
            text_of(now + skew_max),
            text_of(now)
        )
    } else if signed + good_for >= now {
        return Ok(());
    } else if presented.form == Form::Header {
        format!(
            "Signature expired: {} is now earlier than {} ({} - {minutes} min.)",
            presented.time,
            text_of(now - skew_max),
            text_of(now)
        )
    } else {
        format!("Signature expired: {} is now earlier than {}", text_of(signed + good_for), text_of(now))
    };
    Err(Fault::Time(words))
}

/// For how long a presigned request is good, in seconds. One that does not say is as good as one with a header.
fn lifetime(expires: Option<&str>) -> Result<i64, Fault> {
    let Some(text) = expires else { return Ok(5 * 60) };
    match text.parse::<i64>() {
        Ok(seconds) if (0..=EXPIRES_MAX).contains(&seconds) => Ok(seconds),
        Ok(seconds) if seconds > EXPIRES_MAX => {
            Err(Fault::Time("X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds".to_owned()))
        }
        Ok(_) => Err(Fault::Time("X-Amz-Expires must be non-negative".to_owned())),
        Err(_) => Err(Fault::Time("X-Amz-Expires should be a number".to_owned())),
    }
}

/// What changes the meaning of a request must be signed: where it goes, and every header of AWS's own, its target and token among them.
/// That `host` must be is AWS's rule and these are its words; for the others they are formed after them.
fn check_signed_headers(request: &Request<'_>, presented: &Presented<'_>) -> Result<(), Fault> {
    let signed = presented.signed_headers;
    if signed.split(';').take(SIGNED_HEADERS_MAX + 1).count() > SIGNED_HEADERS_MAX {
        return Err(Fault::Mismatch);
    }
    let is_signed = |name: &str| signed.split(';').any(|other| other == name);
    if !is_signed("host") {
        return Err(Fault::Unsigned(
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.".to_owned(),
        ));
    }
    let unsigned = request.headers.iter().find(|(name, _)| name.starts_with("x-amz-") && !is_signed(name));
    match unsigned {
        Some((name, _)) => Err(Fault::Unsigned(format!("'{name}' must be a 'SignedHeader' in the AWS Authorization."))),
        None => Ok(()),
    }
}

/// What both sides should have computed, as AWS tells it to clients whose signature is another one.
pub fn explanation(request: &Request<'_>, presented: &Presented<'_>) -> String {
    let left_out: &[&str] = if presented.form == Form::Header { &[] } else { &[SIGNATURE] };
    let canonical = canonical_request(request, presented.signed_headers, left_out);
    format!(
        "The Canonical String for this request should have been\n'{}'\n\nThe String-to-Sign should have been\n'{}'\n",
        String::from_utf8_lossy(&canonical),
        string_to_sign(request, presented)
    )
}

#[cfg(test)]
mod tests;
