//! A KMS of a few lines answers as it is told to, over real connections.

use super::*;
use crate::MasterKey;
use crate::{MasterKeyName, Secret};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;

const ARN: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// Answers one connection after the other with these, and gives back what was asked.
fn serve(answers: Vec<(u16, String)>) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let answer = |(status, body): (u16, String)| {
            let (mut stream, _) = listener.accept().unwrap();
            let asked = read_request(&mut stream);
            let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            stream.write_all((head + &body).as_bytes()).unwrap();
            asked
        };
        answers.into_iter().map(answer).collect()
    });
    (endpoint, server)
}

fn read_request(stream: &mut impl Read) -> String {
    let mut request = Vec::new();
    let mut part = [0; 4096];
    loop {
        let length = stream.read(&mut part).unwrap();
        request.extend_from_slice(&part[..length]);
        let text = String::from_utf8_lossy(&request).into_owned();
        // The body is one JSON object.
        if length == 0 || text.ends_with('}') {
            return text;
        }
    }
}

fn master(endpoint: &str, key: &str) -> MasterKey {
    let credentials = Credentials {
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret_access_key: Zeroizing::new("secret".to_owned()),
        session_token: Some("token".to_owned()),
    };
    let (endpoint, region) = (Some(endpoint.to_owned()), "us-east-1".to_owned());
    let settings = KmsSettings { endpoint, region, credentials: Some(credentials), clock: Clock::system() };
    MasterKey::open(&MasterKeyName::Kms(key.to_owned()), settings).unwrap()
}

fn generated(secret: &Secret) -> String {
    let plaintext = BASE64_STANDARD.encode(secret.bytes());
    format!(r#"{{"CiphertextBlob":"d3JhcHBlZA==","KeyId":"{ARN}","Plaintext":"{plaintext}"}}"#)
}

fn fault(code: &str) -> String {
    format!(r#"{{"__type":"{code}","message":"the words"}}"#)
}

#[tokio::test]
async fn a_secret_is_generated_and_decrypted_by_signed_requests() {
    let secret = Secret::random().unwrap();
    let (endpoint, server) = serve(vec![(200, generated(&secret)), (200, generated(&secret))]);
    let master = master(&endpoint, ARN);
    let made = master.generate("data-keys").await.unwrap();
    assert_eq!((made.secret.bytes(), made.master.as_str()), (secret.bytes(), ARN));
    let found = master.unwrap("here", ARN, &made.wrapped, "data-keys").await.unwrap();
    assert_eq!(found.bytes(), secret.bytes());
    let asked = server.join().unwrap();
    for (request, operation) in asked.iter().zip(["GenerateDataKey", "Decrypt"]) {
        let lower = request.to_lowercase();
        assert!(lower.starts_with("post / http/1.1\r\n"), "{request}");
        assert!(request.contains(&format!("x-amz-target: TrentService.{operation}\r\n")), "{request}");
        assert!(lower.contains("\r\ncontent-type: application/x-amz-json-1.1\r\n"), "{request}");
        // The Region is that of the ARN.
        assert!(
            request.contains("Credential=AKIDEXAMPLE/") && request.contains("/eu-west-1/kms/aws4_request"),
            "{request}"
        );
        assert!(lower.contains("\r\nx-amz-security-token: token\r\n"), "{request}");
        assert!(request.contains(r#""EncryptionContext":{"stator:purpose":"data-keys"}"#), "{request}");
    }
    assert!(asked[0].contains(r#""KeySpec":"AES_256""#) && asked[1].contains(r#""CiphertextBlob":"d3JhcHBlZA==""#));
}

#[tokio::test]
async fn each_refusal_says_what_to_do() {
    for (code, words) in [
        ("AccessDeniedException", "allow kms:GenerateDataKey"),
        ("com.amazonaws.kms#NotFoundException", "does not exist"),
        ("DisabledException", "enable it again"),
        ("KMSInvalidStateException", "waits to be deleted"),
        ("InvalidCiphertextException", "does not open the keys"),
        ("IncorrectKeyException", "does not open the keys"),
        ("InvalidGrantTokenException", "was refused with InvalidGrantTokenException (the words)"),
    ] {
        let (endpoint, server) = serve(vec![(400, fault(code))]);
        let refused = master(&endpoint, "alias/stator").unwrap("here", ARN, b"x", "data-keys").await.unwrap_err();
        assert!(refused.to_string().contains(words), "{refused}");
        assert!(refused.to_string().contains("the words") && refused.to_string().contains("alias/stator"), "{refused}");
        server.join().unwrap();
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_again_and_the_rest_is_not() {
    let secret = Secret::random().unwrap();
    let answers = vec![(400, fault("ThrottlingException")), (503, String::new()), (200, generated(&secret))];
    let (endpoint, server) = serve(answers);
    assert!(master(&endpoint, ARN).generate("data-keys").await.is_ok());
    assert_eq!(server.join().unwrap().len(), 3);
    let (endpoint, server) = serve(vec![(200, "<html>".to_owned())]);
    let strange = master(&endpoint, ARN).generate("data-keys").await.unwrap_err();
    assert!(strange.to_string().contains("gave no answer of a KMS"), "{strange}");
    server.join().unwrap();
    // Nobody listens there any more.
    let unreachable = master(&endpoint, ARN).generate("data-keys").await.unwrap_err();
    assert!(unreachable.to_string().contains("could not be asked for"), "{unreachable}");
}

#[tokio::test]
async fn another_key_than_the_one_that_wrapped_is_refused_without_asking() {
    let endpoint = "http://127.0.0.1:1";
    for (key, given) in [("5678", "the KMS key 5678"), ("arn:aws:kms:eu-west-1:111122223333:key/5678", "key/5678")] {
        let refused = master(endpoint, key).unwrap("keys.json", ARN, b"x", "data-keys").await.unwrap_err();
        assert!(matches!(refused, KeyError::WrongMasterKey { .. }) && refused.to_string().contains(given), "{refused}");
    }
    let refused =
        master(endpoint, ARN).unwrap("keys.json", "local:0123456789abcdef", b"x", "data-keys").await.unwrap_err();
    assert!(refused.to_string().contains("written with the master key local:0123456789abcdef"), "{refused}");
    assert!(
        Kms::new(
            ARN,
            KmsSettings { endpoint: None, region: "us-east-1".to_owned(), credentials: None, clock: Clock::system() }
        )
        .is_ok_and(|kms| kms.endpoint == "https://kms.eu-west-1.amazonaws.com" && kms.may_be(ARN))
    );
}
