//! Concurrency: starting a task that runs beside its caller.

use std::future::Future;

/// A running task. Dropping it lets the task go on alone.
pub type Task<T> = tokio::task::JoinHandle<T>;

/// Something that one task has at a time; those who wait get it in the order in which they came.
pub type Turn = tokio::sync::Mutex<()>;

/// A turn that is taken, until this is dropped.
pub type TurnTaken<'a> = tokio::sync::MutexGuard<'a, ()>;

/// Starts `future` on the runtime of the calling thread.
///
/// # Panics
/// Outside of a tokio runtime.
#[allow(clippy::disallowed_methods, reason = "this is the spawn that everything else uses")]
pub fn spawn<F>(future: F) -> Task<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(future)
}

/// Runs two futures at once, on the caller's task, and returns when both are done.
pub async fn join<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    tokio::join!(a, b)
}

/// Lets other tasks of the runtime go first. For long work whose every step is ready at once.
pub async fn give_way() {
    tokio::task::yield_now().await;
}
