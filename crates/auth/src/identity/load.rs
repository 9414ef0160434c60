//! Works out who presents an access key, from the directory and the token.
//!
//! What must hold: a policy that is stored and cannot be read fails the load. It could have denied something.

use super::{Identity, Permissions, Principal, Session, Unidentified};
use crate::arn;
use crate::directory::Directory;
use crate::directory::record::{AccessKey, Entity, EntityPolicies, Group, LastUse, Record as _, Role, Tags, User};
use crate::failure::{self, Failure, Result};
use crate::ids;
use crate::managed;
use crate::rules::{self, Compiled};
use crate::secret::Secret;
use crate::session::{Claims, Subject};
use layout::principals;
use policy::DocumentKind;
use runtime::Timestamp;
use std::sync::atomic::AtomicU64;

/// Who presents this access key and token.
pub(super) async fn identity(
    directory: &Directory,
    key_id: &str,
    token: Option<&str>,
    now: Timestamp,
) -> std::result::Result<Identity, Unidentified> {
    let (epoch, store_epoch) = (directory.epoch(), directory.store_epoch());
    let loaded = match token {
        None => long_term(directory, key_id).await?,
        Some(token) => temporary(directory, key_id, token, now).await?,
    };
    // Who was made by a change that is not durable yet must not be served before it is.
    directory.settle(store_epoch).await?;
    Ok(Identity { epoch, ..loaded })
}

/// Whose key it is, and what he may do.
struct Owner {
    principal: Principal,
    arn: String,
    user_id: String,
    tags: Tags,
    permissions: Permissions,
}

/// What becomes of an owner's credentials.
struct Credentials {
    key_id: String,
    secret: Secret,
    session: Option<Session>,
    noted_use_ms: u64,
}

fn identity_of(account: String, owner: Owner, credentials: Credentials) -> Identity {
    let Owner { principal, arn, user_id, tags, permissions } = owner;
    Identity {
        account,
        principal,
        arn,
        user_id,
        tags,
        permissions,
        access_key_id: credentials.key_id,
        session: credentials.session,
        secret: credentials.secret,
        signing_keys: Default::default(),
        noted_use_ms: AtomicU64::new(credentials.noted_use_ms),
        epoch: 0,
    }
}

async fn long_term(directory: &Directory, key_id: &str) -> std::result::Result<Identity, Unidentified> {
    if !key_id.starts_with(ids::LONG_TERM) {
        // The key of a session without its token.
        return Err(Unidentified::UnknownKey);
    }
    let key: Option<AccessKey> = directory.read(&principals::access_key(key_id)).await?;
    let key = key.ok_or(Unidentified::UnknownKey)?;
    if !key.active {
        return Err(Unidentified::InactiveKey);
    }
    let owner = match &key.user {
        None => root(&key.account),
        // A user that is deleted takes its keys with it; one that is deleted at this moment is no user any more.
        Some(name) => user(directory, &key.account, name).await?.ok_or(Unidentified::UnknownKey)?,
    };
    let last: Option<LastUse> = directory.read(&principals::last_use(key_id)).await?;
    let secret = directory.secret_of(&key).map_err(Failure::from)?;
    let noted_use_ms = last.map_or(0, |last| last.at_ms);
    let credentials = Credentials { key_id: key.id, secret, session: None, noted_use_ms };
    Ok(identity_of(key.account, owner, credentials))
}

async fn temporary(
    directory: &Directory,
    key_id: &str,
    token: &str,
    now: Timestamp,
) -> std::result::Result<Identity, Unidentified> {
    let claims = Claims::read(token, directory.seal()).filter(|claims| claims.key_id == key_id);
    let claims = claims.ok_or(Unidentified::InvalidToken)?;
    if claims.expires_at() <= now {
        return Err(Unidentified::ExpiredToken);
    }
    let mut owner = subject(directory, &claims).await?.ok_or(Unidentified::InvalidToken)?;
    owner.tags.retain(|key, _| !claims.tags.keys().any(|other| other.eq_ignore_ascii_case(key)));
    owner.tags.extend(claims.tags.clone());
    let federated = matches!(claims.subject, Subject::Federated { .. });
    if federated || claims.policy.is_some() || !claims.policy_arns.is_empty() {
        // A federated user has what its session policies allow, so without any nothing.
        owner.permissions.session = Some(session_policies(directory, &claims).await?);
    }
    let session = Session {
        token: Secret::presented(token),
        issued_at: Timestamp::from_millis(claims.issued_at_ms),
        expires_at: claims.expires_at(),
        source_identity: claims.source_identity,
        transitive_tag_keys: claims.transitive,
    };
    let credentials =
        Credentials { key_id: claims.key_id, secret: claims.secret, session: Some(session), noted_use_ms: 0 };
    Ok(identity_of(claims.account, owner, credentials))
}

