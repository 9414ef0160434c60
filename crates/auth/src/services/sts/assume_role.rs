//! AssumeRole: a session of a role.

use super::credentials::{self, Limits};
use super::result;
use crate::arn;
use crate::directory::record::{Role, Tags};
use crate::failure::{self, Failure, Result};
use crate::form::Form;
use crate::identity::{Identity, Principal};
use crate::services::Answer;
use crate::services::authorize::Granted;
use crate::services::params;
use crate::session::Subject;

/// A role may be assumed for twelve hours at most, by another role's session for one.
const SECONDS_MAX: u32 = 43_200;
const SECONDS_MAX_CHAINED: u32 = 3600;
const SECONDS_USUAL: u32 = 3600;

pub(in crate::services) async fn run(granted: &Granted<'_>) -> Result<Answer> {
    let (form, caller, account) = (granted.form(), granted.caller(), granted.account());
    // Without a role nothing was granted.
    let role = granted.role().ok_or_else(failure::service_failure)?;
    let session = session_name(form)?;
    let seconds = seconds(form, caller, role)?;
    let mut limits = Limits::read(form)?;
    limits.check_arns(granted.directory(), account).await?;
    let transitive = pass_on(form, caller, &mut limits.tags)?;
    let packed = limits.packed_percent();
    let subject = Subject::Role { name: role.name.clone(), id: role.id.clone(), session: session.to_owned() };
    let mut claims = credentials::begin(granted, account, subject, seconds, limits)?;
    claims.transitive = transitive;
    claims.source_identity = source_identity(form, caller)?;
    let token = claims.token(granted.directory().seal())?;
    result(|xml| {
        credentials::write(xml, &claims, &token);
        xml.node("AssumedRoleUser", |xml| {
            xml.text("AssumedRoleId", &format!("{}:{session}", role.id));
            xml.text("Arn", &arn::assumed_role(account, &role.name, session));
        });
        if let Some(packed) = packed {
            xml.value("PackedPolicySize", packed);
        }
        xml.optional("SourceIdentity", claims.source_identity.as_deref());
    })
}

fn session_name(form: &Form) -> Result<&str> {
    let name = params::name(form, "RoleSessionName", 64)?;
    if name.len() < 2 {
        let rule = "Member must have length greater than or equal to 2";
        return Err(failure::constraint("RoleSessionName", name, rule));
    }
    Ok(name)
}

fn seconds(form: &Form, caller: &Identity, role: &Role) -> Result<u32> {
    let seconds = credentials::duration(form, SECONDS_MAX, SECONDS_USUAL)?;
    let is_chained = matches!(caller.principal(), Principal::AssumedRole { .. });
    if is_chained && SECONDS_MAX_CHAINED < seconds {
        return Err(failure::validation(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
        ));
    }
    if role.max_session_seconds < seconds {
        return Err(failure::validation(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    Ok(seconds)
}

/// Adds the tags that the caller's session passes on. Returns the keys of those that this one will.
fn pass_on(form: &Form, caller: &Identity, tags: &mut Tags) -> Result<Vec<String>> {
    let mut transitive: Vec<String> = form.texts("TransitiveTagKeys").into_iter().map(str::to_owned).collect();
    let has = |tags: &Tags, key: &str| tags.keys().any(|known| known.eq_ignore_ascii_case(key));
    if let Some(missing) = transitive.iter().find(|key| !has(tags, key)) {
        return Err(invalid_parameter(format!(
            "The specified transitive tag key must be included in the requested tags: {missing}"
        )));
    }
    let inherited = caller.session().map(|session| session.transitive_tag_keys.as_slice()).unwrap_or_default();
    for key in inherited {
        if has(tags, key) {
            return Err(invalid_parameter(
                "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling \
                 session.",
            ));
        }
        if let Some(value) = caller.tag(key) {
            tags.insert(key.clone(), value.to_owned());
            transitive.push(key.clone());
        }
    }
    params::within_quota(tags, "Tags")?;
    Ok(transitive)
}

fn invalid_parameter(message: impl Into<String>) -> Failure {
    Failure::new(400, "InvalidParameterValue", message)
}

/// Who is behind the session: once said, it stays so for all sessions that follow from it.
fn source_identity(form: &Form, caller: &Identity) -> Result<Option<String>> {
    let given = params::optional_name(form, "SourceIdentity", 64)?;
    if let Some(given) = given
        && given.len() < 2
    {
        return Err(failure::constraint("SourceIdentity", given, "Member must have length greater than or equal to 2"));
    }
    let inherited = caller.session().and_then(|session| session.source_identity.as_deref());
    match (inherited, given) {
        (Some(inherited), Some(given)) if inherited != given => {
            Err(failure::access_denied("The source identity of the calling session cannot be changed."))
        }
        (inherited, given) => Ok(inherited.or(given).map(str::to_owned)),
    }
}
