//! How users, groups, roles and policies look in answers.

use super::write_tags;
use crate::directory::record::{Group, LastUse, ManagedPolicy, PolicyVersion, Record as _, Role, User};
use crate::managed::{AWS_POLICIES_DATE_MS, AwsManaged};
use crate::xml::Xml;
use runtime::Timestamp;

/// A time in an answer.
pub(crate) fn date(xml: &mut Xml, name: &str, ms: u64) {
    xml.text(name, &Timestamp::from_millis(ms).to_iso_seconds());
}

/// The permissions boundary, where there is one.
pub(crate) fn boundary(xml: &mut Xml, arn: Option<&str>) {
    if let Some(arn) = arn {
        xml.node("PermissionsBoundary", |xml| {
            xml.text("PermissionsBoundaryType", "Policy");
            xml.text("PermissionsBoundaryArn", arn);
        });
    }
}

/// A user as lists show it.
pub(crate) fn user(xml: &mut Xml, account: &str, user: &User) {
    xml.text("Path", &user.path);
    xml.text("UserName", &user.name);
    xml.text("UserId", &user.id);
    xml.text("Arn", &user.arn(account));
    date(xml, "CreateDate", user.created_at_ms);
}

/// A user by itself.
pub(crate) fn whole_user(xml: &mut Xml, account: &str, record: &User) {
    user(xml, account, record);
    boundary(xml, record.boundary.as_deref());
    if !record.tags.is_empty() {
        write_tags(xml, &record.tags);
    }
}

/// A group.
pub(crate) fn group(xml: &mut Xml, account: &str, group: &Group) {
    xml.text("Path", &group.path);
    xml.text("GroupName", &group.name);
    xml.text("GroupId", &group.id);
    xml.text("Arn", &group.arn(account));
    date(xml, "CreateDate", group.created_at_ms);
}

/// A role as lists show it.
pub(crate) fn role(xml: &mut Xml, account: &str, role: &Role) {
    xml.text("Path", &role.path);
    xml.text("RoleName", &role.name);
    xml.text("RoleId", &role.id);
    xml.text("Arn", &role.arn(account));
    date(xml, "CreateDate", role.created_at_ms);
    xml.document("AssumeRolePolicyDocument", &role.trust);
    xml.optional("Description", role.description.as_deref());
    xml.value("MaxSessionDuration", role.max_session_seconds);
}

/// A role by itself.
pub(crate) fn whole_role(xml: &mut Xml, account: &str, record: &Role) {
    role(xml, account, record);
    boundary(xml, record.boundary.as_deref());
    if !record.tags.is_empty() {
        write_tags(xml, &record.tags);
    }
}

/// A managed policy of an account as lists show it.
pub(crate) fn policy(xml: &mut Xml, account: &str, policy: &ManagedPolicy) {
    xml.text("PolicyName", &policy.name);
    xml.text("PolicyId", &policy.id);
    xml.text("Arn", &policy.arn(account));
    xml.text("Path", &policy.path);
    xml.text("DefaultVersionId", &format!("v{}", policy.default_version));
    xml.value("AttachmentCount", policy.attachments);
    xml.value("PermissionsBoundaryUsageCount", policy.boundaries);
    xml.value("IsAttachable", true);
    date(xml, "CreateDate", policy.created_at_ms);
    date(xml, "UpdateDate", policy.updated_at_ms);
}

/// A managed policy of an account by itself.
pub(crate) fn whole_policy(xml: &mut Xml, account: &str, record: &ManagedPolicy) {
    policy(xml, account, record);
    xml.optional("Description", record.description.as_deref());
    if !record.tags.is_empty() {
        write_tags(xml, &record.tags);
    }
}

/// A policy that AWS has for everyone.
pub(crate) fn aws_policy(xml: &mut Xml, policy: &AwsManaged, (attachments, boundaries): (usize, usize)) {
    xml.text("PolicyName", policy.name);
    xml.text("PolicyId", policy.id);
    xml.text("Arn", &policy.arn());
    xml.text("Path", policy.path);
    xml.text("DefaultVersionId", "v1");
    xml.value("AttachmentCount", attachments);
    xml.value("PermissionsBoundaryUsageCount", boundaries);
    xml.value("IsAttachable", true);
    date(xml, "CreateDate", AWS_POLICIES_DATE_MS);
    date(xml, "UpdateDate", AWS_POLICIES_DATE_MS);
}

/// A version of a policy as lists show it.
pub(crate) fn version(xml: &mut Xml, version: &PolicyVersion, default: u32) {
    xml.text("VersionId", &format!("v{}", version.number));
    xml.value("IsDefaultVersion", version.number == default);
    date(xml, "CreateDate", version.created_at_ms);
}

/// When a key was used last. What was never used has no date.
pub(crate) fn last_use(xml: &mut Xml, last: Option<&LastUse>) {
    xml.node("AccessKeyLastUsed", |xml| {
        if let Some(last) = last {
            date(xml, "LastUsedDate", last.at_ms);
        }
        xml.text("ServiceName", last.map_or("N/A", |last| &last.service));
        xml.text("Region", last.map_or("N/A", |last| &last.region));
    });
}
