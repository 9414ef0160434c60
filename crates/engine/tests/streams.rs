//! Streams as their readers see them: what is in a record and what makes one, where reading begins and where it ends.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use support::changes::{delete, events, item, key, only_shard, put, sequence, start};
use support::with;

const MINUTE: u64 = 60 * 1000;

#[tokio::test]
async fn every_view_shows_what_it_says() {
    let views = [
        ("KEYS_ONLY", false, false),
        ("NEW_IMAGE", false, true),
        ("OLD_IMAGE", true, false),
        ("NEW_AND_OLD_IMAGES", true, true),
    ];
    for (view, shows_old, shows_new) in views {
        let (server, arn) = start(view).await;
        put(&server, 1, "one").await;
        server.advance(2500).await;
        put(&server, 1, "eleven").await;
        delete(&server, 1).await;
        let records = server.records(&arn).await;
        let (one, eleven) = (item(1, "one"), item(1, "eleven"));
        // Keys are 3 + 4 bytes, `v` is 1 more than its value.
        let rows = [
            ("INSERT", None, Some((&one, 11)), 0),
            ("MODIFY", Some((&one, 11)), Some((&eleven, 14)), 2),
            ("REMOVE", Some((&eleven, 14)), None, 2),
        ];
        assert_eq!(records.len(), rows.len());
        for (record, (name, old, new, second)) in records.iter().zip(rows) {
            let (old, new) = (old.filter(|_| shows_old), new.filter(|_| shows_new));
            let mut body = json!({
                "ApproximateCreationDateTime": 1_790_000_000 + second, "Keys": key(1), "SequenceNumber": sequence(record),
                "SizeBytes": 7 + old.map_or(0, |(_, size)| size) + new.map_or(0, |(_, size)| size), "StreamViewType": view,
            });
            if let Some((old, _)) = old {
                body["OldImage"] = old.clone();
            }
            if let Some((new, _)) = new {
                body["NewImage"] = new.clone();
            }
            let expected = json!({
                "eventID": record["eventID"], "eventName": name, "eventVersion": "1.1", "eventSource": "aws:dynamodb",
                "awsRegion": "eu-west-1", "dynamodb": body,
            });
            assert_eq!(*record, expected, "{view}");
        }
        assert!(records.is_sorted_by(|left, right| sequence(left) < sequence(right)));
        assert!(records.is_sorted_by(|left, right| left["eventID"] != right["eventID"]));
        assert_eq!(server.records(&arn).await, records);
        server.assert_sound().await;
    }
}

