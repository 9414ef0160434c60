//! The server over a service that answers a constant body: what the network face costs by itself.
//!
//! `cargo run --release -p server --example constant -- 127.0.0.1:9902 [bytes]`; drive it with any DynamoDB load generator.
#![allow(clippy::unwrap_used, reason = "an example stops at the first problem")]

use runtime::{Clock, Random};
use server::{Answer, AuthenticatedCall, Limits, Listener, ListenerSettings, Server, Service, Settings};

struct Constant(bytes::Bytes);

impl Service for Constant {
    async fn call(&self, _call: AuthenticatedCall<'_>) -> Answer {
        Answer::success(self.0.clone())
    }
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or("127.0.0.1:9902".to_owned()).parse().unwrap();
    let bytes = arguments.next().map_or(600, |text| text.parse().unwrap());
    let settings = Settings { region: "us-east-1".to_owned(), limits: Limits::default(), guard: None, audit: None };
    let service = Constant(vec![b'x'; bytes].into());
    let server = Server::new(service, settings, Clock::system(), Random::system());
    let listener = Listener::bind(ListenerSettings::open(address)).unwrap();
    server.run(vec![listener], std::future::pending()).await;
}
