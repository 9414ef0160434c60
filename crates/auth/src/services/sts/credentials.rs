//! What the operations that make sessions share: their parameters, and the credentials in their answers.

use super::params;
use crate::directory::Directory;
use crate::directory::record::Tags;
use crate::failure::{self, Failure, Result};
use crate::form::Form;
use crate::ids;
use crate::managed;
use crate::rules;
use crate::secret::Secret;
use crate::services::authorize::Granted;
use crate::session::{Claims, Subject};
use crate::xml::Xml;
use policy::DocumentKind;
use std::time::Duration;

/// The longest session policy, with the ARNs of managed ones.
const POLICY_CHARACTERS_MAX: usize = 2048;

/// The most managed policies of a session.
const POLICY_ARNS_MAX: usize = 10;

/// Quota of the packed form of policies and tags. AWS does not say how it packs; this counts characters of policies and tags at the
/// lengths that their own limits allow.
const PACKED_MAX: usize = POLICY_CHARACTERS_MAX + POLICY_ARNS_MAX * 64 + 50 * (128 + 256);

/// What limits a session, as a request gives it.
#[derive(Debug, Default)]
pub(super) struct Limits {
    pub policy: Option<String>,
    pub policy_arns: Vec<String>,
    pub tags: Tags,
}

impl Limits {
    /// `Policy`, `PolicyArns` and `Tags`.
    pub(super) fn read(form: &Form) -> Result<Self> {
        let policy = form.get("Policy").map(|text| {
            if POLICY_CHARACTERS_MAX < text.chars().count() {
                return Err(too_large(text.chars().count() * 100 / POLICY_CHARACTERS_MAX));
            }
            rules::parse(text, DocumentKind::Identity).map(|_| text.to_owned())
        });
        let arns = form.list("PolicyArns");
        if POLICY_ARNS_MAX < arns.len() {
            return Err(failure::constraint(
                "PolicyArns",
                &format!("[{} ARNs]", arns.len()),
                "Member must have length less than or equal to 10",
            ));
        }
        let mut policy_arns: Vec<String> = Vec::new();
        for member in arns {
            let arn = member.get("arn").ok_or_else(|| failure::missing("PolicyArns.member.arn"))?;
            params::checked_arn("PolicyArns", arn)?;
            if !policy_arns.iter().any(|known| known == arn) {
                policy_arns.push(arn.to_owned());
            }
        }
        Ok(Self { policy: policy.transpose()?, policy_arns, tags: params::tags(form, "Tags")? })
    }

    /// Makes sure that the managed policies are there, of this account or AWS's.
    pub(super) async fn check_arns(&self, directory: &Directory, account: &str) -> Result<()> {
        let found = managed::compiled(directory, &self.policy_arns).await?;
        if found.len() == self.policy_arns.len()
            && self.policy_arns.iter().all(|arn| managed::is_reachable(arn, account))
        {
            return Ok(());
        }
        Err(failure::malformed_policy(
            "One or more of the session policy ARNs does not exist or is not of this account.",
        ))
    }

    /// How much of the quota is used, in percent; none where nothing is limited.
    pub(super) fn packed_percent(&self) -> Option<usize> {
        let arns: usize = self.policy_arns.iter().map(String::len).sum();
        let tags: usize = self.tags.iter().map(|(key, value)| key.chars().count() + value.chars().count()).sum();
        let used = self.policy.as_ref().map_or(0, |policy| policy.chars().count()) + arns + tags;
        (used != 0).then(|| (used * 100).div_ceil(PACKED_MAX).min(100))
    }
}

fn too_large(percent: usize) -> Failure {
    let message = format!("Packed policy consumes {percent}% of allotted space, please use smaller policy.");
    Failure::new(400, "PackedPolicyTooLarge", message)
}

/// How long a session takes, in seconds.
pub(super) fn duration(form: &Form, most: u32, usual: u32) -> Result<u32> {
    Ok(params::number(form, "DurationSeconds", 900, most)?.unwrap_or(usual))
}

/// A session that begins now.
pub(super) fn begin(
    granted: &Granted<'_>,
    account: &str,
    subject: Subject,
    seconds: u32,
    limits: Limits,
) -> Result<Claims> {
    let now = granted.origin().now;
    Ok(Claims {
        key_id: ids::access_key(ids::SESSION, account, granted.directory().random()),
        secret: Secret::random()?,
        account: account.to_owned(),
        subject,
        issued_at_ms: now.as_millis(),
        expires_at_ms: now.plus(Duration::from_secs(seconds.into())).as_millis(),
        policy: limits.policy,
        policy_arns: limits.policy_arns,
        tags: limits.tags,
        transitive: Vec::new(),
        source_identity: None,
    })
}

/// The credentials of a session.
pub(super) fn write(xml: &mut Xml, claims: &Claims, token: &str) {
    xml.node("Credentials", |xml| {
        xml.text("AccessKeyId", &claims.key_id);
        xml.text("SecretAccessKey", claims.secret.reveal());
        xml.text("SessionToken", token);
        xml.text("Expiration", &claims.expires_at().to_iso_seconds());
    });
}
