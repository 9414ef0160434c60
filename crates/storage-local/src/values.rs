//! Values of keys that were read lately, or written while there was room, kept exact by every commit: a point read that finds its key
//! here costs a fraction of one that goes through RocksDB, and most writes read the old item first.
//!
//! ```text
//! commit:  note(V) in `recent` -> hide -> RocksDB write -> show -> written(V)
//! reader:  visible -> RocksDB read -> offer, refused if `recent` knows a commit of the key after `visible`
//! ```
//!
//! What must hold: an entry that can be read is the newest value of its key that any read has returned. Between `hide` and `show` the
//! key is not found here and readers ask RocksDB, so that nobody reads back in time behind a scan. An offer and a commit of the same key
//! meet under the lock of its shard: either the offer sees the commit noted and is refused, or the commit hides what was offered.
//!
//! Which entry makes room for a new one is decided by the clock algorithm: the hand passes entries that were read since it last came by.

use bytes::Bytes;
use hashbrown::HashTable;
use parking_lot::Mutex;
use smallvec::SmallVec;
use storage::Versioned;

/// As many threads as this read different keys without meeting, mostly. A power of two.
const SHARDS: usize = 64;

/// What an entry takes beside its key and value: its place in both tables, which grow by doubling, and the allocator's share.
const ENTRY_BYTES: usize = 192;

/// Keys up to this size stand in the entry itself: comparing one that stands elsewhere waits for the memory once more. That of an item is
/// 13 bytes longer than its key attributes.
const KEY_BYTES_INSIDE: usize = 48;

/// Larger values stay out: a few of them would push out thousands, and copying them costs more than finding them.
const VALUE_BYTES_MAX: usize = 64 * 1024;

/// The values of keys that were read lately.
pub struct Values {
    shards: Box<[Mutex<Shard>]>,
}

/// The keys of one part of all hashes.
struct Shard {
    /// The places of entries by the hash of their key.
    places: HashTable<usize>,
    /// Entries, in no order; the clock's face.
    entries: Vec<Entry>,
    /// The entry that the clock's hand is at.
    hand: usize,
    /// What the entries take.
    bytes: usize,
    /// What they may take.
    bytes_max: usize,
}

struct Entry {
    hash: u64,
    key: SmallVec<[u8; KEY_BYTES_INSIDE]>,
    /// `None` while a commit is writing the key.
    found: Option<Versioned>,
    /// Read since the hand came by.
    was_read: bool,
}

impl Values {
    /// A cache that takes about so many bytes when it is full.
    pub fn new(bytes_max: usize) -> Self {
        let shard = || {
            Mutex::new(Shard {
                places: HashTable::new(),
                entries: Vec::new(),
                hand: 0,
                bytes: 0,
                bytes_max: bytes_max / SHARDS,
            })
        };
        Self { shards: (0..SHARDS).map(|_| shard()).collect() }
    }

    /// The value of a key, if it is here. `hash` is that of the key, as in all methods.
    pub fn get(&self, hash: u64, key: &[u8]) -> Option<Versioned> {
        let mut shard = self.shard(hash).lock();
        let place = shard.place(hash, key)?;
        let entry = &mut shard.entries[place];
        entry.was_read = true;
        entry.found.clone()
    }

    /// Takes what a reader has read, unless a commit may have come between: `is_newest` is asked under the lock.
    pub fn offer(&self, hash: u64, key: &[u8], found: &Versioned, is_newest: impl FnOnce() -> bool) {
        if VALUE_BYTES_MAX < found.value.len() {
            return;
        }
        let mut shard = self.shard(hash).lock();
        if is_newest() {
            shard.set(hash, key, found.clone());
        }
    }

    /// A commit is about to write the key, with a value of so many bytes. A key that is not here is taken in where there is room: what is
    /// written is often read soon, but pushes out nothing that was read.
    pub fn hide(&self, hash: u64, key: &[u8], value_bytes: usize) {
        let mut shard = self.shard(hash).lock();
        if let Some(place) = shard.place(hash, key) {
            shard.hide(place);
        } else if value_bytes <= VALUE_BYTES_MAX && shard.has_room_for(key, value_bytes) {
            shard.insert(hash, key);
        }
    }

    /// A commit is about to remove the key, or to change it to something that is not told here.
    pub fn forget(&self, hash: u64, key: &[u8]) {
        let mut shard = self.shard(hash).lock();
        if let Some(place) = shard.place(hash, key) {
            shard.remove(place);
        }
    }

