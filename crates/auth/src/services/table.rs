//! All operations that are served: what each is about and the function that carries it out.

use super::authorize::Granted;
use super::{Answer, Service, iam, sts};
use crate::failure::Result;
use std::future::Future;
use std::pin::Pin;

/// An operation.
pub(crate) struct Row {
    pub service: Service,
    pub name: &'static str,
    pub target: Target,
    /// What else must be allowed where the request brings tags.
    pub tagging: Option<&'static str>,
    pub run: Run,
}

/// Carries out an operation.
type Run = for<'a> fn(&'a Granted<'a>) -> Running<'a>;

/// An operation that is carried out.
pub(crate) type Running<'a> = Pin<Box<dyn Future<Output = Result<Answer>> + Send + 'a>>;

/// What an operation is about: the resource that policies name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    /// Needs no permission.
    Nothing,
    /// No resource in particular.
    Any,
    /// All of a kind below a path.
    Listed(&'static str),
    NewUser,
    NewGroup,
    NewRole,
    NewPolicy,
    ServiceLinkedRole,
    /// The user that is named.
    User,
    /// The user that is named, or who asks.
    OwnUser,
    Group,
    Role,
    Policy,
    /// The user whose access key is named.
    UserOfKey,
    /// The principal whose policies are simulated.
    Source,
    /// The role that is to be assumed.
    AssumedRole,
    /// The federated user that is to be.
    Federated,
}

impl Row {
    /// Whether the operation changes nothing.
    pub(crate) fn is_read_only(&self) -> bool {
        self.service == Service::Sts || ["Get", "List", "Simulate"].iter().any(|verb| self.name.starts_with(verb))
    }
}

/// The operation of this name.
pub(super) fn find(service: Service, name: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.service == service && row.name == name)
}

/// All operations that are served: the service's name in actions, and the operation's.
pub fn actions() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.iter().map(|row| (row.service.prefix(), row.name))
}

macro_rules! rows {
    ($($service:ident { $($name:ident $target:expr => $run:path $(, tags $tagging:literal)?;)* })*) => {
        &[$($(Row {
            service: Service::$service,
            name: stringify!($name),
            target: $target,
            tagging: rows!(@tagging $($tagging)?),
            run: |granted| Box::pin($run(granted)),
        },)*)*]
    };
    (@tagging) => { None };
    (@tagging $tagging:literal) => { Some($tagging) };
}

use Target::{
    Any, AssumedRole, Federated, Group, Listed, NewGroup, NewPolicy, NewRole, NewUser, Nothing, OwnUser, Policy, Role,
    ServiceLinkedRole, Source, User, UserOfKey,
};
use iam::{access_keys, account, attached, boundaries, groups, inline, policies, roles, service_linked, simulate};
use iam::{tags, users, versions};

static TABLE: &[Row] = rows! {
    Iam {
        AddUserToGroup Group => groups::add_user;
        AttachGroupPolicy Group => attached::attach_group;
        AttachRolePolicy Role => attached::attach_role;
        AttachUserPolicy User => attached::attach_user;
        CreateAccessKey OwnUser => access_keys::create;
        CreateGroup NewGroup => groups::create;
        CreatePolicy NewPolicy => policies::create, tags "iam:TagPolicy";
        CreatePolicyVersion Policy => versions::create;
        CreateRole NewRole => roles::create, tags "iam:TagRole";
        CreateServiceLinkedRole ServiceLinkedRole => service_linked::create;
        CreateUser NewUser => users::create, tags "iam:TagUser";
        DeleteAccessKey OwnUser => access_keys::delete;
        DeleteGroup Group => groups::delete;
        DeleteGroupPolicy Group => inline::delete_group;
        DeletePolicy Policy => policies::delete;
        DeletePolicyVersion Policy => versions::delete;
        DeleteRole Role => roles::delete;
        DeleteRolePermissionsBoundary Role => boundaries::delete_role;
        DeleteRolePolicy Role => inline::delete_role;
        DeleteUser User => users::delete;
        DeleteUserPermissionsBoundary User => boundaries::delete_user;
        DeleteUserPolicy User => inline::delete_user;
        DetachGroupPolicy Group => attached::detach_group;
        DetachRolePolicy Role => attached::detach_role;
        DetachUserPolicy User => attached::detach_user;
        GetAccessKeyLastUsed UserOfKey => access_keys::last_used;
        GetAccountAuthorizationDetails Any => account::authorization_details;
        GetAccountSummary Any => account::summary;
        GetContextKeysForCustomPolicy Any => simulate::keys_of_custom;
        GetContextKeysForPrincipalPolicy Source => simulate::keys_of_principal;
        GetGroup Group => groups::get;
        GetGroupPolicy Group => inline::get_group;
        GetPolicy Policy => policies::get;
        GetPolicyVersion Policy => versions::get;
        GetRole Role => roles::get;
        GetRolePolicy Role => inline::get_role;
        GetUser OwnUser => users::get;
        GetUserPolicy User => inline::get_user;
        ListAccessKeys OwnUser => access_keys::list;
        ListAccountAliases Any => account::aliases;
        ListAttachedGroupPolicies Group => attached::list_group;
        ListAttachedRolePolicies Role => attached::list_role;
        ListAttachedUserPolicies User => attached::list_user;
        ListEntitiesForPolicy Policy => policies::entities;
        ListGroupPolicies Group => inline::list_group;
        ListGroups Listed("group") => groups::list;
        ListGroupsForUser User => groups::list_for_user;
        ListPolicies Listed("policy") => policies::list;
        ListPolicyTags Policy => tags::list_policy;
        ListPolicyVersions Policy => versions::list;
        ListRolePolicies Role => inline::list_role;
        ListRoleTags Role => tags::list_role;
        ListRoles Listed("role") => roles::list;
        ListUserPolicies User => inline::list_user;
        ListUserTags User => tags::list_user;
        ListUsers Listed("user") => users::list;
        PutGroupPolicy Group => inline::put_group;
        PutRolePermissionsBoundary Role => boundaries::put_role;
        PutRolePolicy Role => inline::put_role;
        PutUserPermissionsBoundary User => boundaries::put_user;
        PutUserPolicy User => inline::put_user;
        RemoveUserFromGroup Group => groups::remove_user;
        SetDefaultPolicyVersion Policy => versions::set_default;
        SimulateCustomPolicy Any => simulate::custom;
        SimulatePrincipalPolicy Source => simulate::principal;
        TagPolicy Policy => tags::tag_policy;
        TagRole Role => tags::tag_role;
        TagUser User => tags::tag_user;
        UntagPolicy Policy => tags::untag_policy;
        UntagRole Role => tags::untag_role;
        UntagUser User => tags::untag_user;
        UpdateAccessKey OwnUser => access_keys::update;
        UpdateAssumeRolePolicy Role => roles::update_trust;
        UpdateGroup Group => groups::update;
        UpdateRole Role => roles::update;
        UpdateRoleDescription Role => roles::update_description;
        UpdateUser User => users::update;
    }
    Sts {
        AssumeRole AssumedRole => sts::assume_role::run;
        DecodeAuthorizationMessage Any => sts::decode_authorization_message;
        GetAccessKeyInfo Any => sts::get_access_key_info;
        GetCallerIdentity Nothing => sts::get_caller_identity;
        GetFederationToken Federated => sts::tokens::federation;
        GetSessionToken Nothing => sts::tokens::session;
    }
};
