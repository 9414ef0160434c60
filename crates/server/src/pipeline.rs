//! The life of a request, every step in order.
//!
//! ```text
//! route -> receive -> address -> identify -> dispatch -> respond
//! ```
//!
//! Each step takes the output of the one before, which nothing else can build. A step that refuses ends the request with a
//! [`Refusal`](crate::refusal::Refusal), which is an answer like any other. Whatever enters the server later (signatures,
//! policies, capacity) enters here, as a step between two of these.

use crate::body::receive;
use crate::call::{address, identify};
use crate::connections::SeatGuard;
use crate::listener::Server;
use crate::metrics::Outcome;
use crate::operation::Operation;
use crate::pages;
use crate::panics::caught;
use crate::response::{Exchange, HttpResponse};
use crate::route::{Route, route};
use crate::service::{Answer, Service};
use hyper::Request;
use hyper::body::Body;
use hyper::http::request::Parts;

/// Answers one request.
pub(crate) async fn answer<S: Service, B: Body>(server: &Server<S>, seat: &SeatGuard, request: Request<B>) -> HttpResponse {
    let _in_progress = seat.begin_request();
    let (head, body) = request.into_parts();
    let exchange = Exchange::begin(server, &head);
    match route(&head) {
        Route::Page(page) => pages::respond(server, &exchange, page, &head),
        Route::Refused(refusal) => exchange.respond(refusal.into()),
        Route::Api => {
            let started = server.clock.moment();
            let (operation, answer) = caught(api(server, &exchange, &head, body)).await.unwrap_or_else(|panic| {
                tracing::error!(request_id = exchange.request_id(), %panic, "a request failed by a bug");
                (None, Answer::internal_error(Outcome::Panic))
            });
            server.metrics.count(operation, answer.outcome, server.clock.moment().since(started));
            exchange.respond(answer)
        }
    }
}

/// A call of the API: the operation as far as it is known, and the answer.
async fn api<S: Service, B: Body>(
    server: &Server<S>,
    exchange: &Exchange,
    head: &Parts,
    body: B,
) -> (Option<Operation>, Answer) {
    let received = match receive(head, body, &server.clock, &server.settings.limits).await {
        Ok(received) => received,
        Err(refusal) => return (None, refusal.into()),
    };
    let call = match address(received) {
        Ok(call) => call,
        Err(refusal) => return (None, refusal.into()),
    };
    let operation = Some(call.operation());
    match identify(call, exchange.request_id()) {
        Ok(call) => (operation, server.service.call(call).await),
        Err(refusal) => (operation, refusal.into()),
    }
}
