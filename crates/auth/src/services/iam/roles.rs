//! Roles.

use super::{boundaries, document, listed, page, result, shapes};
use crate::directory::record::{EntityPolicies, Record, Role};
use crate::directory::{Directory, Ids, change};
use crate::failure::{self, Result};
use crate::form::Form;
use crate::ids;
use crate::rules;
use crate::services::Answer;
use crate::services::authorize::Granted;
use crate::services::params;
use policy::{DocumentKind, PolicyError};

/// Quota of the roles of an account.
pub(super) const ROLES_MAX: usize = 1000;

/// Quota of the characters of a trust policy.
pub(super) const TRUST_CHARACTERS_MAX: usize = 2048;

/// The path of roles that services have for themselves.
pub(super) const SERVICE_PATH: &str = "/aws-service-role/";

/// How long a session of a role may take at most, in seconds: the least, what is assumed, the most.
const SESSION_SECONDS: (u32, u32, u32) = (3600, 3600, 43_200);

pub(crate) async fn create(granted: &Granted<'_>) -> Result<Answer> {
    let (form, name, account) = (granted.form(), granted.name()?, granted.account());
    let path = params::path(form, "Path")?;
    if path.starts_with(SERVICE_PATH) {
        return Err(failure::invalid_input(format!("Role names under {SERVICE_PATH} are reserved for services.")));
    }
    let trust = Trust::read(granted, "AssumeRolePolicyDocument").await?;
    let (tags, boundary) = (params::tags(form, "Tags")?, boundaries::of_request(form, account)?);
    let (description, max_session_seconds) = (description(form)?, max_session_seconds(form)?);
    let role = change!(granted.directory(), async |change| {
        change.must_be_free::<Role>(account, name).await?;
        boundaries::count(change, None, boundary).await?;
        let role = Role {
            name: name.to_owned(),
            path: path.to_owned(),
            id: ids::unique(ids::Kind::Role, change.directory.random()),
            created_at_ms: change.now_ms(),
            trust: trust.text.to_owned(),
            trusted: trust.ids.clone(),
            description: description.map(str::to_owned),
            max_session_seconds: max_session_seconds.unwrap_or(SESSION_SECONDS.1),
            tags: tags.clone(),
            policies: EntityPolicies::default(),
            boundary: boundary.map(str::to_owned),
        };
        change.put(account, &role)?;
        Ok(role)
    })?;
    result(|xml| xml.node("Role", |xml| shapes::whole_role(xml, account, &role)))
}

/// A trust policy of a request, and whom its names mean.
struct Trust<'f> {
    text: &'f str,
    ids: Ids,
}

impl<'f> Trust<'f> {
    async fn read(granted: &Granted<'f>, parameter: &str) -> Result<Self> {
        let text = document(granted.form(), parameter, ("ACLSizePerRole", TRUST_CHARACTERS_MAX))?;
        rules::parse(text, DocumentKind::Trust)?;
        let names = policy::named(text).map_err(rules::malformed)?;
        let unknown = |principal| rules::malformed(PolicyError::PrincipalInvalid { kind: "AWS".to_owned(), principal });
        let ids = granted.directory().identify(&names).await?.map_err(unknown)?;
        Ok(Self { text, ids })
    }
}

/// Writes into trust policies how those are shown whom they trust: by the ARN that they have now, or by their id if they are gone.
pub(super) async fn show_trust(directory: &Directory, roles: &mut [Role]) -> Result<()> {
    let named = roles.iter().flat_map(|role| &role.trusted).map(|(name, id)| (name.clone(), id.clone())).collect();
    let shown = directory.shown(&named).await?;
    for role in roles {
        let other = |name: &str| {
            let id = role.trusted.get(name)?;
            shown.get(&(name.to_owned(), id.clone())).map(String::as_str)
        };
        if role.trusted.keys().any(|name| other(name).is_some()) {
            role.trust = policy::with_names(&role.trust, other).map_err(|_| failure::service_failure())?;
        }
    }
    Ok(())
}

