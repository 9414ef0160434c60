//! A bug in one request must not end the process: panics are caught, described, and logged once.
//!
//! The panic hook runs where the panic happens and alone knows the place; the catcher alone knows the request. So the hook
//! leaves its description to the catcher when there is one on this thread, and logs it otherwise.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::pin::Pin;
use std::task::Poll;

thread_local! {
    static IS_CATCHING: Cell<bool> = const { Cell::new(false) };
    static CAUGHT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// A panic, with its message and, if the hook is installed, its place.
#[derive(Debug)]
pub(crate) struct Panic(String);

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// From now on, panics go to the log instead of being printed.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|info| {
        let description = describe(info);
        if IS_CATCHING.get() {
            CAUGHT.set(Some(description));
        } else {
            tracing::error!(panic = %description, "a thread failed by a bug");
        }
    }));
}

fn describe(info: &PanicHookInfo<'_>) -> String {
    let message = message(info.payload());
    info.location().map_or_else(|| message.to_owned(), |location| format!("{message} ({location})"))
}

fn message(payload: &dyn Any) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// The output of `future`, or its panic. Pinned by the caller: a future that is handed on by value takes its room twice.
pub(crate) async fn caught<F: Future>(mut future: Pin<&mut F>) -> Result<F::Output, Panic> {
    poll_fn(move |context| {
        IS_CATCHING.set(true);
        // After a panic the future is never polled again, and what it shares with others guards its own consistency.
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        IS_CATCHING.set(false);
        match polled {
            Ok(poll) => poll.map(Ok),
            Err(payload) => {
                let description = CAUGHT.take().unwrap_or_else(|| message(&*payload).to_owned());
                Poll::Ready(Err(Panic(description)))
            }
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;

    #[tokio::test]
    async fn a_panic_becomes_a_description() {
        assert_eq!(caught(pin!(async { 7 })).await.unwrap(), 7);
        let panic = caught(pin!(async { panic!("no such {}", "thing") })).await.unwrap_err();
        assert!(panic.to_string().starts_with("no such thing"));
        assert!(!IS_CATCHING.get());
    }
}