/// Whose session it is, if that is still there.
async fn subject(directory: &Directory, claims: &Claims) -> Result<Option<Owner>> {
    let account = claims.account.as_str();
    let same_user = async |name: &str, id: &str| {
        let owner = user(directory, account, name).await?;
        Ok::<_, Failure>(owner.filter(|owner| owner.user_id == id))
    };
    match &claims.subject {
        Subject::Root => Ok(Some(root(account))),
        Subject::User { name, id } => same_user(name, id).await,
        Subject::Role { name, id, session } => role_session(directory, account, (name, id), session).await,
        Subject::Federated { name, of } => {
            let owner = match of {
                None => Some(root(account)),
                Some((user, id)) => same_user(user, id).await?,
            };
            Ok(owner.map(|owner| Owner {
                principal: Principal::FederatedUser {
                    name: name.clone(),
                    issuer_arn: owner.arn,
                    issuer_id: if of.is_some() { owner.user_id } else { String::new() },
                },
                arn: arn::federated_user(account, name),
                user_id: format!("{account}:{name}"),
                tags: Tags::new(),
                permissions: owner.permissions,
            }))
        }
    }
}

fn root(account: &str) -> Owner {
    Owner {
        principal: Principal::Root,
        arn: arn::root(account),
        user_id: account.to_owned(),
        tags: Tags::new(),
        permissions: Permissions { identity: managed::administrator().into_iter().collect(), ..Permissions::default() },
    }
}

async fn user(directory: &Directory, account: &str, name: &str) -> Result<Option<Owner>> {
    let Some(user) = directory.find::<User>(account, name).await? else { return Ok(None) };
    let keys = crate::directory::keys_of::<Group>(account, &user.groups);
    let groups: Vec<Option<Group>> = directory.read_all(&keys).await?;
    let groups: Vec<Group> = groups.into_iter().flatten().collect();
    let mut identity = policies(directory, user.policies()).await?;
    for group in &groups {
        identity.extend(policies(directory, &group.policies).await?);
    }
    let boundary = boundary(directory, user.boundary.as_deref()).await?;
    Ok(Some(Owner {
        arn: user.arn(account),
        principal: Principal::User { name: user.name },
        user_id: user.id,
        tags: user.tags,
        permissions: Permissions { identity, boundary, session: None },
    }))
}

async fn role_session(
    directory: &Directory,
    account: &str,
    (name, id): (&str, &str),
    session: &str,
) -> Result<Option<Owner>> {
    let role = directory.find::<Role>(account, name).await?.filter(|role| role.id == id);
    let Some(role) = role else { return Ok(None) };
    let identity = policies(directory, role.policies()).await?;
    let boundary = boundary(directory, role.boundary.as_deref()).await?;
    Ok(Some(Owner {
        arn: arn::assumed_role(account, &role.name, session),
        user_id: format!("{}:{session}", role.id),
        principal: Principal::AssumedRole { role_arn: role.arn(account), role: role.name, session: session.to_owned() },
        tags: role.tags,
        permissions: Permissions { identity, boundary, session: None },
    }))
}

/// The policies of a user, a group or a role, compiled.
pub(crate) async fn policies(directory: &Directory, policies: &EntityPolicies) -> Result<Vec<Compiled>> {
    let mut compiled = Vec::with_capacity(policies.inline.len() + policies.attached.len());
    for document in policies.inline.values() {
        compiled.push(rules::stored(document, DocumentKind::Identity)?);
    }
    compiled.extend(managed::compiled(directory, &policies.attached).await?);
    Ok(compiled)
}

/// A permissions boundary. One that is set and not there allows nothing.
pub(crate) async fn boundary(directory: &Directory, boundary: Option<&str>) -> Result<Option<Compiled>> {
    let Some(arn) = boundary else { return Ok(None) };
    let compiled = managed::compiled(directory, &[arn.to_owned()]).await?.pop();
    // A boundary cannot be deleted while it is one.
    compiled.map(Some).ok_or_else(|| {
        tracing::error!(arn, "a permissions boundary is not there");
        failure::service_failure()
    })
}

async fn session_policies(directory: &Directory, claims: &Claims) -> Result<Vec<Compiled>> {
    let mut session = managed::compiled(directory, &claims.policy_arns).await?;
    if let Some(document) = &claims.policy {
        session.push(rules::stored(document, DocumentKind::Identity)?);
    }
    Ok(session)
}
