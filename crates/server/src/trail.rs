//! What becomes known of a call on its way.
//!
//! Steps leave here what they find out and borrow it. When the call has ended, whichever step it came to, metrics count it and the audit
//! log tells of it by what is known then.

use crate::body::Received;
use crate::credentials::Credentials;
use crate::guard::Sender;
use crate::operation::Operation;
use std::sync::OnceLock;

/// What is known of a call so far.
#[derive(Default)]
pub(crate) struct Trail<'a> {
    received: OnceLock<Received<'a>>,
    operation: OnceLock<Operation>,
    credentials: OnceLock<Credentials<'a>>,
    sender: OnceLock<Sender>,
    event: OnceLock<auth::Event>,
}

impl<'a> Trail<'a> {
    /// The whole request is there.
    pub(crate) fn received(&self, received: Received<'a>) -> &Received<'a> {
        self.received.get_or_init(|| received)
    }

    /// It calls this operation.
    pub(crate) fn addressed(&self, operation: Operation) {
        self.operation.get_or_init(|| operation);
    }

    /// It presents these credentials.
    pub(crate) fn identified(&self, credentials: Credentials<'a>) -> &Credentials<'a> {
        self.credentials.get_or_init(|| credentials)
    }

    /// It was sent by them.
    pub(crate) fn verified(&self, sender: Sender) -> &Sender {
        self.sender.get_or_init(|| sender)
    }

    /// IAM or STS answered it, or would have.
    pub(crate) fn managed(&self, event: auth::Event) {
        self.event.get_or_init(|| event);
    }

    /// The body that came.
    pub(crate) fn body(&self) -> Option<&[u8]> {
        self.received.get().map(|received| &received.body()[..])
    }

    /// The operation of DynamoDB that is called.
    pub(crate) fn operation(&self) -> Option<Operation> {
        self.operation.get().copied()
    }

    /// The credentials that were presented.
    pub(crate) fn credentials(&self) -> Option<&Credentials<'a>> {
        self.credentials.get()
    }

    /// Who called.
    pub(crate) fn sender(&self) -> Option<&Sender> {
        self.sender.get()
    }

    /// What IAM or STS tells of the call.
    pub(crate) fn event(&self) -> Option<&auth::Event> {
        self.event.get()
    }
}
