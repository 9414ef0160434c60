//! Resource policies of tables and streams: set, read, deleted, and gone with what they are attached to.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use engine::policies::principals::{Answer, Ids, Principals};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use support::changes::streaming;
use support::{ACCOUNT, START_MS, Server, composite, with};

const TABLE: &str = "arn:aws:dynamodb:eu-west-1:000000000000:table/music";
const INVALID: &str = "One or more parameter values were invalid: ";
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// A policy that lets an account do something, in the form in which it is kept.
fn policy(action: &str) -> String {
    format!(
        concat!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::111122223333:root"}},"#,
            r#""Action":"{}","Resource":"*"}}]}}"#
        ),
        action
    )
}

async fn server(table_delay_ms: i64) -> Server {
    let server = Server::start(table_delay_ms).await;
    server.ask("CreateTable", streaming(composite("music"), "NEW_IMAGE")).await;
    server
}

async fn stream_of(server: &Server) -> String {
    server.describe("music").await["LatestStreamArn"].as_str().unwrap().to_owned()
}

fn of(arn: &str) -> Value {
    json!({ "ResourceArn": arn })
}

fn put(arn: &str, document: &str) -> Value {
    json!({ "ResourceArn": arn, "Policy": document })
}

fn expecting(request: Value, revision: &str) -> Value {
    with(request, json!({ "ExpectedRevisionId": revision }))
}

async fn none(server: &Server, arn: &str) {
    let words = format!("Resource-based policy not found for the provided ResourceArn: {arn}");
    assert_eq!(server.refused("GetResourcePolicy", of(arn)).await, ("PolicyNotFoundException".to_owned(), words));
}

#[tokio::test]
async fn a_policy_lives_with_each_resource_of_its_own() {
    let server = server(0).await;
    let (one, other) = (policy("dynamodb:GetItem"), policy("dynamodb:PutItem"));
    for arn in [TABLE.to_owned(), stream_of(&server).await] {
        none(&server, &arn).await;
        assert_eq!(server.ask("DeleteResourcePolicy", of(&arn)).await, json!({}), "there never was one");
        let first = server.ask("PutResourcePolicy", put(&arn, &one)).await;
        assert_eq!(first, json!({ "RevisionId": START_MS.to_string() }));
        let answer = server.ask("GetResourcePolicy", of(&arn)).await;
        assert_eq!(answer, json!({ "Policy": one, "RevisionId": START_MS.to_string() }));
        // The same in another form is the same, another one is not, even at the same moment.
        let formatted = one.replace(",", " , ").replace("arn:aws:iam::111122223333:root", "111122223333");
        assert_eq!(server.ask("PutResourcePolicy", put(&arn, &formatted)).await, first);
        let confirmed = with(put(&arn, &other), json!({ "ConfirmRemoveSelfResourceAccess": true }));
        let second = server.ask("PutResourcePolicy", confirmed).await;
        assert_eq!(second, json!({ "RevisionId": (START_MS + 1).to_string() }));
        assert_eq!(server.ask("GetResourcePolicy", of(&arn)).await["Policy"], other);
        server.assert_sound().await;
        assert_eq!(server.ask("DeleteResourcePolicy", of(&arn)).await, second, "what was deleted");
        none(&server, &arn).await;
        let deletion = json!({ "RevisionId": (START_MS + 2).to_string() });
        assert_eq!(server.ask("DeleteResourcePolicy", of(&arn)).await, deletion);
        server.assert_sound().await;
        let third = server.ask("PutResourcePolicy", put(&arn, &one)).await;
        assert_eq!(third, json!({ "RevisionId": (START_MS + 3).to_string() }), "a new revision of an old text");
    }
}

#[tokio::test]
async fn a_change_may_expect_a_revision() {
    let server = server(0).await;
    let stream = stream_of(&server).await;
    let label = stream.rsplit('/').next().unwrap();
    for (arn, name) in [(TABLE, "table music".to_owned()), (stream.as_str(), format!("stream {label}"))] {
        let (one, other) = (put(arn, &policy("dynamodb:GetItem")), put(arn, &policy("dynamodb:PutItem")));
        let never = format!("Requested update for policy with revision id 1, but {name} has no associated policy.");
        let stale = |current: u64| {
            format!(
                "Requested update for policy with revision id 1, but the policy associated to target {name} has revision id \
                 {current}."
            )
        };
        let exists = format!(
            "Requested policy update expecting none to be present for {name}, but a policy exists with revision id {START_MS}."
        );
        let current = START_MS.to_string();
        let rows = [
            ("PutResourcePolicy", expecting(one.clone(), "1"), Some(never.clone())),
            ("DeleteResourcePolicy", expecting(of(arn), "1"), Some(never)),
            ("PutResourcePolicy", expecting(one.clone(), "NO_POLICY"), None),
            ("PutResourcePolicy", expecting(one.clone(), "NO_POLICY"), Some(exists)),
            ("PutResourcePolicy", expecting(one.clone(), "1"), Some(stale(START_MS))),
            ("DeleteResourcePolicy", expecting(of(arn), "1"), Some(stale(START_MS))),
            ("PutResourcePolicy", expecting(other, &current), None),
            ("DeleteResourcePolicy", expecting(of(arn), &(START_MS + 1).to_string()), None),
            ("DeleteResourcePolicy", expecting(of(arn), "1"), Some(stale(START_MS + 2))),
            ("PutResourcePolicy", expecting(one, "NO_POLICY"), None),
        ];
        for (operation, request, refusal) in rows {
            let Some(words) = refusal else {
                server.ask(operation, request).await;
                continue;
            };
            let words = format!("Resource-based policy not found for the provided ResourceArn: {words}");
            let found = server.refused(operation, request.clone()).await;
            assert_eq!(found, ("PolicyNotFoundException".to_owned(), words), "{operation} {request}");
        }
    }
}