    /// A commit is about to remove all keys of some ranges. Every entry is looked at, once whatever the number of ranges.
    pub fn forget_ranges(&self, ranges: &[(&Bytes, &Bytes)]) {
        let is_in_one = |key: &[u8]| ranges.iter().any(|(from, to)| ***from <= *key && *key < ***to);
        for shard in &self.shards {
            let mut shard = shard.lock();
            // From the end: a removed entry's place is taken by the last one, which was looked at before.
            for place in (0..shard.entries.len()).rev() {
                if is_in_one(&shard.entries[place].key) {
                    shard.remove(place);
                }
            }
        }
    }

    /// A commit has written the key. Only what is hidden is shown.
    pub fn show(&self, hash: u64, key: &[u8], written: Versioned) {
        let mut shard = self.shard(hash).lock();
        let is_hidden = |place: usize| shard.entries[place].found.is_none();
        if shard.place(hash, key).is_some_and(is_hidden) && written.value.len() <= VALUE_BYTES_MAX {
            shard.set(hash, key, written);
        }
    }

    fn shard(&self, hash: u64) -> &Mutex<Shard> {
        // The tables inside a shard use the low and the topmost bits.
        &self.shards[(hash >> 48) as usize % SHARDS]
    }
}

impl Shard {
    fn place(&self, hash: u64, key: &[u8]) -> Option<usize> {
        self.places.find(hash, |place| *self.entries[*place].key == *key).copied()
    }

    fn hide(&mut self, place: usize) {
        if let Some(found) = self.entries[place].found.take() {
            self.bytes -= found.value.len();
        }
    }

    fn set(&mut self, hash: u64, key: &[u8], found: Versioned) {
        let place = match self.place(hash, key) {
            Some(place) => {
                self.hide(place);
                place
            }
            None => self.insert(hash, key),
        };
        self.bytes += found.value.len();
        self.entries[place].found = Some(found);
        while self.bytes_max < self.bytes && 1 < self.entries.len() {
            self.evict_one();
        }
    }

    fn has_room_for(&self, key: &[u8], value_bytes: usize) -> bool {
        self.bytes + ENTRY_BYTES + key.len() + value_bytes <= self.bytes_max
    }

    fn insert(&mut self, hash: u64, key: &[u8]) -> usize {
        let place = self.entries.len();
        self.entries.push(Entry { hash, key: key.into(), found: None, was_read: false });
        self.bytes += ENTRY_BYTES + key.len();
        let entries = &self.entries;
        self.places.insert_unique(hash, place, |place| entries[*place].hash);
        place
    }

    /// Removes the first entry from the hand on that was not read since the hand last came by.
    fn evict_one(&mut self) {
        loop {
            self.hand = if self.hand + 1 < self.entries.len() { self.hand + 1 } else { 0 };
            let entry = &mut self.entries[self.hand];
            if !std::mem::take(&mut entry.was_read) {
                return self.remove(self.hand);
            }
        }
    }

    /// Removes an entry; the last one takes its place.
    fn remove(&mut self, place: usize) {
        self.hide(place);
        self.move_place(place, None);
        let entry = self.entries.swap_remove(place);
        self.bytes -= ENTRY_BYTES + entry.key.len();
        if place < self.entries.len() {
            self.move_place(self.entries.len(), Some((place, self.entries[place].hash)));
        }
    }

