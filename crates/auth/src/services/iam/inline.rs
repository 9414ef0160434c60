//! Inline policies of users, groups and roles.

use super::{counted, page_of_names, result, roles};
use crate::directory::change;
use crate::directory::record::{Entity, Group, Role, User};
use crate::failure::{self, Failure, Result};
use crate::rules;
use crate::services::Answer;
use crate::services::authorize::Granted;
use crate::services::params;
use policy::DocumentKind;

/// The four operations of each kind of entity are one function each.
macro_rules! operations {
    ($($record:ident $put:ident $get:ident $list:ident $delete:ident;)*) => {
        $(pub(crate) async fn $put(granted: &Granted<'_>) -> Result<Answer> {
            put::<$record>(granted).await
        }
        pub(crate) async fn $get(granted: &Granted<'_>) -> Result<Answer> {
            get::<$record>(granted).await
        }
        pub(crate) async fn $list(granted: &Granted<'_>) -> Result<Answer> {
            list::<$record>(granted).await
        }
        pub(crate) async fn $delete(granted: &Granted<'_>) -> Result<Answer> {
            delete::<$record>(granted).await
        })*
    };
}
operations! {
    User put_user get_user list_user delete_user;
    Group put_group get_group list_group delete_group;
    Role put_role get_role list_role delete_role;
}

/// The longest name of an inline policy.
const NAME_MAX: usize = 128;

/// There is no such inline policy.
fn not_found<T: Entity>(name: &str) -> Failure {
    failure::no_such_entity(format!("The {} policy with name {name} cannot be found.", T::WORD))
}

async fn put<T: Entity>(granted: &Granted<'_>) -> Result<Answer> {
    let (form, name, account) = (granted.form(), granted.name()?, granted.account());
    let policy = params::name(form, "PolicyName", NAME_MAX)?;
    let document = params::required(form, "PolicyDocument")?;
    params::at_most("PolicyDocument", document, 131_072)?;
    rules::parse(document, DocumentKind::Identity)?;
    change!(granted.directory(), async |change| {
        let mut entity: T = change.get(account, name).await?;
        roles::must_not_be_a_service_s(&entity)?;
        let inline = &mut entity.policies_mut().inline;
        inline.insert(policy.to_owned(), document.to_owned());
        let characters: usize = inline.values().map(|document| counted(document)).sum();
        if T::INLINE_CHARACTERS_MAX < characters {
            let most = T::INLINE_CHARACTERS_MAX;
            let message = format!("Maximum policy size of {most} bytes exceeded for {} {name}", T::WORD);
            return Err(failure::limit_exceeded(message));
        }
        change.put(account, &entity)
    })?;
    Ok(Answer::Done)
}

async fn get<T: Entity>(granted: &Granted<'_>) -> Result<Answer> {
    let (form, name, account) = (granted.form(), granted.name()?, granted.account());
    let policy = params::name(form, "PolicyName", NAME_MAX)?;
    let entity: T = granted.directory().get(account, name).await?;
    let document = entity.policies().inline.get(policy).ok_or_else(|| not_found::<T>(policy))?;
    result(|xml| {
        xml.text(named::<T>(), entity.name());
        xml.text("PolicyName", policy);
        xml.document("PolicyDocument", document);
    })
}

/// What an answer calls the name of whose policy it is.
fn named<T: Entity>() -> &'static str {
    match T::WORD {
        "user" => "UserName",
        "group" => "GroupName",
        _ => "RoleName",
    }
}

async fn list<T: Entity>(granted: &Granted<'_>) -> Result<Answer> {
    let paging = params::paging(granted.form())?;
    let entity: T = granted.directory().get(granted.account(), granted.name()?).await?;
    page_of_names("PolicyNames", &paging, entity.policies().inline.keys().cloned().collect())
}

async fn delete<T: Entity>(granted: &Granted<'_>) -> Result<Answer> {
    let (name, account) = (granted.name()?, granted.account());
    let policy = params::name(granted.form(), "PolicyName", NAME_MAX)?;
    change!(granted.directory(), async |change| {
        let mut entity: T = change.get(account, name).await?;
        roles::must_not_be_a_service_s(&entity)?;
        entity.policies_mut().inline.remove(policy).ok_or_else(|| not_found::<T>(policy))?;
        change.put(account, &entity)
    })?;
    Ok(Answer::Done)
}
