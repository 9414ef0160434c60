//! Policies tried out: what they would decide, and what they ask for.
//!
//! Statements that match are not listed in answers: policies are compiled here into a form that does not keep where they stood.

use super::{result, write_page};
use crate::arn;
use crate::directory::record::{Bounded, Entity, Group, Role, Tags, User};
use crate::directory::{Directory, Listed, keys_of};
use crate::failure::{self, Result};
use crate::form::Form;
use crate::identity::load;
use crate::managed;
use crate::rules::{self, Compiled};
use crate::services::Answer;
use crate::services::authorize::Granted;
use crate::services::{asked, params};
use crate::xml::Xml;
use policy::{Context, Decision, DocumentKind, Key, Policies, PolicyKind, Principal, PrincipalKind, Query, Values};
use std::collections::{BTreeMap, BTreeSet};

/// The most pairs of an action and a resource that one request may try. AWS's service bounds the time instead.
const TRIALS_MAX: usize = 10_000;

/// What is tried out, besides what the request says of all.
#[derive(Default)]
struct Tried {
    identity: Vec<Compiled>,
    boundary: Option<Compiled>,
    documents: Vec<String>,
    principal: Caller,
}

/// Who is thought to ask.
#[derive(Default)]
struct Caller {
    kind: Option<PrincipalKind>,
    account: String,
    arn: String,
    id: String,
    name: Option<String>,
    tags: Tags,
}

pub(crate) async fn custom(granted: &Granted<'_>) -> Result<Answer> {
    let form = granted.form();
    if form.texts("PolicyInputList").is_empty() {
        return Err(failure::missing("PolicyInputList"));
    }
    let tried = Tried { principal: Caller::of_arn(granted, form.get("CallerArn")), ..Tried::default() };
    simulate(form, tried)
}

pub(crate) async fn principal(granted: &Granted<'_>) -> Result<Answer> {
    let form = granted.form();
    let mut tried = source(granted).await?;
    if let Some(caller) = form.get("CallerArn") {
        tried.principal = Caller::of_arn(granted, Some(caller));
    }
    simulate(form, tried)
}

pub(crate) async fn keys_of_custom(granted: &Granted<'_>) -> Result<Answer> {
    keys(granted.form(), Vec::new())
}

pub(crate) async fn keys_of_principal(granted: &Granted<'_>) -> Result<Answer> {
    let tried = source(granted).await?;
    keys(granted.form(), tried.documents)
}

/// The condition keys that documents and those of the request ask for.
fn keys(form: &Form, documents: Vec<String>) -> Result<Answer> {
    let given = form.texts("PolicyInputList");
    let mut keys = BTreeSet::new();
    for document in &given {
        rules::parse(document, DocumentKind::Identity)?;
    }
    for document in documents.iter().map(String::as_str).chain(given) {
        asked::keys(document, &mut keys);
    }
    result(|xml| xml.texts("ContextKeyNames", keys.iter().map(String::as_str)))
}

/// The policies of the user, group or role that the request is about.
async fn source(granted: &Granted<'_>) -> Result<Tried> {
    let (source, account, directory) = (granted.arn(), granted.account(), granted.directory());
    let parts = arn::parse(source).ok_or_else(|| failure::invalid_input(format!("Invalid Entity Arn: {source}")))?;
    match parts.kind {
        "user" => {
            let user: User = directory.get(account, parts.name).await?;
            let groups: Vec<Option<Group>> = directory.read_all(&keys_of::<Group>(account, &user.groups)).await?;
            let mut tried = tried(directory, &user).await?;
            for group in groups.into_iter().flatten() {
                tried.add(directory, &group).await?;
            }
            tried.principal = Caller {
                kind: Some(PrincipalKind::User),
                account: account.to_owned(),
                arn: source.to_owned(),
                id: user.id,
                name: Some(user.name),
                tags: user.tags,
            };
            Ok(tried)
        }
        "role" => {
            let role: Role = directory.get(account, parts.name).await?;
            let mut tried = tried(directory, &role).await?;
            tried.principal = Caller {
                kind: Some(PrincipalKind::AssumedRole),
                account: account.to_owned(),
                arn: source.to_owned(),
                id: role.id,
                name: None,
                tags: role.tags,
            };
            Ok(tried)
        }
        "group" => {
            let group: Group = directory.get(account, parts.name).await?;
            let mut tried = Tried { principal: Caller::of_arn(granted, Some(source)), ..Tried::default() };
            tried.add(directory, &group).await?;
            Ok(tried)
        }
        _ => Err(failure::invalid_input(format!("Invalid Entity Arn: {source}"))),
    }
}

