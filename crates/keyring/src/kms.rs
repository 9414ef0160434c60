//! A key of a KMS, over AWS's API: GenerateDataKey and Decrypt, in JSON 1.1, signed.
//!
//! What must hold: the KMS key never leaves the KMS; what it wraps is bound to its purpose by the encryption context.

use crate::http::Address;
use crate::keyfile::Base64;
use crate::master::Generated;
use crate::{KeyError, KmsError, Secret};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use runtime::Clock;
use serde::{Deserialize, Deserializer, Serialize, de};
use sigv4::{PathRule, Scope, Signer, SigningKey, Timestamp};
use std::fmt;
use std::time::Duration;
use zeroize::Zeroizing;

/// Where a KMS is and who asks it.
#[derive(Clone, Debug)]
pub struct KmsSettings {
    /// Its URL; AWS's of the Region otherwise.
    pub endpoint: Option<String>,
    /// The Region, unless the key's ARN names one.
    pub region: String,
    /// Who asks.
    pub credentials: Option<Credentials>,
    /// What o'clock it is, which signatures tell.
    pub clock: Clock,
}

/// An access key of AWS.
#[derive(Clone)]
pub struct Credentials {
    /// The id of the access key.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: Zeroizing<String>,
    /// The token of temporary credentials.
    pub session_token: Option<String>,
}

impl Credentials {
    /// Those of AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.
    pub fn from_environment() -> Option<Self> {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Some(Self {
            access_key_id: variable("AWS_ACCESS_KEY_ID")?,
            secret_access_key: Zeroizing::new(variable("AWS_SECRET_ACCESS_KEY")?),
            session_token: variable("AWS_SESSION_TOKEN"),
        })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Credentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// A key of a KMS.
#[derive(Clone, Debug)]
pub struct Kms {
    key: String,
    region: String,
    endpoint: String,
    address: Address,
    credentials: Option<Credentials>,
    clock: Clock,
}

/// What signatures call the KMS.
const SERVICE: &str = "kms";

/// How often a request is tried in all.
const TRIES: u32 = 4;

/// How long one try may take.
const TRY_TIMEOUT: Duration = Duration::from_secs(5);

/// The pause after the first try; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// What an operation asks for.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Input<'a> {
    key_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_spec: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ciphertext_blob: Option<Base64>,
    encryption_context: Context<'a>,
}

/// Bound to what is wrapped, and written into the records of the KMS.
#[derive(Serialize)]
struct Context<'a> {
    #[serde(rename = "stator:purpose")]
    purpose: &'a str,
}

/// What both operations answer.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    /// The ARN of the key.
    key_id: String,
    plaintext: Plaintext,
    ciphertext_blob: Option<Base64>,
}

/// A secret in base64, wiped when it is dropped.
struct Plaintext(Zeroizing<Vec<u8>>);

impl<'de> Deserialize<'de> for Plaintext {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        BASE64_STANDARD.decode(text.as_bytes()).map(|bytes| Self(Zeroizing::new(bytes))).map_err(de::Error::custom)
    }
}

/// How an error is answered.
#[derive(Deserialize, Default)]
struct Fault {
    #[serde(rename = "__type", default)]
    code: String,
    #[serde(alias = "Message", default)]
    message: String,
}

impl Kms {
    /// The key of this id, ARN or alias.
    pub fn new(key: &str, settings: KmsSettings) -> Result<Self, KeyError> {
        // arn:aws:kms:REGION:ACCOUNT:key/ID
        let of_arn = key.starts_with("arn:").then(|| key.split(':').nth(3)).flatten().map(str::to_owned);
        let region = of_arn.unwrap_or(settings.region);
        let endpoint = settings.endpoint.unwrap_or_else(|| format!("https://kms.{region}.amazonaws.com"));
        let address = Address::parse(&endpoint).map_err(|problem| KeyError::MasterKey {
            name: format!("kms:{key}"),
            reason: format!("the address of the KMS, {endpoint}, is none: {problem}"),
        })?;
        Ok(Self {
            key: key.to_owned(),
            region,
            endpoint,
            address,
            credentials: settings.credentials,
            clock: settings.clock,
        })
    }

    /// The key, as it was named.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether this can be the key of that id, which is an ARN. What an alias stands for only the KMS knows.
    pub fn may_be(&self, id: &str) -> bool {
        let is_alias = self.key.contains("alias/");
        id.starts_with("arn:") && (is_alias || id == self.key || id.ends_with(&format!("/{}", self.key)))
    }

    /// A new secret.
    pub async fn generate(&self, purpose: &str) -> Result<Generated, KeyError> {
        let input = Input {
            key_id: &self.key,
            key_spec: Some("AES_256"),
            ciphertext_blob: None,
            encryption_context: Context { purpose },
        };
        let output = self.call("GenerateDataKey", &input).await?;
        let secret = self.secret(&output)?;
        let wrapped = output.ciphertext_blob.ok_or_else(|| self.no_answer("there is no CiphertextBlob"))?.0;
        Ok(Generated { secret, wrapped, master: output.key_id })
    }

    /// The secret that was generated for the purpose.
    pub async fn decrypt(&self, wrapped: &[u8], purpose: &str) -> Result<Secret, KeyError> {
        let input = Input {
            key_id: &self.key,
            key_spec: None,
            ciphertext_blob: Some(Base64(wrapped.to_vec())),
            encryption_context: Context { purpose },
        };
        let output = self.call("Decrypt", &input).await?;
        self.secret(&output)
    }

    fn secret(&self, output: &Output) -> Result<Secret, KeyError> {
        Secret::of_bytes(&output.plaintext.0).ok_or_else(|| self.no_answer("the Plaintext is no key of 256 bits"))
    }

