//! What there is in an account as a whole.

use super::{access_keys, attached, groups, policies, result, roles, shapes, users, write_tags};
use crate::directory::record::{Account, Entity, EntityPolicies, Group, ManagedPolicy, Role, User};
use crate::failure::Result;
use crate::managed;
use crate::services::Answer;
use crate::services::authorize::Granted;
use crate::services::params;
use crate::xml::Xml;
use layout::principals;

pub(crate) async fn summary(granted: &Granted<'_>) -> Result<Answer> {
    let (account, directory) = (granted.account(), granted.directory());
    let users = directory.list_all::<User>(account, |_| true).await?.len();
    let groups = directory.list_all::<Group>(account, |_| true).await?.len();
    let roles = directory.list_all::<Role>(account, |_| true).await?.len();
    let policies = directory.list_all::<ManagedPolicy>(account, |_| true).await?;
    let root: Option<Account> = directory.read(&principals::account(account)).await?;
    let versions: usize = policies.iter().map(|policy| policy.versions.len()).sum();
    let root_keys = root.is_some_and(|root| !root.keys.is_empty());
    let entries = [
        ("AccessKeysPerUserQuota", access_keys::KEYS_PER_USER_MAX),
        ("AccountAccessKeysPresent", usize::from(root_keys)),
        ("AccountMFAEnabled", 0),
        ("AccountPasswordPresent", 0),
        ("AssumeRolePolicySizeQuota", roles::TRUST_CHARACTERS_MAX),
        ("AttachedPoliciesPerGroupQuota", attached::ATTACHED_MAX),
        ("AttachedPoliciesPerRoleQuota", attached::ATTACHED_MAX),
        ("AttachedPoliciesPerUserQuota", attached::ATTACHED_MAX),
        ("GroupPolicySizeQuota", Group::INLINE_CHARACTERS_MAX),
        ("Groups", groups),
        ("GroupsPerUserQuota", groups::GROUPS_PER_USER_MAX),
        ("GroupsQuota", groups::GROUPS_MAX),
        ("MFADevices", 0),
        ("MFADevicesInUse", 0),
        ("Policies", policies.len()),
        ("PoliciesQuota", policies::POLICIES_MAX),
        ("PolicySizeQuota", policies::CHARACTERS_MAX),
        ("PolicyVersionsInUse", versions),
        ("PolicyVersionsInUseQuota", 10_000),
        ("RolePolicySizeQuota", Role::INLINE_CHARACTERS_MAX),
        ("Roles", roles),
        ("RolesQuota", roles::ROLES_MAX),
        ("ServerCertificates", 0),
        ("UserPolicySizeQuota", User::INLINE_CHARACTERS_MAX),
        ("Users", users),
        ("UsersQuota", users::USERS_MAX),
        ("VersionsPerPolicyQuota", 5),
    ];
    result(|xml| {
        xml.node("SummaryMap", |xml| {
            for (key, value) in entries {
                xml.node("entry", |xml| {
                    xml.text("key", key);
                    xml.value("value", value);
                });
            }
        });
    })
}

/// Accounts have no aliases here.
pub(crate) async fn aliases(granted: &Granted<'_>) -> Result<Answer> {
    let paging = params::paging(granted.form())?;
    super::page_of_names("AccountAliases", &paging, Vec::new())
}

/// Something that GetAccountAuthorizationDetails tells of.
enum Detail {
    User(Box<User>),
    Group(Box<Group>),
    Role(Box<Role>),
    Policy(Box<ManagedPolicy>),
}

pub(crate) async fn authorization_details(granted: &Granted<'_>) -> Result<Answer> {
    let (form, account, directory) = (granted.form(), granted.account(), granted.directory());
    let paging = params::paging(form)?;
    let filter = form.texts("Filter");
    let wanted = |kind: &str| filter.is_empty() || filter.contains(&kind);
    let mut all: Vec<(String, Detail)> = Vec::new();
    if wanted("User") {
        let users = directory.list_all::<User>(account, |_| true).await?;
        all.extend(users.into_iter().map(|user| (format!("1{}", user.name), Detail::User(Box::new(user)))));
    }
    if wanted("Group") {
        let groups = directory.list_all::<Group>(account, |_| true).await?;
        all.extend(groups.into_iter().map(|group| (format!("2{}", group.name), Detail::Group(Box::new(group)))));
    }
    if wanted("Role") {
        let mut roles = directory.list_all::<Role>(account, |_| true).await?;
        roles::show_trust(directory, &mut roles).await?;
        all.extend(roles.into_iter().map(|role| (format!("3{}", role.name), Detail::Role(Box::new(role)))));
    }
    if wanted("LocalManagedPolicy") {
        let policies = directory.list_all::<ManagedPolicy>(account, |_| true).await?;
        all.extend(policies.into_iter().map(|policy| (format!("4{}", policy.name), Detail::Policy(Box::new(policy)))));
    }
    let listed = paging.page(all, |(place, _)| place);
    result(|xml| {
        for (list, tag) in
            [("UserDetailList", '1'), ("GroupDetailList", '2'), ("RoleDetailList", '3'), ("Policies", '4')]
        {
            let members = listed.members.iter().filter(|(place, _)| place.starts_with(tag));
            xml.members(list, members, |xml, (_, detail)| write_detail(xml, account, detail));
        }
        xml.value("IsTruncated", listed.more);
        if let Some((place, _)) = listed.members.last().filter(|_| listed.more) {
            xml.text("Marker", &params::marker(place));
        }
    })
}

fn write_detail(xml: &mut Xml, account: &str, detail: &Detail) {
    match detail {
        Detail::User(user) => {
            shapes::user(xml, account, user);
            inline(xml, "UserPolicyList", &user.policies);
            xml.texts("GroupList", user.groups.iter().map(String::as_str));
            attached_policies(xml, &user.policies);
            shapes::boundary(xml, user.boundary.as_deref());
            write_tags(xml, &user.tags);
        }
        Detail::Group(group) => {
            shapes::group(xml, account, group);
            inline(xml, "GroupPolicyList", &group.policies);
            attached_policies(xml, &group.policies);
        }
        Detail::Role(role) => {
            shapes::role(xml, account, role);
            xml.members("InstanceProfileList", [(); 0], |_, ()| ());
            inline(xml, "RolePolicyList", &role.policies);
            attached_policies(xml, &role.policies);
            shapes::boundary(xml, role.boundary.as_deref());
            write_tags(xml, &role.tags);
        }
        Detail::Policy(policy) => {
            shapes::policy(xml, account, policy);
            xml.members("PolicyVersionList", &policy.versions, |xml, version| {
                xml.document("Document", &version.document);
                shapes::version(xml, version, policy.default_version);
            });
        }
    }
}

fn inline(xml: &mut Xml, list: &str, policies: &EntityPolicies) {
    xml.members(list, &policies.inline, |xml, (name, document)| {
        xml.text("PolicyName", name);
        xml.document("PolicyDocument", document);
    });
}

fn attached_policies(xml: &mut Xml, policies: &EntityPolicies) {
    let named = policies.attached.iter().filter_map(|arn| Some((managed::policy_parts(arn)?.name, arn)));
    xml.members("AttachedManagedPolicies", named, |xml, (name, arn)| {
        xml.text("PolicyName", name);
        xml.text("PolicyArn", arn);
    });
}
