//! The HTTP edge, tested from outside: bytes into a socket, bytes out of it.

mod authentication;
mod compression;
mod fixture;
mod http1;
mod http2;
mod limits;
mod pages;
mod protocol;
mod shutdown;
