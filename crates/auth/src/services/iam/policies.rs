//! Managed policies.

use super::{document, page, result, shapes};
use crate::directory::record::{Entity, Group, ManagedPolicy, PolicyVersion, Role, User};
use crate::directory::{Change, Directory, change};
use crate::failure::{self, Failure, Result};
use crate::form::Form;
use crate::ids;
use crate::managed::{self, AWS_MANAGED, AwsManaged};
use crate::rules;
use crate::services::Answer;
use crate::services::authorize::Granted;
use crate::services::params;
use crate::xml::Xml;

/// Quota of the characters of a managed policy.
pub(super) const CHARACTERS_MAX: usize = 6144;

/// Quota of the managed policies of an account.
pub(super) const POLICIES_MAX: usize = 1500;

/// A document of a managed policy in a request.
pub(super) fn document_of(form: &Form) -> Result<&str> {
    let text = document(form, "PolicyDocument", ("PolicySize", CHARACTERS_MAX))?;
    rules::parse_managed(text)?;
    Ok(text)
}

/// There is no such policy.
pub(super) fn not_found(arn: &str) -> Failure {
    failure::no_such_entity(format!("Policy {arn} was not found."))
}

/// There is no such policy that could be attached.
pub(super) fn not_there_or_not_attachable(arn: &str) -> Failure {
    failure::no_such_entity(format!("Policy {arn} does not exist or is not attachable."))
}

/// Changes the counts of a policy that is attached or is a boundary. Whether there is such a policy.
pub(super) async fn count(
    change: &mut Change<'_>,
    arn: &str,
    apply: impl Fn(&mut ManagedPolicy) + Send,
) -> Result<bool> {
    if AwsManaged::find(arn).is_some() {
        return Ok(true);
    }
    let Some(parts) = managed::policy_parts(arn) else { return Ok(false) };
    let found: Option<ManagedPolicy> = change.find(parts.account, parts.name).await?;
    let Some(mut policy) = found.filter(|policy| managed::is_of(arn, policy)) else { return Ok(false) };
    apply(&mut policy);
    change.put(parts.account, &policy)?;
    Ok(true)
}

/// The policy of the account that the request is about.
pub(super) async fn own(granted: &Granted<'_>) -> Result<ManagedPolicy> {
    let found = granted.directory().find::<ManagedPolicy>(granted.account(), granted.name()?).await?;
    found.filter(|policy| managed::is_of(granted.arn(), policy)).ok_or_else(|| not_found(granted.arn()))
}

/// Changes the policy of the account that the request is about. AWS's own are not to be changed.
pub(super) async fn change<T>(
    granted: &Granted<'_>,
    apply: impl Fn(&mut ManagedPolicy, u64) -> Result<T> + Send + Sync,
) -> Result<T> {
    let (arn, name, account) = (granted.arn(), granted.name()?, granted.account());
    must_be_own(arn)?;
    change!(granted.directory(), async |change| {
        let found: Option<ManagedPolicy> = change.find(account, name).await?;
        let found = found.filter(|policy| managed::is_of(arn, policy));
        let mut policy = found.ok_or_else(|| not_found(arn))?;
        let answer = apply(&mut policy, change.now_ms())?;
        change.put(account, &policy)?;
        Ok(answer)
    })
}

/// Refuses to change what AWS has for everyone.
fn must_be_own(arn: &str) -> Result<()> {
    if AwsManaged::find(arn).is_some() {
        return Err(failure::access_denied(format!("Cannot change the AWS managed policy {arn}.")));
    }
    Ok(())
}

