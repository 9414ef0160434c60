//! Facts about AWS that its service model does not state, each with its evidence, and the list of operations that are served.
//!
//! Sources: the AWS-verified conformance suite (May 2026 and captures of October 2026) and the validation tables of dynalite, whose
//! order was recorded from AWS. Where nothing is known the model's own order and limits stand.

/// The operations for which types are generated, by the file that holds them.
pub const SERVED: [(&str, &[&str]); 11] = [
    ("table", &["CreateTable", "DescribeTable", "UpdateTable", "DeleteTable", "ListTables"]),
    ("tag", &["TagResource", "UntagResource", "ListTagsOfResource"]),
    ("account", &["DescribeLimits", "DescribeEndpoints"]),
    ("item", &["PutItem", "GetItem", "UpdateItem", "DeleteItem"]),
    ("read", &["Query", "Scan"]),
    ("batch", &["BatchGetItem", "BatchWriteItem"]),
    ("transaction", &["TransactWriteItems", "TransactGetItems"]),
    ("statement", &["ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"]),
    ("table_setting", &["DescribeTimeToLive", "UpdateTimeToLive", "DescribeContinuousBackups"]),
    ("stream", &["ListStreams", "DescribeStream", "GetShardIterator", "GetRecords"]),
    ("resource_policy", &["PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy"]),
];

/// The file of shapes that several groups use.
pub const SHARED: &str = "shared";

/// The order in which AWS prints an enum's values in `Member must satisfy enum value set: [...]`; it differs from the model's.
/// Evidence: the suite's error messages for Select, KeyType, ScalarAttributeType, BillingMode and the Return... enums; for StreamViewType a
/// measurement that AWS's controllers for Kubernetes document (October 2026); dynalite for the rest. That of ShardIteratorType is inferred:
/// Kinesis has the same names and prints them so (recorded by kinesalite).
pub const ENUM_ORDERS: [(&str, &[&str]); 9] = [
    (
        "ComparisonOperator",
        &[
            "IN",
            "NULL",
            "BETWEEN",
            "LT",
            "NOT_CONTAINS",
            "EQ",
            "GT",
            "NOT_NULL",
            "NE",
            "LE",
            "BEGINS_WITH",
            "GE",
            "CONTAINS",
        ],
    ),
    ("ConditionalOperator", &["OR", "AND"]),
    ("ProjectionType", &["ALL", "INCLUDE", "KEYS_ONLY"]),
    ("ReturnValue", &["ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW"]),
    ("ScalarAttributeType", &["B", "N", "S"]),
    ("Select", &["SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"]),
    ("ReturnConsumedCapacity", &["INDEXES", "TOTAL", "NONE"]),
    ("ShardIteratorType", &["AFTER_SEQUENCE_NUMBER", "LATEST", "AT_TIMESTAMP", "AT_SEQUENCE_NUMBER", "TRIM_HORIZON"]),
    ("StreamViewType", &["OLD_IMAGE", "KEYS_ONLY", "NEW_AND_OLD_IMAGES", "NEW_IMAGE"]),
];

