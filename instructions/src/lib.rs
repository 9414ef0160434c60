//! What the parts of a request are measured with: bodies as the load generator sends them, an item of about 600 bytes, a signed
//! request, and the policy of ten statements. The parts themselves are in `benches/parts.rs`.
#![allow(clippy::expect_used, reason = "inputs that are wrong must end the measurement")]

use sigv4::{Expected, Form, PathRule, Presented, Request, Scope, Signer, SigningKey, Timestamp};
use std::sync::Arc;

/// GetItem.
pub const GET: &str =
    r#"{"TableName":"load","Key":{"pk":{"S":"item11400714819323198485"},"sk":{"N":"7"}},"ConsistentRead":true}"#;

/// UpdateItem with a condition, a name and two values.
pub const UPDATE: &str = r##"{"TableName":"load","Key":{"pk":{"S":"item11400714819323198485"},"sk":{"N":"7"}},"UpdateExpression":"SET score = score + :by, #name = :name","ConditionExpression":"attribute_exists(pk) AND score < :most","ExpressionAttributeNames":{"#name":"name"},"ExpressionAttributeValues":{":by":{"N":"1"},":most":{"N":"1000000"},":name":{"S":"renamed 4711"}}}"##;

/// Query of a partition, of which a part is returned.
pub const QUERY: &str = r##"{"TableName":"load","KeyConditionExpression":"pk = :pk AND sk BETWEEN :low AND :high","FilterExpression":"score > :low OR contains(tags, :tag)","ProjectionExpression":"#name, bag.tools[0], score","ExpressionAttributeNames":{"#name":"name"},"ExpressionAttributeValues":{":pk":{"S":"item11400714819323198485"},":low":{"N":"2"},":high":{"N":"8"},":tag":{"S":"green"}}}"##;

/// The policy that `tests/run bench` gives its user, too.
pub const POLICY: &str = include_str!("../../tests/bench/policy.json");

const SCOPE: Scope<'static> = Scope { date: "20260131", region: "us-east-1", service: "dynamodb" };
const EXPECTED: Expected<'static> = Expected { region: Some("us-east-1"), service: "dynamodb" };
const SIGNED_HEADERS: &str = "content-type;host;x-amz-date;x-amz-target";
const TIME: &str = "20260131T120000Z";
const HEADERS: [(&str, &[u8]); 5] = [
    ("host", b"127.0.0.1:8000"),
    ("content-type", b"application/x-amz-json-1.0"),
    ("x-amz-date", TIME.as_bytes()),
    ("x-amz-target", b"DynamoDB_20120810.UpdateItem"),
    ("content-length", b"400"),
];

/// PutItem of an item of about 600 bytes.
pub fn put() -> String {
    let text = "abcdefghijklmnopqrstuvwxyz0123456789-+ABCD".repeat(10);
    format!(
        r#"{{"TableName":"load","Item":{{"pk":{{"S":"item11400714819323198485"}},"sk":{{"N":"7"}},"name":{{"S":"player 4711"}},"score":{{"N":"271828"}},"tags":{{"SS":["blue","green","red"]}},"bag":{{"M":{{"coins":{{"N":"3141"}},"tools":{{"L":[{{"S":"rope"}},{{"S":"lamp"}}]}}}}}},"text":{{"S":"{text}"}}}}}}"#
    )
}

/// A signed UpdateItem, and the key that verifies it.
pub struct Signed {
    key: SigningKey,
    signature: String,
    time: Timestamp,
}

impl Signed {
    /// Signed as a client does.
    pub fn new() -> Signed {
        let key = SigningKey::derive("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", &SCOPE);
        let time = Timestamp::from_basic(TIME).expect("a time");
        let signer = Signer { access_key_id: "AKIDEXAMPLE", scope: SCOPE, key: &key };
        let signed = sigv4::sign(&request(), SIGNED_HEADERS, &signer, time);
        let signature = signed.rsplit_once('=').expect("a signature").1.to_owned();
        Signed { key, signature, time }
    }

    /// Whether the signature is that of the request.
    pub fn verifies(&self) -> bool {
        let presented = Presented {
            scope: SCOPE,
            terminator: sigv4::TERMINATOR,
            signed_headers: SIGNED_HEADERS,
            signature: &self.signature,
            timestamp: self.time,
            form: Form::Header,
        };
        let request = request();
        sigv4::check(&request, &presented, &EXPECTED, self.time).is_ok_and(|checked| checked.verify(&self.key).is_ok())
    }
}

impl Default for Signed {
    fn default() -> Signed {
        Signed::new()
    }
}

fn request() -> Request<'static> {
    let body = UPDATE.as_bytes();
    Request { method: "POST", path: "/", query: "", headers: &HEADERS, body, path_rule: PathRule::Normalized }
}

/// The policy, compiled, as an account keeps it.
pub fn policies() -> Vec<Arc<policy::Policy>> {
    vec![Arc::new(policy::Policy::parse(POLICY, policy::DocumentKind::Identity).expect("a policy"))]
}