pub(crate) async fn create(granted: &Granted<'_>) -> Result<Answer> {
    let (form, name, account) = (granted.form(), granted.name()?, granted.account());
    let (path, tags) = (params::path(form, "Path")?, params::tags(form, "Tags")?);
    let description = params::optional(form, "Description", 1000)?;
    let document = document_of(form)?;
    let policy = change!(granted.directory(), async |change| {
        if change.find::<ManagedPolicy>(account, name).await?.is_some() {
            let message = format!("A policy called {name} already exists. Duplicate names are not allowed.");
            return Err(Failure::new(409, "EntityAlreadyExists", message));
        }
        let now_ms = change.now_ms();
        let version = PolicyVersion { number: 1, document: document.to_owned(), created_at_ms: now_ms };
        let policy = ManagedPolicy {
            name: name.to_owned(),
            path: path.to_owned(),
            id: ids::unique(ids::Kind::Policy, change.directory.random()),
            created_at_ms: now_ms,
            updated_at_ms: now_ms,
            description: description.map(str::to_owned),
            tags: tags.clone(),
            versions: vec![version],
            default_version: 1,
            newest_version: 1,
            attachments: 0,
            boundaries: 0,
        };
        change.put(account, &policy)?;
        Ok(policy)
    })?;
    result(|xml| xml.node("Policy", |xml| shapes::whole_policy(xml, account, &policy)))
}

pub(crate) async fn get(granted: &Granted<'_>) -> Result<Answer> {
    let account = granted.account();
    if let Some(policy) = AwsManaged::find(granted.arn()) {
        let used = used(granted.directory(), account, granted.arn()).await?;
        return result(|xml| {
            xml.node("Policy", |xml| {
                shapes::aws_policy(xml, policy, used);
                xml.text("Description", policy.description);
            });
        });
    }
    let policy = own(granted).await?;
    result(|xml| xml.node("Policy", |xml| shapes::whole_policy(xml, account, &policy)))
}

/// How often an AWS managed policy is attached and a boundary in an account. No record counts it: it would be one that all accounts change.
async fn used(directory: &Directory, account: &str, arn: &str) -> Result<(usize, usize)> {
    let users = directory.list_all::<User>(account, |_| true).await?;
    let roles = directory.list_all::<Role>(account, |_| true).await?;
    let groups = directory.list_all(account, |group: &Group| has(group, arn)).await?;
    let attached =
        users.iter().filter(|user| has(*user, arn)).count() + roles.iter().filter(|role| has(*role, arn)).count();
    let is_boundary = |boundary: &Option<String>| boundary.as_deref() == Some(arn);
    let boundaries = users.iter().filter(|user| is_boundary(&user.boundary)).count()
        + roles.iter().filter(|role| is_boundary(&role.boundary)).count();
    Ok((attached + groups.len(), boundaries))
}

fn has<T: Entity>(entity: &T, arn: &str) -> bool {
    entity.policies().attached.iter().any(|attached| attached == arn)
}

pub(crate) async fn delete(granted: &Granted<'_>) -> Result<Answer> {
    let (arn, name, account) = (granted.arn(), granted.name()?, granted.account());
    must_be_own(arn)?;
    change!(granted.directory(), async |change| {
        let found: Option<ManagedPolicy> = change.find(account, name).await?;
        let policy = found.filter(|policy| managed::is_of(arn, policy)).ok_or_else(|| not_found(arn))?;
        if policy.attachments != 0 || policy.boundaries != 0 {
            return Err(failure::delete_conflict("Cannot delete a policy attached to entities."));
        }
        if policy.versions.len() != 1 {
            return Err(failure::delete_conflict(
                "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The \
                     default version is deleted with the policy.",
            ));
        }
        change.delete(account, &policy);
        Ok(())
    })?;
    Ok(Answer::Done)
}

