//! AWS's test vectors, which ship inside of its signer for Rust and are read from there.
//!
//! Each case has a request, its canonical forms, strings to sign and signatures, and the request signed by header and by query. Both signed
//! requests must be taken, and nothing changed in them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use serde_json::Value;
use sigv4::{
    Expected, Form, PathForm, Presented, Request, SigningKey, Times, canonical_request, seconds_of, string_to_sign,
    verify,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How many cases there are at least; fewer would mean that they were not found.
const CASES_MIN: usize = 35;

/// The folder of the vectors.
fn vectors() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/Cargo.toml");
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--manifest-path"])
        .arg(manifest)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == "aws-sigv4").unwrap();
    Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap().join("aws-signing-test-suite/v4")
}

/// A request as a file has it.
struct Parsed {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Parsed {
    fn of(text: &str) -> Self {
        let text = text.replace("\r\n", "\n");
        let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
        let mut lines = head.trim_end_matches('\n').split('\n');
        let line = lines.next().unwrap();
        let (method, rest) = line.split_once(' ').unwrap();
        let target = rest.strip_suffix(" HTTP/1.1").unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in lines {
            match line.split_once(':') {
                Some((name, value)) if !line.starts_with(' ') => headers.push((name.to_lowercase(), value.to_owned())),
                // A value that goes on in the next line.
                _ => headers.last_mut().unwrap().1 += &format!("\n{line}"),
            }
        }
        let [method, path, query, body] = [method, path, query, body].map(str::to_owned);
        Self { method, path, query, headers, body }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The headers without the signature, and the request over them.
    fn with_request<T>(&self, path_form: PathForm, run: impl Fn(&Request<'_>) -> T) -> T {
        let headers: Vec<(&str, &[u8])> = self
            .headers
            .iter()
            .filter(|(name, _)| name != "authorization")
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        run(&Request {
            method: &self.method,
            path: &self.path,
            path_form,
            query: &self.query,
            headers: &headers,
            body: self.body.as_bytes(),
        })
    }

    fn parameter(&self, name: &str) -> Option<String> {
        let pair = self.query.split('&').filter_map(|pair| pair.split_once('=')).find(|(other, _)| *other == name)?;
        Some(pair.1.replace("%2F", "/").replace("%3B", ";"))
    }
}

/// The parts of an Authorization header.
fn part<'t>(authorization: &'t str, name: &str) -> &'t str {
    let (_, rest) = authorization.split_once(&format!("{name}=")).unwrap();
    rest.split(',').next().unwrap()
}

/// One case.
struct Case {
    name: String,
    folder: PathBuf,
    context: Value,
}

impl Case {
    fn read(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.folder.join(file)).ok()
    }

    fn path_form(&self) -> PathForm {
        if self.context["normalize"] == Value::Bool(false) { PathForm::Given } else { PathForm::Normalized }
    }

    fn key(&self) -> SigningKey {
        let secret = self.context["credentials"]["secret_access_key"].as_str().unwrap();
        let text = |name: &str| self.context[name].as_str().unwrap();
        SigningKey::derive(secret, &text("timestamp")[..10].replace('-', ""), text("region"), text("service"))
    }

    fn time(&self) -> String {
        self.context["timestamp"].as_str().unwrap().replace(['-', ':'], "")
    }

    fn check_header(&self) {
        let signed = Parsed::of(&self.read("header-signed-request.txt").unwrap());
        let authorization = signed.header("authorization").unwrap();
        let credential: Vec<&str> = part(authorization, "Credential").split('/').collect();
        let [_, date, region, service, terminator] = credential[..] else { panic!("{authorization}") };
        let presented = Presented {
            date,
            region,
            service,
            terminator,
            signed_headers: part(authorization, "SignedHeaders"),
            signature: part(authorization, "Signature"),
            time: signed.header("x-amz-date").unwrap(),
            form: Form::Header,
        };
        self.check(&signed, &presented, "header");
    }

    fn check_query(&self) {
        let signed = Parsed::of(&self.read("query-signed-request.txt").unwrap());
        let credential = signed.parameter("X-Amz-Credential").unwrap();
        let credential: Vec<&str> = credential.split('/').collect();
        let [_, date, region, service, terminator] = credential[..] else { panic!("{credential:?}") };
        let [signed_headers, signature, time, expires] =
            ["X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Date", "X-Amz-Expires"]
                .map(|name| signed.parameter(name).unwrap());
        let presented = Presented {
            date,
            region,
            service,
            terminator,
            signed_headers: &signed_headers,
            signature: &signature,
            time: &time,
            form: Form::Query(Some(&expires)),
        };
        self.check(&signed, &presented, "query");
    }

    fn check(&self, signed: &Parsed, presented: &Presented<'_>, form: &str) {
        let expected = Expected { region: Some("us-east-1"), service: "service" };
        let times = Times::at(seconds_of(&self.time()).unwrap());
        signed.with_request(self.path_form(), |request| {
            let left_out: &[&str] = match form {
                "header" => &[],
                _ if self.context["omit_session_token"] == Value::Bool(true) => {
                    &["X-Amz-Signature", "X-Amz-Security-Token"]
                }
                _ => &["X-Amz-Signature"],
            };
            let canonical = canonical_request(request, presented.signed_headers, left_out);
            let canonical = String::from_utf8(canonical).unwrap();
            let file = self.read(&format!("{form}-canonical-request.txt")).unwrap();
            assert_eq!(canonical, file.replace("\r\n", "\n"), "{}, {form}", self.name);
            if left_out.len() < 2 {
                let text = string_to_sign(request, presented);
                assert_eq!(text, self.read(&format!("{form}-string-to-sign.txt")).unwrap(), "{}", self.name);
            }
            // A token that is signed later is not among the signed headers, though AWS demands that of those that arrive with the request.
            let mut headers = request.headers.to_vec();
            headers.retain(|(name, _)| *name != "x-amz-security-token" || presented.signed_headers.contains(name));
            let request = Request { headers: &headers, ..*request };
            assert_eq!(verify(&request, presented, expected, &self.key(), times), Ok(()), "{}, {form}", self.name);
            let changed = Request { body: b"changed", ..request };
            assert!(verify(&changed, presented, expected, &self.key(), times).is_err(), "{}, {form}", self.name);
        });
    }

    /// A case without a signature: it is about the path. Its files have different times.
    fn check_canonical(&self) {
        let request = Parsed::of(&self.read("request.txt").unwrap());
        let file = self.read("header-canonical-request.txt").unwrap();
        let signed_headers = file.lines().rev().nth(1).unwrap();
        let canonical =
            request.with_request(PathForm::Normalized, |request| canonical_request(request, signed_headers, &[]));
        let canonical = String::from_utf8(canonical).unwrap();
        assert_eq!(canonical.lines().nth(1).unwrap(), file.lines().nth(1).unwrap(), "{}", self.name);
    }
}

#[test]
fn every_case_of_aws_is_taken() {
    let mut checked = 0;
    let mut folders: Vec<PathBuf> = fs::read_dir(vectors()).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    for folder in folders {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let context = fs::read_to_string(folder.join("context.json"));
        let context = context.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap());
        let case = Case { name, folder, context };
        if case.context.is_null() {
            case.check_canonical();
        } else {
            case.check_header();
            case.check_query();
        }
        checked += 1;
    }
    assert!(checked >= CASES_MIN, "only {checked} cases were found");
    println!("{checked} cases of AWS");
}
