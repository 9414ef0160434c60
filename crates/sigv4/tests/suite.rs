//! AWS's signing test suite, as the crate `aws-sigv4` ships it.
//!
//! The cases are read from where Cargo keeps that crate (`tests/vectors`), so that none of it stands in this repository, and no feature
//! of a dependency of ours changes. Every case is a request with its canonical form, string to sign and signature, once signed in a
//! header and once presigned: each must come out as it is there, verify, and no longer verify when anything is changed.
//!
//! botocore's source has an older edition of the suite, with five requests that the newer one lacks: parameters of one name in order of
//! their values, a character in a path that must be encoded, forms whose length is not signed. `tests/run vectors` fetches it and runs
//! the same checks on it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test, in helpers of its own")]

use sigv4::{
    Expected, Fault, Form, PathRule, Presented, Request, Scope, Signer, SigningKey, Timestamp, canonical_request,
    check, sign, string_to_sign,
};
use std::path::{Path, PathBuf};
use std::process::Command;

const CASES_MIN: usize = 40;

/// Of the older edition.
const OLDER_CASES_MIN: usize = 34;

/// Whose secret signed all requests of the older edition.
const OLDER_SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// Two cases check nothing but the path: the rest of their files do not belong together.
const PATHS_ONLY: [&str; 2] = ["double-encode-path", "double-url-encode"];

/// The folder of the suite. It is an error if there is none: a test that finds no cases shows nothing.
fn suite() -> PathBuf {
    let manifest = "tests/vectors/Cargo.toml";
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let output =
        Command::new(cargo).args(["metadata", "--format-version=1", "--locked", "--manifest-path", manifest]).output();
    let output = output.expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == "aws-sigv4").expect("the crate is there");
    let folder = Path::new(package["manifest_path"].as_str().unwrap()).with_file_name("aws-signing-test-suite/v4");
    assert!(folder.is_dir(), "{}", folder.display());
    folder
}

/// One request, with one signature.
#[derive(Default)]
struct Case {
    name: String,
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: String,
    context: serde_json::Value,
    canonical: String,
    string_to_sign: String,
    signature: String,
}

fn read(folder: &Path, name: &str) -> String {
    let file = folder.join(name);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

impl Case {
    /// The request of a text, and nothing of what comes of it yet.
    fn of_request(name: String, text: &str) -> Case {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let (line, head) = head.split_once('\n').unwrap_or((head, ""));
        let (method, target) = line.trim_end_matches(" HTTP/1.1").split_once(' ').unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Case {
            name,
            method: method.into(),
            path: path.into(),
            query: query.into(),
            headers: headers(head),
            body: body.into(),
            ..Case::default()
        }
    }

    fn read(folder: &Path, form: &str) -> Case {
        let is_path_only = PATHS_ONLY.iter().any(|name| folder.ends_with(name));
        let unless_path_only = |name: &str| if is_path_only { String::new() } else { read(folder, name) };
        let name = format!("{} ({form})", folder.file_name().unwrap().display());
        Case {
            context: serde_json::from_str(&unless_path_only("context.json")).unwrap_or_default(),
            canonical: read(folder, &format!("{form}-canonical-request.txt")),
            string_to_sign: unless_path_only(&format!("{form}-string-to-sign.txt")),
            signature: unless_path_only(&format!("{form}-signature.txt")),
            ..Case::of_request(name, &read(folder, &format!("{form}-signed-request.txt")))
        }
    }

    /// A case of the older edition: files with the folder's name, all of them signed in a header. What a request is signed with stands
    /// in a file of its own: one of the signed requests has another's signature.
    fn read_older(folder: &Path) -> Case {
        let name = folder.file_name().unwrap().display().to_string();
        let of = |kind: &str| read(folder, &format!("{name}.{kind}"));
        let mut request = Case::of_request(name.clone(), &of("sreq"));
        request.headers.retain(|(name, _)| name != "Authorization");
        request.headers.push(("Authorization".into(), of("authz")));
        Case {
            context: serde_json::json!({ "credentials": { "secret_access_key": OLDER_SECRET } }),
            canonical: of("creq"),
            string_to_sign: of("sts"),
            signature: of("authz").rsplit_once("Signature=").unwrap().1.into(),
            ..request
        }
    }

    fn header(&self, wanted: &str) -> Option<&str> {
        self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.as_str())
    }

    fn parameter(&self, wanted: &str) -> Option<String> {
        let mut pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value.replace("%2F", "/").replace("%3B", ";"))
    }

    fn run(&self) {
        let name = &self.name;
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let is_normalized = self.context["normalize"] != false;
        let request = Request {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &headers,
            body: self.body.as_bytes(),
            path_rule: if is_normalized { PathRule::Normalized } else { PathRule::AsSent },
        };
        let claim = Claim::of(self);
        let presented = claim.presented();
        if PATHS_ONLY.iter().any(|only| name.starts_with(only)) {
            let path = |text: &str| text.lines().nth(1).map(str::to_owned);
            return assert_eq!(path(&canonical_request(&request, &presented)), path(&self.canonical), "{name}");
        }
        // From the request alone it cannot be seen that its token was added later; that it verifies shows that both is tried.
        if presented.form == Form::Header || self.context["omit_session_token"] != true {
            assert_eq!(canonical_request(&request, &presented), self.canonical, "{name}");
            assert_eq!(string_to_sign(&request, &presented), self.string_to_sign, "{name}");
        }
        assert_eq!(claim.signature, self.signature, "{name}");
        let secret = self.context["credentials"]["secret_access_key"].as_str().unwrap();
        let key = SigningKey::derive(secret, &presented.scope);
        assert_eq!(verify(&request, &presented, &key), Ok(()), "{name}");
        self.change_everything(&request, &presented, &key);
        if presented.form == Form::Header {
            let signer = Signer { access_key_id: "AKIDEXAMPLE", scope: presented.scope, key: &key };
            let authorization = sign(&request, presented.signed_headers, &signer, presented.timestamp);
            assert_eq!(Some(authorization.as_str()), self.header("authorization"), "{name}");
        }
    }

    fn change_everything(&self, request: &Request<'_>, presented: &Presented<'_>, key: &SigningKey) {
        let longer_query = format!("{}&added=1", self.query);
        let changed = [
            Request { method: "PATCH", ..*request },
            Request { path: "/other", ..*request },
            Request { query: &longer_query, ..*request },
            Request { body: b"other", ..*request },
        ];
        for request in changed {
            assert_eq!(verify(&request, presented, key), Err(Fault::Mismatch), "{}", self.name);
        }
        for signed in presented.signed_headers.split(';') {
            let mut headers: Vec<_> =
                self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
            headers.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case(signed)).unwrap().1 = b"other";
            let request = Request { headers: &headers, ..*request };
            assert_eq!(verify(&request, presented, key), Err(Fault::Mismatch), "{}: {signed}", self.name);
        }
        let other = SigningKey::derive("other", &presented.scope);
        assert_eq!(verify(request, presented, &other), Err(Fault::Mismatch), "{}", self.name);
    }
}

