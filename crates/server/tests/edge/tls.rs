//! TLS: versions, ALPN, client certificates, certificates that change, clients that are slow to agree.

use crate::fixture::{Client, Running, call, pause, start_on};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use runtime::Clock;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion};
use server::{ClientCertificates, Limits, ListenerSettings, Tls, TlsSettings, make_self_signed};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A certificate for localhost in a folder of its own; `name` tells one from another.
fn certificate(folder: &Path, name: &str) -> (TlsSettings, PathBuf) {
    let made = make_self_signed(&folder.join(name), &["localhost".to_owned()], Clock::system().now()).unwrap();
    (made.settings, made.authority)
}

async fn start(settings: TlsSettings, limits: Limits) -> Running {
    let tls = Tls::open(settings, Clock::system()).unwrap();
    let plain = ListenerSettings::open("127.0.0.1:0".parse().unwrap());
    start_on(vec![ListenerSettings { tls: Some(tls), ..plain.clone() }, plain], limits).await
}

/// How a client is set up.
struct Setup<'a> {
    authority: &'a Path,
    versions: &'a [&'static SupportedProtocolVersion],
    alpn: &'a [&'a str],
    /// Its certificate and key, in PEM.
    identity: Option<(String, String)>,
}

impl<'a> Setup<'a> {
    fn new(authority: &'a Path) -> Setup<'a> {
        Setup { authority, versions: rustls::ALL_VERSIONS, alpn: &[], identity: None }
    }

    fn config(self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.authority).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(self.versions)
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match self.identity {
            Some((certificate, key)) => {
                let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
                builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap()).unwrap()
            }
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = self.alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        Arc::new(config)
    }

    async fn connect(self, server: &Running) -> io::Result<TlsStream<TcpStream>> {
        connect(self.config(), server).await
    }
}

async fn connect(config: Arc<ClientConfig>, server: &Running) -> io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(server.addresses[0]).await?;
    TlsConnector::from(config).connect(ServerName::try_from("localhost").unwrap(), stream).await
}

async fn whence(stream: TlsStream<TcpStream>) -> String {
    let mut client = Client::over(stream);
    client.send(call("", "\"whence\"")).await;
    client.reply().await.text().to_owned()
}

#[tokio::test]
async fn both_versions_are_spoken_and_a_request_knows_it() {
    let folder = tempfile::tempdir().unwrap();
    let (settings, authority) = certificate(folder.path(), "one");
    let server = start(settings, Limits::default()).await;
    for (version, name, suite) in
        [(&rustls::version::TLS13, "TLSv1.3", "TLS_A"), (&rustls::version::TLS12, "TLSv1.2", "ECDHE-ECDSA-A")]
    {
        let stream = Setup { versions: &[version], ..Setup::new(&authority) }.connect(&server).await.unwrap();
        let told = whence(stream).await;
        assert!(told.contains(name) && told.contains(suite), "{told}");
    }
    let plain = Client::over(TcpStream::connect(server.addresses[1]).await.unwrap());
    let mut plain = plain;
    plain.send(call("", "\"whence\"")).await;
    assert!(plain.reply().await.text().contains("protection: None"));
}

#[tokio::test]
async fn a_client_chooses_its_http() {
    let folder = tempfile::tempdir().unwrap();
    let (settings, authority) = certificate(folder.path(), "one");
    let server = start(settings, Limits::default()).await;
    for (offered, chosen) in
        [(&[][..], None), (&["http/1.1"], Some("http/1.1")), (&["h2", "http/1.1"], Some("h2")), (&["h2"], Some("h2"))]
    {
        let stream = Setup { alpn: offered, ..Setup::new(&authority) }.connect(&server).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), chosen.map(str::as_bytes));
        if chosen == Some("h2") {
            let (mut sender, connection) =
                hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
            let _connection = runtime::spawn(connection);
            let request = Request::get("https://localhost/healthz").body(Full::new(Bytes::new())).unwrap();
            let answer = sender.send_request(request).await.unwrap();
            assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "healthy\n");
        } else {
            assert!(whence(stream).await.contains("TLSv1.3"));
        }
    }
}

