//! The operations that a target header can name.

macro_rules! operations {
    ($($name:ident)*) => {
        /// An operation of the API.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the names are DynamoDB's")]
        pub enum Operation { $($name),* }

        impl Operation {
            /// Every operation.
            pub const ALL: &'static [Operation] = &[$(Operation::$name),*];

            /// DynamoDB's name of it.
            pub fn name(self) -> &'static str {
                match self { $(Operation::$name => stringify!($name)),* }
            }

            /// The operation that a target header names.
            pub fn from_target(target: &str) -> Option<Operation> {
                match target.strip_prefix("DynamoDB_20120810.")? {
                    $(stringify!($name) => Some(Operation::$name),)*
                    _ => None,
                }
            }
        }
    };
}

operations! {
    BatchGetItem BatchWriteItem CreateTable DeleteItem DeleteTable DescribeEndpoints DescribeLimits DescribeTable GetItem
    ListTables ListTagsOfResource PutItem Query Scan TagResource UntagResource UpdateItem UpdateTable
}