/// The order in which AWS lists failures of a structure's members; members that are not named follow in the model's order.
/// Evidence: dynalite's recorded tables; global before local indexes, and the order of transactions, by captures of October 2026.
pub const MEMBER_ORDERS: [(&str, &[&str]); 19] = [
    ("BatchGetItemInput", &["ReturnConsumedCapacity", "RequestItems"]),
    ("BatchWriteItemInput", &["ReturnConsumedCapacity", "ReturnItemCollectionMetrics", "RequestItems"]),
    (
        "CreateTableInput",
        &[
            "AttributeDefinitions",
            "TableName",
            "BillingMode",
            "ProvisionedThroughput",
            "KeySchema",
            "GlobalSecondaryIndexes",
            "LocalSecondaryIndexes",
        ],
    ),
    ("CreateGlobalSecondaryIndexAction", &["Projection", "IndexName", "ProvisionedThroughput", "KeySchema"]),
    (
        "DeleteItemInput",
        &[
            "ReturnConsumedCapacity",
            "TableName",
            "ReturnValues",
            "ReturnItemCollectionMetrics",
            "Key",
            "ConditionalOperator",
            "Expected",
        ],
    ),
    ("ExpectedAttributeValue", &["AttributeValueList", "ComparisonOperator", "Exists", "Value"]),
    ("GetItemInput", &["ReturnConsumedCapacity", "AttributesToGet", "TableName", "Key"]),
    ("GlobalSecondaryIndex", &["IndexName", "KeySchema", "Projection"]),
    ("KeysAndAttributes", &["Keys", "AttributesToGet"]),
    ("ListTablesInput", &["ExclusiveStartTableName", "Limit"]),
    ("LocalSecondaryIndex", &["IndexName", "KeySchema", "Projection"]),
    ("ProvisionedThroughput", &["WriteCapacityUnits", "ReadCapacityUnits"]),
    (
        "PutItemInput",
        &[
            "ReturnConsumedCapacity",
            "TableName",
            "Item",
            "ConditionalOperator",
            "Expected",
            "ReturnValues",
            "ReturnItemCollectionMetrics",
        ],
    ),
    (
        "QueryInput",
        &[
            "Select",
            "IndexName",
            "ReturnConsumedCapacity",
            "QueryFilter",
            "TableName",
            "ConditionalOperator",
            "AttributesToGet",
            "Limit",
            "KeyConditions",
        ],
    ),
    (
        "ScanInput",
        &[
            "Select",
            "IndexName",
            "TotalSegments",
            "ReturnConsumedCapacity",
            "TableName",
            "ConditionalOperator",
            "ScanFilter",
            "Segment",
            "Limit",
            "AttributesToGet",
        ],
    ),
    ("TransactGetItemsInput", &["ReturnConsumedCapacity", "TransactItems"]),
    (
        "TransactWriteItemsInput",
        &["ClientRequestToken", "ReturnConsumedCapacity", "ReturnItemCollectionMetrics", "TransactItems"],
    ),
    (
        "UpdateItemInput",
        &[
            "ReturnConsumedCapacity",
            "TableName",
            "ReturnItemCollectionMetrics",
            "ReturnValues",
            "Key",
            "ConditionalOperator",
            "Expected",
            "AttributeUpdates",
        ],
    ),
    ("UpdateTableInput", &["TableName", "ProvisionedThroughput", "BillingMode", "GlobalSecondaryIndexUpdates"]),
];

/// Rules that AWS applies to a member beside or instead of the model's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Override {
    /// A table's name, 1 to 255 letters, or its ARN. The model says 1 to 1024 and no pattern (suite: 256 letters, bad letters, empty).
    TableName,
    /// As `TableName`, at least 3 letters (suite: CreateTable with `ab`).
    NewTableName,
    /// A list of at most this many elements (suite: a table's key schema of 3 elements; dynalite for local indexes; the model has
    /// dropped the limit because keys of global indexes may be longer), or an integer of at most this value (the API reference has the
    /// limits of Streams, the model only the lower ones; tests of Alternator that pass on AWS find a ValidationException beyond those of
    /// ListStreams and GetRecords, although the reference calls the latter a LimitExceededException; the envelope is our inference).
    AtMost(u32),
}

