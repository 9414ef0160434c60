//! Parameters that many operations have, and their constraints.
//!
//! The lengths and patterns are those of the service models of IAM and STS; the words for characters that are not allowed are the
//! service's own.

use crate::directory::record::{Record, Tags};
use crate::failure::{self, Result};
use crate::form::Form;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The most tags of a resource.
const TAGS_MAX: usize = 50;

/// How many members a page has unless the request says otherwise.
const PAGE_DEFAULT: usize = 100;

/// Requires a parameter.
pub(crate) fn required<'f>(form: &'f Form, name: &str) -> Result<&'f str> {
    form.get(name).filter(|value| !value.is_empty()).ok_or_else(|| failure::missing(name))
}

/// Requires a name: letters, digits and `+=,.@_-`.
pub(crate) fn name<'f>(form: &'f Form, parameter: &str, longest: usize) -> Result<&'f str> {
    let value = required(form, parameter)?;
    checked_name(parameter, value, longest)?;
    Ok(value)
}

/// A name that may be left out.
pub(crate) fn optional_name<'f>(form: &'f Form, parameter: &str, longest: usize) -> Result<Option<&'f str>> {
    form.get(parameter).map(|_| name(form, parameter, longest)).transpose()
}

fn checked_name(parameter: &str, value: &str, longest: usize) -> Result<()> {
    at_most(parameter, value, longest)?;
    if value.chars().all(|character| character.is_ascii_alphanumeric() || "+=,.@_-".contains(character)) {
        return Ok(());
    }
    Err(failure::validation(format!(
        "The specified value for {} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-",
        uncapitalized(parameter)
    )))
}

/// The longest name of a kind: of users, roles and roles' sessions 64, of groups and policies 128.
pub(crate) fn longest_name<T: Record>() -> usize {
    match T::WORD {
        "user" | "role" => 64,
        _ => 128,
    }
}

/// A path; the root where there is none.
pub(crate) fn path<'f>(form: &'f Form, parameter: &str) -> Result<&'f str> {
    let Some(path) = form.get(parameter) else { return Ok("/") };
    at_most(parameter, path, 512)?;
    let visible = path.chars().all(|character| ('!'..='~').contains(&character));
    if path.starts_with('/') && path.ends_with('/') && visible {
        return Ok(path);
    }
    Err(failure::validation(format!(
        "The specified value for {} is invalid. It must begin and end with / and contain only alphanumeric characters and/or \
         / characters.",
        uncapitalized(parameter)
    )))
}

/// Which paths a list is of: those that begin so.
pub(crate) fn path_prefix(form: &Form) -> Result<&str> {
    let Some(prefix) = form.get("PathPrefix") else { return Ok("/") };
    at_most("PathPrefix", prefix, 512)?;
    if prefix.starts_with('/') && prefix.chars().all(|character| ('!'..='~').contains(&character)) {
        return Ok(prefix);
    }
    Err(failure::validation(
        "The specified value for pathPrefix is invalid. It must begin with / and contain only ASCII.",
    ))
}

/// Requires an ARN's length; what it names is looked up later.
pub(crate) fn arn<'f>(form: &'f Form, parameter: &str) -> Result<&'f str> {
    let arn = required(form, parameter)?;
    checked_arn(parameter, arn)?;
    Ok(arn)
}

/// Checks an ARN's length and beginning.
pub(crate) fn checked_arn(parameter: &str, arn: &str) -> Result<()> {
    if arn.len() < 20 {
        return Err(failure::constraint(parameter, arn, "Member must have length greater than or equal to 20"));
    }
    at_most(parameter, arn, 2048)?;
    if arn.starts_with("arn:") {
        return Ok(());
    }
    Err(failure::invalid_input(format!("ARN {arn} is not valid.")))
}

/// A text of at most so many characters.
pub(crate) fn at_most(parameter: &str, value: &str, longest: usize) -> Result<()> {
    if value.chars().count() <= longest {
        return Ok(());
    }
    let rule = format!("Member must have length less than or equal to {longest}");
    Err(failure::constraint(parameter, value, &rule))
}

/// A text that may be left out.
pub(crate) fn optional<'f>(form: &'f Form, parameter: &str, longest: usize) -> Result<Option<&'f str>> {
    let value = form.get(parameter);
    if let Some(value) = value {
        at_most(parameter, value, longest)?;
    }
    Ok(value)
}

