//! Tests of both clocks.

use super::*;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Wake};

struct CountWakes(AtomicU32);

impl Wake for CountWakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn timestamps_convert_between_units() {
    let timestamp = Timestamp::from_millis(1_500);
    assert_eq!(timestamp.as_seconds_f64(), 1.5);
    assert_eq!(timestamp.as_seconds(), 1);
    assert_eq!(timestamp.plus(Duration::from_secs(1)).since(timestamp), Duration::from_secs(1));
    assert_eq!(timestamp.since(timestamp.plus(Duration::from_secs(1))), Duration::ZERO);
}

#[test]
fn a_manual_clock_moves_only_when_told() {
    let (clock, hands) = Clock::manual(Timestamp::from_millis(1_000));
    let before = clock.moment();
    assert_eq!(clock.now(), Timestamp::from_millis(1_000));
    hands.advance(Duration::from_millis(250));
    assert_eq!(clock.now(), Timestamp::from_millis(1_250));
    assert_eq!(clock.moment().since(before), Duration::from_millis(250));
}

#[test]
fn a_manual_clock_wakes_a_sleeper_when_its_time_has_come() {
    let (clock, hands) = Clock::manual(Timestamp::default());
    let wakes = Arc::new(CountWakes(AtomicU32::new(0)));
    let waker = Waker::from(wakes.clone());
    let mut context = Context::from_waker(&waker);
    let mut sleep = pin!(clock.sleep(Duration::from_secs(10)));
    assert!(sleep.as_mut().poll(&mut context).is_pending());
    hands.advance(Duration::from_secs(9));
    assert_eq!(wakes.0.load(Ordering::Relaxed), 0);
    assert!(sleep.as_mut().poll(&mut context).is_pending());
    hands.advance(Duration::from_secs(1));
    assert_eq!(wakes.0.load(Ordering::Relaxed), 1, "one sleeper is woken once, however often it was polled");
    assert!(sleep.as_mut().poll(&mut context).is_ready());
}

#[test]
fn a_timeout_gives_the_outcome_or_says_that_time_ran_out() {
    let (clock, hands) = Clock::manual(Timestamp::default());
    let mut context = Context::from_waker(Waker::noop());
    let mut done = pin!(clock.timeout(Duration::from_secs(1), async { 7 }));
    assert_eq!(done.as_mut().poll(&mut context), Poll::Ready(Ok(7)));
    let mut never = pin!(clock.timeout(Duration::from_secs(1), std::future::pending::<()>()));
    assert!(never.as_mut().poll(&mut context).is_pending());
    hands.advance(Duration::from_secs(1));
    assert_eq!(never.as_mut().poll(&mut context), Poll::Ready(Err(TimedOut)));
}

#[tokio::test]
async fn the_system_clock_sleeps_and_moves_on() {
    let clock = Clock::system();
    let (before, then) = (clock.moment(), clock.now());
    clock.sleep(Duration::from_millis(5)).await;
    assert!(clock.moment().since(before) >= Duration::from_millis(5));
    assert!(clock.now() >= then);
    assert!(then > Timestamp::from_millis(1_600_000_000_000));
}