/// Which member carries which override.
pub const OVERRIDES: [(&str, &str, Override); 25] = [
    ("CreateTableInput", "TableName", Override::NewTableName),
    ("CreateTableInput", "KeySchema", Override::AtMost(2)),
    ("LocalSecondaryIndex", "KeySchema", Override::AtMost(2)),
    ("DescribeStreamInput", "Limit", Override::AtMost(100)),
    ("GetRecordsInput", "Limit", Override::AtMost(1000)),
    ("ListStreamsInput", "Limit", Override::AtMost(100)),
    ("DescribeTableInput", "TableName", Override::NewTableName),
    ("UpdateTableInput", "TableName", Override::NewTableName),
    ("DeleteTableInput", "TableName", Override::NewTableName),
    ("DescribeTimeToLiveInput", "TableName", Override::NewTableName),
    ("UpdateTimeToLiveInput", "TableName", Override::NewTableName),
    ("DescribeContinuousBackupsInput", "TableName", Override::NewTableName),
    ("PutItemInput", "TableName", Override::TableName),
    ("GetItemInput", "TableName", Override::TableName),
    ("UpdateItemInput", "TableName", Override::TableName),
    ("DeleteItemInput", "TableName", Override::TableName),
    ("QueryInput", "TableName", Override::TableName),
    ("ScanInput", "TableName", Override::TableName),
    ("ConditionCheck", "TableName", Override::TableName),
    ("Delete", "TableName", Override::TableName),
    ("Get", "TableName", Override::TableName),
    ("Put", "TableName", Override::TableName),
    ("Update", "TableName", Override::TableName),
    // Map keys: AWS words these as one constraint on the map (suite, BatchGetItem and BatchWriteItem).
    ("BatchGetRequestMap", "", Override::NewTableName),
    ("BatchWriteItemRequestMap", "", Override::NewTableName),
];

/// Maps whose values' length AWS words as a constraint on the map (`Map value must satisfy constraint`; suite, BatchWriteItem).
pub const VALUE_SIZES_AT_MAP: [&str; 1] = ["BatchWriteItemRequestMap"];

/// Maps of attribute values that are stored items on their way out: they keep their stored form.
pub const STORED_ITEMS: [&str; 1] = ["AttributeMap"];

/// Strings whose limits are the operation's to report, in its own words, not the envelope's.
/// An attribute name over 65,535 bytes makes an item too large first; expression names resolve to attribute names. Of a stream's ARN that
/// is too short AWS says what it says of any malformed one (integration tests of the AWS SDK for JavaScript).
pub const UNCHECKED_STRINGS: [&str; 2] = ["AttributeName", "StreamArn"];

/// Errors that no service model lists: Rust name, wire name, namespace, status, name of the message member.
/// Evidence: dynalite's recorded answers; the suite for ValidationException.
pub const PROTOCOL_ERRORS: [(&str, &str, &str, u16, &str); 10] = [
    ("AccessDenied", "AccessDeniedException", "com.amazon.coral.service", 400, "Message"),
    ("IncompleteSignature", "IncompleteSignatureException", "com.amazon.coral.service", 400, "message"),
    ("InvalidSignature", "InvalidSignatureException", "com.amazon.coral.service", 400, "message"),
    ("MissingAuthenticationToken", "MissingAuthenticationTokenException", "com.amazon.coral.service", 400, "message"),
    ("RequestEntityTooLarge", "RequestEntityTooLargeException", "com.amazon.coral.service", 413, "message"),
    ("Serialization", "SerializationException", "com.amazon.coral.service", 400, "Message"),
    ("ServiceUnavailable", "ServiceUnavailableException", "com.amazon.coral.availability", 503, "message"),
    ("UnknownOperation", "UnknownOperationException", "com.amazon.coral.service", 400, "message"),
    ("UnrecognizedClient", "UnrecognizedClientException", "com.amazon.coral.service", 400, "message"),
    ("Validation", "ValidationException", "com.amazon.coral.validate", 400, "message"),
];

/// The value of a name in one of the tables above.
pub fn find<T: Copy>(table: &[(&str, T)], name: &str) -> Option<T> {
    table.iter().find(|(candidate, _)| *candidate == name).map(|(_, value)| *value)
}

/// The override of a structure's member, or of a map's keys when `member` is empty.
pub fn override_of(shape: &str, member: &str) -> Option<Override> {
    OVERRIDES.iter().find(|(owner, name, _)| *owner == shape && *name == member).map(|(_, _, rule)| *rule)
}