/// A number within bounds, that may be left out.
pub(crate) fn number(form: &Form, parameter: &str, least: u32, most: u32) -> Result<Option<u32>> {
    let Some(text) = form.get(parameter) else { return Ok(None) };
    let malformed = || failure::Failure::new(400, "MalformedInput", format!("{parameter} is not a number: {text}"));
    let number: i64 = text.parse().map_err(|_| malformed())?;
    if number < i64::from(least) {
        let rule = format!("Member must have value greater than or equal to {least}");
        return Err(failure::constraint(parameter, text, &rule));
    }
    if i64::from(most) < number {
        let rule = format!("Member must have value less than or equal to {most}");
        return Err(failure::constraint(parameter, text, &rule));
    }
    Ok(u32::try_from(number).ok())
}

/// A truth value, that may be left out.
pub(crate) fn truth(form: &Form, parameter: &str) -> Result<Option<bool>> {
    match form.get(parameter) {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(text) => {
            Err(failure::Failure::new(400, "MalformedInput", format!("{parameter} is not a boolean: {text}")))
        }
    }
}

/// One of some words, that may be left out.
pub(crate) fn one_of<'f>(form: &'f Form, parameter: &str, words: &[&str]) -> Result<Option<&'f str>> {
    match form.get(parameter) {
        Some(value) if !words.contains(&value) => {
            let rule = format!("Member must satisfy enum value set: [{}]", words.join(", "));
            Err(failure::constraint(parameter, value, &rule))
        }
        value => Ok(value),
    }
}

/// The tags of a request.
pub(crate) fn tags(form: &Form, parameter: &str) -> Result<Tags> {
    let mut tags = Tags::new();
    for (at, member) in form.list(parameter).iter().enumerate() {
        let place = |name: &str| format!("{parameter}.{}.member.{name}", at + 1);
        let key = member.get("Key").filter(|key| !key.is_empty()).ok_or_else(|| failure::missing(&place("key")))?;
        let value = member.get("Value").ok_or_else(|| failure::missing(&place("value")))?;
        at_most(&place("key"), key, 128)?;
        at_most(&place("value"), value, 256)?;
        if !(tag_characters(key) && tag_characters(value)) {
            let rule = "Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+";
            return Err(failure::constraint(&place("key"), key, rule));
        }
        if key.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:")) {
            return Err(failure::invalid_input("System tags cannot be added/updated/deleted"));
        }
        // Keys of tags that differ only in case are one key to IAM and STS.
        let taken = tags.keys().any(|known: &String| known.eq_ignore_ascii_case(key));
        if taken {
            return Err(failure::invalid_input(
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ));
        }
        tags.insert(key.to_owned(), value.to_owned());
    }
    within_quota(&tags, parameter)?;
    Ok(tags)
}

/// At most fifty tags.
pub(crate) fn within_quota(tags: &Tags, parameter: &str) -> Result<()> {
    if tags.len() <= TAGS_MAX {
        return Ok(());
    }
    let rule = format!("Member must have length less than or equal to {TAGS_MAX}");
    Err(failure::constraint(parameter, &format!("[{} tags]", tags.len()), &rule))
}

fn tag_characters(text: &str) -> bool {
    text.chars().all(|character| {
        character.is_alphanumeric()
            || character.is_whitespace() && !character.is_control()
            || "_.:/=+-@".contains(character)
    })
}

/// Which page of a list is asked for.
#[derive(Debug)]
pub(crate) struct Paging {
    /// Behind which name it begins.
    pub after: Option<String>,
    /// The most members.
    pub most: usize,
}

/// `Marker` and `MaxItems`.
pub(crate) fn paging(form: &Form) -> Result<Paging> {
    let most = number(form, "MaxItems", 1, 1000)?.map_or(PAGE_DEFAULT, |most| most as usize);
    let after = form.get("Marker").map(|marker| {
        let name = URL_SAFE_NO_PAD.decode(marker).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        name.ok_or_else(|| failure::validation("Invalid Marker."))
    });
    Ok(Paging { after: after.transpose()?, most })
}

/// The marker of the page behind the member of this name.
pub(crate) fn marker(name: &str) -> String {
    URL_SAFE_NO_PAD.encode(name)
}

impl Paging {
    /// The page of a list that is at hand, in the order of names, each once.
    pub(crate) fn page<T>(&self, mut all: Vec<T>, name: impl Fn(&T) -> &str) -> crate::directory::Listed<T> {
        all.sort_by(|a, b| name(a).cmp(name(b)));
        if let Some(after) = &self.after {
            all.retain(|member| after.as_str() < name(member));
        }
        let more = self.most < all.len();
        all.truncate(self.most);
        crate::directory::Listed { members: all, more }
    }
}

fn uncapitalized(word: &str) -> String {
    let mut word = word.to_owned();
    if let Some(first) = word.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    word
}