#[tokio::test]
async fn large_bodies_pass_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let (settings, authority) = certificate(folder.path(), "one");
    let server = start(settings, Limits::default()).await;
    let mut client = Client::over(Setup::new(&authority).connect(&server).await.unwrap());
    for size in [0, 1, 100_000, 10_000_000] {
        let body = vec![b'x'; size + 1];
        client.send(call("", &body)).await;
        assert!(client.reply().await.body == body, "{size}");
    }
}

#[tokio::test]
async fn a_listener_with_tls_does_not_answer_without() {
    let folder = tempfile::tempdir().unwrap();
    let (settings, _) = certificate(folder.path(), "one");
    let server = start(settings, Limits::default()).await;
    let mut client = server.connect().await;
    client.send(call("", "1")).await;
    let mut answer = Vec::new();
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut client.stream, &mut answer).await;
    // An alert of TLS, and no HTTP.
    assert_eq!(answer.first(), Some(&21), "{answer:?}");
    assert!(answer.len() < 10);
}

/// An authority of clients, as PEM, and a certificate by it.
fn client_certificate() -> (String, (String, String)) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let text = authority.self_signed(&authority_key).unwrap().pem();
    let key = KeyPair::generate().unwrap();
    let mut client = CertificateParams::new(vec!["client".to_owned()]).unwrap();
    client.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    let certificate = client.signed_by(&key, &Issuer::new(authority, authority_key)).unwrap();
    (text, (certificate.pem(), key.serialize_pem()))
}

/// Whether a client with this identity gets an answer. With TLS 1.3 it learns of a refusal only when it reads.
async fn is_answered(server: &Running, authority: &Path, identity: Option<(String, String)>) -> bool {
    let Ok(mut stream) = (Setup { identity, ..Setup::new(authority) }).connect(server).await else { return false };
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    if stream.write_all(&call("", "1")).await.is_err() {
        return false;
    }
    stream.read(&mut [0; 100]).await.is_ok_and(|read| read > 0)
}

#[tokio::test]
async fn client_certificates_are_asked_for_and_verified() {
    let folder = tempfile::tempdir().unwrap();
    let (settings, authority) = certificate(folder.path(), "one");
    let (client_authority, good) = client_certificate();
    let (_, strange) = client_certificate();
    let path = folder.path().join("clients.pem");
    fs::write(&path, client_authority).unwrap();
    for (kind, without) in [(ClientCertificates::Required, false), (ClientCertificates::Optional, true)] {
        let settings = TlsSettings { clients: Some((path.clone(), kind)), ..settings.clone() };
        let server = start(settings, Limits::default()).await;
        assert!(is_answered(&server, &authority, Some(good.clone())).await, "{kind:?}");
        assert!(!is_answered(&server, &authority, Some(strange.clone())).await, "{kind:?}: of another authority");
        assert_eq!(is_answered(&server, &authority, None).await, without, "{kind:?}");
    }
}

/// Puts the files of `from` in the place of those of `to`, as a renewal does.
fn replace(from: &TlsSettings, to: &TlsSettings) {
    for (from, to) in [(&from.certificate, &to.certificate), (&from.key, &to.key)] {
        let temporary = to.with_extension("new");
        fs::copy(from, &temporary).unwrap();
        fs::rename(&temporary, to).unwrap();
    }
}

#[tokio::test]
async fn a_new_certificate_is_shown_and_a_broken_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (settings, first) = certificate(folder.path(), "one");
    let (others, second) = certificate(folder.path(), "two");
    let tls = Tls::open(settings.clone(), Clock::system()).unwrap();
    let plain = ListenerSettings::open("127.0.0.1:0".parse().unwrap());
    let server = start_on(vec![ListenerSettings { tls: Some(tls.clone()), ..plain }], Limits::default()).await;
    assert_eq!(tls.reload(), Ok(false), "nothing changed");
    let mut open = Client::over(Setup::new(&first).connect(&server).await.unwrap());
    fs::write(&settings.certificate, "broken").unwrap();
    let problem = tls.reload().unwrap_err().to_string();
    assert!(problem.contains("certificate.pem"), "{problem}");
    assert_eq!(tls.reload(), Ok(false), "it is not complained about twice");
    fs::copy(&others.certificate, &settings.certificate).unwrap();
    let problem = tls.reload().unwrap_err().to_string();
    assert!(problem.contains("key.pem"), "the key is still another's: {problem}");
    assert!(whence(Setup::new(&first).connect(&server).await.unwrap()).await.contains("TLSv1.3"));
    replace(&others, &settings);
    assert_eq!(tls.reload(), Ok(true));
    assert!(Setup::new(&first).connect(&server).await.is_err());
    assert!(whence(Setup::new(&second).connect(&server).await.unwrap()).await.contains("TLSv1.3"));
    open.send(call("", "1")).await;
    assert_eq!(open.reply().await.text(), "1", "connections that were open stay");
}

