//! The first step: which page or API a request means, by method and path alone.
//!
//! Services of other names on the same port are told apart by what they are asked (`call`), as AWS's are by their hosts.

use crate::head::Head;
use crate::refusal::Refusal;
use hyper::Method;

/// Where a request goes.
pub(crate) enum Route {
    /// A call of the API.
    Api,
    /// One of the pages that need no call.
    Page(Page),
    /// Nowhere.
    Refused(Refusal),
}

/// The pages that the server answers itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// `GET /`: DynamoDB's sign of life.
    Hello,
    /// `GET /healthz`: whether the service can answer.
    Health,
    /// `GET /metrics`: counters, as Prometheus reads them.
    Metrics,
    /// A browser asks whether it may call from another origin.
    Preflight,
}

/// Decides by method and path. Other methods than these get DynamoDB's 404, as does OPTIONS that names no origin
/// (dynalite's tests, recorded against DynamoDB).
pub(crate) fn route(head: &Head<'_>) -> Route {
    let page = match (head.method, head.uri.path()) {
        (&Method::POST, "/") => return Route::Api,
        // A presigned call of IAM or STS.
        (&Method::GET, "/") if head.uri.query().is_some_and(|query| query.contains("Action=")) => return Route::Api,
        (&Method::GET, "/") => Page::Hello,
        (&Method::GET, "/healthz") => Page::Health,
        (&Method::GET, "/metrics") => Page::Metrics,
        (&Method::OPTIONS, _) if head.headers.origin.is_some() => Page::Preflight,
        _ => return Route::Refused(Refusal::NotFound),
    };
    Route::Page(page)
}
