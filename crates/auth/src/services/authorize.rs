//! The step between a form and an operation: what is it about, and may the caller do it?
//!
//! What must hold: [`Granted`] is made here and nowhere else, so every operation was allowed by policies. To know the ARN and the tags that
//! policies ask for, the record of the target may be read before; the refused caller is told nothing of it.

use super::event::Event;
use super::params;
use super::table::{Row, Target};
use crate::arn;
use crate::context::{Facts, Own};
use crate::directory::Directory;
use crate::directory::record::{AccessKey, Group, ManagedPolicy, Record, Role, Tags, User};
use crate::failure::{self, Result};
use crate::form::Form;
use crate::identity::{Identity, Principal};
use crate::managed;
use crate::origin::Origin;
use crate::rules;
use layout::principals;

/// A request that policies allow.
pub(crate) struct Granted<'a> {
    form: &'a Form,
    caller: &'a Identity,
    origin: &'a Origin<'a>,
    directory: &'a Directory,
    about: About,
}

/// What a request is about.
#[derive(Debug)]
pub(crate) struct About {
    /// The ARN that policies name.
    arn: String,
    /// How a refusal names it, where the ARN would tell more than the request knew.
    told: Option<String>,
    /// The account that has it.
    account: String,
    /// The name; of the root user none.
    name: Option<String>,
    /// Its tags.
    tags: Tags,
    /// The role that is to be assumed.
    role: Option<Role>,
}

impl<'a> Granted<'a> {
    /// Asks the policies.
    pub(super) async fn authorize(
        row: &Row,
        form: &'a Form,
        (caller, origin): (&'a Identity, &'a Origin<'a>),
        directory: &'a Directory,
        event: &mut Event,
    ) -> Result<Self> {
        let about = About::find(row.target, form, caller, directory).await?;
        if row.target != Target::Nothing {
            event.is_about(&about.arn, &about.account);
        }
        let granted = Self { form, caller, origin, directory, about };
        match row.target {
            Target::Nothing => (),
            Target::AssumedRole => granted.may_assume()?,
            _ => granted.must_be_allowed(row)?,
        }
        Ok(granted)
    }

    pub(crate) fn form(&self) -> &'a Form {
        self.form
    }

    pub(crate) fn caller(&self) -> &'a Identity {
        self.caller
    }

    pub(crate) fn origin(&self) -> &'a Origin<'a> {
        self.origin
    }

    pub(crate) fn directory(&self) -> &'a Directory {
        self.directory
    }

    /// The account that has what the request is about.
    pub(crate) fn account(&self) -> &str {
        &self.about.account
    }

    /// The ARN of what the request is about.
    pub(crate) fn arn(&self) -> &str {
        &self.about.arn
    }

    /// The name of what the request is about; none for the account's root user.
    pub(crate) fn target(&self) -> Option<&str> {
        self.about.name.as_deref()
    }

    /// The name of what the request is about, where it cannot be the root user.
    pub(crate) fn name(&self) -> Result<&str> {
        self.target().ok_or_else(|| failure::validation("Must specify userName when calling with non-User credentials"))
    }

    /// The role that is to be assumed.
    pub(crate) fn role(&self) -> Option<&Role> {
        self.about.role.as_ref()
    }

    fn must_be_allowed(&self, row: &Row) -> Result<()> {
        let action = format!("{}:{}", row.service.prefix(), row.name);
        self.must_allow(&action)?;
        // What makes something with tags must be allowed to tag it.
        match row.tagging {
            Some(tagging) if !self.form.list("Tags").is_empty() => self.must_allow(tagging),
            _ => Ok(()),
        }
    }

    fn must_allow(&self, action: &str) -> Result<()> {
        let About { arn, told, .. } = &self.about;
        self.must_allow_so(action, (arn, told.as_ref().unwrap_or(arn)))
    }

    /// Refuses what policies do not allow on another resource of the account.
    pub(crate) fn must_allow_on(&self, action: &str, resource: &str) -> Result<()> {
        self.must_allow_so(action, (resource, resource))
    }

    fn must_allow_so(&self, action: &str, resource: (&str, &str)) -> Result<()> {
        let own = self.own();
        rules::allowed(&Facts::new(self.caller, self.origin, &own), action, resource)
    }

    fn own(&self) -> Own {
        Own::of_request(self.form, &self.about.account, &self.about.tags)
    }

    /// Assuming a role takes its trust, and beyond the account also the caller's own permission.
    fn may_assume(&self) -> Result<()> {
        if self.caller.is_root() {
            return Err(failure::access_denied("Roles may not be assumed by root accounts."));
        }
        let own = self.own();
        let facts = Facts::new(self.caller, self.origin, &own);
        let mut actions = vec!["sts:AssumeRole"];
        let session = self.caller.session();
        // What the caller's session passes on takes the same permissions as what the request brings.
        if !self.form.list("Tags").is_empty() || session.is_some_and(|session| !session.transitive_tag_keys.is_empty())
        {
            actions.push("sts:TagSession");
        }
        if self.form.get("SourceIdentity").is_some() || session.is_some_and(|session| session.source_identity.is_some())
        {
            actions.push("sts:SetSourceIdentity");
        }
        let side = (self.role(), self.account());
        actions.into_iter().try_for_each(|action| rules::assumable(&facts, action, self.arn(), side))
    }
}

