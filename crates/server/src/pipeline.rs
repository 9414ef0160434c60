//! The life of a request, every step in order.
//!
//! ```text
//! route -> receive -> admit -> address -> identify -> verify -> dispatch (decode -> authorize -> run) -> respond
//!                                 |
//!                               query (IAM, STS)
//! ```
//!
//! Each step takes the output of the one before, which nothing else can build. A step that refuses ends the request with a
//! [`Refusal`], which is an answer like any other. What became known on the way is on the [`Trail`]. Whatever enters the server later
//! enters here, as a step between two of these.

use crate::body::receive;
use crate::call::{Addressed, address, identify, verify};
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
use crate::trail::Trail;
use hyper::Request;
use hyper::body::Body;
use std::pin::pin;

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
            let trail = Trail::default();
            let mut is_seen = true;
            let call = pin!(call((server, seat), (&exchange, &trail), origin, &head, body));
            let answer = match caught(call).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(refusal)) => {
                    is_seen = !matches!(refusal, Refusal::Overloaded { .. });
                    refusal.into()
                }
                Err(panic) => failed(&exchange, &trail, &panic),
            };
            // What was refused unseen is nobody's deed, and to note it would cost more than to refuse it.
            if let Some(audit) = server.settings.audit.as_ref().filter(|_| is_seen) {
                audit
                    .record_trail(&trail, &answer, (&head, origin, exchange.request_id()), &server.settings.region)
                    .await;
            }
            server.metrics.count(trail.operation(), answer.outcome, server.clock.moment().since(started));
            exchange.respond(answer.held_on(seat, &server.admission.held))
        }
    }
}

/// The steps of a call of the API.
async fn call<'h, S: Service, B: Body>(
    (server, seat): (&Server<S>, &SeatGuard),
    (exchange, trail): (&Exchange, &Trail<'h>),
    origin: &Origin,
    head: &'h Head<'h>,
    body: B,
) -> Result<Answer, Refusal> {
    let (guard, limits) = (server.settings.guard.as_deref(), &server.settings.limits);
    let place = (seat.seat(), &*server.admission);
    let received = trail.received(receive(head, body, place, &server.clock, limits).await?);
    let admitted = server.admission.admit(received, &server.clock, limits)?;
    let call = match address(&admitted, guard)? {
        Addressed::Operation(call) => call,
        Addressed::Query(call) => return Ok(call.answer(origin, exchange.request_id(), trail).await),
    };
    trail.addressed(call.operation());
    let call = identify(call, trail)?;
    let call = verify(call, guard, trail, (origin, exchange.request_id())).await?;
    Ok(server.service.call(call).await)
}

fn failed(exchange: &Exchange, trail: &Trail<'_>, panic: &Panic) -> Answer {
    let operation = trail.operation().map(Operation::name);
    tracing::error!(request_id = exchange.request_id(), operation, %panic, "a request failed by a bug");
    Answer::internal_error(Outcome::Panic)
}
