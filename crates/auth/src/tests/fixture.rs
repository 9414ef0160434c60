//! A directory over a store in memory, with a clock that stands still and one account.

use crate::{Authenticator, Directory, Identity, Origin, Response, Seal, SealError, Service, Services, Unidentified};
use parking_lot::Mutex;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use runtime::{Clock, ManualClock, Random, Timestamp};
use std::sync::Arc;
use storage::{Memory, Store};
use zeroize::Zeroizing;

pub(super) const ACCOUNT: &str = "123456789012";

/// Seals with a key that is one byte again and again. Nonces are counted: all that a test needs.
pub(super) struct TestSeal {
    key: LessSafeKey,
    sealed: Mutex<u64>,
}

impl TestSeal {
    pub(super) fn new(byte: u8) -> Self {
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[byte; 32]).unwrap());
        Self { key, sealed: Mutex::new(0) }
    }
}

impl Seal for TestSeal {
    fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE_LEN];
        let mut sealed = self.sealed.lock();
        *sealed += 1;
        nonce[..8].copy_from_slice(&sealed.to_be_bytes());
        let mut text = plain.to_vec();
        let sealing = Nonce::assume_unique_for_key(nonce);
        self.key.seal_in_place_append_tag(sealing, Aad::from(context), &mut text).map_err(|_| SealError)?;
        Ok([&nonce[..], &text].concat())
    }

    fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
        let mut text = text.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let plain = self.key.open_in_place(nonce, Aad::from(context), &mut text).ok()?;
        Some(Zeroizing::new(plain.to_vec()))
    }
}

/// Credentials as a client has them.
#[derive(Clone, Debug)]
pub(super) struct Credentials {
    pub key_id: String,
    pub token: Option<String>,
}

/// One server over a store.
pub(super) struct Fixture {
    pub store: Arc<dyn Store>,
    pub authenticator: Arc<Authenticator>,
    pub services: Services,
    pub clock: Clock,
    pub hands: ManualClock,
    pub root: Credentials,
}

impl Fixture {
    pub(super) async fn new() -> Self {
        let start = Timestamp::from_millis(1_800_000_000_000);
        let (clock, hands) = Clock::manual(start);
        Self::over(Arc::new(Memory::new()), (clock, hands), 7).await
    }

    /// A server over this store with the seal of this key. Its root key is known only where it was made now.
    pub(super) async fn over(store: Arc<dyn Store>, (clock, hands): (Clock, ManualClock), key: u8) -> Self {
        let seal = Arc::new(TestSeal::new(key));
        let directory = Directory::new(store.clone(), seal, clock.clone(), Random::system());
        let made = directory.ensure_account(ACCOUNT).await.unwrap();
        let key_id = made.map(|made| made.access_key_id).unwrap_or_default();
        let authenticator = Arc::new(Authenticator::new(directory));
        let services = Services::new(authenticator.clone());
        Self { store, authenticator, services, clock, hands, root: Credentials { key_id, token: None } }
    }

    /// Another server over the same store.
    pub(super) async fn another(&self, key: u8) -> Self {
        let mut other = Self::over(self.store.clone(), (self.clock.clone(), self.hands.clone()), key).await;
        other.root = self.root.clone();
        other
    }

    pub(super) async fn identify(&self, who: &Credentials) -> Result<Arc<Identity>, Unidentified> {
        self.authenticator.identify(&who.key_id, who.token.as_deref(), self.clock.now()).await
    }

