//! SSESpecification and SSEDescription: a table is told the truth about the store's encryption, and no table is told what is not so.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use engine::{MasterKey, Settings};
use serde_json::{Value, json};
use std::sync::Arc;
use storage::Memory;
use support::{REGION, Server, composite, with};

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";
const INVALID: &str = "One or more parameter values were invalid: ";

fn kms() -> Option<MasterKey> {
    Some(MasterKey::Kms { arn: KEY.to_owned() })
}

fn server(master_key: Option<MasterKey>) -> Server {
    let settings = Settings { master_key, ..Settings::of_region(REGION.to_owned()) };
    Server::open_with(Arc::new(Memory::new()), settings)
}

fn asking(request: Value, specification: &Value) -> Value {
    with(request, json!({ "SSESpecification": specification }))
}

#[tokio::test]
async fn what_is_so_is_described() {
    let by_kms = json!({ "Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": KEY });
    let local = json!({ "Status": "ENABLED", "SSEType": "AES256" });
    let rows = [
        (kms(), json!({ "Enabled": true }), &by_kms),
        (kms(), json!({ "Enabled": true, "SSEType": "KMS" }), &by_kms),
        (kms(), json!({ "Enabled": true, "SSEType": "KMS", "KMSMasterKeyId": KEY }), &by_kms),
        (kms(), json!({ "Enabled": true, "SSEType": "KMS", "KMSMasterKeyId": ID }), &by_kms),
        (Some(MasterKey::Local), json!({ "Enabled": true }), &local),
        (kms(), json!({ "Enabled": false }), &Value::Null),
        (kms(), json!({}), &Value::Null),
        (None, json!({ "Enabled": false }), &Value::Null),
    ];
    for (master_key, specification, expected) in rows {
        let server = server(master_key);
        let created = server.ask("CreateTable", asking(composite("made"), &specification)).await;
        assert_eq!(&created["TableDescription"]["SSEDescription"], expected, "{specification}");
        server.ask("CreateTable", composite("changed")).await;
        assert_eq!(server.describe("changed").await["SSEDescription"], Value::Null, "it did not ask");
        let update = asking(json!({ "TableName": "changed" }), &specification);
        let updated = server.ask("UpdateTable", update).await;
        assert_eq!(&updated["TableDescription"]["SSEDescription"], expected, "{specification}");
        for table in ["made", "changed"] {
            assert_eq!(&server.describe(table).await["SSEDescription"], expected, "{specification}");
            server.ask("UpdateTable", json!({ "TableName": table, "DeletionProtectionEnabled": false })).await;
            assert_eq!(&server.describe(table).await["SSEDescription"], expected, "{specification}");
            let off = asking(json!({ "TableName": table }), &json!({ "Enabled": false }));
            server.ask("UpdateTable", off).await;
            assert_eq!(server.describe(table).await["SSEDescription"], Value::Null, "{specification}");
        }
    }
}

#[tokio::test]
async fn what_is_not_so_is_refused() {
    let unencrypted = "Encryption cannot be enabled: this server does not encrypt what it stores";
    let other = format!("KMSMasterKeyId alias/mine cannot be specified: this server encrypts everything under {KEY}");
    let rows = [
        (None, json!({ "Enabled": true }), unencrypted),
        (None, json!({ "Enabled": true, "SSEType": "KMS" }), unencrypted),
        (
            Some(MasterKey::Local),
            json!({ "Enabled": true, "SSEType": "KMS" }),
            "SSEType KMS cannot be specified: the master key of this server is not a key of a KMS",
        ),
        (kms(), json!({ "Enabled": true, "SSEType": "KMS", "KMSMasterKeyId": "alias/mine" }), &other),
        (kms(), json!({ "Enabled": true, "SSEType": "AES256" }), "SSEType AES256 is not supported"),
        (
            kms(),
            json!({ "Enabled": true, "KMSMasterKeyId": KEY }),
            "SSEType KMS is required if KMSMasterKeyId is specified",
        ),
        (kms(), json!({ "Enabled": false, "SSEType": "KMS" }), "SSEType can not be specified if Enabled is false"),
        (kms(), json!({ "KMSMasterKeyId": KEY }), "KMSMasterKeyId can not be specified if Enabled is false"),
    ];
    for (master_key, specification, words) in rows {
        let server = server(master_key);
        server.ask("CreateTable", composite("changed")).await;
        let refusal = ("ValidationException".to_owned(), format!("{INVALID}{words}"));
        let create = asking(composite("made"), &specification);
        assert_eq!(server.refused("CreateTable", create).await, refusal, "{specification}");
        let update = asking(json!({ "TableName": "changed" }), &specification);
        assert_eq!(server.refused("UpdateTable", update).await, refusal, "{specification}");
    }
}
