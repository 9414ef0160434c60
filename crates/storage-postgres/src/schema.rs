//! The tables' first making and their format, checked whenever a store is opened.

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::OpenError;
use crate::error::{Class, Failure, classify};
use crate::link::Connector;
use crate::sql;

/// The format of the tables that this release makes. A database of a higher one is refused.
pub const FORMAT_VERSION: i64 = 2;

/// Makes the tables where they are missing, and looks whether this release knows them. Several servers may do so at once.
///
/// # Errors
/// [`OpenError::NewerFormat`], or that the database could not be reached.
pub async fn prepare(connector: &Connector) -> Result<(), OpenError> {
    let mut attempts = connector.attempts("opening the store");
    loop {
        match attempt(connector).await {
            Ok(found) if found == FORMAT_VERSION => return Ok(()),
            // An older one was upgraded, by us or by another server: looked at again.
            Ok(found) if found < FORMAT_VERSION => attempts.again_because("the tables stay old").await?,
            Ok(found) => return Err(OpenError::NewerFormat { found, known: FORMAT_VERSION }),
            Err(failure) if made_by_another(&failure) || classify(&failure) == Class::Refused => {
                attempts.again_because("other servers go on changing the tables").await?;
            }
            Err(failure) => attempts.again(failure).await?,
        }
    }
}

async fn attempt(connector: &Connector) -> Result<i64, Failure> {
    let client = connector.bare().await?;
    match format(&client, &connector.schema).await {
        Ok(Some(found)) => {
            if found < FORMAT_VERSION {
                client.batch_execute(&sql::upgrade(&connector.schema)).await?;
            }
            return Ok(found);
        }
        // No table or no row yet: the rest of the work may be somebody else's too.
        Ok(None) => (),
        Err(failure) if is_missing(&failure) => (),
        Err(failure) => return Err(failure),
    }
    let schema = &connector.schema;
    let create = format!(
        "BEGIN; {} INSERT INTO {schema}.format (id, version) VALUES (1, {FORMAT_VERSION}) ON CONFLICT (id) DO NOTHING; COMMIT",
        sql::create(schema)
    );
    client.batch_execute(&create).await?;
    Ok(format(&client, schema).await?.unwrap_or(FORMAT_VERSION))
}

/// The format that the database holds, `None` before it holds any.
pub async fn format(client: &Client, schema: &str) -> Result<Option<i64>, Failure> {
    let rows = client.query(&format!("SELECT version FROM {schema}.format WHERE id = 1"), &[]).await?;
    Ok(rows.first().map(|row| row.try_get(0)).transpose()?)
}

fn is_missing(failure: &Failure) -> bool {
    failure.code().is_some_and(|state| [SqlState::UNDEFINED_TABLE, SqlState::INVALID_SCHEMA_NAME].contains(state))
}

/// "IF NOT EXISTS" looks before it makes, and two who look at once both make: one of them fails and finds all there when it looks again.
fn made_by_another(failure: &Failure) -> bool {
    let raced = [
        SqlState::UNIQUE_VIOLATION,
        SqlState::DUPLICATE_TABLE,
        SqlState::DUPLICATE_SCHEMA,
        SqlState::DUPLICATE_OBJECT,
        SqlState::INTERNAL_ERROR,
    ];
    failure.code().is_some_and(|state| raced.contains(state))
}