async fn tried<T: Bounded>(directory: &Directory, entity: &T) -> Result<Tried> {
    let mut tried = Tried { boundary: load::boundary(directory, entity.boundary()).await?, ..Tried::default() };
    tried.add(directory, entity).await?;
    Ok(tried)
}

impl Tried {
    /// Adds the policies of a user, group or role.
    async fn add<T: Entity>(&mut self, directory: &Directory, entity: &T) -> Result<()> {
        let policies = entity.policies();
        self.identity.extend(load::policies(directory, policies).await?);
        self.documents.extend(policies.inline.values().cloned());
        self.documents.extend(managed::documents(directory, &policies.attached).await?);
        Ok(())
    }
}

impl Caller {
    fn of_arn(granted: &Granted<'_>, arn: Option<&str>) -> Self {
        let arn = arn.unwrap_or_else(|| granted.caller().arn());
        let name = arn::parse(arn).filter(|parts| parts.kind == "user").map(|parts| parts.name.to_owned());
        let account = arn.split(':').nth(4).unwrap_or_default();
        Self {
            kind: Some(PrincipalKind::User),
            account: account.to_owned(),
            arn: arn.to_owned(),
            name,
            ..Self::default()
        }
    }
}

/// What a trial knows: what the request says, and who is thought to ask.
struct Supposed<'a> {
    entries: BTreeMap<String, Vec<String>>,
    caller: &'a Caller,
}

impl<'a> Supposed<'a> {
    fn read(form: &Form, caller: &'a Caller) -> Result<Self> {
        let mut entries = BTreeMap::new();
        for entry in form.list("ContextEntries") {
            let name = entry.get("ContextKeyName").ok_or_else(|| failure::missing("ContextKeyName"))?;
            let values = entry.texts("ContextKeyValues").into_iter().map(str::to_owned).collect();
            entries.insert(name.to_ascii_lowercase(), values);
        }
        Ok(Self { entries, caller })
    }

    fn has(&self, key: &str) -> bool {
        let (key, name) = Key::parse(key);
        !matches!(self.values(key, name), Values::Absent)
    }
}

impl Context for Supposed<'_> {
    fn values(&self, key: Key, name: &str) -> Values<'_> {
        let whole = format!("{}{name}", key.text()).to_ascii_lowercase();
        match self.entries.get(&whole).map(Vec::as_slice) {
            Some([one]) if !is_list(key) => return Values::One(one),
            Some(_) => return self.entries.get(&whole).map_or(Values::Absent, |values| Values::Many(values)),
            None => (),
        }
        let caller = self.caller;
        Values::from_option(match key {
            Key::UserName => caller.name.as_deref(),
            Key::UserId => Some(caller.id.as_str()).filter(|id| !id.is_empty()),
            Key::PrincipalArn => Some(&caller.arn),
            Key::PrincipalAccount => Some(&caller.account),
            Key::PrincipalTag => {
                let tag = caller.tags.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
                tag.map(|(_, value)| value.as_str())
            }
            _ => None,
        })
    }
}

