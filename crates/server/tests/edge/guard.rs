//! Calls to a server that verifies them: what passes, and what the others are told.

use crate::fixture::{Reply, Running, start_as};
use auth::{Authenticator, Directory, Seal, SealError};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http2::handshake;
use hyper_util::rt::{TokioExecutor, TokioIo};
use keyring::{MasterKey, Sealer, SealingKey, Secret};
use runtime::{Clock, ManualClock, Random, Timestamp};
use server::audit::Audit;
use server::{Guard, Limits, ListenerSettings, Settings};
use sigv4::{PathRule, Scope, Signer, SigningKey};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use storage::Memory;
use tokio::net::TcpStream;

const REGION: &str = "eu-test-1";
const ACCOUNT: &str = "123456789012";
const ROOT: &str = "arn:aws:iam::123456789012:root";

struct Sealed(Sealer);

impl Seal for Sealed {
    fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
        self.0.seal(context, plain).map_err(|_| SealError)
    }

    fn open(&self, context: &[u8], sealed: &[u8]) -> Option<zeroize::Zeroizing<Vec<u8>>> {
        self.0.open(context, sealed)
    }
}

/// A server that verifies, the time that it has, and who may call it.
struct Guarded {
    running: Running,
    hands: ManualClock,
    clock: Clock,
    root: Key,
}

/// An access key as a client has it.
#[derive(Clone)]
struct Key {
    id: String,
    secret: String,
    token: Option<String>,
}

impl Guarded {
    async fn start(audit: Option<&Path>) -> Guarded {
        let (clock, hands) = Clock::manual(Timestamp::from_millis(1_800_000_000_000));
        let master = MasterKey::of_secret(Secret::random().unwrap());
        let sealer = SealingKey::derived(&master).unwrap().sealer("principals").unwrap();
        let store = Arc::new(Memory::new());
        let directory = Directory::new(store, Arc::new(Sealed(sealer)), clock.clone(), Random::system());
        let made = directory.ensure_account(ACCOUNT).await.unwrap().unwrap();
        let root = Key { id: made.access_key_id, secret: made.secret_access_key.reveal().to_owned(), token: None };
        let guard = Guard::new(Arc::new(Authenticator::new(directory)), clock.clone(), REGION.to_owned());
        let audit = audit.map(|path| Audit::open(path.to_owned(), Clock::system(), Random::system()).unwrap());
        let settings =
            Settings { region: REGION.to_owned(), limits: Limits::default(), guard: Some(Arc::new(guard)), audit };
        let running = start_as(vec![ListenerSettings::open("127.0.0.1:0".parse().unwrap())], settings).await;
        Guarded { running, hands, clock, root }
    }

    fn call<'a>(&self, key: &Key, body: &'a str) -> Call<'a> {
        Call { body, ..Call::new(key.clone(), self.clock.now().as_seconds()) }
    }

    async fn send(&self, call: &Call<'_>) -> Reply {
        self.running.request(call.to_bytes()).await
    }

    async fn send_form(&self, key: &Key, service: &'static str, form: &str) -> Reply {
        self.send(&Call { service, kind: "application/x-www-form-urlencoded", target: None, ..self.call(key, form) })
            .await
    }
}

/// A call that is signed, and what of it is changed after that.
struct Call<'a> {
    key: Key,
    service: &'static str,
    region: &'a str,
    at_seconds: u64,
    kind: &'a str,
    target: Option<&'a str>,
    host: &'a str,
    body: &'a str,
    /// Sent compressed: what was signed is what is sent.
    is_gzip: bool,
    signed_body: Option<&'a str>,
    signed_target: Option<&'a str>,
    signs_target: bool,
}

