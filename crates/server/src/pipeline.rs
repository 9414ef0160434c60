//! The life of a request, every step in order.
//!
//! ```text
//! route -> receive -> address -> identify -> dispatch -> respond
//! ```
//!
//! Each step takes the output of the one before, which nothing else can build. A step that refuses ends the request with a
//! [`Refusal`], which is an answer like any other. Whatever enters the server later (signatures,
//! policies, capacity) enters here, as a step between two of these.

use crate::body::receive;
use crate::call::{address, identify};
use crate::connections::SeatGuard;
use crate::head::Head;
use crate::listener::Server;
use crate::metrics::Outcome;
use crate::operation::Operation;
use crate::origin::Origin;
use crate::pages;
use crate::panics::{Panic, caught};
use crate::refusal::Refusal;
use crate::response::{Exchange, HttpResponse};
use crate::route::{Route, route};
use crate::service::{Answer, Service};
use hyper::Request;
use hyper::body::Body;

/// Answers one request.
pub(crate) async fn answer<S: Service, B: Body>(
    server: &Server<S>,
    seat: &SeatGuard,
    origin: &Origin,
    request: Request<B>,
) -> HttpResponse {
    let _in_progress = seat.begin_request();
    let (parts, body) = request.into_parts();
    let head = Head::read(&parts);
    let exchange = Exchange::begin(server, &head);
    match route(&head) {
        Route::Page(page) => pages::respond(server, &exchange, page, &head),
        Route::Refused(refusal) => exchange.respond(refusal.into()),
        Route::Api => {
            let started = server.clock.moment();
            let answer = match caught(call(server, &exchange, origin, &head, body)).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(refusal)) => refusal.into(),
                Err(panic) => failed(&exchange, &panic),
            };
            server.metrics.count(exchange.operation(), answer.outcome, server.clock.moment().since(started));
            exchange.respond(answer)
        }
    }
}

/// The steps of a call of the API.
async fn call<S: Service, B: Body>(
    server: &Server<S>,
    exchange: &Exchange,
    origin: &Origin,
    head: &Head<'_>,
    body: B,
) -> Result<Answer, Refusal> {
    let received = receive(head, body, &server.clock, &server.settings.limits).await?;
    let call = address(received)?;
    exchange.note_operation(call.operation());
    let call = identify(call, origin, exchange.request_id())?;
    Ok(server.service.call(call).await)
}

fn failed(exchange: &Exchange, panic: &Panic) -> Answer {
    let operation = exchange.operation().map(Operation::name);
    tracing::error!(request_id = exchange.request_id(), operation, %panic, "a request failed by a bug");
    Answer::internal_error(Outcome::Panic)
}
