//! The network face of the database: connections, HTTP, the request pipeline, metrics, shutdown.
//!
//! The life of a request, with the file of each step:
//!
//! 1. `listener` accepts a connection on a `socket`, if its `network` is allowed; `tls` agrees with the client, `connection` tells HTTP/1.1
//!    from HTTP/2 and hands each request, with its `origin`, to
//! 2. `pipeline`, which lists every step in order: `route` (which page or API is meant), `body` (collect and decompress), `admission`
//!    (whether there is time and room for it), `call` (what is called, by whom), `credentials` (what was presented), `guard` (whether it is
//!    they), and then either `query` (IAM and STS) or
//! 3. [`Service`]: `dispatch` decodes, `authorize` asks the policies, the engine answers, with an [`Answer`], which
//! 4. `response` turns into an HTTP response: request id, checksum, compression, CORS.
//!
//! What must hold: a step's output can be built by that step alone (its fields are private), so no request reaches the
//! service without having passed every step. No request, however malformed, slow or large, takes the process down or keeps
//! a connection for ever: `connections` ends what takes too long, `held` counts what is held for clients, `panics` turns a bug into a 500.
//! Nothing here knows what an item is.

mod admission;
pub mod audit;
mod authorize;
mod body;
mod call;
mod connection;
mod connections;
mod credentials;
mod dispatch;
mod guard;
mod head;
mod held;
mod listener;
mod metrics;
mod network;
mod operation;
mod origin;
mod pages;
mod panics;
mod pipeline;
mod query;
mod refusal;
mod request_id;
mod response;
mod route;
mod self_signed;
mod service;
mod settings;
mod socket;
mod tls;
mod trail;

pub use call::AuthenticatedCall;
pub use connection::Transport;
pub use credentials::{Credentials, Place};
pub use dispatch::Dispatch;
pub use guard::{Guard, Sender, Verified};
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
