//! One file per operation, all in the same order: what is checked, what is planned, what is answered.

pub mod batch_get_item;
pub mod batch_write_item;
mod conditional;
pub mod create_table;
pub mod delete_item;
pub mod delete_table;
pub mod describe_continuous_backups;
pub mod describe_endpoints;
pub mod describe_limits;
pub mod describe_table;
pub mod describe_time_to_live;
pub mod get_item;
pub mod list_tables;
pub mod list_tags_of_resource;
pub mod listing;
pub(crate) mod metrics;
pub mod put_item;
pub mod query;
pub mod scan;
mod sums;
pub mod tag_resource;
pub mod transact_get_items;
pub mod transact_write_items;
pub mod untag_resource;
pub mod update_item;
pub mod update_table;