#[tokio::test]
async fn arns_of_what_has_no_policy_here() {
    let server = server(0).await;
    let index = format!("{TABLE}/index/by-year");
    let backup = format!("{TABLE}/backup/01");
    let absent_stream = format!("{TABLE}/stream/2000-01-01T00:00:00.000");
    let region = TABLE.replace("eu-west-1", "us-east-1");
    let partition = TABLE.replace("arn:aws:", "arn:aws-cn:");
    let bad = |words: String| ("ValidationException".to_owned(), words);
    let gone = |words: &str| ("ResourceNotFoundException".to_owned(), format!("Requested resource not found: {words}"));
    let rows = [
        ("music".to_owned(), bad(format!("{INVALID}ARNs must start with 'arn:': music"))),
        (
            "arn:aws:s3:::music".to_owned(),
            bad(format!("{INVALID}Provided Arn is not a DynamoDB resource arn: arn:aws:s3:::music")),
        ),
        (backup.clone(), bad(format!("{INVALID}Provided Arn is not a DynamoDB resource arn: {backup}"))),
        (
            index.clone(),
            bad(format!(
                "{INVALID}Invalid resource arn provided, only table or stream is accepted. Provided resource arn: {index}"
            )),
        ),
        (region.clone(), bad(format!("{INVALID}Invalid resource Arn: {region}"))),
        (partition.clone(), bad(format!("{INVALID}Invalid resource Arn: {partition}"))),
        (
            TABLE.replace(ACCOUNT, "111122223333"),
            bad("This action is only supported by accounts that match the resource owner\u{2019}s account.".to_owned()),
        ),
        (format!("{TABLE}s"), gone("Table: musics not found")),
        (absent_stream, gone("Stream: 2000-01-01T00:00:00.000 not found for Table: music")),
    ];
    for (arn, refusal) in rows {
        for operation in ["PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy"] {
            let request = put(&arn, &policy("dynamodb:GetItem"));
            assert_eq!(server.refused(operation, request).await, refusal, "{operation} {arn}");
        }
    }
    let documents = [
        ("", "Invalid policy document: This policy contains invalid Json"),
        ("{}", "Invalid policy document: Syntax errors in policy."),
    ];
    for (document, words) in documents {
        let refusal = server.refused("PutResourcePolicy", put(&format!("{TABLE}s"), document)).await;
        assert_eq!(refusal, bad(format!("{INVALID}{words}")), "before the table is looked for");
    }
}

#[tokio::test]
async fn a_policy_comes_and_goes_with_its_table() {
    let server = Server::start(1000).await;
    let text = policy("dynamodb:GetItem");
    let with_policy = with(streaming(composite("music"), "NEW_IMAGE"), json!({ "ResourcePolicy": text }));
    server.ask("CreateTable", with_policy).await;
    let stream = stream_of(&server).await;
    assert_eq!(server.ask("GetResourcePolicy", of(TABLE)).await["Policy"], text);
    none(&server, &stream).await;
    let other = put(TABLE, &policy("dynamodb:PutItem"));
    let busy = |doing: &str| {
        let words = format!("Attempt to change a resource which is still in use: Table is being {doing}: music");
        ("ResourceInUseException".to_owned(), words)
    };
    assert_eq!(server.refused("PutResourcePolicy", other.clone()).await, busy("created"));
    server.advance(1000).await;
    server.ask("UpdateTable", json!({ "TableName": "music", "DeletionProtectionEnabled": false })).await;
    server.ask("PutResourcePolicy", put(&stream, &text)).await;
    server.ask("DeleteTable", json!({ "TableName": "music" })).await;
    assert_eq!(server.ask("GetResourcePolicy", of(TABLE)).await["Policy"], text);
    assert_eq!(server.refused("PutResourcePolicy", other).await, busy("deleted"));
    assert_eq!(server.refused("DeleteResourcePolicy", of(TABLE)).await, busy("deleted"));
    server.advance(1000).await;
    let gone = server.refused("GetResourcePolicy", of(TABLE)).await;
    assert_eq!(gone.1, "Requested resource not found: Table: music not found");
    server.assert_sound().await;
    // The stream keeps its own, and a new table of the name has none.
    assert_eq!(server.ask("GetResourcePolicy", of(&stream)).await["Policy"], text);
    server.ask("CreateTable", composite("music")).await;
    none(&server, TABLE).await;
    server.ask("PutResourcePolicy", put(&stream, &policy("dynamodb:GetRecords"))).await;
    assert_eq!(server.ask("GetResourcePolicy", of(&stream)).await["RevisionId"], (START_MS + 2000).to_string());
    for _ in 0..30 {
        server.advance(DAY_MS / 24).await;
    }
    let gone = server.refused("GetResourcePolicy", of(&stream)).await;
    assert_eq!(gone.0, "ResourceNotFoundException");
    server.assert_sound().await;
}

