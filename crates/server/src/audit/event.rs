//! The form of an event: CloudTrail's, version 1.11, member by member in its order (AWS CloudTrail user guide, "CloudTrail record
//! contents"), so that what reads CloudTrail's files reads these.

use serde::Serialize;
use serde_json::Value;

/// One call, as it is told.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// The version of the form.
    pub event_version: &'static str,
    /// Who called.
    pub user_identity: UserIdentity,
    /// When the call ended, in UTC, to the second.
    pub event_time: String,
    /// The service that was called, as in `dynamodb.amazonaws.com`.
    pub event_source: String,
    /// The operation.
    pub event_name: String,
    /// The server's Region.
    pub aws_region: String,
    /// The client's address; `unix` when it called through a unix socket.
    #[serde(rename = "sourceIPAddress")]
    pub source_ip_address: String,
    /// What the client says that it is.
    pub user_agent: Option<String>,
    /// The error, without its namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// The error's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// What was asked for, without values of items.
    pub request_parameters: Option<Value>,
    /// What was answered, for calls that change something.
    pub response_elements: Option<Value>,
    /// The id under which the answer went out.
    #[serde(rename = "requestID")]
    pub request_id: String,
    /// The event's own id.
    #[serde(rename = "eventID")]
    pub event_id: String,
    /// Whether the operation only reads.
    pub read_only: bool,
    /// What the call was about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Resource>,
    /// That it was a call.
    pub event_type: &'static str,
    /// The version of the API that was called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_version: Option<&'static str>,
    /// Whether the operation manages something, as opposed to reading and writing items.
    pub management_event: bool,
    /// The account that the resources belong to.
    pub recipient_account_id: String,
    /// The endpoint through which the call came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc_endpoint_id: Option<String>,
    /// `Management` or `Data`.
    pub event_category: &'static str,
    /// How the connection was protected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_details: Option<TlsDetails>,
}

/// What kind of caller it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum IdentityType {
    /// The owner of an account.
    Root,
    /// A user.
    #[serde(rename = "IAMUser")]
    IamUser,
    /// A session of a role.
    AssumedRole,
    /// A session that a user gave out.
    FederatedUser,
    /// Somebody of another account.
    #[serde(rename = "AWSAccount")]
    AwsAccount,
    /// The server itself.
    #[serde(rename = "AWSService")]
    AwsService,
    /// Nobody that is known: a call without credentials, or with wrong ones.
    #[default]
    Unknown,
}

/// Who called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserIdentity {
    /// What kind of caller it is.
    #[serde(rename = "type")]
    pub kind: IdentityType,
    /// The unique id of the caller: that of the user, or that of the role with the session's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal_id: Option<String>,
    /// The caller's ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// The caller's account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// The key that the call was signed with, or claims to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_key_id: Option<String>,
    /// The user's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// The session, for temporary credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_context: Option<SessionContext>,
}

impl UserIdentity {
    /// Somebody who claims to have this key; none when there was no claim that could be read.
    pub fn unknown(access_key_id: Option<&str>) -> UserIdentity {
        UserIdentity { access_key_id: access_key_id.map(str::to_owned), ..UserIdentity::default() }
    }
}

/// What temporary credentials came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionContext {
    /// The role or the user behind the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_issuer: Option<SessionIssuer>,
    /// When the session began, and whether a second factor was shown.
    pub attributes: SessionAttributes,
}

impl SessionContext {
    /// A session that began at `creation_date`, as in `2026-01-31T23:59:59Z`.
    pub fn new(session_issuer: Option<SessionIssuer>, creation_date: String) -> SessionContext {
        SessionContext { session_issuer, attributes: SessionAttributes { creation_date, mfa_authenticated: "false" } }
    }
}

/// The role or the user behind a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionIssuer {
    /// `Role`, `User` or `Root`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Its unique id, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal_id: Option<String>,
    /// Its ARN.
    pub arn: String,
    /// Its account.
    pub account_id: String,
    /// Its name.
    pub user_name: String,
}

/// Facts of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionAttributes {
    creation_date: String,
    /// There are no second factors.
    mfa_authenticated: &'static str,
}

/// Something that a call was about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    /// The account that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// What it is, as in `AWS::DynamoDB::Table`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Its ARN.
    #[serde(rename = "ARN")]
    pub arn: String,
}

/// How a connection was protected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TlsDetails {
    pub(super) tls_version: &'static str,
    pub(super) cipher_suite: &'static str,
    /// The name by which the client called the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_provided_host_header: Option<String>,
}
