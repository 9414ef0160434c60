//! Concurrency: starting a task that runs beside its caller.
//!
//! A task runs on the tokio runtime of the calling thread or, where a [`crate::Simulation`] is polling, in the simulation.

use crate::simulation::{self, Slot};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A running task. Dropping it lets the task go on alone.
#[derive(Debug)]
pub struct Task<T>(Kind<T>);

#[derive(Debug)]
enum Kind<T> {
    Real(tokio::task::JoinHandle<T>),
    Simulated(Slot<T>),
}

/// A task ended without a result: it panicked, or what it ran on was stopped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lost(String);

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Lost {}

impl<T> Task<T> {
    pub(crate) fn simulated(slot: Slot<T>) -> Self {
        Self(Kind::Simulated(slot))
    }

    /// Whether the task has ended.
    pub fn is_finished(&self) -> bool {
        match &self.0 {
            Kind::Real(handle) => handle.is_finished(),
            Kind::Simulated(slot) => slot.is_finished(),
        }
    }
}

impl<T> Future for Task<T> {
    type Output = Result<T, Lost>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Kind::Real(handle) => {
                Pin::new(handle).poll(context).map(|result| result.map_err(|error| Lost(error.to_string())))
            }
            Kind::Simulated(slot) => {
                slot.poll(context).map(|result| result.ok_or_else(|| Lost("the task was stopped".to_owned())))
            }
        }
    }
}

/// Something that one task has at a time; those who wait get it in the order in which they came.
pub type Turn = tokio::sync::Mutex<()>;

/// A turn that is taken, until this is dropped.
pub type TurnTaken<'a> = tokio::sync::MutexGuard<'a, ()>;

/// Starts `future` on the runtime of the calling thread, or in the simulation that polls the caller.
///
/// # Panics
/// Outside of both.
#[allow(clippy::disallowed_methods, reason = "this is the spawn that everything else uses")]
pub fn spawn<F>(future: F) -> Task<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    match simulation::current() {
        Some(here) => here.spawn(future),
        None => Task(Kind::Real(tokio::spawn(future))),
    }
}

/// Runs two futures at once, on the caller's task, and returns when both are done.
pub async fn join<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    tokio::join!(a, b)
}

/// Lets other tasks of the runtime go first. For long work whose every step is ready at once.
pub async fn give_way() {
    tokio::task::yield_now().await;
}
