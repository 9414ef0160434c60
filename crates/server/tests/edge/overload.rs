//! More than the server can do or hold: what it refuses, and whom that does not concern.

use crate::fixture::{CALL, Reply, Running, SIGNED, call, pause, post, start_with};
use server::Limits;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(30);
const MEGABYTE: usize = 1_000_000;

fn patient() -> Limits {
    Limits { head_timeout: LONG, body_timeout: LONG, idle_timeout: LONG, write_timeout: LONG, ..Limits::default() }
}

fn assert_refused(reply: &Reply) {
    let words = concat!(
        r#"{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","#,
        r#""message":"Rate of requests exceeds the allowed throughput."}"#
    );
    assert_eq!((reply.status, reply.text()), (400, words));
    assert_eq!(reply.header("content-type"), Some("application/x-amz-json-1.0"));
}

async fn metric(server: &Running, name: &str) -> u64 {
    let reply = server.request("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let line = reply.text().lines().find(|line| line.starts_with(name)).unwrap();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn more_requests_than_there_are_places_are_refused() {
    let server = start_with(Limits { requests_in_progress: 1, ..patient() }).await;
    let mut slow = server.connect().await;
    slow.send(call("", "\"slow\"")).await;
    pause(Duration::from_millis(50)).await;
    let mut other = server.connect().await;
    other.send(call("", "1")).await;
    assert_refused(&other.reply().await);
    assert_eq!(metric(&server, "stator_requests_in_progress").await, 1);
    let form = "Host: x\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    let reply = server.request(post(form, "Action=ListUsers")).await;
    assert_eq!((reply.status, reply.text()), (503, ""), "which every SDK sends again");
    assert_eq!(server.request("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.status, 200);
    assert_eq!(slow.reply().await.status, 200);
    other.send(call("", "2")).await;
    assert_eq!(other.reply().await.text(), "2", "on the same connection");
    assert_eq!(metric(&server, "stator_requests_refused_total{short_of=\"places\"}").await, 2);
}

#[tokio::test]
async fn who_was_in_line_for_too_long_is_refused() {
    let server = start_with(Limits { lateness: Duration::from_millis(100), ..patient() }).await;
    // Everything here is on one thread, and each of these takes all of it for 5 ms. The runtime looks at its timers after 61 tasks, so there
    // must be many for the watch to come to stand among them.
    let mut clients = Vec::new();
    for _ in 0..300 {
        clients.push(server.connect().await);
    }
    let (mut answered, mut refused) = (0, 0);
    for _ in 0..2 {
        for client in &mut clients {
            client.send(call("", "\"busy\"")).await;
        }
        for client in &mut clients {
            match client.reply().await {
                reply if reply.status == 200 => answered += 1,
                reply => {
                    assert_refused(&reply);
                    refused += 1;
                }
            }
        }
    }
    assert!(answered >= 50 && refused >= 50, "{answered} answered, {refused} refused");
    pause(Duration::from_millis(100)).await;
    assert_eq!(server.call("", "1").await.status, 200, "it has caught up");
    assert_eq!(metric(&server, "stator_requests_refused_total{short_of=\"time\"}").await, refused);
}

#[tokio::test]
async fn the_time_in_line_is_that_of_the_whole_request() {
    let server = start_with(Limits { lateness: Duration::from_millis(100), ..patient() }).await;
    let mut clients = Vec::new();
    for _ in 0..300 {
        clients.push(server.connect().await);
    }
    let request = call("", "\"busy\"");
    let (head, body) = request.split_at(request.len() - 6);
    // Every call has begun long before its body is there.
    for client in &mut clients {
        client.send(head).await;
    }
    pause(Duration::from_millis(200)).await;
    for client in &mut clients {
        client.send(body).await;
    }
    let mut refused = 0;
    for client in &mut clients {
        refused += usize::from(client.reply().await.status == 400);
    }
    assert!(refused > 0, "by the time at which it began nobody was in line");
}

#[tokio::test]
async fn bodies_do_not_grow_beyond_what_all_may_hold() {
    let server = start_with(Limits { held_bytes: 2 * MEGABYTE, ..patient() }).await;
    let mut slow = server.connect().await;
    slow.send(format!("POST / HTTP/1.1\r\n{CALL}{SIGNED}Content-Length: 10000000\r\n\r\n")).await;
    slow.send(vec![b'x'; 900_000]).await;
    pause(Duration::from_millis(200)).await;
    let held = metric(&server, "stator_held_bytes").await;
    assert!((900_000..=2_000_000).contains(&held), "{held}");
    assert_refused(&server.call("", vec![b'x'; 3 * MEGABYTE]).await);
    assert_eq!(server.call("", vec![b'x'; 10_000]).await.status, 200, "small ones are let in");
    assert!(slow.is_closed_within(Duration::from_secs(4)).await, "who keeps others from it has to go");
    assert_eq!(metric(&server, "stator_held_bytes").await, 0);
    assert_eq!(metric(&server, "stator_connections_ended_for_memory_total").await, 1);
    assert_eq!(server.call("", vec![b'x'; MEGABYTE]).await.status, 200);
}

#[tokio::test]
async fn answers_that_nobody_reads_end_their_connections_when_there_are_too_many() {
    let server = start_with(Limits { held_bytes: 20 * MEGABYTE, ..patient() }).await;
    let mut client = server.connect().await;
    client.send(call("", vec![b'x'; 16 * MEGABYTE])).await;
    pause(Duration::from_millis(200)).await;
    assert!(metric(&server, "stator_held_bytes").await >= 16_000_000);
    assert_eq!(server.call("", "1").await.status, 200);
    pause(Duration::from_secs(3)).await;
    assert_eq!(metric(&server, "stator_held_bytes").await, 0);
    assert!(client.read_to_end().await < 16 * MEGABYTE, "the rest was never sent");
}

#[tokio::test]
async fn large_answers_are_refused_while_too_much_is_held_and_others_are_not() {
    let server = start_with(Limits { held_bytes: 15 * MEGABYTE, ..patient() }).await;
    let mut client = server.connect().await;
    client.send(call("", vec![b'x'; 14 * MEGABYTE])).await;
    pause(Duration::from_millis(200)).await;
    let mut second = server.connect().await;
    // This one's answer is over the limit: it is there, so it is sent.
    second.send(call("", vec![b'x'; 900_000])).await;
    pause(Duration::from_millis(100)).await;
    let scan = String::from_utf8(call("", "1")).unwrap().replace("GetItem", "Scan");
    if metric(&server, "stator_held_bytes").await >= 15_000_000 {
        assert_refused(&server.request(scan).await);
    }
    assert_eq!(server.call("", "1").await.status, 200);
}
