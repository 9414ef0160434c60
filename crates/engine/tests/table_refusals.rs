//! What table operations refuse, one row per check, in DynamoDB's order: every request also breaks the checks of the rows below it where
//! that can be, so the rows fix the precedence too.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use support::{ACCOUNT, REGION, Server, composite, defining, index, with, without};

const INVALID: &str = "One or more parameter values were invalid: ";

fn units(read: i64, write: i64) -> Value {
    json!({ "ReadCapacityUnits": read, "WriteCapacityUnits": write })
}

fn definitions(names: &[&str]) -> Value {
    defining(json!({}), names)["AttributeDefinitions"].take()
}

fn schema(keys: &[(&str, &str)]) -> Value {
    index("i", keys)["KeySchema"].take()
}

/// Asks each and compares the words of the ValidationException; a leading `*` stands for "One or more parameter ... invalid: ".
async fn check(server: &Server, operation: &str, rows: Vec<(Value, &str)>) {
    for (request, words) in rows {
        let words = words.strip_prefix('*').map_or(words.to_owned(), |words| format!("{INVALID}{words}"));
        let refusal = server.refused(operation, request.clone()).await;
        assert_eq!(refusal, ("ValidationException".to_owned(), words), "{request}");
    }
}

/// A request for a table that breaks what it says and everything that is checked later.
fn broken(members: Value) -> Value {
    let last = json!({ "ResourcePolicy": "{}" });
    with(with(composite("music"), last), members)
}

#[tokio::test]
async fn keys_of_a_table() {
    let both = [("a", "HASH"), ("a", "HASH")];
    let keys =
        |definitions: Value, schema: Value| broken(json!({ "AttributeDefinitions": definitions, "KeySchema": schema }));
    let rows = vec![
        (
            without(without(broken(json!({})), "KeySchema"), "AttributeDefinitions"),
            "2 validation errors detected: Value null at 'attributeDefinitions' failed to satisfy constraint: Member must \
             not be null; Value null at 'keySchema' failed to satisfy constraint: Member must not be null",
        ),
        (
            broken(json!({ "AttributeDefinitions": [], "ProvisionedThroughput": units(1, 1) })),
            "*Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
        ),
        (
            without(broken(json!({ "AttributeDefinitions": [] })), "BillingMode"),
            "*ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
        ),
        (
            without(
                broken(json!({ "AttributeDefinitions": [], "ProvisionedThroughput": units(1, 1_000_000_000_001) })),
                "BillingMode",
            ),
            "Given value 1000000000001 for WriteCapacityUnits is out of bounds",
        ),
        (keys(definitions(&["b"]), schema(&both)), "Invalid KeySchema: Some index key attribute have no definition"),
        (
            keys(definitions(&["b", "c"]), schema(&both)),
            "*Some index key attributes are not defined in AttributeDefinitions. Keys: [a, a], AttributeDefinitions: [b, c]",
        ),
        (
            keys(definitions(&["a", "b"]), schema(&both)),
            "Both the Hash Key and the Range Key element in the KeySchema have the same name",
        ),
        (
            keys(definitions(&["a", "b", "c"]), schema(&[("a", "RANGE"), ("b", "HASH")])),
            "Invalid KeySchema: The first KeySchemaElement is not a HASH key type",
        ),
        (
            keys(definitions(&["a", "b", "c"]), schema(&[("a", "HASH"), ("b", "HASH")])),
            "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type",
        ),
        (
            keys(definitions(&["a", "b"]), schema(&[("a", "HASH")])),
            "*Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions",
        ),
        (broken(json!({})), "*Invalid policy document: Syntax errors in policy."),
    ];
    check(&Server::start(0).await, "CreateTable", rows).await;
}

