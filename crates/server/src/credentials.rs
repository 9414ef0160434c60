//! Credentials as a request presents them: in the `Authorization` header or, for a presigned request, in the query.
//!
//! The words and their order are DynamoDB's: what is missing is listed together, what is malformed ends the request at once
//! (dynalite's tests and the captures in its source, recorded against DynamoDB). Nothing is verified here.

use crate::head::Head;
use crate::refusal::Refusal;
use sigv4::{ALGORITHM, Form, Presented, Scope, Timestamp};
use std::borrow::Cow;

/// Who a request claims to come from, and the proof that it offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials<'a> {
    /// Names the key that signed the request.
    pub access_key_id: Cow<'a, str>,
    /// The day of the signing key, as in `20260131`.
    pub date: Cow<'a, str>,
    /// The region of the signing key.
    pub region: Cow<'a, str>,
    /// The service of the signing key.
    pub service: Cow<'a, str>,
    /// What ends the scope of the signing key.
    pub terminator: Cow<'a, str>,
    /// The names of the headers that were signed, separated by `;`.
    pub signed_headers: Cow<'a, str>,
    /// The signature in hexadecimal.
    pub signature: Cow<'a, str>,
    /// The session that a temporary key belongs to.
    pub session_token: Option<Cow<'a, str>>,
    /// When the request was signed.
    pub signed_at: Timestamp,
    /// Where all this stood.
    pub place: Place<'a>,
}

/// Where a request has its credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// In the header `Authorization`.
    Header,
    /// In the query of a presigned request.
    Query {
        /// For how many seconds it is good.
        expires: Option<Cow<'a, str>>,
    },
}

impl<'a> Credentials<'a> {
    /// The credentials that a request presents.
    pub(crate) fn presented(head: &'a Head<'a>) -> Result<Credentials<'a>, Refusal> {
        let header = head.headers.authorization;
        let query = head.uri.query().map(Query::parsed).filter(|query| query.get(QUERY_ALGORITHM).is_some());
        let mut credentials = match (header, query) {
            (Some(_), Some(_)) => {
                return Err(Refusal::InvalidSignature(format!(
                    "Found both '{QUERY_ALGORITHM}' as a query-string param and 'Authorization' as HTTP header."
                )));
            }
            (None, Some(query)) => query.credentials()?,
            (Some(header), None) => match str::from_utf8(header.as_bytes()) {
                Ok(header) if header.starts_with("AWS4-") => from_header(head, header)?,
                _ => return Err(Refusal::MissingAuthenticationToken),
            },
            (None, None) => return Err(Refusal::MissingAuthenticationToken),
        };
        if let Some(token) = head.headers.security_token.and_then(|token| token.to_str().ok()) {
            credentials.session_token = Some(token.into());
        }
        Ok(credentials)
    }

    /// The same in the terms of the signature.
    pub(crate) fn proof(&self) -> Presented<'_> {
        Presented {
            scope: Scope { date: &self.date, region: &self.region, service: &self.service },
            terminator: &self.terminator,
            signed_headers: &self.signed_headers,
            signature: &self.signature,
            timestamp: self.signed_at,
            form: match &self.place {
                Place::Header => Form::Header,
                Place::Query { expires } => Form::Query { expires: expires.as_deref() },
            },
        }
    }
}

fn incomplete(message: String) -> Refusal {
    Refusal::IncompleteSignature(message)
}

fn from_header<'a>(head: &'a Head<'a>, header: &'a str) -> Result<Credentials<'a>, Refusal> {
    let parameters = HeaderParameters::parsed(header)?;
    parameters.check_complete(head, header)?;
    let signed_at = match (head.headers.amz_date, head.headers.date) {
        (None, Some(date)) => http_date(date.to_str().unwrap_or_default())?,
        (date, _) => basic_date(date.and_then(|date| date.to_str().ok()).unwrap_or_default())?,
    };
    check_algorithm(words(header).next().unwrap_or_default())?;
    let [access_key_id, date, region, service, terminator] = scope(parameters.credential)?;
    Ok(Credentials {
        access_key_id: access_key_id.into(),
        date: date.into(),
        region: region.into(),
        service: service.into(),
        terminator: terminator.into(),
        signed_headers: parameters.signed_headers.into(),
        signature: parameters.signature.into(),
        session_token: None,
        signed_at,
        place: Place::Header,
    })
}

/// The parts of an `Authorization` header, which commas and spaces separate, without the empty ones between a comma and its space.
fn words(header: &str) -> impl Iterator<Item = &str> {
    let mut start = 0;
    let ends = memchr::memchr2_iter(b',', b' ', header.as_bytes()).chain([header.len()]);
    ends.filter_map(move |end| {
        let word = &header[start..end];
        start = end + 1;
        (!word.is_empty()).then_some(word)
    })
}

/// What stands before and after the first `separator`. Every request passes here several times, and `str::split_once` takes several
/// times as long.
fn split_at(text: &str, separator: u8) -> Option<(&str, &str)> {
    let at = memchr::memchr(separator, text.as_bytes())?;
    Some((&text[..at], &text[at + 1..]))
}

/// The parameters of an `Authorization` header; empty when missing, which is the same to DynamoDB.
#[derive(Default)]
struct HeaderParameters<'a> {
    credential: &'a str,
    signature: &'a str,
    signed_headers: &'a str,
}

