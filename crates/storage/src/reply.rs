//! What a store's method answers: a future that is mostly ready already.
//!
//! An embedded store answers a point read in microseconds on the calling thread; boxing a future for that would cost
//! more than a part of the read. So a reply holds either the result itself or a boxed future.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::StoreError;

/// The answer of a store: ready without an allocation, or a boxed future.
#[must_use = "a reply does nothing until it is awaited"]
pub struct Reply<'a, T>(State<'a, T>);

enum State<'a, T> {
    /// The result is here; `None` once it was taken by `poll`.
    Ready(Option<Result<T, StoreError>>),
    /// The store has to wait for something.
    Pending(Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>),
}

impl<'a, T> Reply<'a, T> {
    /// A reply that is ready at once.
    pub fn ready(result: Result<T, StoreError>) -> Self {
        Self(State::Ready(Some(result)))
    }

    /// A reply that has to wait.
    pub fn pending(future: impl Future<Output = Result<T, StoreError>> + Send + 'a) -> Self {
        Self(State::Pending(Box::pin(future)))
    }

    /// Whether the next poll answers for certain.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        matches!(self.0, State::Ready(_))
    }
}

// The result is moved out of a pinned reply, never pinned itself, so it may be of any type.
impl<T> Unpin for Reply<'_, T> {}

impl<T> Future for Reply<'_, T> {
    type Output = Result<T, StoreError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            State::Ready(result) => {
                debug_assert!(result.is_some(), "a reply was polled after it was ready");
                result.take().map_or(Poll::Pending, Poll::Ready)
            }
            State::Pending(future) => future.as_mut().poll(context),
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Reply<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            State::Ready(result) => formatter.debug_tuple("Ready").field(result).finish(),
            State::Pending(_) => formatter.write_str("Pending"),
        }
    }
}
