//! Where a request comes from, as policies ask for it.

use policy::Policy;
use runtime::Timestamp;
use std::net::IpAddr;

/// The facts of a request that do not depend on what it asks for.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The client's address; none on a unix socket.
    pub source_ip: Option<IpAddr>,
    /// The id of the endpoint that was called, as in `vpce-0a1b2c3d`; none for the public one. Through an endpoint `aws:SourceIp` is absent.
    pub endpoint: Option<&'a str>,
    /// The endpoint's policy; none allows what other policies allow.
    pub endpoint_policy: Option<&'a Policy>,
    /// Whether nobody between could read or change what is said.
    pub secure_transport: bool,
    /// The header `User-Agent`.
    pub user_agent: Option<&'a str>,
    /// The header `Referer`.
    pub referer: Option<&'a str>,
    /// The Region that was called: that of the signature's scope.
    pub region: &'a str,
    /// When the request came.
    pub now: Timestamp,
}