impl<'a> Call<'a> {
    fn new(key: Key, at_seconds: u64) -> Call<'a> {
        Call {
            key,
            service: "dynamodb",
            region: REGION,
            at_seconds,
            kind: "application/x-amz-json-1.0",
            target: Some("DynamoDB_20120810.GetItem"),
            host: "localhost:8000",
            body: "",
            is_gzip: false,
            signed_body: None,
            signed_target: None,
            signs_target: true,
        }
    }

    fn sent_body(&self) -> Vec<u8> {
        if !self.is_gzip {
            return self.body.into();
        }
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(self.body.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    /// The headers of the call, its signature among them.
    fn headers(&self) -> Vec<(&'static str, String)> {
        let at = sigv4::Timestamp::from_unix_seconds(self.at_seconds);
        let mut headers = vec![("host", self.host.to_owned()), ("x-amz-date", at.basic().as_str().to_owned())];
        headers.extend(self.key.token.clone().map(|token| ("x-amz-security-token", token)));
        let target = self.target.filter(|_| self.signs_target);
        headers.extend(target.map(|target| ("x-amz-target", self.signed_target.unwrap_or(target).to_owned())));
        let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        let found: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let sent = self.signed_body.map_or_else(|| self.sent_body(), |body| body.into());
        let request = sigv4::Request {
            method: "POST",
            path: "/",
            query: "",
            headers: &found,
            body: &sent,
            path_rule: PathRule::Normalized,
        };
        let basic = at.basic();
        let scope = Scope { date: basic.date(), region: self.region, service: self.service };
        let signing_key = SigningKey::derive(&self.key.secret, &scope);
        let signer = Signer { access_key_id: &self.key.id, scope, key: &signing_key };
        let authorization = sigv4::sign(&request, &names.join(";"), &signer, at);
        headers.retain(|(name, _)| *name != "x-amz-target");
        headers.push(("authorization", authorization));
        headers.push(("content-type", self.kind.to_owned()));
        headers.extend(self.target.map(|target| ("x-amz-target", target.to_owned())));
        headers.extend(self.is_gzip.then(|| ("content-encoding", "gzip".to_owned())));
        headers
    }

    fn to_bytes(&self) -> Vec<u8> {
        let headers: String = self.headers().iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        crate::fixture::post(&headers, self.sent_body())
    }
}

#[tokio::test]
async fn a_signed_call_is_its_senders() {
    let server = Guarded::start(None).await;
    for is_gzip in [false, true] {
        let reply = server.send(&Call { is_gzip, ..server.call(&server.root, "\"sender\"") }).await;
        assert_eq!((reply.status, reply.text()), (200, ROOT));
    }
    // From the second call on the signing key is known.
    let reply = server.send(&server.call(&server.root, "\"sender\"")).await;
    assert_eq!(reply.text(), ROOT);
}

#[tokio::test]
async fn what_differs_from_what_was_signed_is_refused() {
    let server = Guarded::start(None).await;
    let now = server.clock.now().as_seconds();
    let of_root = || server.call(&server.root, "{}");
    let other = |secret: &str, id: &str| Key { id: id.to_owned(), secret: secret.to_owned(), token: None };
    let (id, secret) = (&*server.root.id, &*server.root.secret);
    let (signature, unknown) = ("InvalidSignatureException", "UnrecognizedClientException");
    let invalid_token = "The security token included in the request is invalid.";
    for (call, code, words) in [
        (Call { signed_body: Some("{\"a\":1}"), ..of_root() }, signature, "does not match"),
        (Call { signed_target: Some("DynamoDB_20120810.PutItem"), ..of_root() }, signature, "does not match"),
        (Call { signs_target: false, ..of_root() }, signature, "'X-Amz-Target' must be a"),
        (Call { key: other("wrong", id), ..of_root() }, signature, "does not match"),
        (Call { key: other(secret, "AKIAQAAAAAAAAAAAAAAA"), ..of_root() }, unknown, invalid_token),
        (Call { key: other(secret, "no-key"), ..of_root() }, unknown, invalid_token),
        (
            Call { key: Key { token: Some("session".to_owned()), ..server.root.clone() }, ..of_root() },
            unknown,
            invalid_token,
        ),
        (Call { region: "eu-test-2", ..of_root() }, signature, "valid region, not 'eu-test-2'"),
        (Call { service: "iam", ..of_root() }, signature, "correct service: 'dynamodb'"),
        (Call { at_seconds: now - 301, ..of_root() }, signature, "Signature expired"),
        (Call { at_seconds: now + 301, ..of_root() }, signature, "Signature not yet current"),
        (Call { body: "{", signed_body: Some(""), ..of_root() }, "SerializationException", ""),
    ] {
        let reply = server.send(&call).await;
        assert_eq!(reply.status, 400, "{}", reply.text());
        assert!(reply.text().contains(&format!("#{code}")) && reply.text().contains(words), "{code}: {}", reply.text());
    }
    let reply = server.send(&of_root()).await;
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn over_http2_the_authority_is_the_host() {
    let server = Guarded::start(None).await;
    let stream = TcpStream::connect(server.running.address).await.unwrap();
    let (mut sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let _connection = runtime::spawn(connection);
    let call = server.call(&server.root, "\"sender\"");
    for (host, status) in [("localhost:8000", 200), ("elsewhere", 400)] {
        let mut request = Request::post(format!("http://{host}/"));
        for (name, value) in call.headers().into_iter().filter(|(name, _)| *name != "host") {
            request = request.header(name, value);
        }
        let response =
            sender.send_request(request.body(Full::new(Bytes::from(call.body.to_owned()))).unwrap()).await.unwrap();
        assert_eq!(response.status(), status);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert!(status != 200 || body == ROOT);
    }
}

/// What stands in an element of an answer.
fn element(reply: &Reply, name: &str) -> String {
    let text = reply.text();
    let (_, rest) = text.split_once(&format!("<{name}>")).unwrap_or_else(|| panic!("no {name} in {text}"));
    rest.split_once('<').unwrap().0.to_owned()
}

#[tokio::test]
async fn a_session_ends() {
    let server = Guarded::start(None).await;
    let reply = server.send_form(&server.root, "sts", "Action=GetSessionToken&DurationSeconds=900").await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let [id, secret, token] = ["AccessKeyId", "SecretAccessKey", "SessionToken"].map(|name| element(&reply, name));
    let session = Key { id, secret, token: Some(token) };
    assert_eq!(server.send(&server.call(&session, "\"sender\"")).await.text(), ROOT);
    let other = Key { token: Some("other".to_owned()), ..session.clone() };
    let reply = server.send(&server.call(&other, "{}")).await;
    assert!(reply.text().contains("#UnrecognizedClientException"), "{}", reply.text());
    server.hands.advance(Duration::from_secs(901));
    let reply = server.send(&server.call(&session, "{}")).await;
    assert!(reply.text().contains("#ExpiredTokenException"), "{}", reply.text());
    let reply = server.send_form(&session, "sts", "Action=GetCallerIdentity").await;
    assert_eq!((reply.status, &*element(&reply, "Code")), (403, "ExpiredToken"));
}

#[tokio::test]
async fn forms_are_answered_in_xml() {
    let server = Guarded::start(None).await;
    let reply = server.send_form(&server.root, "sts", "Action=GetCallerIdentity&Version=2011-06-15").await;
    assert_eq!(reply.header("content-type"), Some("text/xml"));
    assert_eq!((reply.status, &*element(&reply, "Arn")), (200, ROOT));
    let stranger = Key { secret: "wrong".to_owned(), ..server.root.clone() };
    let reply = server.send_form(&stranger, "iam", "Action=ListUsers").await;
    assert_eq!((reply.status, &*element(&reply, "Code")), (403, "SignatureDoesNotMatch"));
    // Neither a form for DynamoDB nor an operation of DynamoDB for IAM.
    let reply = server.send_form(&server.root, "dynamodb", "Action=ListUsers").await;
    assert_eq!((reply.status, &*element(&reply, "Code")), (403, "SignatureDoesNotMatch"));
    let unsigned = "Host: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    let reply = server.running.request(crate::fixture::post(unsigned, "Action=ListUsers&Version=2010-05-08")).await;
    assert_eq!((reply.status, &*element(&reply, "Code")), (403, "MissingAuthenticationToken"));
    let reply = server.running.request("GET /?Action=ListUsers HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!((reply.status, &*element(&reply, "Code")), (403, "MissingAuthenticationToken"));
    let reply = server.running.request("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(reply.status, 200, "the sign of life needs no signature");
}

#[tokio::test]
async fn the_audit_log_tells_what_was_denied_and_managed_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit");
    let server = Guarded::start(Some(&path)).await;
    let reply = server.send_form(&server.root, "sts", "Action=GetSessionToken").await;
    let [id, secret, token] = ["AccessKeyId", "SecretAccessKey", "SessionToken"].map(|name| element(&reply, name));
    let session = Key { id, secret, token: Some(token) };
    assert_eq!(server.send(&server.call(&session, "{}")).await.status, 200, "a read that is allowed is not told");
    let changed = Call { signed_body: Some("1"), ..server.call(&session, "{\"TableName\":\"Music\"}") };
    assert_eq!(server.send(&changed).await.status, 400);
    let lines = loop {
        let text = std::fs::read_to_string(&path).unwrap();
        if text.lines().count() >= 2 {
            break text;
        }
        Clock::system().sleep(Duration::from_millis(5)).await;
    };
    let events: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len(), 2, "{lines}");
    assert_eq!(events[0]["eventName"], "GetSessionToken");
    assert_eq!(events[0]["eventSource"], "sts.amazonaws.com");
    assert_eq!(events[0]["userIdentity"]["arn"], ROOT);
    assert_eq!(events[1]["eventName"], "GetItem");
    assert_eq!(events[1]["errorCode"], "InvalidSignatureException");
    assert_eq!(events[1]["userIdentity"]["accessKeyId"], *session.id);
    assert_eq!(events[1]["requestParameters"]["tableName"], "Music");
    for secret in [&server.root.secret, &session.secret, session.token.as_ref().unwrap()] {
        assert!(!lines.contains(&**secret), "{lines}");
    }
}