#[tokio::test]
async fn what_changes_nothing_has_no_record() {
    let (server, arn) = start("NEW_AND_OLD_IMAGES").await;
    let full = with(
        item(1, "one"),
        json!({
            "n": { "N": "1" }, "set": { "SS": ["x", "y"] }, "map": { "M": { "a": { "S": "" }, "b": { "NS": ["1", "2"] } } },
        }),
    );
    server.ask("PutItem", json!({ "TableName": "tab", "Item": full })).await;
    let same = json!({
        "map": { "M": { "b": { "NS": ["2.0", "1e0"] }, "a": { "S": "" } } }, "set": { "SS": ["y", "x"] },
        "n": { "N": "1.00" }, "v": { "S": "one" }, "sk": { "N": "01" }, "pk": { "S": "a" },
    });
    let update = |n: i64, members: Value| with(json!({ "TableName": "tab", "Key": key(n) }), members);
    let cancelled = json!({ "TransactItems": [
        { "Put": { "TableName": "tab", "Item": item(2, "lost") } },
        { "ConditionCheck": { "TableName": "tab", "Key": key(1), "ConditionExpression": "attribute_not_exists(pk)" } },
    ] });
    let checked = json!({ "TransactItems": [
        { "Put": { "TableName": "tab", "Item": same } }, { "Delete": { "TableName": "tab", "Key": key(3) } },
        { "ConditionCheck": { "TableName": "tab", "Key": key(4), "ConditionExpression": "attribute_not_exists(pk)" } },
    ] });
    let values = json!({ ":v": { "S": "one" } });
    let rows = [
        ("PutItem", json!({ "TableName": "tab", "Item": same }), true),
        (
            "PutItem",
            json!({ "TableName": "tab", "Item": item(1, "x"), "ConditionExpression": "attribute_not_exists(pk)" }),
            false,
        ),
        ("DeleteItem", json!({ "TableName": "tab", "Key": key(9) }), true),
        ("DeleteItem", json!({ "TableName": "tab", "Key": key(1), "ConditionExpression": "v = sk" }), false),
        ("UpdateItem", update(1, json!({})), true),
        (
            "UpdateItem",
            update(1, json!({ "UpdateExpression": "SET v = :v", "ExpressionAttributeValues": values })),
            true,
        ),
        ("UpdateItem", update(1, json!({ "UpdateExpression": "REMOVE absent" })), true),
        (
            "BatchWriteItem",
            json!({ "RequestItems": { "tab": [{ "PutRequest": { "Item": same } }, { "DeleteRequest": { "Key": key(8) } }] } }),
            true,
        ),
        ("TransactWriteItems", cancelled, false),
        ("TransactWriteItems", checked, true),
        ("ExecuteStatement", json!({ "Statement": "UPDATE tab SET v = 'one' WHERE pk = 'a' AND sk = 1" }), true),
        ("ExecuteStatement", json!({ "Statement": "INSERT INTO tab VALUE { 'pk': 'a', 'sk': 1 }" }), false),
        ("GetItem", json!({ "TableName": "tab", "Key": key(1) }), true),
    ];
    for (operation, request, succeeds) in rows {
        let answer = server.call(operation, &request).await;
        assert_eq!(answer.is_ok(), succeeds, "{operation} {request}: {answer:?}");
        assert_eq!(events(&server.records(&arn).await), ["INSERT 1"], "{operation} {request}");
    }
    server.assert_sound().await;
}

#[tokio::test]
async fn every_way_of_writing_makes_records() {
    let (server, arn) = start("KEYS_ONLY").await;
    let element = |n: i64, value: &str| json!({ "PutRequest": { "Item": item(n, value) } });
    let batch = json!({ "RequestItems": { "tab": [element(2, "two"), element(1, "x"), { "DeleteRequest": { "Key": key(3) } }] } });
    let update = json!({
        "TableName": "tab", "Key": key(2), "UpdateExpression": "SET v = :v", "ExpressionAttributeValues": { ":v": { "S": "2" } },
    });
    let transaction = json!({ "ClientRequestToken": "token", "TransactItems": [
        { "Delete": { "TableName": "tab", "Key": key(5) } }, { "Put": { "TableName": "tab", "Item": item(7, "seven") } },
        { "Update": update }, { "Put": { "TableName": "tab", "Item": item(6, "six") } },
    ] });
    let statements = |verb: &str, texts: [&str; 2]| json!({ verb: texts.map(|text| json!({ "Statement": text })) });
    let inserts = ["INSERT INTO tab VALUE { 'pk': 'a', 'sk': 21 }", "INSERT INTO tab VALUE { 'pk': 'a', 'sk': 20 }"];
    let others = ["UPDATE tab SET v = 'x' WHERE pk = 'a' AND sk = 20", "DELETE FROM tab WHERE pk = 'a' AND sk = 21"];
    let rows: [(&str, Value, &[&str]); 11] = [
        ("PutItem", json!({ "TableName": "tab", "Item": item(1, "one") }), &["INSERT 1"]),
        ("UpdateItem", json!({ "TableName": "tab", "Key": key(3) }), &["INSERT 3"]),
        ("BatchWriteItem", batch, &["INSERT 2", "MODIFY 1", "REMOVE 3"]),
        ("UpdateItem", json!({ "TableName": "tab", "Key": key(5) }), &["INSERT 5"]),
        ("TransactWriteItems", transaction.clone(), &["REMOVE 5", "INSERT 7", "MODIFY 2", "INSERT 6"]),
        ("TransactWriteItems", transaction, &[]),
        ("ExecuteStatement", json!({ "Statement": "INSERT INTO tab VALUE { 'pk': 'a', 'sk': 10 }" }), &["INSERT 10"]),
        ("ExecuteStatement", json!({ "Statement": "DELETE FROM tab WHERE pk = 'a' AND sk = 10" }), &["REMOVE 10"]),
        ("BatchExecuteStatement", statements("Statements", inserts), &["INSERT 21", "INSERT 20"]),
        ("ExecuteTransaction", statements("TransactStatements", others), &["MODIFY 20", "REMOVE 21"]),
        ("DeleteItem", json!({ "TableName": "tab", "Key": key(1) }), &["REMOVE 1"]),
    ];
    let mut iterator = server.oldest(&arn, &only_shard(&server, &arn).await).await;
    let mut all = Vec::new();
    for (operation, request, expected) in rows {
        server.ask(operation, request.clone()).await;
        let (records, next) = server.read_on(iterator).await;
        let mut found = events(&records);
        if operation == "BatchExecuteStatement" {
            // Its statements are each on its own.
            found.sort_by_key(|event| !event.ends_with('1'));
        }
        assert_eq!(found, expected, "{operation} {request}");
        all.extend(records);
        iterator = next.unwrap();
    }
    assert!(all.is_sorted_by(|left, right| sequence(left) < sequence(right)));
    assert_eq!(server.records(&arn).await, all);
    server.assert_sound().await;
}

