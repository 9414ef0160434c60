//! Credentials as a request presents them: in the `Authorization` header or, for a presigned request, in the query.
//!
//! The words and their order are DynamoDB's: what is missing is listed together, what is malformed ends the request at once
//! (dynalite's tests and the captures in its source, recorded against DynamoDB). Nothing is verified here.

use crate::head::Head;
use crate::refusal::Refusal;
use std::borrow::Cow;

/// The one algorithm that AWS's own services accept from a single-region key.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

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
    /// The names of the headers that were signed, separated by `;`.
    pub signed_headers: Cow<'a, str>,
    /// The signature in hexadecimal.
    pub signature: Cow<'a, str>,
    /// The session that a temporary key belongs to.
    pub session_token: Option<Cow<'a, str>>,
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
}

fn incomplete(message: String) -> Refusal {
    Refusal::IncompleteSignature(message)
}

fn from_header<'a>(head: &'a Head<'a>, header: &'a str) -> Result<Credentials<'a>, Refusal> {
    let parameters = HeaderParameters::parsed(header)?;
    parameters.check_complete(head, header)?;
    if let Some(date) = head.headers.amz_date {
        check_date(date.to_str().unwrap_or_default())?;
    }
    check_algorithm(words(header).next().unwrap_or_default())?;
    let [access_key_id, date, region, service] = scope(parameters.credential)?;
    Ok(Credentials {
        access_key_id: access_key_id.into(),
        date: date.into(),
        region: region.into(),
        service: service.into(),
        signed_headers: parameters.signed_headers.into(),
        signature: parameters.signature.into(),
        session_token: None,
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
        check_date(&self.take(QUERY_DATE))?;
        check_algorithm(&self.take(QUERY_ALGORITHM))?;
        let credential = self.take(QUERY_CREDENTIAL);
        let [access_key_id, date, region, service] = scope(&credential)?.map(|part| Cow::Owned(part.to_owned()));
        Ok(Credentials {
            access_key_id,
            date,
            region,
            service,
            signed_headers: self.take(QUERY_SIGNED_HEADERS),
            signature: self.take(QUERY_SIGNATURE),
            session_token: self.get(QUERY_SECURITY_TOKEN).cloned(),
        })
    }
}

/// Access key id, date, region and service of `keyid/date/region/service/term`.
fn scope(credential: &str) -> Result<[&str; 4], Refusal> {
    let whole = credential.trim_end_matches('/');
    if let Some((key, rest)) = split_at(whole, b'/')
        && let Some((date, rest)) = split_at(rest, b'/')
        && let Some((region, rest)) = split_at(rest, b'/')
        && let Some((service, term)) = split_at(rest, b'/')
        && !term.contains('/')
    {
        return Ok([key, date, region, service]);
    }
    Err(incomplete(format!(
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{credential}'"
    )))
}

/// Times are written `20260131T235959Z`.
fn check_date(date: &str) -> Result<(), Refusal> {
    let is_basic_format = date.len() == 16
        && date.bytes().enumerate().all(|(index, byte)| match index {
            8 => byte == b'T',
            15 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        });
    if is_basic_format {
        return Ok(());
    }
    Err(incomplete(format!(
        "Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"
    )))
}

fn check_algorithm(algorithm: &str) -> Result<(), Refusal> {
    if algorithm == ALGORITHM {
        return Ok(());
    }
    Err(incomplete(format!("Unsupported AWS 'algorithm': '{algorithm}' (only {ALGORITHM} for now). ")))
}

#[cfg(test)]
mod tests;
