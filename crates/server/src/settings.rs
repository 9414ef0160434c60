//! What the operator decides about the network face, and the limits that keep one client from harming the others.

use crate::audit::Audit;
use crate::guard::Guard;
use std::sync::Arc;
use std::time::Duration;

/// How the server presents itself and what it puts up with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The region that the server claims to be, as in `us-east-1`.
    pub region: String,
    /// What a client may ask of the server before it is cut off.
    pub limits: Limits,
    /// What verifies signatures and knows policies; without it the server is open.
    pub guard: Option<Arc<Guard>>,
    /// Where it is noted what was denied and what was managed.
    pub audit: Option<Arc<Audit>>,
}

/// Bounds on what one client can make the server hold or wait for.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The largest request body, before and after decompression. DynamoDB: 16 MB (developer guide, "Quotas").
    pub body_bytes: usize,
    /// The most bytes of a request line and its headers.
    pub head_bytes: usize,
    /// How long a request's head may take from its first byte to its last.
    pub head_timeout: Duration,
    /// How long a request's body may take.
    pub body_timeout: Duration,
    /// How long a connection may stay open without a request.
    pub idle_timeout: Duration,
    /// How long a client may leave an answer unread.
    pub write_timeout: Duration,
    /// How long a shutdown waits for the requests in progress.
    pub drain_timeout: Duration,
    /// The most connections at a time; more wait in the listen queue.
    pub connections: usize,
    /// The most requests that one HTTP/2 connection may have in progress.
    pub streams_per_connection: u32,
    /// How late the server may come to look at requests; then it refuses those that come until it has caught up.
    pub lateness: Duration,
    /// The most requests that wait for the store at a time; more are refused.
    pub requests_in_progress: usize,
    /// The most bytes of large bodies and answers, of all clients together.
    pub held_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            body_bytes: 16 * 1024 * 1024,
            // Session tokens alone reach some kilobytes; 64 KiB leaves room for every real client.
            head_bytes: 64 * 1024,
            head_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(60),
            // Longer than the pools of the AWS SDKs keep a connection, so that it is they who close it.
            idle_timeout: Duration::from_secs(120),
            write_timeout: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(10),
            connections: 10_000,
            streams_per_connection: 256,
            // Long enough for the bursts of a healthy server, short enough that no client has given up by then.
            lateness: Duration::from_millis(200),
            // A store that commits ten thousand times a second, each in a tenth of a second, has so many. Those that wait for one item
            // or for a slow database do so for a few hundred milliseconds.
            requests_in_progress: 1024,
            held_bytes: 512 * 1024 * 1024,
        }
    }
}
