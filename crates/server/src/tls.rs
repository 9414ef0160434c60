//! TLS: what a listener shows its clients, what it asks of them, and files that change while it runs.
//!
//! A connection keeps what it began with; the next one gets the newest certificate. What must hold: a broken new file never takes the
//! place of a good old one, and a listener with TLS never answers without.

use crate::connection::Transport;
use crate::origin::Protection;
use arc_swap::ArcSwap;
use runtime::Clock;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{ProtocolVersion, RootCertStore, ServerConfig, ServerConnection, SupportedCipherSuite};
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How often the files are looked at. Whoever renews a certificate does so days before the old one ends.
const LOOK_PAUSE: Duration = Duration::from_secs(2);

const HTTP2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

/// Whether clients must have certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientCertificates {
    /// One that is shown must be good.
    Optional,
    /// None may come without.
    Required,
}

/// The files that a server's TLS is made of, all in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSettings {
    /// The server's certificate, and behind it those that lead to an authority.
    pub certificate: PathBuf,
    /// The key of the server's certificate.
    pub key: PathBuf,
    /// The authorities of client certificates, and whether clients must have one; clients are not asked without.
    pub clients: Option<(PathBuf, ClientCertificates)>,
}

/// Why TLS cannot be had from the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsError(String);

impl TlsError {
    pub(crate) fn of_file(path: &Path, problem: impl fmt::Display) -> TlsError {
        TlsError(format!("{}: {problem}", path.display()))
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TlsError {}

/// TLS as it is at present, for any number of listeners.
pub struct Tls {
    settings: TlsSettings,
    clock: Clock,
    current: ArcSwap<ServerConfig>,
    /// The files as they were when they were last read, whatever came of it.
    seen: Mutex<Vec<Stamp>>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// A connection on which both sides agreed.
pub(crate) struct Agreed<T> {
    pub(crate) stream: TlsStream<T>,
    pub(crate) protection: Protection,
    pub(crate) is_http2: bool,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// When one is missing or is not what it should be, or the key is another certificate's.
    pub fn open(settings: TlsSettings, clock: Clock) -> Result<Arc<Tls>, TlsError> {
        // Before they are read: what changes meanwhile is read again.
        let seen = Mutex::new(stamps(&settings));
        let current = ArcSwap::from_pointee(configuration(&settings, &clock)?);
        Ok(Arc::new(Tls { settings, clock, current, seen }))
    }

    /// Reads the files again if they changed. Says whether there is something new to show.
    ///
    /// # Errors
    /// When the new files are broken. The old ones stay in force, and the same files are not complained about again.
    pub fn reload(&self) -> Result<bool, TlsError> {
        let now = stamps(&self.settings);
        if *self.seen() == now {
            return Ok(false);
        }
        *self.seen() = now;
        self.current.store(Arc::new(configuration(&self.settings, &self.clock)?));
        Ok(true)
    }

    /// Reads the files again if they changed, and logs what came of it.
    pub fn renew(&self) {
        match self.reload() {
            Ok(false) => (),
            Ok(true) => tracing::info!(certificate = %self.settings.certificate.display(), "certificate was renewed"),
            Err(error) => tracing::error!(%error, "a new certificate is broken, the old one stays"),
        }
    }

    /// Looks at the files every few seconds, until dropped.
    pub(crate) async fn watch(&self) {
        loop {
            self.clock.sleep(LOOK_PAUSE).await;
            self.renew();
        }
    }

    /// Agrees with a client.
    pub(crate) async fn accept<T: Transport>(&self, stream: T) -> io::Result<Agreed<T>> {
        let stream = TlsAcceptor::from(self.current.load_full()).accept(stream).await?;
        let (_, connection) = stream.get_ref();
        let protection = protection(connection);
        let is_http2 = connection.alpn_protocol() == Some(HTTP2);
        Ok(Agreed { stream, protection, is_http2 })
    }

    fn seen(&self) -> MutexGuard<'_, Vec<Stamp>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What tells that a file is another than before: its inode, its length, and when it was written. None when there is no file.
type Stamp = Option<(u64, u64, i64, i64)>;

fn stamps(settings: &TlsSettings) -> Vec<Stamp> {
    let authorities = settings.clients.iter().map(|(path, _)| path);
    [&settings.certificate, &settings.key].into_iter().chain(authorities).map(|path| stamp(path)).collect()
}

fn stamp(path: &Path) -> Stamp {
    let found = fs::metadata(path).ok()?;
    Some((found.ino(), found.len(), found.mtime(), found.mtime_nsec()))
}

fn configuration(settings: &TlsSettings, clock: &Clock) -> Result<ServerConfig, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let chain = certificates(&settings.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&settings.key)
        .map_err(|problem| TlsError::of_file(&settings.key, format!("no private key in PEM: {problem}")))?;
    let builder = ServerConfig::builder_with_details(provider.clone(), Arc::new(Time(clock.clone())))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|problem| TlsError(problem.to_string()))?;
    let builder = match &settings.clients {
        Some((path, kind)) => builder.with_client_cert_verifier(client_verifier(path, *kind, provider)?),
        None => builder.with_no_client_auth(),
    };
    let mut configuration = builder.with_single_cert(chain, key).map_err(|problem| {
        TlsError::of_file(&settings.certificate, format!("with the key {}: {problem}", settings.key.display()))
    })?;
    configuration.alpn_protocols = vec![HTTP2.to_vec(), HTTP1.to_vec()];
    Ok(configuration)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wrong = |problem: &dyn fmt::Display| TlsError::of_file(path, format!("no certificates in PEM: {problem}"));
    let found = CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|problem| wrong(&problem))?;
    let found: Vec<_> = found;
    if found.is_empty() { Err(wrong(&"there is none")) } else { Ok(found) }
}

fn client_verifier(
    path: &Path,
    kind: ClientCertificates,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let mut authorities = RootCertStore::empty();
    for certificate in certificates(path)? {
        authorities.add(certificate).map_err(|problem| TlsError::of_file(path, problem))?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(authorities), provider);
    let builder = match kind {
        ClientCertificates::Optional => builder.allow_unauthenticated(),
        ClientCertificates::Required => builder,
    };
    builder.build().map_err(|problem| TlsError::of_file(path, problem))
}

/// The server's clock, by which client certificates are in force or not.
#[derive(Debug)]
struct Time(Clock);

impl rustls::time_provider::TimeProvider for Time {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_millis(self.0.now().as_millis())))
    }
}

