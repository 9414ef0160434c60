//! The operations of STS.

pub(super) mod assume_role;
mod credentials;
pub(super) mod tokens;

use super::Answer;
use super::authorize::Granted;
use super::params;
use crate::failure::{self, Failure, Result};
use crate::ids;
use crate::xml::Xml;

/// The answer with these elements.
fn result(write: impl FnOnce(&mut Xml)) -> Result<Answer> {
    let mut xml = Xml::default();
    write(&mut xml);
    Ok(Answer::Result(xml))
}

pub(super) async fn get_caller_identity(granted: &Granted<'_>) -> Result<Answer> {
    let caller = granted.caller();
    result(|xml| {
        xml.text("UserId", caller.user_id());
        xml.text("Account", caller.account());
        xml.text("Arn", caller.arn());
    })
}

pub(super) async fn get_access_key_info(granted: &Granted<'_>) -> Result<Answer> {
    let id = params::required(granted.form(), "AccessKeyId")?;
    let account = ids::account_of(id);
    let account = account.ok_or_else(|| failure::validation(format!("Access key {id} is not valid.")))?;
    result(|xml| xml.text("Account", &account))
}

/// No refusal carries a message that could be decoded.
pub(super) async fn decode_authorization_message(granted: &Granted<'_>) -> Result<Answer> {
    params::required(granted.form(), "EncodedMessage")?;
    Err(Failure::new(400, "InvalidAuthorizationMessageException", "The encoded authorization message is not valid."))
}
