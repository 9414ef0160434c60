//! How a server stops.

use crate::fixture::{call, pause, start, start_with};
use server::Limits;
use std::time::Duration;
use tokio::net::TcpStream;

#[tokio::test]
async fn a_shutdown_finishes_what_is_in_progress_and_closes_the_rest() {
    let mut server = start().await;
    let mut busy = server.connect().await;
    let mut idle = server.connect().await;
    let mut silent = server.connect().await;
    idle.send(call("", "1")).await;
    idle.reply().await;
    busy.send(call("", "\"slow\"")).await;
    pause(Duration::from_millis(100)).await;
    server.stop.take();
    assert!(idle.is_closed_within(Duration::from_millis(100)).await);
    assert!(silent.is_closed_within(Duration::from_millis(100)).await);
    assert!(TcpStream::connect(server.address).await.is_err(), "nobody new is accepted");
    assert_eq!(busy.reply().await.text(), "\"slow\"");
    assert!(busy.is_closed_within(Duration::from_secs(1)).await);
    assert!(server.task.await.unwrap(), "everything was finished in time");
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_ever() {
    let limits = Limits { drain_timeout: Duration::from_millis(100), ..Limits::default() };
    let mut server = start_with(limits).await;
    let mut busy = server.connect().await;
    busy.send(call("", "\"slow\"")).await;
    pause(Duration::from_millis(50)).await;
    server.stop.take();
    assert!(!server.task.await.unwrap());
    assert!(busy.is_closed_within(Duration::from_secs(1)).await);
}
