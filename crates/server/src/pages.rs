//! The pages that the server answers itself, without a call.

use crate::head::Head;
use crate::listener::Server;
use crate::metrics::{self, Outcome};
use crate::response::{Exchange, HttpResponse};
use crate::route::Page;
use crate::service::{Answer, Media, Service};
use hyper::StatusCode;
use hyper::header::{ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_MAX_AGE, HeaderValue};

/// How long a browser may remember the answer to its preflight, in seconds: two days, as DynamoDB says.
const PREFLIGHT_MAX_AGE: HeaderValue = HeaderValue::from_static("172800");

/// Answers a request for `page`.
pub(crate) fn respond<S: Service>(
    server: &Server<S>,
    exchange: &Exchange,
    page: Page,
    head: &Head<'_>,
) -> HttpResponse {
    let answer = match page {
        // The space at the end is DynamoDB's (dynalite's tests, recorded against DynamoDB).
        Page::Hello => Answer::success(format!("healthy: dynamodb.{}.amazonaws.com ", server.settings.region)),
        Page::Health if server.service.is_healthy() => Answer::success("healthy\n"),
        Page::Health => Answer::new(StatusCode::SERVICE_UNAVAILABLE, Outcome::ServerError, "unhealthy\n"),
        Page::Metrics => return exchange.respond(Answer::success(all_metrics(server)).of(Media::Prometheus)),
        Page::Preflight => return preflight(exchange, head),
    };
    exchange.respond(answer.of(Media::Text))
}

fn all_metrics<S: Service>(server: &Server<S>) -> String {
    let mut text = server.metrics.to_text(server.connections.len());
    metrics::write_admission(&mut text, &server.admission, server.connections.ended_for_memory());
    if let Some(audit) = &server.settings.audit {
        audit.write_metrics(&mut text);
    }
    server.service.write_metrics(&mut text);
    text
}

/// Allows whatever the browser asks for: what protects the data is the signature of the call that follows.
fn preflight(exchange: &Exchange, head: &Head<'_>) -> HttpResponse {
    let mut response = exchange.respond(Answer::success("").of(Media::Text));
    let headers = response.headers_mut();
    let echoes = [
        (ACCESS_CONTROL_ALLOW_HEADERS, head.headers.asked_headers),
        (ACCESS_CONTROL_ALLOW_METHODS, head.headers.asked_method),
    ];
    for (name, asked) in echoes {
        if let Some(value) = asked {
            headers.insert(name, value.clone());
        }
    }
    headers.insert(ACCESS_CONTROL_MAX_AGE, PREFLIGHT_MAX_AGE);
    response
}
