//! Several listeners of one server: addresses, unix sockets, endpoints, networks.

use crate::fixture::{Client, call, pause, start_on};
use server::{Address, Endpoint, Limits, Listener, ListenerSettings};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpStream, UnixStream};

fn anywhere() -> ListenerSettings {
    ListenerSettings::open("127.0.0.1:0".parse().unwrap())
}

fn unix(path: &Path) -> ListenerSettings {
    ListenerSettings { address: Address::Unix { path: path.to_owned(), mode: 0o660 }, ..anywhere() }
}

fn endpoint(id: &str) -> Arc<Endpoint> {
    Arc::new(Endpoint { id: Some(id.to_owned()), policy: None })
}

/// What the server says of where a call came from.
async fn whence<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(stream: T) -> String {
    let mut client = Client::over(stream);
    client.send(call("", "\"whence\"")).await;
    client.reply().await.text().to_owned()
}

#[tokio::test]
async fn a_request_knows_the_listener_that_it_came_through() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let private = ListenerSettings { endpoint: endpoint("vpce-1"), ..anywhere() };
    let local = ListenerSettings { endpoint: endpoint("vpce-2"), ..unix(&path) };
    let server = start_on(vec![anywhere(), private, local], Limits::default()).await;
    let public = whence(TcpStream::connect(server.addresses[0]).await.unwrap()).await;
    assert!(public.contains("source: Some(127.0.0.1)") && public.contains("id: None"), "{public}");
    let private = whence(TcpStream::connect(server.addresses[1]).await.unwrap()).await;
    assert!(private.contains("source: Some(127.0.0.1)") && private.contains("vpce-1"), "{private}");
    let local = whence(UnixStream::connect(&path).await.unwrap()).await;
    assert!(local.contains("source: None") && local.contains("vpce-2"), "{local}");
}

#[tokio::test]
async fn an_ipv4_client_of_a_socket_for_both_is_one() {
    let both = ListenerSettings {
        allowed: vec!["127.0.0.0/8".parse().unwrap()],
        ..ListenerSettings::open("[::]:0".parse().unwrap())
    };
    let server = start_on(vec![both], Limits::default()).await;
    let four = whence(TcpStream::connect(("127.0.0.1", server.address.port())).await.unwrap()).await;
    assert!(four.contains("source: Some(127.0.0.1)"), "{four}");
}

#[tokio::test]
async fn a_client_from_elsewhere_is_closed_and_counted() {
    let closed = ListenerSettings {
        endpoint: endpoint("vpce-1"),
        allowed: vec!["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()],
        ..anywhere()
    };
    let server = start_on(vec![anywhere(), closed], Limits::default()).await;
    for _ in 0..3 {
        let mut client = Client::over(TcpStream::connect(server.addresses[1]).await.unwrap());
        assert!(client.is_closed_within(Duration::from_secs(1)).await);
    }
    let metrics = server.request("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let line = "stator_refused_connections_total{endpoint=\"vpce-1\"} 3";
    assert!(metrics.text().lines().any(|other| other == line), "{}", metrics.text());
}

#[tokio::test]
async fn a_listener_that_nobody_calls_takes_no_place() {
    let server = start_on(vec![anywhere(), anywhere()], Limits { connections: 1, ..Limits::default() }).await;
    for address in [server.addresses[1], server.addresses[0]] {
        whence(TcpStream::connect(address).await.unwrap()).await;
    }
}

#[tokio::test]
async fn a_unix_socket_has_its_mode_and_is_removed_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let mut server = start_on(vec![unix(&path)], Limits::default()).await;
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
    let problem = Listener::bind(unix(&path)).unwrap_err();
    assert_eq!(problem.kind(), io::ErrorKind::AddrInUse, "another server has it");
    let mut busy = Client::over(UnixStream::connect(&path).await.unwrap());
    busy.send(call("", "\"slow\"")).await;
    pause(Duration::from_millis(100)).await;
    server.stop.take();
    assert_eq!(busy.reply().await.text(), "\"slow\"", "what is in progress is finished");
    assert!(server.task.await.unwrap());
    assert!(!path.exists());
}

#[tokio::test]
async fn a_unix_socket_that_was_left_behind_is_replaced_and_a_file_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let server = start_on(vec![unix(&path)], Limits::default()).await;
    whence(UnixStream::connect(&path).await.unwrap()).await;
    drop(server);
    let file = folder.path().join("file");
    std::fs::write(&file, "somebody's").unwrap();
    Listener::bind(unix(&file)).unwrap_err();
    assert_eq!(std::fs::read(&file).unwrap(), b"somebody's");
}

#[tokio::test]
async fn a_shutdown_closes_every_listener() {
    let mut server = start_on(vec![anywhere(), anywhere()], Limits::default()).await;
    let mut clients = Vec::new();
    for address in &server.addresses {
        let mut client = Client::over(TcpStream::connect(address).await.unwrap());
        client.send(call("", "\"slow\"")).await;
        clients.push(client);
    }
    pause(Duration::from_millis(100)).await;
    server.stop.take();
    for client in &mut clients {
        assert_eq!(client.reply().await.text(), "\"slow\"");
        assert!(client.is_closed_within(Duration::from_secs(1)).await);
    }
    for address in &server.addresses {
        assert!(TcpStream::connect(address).await.is_err(), "nobody new is accepted");
    }
    assert!(server.task.await.unwrap(), "everything was finished in time");
}
