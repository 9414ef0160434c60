//! A call that ended becomes an event, if calls of its kind that end so belong into the log.

use super::event::{Event, Resource, TlsDetails, UserIdentity};
use super::parameters;
use super::planes::{Plane, is_read_only, plane};
use crate::operation::Operation;
use crate::origin::Origin;
use runtime::Timestamp;
use serde_json::Value;

/// Errors that say: you may not. Those of the JSON services, and those of IAM and STS.
const DENIALS: [&str; 19] = [
    "AccessDenied",
    "AccessDeniedException",
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "KMSAccessDeniedException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "NotAuthorized",
    "OptInRequired",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "UnauthorizedOperation",
    "UnrecognizedClientException",
];

/// What was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action<'a> {
    /// An operation of DynamoDB or of its streams.
    DynamoDb(Operation),
    /// An operation of IAM, STS or another service that only manages.
    Other {
        /// The service, as in `iam.amazonaws.com`.
        source: &'a str,
        /// The operation, as in `CreateUser`.
        name: &'a str,
        /// The version of the API.
        version: &'static str,
    },
    /// An operation that could not be told, as the request was refused before.
    Unknown,
}

impl Action<'_> {
    /// Whether a call of this that ends with this error, or without any, belongs into the log. Asked before anything else is made of
    /// a call, so that reads and writes of items, which do not belong there, pay nothing.
    pub fn is_recorded(&self, error_code: Option<&str>) -> bool {
        self.plane() == Plane::Control || error_code.is_some_and(|code| DENIALS.contains(&code))
    }

    fn plane(&self) -> Plane {
        match self {
            Action::DynamoDb(operation) => plane(*operation),
            Action::Other { .. } => Plane::Control,
            // Whatever it was, it is told only when it was denied.
            Action::Unknown => Plane::Data,
        }
    }

    fn is_read_only(&self) -> bool {
        match self {
            Action::DynamoDb(operation) => is_read_only(*operation),
            // `GetSessionToken` gives out keys, but changes nothing, and is told as reading by CloudTrail too.
            Action::Other { name, .. } => {
                ["Get", "List", "Simulate", "Generate", "Decode"].iter().any(|verb| name.starts_with(verb))
            }
            Action::Unknown => false,
        }
    }
}

/// What a request asked for.
#[derive(Clone, Debug)]
pub enum Parameters<'a> {
    /// The body of a call of DynamoDB.
    Json(&'a [u8]),
    /// The body of a call of IAM or STS.
    Form(&'a [u8]),
    /// What may be told was taken from it already.
    Told(Option<Value>),
}

/// This call of this operation ended so. Whoever calls [`Audit::record_call`](super::Audit::record_call) fills in what is known at the
/// end, whichever step the call came to.
#[derive(Clone, Debug)]
pub struct Ended<'a> {
    /// What was called.
    pub action: Action<'a>,
    /// Who called: [`UserIdentity::unknown`] for a call whose signature was not verified.
    pub caller: UserIdentity,
    /// Where the call came from.
    pub origin: &'a Origin,
    /// The header `User-Agent`.
    pub user_agent: Option<&'a str>,
    /// The header `Host`.
    pub host: Option<&'a str>,
    /// The server's Region.
    pub region: &'a str,
    /// The account that the call was about: the caller's, if it is not known.
    pub account: &'a str,
    /// The id under which the answer goes out.
    pub request_id: &'a str,
    /// What was asked for.
    pub parameters: Parameters<'a>,
    /// What was answered to a call that changed something, if that is to be told: no secrets.
    pub response: Option<Value>,
    /// The ARNs of what the call was about; when empty, they are taken from the names in a JSON body.
    pub resources: Vec<String>,
    /// The error, without its namespace, and its words.
    pub error: Option<(&'a str, &'a str)>,
}

impl Ended<'_> {
    pub(super) fn error_code(&self) -> Option<&str> {
        self.error.map(|(code, _)| code)
    }

    pub(super) fn into_event(self, now: Timestamp, event_id: String) -> Event {
        let is_control = self.action.plane() == Plane::Control;
        let (source, name, api_version) = match self.action {
            Action::DynamoDb(operation) => ("dynamodb.amazonaws.com", operation.name(), Some("2012-08-10")),
            Action::Other { source, name, version } => (source, name, Some(version)),
            Action::Unknown => ("dynamodb.amazonaws.com", "Unknown", None),
        };
        Event {
            event_version: "1.11",
            event_time: now.to_iso_seconds(),
            event_source: source.to_owned(),
            event_name: name.to_owned(),
            aws_region: self.region.to_owned(),
            source_ip_address: self.origin.source.map_or_else(|| "unix".to_owned(), |source| source.to_string()),
            user_agent: self.user_agent.map(str::to_owned),
            error_code: self.error.map(|(code, _)| code.to_owned()),
            error_message: self.error.map(|(_, message)| message.to_owned()),
            resources: self.resources(),
            request_parameters: told(self.parameters, is_control),
            response_elements: self.response,
            request_id: self.request_id.to_owned(),
            event_id,
            read_only: self.action.is_read_only(),
            event_type: "AwsApiCall",
            api_version,
            management_event: is_control,
            recipient_account_id: self.account.to_owned(),
            vpc_endpoint_id: self.origin.endpoint.id.clone(),
            event_category: if is_control { "Management" } else { "Data" },
            tls_details: tls_details(self.origin, self.host),
            user_identity: self.caller,
        }
    }

    fn resources(&self) -> Vec<Resource> {
        match (&self.parameters, self.resources.is_empty()) {
            (_, false) => self.resources.iter().cloned().map(parameters::resource).collect(),
            (Parameters::Json(body), true) => parameters::resources(body, self.region, self.account),
            _ => Vec::new(),
        }
    }
}

fn told(parameters: Parameters<'_>, is_control: bool) -> Option<Value> {
    match parameters {
        Parameters::Json(body) if is_control => parameters::of_control(body),
        Parameters::Json(body) => parameters::of_data(body),
        Parameters::Form(body) => parameters::of_form(body),
        Parameters::Told(value) => value,
    }
}

fn tls_details(origin: &Origin, host: Option<&str>) -> Option<TlsDetails> {
    origin.protection.map(|protection| TlsDetails {
        tls_version: protection.version,
        cipher_suite: protection.cipher_suite,
        client_provided_host_header: host.map(str::to_owned),
    })
}