    /// Forgets where an entry was, or notes that it, of this hash, stands at another place now.
    fn move_place(&mut self, from: usize, to: Option<(usize, u64)>) {
        let hash = to.map_or_else(|| self.entries[from].hash, |(_, hash)| hash);
        let Ok(mut occupied) = self.places.find_entry(hash, |place| *place == from) else { return };
        match to {
            Some((place, _)) => *occupied.get_mut() = place,
            None => drop(occupied.remove()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recent::hash;
    use storage::Version;

    fn found(version: Version, bytes: usize) -> Versioned {
        Versioned { version, value: vec![7; bytes].into(), is_sound: false }
    }

    fn get(values: &Values, key: &str) -> Option<Version> {
        values.get(hash(key.as_bytes()), key.as_bytes()).map(|found| found.version)
    }

    fn offer(values: &Values, key: &str, version: Version) {
        values.offer(hash(key.as_bytes()), key.as_bytes(), &found(version, 100), || true);
    }

    fn hide(values: &Values, key: &str, bytes: usize) {
        values.hide(hash(key.as_bytes()), key.as_bytes(), bytes);
    }

    fn show(values: &Values, key: &str, version: Version, bytes: usize) {
        values.show(hash(key.as_bytes()), key.as_bytes(), found(version, bytes));
    }

    #[test]
    fn commits_hide_what_they_write_and_show_what_was_there() {
        let values = Values::new(1 << 20);
        offer(&values, "a", 1);
        values.offer(hash(b"b"), b"b", &found(1, 100), || false);
        assert_eq!((get(&values, "a"), get(&values, "b")), (Some(1), None));
        hide(&values, "a", 50);
        assert_eq!(get(&values, "a"), None);
        show(&values, "a", 2, 50);
        show(&values, "b", 2, 50);
        assert_eq!((get(&values, "a"), get(&values, "b")), (Some(2), None));
        hide(&values, "a", 50);
        show(&values, "a", 3, 50);
        show(&values, "a", 2, 50);
        assert_eq!(get(&values, "a"), Some(3));
        for key in ["b", "c", "d"] {
            offer(&values, key, 3);
        }
        values.forget_ranges(&[(&Bytes::from_static(b"b"), &Bytes::from_static(b"d"))]);
        let left = ["a", "b", "c", "d"].map(|key| get(&values, key));
        assert_eq!(left, [Some(3), None, None, Some(3)]);
        values.forget(hash(b"a"), b"a");
        show(&values, "a", 4, 50);
        assert_eq!(get(&values, "a"), None);
    }

    #[test]
    fn what_is_written_is_taken_in_while_there_is_room() {
        const EACH: usize = 100 + ENTRY_BYTES + 4;
        let values = Values::new(SHARDS * EACH * 10);
        offer(&values, "read", 1);
        let keys: Vec<String> = (0..1000).map(|key| format!("{key:04}")).collect();
        for key in &keys {
            hide(&values, key, 100);
            assert_eq!(get(&values, key), None);
            show(&values, key, 2, 100);
        }
        let kept = keys.iter().filter(|key| get(&values, key) == Some(2)).count();
        assert!((SHARDS * 5..SHARDS * 10).contains(&kept), "{kept}");
        assert_eq!(get(&values, "read"), Some(1), "nothing was pushed out");
        // A removal in the same commit, and one before.
        let values = Values::new(1 << 20);
        hide(&values, "a", 100);
        values.forget(hash(b"a"), b"a");
        show(&values, "a", 3, 100);
        assert_eq!(get(&values, "a"), None);
        hide(&values, "a", 100);
        show(&values, "a", 4, 100);
        assert_eq!(get(&values, "a"), Some(4));
    }

    #[test]
    fn room_is_made_by_what_nobody_reads() {
        const EACH: usize = 100 + ENTRY_BYTES + 4;
        let values = Values::new(SHARDS * EACH * 10);
        for round in 0..10 {
            for key in 0..1000 {
                offer(&values, &format!("{:04}", round * 1000 + key), 1);
                // A few keys are read all the time.
                for hot in 0..20 {
                    let key = format!("h{hot:03}");
                    if get(&values, &key).is_none() {
                        offer(&values, &key, 1);
                    }
                }
            }
        }
        for shard in &values.shards {
            let shard = shard.lock();
            assert!(shard.bytes <= shard.bytes_max);
            assert_eq!(shard.places.len(), shard.entries.len());
            let counted: usize = shard
                .entries
                .iter()
                .map(|entry| {
                    assert_eq!(
                        shard.place(entry.hash, &entry.key).map(|place| shard.entries[place].hash),
                        Some(entry.hash)
                    );
                    ENTRY_BYTES + entry.key.len() + entry.found.as_ref().map_or(0, |found| found.value.len())
                })
                .sum();
            assert_eq!(counted, shard.bytes);
        }
        let kept = (0..20).filter(|hot| get(&values, &format!("h{hot:03}")).is_some()).count();
        assert!(kept >= 19, "{kept}");
    }

    #[test]
    fn large_values_stay_out() {
        let values = Values::new(1 << 30);
        values.offer(hash(b"a"), b"a", &found(1, VALUE_BYTES_MAX + 1), || true);
        assert_eq!(get(&values, "a"), None);
        hide(&values, "b", VALUE_BYTES_MAX + 1);
        show(&values, "b", 2, VALUE_BYTES_MAX + 1);
        assert_eq!(get(&values, "b"), None);
        offer(&values, "a", 1);
        hide(&values, "a", VALUE_BYTES_MAX + 1);
        show(&values, "a", 2, VALUE_BYTES_MAX + 1);
        assert_eq!(get(&values, "a"), None);
    }
}