    /// Asks, and asks again when no answer comes or the KMS says that it is busy.
    async fn call(&self, operation: &str, input: &Input<'_>) -> Result<Output, KeyError> {
        let body = serde_json::to_vec(input).map_err(|problem| self.no_answer(&problem.to_string()))?;
        let mut pause = FIRST_PAUSE;
        let mut tried = 0;
        loop {
            tried += 1;
            let failure = match self.ask(operation, &body).await {
                Ok(output) => return Ok(output),
                Err(failure) => failure,
            };
            if TRIES <= tried || !may_pass(&failure) {
                return Err(self.failed(failure));
            }
            tracing::warn!(key = self.key, operation, problem = %failure, "asking the KMS again");
            self.clock.sleep(pause).await;
            pause *= 2;
        }
    }

    async fn ask(&self, operation: &str, body: &[u8]) -> Result<Output, KmsError> {
        let request = self.request(operation, body)?;
        let sent = self.clock.timeout(TRY_TIMEOUT, self.address.send(request)).await;
        let (status, answer) = match sent {
            Ok(sent) => sent.map_err(KmsError::Unreachable)?,
            Err(_) => return Err(KmsError::Unreachable(format!("no answer within {} s", TRY_TIMEOUT.as_secs()))),
        };
        let answer = Zeroizing::new(answer.to_vec());
        if status.is_success() {
            return serde_json::from_slice(&answer).map_err(|problem| KmsError::NoAnswer(problem.to_string()));
        }
        let fault: Fault = serde_json::from_slice(&answer).unwrap_or_default();
        Err(refusal(status.as_u16(), fault))
    }

    /// The signed request.
    fn request(&self, operation: &str, body: &[u8]) -> Result<Request<Full<Bytes>>, KmsError> {
        let credentials = self.credentials.as_ref().ok_or(KmsError::NoCredentials)?;
        let timestamp = Timestamp::from_unix_seconds(self.clock.now().as_seconds());
        let (basic, host, target) = (timestamp.basic(), self.address.host(), format!("TrentService.{operation}"));
        let mut headers = vec![
            ("content-type", "application/x-amz-json-1.1"),
            ("host", host.as_str()),
            ("x-amz-date", basic.as_str()),
        ];
        headers.extend(credentials.session_token.as_deref().map(|token| ("x-amz-security-token", token)));
        headers.push(("x-amz-target", target.as_str()));
        let authorization = self.sign(credentials, timestamp, &headers, body);
        headers.push(("authorization", &authorization));
        let request = headers.iter().fold(Request::post("/"), |request, (name, value)| request.header(*name, *value));
        let body = Full::new(Bytes::copy_from_slice(body));
        // Only a token or an id that is no text fails here.
        request.body(body).map_err(|_| KmsError::NoCredentials)
    }

    /// The value of the header Authorization. The headers are in the order of their names, and all of them are signed.
    fn sign(&self, credentials: &Credentials, at: Timestamp, headers: &[(&str, &str)], body: &[u8]) -> String {
        let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let basic = at.basic();
        let scope = Scope { date: basic.date(), region: &self.region, service: SERVICE };
        let key = SigningKey::derive(&credentials.secret_access_key, &scope);
        let path_rule = PathRule::of(SERVICE);
        let request = sigv4::Request { method: "POST", path: "/", query: "", headers: &headers, body, path_rule };
        let signer = Signer { access_key_id: &credentials.access_key_id, scope, key: &key };
        sigv4::sign(&request, &names.join(";"), &signer, at)
    }

    fn no_answer(&self, reason: &str) -> KeyError {
        self.failed(KmsError::NoAnswer(reason.to_owned()))
    }

    fn failed(&self, source: KmsError) -> KeyError {
        KeyError::Kms { key: self.key.clone(), endpoint: self.endpoint.clone(), source }
    }
}

/// Whether the same request may succeed a moment later.
fn may_pass(failure: &KmsError) -> bool {
    match failure {
        KmsError::Unreachable(_) => true,
        KmsError::Refused(code, _) => BUSY.contains(&code.as_str()),
        _ => false,
    }
}

/// Codes of errors that pass: those of AWS's KMS API reference, and what stands for an answer without code.
const BUSY: [&str; 7] = [
    "ThrottlingException",
    "LimitExceededException",
    "DependencyTimeoutException",
    "KMSInternalException",
    "KeyUnavailableException",
    "ServiceUnavailable",
    "InternalFailure",
];

/// What an error of the KMS means. The codes are those of AWS's KMS API reference.
fn refusal(status: u16, fault: Fault) -> KmsError {
    let Fault { code, message } = fault;
    // The code may stand behind a name space.
    let code = code.rsplit('#').next().unwrap_or_default().to_owned();
    match code.as_str() {
        "AccessDeniedException"
        | "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "ExpiredTokenException"
        | "InvalidClientTokenId"
        | "IncompleteSignature"
        | "MissingAuthenticationToken" => KmsError::AccessDenied(format!("{code}: {message}")),
        "NotFoundException" => KmsError::NotFound(message),
        "DisabledException" | "KMSInvalidStateException" => KmsError::Disabled(message),
        "InvalidCiphertextException" | "IncorrectKeyException" => KmsError::InvalidCiphertext(message),
        "" if 500 <= status => KmsError::Refused("InternalFailure".to_owned(), format!("status {status}")),
        "" => KmsError::NoAnswer(format!("status {status}")),
        _ => KmsError::Refused(code, message),
    }
}

#[cfg(test)]
mod tests;
