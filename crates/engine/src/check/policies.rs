//! The check of resource policies: every descriptor that names one has it, every document is somebody's, and is a policy.

use super::{Fault, Report};
use crate::walk::Walk;
use bytes::Bytes;
use layout::keys;
use layout::record::{self, PolicyRecord};
use model::Table;
use model::policy::revision;
use model::stream::StreamRecord;
use policy::{DocumentKind, Policy};
use std::collections::BTreeMap;
use storage::{Store, StoreError};

/// The revisions that descriptors name, by the keys of the documents.
type Named = BTreeMap<Bytes, i64>;

/// Checks all policies.
pub(super) async fn check(store: &dyn Store, tables: &[Table], report: &mut Report) -> Result<(), StoreError> {
    let of_tables = tables.iter().filter_map(|table| Some((keys::table_policy(table.number), revision(table.policy)?)));
    let mut named: Named = of_tables.collect();
    add_streams(store, &mut named).await?;
    let mut walk = Walk::new(store, keys::all_policies());
    while let Some(page) = walk.next().await? {
        for entry in page.iter() {
            let fault = match (record::decode::<PolicyRecord>(entry.value), named.remove(entry.key)) {
                (_, None) => Some(Fault::Unknown),
                (Err(_), Some(_)) => Some(Fault::Undecodable),
                (Ok(record), Some(revision)) if record.revision != revision => Some(Fault::WrongPolicy { revision }),
                (Ok(record), Some(_)) => {
                    Policy::parse(&record.document, DocumentKind::Resource).is_err().then_some(Fault::Undecodable)
                }
            };
            if let Some(fault) = fault {
                report.add(None, entry.key, fault);
            }
        }
    }
    named.iter().for_each(|(key, revision)| report.add(None, key, Fault::WrongPolicy { revision: *revision }));
    Ok(())
}

async fn add_streams(store: &dyn Store, named: &mut Named) -> Result<(), StoreError> {
    let mut walk = Walk::new(store, keys::all_streams());
    while let Some(page) = walk.next().await? {
        // What does not decode the check of streams reports.
        let streams = page.iter().filter_map(|entry| record::decode::<StreamRecord>(entry.value).ok());
        named.extend(streams.filter_map(|StreamRecord { table_number, stream, .. }| {
            Some((keys::stream_policy(table_number, &stream.label), revision(stream.policy)?))
        }));
    }
    Ok(())
}