/// A role by itself.
async fn shown(granted: &Granted<'_>, mut role: Role) -> Result<Answer> {
    show_trust(granted.directory(), std::slice::from_mut(&mut role)).await?;
    result(|xml| xml.node("Role", |xml| shapes::whole_role(xml, granted.account(), &role)))
}

fn description(form: &Form) -> Result<Option<&str>> {
    params::optional(form, "Description", 1000)
}

fn max_session_seconds(form: &Form) -> Result<Option<u32>> {
    params::number(form, "MaxSessionDuration", SESSION_SECONDS.0, SESSION_SECONDS.2)
}

pub(crate) async fn get(granted: &Granted<'_>) -> Result<Answer> {
    let account = granted.account();
    let role: Role = granted.directory().get(account, granted.name()?).await?;
    shown(granted, role).await
}

pub(crate) async fn list(granted: &Granted<'_>) -> Result<Answer> {
    let mut listed = listed::<Role>(granted).await?;
    show_trust(granted.directory(), &mut listed.members).await?;
    page("Roles", listed, Record::name, |xml, role| shapes::role(xml, granted.account(), role))
}

pub(crate) async fn delete(granted: &Granted<'_>) -> Result<Answer> {
    let (name, account) = (granted.name()?, granted.account());
    change!(granted.directory(), async |change| {
        let role: Role = change.get(account, name).await?;
        must_not_be_a_service_s(&role)?;
        let in_the_way = [
            (!role.policies.attached.is_empty(), "must detach all policies first."),
            (!role.policies.inline.is_empty(), "must delete policies first."),
        ];
        if let Some((_, what)) = in_the_way.into_iter().find(|(is, _)| *is) {
            return Err(failure::delete_conflict(format!("Cannot delete entity, {what}")));
        }
        boundaries::count(change, role.boundary.as_deref(), None).await?;
        change.delete(account, &role);
        Ok(())
    })?;
    Ok(Answer::Done)
}

/// Refuses to change a role that a service has for itself.
pub(super) fn must_not_be_a_service_s<T: Record>(entity: &T) -> Result<()> {
    if T::KIND == Role::KIND && entity.path().starts_with(SERVICE_PATH) {
        let name = entity.name();
        return Err(failure::unmodifiable(format!(
            "Cannot perform the operation on the protected role '{name}' - this role is only modifiable by AWS"
        )));
    }
    Ok(())
}

pub(crate) async fn update(granted: &Granted<'_>) -> Result<Answer> {
    let form = granted.form();
    let (description, max_session_seconds) = (description(form)?, max_session_seconds(form)?);
    change(granted, |role| {
        if let Some(description) = description {
            role.description = Some(description.to_owned());
        }
        if let Some(seconds) = max_session_seconds {
            role.max_session_seconds = seconds;
        }
        Ok(())
    })
    .await?;
    result(|_| ())
}

pub(crate) async fn update_description(granted: &Granted<'_>) -> Result<Answer> {
    let description = description(granted.form())?.ok_or_else(|| failure::missing("Description"))?;
    let role = change(granted, |role| {
        role.description = Some(description.to_owned());
        Ok(())
    })
    .await?;
    shown(granted, role).await
}

pub(crate) async fn update_trust(granted: &Granted<'_>) -> Result<Answer> {
    let trust = Trust::read(granted, "PolicyDocument").await?;
    change(granted, |role| {
        must_not_be_a_service_s(role)?;
        trust.text.clone_into(&mut role.trust);
        role.trusted.clone_from(&trust.ids);
        Ok(())
    })
    .await?;
    Ok(Answer::Done)
}

async fn change(granted: &Granted<'_>, apply: impl Fn(&mut Role) -> Result<()> + Send + Sync) -> Result<Role> {
    let (name, account) = (granted.name()?, granted.account());
    change!(granted.directory(), async |change| {
        let mut role: Role = change.get(account, name).await?;
        apply(&mut role)?;
        change.put(account, &role)?;
        Ok(role)
    })
}