#[tokio::test]
async fn local_indexes() {
    let good = |name: &str| index(name, &[("pk", "HASH"), ("a", "RANGE")]);
    let request = |indexes: Value| {
        let base = defining(broken(json!({ "GlobalSecondaryIndexes": [] })), &["a", "b"]);
        with(base, json!({ "LocalSecondaryIndexes": indexes }))
    };
    let keys = |keys: &[(&str, &str)]| request(json!([with(index("one", keys), json!({ "Projection": {} }))]));
    let projection = |projection: Value| request(json!([with(good("one"), json!({ "Projection": projection }))]));
    let many: Vec<Value> = (0..6).map(|number| good(&format!("index{number}"))).collect();
    let rows = vec![
        (request(json!([])), "*List of LocalSecondaryIndexes is empty"),
        (
            with(request(json!([good("one")])), json!({ "KeySchema": schema(&[("pk", "HASH")]) })),
            "*Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex",
        ),
        (
            keys(&[("c", "RANGE"), ("c", "RANGE")]),
            "*Some index key attributes are not defined in AttributeDefinitions. Keys: [c, c], AttributeDefinitions: [pk, \
             sk, a, b]",
        ),
        (
            keys(&[("a", "RANGE"), ("a", "RANGE")]),
            "Both the Hash Key and the Range Key element in the KeySchema have the same name",
        ),
        (keys(&[("a", "RANGE")]), "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"),
        (
            keys(&[("a", "HASH"), ("b", "HASH")]),
            "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type",
        ),
        (keys(&[("a", "HASH")]), "*Index KeySchema does not have a range key for index: one"),
        (
            keys(&[("a", "HASH"), ("pk", "RANGE")]),
            "*Index KeySchema does not have the same leading hash key as table KeySchema for index: one. index hash key: a, \
             table hash key: pk",
        ),
        (projection(json!({})), "*Unknown ProjectionType: null"),
        (
            projection(json!({ "ProjectionType": "ALL", "NonKeyAttributes": ["x"] })),
            "*ProjectionType is ALL, but NonKeyAttributes is specified",
        ),
        (
            projection(json!({ "ProjectionType": "INCLUDE" })),
            "*ProjectionType is INCLUDE, but NonKeyAttributes is not specified",
        ),
        (request(json!([good("one"), good("one")])), "*Duplicate index name: one"),
        (request(json!(many)), "*Number of LocalSecondaryIndexes exceeds per-table limit of 5"),
        (request(json!([good("one")])), "*List of GlobalSecondaryIndexes is empty"),
    ];
    check(&Server::start(0).await, "CreateTable", rows).await;
}

#[tokio::test]
async fn global_indexes() {
    let good = |name: &str| index(name, &[("a", "HASH")]);
    let request =
        |indexes: Value| with(defining(broken(json!({})), &["a", "b"]), json!({ "GlobalSecondaryIndexes": indexes }));
    let keys = |keys: &[(&str, &str)]| request(json!([with(index("one", keys), json!({ "Projection": {} }))]));
    let throughput = json!({ "ProvisionedThroughput": units(1, 1) });
    let many: Vec<Value> = (0..21).map(|number| good(&format!("index{number}"))).collect();
    let local = json!({ "LocalSecondaryIndexes": [index("one", &[("pk", "HASH"), ("a", "RANGE")])] });
    let names: Vec<String> = (0..20).map(|number| format!("n{number}")).collect();
    let including = |name: &str| {
        with(good(name), json!({ "Projection": { "ProjectionType": "INCLUDE", "NonKeyAttributes": names } }))
    };
    let projecting: Vec<Value> = (0..6).map(|number| including(&format!("index{number}"))).collect();
    let wide: Vec<(&str, &str)> = ["pk", "sk", "a", "b", "c"].map(|name| (name, "HASH")).to_vec();
    let rows = vec![
        (
            keys(&[("c", "RANGE")]),
            "*Some index key attributes are not defined in AttributeDefinitions. Keys: [c], AttributeDefinitions: [pk, sk, \
             a, b]",
        ),
        (
            keys(&[("a", "HASH"), ("a", "HASH")]),
            "Both the Hash Key and the Range Key element in the KeySchema have the same name",
        ),
        (
            keys(&[("a", "HASH"), ("b", "HASH"), ("a", "RANGE")]),
            "Invalid KeySchema: Two KeySchemaElements have the same name",
        ),
        (keys(&[("a", "RANGE")]), "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"),
        (
            keys(&[("a", "HASH"), ("b", "RANGE"), ("pk", "HASH")]),
            "Invalid KeySchema: KeySchemaElement 3 is a HASH key type behind a RANGE key type",
        ),
        (
            defining(keys(&wide), &["c"]),
            "Invalid KeySchema: A key can have at most 4 attributes of each of the key types HASH and RANGE",
        ),
        (keys(&[("a", "HASH"), ("b", "HASH")]), "*Unknown ProjectionType: null"),
        (
            request(json!([with(good("one"), throughput)])),
            "*ProvisionedThroughput should not be specified for index: one when BillingMode is PAY_PER_REQUEST",
        ),
        (
            without(
                with(request(json!([good("one")])), json!({ "ProvisionedThroughput": units(1, 1) })),
                "BillingMode",
            ),
            "*ProvisionedThroughput is not specified for index: one",
        ),
        (with(request(json!([good("one")])), local), "*Duplicate index name: one"),
        (request(json!(many)), "*GlobalSecondaryIndex count exceeds the per-table limit of 20"),
        (request(json!(projecting)), "*Number of NonKeyAttributes of all indexes exceeds the per-table limit of 100"),
        (
            request(json!([good("one")])),
            "*Some AttributeDefinitions are not used. AttributeDefinitions: [pk, sk, a, b], keys used: [pk, sk, a]",
        ),
    ];
    check(&Server::start(0).await, "CreateTable", rows).await;
}

