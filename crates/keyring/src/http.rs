//! One request to a KMS over HTTP or HTTPS, on a connection of its own: a server asks a KMS once, when it starts.

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::http::uri::Scheme;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use std::error::Error;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

/// More than any answer of a KMS.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Where to send requests.
#[derive(Clone, Debug)]
pub struct Address {
    is_https: bool,
    host: String,
    port: u16,
}

impl Address {
    /// The address of a URL without path.
    pub fn parse(url: &str) -> Result<Self, String> {
        let uri: Uri = url.parse().map_err(|problem| format!("{problem}"))?;
        let is_https = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err("it begins with neither https:// nor http://".to_owned()),
        };
        let host = uri.host().ok_or("it names no host")?.to_owned();
        let default = if is_https { 443 } else { 80 };
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err("it has a path".to_owned());
        }
        Ok(Self { is_https, port: uri.port_u16().unwrap_or(default), host })
    }

    /// What the header Host says.
    pub fn host(&self) -> String {
        match (self.is_https, self.port) {
            (true, 443) | (false, 80) => self.host.clone(),
            (_, port) => format!("{}:{port}", self.host),
        }
    }

    /// Sends one request and reads its answer.
    ///
    /// # Errors
    /// What failed, in words.
    pub async fn send(&self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), String> {
        // An address of IPv6 stands in brackets in a URL.
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        let tcp = TcpStream::connect((host, self.port)).await.map_err(|problem| problem.to_string())?;
        if !self.is_https {
            return exchange(tcp, request).await;
        }
        let name = ServerName::try_from(host.to_owned()).map_err(|problem| problem.to_string())?;
        let tls = connector()?.connect(name, tcp).await.map_err(|problem| problem.to_string())?;
        exchange(tls, request).await
    }
}

/// Trusts whom the machine trusts.
fn connector() -> Result<TlsConnector, String> {
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if added == 0 {
        return Err("the machine has no trusted certificates".to_owned());
    }
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|problem| problem.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|problem| in_words(&problem))?;
    let answer = async {
        let response: Response<_> = sender.send_request(request).await.map_err(|problem| in_words(&problem))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(|problem| problem.to_string())?;
        Ok((head.status, body.to_bytes()))
    };
    // The connection moves only while it is polled; its own end is told by the answer that is missing.
    tokio::pin!(answer);
    tokio::select! {
        answer = &mut answer => answer,
        _ = connection => answer.await,
    }
}

/// An error with its cause, which hyper tells apart.
fn in_words(problem: &hyper::Error) -> String {
    problem.source().map_or_else(|| problem.to_string(), |cause| format!("{problem}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read() {
        let host = |url| Address::parse(url).map(|address| (address.is_https, address.host(), address.port));
        assert_eq!(
            host("https://kms.eu-west-1.amazonaws.com"),
            Ok((true, "kms.eu-west-1.amazonaws.com".to_owned(), 443))
        );
        assert_eq!(host("http://127.0.0.1:5000/"), Ok((false, "127.0.0.1:5000".to_owned(), 5000)));
        assert_eq!(host("http://[::1]:5000"), Ok((false, "[::1]:5000".to_owned(), 5000)));
        for wrong in ["kms.amazonaws.com", "ftp://host", "http://host/path", "", "http://host?x"] {
            assert!(host(wrong).is_err(), "{wrong}");
        }
    }
}