#[tokio::test]
async fn the_server_looks_for_a_new_certificate_itself() {
    let folder = tempfile::tempdir().unwrap();
    let (settings, _) = certificate(folder.path(), "one");
    let (others, second) = certificate(folder.path(), "two");
    let server = start(settings.clone(), Limits::default()).await;
    replace(&others, &settings);
    pause(Duration::from_millis(2500)).await;
    assert!(Setup::new(&second).connect(&server).await.is_ok());
}

#[tokio::test]
async fn who_is_slow_to_agree_is_cut_off_and_harms_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let (settings, authority) = certificate(folder.path(), "one");
    let limits = Limits { head_timeout: Duration::from_millis(300), ..Limits::default() };
    let server = start(settings, limits).await;
    let mut slow = Vec::new();
    for _ in 0..50 {
        let mut client = server.connect().await;
        // The beginning of a client's first message.
        client.send([22, 3, 1, 2, 0]).await;
        slow.push(client);
    }
    assert!(whence(Setup::new(&authority).connect(&server).await.unwrap()).await.contains("TLSv1.3"));
    for client in &mut slow {
        assert!(client.is_closed_within(Duration::from_secs(2)).await);
    }
    let mut plain = Client::over(TcpStream::connect(server.addresses[1]).await.unwrap());
    plain.send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let metrics = plain.reply().await.text().to_owned();
    assert!(metrics.contains("stator_tls_handshakes_failed_total 50"), "{metrics}");
    assert!(metrics.contains("stator_open_connections 1"), "{metrics}");
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let (settings, authority) = certificate(folder.path(), "one");
    let limits = Limits { write_timeout: Duration::from_millis(300), ..Limits::default() };
    let server = start(settings, limits).await;
    let mut client = Client::over(Setup::new(&authority).connect(&server).await.unwrap());
    client.send(call("", vec![b'x'; 16_000_000])).await;
    pause(Duration::from_secs(2)).await;
    assert!(client.read_to_end().await < 16_000_000, "the server gave up before the end of the answer");
}

#[tokio::test]
async fn a_shutdown_finishes_what_is_in_progress_and_does_not_wait_for_handshakes() {
    let folder = tempfile::tempdir().unwrap();
    let (settings, authority) = certificate(folder.path(), "one");
    let mut server = start(settings, Limits::default()).await;
    let mut silent = server.connect().await;
    let stream = Setup::new(&authority).connect(&server).await.unwrap();
    assert_eq!(stream.get_ref().1.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    let mut busy = Client::over(stream);
    busy.send(call("", "\"slow\"")).await;
    pause(Duration::from_millis(100)).await;
    server.stop.take();
    assert!(silent.is_closed_within(Duration::from_millis(100)).await);
    assert_eq!(busy.reply().await.text(), "\"slow\"");
    assert!(busy.is_closed_within(Duration::from_secs(1)).await);
    assert!(server.task.await.unwrap());
}

#[test]
fn files_that_are_no_tls_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (good, _) = certificate(folder.path(), "one");
    let (other, _) = certificate(folder.path(), "two");
    let missing = folder.path().join("missing.pem");
    let clients = Some((missing.clone(), ClientCertificates::Required));
    for (settings, name) in [
        (TlsSettings { certificate: missing.clone(), ..good.clone() }, "missing.pem"),
        (TlsSettings { key: missing, ..good.clone() }, "missing.pem"),
        (TlsSettings { key: good.certificate.clone(), ..good.clone() }, "certificate.pem"),
        (TlsSettings { certificate: good.key.clone(), ..good.clone() }, "key.pem"),
        (TlsSettings { key: other.key, ..good.clone() }, "two/key.pem"),
        (TlsSettings { clients, ..good }, "missing.pem"),
    ] {
        let problem = Tls::open(settings, Clock::system()).unwrap_err().to_string();
        assert!(problem.contains(name), "{problem}");
    }
}