#[tokio::test]
async fn reading_begins_where_the_iterator_says() {
    let (server, arn) = start("KEYS_ONLY").await;
    let shard = only_shard(&server, &arn).await;
    let request = |members: Value| with(json!({ "StreamArn": arn, "ShardId": shard }), members);
    let of = |kind: &str| request(json!({ "ShardIteratorType": kind }));
    // Of an empty shard everything is still to come.
    let mut early = Vec::new();
    for request in [of("LATEST"), of("TRIM_HORIZON"), with(of("AT_TIMESTAMP"), json!({ "Timestamp": 1_790_000_000 }))] {
        early.push(server.ask("GetShardIterator", request).await["ShardIterator"].take());
    }
    for n in 1..=5 {
        put(&server, n, "x").await;
        put(&server, 10 * n, "x").await;
        server.advance(1500).await;
    }
    let all = server.records(&arn).await;
    for iterator in early {
        assert_eq!(server.read_on(iterator).await.0, all);
    }
    let numbered = |kind: &str, at: usize| with(of(kind), json!({ "SequenceNumber": sequence(&all[at]) }));
    let at = |seconds: f64| with(of("AT_TIMESTAMP"), json!({ "Timestamp": 1_790_000_000.0 + seconds }));
    let shards = server.shards(&arn).await;
    let start = &shards[0]["SequenceNumberRange"]["StartingSequenceNumber"];
    let rows = [
        (of("TRIM_HORIZON"), 0),
        (of("LATEST"), 10),
        (numbered("AT_SEQUENCE_NUMBER", 0), 0),
        (numbered("AT_SEQUENCE_NUMBER", 3), 3),
        (numbered("AFTER_SEQUENCE_NUMBER", 3), 4),
        (numbered("AFTER_SEQUENCE_NUMBER", 9), 10),
        (with(of("AT_SEQUENCE_NUMBER"), json!({ "SequenceNumber": start })), 0),
        (with(of("AFTER_SEQUENCE_NUMBER"), json!({ "SequenceNumber": start })), 0),
        (at(-1_790_000_000.0), 0),
        (at(-100.0), 0),
        (at(0.0), 0),
        (at(0.001), 2),
        (at(1.5), 2),
        (at(3.0), 4),
        (at(4.2), 6),
        (at(6.001), 10),
        (at(7.5), 10),
    ];
    for (request, from) in rows {
        let iterator = server.ask("GetShardIterator", request.clone()).await["ShardIterator"].take();
        let (records, next) = server.read_on(iterator).await;
        assert_eq!(events(&records), events(&all[from..]), "{request}");
        assert!(next.is_some());
    }
}

