//! Tags of users, roles and managed policies.

use super::{page, policies};
use crate::directory::change;
use crate::directory::record::{Role, Tagged, Tags, User};
use crate::failure::{self, Result};
use crate::form::Form;
use crate::services::Answer;
use crate::services::authorize::Granted;
use crate::services::params;

pub(crate) async fn tag_user(granted: &Granted<'_>) -> Result<Answer> {
    let tags = added(granted.form())?;
    change::<User>(granted, |known| add(known, &tags)).await
}

pub(crate) async fn tag_role(granted: &Granted<'_>) -> Result<Answer> {
    let tags = added(granted.form())?;
    change::<Role>(granted, |known| add(known, &tags)).await
}

pub(crate) async fn tag_policy(granted: &Granted<'_>) -> Result<Answer> {
    let tags = added(granted.form())?;
    policies::change(granted, |policy, _| add(&mut policy.tags, &tags)).await?;
    Ok(Answer::Done)
}

pub(crate) async fn untag_user(granted: &Granted<'_>) -> Result<Answer> {
    let keys = granted.form().texts("TagKeys");
    change::<User>(granted, |known| remove(known, &keys)).await
}

pub(crate) async fn untag_role(granted: &Granted<'_>) -> Result<Answer> {
    let keys = granted.form().texts("TagKeys");
    change::<Role>(granted, |known| remove(known, &keys)).await
}

pub(crate) async fn untag_policy(granted: &Granted<'_>) -> Result<Answer> {
    let keys = granted.form().texts("TagKeys");
    policies::change(granted, |policy, _| remove(&mut policy.tags, &keys)).await?;
    Ok(Answer::Done)
}

pub(crate) async fn list_user(granted: &Granted<'_>) -> Result<Answer> {
    let user: User = granted.directory().get(granted.account(), granted.name()?).await?;
    list(granted, &user.tags)
}

pub(crate) async fn list_role(granted: &Granted<'_>) -> Result<Answer> {
    let role: Role = granted.directory().get(granted.account(), granted.name()?).await?;
    list(granted, &role.tags)
}

pub(crate) async fn list_policy(granted: &Granted<'_>) -> Result<Answer> {
    if crate::managed::AwsManaged::find(granted.arn()).is_some() {
        return list(granted, &Tags::new());
    }
    list(granted, &policies::own(granted).await?.tags)
}

fn added(form: &Form) -> Result<Tags> {
    let tags = params::tags(form, "Tags")?;
    if tags.is_empty() { Err(failure::missing("Tags")) } else { Ok(tags) }
}

/// A tag of another case of the same letters is replaced.
fn add(known: &mut Tags, tags: &Tags) -> Result<()> {
    known.retain(|key, _| !tags.keys().any(|other| other.eq_ignore_ascii_case(key)));
    known.extend(tags.iter().map(|(key, value)| (key.clone(), value.clone())));
    params::within_quota(known, "Tags")
        .map_err(|_| failure::limit_exceeded("The number of tags has reached the maximum limit."))
}

fn remove(known: &mut Tags, keys: &[&str]) -> Result<()> {
    known.retain(|key, _| !keys.iter().any(|other| other.eq_ignore_ascii_case(key)));
    Ok(())
}

async fn change<T: Tagged>(
    granted: &Granted<'_>,
    apply: impl Fn(&mut Tags) -> Result<()> + Send + Sync,
) -> Result<Answer> {
    let (name, account) = (granted.name()?, granted.account());
    change!(granted.directory(), async |change| {
        let mut record: T = change.get(account, name).await?;
        apply(record.tags_mut())?;
        change.put(account, &record)
    })?;
    Ok(Answer::Done)
}

fn list(granted: &Granted<'_>, tags: &Tags) -> Result<Answer> {
    let paging = params::paging(granted.form())?;
    let listed = paging.page(tags.iter().collect(), |(key, _)| key);
    page(
        "Tags",
        listed,
        |(key, _)| key,
        |xml, (key, value)| {
            xml.text("Key", key);
            xml.text("Value", value);
        },
    )
}
