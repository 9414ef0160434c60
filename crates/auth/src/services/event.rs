//! What the audit log tells of a request to IAM or STS.
//!
//! What must hold: no secret is in it. Parameters are told only of operations that are known here, none of which takes a secret, and never
//! what signs a request.

use super::Service;
use super::table::Row;
use crate::failure::Failure;
use crate::form::Form;
use serde_json::{Map, Value};

/// How deep parameters are told as a tree. The deepest that the operations have is a list in a list.
const DEPTH_MAX: usize = 8;

/// The longest name of an operation that is told.
const NAME_MAX: usize = 128;

/// A request as the audit log tells it, in CloudTrail's words.
#[derive(Clone, Debug)]
pub struct Event {
    /// `iam.amazonaws.com` or `sts.amazonaws.com`.
    pub source: String,
    /// The operation that was asked for, known or not.
    pub name: String,
    /// Whether the operation changes nothing.
    pub read_only: bool,
    /// The code of the error, if it failed.
    pub error_code: Option<&'static str>,
    /// The message of the error, if it failed.
    pub error_message: Option<String>,
    /// The parameters as JSON; null where none are told.
    pub request_parameters: Value,
    /// What it was about.
    pub resources: Vec<Resource>,
}

/// What a request was about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resource {
    /// The ARN.
    pub arn: String,
    /// The account that has it.
    pub account: String,
}

impl Event {
    /// A request of which no more is known than what it asks for.
    pub(crate) fn new(service: Service, form: Option<&Form>) -> Self {
        let name = form.and_then(|form| form.get("Action")).unwrap_or_default();
        Self {
            source: format!("{}.amazonaws.com", service.prefix()),
            name: name.chars().take(NAME_MAX).collect(),
            read_only: false,
            error_code: None,
            error_message: None,
            request_parameters: Value::Null,
            resources: Vec::new(),
        }
    }

    /// The operation is one of ours.
    pub(crate) fn is_known(&mut self, row: &Row, form: &Form) {
        self.read_only = row.is_read_only();
        let mut tree = Map::new();
        for (name, value) in form.iter() {
            let signs = name.get(..6).is_some_and(|prefix| prefix.eq_ignore_ascii_case("X-Amz-"));
            // The message that DecodeAuthorizationMessage is asked to open is not for the log.
            if signs || ["Action", "Version", "EncodedMessage"].contains(&name) {
                continue;
            }
            insert(&mut tree, name, value);
        }
        if !tree.is_empty() {
            self.request_parameters = Value::Object(tree);
        }
    }

    /// What it is about was found.
    pub(crate) fn is_about(&mut self, arn: &str, account: &str) {
        self.resources.push(Resource { arn: arn.to_owned(), account: account.to_owned() });
    }

    pub(crate) fn failed(&mut self, failure: &Failure) {
        self.error_code = Some(failure.code);
        self.error_message = Some(failure.message.clone());
    }
}

/// Puts `Tags.member.1.Key` at `tags`, first of a list, `key`.
fn insert(tree: &mut Map<String, Value>, name: &str, value: &str) {
    let steps: Vec<&str> = name.splitn(DEPTH_MAX + 1, '.').collect();
    if DEPTH_MAX < steps.len() {
        tree.insert(name.to_owned(), value.into());
        return;
    }
    let mut at = tree;
    let mut steps = steps.into_iter().peekable();
    while let Some(step) = steps.next() {
        // A list is told by the numbers of its members: what is not in order must not be told as if it were.
        let step = if step == "member" { steps.next().unwrap_or(step).to_owned() } else { lower_first(step) };
        if steps.peek().is_none() {
            at.insert(step, value.into());
            return;
        }
        let inner = at.entry(step).or_insert_with(|| Value::Object(Map::new()));
        if !inner.is_object() {
            *inner = Value::Object(Map::new());
        }
        let Value::Object(inner) = inner else { return };
        at = inner;
    }
}

fn lower_first(step: &str) -> String {
    let mut step = step.to_owned();
    if let Some(first) = step.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    step
}
