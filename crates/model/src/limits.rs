//! Every limit, each with the page that states it. DG: Amazon DynamoDB developer guide, "Quotas" and "Constraints". Model: the service model.
//! Measured: found by probing AWS, with who and when.

/// The largest item, names included (DG).
pub const ITEM_SIZE_MAX: usize = 400 * 1024;
/// The deepest attribute value: this many levels of lists and maps are accepted (DG says 32 counting the item itself; measured October 2026).
pub const NESTING_LEVELS_MAX: usize = 31;
/// The largest partition key value in bytes (DG).
pub const PARTITION_KEY_SIZE_MAX: usize = 2048;
/// The largest sort key value in bytes (DG).
pub const SORT_KEY_SIZE_MAX: usize = 1024;
/// The longest name of a key attribute (DG).
pub const KEY_NAME_LENGTH_MAX: usize = 255;
/// The longest attribute name in bytes (DG).
pub const ATTRIBUTE_NAME_LENGTH_MAX: usize = 65_535;

/// What one page of Query or Scan reads before filtering (DG).
pub const PAGE_SIZE_MAX: usize = 1024 * 1024;
/// What one BatchGetItem answers (DG).
pub const BATCH_GET_SIZE_MAX: usize = 16 * 1024 * 1024;
/// Keys in one BatchGetItem (Model).
pub const BATCH_GET_KEYS_MAX: usize = 100;
/// Requests in one BatchWriteItem (Model).
pub const BATCH_WRITE_REQUESTS_MAX: usize = 25;
/// Actions in one transaction (Model).
pub const TRANSACTION_ACTIONS_MAX: usize = 100;
/// The items of one transaction together (DG).
pub const TRANSACTION_SIZE_MAX: usize = 4 * 1024 * 1024;
/// How long a transaction's token is valid after it was carried out, in milliseconds (DG): ten minutes.
pub const TOKEN_VALIDITY_MS: u64 = 10 * 60 * 1000;
/// Segments of a parallel scan (Model).
pub const SCAN_SEGMENTS_MAX: i32 = 1_000_000;
/// The largest request body (DG).
pub const REQUEST_SIZE_MAX: usize = 16 * 1024 * 1024;

/// The longest expression string in bytes (DG).
pub const EXPRESSION_LENGTH_MAX: usize = 4096;
/// Operators and functions in one expression (DG).
pub const EXPRESSION_OPERATORS_MAX: usize = 300;
/// The greatest index of a list's element in an expression (a measurement in us-east-1 of September 2026: the next one is refused).
pub const LIST_INDEX_MAX: u32 = u32::MAX - 1;
/// Operands of IN (DG).
pub const IN_OPERANDS_MAX: usize = 100;
/// The longest substitution variable, with its # or : (DG).
pub const PLACEHOLDER_LENGTH_MAX: usize = 255;
/// Names and values of an expression's substitution variables together (DG).
pub const PLACEHOLDERS_SIZE_MAX: usize = 2 * 1024 * 1024;

/// Global secondary indexes of a table (DG).
pub const GLOBAL_INDEXES_MAX: usize = 20;
/// Local secondary indexes of a table (DG).
pub const LOCAL_INDEXES_MAX: usize = 5;
/// Attributes of each kind in a global index's key (DG, November 2025).
pub const GLOBAL_INDEX_KEY_PARTS_MAX: usize = 4;
/// Attributes projected with INCLUDE over all indexes of a table (DG).
pub const PROJECTED_ATTRIBUTES_MAX: usize = 100;
/// Tables of an account in a Region (DG).
pub const TABLES_MAX: usize = 2500;
/// Tables in one page of ListTables (Model).
pub const LIST_TABLES_MAX: usize = 100;
/// Tags of a resource (DG).
pub const TAGS_MAX: usize = 50;
/// Bytes of the document of a resource policy, white space included (DG; measured, October 2026): 20 KB.
pub const RESOURCE_POLICY_SIZE_MAX: usize = 20 * 1024;
/// The size from which a local index's item collection refuses to grow (DG): 10 GB.
pub const ITEM_COLLECTION_SIZE_MAX: i64 = 10 * 1024 * 1024 * 1024;

/// Streams in one page of ListStreams (API reference).
pub const LIST_STREAMS_MAX: usize = 100;
/// Shards in one page of DescribeStream (API reference).
pub const DESCRIBE_STREAM_MAX: usize = 100;
/// Records in one answer of GetRecords (API reference).
pub const GET_RECORDS_MAX: usize = 1000;
/// What one GetRecords answers (API reference): 1 MB.
pub const GET_RECORDS_SIZE_MAX: usize = 1024 * 1024;

/// The capacity of one read unit in bytes (DG).
pub const READ_UNIT_SIZE: usize = 4096;
/// The capacity of one write unit in bytes (DG).
pub const WRITE_UNIT_SIZE: usize = 1024;
/// Provisioned capacity units of a table, of each kind (DG).
pub const TABLE_CAPACITY_UNITS_MAX: i64 = 40_000;
/// Provisioned capacity units of an account in a Region, of each kind (DG).
pub const ACCOUNT_CAPACITY_UNITS_MAX: i64 = 80_000;
