//! Lists of what an account has, page by page in the order of names.

use super::Directory;
use super::record::{self, Record};
use crate::failure::Result;
use bytes::Bytes;
use layout::principals;
use storage::{Direction, Scan};

/// Records that are read at once.
const PAGE_ENTRIES: usize = 256;
const PAGE_BYTES: usize = 1 << 20;

/// A page of a list.
#[derive(Debug)]
pub(crate) struct Listed<T> {
    /// What is on the page.
    pub members: Vec<T>,
    /// Whether there is more.
    pub more: bool,
}

impl Directory {
    /// What an account has of a kind and `wanted` says yes to, behind a name, at most `most`.
    pub(crate) async fn list<T: Record>(
        &self,
        account: &str,
        after: Option<&str>,
        most: usize,
        wanted: impl Fn(&T) -> bool + Send,
    ) -> Result<Listed<T>> {
        let range = principals::all_named(T::KIND, account);
        let from =
            after.map_or(range.from, |name| storage::scan::successor(&principals::named(T::KIND, account, name)));
        let mut scan = Some(Scan {
            from,
            to: range.to,
            direction: Direction::Forward,
            max_entries: PAGE_ENTRIES.min(most.saturating_add(1)),
            max_bytes: PAGE_BYTES,
        });
        let mut members = Vec::new();
        while let Some(next) = scan {
            let page = self.store.scan(next.clone()).await?;
            for entry in page.iter() {
                let member: T = record::decode(entry.value)?;
                if !wanted(&member) {
                    continue;
                }
                if members.len() == most {
                    return Ok(Listed { members, more: true });
                }
                members.push(member);
            }
            scan = next.after(&page);
        }
        Ok(Listed { members, more: false })
    }

    /// All that an account has of a kind and `wanted` says yes to.
    pub(crate) async fn list_all<T: Record>(
        &self,
        account: &str,
        wanted: impl Fn(&T) -> bool + Send,
    ) -> Result<Vec<T>> {
        Ok(self.list(account, None, usize::MAX, wanted).await?.members)
    }
}

/// The keys of what an account has by these names.
pub(crate) fn keys_of<T: Record>(account: &str, names: &[String]) -> Vec<Bytes> {
    names.iter().map(|name| principals::named(T::KIND, account, name)).collect()
}
