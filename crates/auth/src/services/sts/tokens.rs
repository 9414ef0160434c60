//! GetSessionToken and GetFederationToken: sessions of users.

use super::credentials::{self, Limits};
use super::result;
use crate::failure::{self, Result};
use crate::identity::{Identity, Principal};
use crate::services::Answer;
use crate::services::authorize::Granted;
use crate::services::params;
use crate::session::Subject;

/// Both may take 36 hours, those of the root user one.
const SECONDS_MAX: u32 = 129_600;
const SECONDS_USUAL: u32 = 43_200;
const SECONDS_MAX_ROOT: u32 = 3600;

pub(in crate::services) async fn session(granted: &Granted<'_>) -> Result<Answer> {
    let (form, caller) = (granted.form(), granted.caller());
    // There are no devices here whose code could be right.
    if form.get("SerialNumber").is_some() || form.get("TokenCode").is_some() {
        return Err(failure::access_denied("MultiFactorAuthentication failed with invalid MFA one time pass code."));
    }
    let subject = match user(caller)? {
        None => Subject::Root,
        Some((name, id)) => Subject::User { name, id },
    };
    let claims = credentials::begin(granted, caller.account(), subject, seconds(granted)?, Limits::default())?;
    let token = claims.token(granted.directory().seal())?;
    result(|xml| credentials::write(xml, &claims, &token))
}

pub(in crate::services) async fn federation(granted: &Granted<'_>) -> Result<Answer> {
    let (form, caller, account) = (granted.form(), granted.caller(), granted.account());
    let name = params::name(form, "Name", 32)?;
    if name.len() < 2 {
        return Err(failure::constraint("Name", name, "Member must have length greater than or equal to 2"));
    }
    let limits = Limits::read(form)?;
    limits.check_arns(granted.directory(), account).await?;
    let packed = limits.packed_percent();
    let subject = Subject::Federated { name: name.to_owned(), of: user(caller)? };
    let claims = credentials::begin(granted, account, subject, seconds(granted)?, limits)?;
    let token = claims.token(granted.directory().seal())?;
    result(|xml| {
        credentials::write(xml, &claims, &token);
        xml.node("FederatedUser", |xml| {
            xml.text("FederatedUserId", &format!("{account}:{name}"));
            xml.text("Arn", granted.arn());
        });
        if let Some(packed) = packed {
            xml.value("PackedPolicySize", packed);
        }
    })
}

/// How long the session takes. The root user's is made shorter instead of refused (documentation of GetSessionToken).
fn seconds(granted: &Granted<'_>) -> Result<u32> {
    let seconds = credentials::duration(granted.form(), SECONDS_MAX, SECONDS_USUAL)?;
    Ok(if granted.caller().is_root() { seconds.min(SECONDS_MAX_ROOT) } else { seconds })
}

/// The name and the unique id of the user who calls; none for the root user. Only they have long-term credentials.
fn user(caller: &Identity) -> Result<Option<(String, String)>> {
    match caller.principal() {
        Principal::Root => Ok(None),
        Principal::User { name } => Ok(Some((name.clone(), caller.user_id().to_owned()))),
        Principal::AssumedRole { .. } | Principal::FederatedUser { .. } => {
            Err(failure::access_denied("Cannot call this operation with session credentials"))
        }
    }
}