impl About {
    /// Finds what a request is about.
    async fn find(target: Target, form: &Form, caller: &Identity, directory: &Directory) -> Result<Self> {
        let account = caller.account();
        match target {
            Target::Nothing => Ok(Self::new(account, "*".to_owned())),
            Target::Any => Ok(Self::new(account, "*".to_owned())),
            Target::Listed(kind) => {
                let prefix = params::path_prefix(form)?;
                Ok(Self::new(account, format!("arn:aws:iam::{account}:{kind}{prefix}")))
            }
            Target::NewUser => Self::made::<User>(form, account, "UserName"),
            Target::NewGroup => Self::made::<Group>(form, account, "GroupName"),
            Target::NewRole => Self::made::<Role>(form, account, "RoleName"),
            Target::NewPolicy => Self::made::<ManagedPolicy>(form, account, "PolicyName"),
            Target::ServiceLinkedRole => Ok(super::iam::service_linked::about(form, account)?.into()),
            Target::User => Self::named::<User>(form, "UserName", account, directory).await,
            Target::OwnUser if form.get("UserName").is_none() => Self::own(caller, directory).await,
            Target::OwnUser => Self::named::<User>(form, "UserName", account, directory).await,
            Target::Group => Self::named::<Group>(form, "GroupName", account, directory).await,
            Target::Role => Self::named::<Role>(form, "RoleName", account, directory).await,
            Target::Policy => Self::policy(form, account, directory).await,
            Target::UserOfKey => Self::user_of_key(form, account, directory).await,
            Target::Source => Self::source(form, account),
            Target::AssumedRole => Self::assumed_role(form, directory).await,
            Target::Federated => {
                let name = params::name(form, "Name", 32)?;
                Ok(Self::new(account, arn::federated_user(account, name)).named_so(name))
            }
        }
    }

    fn new(account: &str, arn: String) -> Self {
        Self { arn, told: None, account: account.to_owned(), name: None, tags: Tags::new(), role: None }
    }