#[tokio::test]
async fn names_of_nothing_are_refused() {
    let (server, arn) = start("KEYS_ONLY").await;
    let shard = only_shard(&server, &arn).await;
    let iterator = server.oldest(&arn, &shard).await.as_str().unwrap().to_owned();
    let in_shard = |arn: &str, shard: &str| {
        let request = json!({ "StreamArn": arn, "ShardId": shard, "ShardIteratorType": "LATEST" });
        ("GetShardIterator", request)
    };
    let describe = |arn: &str| ("DescribeStream", json!({ "StreamArn": arn }));
    let of_another = |(from, to): (&str, &str)| arn.replace(from, to);
    let missing = |words: &str| ("ResourceNotFoundException", format!("Requested resource not found: {words}"));
    let invalid = |words: &str| ("ValidationException", words.to_owned());
    let tub = (":table/tab/", ":table/tub/");
    let mut rows = Vec::new();
    for other in [
        tub,
        ("eu-west-1", "eu-west-2"),
        ("000000000000", "000000000001"),
        ("/stream/2", "/stream/1"),
        (":table/tab", ":table/"),
    ] {
        let arn = of_another(other);
        let expected = missing(&format!("Stream: {arn} not found"));
        rows.extend([(describe(&arn), expected.clone()), (in_shard(&arn, shard.as_str().unwrap()), expected)]);
    }
    for arn in [of_another(("/stream/", "/index/")), "x".repeat(37), "\u{0}".repeat(50), "/stream/".repeat(10)] {
        let listed = ("ListStreams", json!({ "ExclusiveStartStreamArn": arn }));
        rows.extend([describe(&arn), listed].map(|request| (request, invalid("Invalid StreamArn"))));
    }
    for shard in [
        "shardId-00000001414576573621-0000002a",
        "no shard has such an id at all",
        "shardId-00000001790000000000-00000000x",
    ] {
        rows.push((in_shard(&arn, shard), missing("Shard does not exist")));
    }
    for iterator in ["x".to_owned(), format!("{iterator}x"), iterator.replace(tub.0, tub.1), "|1|".repeat(9)] {
        rows.push((("GetRecords", json!({ "ShardIterator": iterator })), invalid("Invalid ShardIterator")));
    }
    for ((operation, request), (code, words)) in rows {
        let refusal = server.refused(operation, request.clone()).await;
        assert_eq!(refusal, (code.to_owned(), words), "{operation} {request}");
    }
}

#[tokio::test]
async fn places_where_nothing_can_be_read_are_refused() {
    let (server, arn) = start("KEYS_ONLY").await;
    put(&server, 1, "x").await;
    let shard = only_shard(&server, &arn).await;
    let of = |kind: &str, members: Value| {
        with(json!({ "StreamArn": arn, "ShardId": shard, "ShardIteratorType": kind }), members)
    };
    let number = |text: &str| json!({ "SequenceNumber": text });
    let at = |seconds: f64| json!({ "Timestamp": seconds });
    let prefix = "One or more parameter values were invalid: ";
    let mut rows = vec![
        (
            of("AT_SEQUENCE_NUMBER", json!({})),
            "SequenceNumber is required when ShardIteratorType is AT_SEQUENCE_NUMBER",
        ),
        (
            of("AFTER_SEQUENCE_NUMBER", json!({})),
            "SequenceNumber is required when ShardIteratorType is AFTER_SEQUENCE_NUMBER",
        ),
        (
            of("LATEST", number("111111111111111111111")),
            "SequenceNumber must not be specified when ShardIteratorType is LATEST",
        ),
        (of("AT_TIMESTAMP", json!({})), "Timestamp is required when ShardIteratorType is AT_TIMESTAMP"),
        (of("LATEST", at(1.0)), "Timestamp must not be specified when ShardIteratorType is LATEST"),
        (of("AT_TIMESTAMP", at(1_790_000_001.0)), "Timestamp must not be in the future"),
        (of("AT_TIMESTAMP", at(1e300)), "Timestamp must not be in the future"),
    ]
    .into_iter()
    .map(|(request, words)| (request, format!("{prefix}{words}")))
    .collect::<Vec<_>>();
    for text in [
        "111111111111111111111",
        "not a number of any stream",
        // Before the shard, behind its last record, and beyond all numbers.
        "1000000000000000000000000000001",
        "1000000000000999999990000000001",
        "9999999999999999999999999999999999999999",
    ] {
        for kind in ["AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"] {
            rows.push((of(kind, number(text)), "Invalid SequenceNumber".to_owned()));
        }
    }
    for (request, words) in rows {
        let refusal = server.refused("GetShardIterator", request.clone()).await;
        assert_eq!(refusal, ("ValidationException".to_owned(), words), "{request}");
    }
}

