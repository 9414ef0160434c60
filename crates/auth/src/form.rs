//! Requests of query services: a form, in the body of a POST or the query of a GET.
//!
//! ```text
//! Action=CreateUser&Version=2010-05-08&UserName=Ann&Tags.member.1.Key=team&Tags.member.1.Value=blue
//! ```
//!
//! What must hold: whatever comes in is either read or refused, and costs no more than its length.

use crate::failure::{self, Result};
use std::collections::BTreeMap;
use std::ops::Bound;

/// The most parameters of a request. The largest that AWS's quotas allow has some hundreds.
const PARAMETERS_MAX: usize = 4096;

/// The parameters of a request.
#[derive(Debug, Default)]
pub(crate) struct Form {
    parameters: BTreeMap<String, String>,
}

/// One of the members of a list, or the request itself: where its parameters begin.
#[derive(Clone, Debug)]
pub(crate) struct Part<'f> {
    form: &'f Form,
    prefix: String,
}

impl Form {
    /// Reads a form.
    pub(crate) fn parse(text: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(text).map_err(|_| failure::malformed_form("The request is not valid UTF-8"))?;
        let mut parameters = BTreeMap::new();
        // A GET of an empty query, or a body of nothing, is a form of nothing.
        for (name, value) in form_urlencoded::parse(text.trim_end().as_bytes()) {
            if parameters.len() == PARAMETERS_MAX {
                return Err(failure::malformed_form("The request has too many parameters"));
            }
            // Of a parameter that is given twice the two readers of a request could take different ones.
            if parameters.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(failure::malformed_form("The request gives a parameter twice"));
            }
        }
        Ok(Self { parameters })
    }

    /// A parameter. An empty one is there.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// All parameters with their names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The members of a list in the order of their numbers.
    pub(crate) fn list(&self, name: &str) -> Vec<Part<'_>> {
        self.list_at(&format!("{name}.member."))
    }

    /// A list of texts.
    pub(crate) fn texts(&self, name: &str) -> Vec<&str> {
        self.list(name).into_iter().filter_map(|part| part.form.get(&part.prefix)).collect()
    }

    fn list_at(&self, prefix: &str) -> Vec<Part<'_>> {
        let range = (Bound::Included(prefix), Bound::Unbounded);
        let within = self.parameters.range::<str, _>(range).map_while(|(name, _)| name.strip_prefix(prefix));
        let mut numbers: Vec<u32> = within.filter_map(|rest| rest.split('.').next()?.parse().ok()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.into_iter().map(|number| Part { form: self, prefix: format!("{prefix}{number}") }).collect()
    }
}

impl<'f> Part<'f> {
    /// A parameter of this member.
    pub(crate) fn get(&self, name: &str) -> Option<&'f str> {
        self.form.get(&format!("{}.{name}", self.prefix))
    }

    /// A list of texts of this member.
    pub(crate) fn texts(&self, name: &str) -> Vec<&'f str> {
        let members = self.form.list_at(&format!("{}.{name}.member.", self.prefix));
        members.into_iter().filter_map(|part| part.form.get(&part.prefix)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_in_the_order_of_their_numbers() {
        let form = Form::parse(
            b"A=1&T.member.10.Key=j&T.member.2.Key=b&T.member.2.Value=%C3%A4+x&N.member.2=z&N.member.1=y&T.member.x=0\
              &C.member.1.V.member.1=q&E=",
        )
        .unwrap();
        let tags = form.list("T");
        assert_eq!(tags.iter().map(|tag| tag.get("Key")).collect::<Vec<_>>(), [Some("b"), Some("j")]);
        assert_eq!(tags[0].get("Value"), Some("ä x"));
        assert_eq!(form.texts("N"), ["y", "z"]);
        assert_eq!(form.list("C")[0].texts("V"), ["q"]);
        assert_eq!((form.get("E"), form.get("F")), (Some(""), None));
        assert!(form.list("E").is_empty() && form.texts("T").is_empty());
    }

    #[test]
    fn hostile_forms_are_refused() {
        let many: String = (0..=PARAMETERS_MAX).map(|at| format!("p{at}=&")).collect();
        for hostile in [b"\xff=1".as_slice(), b"a=1&a=2", many.as_bytes()] {
            assert_eq!(Form::parse(hostile).unwrap_err().code, "MalformedQueryString");
        }
        let odd = Form::parse(b"&&=&a.member.99999999999999.b=1&a.member.-1=2&a.member.=3\n").unwrap();
        assert!(odd.list("a").is_empty());
        assert!(Form::parse(b"").unwrap().get("Action").is_none());
    }
}
