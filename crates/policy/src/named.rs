//! Whom a document names, as texts: for who keeps documents, and with them which users and roles their names meant.
//!
//! A policy means the user or the role that there was when it was saved, not whoever has the name later ("IAM User Guide: AWS JSON policy
//! elements: Principal"). Who those were is not known here: it is asked for by the names of [`named`], given to
//! [`Policy::identified`](crate::Policy::identified), and told in documents with [`with_names`].

use crate::PolicyError;
use crate::json::Json;
use std::collections::BTreeSet;

/// The accounts, users, roles and sessions that a document names, as it names them.
///
/// # Errors
/// When it is not JSON. What else may be wrong with it is for [`Policy::parse`](crate::Policy::parse) to find.
pub fn named(text: &str) -> Result<BTreeSet<String>, PolicyError> {
    let mut found = BTreeSet::new();
    let mut json = Json::parse(text)?;
    each_named(&mut json, &mut |name| {
        if name != "*" {
            found.insert(name.clone());
        }
    });
    Ok(found)
}

/// The document with other names for those who have one. It is written without white space, and otherwise as it was.
///
/// # Errors
/// When it is not JSON.
pub fn with_names<'n>(text: &str, name_of: impl Fn(&str) -> Option<&'n str>) -> Result<String, PolicyError> {
    let mut json = Json::parse(text)?;
    each_named(&mut json, &mut |name| {
        if let Some(other) = name_of(name) {
            other.clone_into(name);
        }
    });
    Ok(json.to_string())
}

fn each_named(document: &mut Json, visit: &mut impl FnMut(&mut String)) {
    members(document, &["Statement"], &mut |statements| {
        each(statements, &mut |statement| {
            members(statement, &["Principal", "NotPrincipal"], &mut |kinds| {
                members(kinds, &["AWS"], &mut |names| {
                    each(names, &mut |name| {
                        if let Json::Text(name) = name {
                            visit(name);
                        }
                    });
                });
            });
        });
    });
}

/// The members of an object that have one of these names.
fn members(json: &mut Json, names: &[&str], visit: &mut impl FnMut(&mut Json)) {
    if let Json::Object(members) = json {
        members.iter_mut().filter(|(name, _)| names.contains(&name.as_str())).for_each(|(_, value)| visit(value));
    }
}

/// The elements of a list, or the one that stands for a list.
fn each(json: &mut Json, visit: &mut impl FnMut(&mut Json)) {
    match json {
        Json::List(several) => several.iter_mut().for_each(visit),
        one => visit(one),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = concat!(
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::1:user/a","1"],"#,
        r#""Service":"x"},"Action":"a:B","Resource":"arn:aws:iam::1:user/a","Condition":{"Bool":{"k":true},"N":{"n":1}}},"#,
        r#"{"Effect":"Deny","NotPrincipal":{"AWS":"AIDA\""},"Action":[],"Resource":null},{"Principal":"*"},{"Principal":{"AWS":"*"}}]}"#
    );

    #[test]
    fn whom_documents_name() {
        let found = named(DOCUMENT).unwrap();
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), ["1", "AIDA\"", "arn:aws:iam::1:user/a"]);
        let one = r#"{"Statement": {"Principal": {"AWS": "1"}}}"#;
        assert_eq!(named(one).unwrap().len(), 1);
        for nothing in ["[]", "{}", r#"{"Statement": 1}"#, r#"{"Statement": [{"Principal": {"AWS": {"AWS": "1"}}}]}"#] {
            assert_eq!(named(nothing).unwrap().len(), 0, "{nothing}");
        }
        assert_eq!(named("{").err(), Some(PolicyError::NotJson));
    }

    #[test]
    fn other_names_change_nothing_else() {
        assert_eq!(with_names(DOCUMENT, |_| None).as_deref(), Ok(DOCUMENT));
        let renamed = with_names(DOCUMENT, |name| (name == "arn:aws:iam::1:user/a").then_some("AIDAB")).unwrap();
        assert_eq!(renamed, DOCUMENT.replacen("arn:aws:iam::1:user/a", "AIDAB", 1));
        assert_eq!(with_names("{", |_| None), Err(PolicyError::NotJson));
    }
}