#[tokio::test]
async fn settings_of_a_new_table() {
    let server = Server::start(0).await;
    let on_demand = |read: i64| json!({ "OnDemandThroughput": { "MaxReadRequestUnits": read } });
    let tags: Vec<Value> = (0..51).map(|number| json!({ "Key": number.to_string(), "Value": "" })).collect();
    let provisioned = without(broken(json!({ "ProvisionedThroughput": units(1, 1) })), "BillingMode");
    let alone = |members: Value| with(composite("music"), members);
    let unavailable = |parameter: &str, feature: &str| {
        format!("{parameter} cannot be specified: {feature} not available in this version")
    };
    let global = unavailable("GlobalTableSourceArn", "global tables are");
    let rows = vec![
        (
            with(provisioned, on_demand(0)),
            "*MaxReadRequestUnits for OnDemandThroughput cannot be specified when table BillingMode is PROVISIONED.",
        ),
        (
            broken(on_demand(-1)),
            "*Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of valid range",
        ),
        (
            broken(json!({ "StreamSpecification": { "StreamEnabled": false, "StreamViewType": "KEYS_ONLY" } })),
            "*Table is being created with a stream disabled, UpdateViewType should not be specified",
        ),
        (
            broken(json!({ "StreamSpecification": { "StreamEnabled": true } })),
            "*Table is being created with a stream enabled, UpdateViewType is required",
        ),
        (broken(json!({ "Tags": tags })), "*Number of tags exceeds the limit of 50 tags of a resource"),
        (
            alone(json!({ "SSESpecification": { "Enabled": true } })),
            "*Encryption cannot be enabled: this server does not encrypt what it stores",
        ),
        (alone(json!({ "ResourcePolicy": "{" })), "*Invalid policy document: This policy contains invalid Json"),
        (alone(json!({ "GlobalTableSourceArn": "arn:aws:dynamodb:eu-west-1:000000000000:table/x" })), &global),
        (
            alone(json!({ "WarmThroughput": { "WriteUnitsPerSecond": 3999 } })),
            "*Requested WriteUnitsPerSecond for WarmThroughput for table is lower than current WarmThroughput, decreasing \
             WarmThroughput is not supported",
        ),
    ];
    check(&server, "CreateTable", rows).await;
    server.ask("CreateTable", composite("music")).await;
    // A bad request for a name that is taken is refused for what is bad.
    let bad = broken(json!({}));
    assert_eq!(server.refused("CreateTable", bad).await.0, "ValidationException");
    let taken = ("ResourceInUseException".to_owned(), "Table already exists: music".to_owned());
    assert_eq!(server.refused("CreateTable", composite("music")).await, taken);
}

/// A server with a provisioned table and one that is paid by request, each with the index `one`.
async fn two_tables() -> Server {
    let server = Server::start(0).await;
    let one = index("one", &[("sk", "HASH")]);
    let provisioned = json!({
        "GlobalSecondaryIndexes": [with(one.clone(), json!({ "ProvisionedThroughput": units(1, 1) }))],
        "ProvisionedThroughput": units(5, 5),
    });
    server.ask("CreateTable", without(with(composite("provisioned"), provisioned), "BillingMode")).await;
    let on_demand = with(composite("on-demand"), json!({ "GlobalSecondaryIndexes": [one] }));
    server.ask("CreateTable", on_demand).await;
    server
}

