//! IAM and STS: the query protocol, a form in, XML out.
//!
//! ```text
//! form -> operation (table) -> target (whose ARN, which account) -> policies -> Granted -> the operation's function -> XML
//! ```
//!
//! What must hold: a refused caller learns nothing but that it was refused; what exists is looked up for its answer only after policies
//! allowed it. Nobody is told of a change before it survives power loss.

mod asked;
mod authorize;
mod event;
mod iam;
pub(crate) mod params;
mod sts;
mod table;

pub use event::Event;
pub use event::Resource as EventResource;
pub use table::actions;

use crate::failure::{self, Failure, Result};
use crate::form::Form;
use crate::identity::{Authenticator, Identity, Principal};
use crate::origin::Origin;
use crate::xml::Xml;
use authorize::Granted;
use std::sync::Arc;
use table::Row;

/// A service of the query protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Service {
    /// Identity and Access Management.
    Iam,
    /// Security Token Service.
    Sts,
}

impl Service {
    /// The name in credential scopes and in actions.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Iam => "iam",
            Self::Sts => "sts",
        }
    }

    const fn namespace(self) -> &'static str {
        match self {
            Self::Iam => "https://iam.amazonaws.com/doc/2010-05-08/",
            Self::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
        }
    }

    const fn version(self) -> &'static str {
        match self {
            Self::Iam => "2010-05-08",
            Self::Sts => "2011-06-15",
        }
    }

    /// The service of this name in credential scopes.
    pub fn of_prefix(prefix: &str) -> Option<Self> {
        [Self::Iam, Self::Sts].into_iter().find(|service| service.prefix() == prefix)
    }

    /// Which service a form's `Version` means, for a request that does not say it otherwise.
    pub fn of_version(version: &str) -> Option<Self> {
        [Self::Iam, Self::Sts].into_iter().find(|service| service.version() == version)
    }
}

/// The IAM and STS services.
pub struct Services {
    authenticator: Arc<Authenticator>,
}

/// The answer to a request. Its body may hold a secret, so it is not printed.
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The body, `text/xml`.
    pub body: String,
    /// What the audit log tells of it.
    pub event: Event,
}

/// What an operation answers.
pub(crate) enum Answer {
    /// Only that it was done.
    Done,
    /// The elements of its result.
    Result(Xml),
}

impl Services {
    /// The services over the directory of this authenticator.
    pub fn new(authenticator: Arc<Authenticator>) -> Self {
        Self { authenticator }
    }

    /// Answers a request: the form of a POST's body, or of a GET's query without what signs it. The caller's signature was verified.
    pub async fn call(
        &self,
        service: Service,
        form: &[u8],
        caller: &Identity,
        origin: &Origin<'_>,
        request_id: &str,
    ) -> Response {
        let form = Form::parse(form);
        let mut event = Event::new(service, form.as_ref().ok());
        let answer = match &form {
            Err(failure) => Err(failure.clone()),
            Ok(form) => self.answer(service, form, (caller, origin), &mut event).await,
        };
        match answer {
            Ok((row, answer)) => Response { status: 200, body: success(row, answer, request_id), event },
            Err(failure) => refusal(service, &failure, request_id, event),
        }
    }

    /// Answers a request that is refused before anything is asked of it, such as one whose signature is wrong.
    pub fn refuse(&self, service: Service, form: &[u8], failure: Failure, request_id: &str) -> Response {
        let event = Event::new(service, Form::parse(form).as_ref().ok());
        refusal(service, &failure, request_id, event)
    }

    async fn answer(
        &self,
        service: Service,
        form: &Form,
        (caller, origin): (&Identity, &Origin<'_>),
        event: &mut Event,
    ) -> Result<(&'static Row, Answer)> {
        let row = operation(service, form)?;
        event.is_known(row, form);
        reaches(row, caller)?;
        let directory = self.authenticator.directory();
        let store_epoch = directory.store_epoch();
        let granted = Granted::authorize(row, form, (caller, origin), directory, event).await?;
        let answer = (row.run)(&granted).await;
        // A refusal tells of what there is, too.
        directory.settle(store_epoch).await?;
        Ok((row, answer?))
    }
}

fn operation(service: Service, form: &Form) -> Result<&'static Row> {
    let action = form.get("Action").filter(|action| !action.is_empty()).ok_or_else(failure::missing_action)?;
    let version = form.get("Version").unwrap_or(service.version());
    let row = (version == service.version()).then(|| table::find(service, action)).flatten();
    row.ok_or_else(|| failure::invalid_action(action, version))
}

/// Temporary credentials of users do not reach all operations: those of GetSessionToken without a second factor none of IAM, and of
/// STS only AssumeRole and GetCallerIdentity; those of federated users only GetCallerIdentity (STS's documentation of the two operations).
fn reaches(row: &Row, caller: &Identity) -> Result<()> {
    if caller.session().is_none() || row.name == "GetCallerIdentity" {
        return Ok(());
    }
    match caller.principal() {
        Principal::AssumedRole { .. } => Ok(()),
        Principal::Root | Principal::User { .. } if row.name == "AssumeRole" => Ok(()),
        _ if row.service == Service::Sts => {
            Err(failure::access_denied(format!("Cannot call {} with session credentials", row.name)))
        }
        _ => Err(failure::invalid_client_token()),
    }
}

fn success(row: &Row, answer: Answer, request_id: &str) -> String {
    let mut xml = Xml::default();
    xml.root(&format!("{}Response", row.name), row.service.namespace(), |xml| {
        if let Answer::Result(result) = answer {
            xml.node(&format!("{}Result", row.name), |xml| xml.append(&result));
        }
        xml.node("ResponseMetadata", |xml| xml.text("RequestId", request_id));
    });
    xml.into_string()
}

fn refusal(service: Service, failure: &Failure, request_id: &str, mut event: Event) -> Response {
    event.failed(failure);
    Response { status: failure.status, body: error_xml(service, failure, request_id), event }
}

/// An error as query services answer it.
pub(crate) fn error_xml(service: Service, failure: &Failure, request_id: &str) -> String {
    let mut xml = Xml::default();
    xml.root("ErrorResponse", service.namespace(), |xml| {
        xml.node("Error", |xml| {
            xml.text("Type", if failure.is_senders() { "Sender" } else { "Receiver" });
            xml.text("Code", failure.code);
            xml.text("Message", &failure.message);
        });
        xml.text("RequestId", request_id);
    });
    xml.into_string()
}
