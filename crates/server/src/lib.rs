//! The network face of the database: connections, HTTP, the request pipeline, metrics, shutdown.
//!
//! The life of a request, with the file of each step:
//!
//! 1. [`listener`](Listener) accepts a connection; `connection` tells HTTP/1.1 from HTTP/2 and hands each request to
//! 2. `pipeline`, which lists every step in order: `route` (which page or API is meant), `body` (collect and decompress),
//!    `call` (content type and target), `credentials` (who signed it),
//! 3. [`Service`]: decode, engine, encode. Answers with an [`Answer`], which
//! 4. `response` turns into an HTTP response: request id, checksum, compression, CORS.
//!
//! What must hold: a step's output can be built by that step alone (its fields are private), so no request reaches the
//! service without having passed every step. No request, however malformed, slow or large, takes the process down or keeps
//! a connection for ever: `connections` ends what takes too long, `panics` turns a bug into a 500. Nothing here knows what an
//! item is.

pub mod audit;
mod body;
mod call;
mod connection;
mod connections;
mod credentials;
mod dispatch;
mod head;
mod listener;
mod metrics;
mod network;
mod operation;
mod origin;
mod pages;
mod panics;
mod pipeline;
mod refusal;
mod request_id;
mod response;
mod route;
mod self_signed;
mod service;
mod settings;
mod socket;
mod tls;

pub use call::AuthenticatedCall;
pub use credentials::Credentials;
pub use dispatch::Dispatch;
pub use listener::Server;
pub use metrics::Outcome;
pub use network::{Network, NetworkError};
pub use operation::Operation;
pub use origin::{Endpoint, Origin, Protection};
pub use panics::log_panics;
pub use self_signed::{SelfSigned, make_self_signed};
pub use service::{Answer, Service};
pub use settings::{Limits, Settings};
pub use socket::{Address, Listener, ListenerSettings};
pub use tls::{ClientCertificates, Tls, TlsError, TlsSettings};