#[tokio::test]
async fn a_page_ends_at_its_limit_and_at_one_megabyte() {
    let (server, arn) = start("NEW_AND_OLD_IMAGES").await;
    let shard = only_shard(&server, &arn).await;
    for n in 1..=5 {
        put(&server, n, "x").await;
    }
    let mut next = server.oldest(&arn, &shard).await;
    for expected in [2, 2, 1, 0, 0] {
        let mut answer = server.ask("GetRecords", json!({ "ShardIterator": next, "Limit": 2 })).await;
        assert_eq!(answer["Records"].as_array().unwrap().len(), expected);
        next = answer["NextShardIterator"].take();
        assert!(next.is_string());
    }
    // Twice 390 KB in each record but the first.
    for letter in ["a", "b", "c", "d"] {
        put(&server, 6, &letter.repeat(390 * 1024)).await;
    }
    for expected in [1, 1, 1, 1, 0] {
        let mut answer = server.ask("GetRecords", json!({ "ShardIterator": next })).await;
        assert_eq!(answer["Records"].as_array().unwrap().len(), expected);
        next = answer["NextShardIterator"].take();
    }
    assert_eq!(server.records(&arn).await.len(), 9);
}

#[tokio::test]
async fn an_iterator_is_good_for_fifteen_minutes() {
    let (server, arn) = start("KEYS_ONLY").await;
    put(&server, 1, "x").await;
    let iterator = server.oldest(&arn, &only_shard(&server, &arn).await).await;
    server.advance(15 * MINUTE).await;
    let next = server.ask("GetRecords", json!({ "ShardIterator": iterator })).await["NextShardIterator"].take();
    server.advance(1).await;
    let (code, _) = server.refused("GetRecords", json!({ "ShardIterator": iterator })).await;
    assert_eq!(code, "ExpiredIteratorException");
    server.advance(15 * MINUTE - 1).await;
    server.ask("GetRecords", json!({ "ShardIterator": next })).await;
}

#[tokio::test]
async fn a_closed_shard_ends() {
    let (server, arn) = start("KEYS_ONLY").await;
    let shard = only_shard(&server, &arn).await;
    put(&server, 1, "x").await;
    put(&server, 2, "x").await;
    let number = sequence(&server.records(&arn).await[1]).to_owned();
    server.disable_stream("tab").await;
    let range = server.shards(&arn).await[0]["SequenceNumberRange"].clone();
    let text = |member: &str| range[member].as_str().unwrap().to_owned();
    assert!(text("StartingSequenceNumber") < number && number < text("EndingSequenceNumber"));
    let of = |kind: &str| json!({ "StreamArn": arn, "ShardId": shard, "ShardIteratorType": kind });
    let numbered = |number: &str| with(of("AFTER_SEQUENCE_NUMBER"), json!({ "SequenceNumber": number }));
    for (request, expected) in [
        (of("TRIM_HORIZON"), 2),
        (of("LATEST"), 0),
        (numbered(&number), 0),
        (numbered(&text("EndingSequenceNumber")), 0),
        (with(of("AT_TIMESTAMP"), json!({ "Timestamp": 1_790_000_000 })), 2),
    ] {
        let iterator = server.ask("GetShardIterator", request.clone()).await["ShardIterator"].take();
        let answer = server.ask("GetRecords", json!({ "ShardIterator": iterator })).await;
        assert_eq!(answer["Records"].as_array().unwrap().len(), expected, "{request}");
        assert!(answer.get("NextShardIterator").is_none(), "{request}");
    }
    // Where the limit cuts, there is more; where the last record is read, there is not.
    let iterator = server.oldest(&arn, &shard).await;
    let mut answer = server.ask("GetRecords", json!({ "ShardIterator": iterator, "Limit": 1 })).await;
    let iterator = answer["NextShardIterator"].take();
    let answer = server.ask("GetRecords", json!({ "ShardIterator": iterator, "Limit": 1 })).await;
    assert_eq!(events(answer["Records"].as_array().unwrap()), ["INSERT 2"]);
    assert!(answer.get("NextShardIterator").is_none());
}