/// The keys that may have several values.
fn is_list(key: Key) -> bool {
    matches!(key, Key::TagKeys | Key::TransitiveTagKeys | Key::LeadingKeys | Key::Attributes | Key::CalledVia)
}

fn simulate(form: &Form, mut tried: Tried) -> Result<Answer> {
    for document in form.texts("PolicyInputList") {
        tried.identity.push(rules::parse(document, DocumentKind::Identity)?);
        tried.documents.push(document.to_owned());
    }
    if let Some(document) = form.texts("PermissionsBoundaryPolicyInputList").first() {
        tried.boundary = Some(rules::parse(document, DocumentKind::Identity)?);
        tried.documents.push((*document).to_owned());
    }
    let resource_policy = form.get("ResourcePolicy");
    let resource_policy = resource_policy.map(|text| rules::parse(text, DocumentKind::Resource)).transpose()?;
    let actions = form.texts("ActionNames");
    if actions.is_empty() {
        return Err(failure::missing("ActionNames"));
    }
    let resources = Some(form.texts("ResourceArns")).filter(|arns| !arns.is_empty()).unwrap_or_else(|| vec!["*"]);
    if TRIALS_MAX < actions.len().saturating_mul(resources.len()) {
        return Err(failure::invalid_input("The request asks for too many evaluations."));
    }
    let supposed = Supposed::read(form, &tried.principal)?;
    let mut asked = BTreeSet::new();
    tried.documents.iter().for_each(|document| asked::keys(document, &mut asked));
    let missing: Vec<String> = asked.into_iter().filter(|key| !supposed.has(key)).collect();
    let mut trials = Vec::new();
    for action in &actions {
        for resource in &resources {
            let decision = decide(&tried, &supposed, resource_policy.as_ref(), (action, resource));
            trials.push(Trial { place: format!("{:08}", trials.len()), action, resource, decision });
        }
    }
    let listed = params::paging(form)?.page(trials, |trial| &trial.place);
    result(|xml| write_trials(xml, &listed, &missing, tried.boundary.is_some()))
}

/// What came out for one action and resource.
struct Trial<'a> {
    place: String,
    action: &'a str,
    resource: &'a str,
    decision: Decision,
}

fn decide(
    tried: &Tried,
    supposed: &Supposed<'_>,
    resource_policy: Option<&Compiled>,
    (action, resource): (&str, &str),
) -> Decision {
    let caller = &tried.principal;
    let principal = Principal {
        kind: caller.kind.unwrap_or(PrincipalKind::User),
        account: &caller.account,
        arn: &caller.arn,
        issuer_arn: None,
        unique_id: &caller.id,
    };
    let policies = Policies {
        identity: &tried.identity,
        boundary: tried.boundary.as_deref(),
        resource: resource_policy.map(AsRef::as_ref),
        ..Policies::default()
    };
    policy::decide(&policies, &Query { principal: &principal, action, resource, context: supposed })
}

fn write_trials(xml: &mut Xml, listed: &Listed<Trial<'_>>, missing: &[String], has_boundary: bool) {
    write_page(
        xml,
        "EvaluationResults",
        listed,
        |trial| &trial.place,
        |xml, trial| {
            xml.text("EvalActionName", trial.action);
            xml.text("EvalResourceName", trial.resource);
            xml.text(
                "EvalDecision",
                match trial.decision {
                    Decision::Allowed => "allowed",
                    Decision::Denied(denial) if denial.explicit => "explicitDeny",
                    Decision::Denied(_) => "implicitDeny",
                },
            );
            xml.texts("MatchedStatements", []);
            xml.texts("MissingContextValues", missing.iter().map(String::as_str));
            if has_boundary {
                let by_boundary =
                    matches!(trial.decision, Decision::Denied(denial) if denial.by == PolicyKind::Boundary);
                xml.node("PermissionsBoundaryDecisionDetail", |xml| {
                    xml.value("AllowedByPermissionsBoundary", !by_boundary);
                });
            }
        },
    );
}
