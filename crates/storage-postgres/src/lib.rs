//! The store over the PostgreSQL protocol: any number of stateless servers over one database that exists already.
mod commit;
mod error;
mod exclusive;
mod health;
mod heat;
mod lanes;
mod link;
mod plan;
mod read;
mod schema;
mod settings;
mod settled;
mod sql;
mod store;
mod tls;
mod version;

pub use error::OpenError;
pub use schema::FORMAT_VERSION;
pub use settings::PostgresSettings;
pub use store::PostgresStore;
