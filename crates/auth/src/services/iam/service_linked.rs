//! Roles that services have for themselves. Nothing here needs them; clients that set up scaling make them all the same.

use super::{result, roles, shapes};
use crate::arn;
use crate::directory::record::{EntityPolicies, Record as _, Role, Tags};
use crate::directory::{Ids, change};
use crate::failure::{self, Result};
use crate::form::Form;
use crate::ids;
use crate::services::Answer;
use crate::services::authorize::Granted;
use crate::services::params;

/// The services that have such roles, and what follows `AWSServiceRoleFor` in their names.
const SERVICES: [(&str, &str); 5] = [
    ("dynamodb.application-autoscaling.amazonaws.com", "ApplicationAutoScaling_DynamoDBTable"),
    ("replication.dynamodb.amazonaws.com", "DynamoDBReplication"),
    ("contributorinsights.dynamodb.amazonaws.com", "DynamoDBCloudWatchContributorInsights"),
    ("kinesisreplication.dynamodb.amazonaws.com", "DynamoDBKinesisDataStreamsReplication"),
    ("dax.amazonaws.com", "DAX"),
];

/// A role that is to be made for a service.
#[derive(Debug)]
pub(crate) struct ServiceLinked<'a> {
    pub account: &'a str,
    pub name: String,
    service: &'a str,
}

/// What a request to make one is about.
pub(crate) fn about<'a>(form: &'a Form, account: &'a str) -> Result<ServiceLinked<'a>> {
    let service = params::required(form, "AWSServiceName")?;
    let known = SERVICES.iter().find(|(known, _)| *known == service);
    let (service, name) = known.ok_or_else(|| {
        failure::invalid_input(format!("Service {service} is not recognized as one that has a service-linked role."))
    })?;
    let suffix = params::optional_name(form, "CustomSuffix", 64)?;
    let name = match suffix {
        Some(suffix) => format!("AWSServiceRoleFor{name}_{suffix}"),
        None => format!("AWSServiceRoleFor{name}"),
    };
    Ok(ServiceLinked { account, name, service })
}

impl ServiceLinked<'_> {
    /// The ARN that the role will have.
    pub(crate) fn arn(&self) -> String {
        arn::named(self.account, Role::WORD, &self.path(), &self.name)
    }

    fn path(&self) -> String {
        format!("{}{}/", roles::SERVICE_PATH, self.service)
    }
}

pub(crate) async fn create(granted: &Granted<'_>) -> Result<Answer> {
    let account = granted.account();
    let made = about(granted.form(), account)?;
    let description = params::optional(granted.form(), "Description", 1000)?;
    let trust = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": [made.service]}, "Action": ["sts:AssumeRole"]}],
    })
    .to_string();
    let role = change!(granted.directory(), async |change| {
        if change.find::<Role>(account, &made.name).await?.is_some() {
            let name = &made.name;
            return Err(failure::invalid_input(format!(
                "Service role name {name} has been taken in this account, please try a different suffix."
            )));
        }
        let role = Role {
            name: made.name.clone(),
            path: made.path(),
            id: ids::unique(ids::Kind::Role, change.directory.random()),
            created_at_ms: change.now_ms(),
            trust: trust.clone(),
            trusted: Ids::new(),
            description: description.map(str::to_owned),
            max_session_seconds: 3600,
            tags: Tags::new(),
            policies: EntityPolicies::default(),
            boundary: None,
        };
        change.put(account, &role)?;
        Ok(role)
    })?;
    result(|xml| xml.node("Role", |xml| shapes::whole_role(xml, account, &role)))
}