    fn named_so(self, name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..self }
    }

    fn made<T: Record>(form: &Form, account: &str, parameter: &str) -> Result<Self> {
        let name = params::name(form, parameter, params::longest_name::<T>())?;
        let path = params::path(form, "Path")?;
        Ok(Self::new(account, arn::named(account, T::WORD, path, name)).named_so(name))
    }

    /// What has this name, or would have it.
    async fn named<T: Record + HasTags>(
        form: &Form,
        parameter: &str,
        account: &str,
        directory: &Directory,
    ) -> Result<Self> {
        // A name of something that is there may be longer than one that is made.
        let name = params::name(form, parameter, 128)?;
        Self::of::<T>(name, account, directory).await
    }

    async fn of<T: Record + HasTags>(name: &str, account: &str, directory: &Directory) -> Result<Self> {
        let found = directory.find::<T>(account, name).await?;
        let arn = found.as_ref().map_or_else(|| arn::named(account, T::WORD, "/", name), |found| found.arn(account));
        let tags = found.and_then(HasTags::into_tags).unwrap_or_default();
        // As AWS words it; the path in the ARN is for those who may see the entity.
        let told = Some(format!("{} {name}", T::WORD));
        Ok(Self { tags, told, ..Self::new(account, arn).named_so(name) })
    }

    async fn own(caller: &Identity, directory: &Directory) -> Result<Self> {
        match caller.principal() {
            Principal::Root => Ok(Self::new(caller.account(), caller.arn().to_owned())),
            Principal::User { name } => Self::of::<User>(name, caller.account(), directory).await,
            Principal::AssumedRole { .. } | Principal::FederatedUser { .. } => {
                Err(failure::validation("Must specify userName when calling with non-User credentials"))
            }
        }
    }

    async fn policy(form: &Form, account: &str, directory: &Directory) -> Result<Self> {
        let arn = params::arn(form, "PolicyArn")?;
        let parts = managed::policy_parts(arn);
        let parts = parts.ok_or_else(|| failure::invalid_input(format!("ARN {arn} is not valid.")))?;
        let mut about = Self::new(account, arn.to_owned()).named_so(parts.name);
        if parts.account == account {
            let found = directory.find::<ManagedPolicy>(account, parts.name).await?;
            about.tags =
                found.filter(|policy| managed::is_of(arn, policy)).map(|policy| policy.tags).unwrap_or_default();
        }
        Ok(about)
    }

    async fn user_of_key(form: &Form, account: &str, directory: &Directory) -> Result<Self> {
        let id = params::required(form, "AccessKeyId")?;
        let key: Option<AccessKey> = directory.read(&principals::access_key(id)).await?;
        let any = format!("arn:aws:iam::{account}:user/*");
        match key.filter(|key| key.account == account).and_then(|key| key.user) {
            // Whose key it is is what the request asks.
            Some(user) => Ok(Self { told: Some(any), ..Self::of::<User>(&user, account, directory).await? }),
            None => Ok(Self::new(account, any)),
        }
    }

    /// The principal whose policies are simulated.
    fn source(form: &Form, account: &str) -> Result<Self> {
        let arn = params::arn(form, "PolicySourceArn")?;
        let parts = arn::parse(arn).filter(|parts| parts.account == account);
        let parts = parts.ok_or_else(|| failure::invalid_input(format!("Invalid Entity Arn: {arn}")))?;
        Ok(Self::new(account, arn.to_owned()).named_so(parts.name))
    }

    async fn assumed_role(form: &Form, directory: &Directory) -> Result<Self> {
        let arn = params::arn(form, "RoleArn")?;
        let parts = arn::parse(arn).filter(|parts| parts.kind == "role");
        let parts = parts.ok_or_else(|| failure::validation(format!("{arn} is invalid")))?;
        let found = directory.find::<Role>(parts.account, parts.name).await?;
        let role = found.filter(|role| role.arn(parts.account) == arn);
        let tags = role.as_ref().map(|role| role.tags.clone()).unwrap_or_default();
        Ok(Self { role, tags, ..Self::new(parts.account, arn.to_owned()).named_so(parts.name) })
    }
}

impl From<super::iam::service_linked::ServiceLinked<'_>> for About {
    fn from(made: super::iam::service_linked::ServiceLinked<'_>) -> Self {
        Self::new(made.account, made.arn()).named_so(&made.name)
    }
}

/// Tags of what may have some.
trait HasTags {
    fn into_tags(self) -> Option<Tags>;
}

impl HasTags for User {
    fn into_tags(self) -> Option<Tags> {
        Some(self.tags)
    }
}

impl HasTags for Role {
    fn into_tags(self) -> Option<Tags> {
        Some(self.tags)
    }
}

impl HasTags for Group {
    fn into_tags(self) -> Option<Tags> {
        None
    }
}
