//! The operations of IAM, by what they are about.

pub(super) mod access_keys;
pub(super) mod account;
pub(super) mod attached;
pub(super) mod boundaries;
pub(super) mod groups;
pub(super) mod inline;
pub(super) mod policies;
pub(super) mod roles;
pub(super) mod service_linked;
pub(super) mod shapes;
pub(super) mod simulate;
pub(super) mod tags;
pub(super) mod users;
pub(super) mod versions;

use super::Answer;
use super::params::{self, Paging};
use crate::directory::Listed;
use crate::directory::record::{Record, Tags};
use crate::failure::{self, Result};
use crate::form::Form;
use crate::xml::Xml;

/// The answer with these elements.
fn result(write: impl FnOnce(&mut Xml)) -> Result<Answer> {
    let mut xml = Xml::default();
    write(&mut xml);
    Ok(Answer::Result(xml))
}

/// A page of a list: its members, whether there is more, and from where on.
fn page<T>(
    list: &str,
    listed: Listed<T>,
    name: impl Fn(&T) -> &str,
    write: impl FnMut(&mut Xml, &T),
) -> Result<Answer> {
    result(|xml| write_page(xml, list, &listed, name, write))
}

fn write_page<T>(
    xml: &mut Xml,
    list: &str,
    listed: &Listed<T>,
    name: impl Fn(&T) -> &str,
    mut write: impl FnMut(&mut Xml, &T),
) {
    xml.members(list, &listed.members, |xml, member| write(xml, member));
    xml.value("IsTruncated", listed.more);
    if let Some(last) = listed.members.last().filter(|_| listed.more) {
        xml.text("Marker", &params::marker(name(last)));
    }
}

/// A page of the names of a list that is at hand.
fn page_of_names(list: &str, paging: &Paging, names: Vec<String>) -> Result<Answer> {
    let listed = paging.page(names, |name| name);
    result(|xml| {
        xml.texts(list, listed.members.iter().map(String::as_str));
        xml.value("IsTruncated", listed.more);
        if let Some(last) = listed.members.last().filter(|_| listed.more) {
            xml.text("Marker", &params::marker(last));
        }
    })
}

/// A page of what an account has of a kind, below the path that the form names.
async fn page_of<T: Record>(
    granted: &super::authorize::Granted<'_>,
    list: &str,
    write: impl FnMut(&mut Xml, &T),
) -> Result<Answer> {
    page(list, listed(granted).await?, Record::name, write)
}

/// What an account has of a kind, below the path that the form names: the page that it asks for.
async fn listed<T: Record>(granted: &super::authorize::Granted<'_>) -> Result<Listed<T>> {
    let (form, paging) = (granted.form(), params::paging(granted.form())?);
    let prefix = params::path_prefix(form)?;
    let below = |record: &T| record.path().starts_with(prefix);
    granted.directory().list(granted.account(), paging.after.as_deref(), paging.most, below).await
}

/// Tags in an answer.
fn write_tags(xml: &mut Xml, tags: &Tags) {
    xml.members("Tags", tags, |xml, (key, value)| {
        xml.text("Key", key);
        xml.text("Value", value);
    });
}

/// The name that a form's parameter names something that is there by.
fn existing<'f>(form: &'f Form, parameter: &str) -> Result<&'f str> {
    params::name(form, parameter, 128)
}

/// A policy document in a request: the language's characters, within its quota. White space does not count.
fn document<'f>(form: &'f Form, parameter: &str, quota: (&str, usize)) -> Result<&'f str> {
    let text = params::required(form, parameter)?;
    params::at_most(parameter, text, 131_072)?;
    let (what, most) = quota;
    if most < counted(text) {
        return Err(failure::quota(what, most));
    }
    Ok(text)
}

/// The characters of a document that count towards quotas.
fn counted(document: &str) -> usize {
    document.chars().filter(|character| !character.is_whitespace()).count()
}
