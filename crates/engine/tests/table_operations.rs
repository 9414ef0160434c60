//! What table operations answer, and the life of tables over a clock that the test moves.

mod support;

use serde_json::{Value, json};
use support::{ACCOUNT, REGION, Server, composite, defining, index, with, without};

fn arn(table: &str) -> String {
    format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}")
}

#[tokio::test]
async fn a_table_is_made_described_and_deleted() {
    let server = Server::start(0).await;
    let made = server.ask("CreateTable", composite("music")).await["TableDescription"].take();
    assert_eq!(made["TableStatus"], "CREATING");
    let described = server.describe("music").await;
    assert_eq!(described["TableStatus"], "ACTIVE");
    assert_eq!(described["TableArn"], arn("music"));
    assert_eq!(described["TableId"], made["TableId"]);
    assert_eq!(described["KeySchema"], composite("music")["KeySchema"]);
    assert_eq!(described["AttributeDefinitions"], composite("music")["AttributeDefinitions"]);
    assert_eq!(described["CreationDateTime"].to_string(), "1790000000.0");
    assert_eq!((&described["ItemCount"], &described["TableSizeBytes"]), (&json!(0), &json!(0)));
    assert_eq!(described["DeletionProtectionEnabled"], false);
    assert_eq!(described["BillingModeSummary"]["BillingMode"], "PAY_PER_REQUEST");
    assert_eq!(
        described["ProvisionedThroughput"],
        json!({ "NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0 })
    );
    for absent in [
        "LocalSecondaryIndexes",
        "GlobalSecondaryIndexes",
        "SSEDescription",
        "StreamSpecification",
        "TableClassSummary",
    ] {
        assert!(described.get(absent).is_none(), "{absent}");
    }
    // By its ARN it is the same table; by another Region's or account's there is none.
    assert_eq!(server.describe(&arn("music")).await, described);
    assert_eq!(server.status(&arn("music").replace(REGION, "us-east-1")).await, "ResourceNotFoundException");
    assert_eq!(server.status(&arn("music").replace(ACCOUNT, "111111111111")).await, "ResourceNotFoundException");
    let deleted = server.ask("DeleteTable", json!({ "TableName": "music" })).await;
    assert_eq!(deleted["TableDescription"]["TableStatus"], "DELETING");
    assert_eq!(
        server.refused("DescribeTable", json!({ "TableName": "music" })).await,
        ("ResourceNotFoundException".to_owned(), "Requested resource not found: Table: music not found".to_owned())
    );
    server.assert_sound().await;
}

#[tokio::test]
async fn a_table_and_its_data_go_together_and_its_number_never_comes_back() {
    let server = Server::start(0).await;
    let by_year = index("by_year", &[("pk", "HASH"), ("year", "RANGE")]);
    let request = with(defining(composite("music"), &["year"]), json!({ "LocalSecondaryIndexes": [by_year] }));
    for round in 0..3 {
        server.ask("CreateTable", request.clone()).await;
        for sk in 0..10 {
            let item = json!({ "pk": { "S": "a" }, "sk": { "N": sk.to_string() }, "year": { "S": "1970" } });
            server.ask("PutItem", json!({ "TableName": "music", "Item": item })).await;
        }
        let described = server.describe("music").await;
        assert_eq!(described["ItemCount"], 10, "round {round}");
        assert_eq!(described["LocalSecondaryIndexes"][0]["ItemCount"], 10);
        assert_eq!(described["LocalSecondaryIndexes"][0]["IndexSizeBytes"], described["TableSizeBytes"]);
        server.assert_sound().await;
        server.ask("DeleteTable", json!({ "TableName": "music" })).await;
        let report = server.check().await;
        assert!(report.is_clean() && report.totals.items == 0, "{report}");
    }
    server.ask("CreateTable", composite("music")).await;
    assert_eq!(server.engine.find_table(ACCOUNT, "music").await.unwrap().unwrap().descriptor.number, 4);
}

#[tokio::test]
async fn statuses_last_as_long_as_the_operator_says() {
    let server = Server::start(1000).await;
    let put = json!({ "TableName": "music", "Item": { "pk": { "S": "a" }, "sk": { "N": "1" } } });
    let absent = ("ResourceNotFoundException".to_owned(), "Requested resource not found".to_owned());
    let in_use = |doing: &str| {
        let words = format!("Attempt to change a resource which is still in use: Table is being {doing}: music");
        ("ResourceInUseException".to_owned(), words)
    };
    server.ask("CreateTable", composite("music")).await;
    assert_eq!(server.status("music").await, "CREATING");
    assert_eq!(server.refused("PutItem", put.clone()).await, absent);
    assert_eq!(server.refused("DeleteTable", json!({ "TableName": "music" })).await, in_use("created"));
    server.advance(999).await;
    assert_eq!(server.status("music").await, "CREATING");
    server.advance(1).await;
    assert_eq!(server.status("music").await, "ACTIVE");
    server.ask("PutItem", put.clone()).await;

    let update = json!({ "TableName": "music", "TableClass": "STANDARD" });
    assert_eq!(server.ask("UpdateTable", update.clone()).await["TableDescription"]["TableStatus"], "UPDATING");
    assert_eq!(server.status("music").await, "UPDATING");
    assert_eq!(server.refused("UpdateTable", update).await, in_use("updated"));
    server.ask("PutItem", put.clone()).await;
    server.advance(1000).await;
    assert_eq!(server.status("music").await, "ACTIVE");

    server.ask("DeleteTable", json!({ "TableName": "music" })).await;
    assert_eq!(server.status("music").await, "DELETING");
    assert_eq!(server.refused("DeleteTable", json!({ "TableName": "music" })).await, in_use("deleted"));
    assert_eq!(server.refused("PutItem", put).await, absent);
    assert_eq!(server.refused("CreateTable", composite("music")).await.0, "ResourceInUseException");
    assert_eq!(server.ask("ListTables", json!({})).await["TableNames"], json!(["music"]));
    assert_eq!(server.check().await.totals.items, 1);
    server.advance(1000).await;
    assert_eq!(server.status("music").await, "ResourceNotFoundException");
    assert_eq!(server.ask("ListTables", json!({})).await["TableNames"], json!([]));
    let report = server.check().await;
    assert!(report.is_clean() && report.totals.tables == 0, "{report}");
}

#[tokio::test]
async fn a_deletion_that_a_restart_interrupts_is_completed() {
    let server = Server::start(1000).await;
    server.ask("CreateTable", composite("music")).await;
    server.advance(1000).await;
    server.ask("DeleteTable", json!({ "TableName": "music" })).await;
    // Another engine over the same store, whose clock stands where the first one's stood at its start.
    let again = Server::open(server.store.clone(), 1000);
    again.engine.start_jobs().await.unwrap();
    assert_eq!(again.status("music").await, "DELETING");
    again.advance(5000).await;
    assert_eq!(again.check().await.totals.tables, 0);
}

#[tokio::test]
async fn a_table_whose_deletion_is_due_makes_room_for_another_of_its_name() {
    let server = Server::open(std::sync::Arc::new(storage::Memory::new()), 1000);
    // Without jobs nobody removes the table when its time has come.
    for _ in 0..2 {
        server.ask("CreateTable", composite("music")).await;
        server.advance(1000).await;
        let item = json!({ "pk": { "S": "a" }, "sk": { "N": "1" } });
        server.ask("PutItem", json!({ "TableName": "music", "Item": item })).await;
        server.ask("DeleteTable", json!({ "TableName": "music" })).await;
        server.advance(1000).await;
        assert_eq!(server.status("music").await, "ResourceNotFoundException");
        assert_eq!(server.check().await.totals.tables, 1);
    }
    server.ask("CreateTable", composite("music")).await;
    let report = server.check().await;
    assert!(report.is_clean() && report.totals.items == 0, "{report}");
}

#[tokio::test]
async fn tables_are_listed_in_the_order_of_their_names() {
    let server = Server::start(0).await;
    for name in ["bbb", "aaa", "ccc", "a.b", "aaab"] {
        server.ask("CreateTable", composite(name)).await;
    }
    assert_eq!(
        server.ask("ListTables", json!({})).await,
        json!({ "TableNames": ["a.b", "aaa", "aaab", "bbb", "ccc"] })
    );
    assert_eq!(
        server.ask("ListTables", json!({ "Limit": 2 })).await,
        json!({ "TableNames": ["a.b", "aaa"], "LastEvaluatedTableName": "aaa" })
    );
    // The start is a place between names, there or not.
    assert_eq!(
        server.ask("ListTables", json!({ "Limit": 3, "ExclusiveStartTableName": "aaa" })).await,
        json!({ "TableNames": ["aaab", "bbb", "ccc"] })
    );
    assert_eq!(
        server.ask("ListTables", json!({ "ExclusiveStartTableName": "abc" })).await,
        json!({ "TableNames": ["bbb", "ccc"] })
    );
}

#[tokio::test]
async fn settings_are_kept_and_described() {
    let server = Server::start(0).await;
    let by_artist = with(
        index("by_artist", &[("artist", "HASH"), ("label", "HASH"), ("sk", "RANGE"), ("pk", "RANGE")]),
        json!({
            "Projection": { "ProjectionType": "INCLUDE", "NonKeyAttributes": ["b", "a"] },
            "OnDemandThroughput": { "MaxReadRequestUnits": 7 },
        }),
    );
    let request = with(
        defining(composite("music"), &["artist", "label"]),
        json!({
            "GlobalSecondaryIndexes": [by_artist.clone()], "TableClass": "STANDARD_INFREQUENT_ACCESS",
            "DeletionProtectionEnabled": true, "OnDemandThroughput": { "MaxReadRequestUnits": 5, "MaxWriteRequestUnits": 6 },
            "WarmThroughput": { "ReadUnitsPerSecond": 13_000 }, "StreamSpecification": { "StreamEnabled": false },
            "SSESpecification": { "Enabled": false }, "Tags": [{ "Key": "k", "Value": "v" }],
        }),
    );
    let made = server.ask("CreateTable", request.clone()).await["TableDescription"].take();
    assert_eq!(made["GlobalSecondaryIndexes"][0]["IndexStatus"], "CREATING");
    let described = server.describe("music").await;
    assert_eq!(described["TableClassSummary"]["TableClass"], "STANDARD_INFREQUENT_ACCESS");
    assert_eq!(described["OnDemandThroughput"], request["OnDemandThroughput"]);
    assert_eq!(
        described["WarmThroughput"],
        json!({ "ReadUnitsPerSecond": 13_000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE" })
    );
    let index = &described["GlobalSecondaryIndexes"][0];
    assert_eq!(index["IndexStatus"], "ACTIVE");
    assert_eq!(index["KeySchema"], by_artist["KeySchema"]);
    assert_eq!(index["Projection"], by_artist["Projection"]);
    assert_eq!(index["IndexArn"], format!("{}/index/by_artist", arn("music")));
    assert_eq!(index["OnDemandThroughput"], json!({ "MaxReadRequestUnits": 7, "MaxWriteRequestUnits": -1 }));
    assert!(index.get("Backfilling").is_none());

    assert_eq!(
        server.refused("DeleteTable", json!({ "TableName": "music" })).await.1,
        "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first."
    );
    for change in [
        json!({ "DeletionProtectionEnabled": false }),
        json!({ "OnDemandThroughput": { "MaxReadRequestUnits": -1 } }),
        json!({ "TableClass": "STANDARD" }),
    ] {
        server.ask("UpdateTable", with(json!({ "TableName": "music" }), change)).await;
    }
    let described = server.describe("music").await;
    assert_eq!(described["OnDemandThroughput"], json!({ "MaxReadRequestUnits": -1, "MaxWriteRequestUnits": 6 }));
    assert_eq!(described["TableClassSummary"]["TableClass"], "STANDARD");
    server.ask("DeleteTable", json!({ "TableName": "music" })).await;
}

#[tokio::test]
async fn throughput_changes_are_counted_by_the_day() {
    let server = Server::start(0).await;
    let units = |read: i64, write: i64| json!({ "ReadCapacityUnits": read, "WriteCapacityUnits": write });
    let request = without(with(composite("music"), json!({ "ProvisionedThroughput": units(5, 5) })), "BillingMode");
    server.ask("CreateTable", request).await;
    assert!(server.describe("music").await.get("BillingModeSummary").is_none());
    let update = |read, write| json!({ "TableName": "music", "ProvisionedThroughput": units(read, write) });
    let answer = server.ask("UpdateTable", update(6, 4)).await;
    // The answer is of before the change.
    assert_eq!(answer["TableDescription"]["ProvisionedThroughput"]["ReadCapacityUnits"], 5);
    let described = server.describe("music").await["ProvisionedThroughput"].take();
    assert_eq!(described["ReadCapacityUnits"], 6);
    assert_eq!(described["NumberOfDecreasesToday"], 1);
    assert_eq!(described["LastIncreaseDateTime"], described["LastDecreaseDateTime"]);
    server.ask("UpdateTable", update(6, 3)).await;
    assert_eq!(server.describe("music").await["ProvisionedThroughput"]["NumberOfDecreasesToday"], 2);
    server.advance(24 * 60 * 60 * 1000).await;
    assert_eq!(server.describe("music").await["ProvisionedThroughput"]["NumberOfDecreasesToday"], 0);

    server.ask("UpdateTable", json!({ "TableName": "music", "BillingMode": "PAY_PER_REQUEST" })).await;
    let described = server.describe("music").await;
    assert_eq!(described["BillingModeSummary"]["BillingMode"], "PAY_PER_REQUEST");
    assert_eq!(described["ProvisionedThroughput"]["WriteCapacityUnits"], 0);
    // To where it is already is no change and no error.
    let again = server.ask("UpdateTable", json!({ "TableName": "music", "BillingMode": "PAY_PER_REQUEST" })).await;
    assert_eq!(again["TableDescription"]["TableStatus"], "ACTIVE");
    server.ask("UpdateTable", with(update(9, 9), json!({ "BillingMode": "PROVISIONED" }))).await;
    assert_eq!(server.describe("music").await["BillingModeSummary"]["BillingMode"], "PROVISIONED");
}

#[tokio::test]
async fn tags_are_set_listed_and_removed() {
    let server = Server::start(0).await;
    server.ask("CreateTable", composite("music")).await;
    let tag = |key: &str, value: &str| json!({ "Key": key, "Value": value });
    let list = json!({ "ResourceArn": arn("music") });
    assert_eq!(server.ask("ListTagsOfResource", list.clone()).await, json!({ "Tags": [] }));
    let set = |tags: Value| json!({ "ResourceArn": arn("music"), "Tags": tags });
    server.ask("TagResource", set(json!([tag("a", "1"), tag("b", "2")]))).await;
    server.ask("TagResource", set(json!([tag("c", ""), tag("a", "3")]))).await;
    let tags = json!({ "Tags": [tag("a", "3"), tag("b", "2"), tag("c", "")] });
    assert_eq!(server.ask("ListTagsOfResource", list.clone()).await, tags);
    server.ask("UntagResource", json!({ "ResourceArn": arn("music"), "TagKeys": ["b", "unknown"] })).await;
    let left = json!({ "Tags": [tag("a", "3"), tag("c", "")] });
    assert_eq!(server.ask("ListTagsOfResource", list).await, left);
    let many: Vec<Value> = (0..49).map(|number| tag(&number.to_string(), "")).collect();
    assert_eq!(server.refused("TagResource", set(json!(many))).await.0, "ValidationException");
    server.ask("TagResource", set(json!(many[..48]))).await;
}

#[tokio::test]
async fn what_is_not_there_yet_is_described_as_off() {
    let server = Server::start(0).await;
    server.ask("CreateTable", composite("music")).await;
    let table = json!({ "TableName": "music" });
    assert_eq!(
        server.ask("DescribeTimeToLive", table.clone()).await,
        json!({ "TimeToLiveDescription": { "TimeToLiveStatus": "DISABLED" } })
    );
    assert_eq!(
        server.ask("DescribeContinuousBackups", table).await["ContinuousBackupsDescription"],
        json!({
            "ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": { "PointInTimeRecoveryStatus": "DISABLED" },
        })
    );
    assert_eq!(server.ask("DescribeLimits", json!({})).await["TableMaxReadCapacityUnits"], 40_000);
    assert_eq!(server.ask("DescribeEndpoints", json!({})).await["Endpoints"][0]["CachePeriodInMinutes"], 1440);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tables_made_at_the_same_time_get_different_numbers() {
    let server = std::sync::Arc::new(Server::start(0).await);
    let makers: Vec<_> = (0..8)
        .map(|maker| {
            let server = server.clone();
            runtime::spawn(async move {
                for number in 0..20 {
                    server.ask("CreateTable", composite(&format!("table-{maker}-{number}"))).await;
                }
            })
        })
        .collect();
    for maker in makers {
        maker.await.unwrap();
    }
    let report = server.check().await;
    assert!(report.is_clean() && report.totals.tables == 160, "{report}");
}