    pub(super) fn origin(&self) -> Origin<'static> {
        Origin {
            source_ip: "192.0.2.7".parse().ok(),
            endpoint: None,
            endpoint_policy: None,
            secure_transport: true,
            user_agent: Some("test"),
            referer: None,
            region: "us-east-1",
            now: self.clock.now(),
        }
    }

    /// Calls an operation. Its name is that of the service too, where it is one of STS.
    pub(super) async fn call(&self, who: &Credentials, action: &str, parameters: &[(&str, &str)]) -> Response {
        let caller = self.identify(who).await.unwrap();
        let is_sts = crate::actions().any(|(service, name)| service == "sts" && name == action);
        let service = if is_sts { Service::Sts } else { Service::Iam };
        let form = form_urlencoded::Serializer::new(format!("Action={action}&")).extend_pairs(parameters).finish();
        self.services.call(service, form.as_bytes(), &caller, &self.origin(), "request-1").await
    }

    /// Calls an operation that must succeed.
    pub(super) async fn ok(&self, who: &Credentials, action: &str, parameters: &[(&str, &str)]) -> String {
        let response = self.call(who, action, parameters).await;
        assert_eq!(response.status, 200, "{action} {parameters:?}: {}", response.body);
        assert_eq!(response.event.error_code, None);
        response.body
    }

    /// Calls an operation that must be refused: `404 NoSuchEntity`.
    pub(super) async fn refused(&self, who: &Credentials, action: &str, parameters: &[(&str, &str)]) -> String {
        let response = self.call(who, action, parameters).await;
        let code = response.event.error_code.unwrap_or("none");
        assert!(response.body.contains(&format!("<Code>{code}</Code>")), "{}", response.body);
        format!("{} {code}", response.status)
    }

    /// A new user with an access key and an inline policy.
    pub(super) async fn user(&self, name: &str, policy: &str) -> Credentials {
        self.ok(&self.root, "CreateUser", &[("UserName", name)]).await;
        if !policy.is_empty() {
            let parameters = [("UserName", name), ("PolicyName", "p"), ("PolicyDocument", policy)];
            self.ok(&self.root, "PutUserPolicy", &parameters).await;
        }
        let body = self.ok(&self.root, "CreateAccessKey", &[("UserName", name)]).await;
        Credentials { key_id: text(&body, "AccessKeyId"), token: None }
    }

    /// A new role that trusts all of the account.
    pub(super) async fn role(&self, name: &str, policy: &str) -> String {
        let trust = trust(&format!("arn:aws:iam::{ACCOUNT}:root"));
        let parameters = [("RoleName", name), ("AssumeRolePolicyDocument", &trust)];
        let body = self.ok(&self.root, "CreateRole", &parameters).await;
        if !policy.is_empty() {
            let parameters = [("RoleName", name), ("PolicyName", "p"), ("PolicyDocument", policy)];
            self.ok(&self.root, "PutRolePolicy", &parameters).await;
        }
        text(&body, "Arn")
    }

    /// A session of a role.
    pub(super) async fn assume(&self, who: &Credentials, role: &str, more: &[(&str, &str)]) -> Credentials {
        let mut parameters = vec![("RoleArn", role), ("RoleSessionName", "session")];
        parameters.extend_from_slice(more);
        session(&self.ok(who, "AssumeRole", &parameters).await)
    }
}

/// The credentials in an answer.
pub(super) fn session(body: &str) -> Credentials {
    Credentials { key_id: text(body, "AccessKeyId"), token: Some(text(body, "SessionToken")) }
}

/// The text of the first element of this name.
pub(super) fn text(body: &str, element: &str) -> String {
    texts(body, element).into_iter().next().unwrap_or_else(|| panic!("no {element} in {body}"))
}

/// The texts of all elements of this name.
pub(super) fn texts(body: &str, element: &str) -> Vec<String> {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let inside = body.split(&open).skip(1).filter_map(|rest| rest.split(&close).next());
    inside.map(str::to_owned).collect()
}

/// A policy of one statement.
pub(super) fn policy(effect: &str, action: &str, resource: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"{effect}","Action":"{action}","Resource":"{resource}"}}]}}"#
    )
}

pub(super) fn allow(action: &str) -> String {
    policy("Allow", action, "*")
}

/// A trust policy.
pub(super) fn trust(principal: &str) -> String {
    let actions = r#"["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]"#;
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},"Action":{actions}}}]}}"#
    )
}