fn update(table: &str, members: Value) -> Value {
    with(json!({ "TableName": table }), members)
}

fn update_indexes(table: &str, updates: Value) -> Value {
    update(table, json!({ "GlobalSecondaryIndexUpdates": updates }))
}

fn create(name: &str) -> Value {
    json!({ "Create": index(name, &[("pk", "HASH")]) })
}

fn set_units(name: &str, read: i64) -> Value {
    json!({ "Update": { "IndexName": name, "ProvisionedThroughput": units(read, 1) } })
}

#[tokio::test]
async fn updates_that_no_table_takes() {
    let rows = vec![
        (
            update("absent", json!({ "AttributeDefinitions": [] })),
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or \
             SSESpecification or ReplicaUpdates is required",
        ),
        (
            update("absent", json!({ "BillingMode": "PROVISIONED" })),
            "*ProvisionedThroughput must be specified when BillingMode is PROVISIONED",
        ),
        (
            update("absent", json!({ "ProvisionedThroughput": units(1_000_000_000_001, 1) })),
            "Given value 1000000000001 for ReadCapacityUnits is out of bounds",
        ),
        (
            update_indexes("absent", json!([{}])),
            "*One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, \
             GlobalSecondaryIndexUpdate.Delete must not be null",
        ),
        (
            update_indexes("absent", json!([set_units("one", 1), set_units("one", 2)])),
            "*Only one global secondary index update per index is allowed simultaneously. Index: one",
        ),
    ];
    check(&two_tables().await, "UpdateTable", rows).await;
}

#[tokio::test]
async fn updates_of_throughput() {
    let unchanged = |what: &str, noun: &str, value: i64| {
        format!(
            "The provisioned throughput for the {what} will not change. The requested value equals the current value. \
             Current ReadCapacityUnits provisioned for the {noun}: {value}. Requested ReadCapacityUnits: {value}. Current \
             WriteCapacityUnits provisioned for the {noun}: {value}. Requested WriteCapacityUnits: {value}. Refer to the \
             Amazon DynamoDB Developer Guide for current limits and how to request higher limits."
        )
    };
    let (table_unchanged, index_unchanged) = (unchanged("table", "table", 5), unchanged("index one", "index", 1));
    let blocked = "This operation cannot be performed with given input values. Please contact DynamoDB service team for \
                   more info: Action Blocked: IndexUpdate";
    let limit = |table: &str| update(table, json!({ "OnDemandThroughput": { "MaxWriteRequestUnits": 0 } }));
    let rows = vec![
        (
            update("on-demand", json!({ "ProvisionedThroughput": units(1, 1) })),
            "*Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
        ),
        (update_indexes("provisioned", json!([set_units("two", 1)])), blocked),
        (update_indexes("provisioned", json!([set_units("one", 1_000_000_000_001)])), blocked),
        (
            update("on-demand", json!({ "BillingMode": "PROVISIONED", "ProvisionedThroughput": units(1, 1) })),
            "*ProvisionedThroughput must be specified for index: one",
        ),
        (update("provisioned", json!({ "ProvisionedThroughput": units(5, 5) })), &table_unchanged),
        (update_indexes("provisioned", json!([set_units("one", 1)])), &index_unchanged),
        (
            limit("provisioned"),
            "*MaxWriteRequestUnits for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED",
        ),
        (
            limit("on-demand"),
            "*Requested MaxWriteRequestUnits for OnDemandThroughput for table is outside of valid range",
        ),
    ];
    check(&two_tables().await, "UpdateTable", rows).await;
}