impl<'a> HeaderParameters<'a> {
    fn parsed(header: &'a str) -> Result<HeaderParameters<'a>, Refusal> {
        let mut parameters = HeaderParameters::default();
        for pair in words(header).skip(1) {
            let (name, value) = split_at(pair, b'=').ok_or_else(|| {
                incomplete(format!(
                    "'{pair}' not a valid key=value pair (missing equal-sign) in Authorization header: '{header}'."
                ))
            })?;
            match name {
                "Credential" => parameters.credential = value,
                "Signature" => parameters.signature = value,
                "SignedHeaders" => parameters.signed_headers = value,
                _ => (),
            }
        }
        Ok(parameters)
    }

    fn check_complete(&self, head: &Head<'_>, header: &str) -> Result<(), Refusal> {
        let has_date = head.headers.amz_date.or(head.headers.date).is_some();
        let parameters =
            [("Credential", self.credential), ("Signature", self.signature), ("SignedHeaders", self.signed_headers)];
        if has_date && parameters.iter().all(|(_, value)| !value.is_empty()) {
            return Ok(());
        }
        let mut message = String::new();
        for (name, _) in parameters.iter().filter(|(_, value)| value.is_empty()) {
            message += &format!("Authorization header requires '{name}' parameter. ");
        }
        if !has_date {
            message += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
        }
        Err(incomplete(message + "Authorization=" + header))
    }
}

const QUERY_ALGORITHM: &str = "X-Amz-Algorithm";
const QUERY_CREDENTIAL: &str = "X-Amz-Credential";
const QUERY_SIGNATURE: &str = "X-Amz-Signature";
const QUERY_SIGNED_HEADERS: &str = "X-Amz-SignedHeaders";
const QUERY_DATE: &str = "X-Amz-Date";
const QUERY_SECURITY_TOKEN: &str = "X-Amz-Security-Token";
const QUERY_EXPIRES: &str = "X-Amz-Expires";

/// What a presigned request must have, in the order in which DynamoDB lists what is missing.
const QUERY_REQUIRED: [&str; 5] =
    [QUERY_ALGORITHM, QUERY_CREDENTIAL, QUERY_SIGNATURE, QUERY_SIGNED_HEADERS, QUERY_DATE];

/// The parameters of a query string, decoded.
struct Query<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Query<'a> {
    fn parsed(text: &'a str) -> Query<'a> {
        Query(form_urlencoded::parse(text.as_bytes()).collect())
    }

    fn get(&self, name: &str) -> Option<&Cow<'a, str>> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value)
    }

    /// The value of a parameter that is known to be there.
    fn take(&self, name: &str) -> Cow<'a, str> {
        self.get(name).cloned().unwrap_or_default()
    }

    fn credentials(&self) -> Result<Credentials<'a>, Refusal> {
        let mut missing =
            QUERY_REQUIRED.iter().filter(|name| self.get(name).is_none_or(|value| value.is_empty())).peekable();
        if missing.peek().is_some() {
            let list: String =
                missing.map(|name| format!("AWS query-string parameters must include '{name}'. ")).collect();
            return Err(incomplete(list + "Re-examine the query-string parameters."));
        }
        let signed_at = basic_date(&self.take(QUERY_DATE))?;
        check_algorithm(&self.take(QUERY_ALGORITHM))?;
        let credential = self.take(QUERY_CREDENTIAL);
        let parts = scope(&credential)?.map(|part| Cow::Owned(part.to_owned()));
        let [access_key_id, date, region, service, terminator] = parts;
        Ok(Credentials {
            access_key_id,
            date,
            region,
            service,
            terminator,
            signed_headers: self.take(QUERY_SIGNED_HEADERS),
            signature: self.take(QUERY_SIGNATURE),
            session_token: self.get(QUERY_SECURITY_TOKEN).cloned(),
            signed_at,
            place: Place::Query { expires: self.get(QUERY_EXPIRES).cloned() },
        })
    }
}

/// The five parts of `keyid/date/region/service/term`.
fn scope(credential: &str) -> Result<[&str; 5], Refusal> {
    let whole = credential.trim_end_matches('/');
    if let Some((key, rest)) = split_at(whole, b'/')
        && let Some((date, rest)) = split_at(rest, b'/')
        && let Some((region, rest)) = split_at(rest, b'/')
        && let Some((service, term)) = split_at(rest, b'/')
        && !term.contains('/')
    {
        return Ok([key, date, region, service, term]);
    }
    Err(incomplete(format!(
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{credential}'"
    )))
}

/// The time of `X-Amz-Date`, as in `20260131T235959Z`.
fn basic_date(date: &str) -> Result<Timestamp, Refusal> {
    Timestamp::from_basic(date).ok_or_else(|| no_date(date))
}

/// The time of `Date`, which some clients write in the other header's form.
fn http_date(date: &str) -> Result<Timestamp, Refusal> {
    Timestamp::from_http_date(date).or_else(|| Timestamp::from_basic(date)).ok_or_else(|| no_date(date))
}

fn no_date(date: &str) -> Refusal {
    incomplete(format!(
        "Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"
    ))
}

fn check_algorithm(algorithm: &str) -> Result<(), Refusal> {
    if algorithm == ALGORITHM {
        return Ok(());
    }
    Err(incomplete(format!("Unsupported AWS 'algorithm': '{algorithm}' (only {ALGORITHM} for now). ")))
}

#[cfg(test)]
mod tests;