#[tokio::test]
async fn a_stream_keeps_its_policy_when_it_is_disabled() {
    let server = server(0).await;
    let first = stream_of(&server).await;
    let text = policy("dynamodb:GetRecords");
    server.ask("PutResourcePolicy", put(&first, &text)).await;
    let switch = |on: Value| json!({ "TableName": "music", "StreamSpecification": on });
    server.ask("UpdateTable", switch(json!({ "StreamEnabled": false }))).await;
    assert_eq!(server.ask("GetResourcePolicy", of(&first)).await["Policy"], text);
    server.ask("UpdateTable", switch(json!({ "StreamEnabled": true, "StreamViewType": "KEYS_ONLY" }))).await;
    let second = stream_of(&server).await;
    none(&server, &second).await;
    server.ask("PutResourcePolicy", put(&second, &text)).await;
    server.ask("DeleteResourcePolicy", of(&first)).await;
    assert_eq!(server.ask("GetResourcePolicy", of(&second)).await["Policy"], text);
    server.assert_sound().await;
}

/// Those who are there: names and ids.
#[derive(Default)]
struct Directory(Mutex<Vec<(&'static str, &'static str)>>);

impl Principals for Directory {
    fn identify<'a>(&'a self, names: &'a BTreeSet<String>) -> Answer<'a, Option<Ids>> {
        let there = self.0.lock().unwrap();
        let id = |name: &String| Some((name.clone(), there.iter().find(|(known, _)| known == name)?.1.to_owned()));
        let ids: Option<Ids> = names.iter().map(id).collect();
        Box::pin(async { Ok(ids.map(|ids| ids.into_iter().filter(|(_, id)| !id.is_empty()).collect())) })
    }

    fn other_names<'a>(&'a self, ids: &'a Ids) -> Answer<'a, BTreeMap<String, String>> {
        let there = self.0.lock().unwrap();
        let gone = ids.iter().filter(|(name, id)| !there.contains(&(name, id)));
        let gone = gone.map(|(name, id)| (name.clone(), id.clone())).collect();
        Box::pin(async { Ok(gone) })
    }
}

#[tokio::test]
async fn names_mean_who_had_them() {
    const ANN: &str = "arn:aws:iam::111122223333:user/Ann";
    const ROOT: &str = "arn:aws:iam::111122223333:root";
    let directory = Arc::new(Directory(Mutex::new(vec![(ANN, "AIDAFIRST"), (ROOT, "")])));
    let server = Server::knowing(directory.clone()).await;
    server.ask("CreateTable", composite("music")).await;
    let naming = |name: &str| policy("dynamodb:GetItem").replace(ROOT, name);
    let bad = ("ValidationException".to_owned(), format!("{INVALID}Invalid principal in policy document."));
    for nobody in ["arn:aws:iam::111122223333:user/Bob", "999999999999"] {
        assert_eq!(server.refused("PutResourcePolicy", put(TABLE, &naming(nobody))).await, bad);
        let table = with(composite("other"), json!({ "ResourcePolicy": naming(nobody) }));
        assert_eq!(server.refused("CreateTable", table).await, bad);
    }
    none(&server, TABLE).await;
    server.ask("PutResourcePolicy", put(TABLE, &naming("111122223333"))).await;
    let first = server.ask("PutResourcePolicy", put(TABLE, &naming(ANN))).await;
    assert_eq!(server.ask("PutResourcePolicy", put(TABLE, &naming(ANN))).await, first);
    let shown = async || server.ask("GetResourcePolicy", of(TABLE)).await["Policy"].as_str().unwrap().to_owned();
    assert_eq!(shown().await, naming(ANN));
    // She is gone; then somebody else has her name, and the same document is about another.
    *directory.0.lock().unwrap() = vec![(ROOT, "")];
    assert_eq!(shown().await, naming("AIDAFIRST"));
    *directory.0.lock().unwrap() = vec![(ANN, "AIDASECOND"), (ROOT, "")];
    assert_eq!(shown().await, naming("AIDAFIRST"));
    assert_ne!(server.ask("PutResourcePolicy", put(TABLE, &naming(ANN))).await, first);
    assert_eq!(shown().await, naming(ANN));
    server.assert_sound().await;
}