#[tokio::test]
async fn updates_of_indexes_and_of_what_is_not_there() {
    let server = two_tables().await;
    let class = json!({ "TableClass": "STANDARD" });
    let protection = json!({ "DeletionProtectionEnabled": true });
    let limit = json!({ "OnDemandThroughput": { "MaxReadRequestUnits": 5 } });
    let stream = json!({ "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "KEYS_ONLY" } });
    let rows = vec![
        (
            update("on-demand", with(class.clone(), protection.clone())),
            "*TableClass modification must be the only operation in the request",
        ),
        (
            update("on-demand", with(protection, limit.clone())),
            "*DeletionProtection modification must be the only operation in the request",
        ),
        (
            update("on-demand", with(limit, stream)),
            "*OnDemandThroughput can only be combined with BillingMode in an UpdateTable request",
        ),
        (update_indexes("on-demand", json!([create("one")])), "*Index already exists: one"),
        (
            update_indexes("on-demand", json!([create("two")])),
            "*Some index key attributes are not defined in AttributeDefinitions. Keys: [pk], AttributeDefinitions: []",
        ),
        (
            with(
                update_indexes("provisioned", json!([create("two")])),
                json!({ "AttributeDefinitions": definitions(&["pk"]) }),
            ),
            "*ProvisionedThroughput is not specified for index: two",
        ),
        (
            update("on-demand", json!({ "ReplicaUpdates": [{ "Create": { "RegionName": "us-east-1" } }] })),
            "ReplicaUpdates cannot be specified: global tables are not available in this version",
        ),
    ];
    check(&server, "UpdateTable", rows).await;
    let not_found = |words: &str| ("ResourceNotFoundException".to_owned(), words.to_owned());
    let absent = server.refused("UpdateTable", update("absent", json!({ "TableClass": "STANDARD" }))).await;
    assert_eq!(absent, not_found("Requested resource not found: Table: absent not found"));
    let delete = |name: &str| json!({ "Delete": { "IndexName": name } });
    let absent = server.refused("UpdateTable", update_indexes("on-demand", json!([delete("two")]))).await;
    assert_eq!(absent, not_found("Requested resource not found"));
    let two = json!([create("two"), delete("one")]);
    let many: Vec<Value> = (0..6).map(|number| set_units(&format!("index{number}"), 1)).collect();
    for request in [update_indexes("on-demand", two), update_indexes("provisioned", json!(many))] {
        assert_eq!(server.refused("UpdateTable", request).await.0, "LimitExceededException");
    }
}

#[tokio::test]
async fn tags() {
    let server = Server::start(0).await;
    let arn = format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/absent");
    let of = |arn: &str| json!({ "ResourceArn": arn, "Tags": [], "TagKeys": [] });
    let stream = format!("{arn}/stream/x");
    for operation in ["TagResource", "UntagResource", "ListTagsOfResource"] {
        let bad = |arn: &str| format!("Invalid TableArn: Invalid ResourceArn provided as input {arn}");
        check(
            &server,
            operation,
            vec![
                (of("not-a-valid-arn"), &bad("not-a-valid-arn")),
                (of("a:b:c:d:e:f/g"), &bad("a:b:c:d:e:f/g")),
                (of(&stream), &bad(&stream)),
            ],
        )
        .await;
        let other = arn.replace(ACCOUNT, "111111111111");
        let full = json!({ "ResourceArn": other, "Tags": [{ "Key": "k", "Value": "v" }], "TagKeys": ["k"] });
        assert_eq!(server.refused(operation, full).await.0, "AccessDeniedException");
    }
    check(&server, "TagResource", vec![(of(&arn), "Atleast one Tag needs to be provided as Input.")]).await;
    check(&server, "UntagResource", vec![(of(&arn), "Atleast one Tag Key needs to be provided as Input.")]).await;
    let named = format!("Requested resource not found: ResourcArn: {arn} not found");
    let tag = json!({ "ResourceArn": arn, "Tags": [{ "Key": "k", "Value": "v" }] });
    for (operation, request, words) in [
        ("TagResource", tag, named.as_str()),
        ("UntagResource", json!({ "ResourceArn": arn, "TagKeys": ["k"] }), "Requested resource not found"),
        ("ListTagsOfResource", of(&arn), &named),
    ] {
        let refusal = ("ResourceNotFoundException".to_owned(), words.to_owned());
        assert_eq!(server.refused(operation, request).await, refusal);
    }
}

#[tokio::test]
async fn tables_that_are_not_there() {
    let server = Server::start(0).await;
    let named =
        ("ResourceNotFoundException".to_owned(), "Requested resource not found: Table: absent not found".to_owned());
    for operation in ["DescribeTable", "DeleteTable", "DescribeTimeToLive"] {
        assert_eq!(server.refused(operation, json!({ "TableName": "absent" })).await, named);
    }
    assert_eq!(
        server.refused("DescribeContinuousBackups", json!({ "TableName": "absent" })).await,
        ("TableNotFoundException".to_owned(), "Table not found: absent".to_owned())
    );
}