fn protection(connection: &ServerConnection) -> Protection {
    let version = match connection.protocol_version() {
        Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
        _ => "TLSv1.3",
    };
    Protection { version, cipher_suite: connection.negotiated_cipher_suite().map_or("", suite_name) }
}

/// The names that AWS logs: those of the standard for TLS 1.3, OpenSSL's for TLS 1.2.
fn suite_name(suite: SupportedCipherSuite) -> &'static str {
    match suite.suite().as_str() {
        Some("TLS13_AES_128_GCM_SHA256") => "TLS_AES_128_GCM_SHA256",
        Some("TLS13_AES_256_GCM_SHA384") => "TLS_AES_256_GCM_SHA384",
        Some("TLS13_CHACHA20_POLY1305_SHA256") => "TLS_CHACHA20_POLY1305_SHA256",
        Some("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256") => "ECDHE-ECDSA-AES128-GCM-SHA256",
        Some("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384") => "ECDHE-ECDSA-AES256-GCM-SHA384",
        Some("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256") => "ECDHE-ECDSA-CHACHA20-POLY1305",
        Some("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256") => "ECDHE-RSA-AES128-GCM-SHA256",
        Some("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384") => "ECDHE-RSA-AES256-GCM-SHA384",
        Some("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256") => "ECDHE-RSA-CHACHA20-POLY1305",
        name => name.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_suite_that_is_offered_has_the_name_that_aws_logs() {
        for suite in rustls::crypto::ring::default_provider().cipher_suites {
            let name = suite_name(suite);
            assert!(name.starts_with("TLS_") || name.starts_with("ECDHE-"), "{name}");
            assert!(!name.contains("_WITH_"), "{name}");
        }
    }
}
