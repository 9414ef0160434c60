//! The HTTP edge, tested from outside: bytes into a socket, bytes out of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops at the first problem")]

mod authentication;
mod compression;
mod fixture;
mod guard;
mod http1;
mod http2;
mod limits;
mod listeners;
mod overload;
mod pages;
mod protocol;
mod shutdown;
mod tls;