fn verify(request: &Request<'_>, presented: &Presented<'_>, key: &SigningKey) -> Result<(), Fault> {
    let expected = Expected { region: Some("us-east-1"), service: "service" };
    check(request, presented, &expected, presented.timestamp)?.verify(key)
}

/// A line that begins with a space goes on with the header before it.
fn headers(head: &str) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in head.lines().filter(|line| !line.is_empty()) {
        match line.split_once(':').filter(|_| !line.starts_with(' ')) {
            Some((name, value)) => headers.push((name.into(), value.into())),
            None => headers.last_mut().unwrap().1 += &format!("\n{line}"),
        }
    }
    headers
}

/// What a case presents.
struct Claim {
    credential: String,
    signed_headers: String,
    signature: String,
    date: String,
    expires: Option<String>,
    is_presigned: bool,
}

impl Claim {
    fn of(case: &Case) -> Claim {
        let in_header = |wanted: &str| {
            let words = case.header("authorization").unwrap_or_default().split([',', ' ']);
            words.filter_map(|word| word.split_once('=')).find(|(name, _)| *name == wanted).unwrap().1.to_owned()
        };
        match case.parameter("X-Amz-Signature") {
            Some(signature) => Claim {
                credential: case.parameter("X-Amz-Credential").unwrap(),
                signed_headers: case.parameter("X-Amz-SignedHeaders").unwrap(),
                signature,
                date: case.parameter("X-Amz-Date").unwrap(),
                expires: case.parameter("X-Amz-Expires"),
                is_presigned: true,
            },
            None => Claim {
                credential: in_header("Credential"),
                signed_headers: in_header("SignedHeaders"),
                signature: in_header("Signature"),
                date: case.header("x-amz-date").unwrap().to_owned(),
                expires: None,
                is_presigned: false,
            },
        }
    }

    fn presented(&self) -> Presented<'_> {
        let [_, date, region, service, terminator] =
            self.credential.split('/').collect::<Vec<_>>().try_into().expect("five parts");
        Presented {
            scope: Scope { date, region, service },
            terminator,
            signed_headers: &self.signed_headers,
            signature: &self.signature,
            timestamp: Timestamp::from_basic(&self.date).unwrap(),
            form: match &self.expires {
                expires if self.is_presigned => Form::Query { expires: expires.as_deref() },
                _ => Form::Header,
            },
        }
    }
}

#[test]
fn every_case_comes_out() {
    let mut cases = 0;
    let mut folders: Vec<_> = std::fs::read_dir(suite()).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    for folder in folders {
        Case::read(&folder, "header").run();
        if folder.join("query-signed-request.txt").exists() {
            Case::read(&folder, "query").run();
        }
        cases += 1;
    }
    assert!(cases >= CASES_MIN, "only {cases} cases");
}

#[test]
#[ignore = "reads botocore's source: tests/run vectors"]
fn every_case_of_the_older_edition_comes_out() {
    let suite = std::env::var_os("STATOR_OLDER_SUITE").expect("STATOR_OLDER_SUITE names the folder");
    let (mut folders, mut cases) = (vec![PathBuf::from(suite)], 0);
    while let Some(folder) = folders.pop() {
        let inner = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        folders.extend(inner.filter(|path| path.is_dir()));
        if folder.file_name().is_some_and(|name| folder.join(name).with_extension("sreq").exists()) {
            Case::read_older(&folder).run();
            cases += 1;
        }
    }
    assert!(cases >= OLDER_CASES_MIN, "only {cases} cases");
}
