//! A server over an echoing service, and a client that sees every byte.

use runtime::{Clock, Random};
use server::{
    Address, Answer, AuthenticatedCall, Limits, Listener, ListenerSettings, Sender, Server, Service, Settings,
};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

/// Credentials that pass; requests of the tests carry these unless they are about credentials.
pub const SIGNED: &str = "X-Amz-Date: 20260131T235959Z\r\nAuthorization: AWS4-HMAC-SHA256 \
    Credential=key/20260131/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=00\r\n";

/// The headers of a call of GetItem, but for its length.
pub const CALL: &str = "Host: localhost\r\nContent-Type: application/x-amz-json-1.0\r\n\
    X-Amz-Target: DynamoDB_20120810.GetItem\r\n";

/// Answers with the request's body. A body of `"panic"` panics, one of `"slow"` takes a while, and one of `"busy"` takes the thread for
/// one.
pub struct Echo;

impl Service for Echo {
    async fn call(&self, call: AuthenticatedCall<'_>) -> Answer {
        match &call.body()[..] {
            b"\"panic\"" => panic!("told to"),
            b"\"slow\"" => Clock::system().sleep(Duration::from_millis(300)).await,
            b"\"busy\"" => Clock::system().sleep_blocking(Duration::from_millis(5)),
            b"\"whence\"" => return Answer::success(format!("{:?}", call.origin())),
            b"\"who\"" => return Answer::success(format!("{:?}", call.credentials())),
            b"\"sender\"" => {
                return Answer::success(match call.sender() {
                    Sender::Anyone => "anyone".to_owned(),
                    Sender::Known(sender) => sender.identity().arn().to_owned(),
                });
            }
            _ => (),
        }
        Answer::success(call.body().clone())
    }

    fn write_metrics(&self, out: &mut String) {
        out.push_str("echo_metric 1\n");
    }
}

/// Lets time pass.
pub async fn pause(duration: Duration) {
    Clock::system().sleep(duration).await;
}

/// A running server; it shuts down when dropped.
pub struct Running {
    pub address: SocketAddr,
    /// Of all its listeners on the network.
    pub addresses: Vec<SocketAddr>,
    pub stop: Option<oneshot::Sender<()>>,
    pub task: runtime::Task<bool>,
}

pub async fn start() -> Running {
    start_with(Limits::default()).await
}

pub async fn start_with(limits: Limits) -> Running {
    start_on(vec![ListenerSettings::open("127.0.0.1:0".parse().unwrap())], limits).await
}

pub async fn start_on(listeners: Vec<ListenerSettings>, limits: Limits) -> Running {
    let settings = Settings { region: "eu-test-1".to_owned(), limits, guard: None, audit: None };
    start_as(listeners, settings).await
}

pub async fn start_as(listeners: Vec<ListenerSettings>, settings: Settings) -> Running {
    let listeners: Vec<Listener> = listeners.into_iter().map(|settings| Listener::bind(settings).unwrap()).collect();
    let addresses: Vec<SocketAddr> = listeners.iter().filter_map(tcp_address).collect();
    // Of a server without any, nobody asks for it.
    let address = addresses.first().copied().unwrap_or(SocketAddr::from(([0, 0, 0, 0], 0)));
    let server: Arc<Server<Echo>> = Server::new(Echo, settings, Clock::system(), Random::seeded(1));
    let (stop, stopped) = oneshot::channel();
    let task = runtime::spawn(async move {
        let stopped = async {
            // A dropped sender stops the server too.
            let _ = stopped.await;
        };
        server.run(listeners, stopped).await
    });
    Running { address, addresses, stop: Some(stop), task }
}

fn tcp_address(listener: &Listener) -> Option<SocketAddr> {
    match listener.address().unwrap() {
        Address::Tcp(address) => Some(address),
        Address::Unix { .. } => None,
    }
}

impl Running {
    pub async fn connect(&self) -> Client {
        Client::over(TcpStream::connect(self.address).await.unwrap())
    }

    /// One request on a connection of its own.
    pub async fn request(&self, text: impl AsRef<[u8]>) -> Reply {
        let mut client = self.connect().await;
        client.send(text).await;
        client.reply().await
    }

    /// A call of GetItem with this body and these headers beside the usual ones.
    pub async fn call(&self, headers: &str, body: impl AsRef<[u8]>) -> Reply {
        self.request(call(headers, body)).await
    }
}

/// A call of GetItem as bytes.
pub fn call(headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    post(&format!("{CALL}{SIGNED}{headers}"), body)
}

/// A POST with exactly these headers and a length.
pub fn post(headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut text = format!("POST / HTTP/1.1\r\n{headers}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    text.extend_from_slice(body);
    text
}

pub struct Client<T = TcpStream> {
    pub stream: T,
    unread: Vec<u8>,
}

/// What a server sent back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> Client<T> {
    pub fn over(stream: T) -> Client<T> {
        Client { stream, unread: Vec::new() }
    }

    pub async fn send(&mut self, text: impl AsRef<[u8]>) {
        self.stream.write_all(text.as_ref()).await.unwrap();
    }

    /// The next reply; panics when there is none within five seconds.
    pub async fn reply(&mut self) -> Reply {
        Clock::system()
            .timeout(Duration::from_secs(5), self.read_reply())
            .await
            .unwrap()
            .expect("connection was closed")
    }

    /// Reads until the connection ends. Returns how many bytes came.
    pub async fn read_to_end(&mut self) -> usize {
        let mut received = 0;
        let mut buffer = vec![0; 1 << 20];
        while let Ok(read @ 1..) = self.stream.read(&mut buffer).await {
            received += read;
        }
        received
    }

    /// Waits until the server closes; false when it has not within `limit`, or sends something instead.
    pub async fn is_closed_within(&mut self, limit: Duration) -> bool {
        let mut byte = [0];
        match Clock::system().timeout(limit, self.stream.read(&mut byte)).await {
            Ok(read) => matches!(read, Ok(0) | Err(_)),
            Err(_) => false,
        }
    }

    async fn read_reply(&mut self) -> Option<Reply> {
        let head_length = loop {
            if let Some(at) = self.unread.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            self.read_more().await?;
        };
        let head: Vec<u8> = self.unread.drain(..head_length).collect();
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap()[9..12].parse().unwrap();
        let headers: Vec<(String, String)> = lines
            .map(|line| line.split_once(':').unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut reply = Reply { status, headers, body: Vec::new() };
        let length = reply.header("content-length").map_or(0, |length| length.parse().unwrap());
        while self.unread.len() < length {
            self.read_more().await?;
        }
        reply.body = self.unread.drain(..length).collect();
        Some(reply)
    }

    async fn read_more(&mut self) -> Option<()> {
        let mut buffer = vec![0; 65536];
        let read = self.stream.read(&mut buffer).await.ok().filter(|read| *read > 0)?;
        self.unread.extend_from_slice(&buffer[..read]);
        Some(())
    }
}
