//! From the trail of a call to its event.

use super::ended::{Action, Ended, Parameters};
use super::event::{IdentityType, SessionContext, SessionIssuer, UserIdentity};
use super::planes::is_read_only;
use super::{Audit, parameters};
use crate::guard::Sender;
use crate::head::Head;
use crate::origin::Origin;
use crate::service::Answer;
use crate::trail::Trail;
use auth::{Identity, Principal};
use hyper::header::USER_AGENT;

/// The versions of the APIs of IAM and STS.
const QUERY_VERSIONS: [(&str, &str); 2] = [("iam.amazonaws.com", "2010-05-08"), ("sts.amazonaws.com", "2011-06-15")];

impl Audit {
    /// Notes how a call ended, if such calls belong into the log: by what became known of it, whichever step it came to.
    pub(crate) async fn record_trail(
        &self,
        trail: &Trail<'_>,
        answer: &Answer,
        (head, origin, request_id): (&Head<'_>, &Origin, &str),
        region: &str,
    ) {
        let (action, error) = (action(trail), error(trail, answer));
        // Asked before anything is made of the call: most calls do not belong into the log.
        if !action.is_recorded(error.map(|(code, _)| code)) {
            return;
        }
        let caller = caller(trail);
        // The id of a key names its account, also where the call was not its owner's.
        let of_key = || trail.credentials().and_then(|credentials| auth::account_of_key(&credentials.access_key_id));
        let account = caller.account_id.clone().or_else(of_key).unwrap_or_default();
        let body = trail.body().unwrap_or_default();
        let event = trail.event();
        let changed = match action {
            Action::DynamoDb(operation) => error.is_none() && !is_read_only(operation),
            Action::Other { .. } | Action::Unknown => false,
        };
        self.record_call(Ended {
            action,
            caller,
            origin,
            user_agent: head.text(USER_AGENT),
            host: head.host(),
            region,
            account: &account,
            request_id,
            parameters: match event {
                None => Parameters::Json(body),
                Some(event) => Parameters::Told(Some(event.request_parameters.clone()).filter(|told| !told.is_null())),
            },
            response: if changed { parameters::of_control(&answer.body) } else { None },
            resources: event.into_iter().flat_map(|event| &event.resources).map(|about| about.arn.clone()).collect(),
            error,
        })
        .await;
    }
}

fn action<'t>(trail: &'t Trail<'_>) -> Action<'t> {
    match (trail.operation(), trail.event()) {
        (Some(operation), _) => Action::DynamoDb(operation),
        (None, Some(event)) => {
            let version = QUERY_VERSIONS.iter().find(|(source, _)| *source == event.source);
            let version = version.map_or("", |(_, version)| version);
            Action::Other { source: &event.source, name: &event.name, version }
        }
        (None, None) => Action::Unknown,
    }
}

fn error<'t>(trail: &'t Trail<'_>, answer: &'t Answer) -> Option<(&'t str, &'t str)> {
    let (code, message) = match trail.event() {
        Some(event) => (event.error_code?, event.error_message.as_deref().unwrap_or_default()),
        None => answer.error.as_ref().map(|error| (error.code, error.message.as_str()))?,
    };
    // Behind its first paragraph a wrong signature is explained to the client; a session token may be in that.
    Some((code, message.split("\n\n").next().unwrap_or_default()))
}

fn caller(trail: &Trail<'_>) -> UserIdentity {
    match trail.sender() {
        Some(Sender::Known(verified)) => verified.identity().into(),
        Some(Sender::Anyone) | None => {
            UserIdentity::unknown(trail.credentials().map(|credentials| &*credentials.access_key_id))
        }
    }
}

impl From<&Identity> for UserIdentity {
    fn from(identity: &Identity) -> Self {
        let text = |text: &str| Some(text.to_owned());
        let issuer = |kind, principal_id, arn: &str, name: &str| SessionIssuer {
            kind,
            principal_id,
            arn: arn.to_owned(),
            account_id: identity.account().to_owned(),
            user_name: name.to_owned(),
        };
        let (kind, issuer) = match identity.principal() {
            Principal::Root => (IdentityType::Root, None),
            Principal::User { .. } => (IdentityType::IamUser, None),
            Principal::AssumedRole { role_arn, role, .. } => {
                // The unique id of a session is that of its role, a colon, and the session's name.
                let id = identity.user_id().split(':').next().and_then(text);
                (IdentityType::AssumedRole, Some(issuer("Role", id, role_arn, role)))
            }
            Principal::FederatedUser { issuer_arn, .. } => {
                let name = issuer_arn.rsplit('/').next().unwrap_or_default();
                (IdentityType::FederatedUser, Some(issuer("IAMUser", None, issuer_arn, name)))
            }
        };
        Self {
            kind,
            principal_id: text(identity.user_id()),
            arn: text(identity.arn()),
            account_id: text(identity.account()),
            access_key_id: text(identity.access_key_id()),
            user_name: identity.user_name().and_then(text),
            session_context: identity
                .session()
                .map(|session| SessionContext::new(issuer, session.issued_at.to_iso_seconds())),
        }
    }
}
