//! The facts of a request as conditions of policies ask for them: those of the caller, of its origin, and of what it asks for.
//!
//! What must hold: nothing is worked out that no policy asks for. `aws:SourceIp` is absent where the request came through an endpoint, as
//! within AWS; there it is `aws:VpcSourceIp`.

use crate::directory::record::Tags;
use crate::form::Form;
use crate::identity::Identity;
use crate::origin::Origin;
use policy::{Context, Key, Values};
use std::cell::OnceCell;
use std::collections::BTreeMap;

/// The facts of a request.
pub struct Facts<'a> {
    caller: &'a Identity,
    origin: &'a Origin<'a>,
    /// The facts of what is asked for. It is asked for every key that is not the caller's or the origin's.
    own: &'a dyn Context,
    address: OnceCell<String>,
    time: OnceCell<String>,
    epoch: OnceCell<String>,
    issued: OnceCell<String>,
}

impl<'a> Facts<'a> {
    /// The facts of a request of this caller, from there, and its own.
    pub fn new(caller: &'a Identity, origin: &'a Origin<'a>, own: &'a dyn Context) -> Self {
        let (address, time, epoch, issued) = Default::default();
        Self { caller, origin, own, address, time, epoch, issued }
    }

    /// Who asks.
    pub fn caller(&self) -> &'a Identity {
        self.caller
    }

    /// From where.
    pub fn origin(&self) -> &'a Origin<'a> {
        self.origin
    }

    fn address(&self) -> Option<&str> {
        let address = self.origin.source_ip?;
        Some(self.address.get_or_init(|| address.to_string()))
    }

    /// When the credentials were issued: told of temporary ones only.
    fn issued_at(&self) -> Option<&str> {
        let session = self.caller.session()?;
        Some(self.issued.get_or_init(|| session.issued_at.to_iso_seconds()))
    }

    /// The name of a user, also of its session.
    fn source_identity(&self) -> Option<&str> {
        self.caller.session()?.source_identity.as_deref()
    }
}

impl Context for Facts<'_> {
    fn values(&self, key: Key, name: &str) -> Values<'_> {
        let (caller, origin) = (self.caller, self.origin);
        let value = match key {
            Key::CurrentTime => Some(self.time.get_or_init(|| origin.now.to_iso_seconds()).as_str()),
            Key::EpochTime => Some(self.epoch.get_or_init(|| origin.now.as_seconds().to_string()).as_str()),
            // There is no second factor: of long-term credentials the key is absent, of temporary ones it is false.
            Key::MultiFactorAuthPresent => caller.session().map(|_| "false"),
            Key::PrincipalAccount => Some(caller.account()),
            Key::PrincipalArn => Some(caller.principal_arn()),
            Key::PrincipalIsAwsService | Key::ViaAwsService => Some("false"),
            Key::PrincipalType => Some(caller.principal_type()),
            Key::PrincipalTag => caller.tag(name),
            Key::Referer => origin.referer,
            Key::RequestedRegion => Some(origin.region),
            Key::SecureTransport => return Values::boolean(origin.secure_transport),
            Key::SourceIdentity => self.source_identity(),
            Key::SourceIp => self.address().filter(|_| origin.endpoint.is_none()),
            Key::VpcSourceIp => self.address().filter(|_| origin.endpoint.is_some()),
            Key::SourceVpce => origin.endpoint,
            Key::TokenIssueTime => self.issued_at(),
            Key::UserAgent => origin.user_agent,
            Key::UserId => Some(caller.user_id()),
            Key::UserName => caller.user_name(),
            _ => return self.own.values(key, name),
        };
        Values::from_option(value)
    }
}

/// The facts that a request to IAM or STS has of its own.
#[derive(Debug, Default)]
pub(crate) struct Own {
    account: String,
    one: BTreeMap<&'static str, String>,
    request_tags: Tags,
    resource_tags: Tags,
    tag_keys: Vec<String>,
    transitive: Vec<String>,
}

/// Which parameter a key tells.
const PARAMETERS: [(Key, &str); 8] = [
    (Key::AwsServiceName, "AWSServiceName"),
    (Key::DurationSeconds, "DurationSeconds"),
    (Key::ExternalId, "ExternalId"),
    (Key::PermissionsBoundary, "PermissionsBoundary"),
    (Key::PolicyArn, "PolicyArn"),
    (Key::RoleSessionName, "RoleSessionName"),
    (Key::StsSourceIdentity, "SourceIdentity"),
    (Key::SourceIdentity, "SourceIdentity"),
];

impl Own {
    /// Of this form, about something of this account with these tags.
    pub(crate) fn of_request(form: &Form, account: &str, resource_tags: &Tags) -> Self {
        let tags = form.list("Tags");
        let mut request_tags = Tags::new();
        for tag in &tags {
            if let (Some(key), Some(value)) = (tag.get("Key"), tag.get("Value")) {
                request_tags.insert(key.to_owned(), value.to_owned());
            }
        }
        let untagged = form.texts("TagKeys").into_iter().map(str::to_owned);
        let tag_keys = request_tags.keys().cloned().chain(untagged).collect();
        let one = PARAMETERS.iter().filter_map(|(_, name)| Some((*name, form.get(name)?.to_owned()))).collect();
        Self {
            account: account.to_owned(),
            one,
            request_tags,
            resource_tags: resource_tags.clone(),
            tag_keys,
            transitive: form.texts("TransitiveTagKeys").into_iter().map(str::to_owned).collect(),
        }
    }
}

impl Context for Own {
    fn values(&self, key: Key, name: &str) -> Values<'_> {
        match key {
            Key::RequestTag => tag(&self.request_tags, name),
            Key::ResourceTag => tag(&self.resource_tags, name),
            Key::ResourceAccount => Values::One(&self.account),
            Key::TagKeys if !self.tag_keys.is_empty() => Values::Many(&self.tag_keys),
            Key::TransitiveTagKeys if !self.transitive.is_empty() => Values::Many(&self.transitive),
            // `iam:ResourceTag/NAME` is an older name of `aws:ResourceTag/NAME`.
            Key::Other => match name.split_once('/') {
                Some((prefix, name)) if prefix.eq_ignore_ascii_case(Key::IamResourceTag.text()) => {
                    tag(&self.resource_tags, name)
                }
                _ => Values::Absent,
            },
            key => {
                let parameter = PARAMETERS.iter().find(|(known, _)| *known == key).map(|(_, parameter)| *parameter);
                Values::from_option(parameter.and_then(|name| self.one.get(name)).map(String::as_str))
            }
        }
    }
}

fn tag<'a>(tags: &'a Tags, name: &str) -> Values<'a> {
    let found = tags.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    Values::from_option(found.map(|(_, value)| value.as_str()))
}