/// A policy in a list: AWS's or the account's.
enum Listing {
    Aws(&'static AwsManaged),
    Own(Box<ManagedPolicy>),
}

impl Listing {
    fn name(&self) -> &str {
        match self {
            Self::Aws(policy) => policy.name,
            Self::Own(policy) => &policy.name,
        }
    }
}

pub(crate) async fn list(granted: &Granted<'_>) -> Result<Answer> {
    let (form, account, directory) = (granted.form(), granted.account(), granted.directory());
    let paging = params::paging(form)?;
    let prefix = params::path_prefix(form)?;
    let scope = params::one_of(form, "Scope", &["All", "AWS", "Local"])?.unwrap_or("All");
    let only_attached = params::truth(form, "OnlyAttached")? == Some(true);
    let usage = params::one_of(form, "PolicyUsageFilter", &["PermissionsPolicy", "PermissionsBoundary"])?;
    // Whether a policy that is attached so often and a boundary so often is asked for.
    let wanted = |attachments: usize, boundaries: usize| match usage {
        Some("PermissionsBoundary") => boundaries != 0,
        Some(_) => attachments != 0,
        None => !only_attached || attachments != 0,
    };
    let mut all = Vec::new();
    if scope != "AWS" {
        let own = directory
            .list_all(account, |policy: &ManagedPolicy| {
                policy.path.starts_with(prefix) && wanted(policy.attachments as usize, policy.boundaries as usize)
            })
            .await?;
        all.extend(own.into_iter().map(|policy| (Listing::Own(Box::new(policy)), (0, 0))));
    }
    if scope != "Local" {
        for policy in AWS_MANAGED.iter().filter(|policy| policy.path.starts_with(prefix)) {
            let used = used(directory, account, &policy.arn()).await?;
            if wanted(used.0, used.1) {
                all.push((Listing::Aws(policy), used));
            }
        }
    }
    let listed = paging.page(all, |(policy, _)| policy.name());
    page(
        "Policies",
        listed,
        |(policy, _)| policy.name(),
        |xml, (policy, used)| match policy {
            Listing::Aws(policy) => shapes::aws_policy(xml, policy, *used),
            Listing::Own(policy) => shapes::policy(xml, account, policy),
        },
    )
}

pub(crate) async fn entities(granted: &Granted<'_>) -> Result<Answer> {
    let (form, arn, account, directory) = (granted.form(), granted.arn(), granted.account(), granted.directory());
    let kinds = ["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"];
    let filter = params::one_of(form, "EntityFilter", &kinds)?;
    let usage = params::one_of(form, "PolicyUsageFilter", &["PermissionsPolicy", "PermissionsBoundary"])?;
    let prefix = params::path_prefix(form)?;
    let paging = params::paging(form)?;
    if AwsManaged::find(arn).is_none() {
        own(granted).await?;
    }
    let attached = usage != Some("PermissionsBoundary");
    let bounds = usage != Some("PermissionsPolicy");
    let is_boundary = |boundary: &Option<String>| bounds && boundary.as_deref() == Some(arn);
    let of_kind = |kind: &str| filter.is_none_or(|filter| filter == kind);
    let mut all: Vec<(String, &str, String, String)> = Vec::new();
    if of_kind("Group") {
        let found = directory
            .list_all(account, |group: &Group| group.path.starts_with(prefix) && attached && has(group, arn))
            .await?;
        all.extend(found.into_iter().map(|group| (format!("1{}", group.name), "PolicyGroups", group.name, group.id)));
    }
    if of_kind("User") {
        let found = directory
            .list_all(account, |user: &User| {
                user.path.starts_with(prefix) && (attached && has(user, arn) || is_boundary(&user.boundary))
            })
            .await?;
        all.extend(found.into_iter().map(|user| (format!("2{}", user.name), "PolicyUsers", user.name, user.id)));
    }
    if of_kind("Role") {
        let found = directory
            .list_all(account, |role: &Role| {
                role.path.starts_with(prefix) && (attached && has(role, arn) || is_boundary(&role.boundary))
            })
            .await?;
        all.extend(found.into_iter().map(|role| (format!("3{}", role.name), "PolicyRoles", role.name, role.id)));
    }
    let listed = paging.page(all, |(place, ..)| place);
    result(|xml| {
        for (list, kind) in [("PolicyGroups", "Group"), ("PolicyUsers", "User"), ("PolicyRoles", "Role")] {
            let members = listed.members.iter().filter(|(_, of, ..)| *of == list);
            xml.members(list, members, |xml, (_, _, name, id)| write_entity(xml, kind, name, id));
        }
        xml.value("IsTruncated", listed.more);
        if let Some((place, ..)) = listed.members.last().filter(|_| listed.more) {
            xml.text("Marker", &params::marker(place));
        }
    })
}

fn write_entity(xml: &mut Xml, kind: &str, name: &str, id: &str) {
    xml.text(&format!("{kind}Name"), name);
    xml.text(&format!("{kind}Id"), id);
}
