//! Whether the write-ahead log is whole as far as it had been synced.
//!
//! RocksDB replays the log up to the first damage, as it must after power loss: then the log ends somewhere in what was not synced. A byte
//! that turned in the middle of the log looks the same to it, and what lies behind, synced and acknowledged, would be dropped without
//! a word. So every commit leaves a mark in the log: up to which version everything was durable when it was written. The log is looked
//! through before RocksDB opens it. Where it is damaged and a mark behind the damage says that something was durable which the replay
//! does not reach, the store is not opened, and nothing is changed.
//!
//! What must hold: power loss never looks like damage. A mark is written after the sync that it tells of, so if the mark is there, what it
//! tells of is there, unless it was damaged or the disk lied about the sync. The other way round, damage behind which no mark is left
//! is not told from a torn end: that of the last commits before the end of the log. A store that is closed in order leaves a last mark.
//!
//! The form of the log is RocksDB's (log_format.h): blocks of 32 KiB, in them records of a checksum, a length, a type and data; a batch is one
//! record or several, and begins with its sequence number and the number of its entries. Sequence numbers are versions, and run on from
//! one log to the next. The manifest has the same form, and an edit of it says early up to which version everything was written: where the
//! first log begins later than that, the manifest has lost its end.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use keyring::Keyring;
use storage::Version;

use crate::encryption;

const BLOCK_BYTES: usize = 32 * 1024;

/// Of a record: the checksum, the length, the type.
const HEADER_BYTES: usize = 7;

/// Of a batch: the sequence number and the number of entries, least significant byte first.
const BATCH_HEADER_BYTES: usize = 12;

/// An entry of a batch that is in the log alone.
const LOG_DATA_TAG: u8 = 3;

/// Begins a mark.
const MARK_TAG: u8 = b'D';

const MARK_BYTES: usize = 1 + size_of::<Version>();

/// What a commit leaves in the log besides its changes; the first entry of its batch.
pub fn mark(durable: Version) -> [u8; MARK_BYTES] {
    let mut mark = [MARK_TAG; MARK_BYTES];
    mark[1..].copy_from_slice(&durable.to_be_bytes());
    mark
}

/// Where the log is damaged, and what is lost by it.
#[derive(Debug, PartialEq, Eq)]
pub struct Damage {
    /// The first damaged file.
    pub file: PathBuf,
    /// The first damaged byte, or the beginning of the record that it is in.
    pub offset: u64,
    /// What was durable, as far as marks behind the damage tell.
    pub durable: Version,
    /// What is there, where that is certain: the manifest has lost its end. RocksDB replays a log whatever it finds before it.
    pub reached: Option<Version>,
}

/// Looks through the logs of a directory for damage behind which something durable would be lost. It does not know what table files
/// hold: what it finds in logs that are no longer needed is no damage to the store.
pub fn find_damage(dir: &Path, keys: Option<&Keyring>) -> io::Result<Option<Damage>> {
    let mut logs: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "log") {
            logs.push(path);
        }
    }
    // Their names are numbers of at least six digits.
    logs.sort_by_key(|path| (path.as_os_str().len(), path.clone()));
    let mut replay = Replay { manifest: manifest(dir, keys)?, ..Replay::default() };
    for path in logs {
        let bytes = encryption::read_file(&path, keys)?;
        replay.file(&path, &bytes);
    }
    let Replay { manifest, reached, damaged, durable } = replay;
    let last = manifest.filter(|manifest| damaged.as_ref().is_some_and(|(file, _)| *file == manifest.path));
    let certain = last.map(|manifest| manifest.last);
    Ok(damaged.filter(|_| certain.unwrap_or(reached) < durable).map(|(file, offset)| Damage {
        file,
        offset,
        durable,
        reached: certain,
    }))
}

/// The manifest that is in use, and where it ends. Nothing where it cannot be read: then RocksDB says why.
fn manifest(dir: &Path, keys: Option<&Keyring>) -> io::Result<Option<Manifest>> {
    let current = encryption::read_file(&dir.join("CURRENT"), keys)?;
    let Some(name) = str::from_utf8(&current).ok().and_then(|name| name.strip_suffix('\n')) else { return Ok(None) };
    let path = dir.join(name);
    if !name.starts_with("MANIFEST-") || !path.is_file() {
        return Ok(None);
    }
    let bytes = encryption::read_file(&path, keys)?;
    let (mut place, mut last) = (0, 0);
    while let Some(at) = record_place(place, bytes.len()) {
        let Some(record) = Record::read(&bytes, at) else { break };
        place = record.end;
        if matches!(record.kind, RecordKind::Full | RecordKind::First) {
            last = last.max(last_sequence(record.data).unwrap_or(0));
        }
    }
    Ok(Some(Manifest { path, end: place as u64, last }))
}

#[derive(Debug)]
struct Manifest {
    path: PathBuf,
    /// Where its whole records end.
    end: u64,
    /// The greatest version that it tells of.
    last: Version,
}

/// The version that an edit of the manifest tells. What comes before it in an edit are numbers and texts.
fn last_sequence(mut edit: &[u8]) -> Option<Version> {
    /// A comparator's name.
    const TEXT: u64 = 1;
    /// Whatever has this bit is a text.
    const TEXT_BIT: u64 = 1 << 13;
    /// Numbers of files, and of the last column family.
    const NUMBERS: [u64; 5] = [2, 3, 9, 10, 203];
    const LAST_SEQUENCE: u64 = 4;
    while !edit.is_empty() {
        let tag = varint(&mut edit)?;
        let number = varint(&mut edit)?;
        match tag {
            LAST_SEQUENCE => return Some(number),
            tag if tag == TEXT || tag & TEXT_BIT != 0 => edit = edit.get(usize::try_from(number).ok()?..)?,
            tag if NUMBERS.contains(&tag) => (),
            _ => return None,
        }
    }
    None
}

/// Seven bits in each byte, the least significant first.
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Some(number);
        }
    }
    None
}

/// The replay, as far as it has come.
#[derive(Default)]
struct Replay {
    /// The manifest, if it can be read.
    manifest: Option<Manifest>,
    /// The last sequence number of the batches that follow on each other.
    reached: Version,
    /// The first damage.
    damaged: Option<(PathBuf, u64)>,
    /// The greatest mark behind a damage.
    durable: Version,
}

/// The beginning of a batch.
#[derive(Clone, Copy)]
struct BatchStart {
    sequence: Version,
    entries: Version,
    durable: Version,
}

impl Replay {
    fn file(&mut self, path: &Path, bytes: &[u8]) {
        let mut is_behind = false;
        let mut pending = None;
        let mut place = 0;
        while let Some(at) = record_place(place, bytes.len()) {
            let Some(record) = Record::read(bytes, at) else {
                is_behind = true;
                pending = None;
                self.damaged.get_or_insert_with(|| (path.to_owned(), at as u64));
                place = next_record(bytes, at);
                continue;
            };
            place = record.end;
            let whole = match record.kind {
                RecordKind::Full => BatchStart::read(record.data),
                RecordKind::First => {
                    pending = BatchStart::read(record.data);
                    // Even an unfinished batch tells what was durable before it.
                    if let Some(start) = pending.filter(|_| is_behind) {
                        self.durable = self.durable.max(start.durable);
                    }
                    None
                }
                RecordKind::Last => pending.take(),
                RecordKind::Middle | RecordKind::Other => None,
            };
            if let Some(start) = whole {
                self.batch(start, is_behind);
            }
        }
    }

    fn batch(&mut self, start: BatchStart, is_behind: bool) {
        let is_first = self.reached == 0 && self.damaged.is_none();
        if let Some(manifest) = self.manifest.as_ref().filter(|manifest| is_first && manifest.last + 1 < start.sequence)
        {
            self.damaged = Some((manifest.path.clone(), manifest.end));
        }
        let follows = start.sequence == self.reached + 1 || (self.reached == 0 && self.damaged.is_none());
        if follows && !is_behind {
            self.reached = start.sequence.saturating_add(start.entries.saturating_sub(1));
        } else {
            self.durable = self.durable.max(start.durable);
        }
    }
}

impl BatchStart {
    fn read(data: &[u8]) -> Option<Self> {
        let sequence = Version::from_le_bytes(*data.first_chunk()?);
        let entries = u32::from_le_bytes(*data.get(8..)?.first_chunk()?);
        // A commit that an older version of the program wrote has no mark.
        let durable = match data.get(BATCH_HEADER_BYTES..) {
            Some([LOG_DATA_TAG, length, MARK_TAG, durable @ ..]) if usize::from(*length) == MARK_BYTES => {
                durable.first_chunk().map_or(0, |bytes| Version::from_be_bytes(*bytes))
            }
            _ => 0,
        };
        Some(Self { sequence, entries: entries.into(), durable })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum RecordKind {
    Full,
    First,
    Middle,
    Last,
    /// Nothing of a batch.
    Other,
}

struct Record<'a> {
    kind: RecordKind,
    data: &'a [u8],
    end: usize,
}

impl<'a> Record<'a> {
    /// The record at a place, if it is whole.
    fn read(bytes: &'a [u8], at: usize) -> Option<Self> {
        let header: [u8; HEADER_BYTES] = *bytes.get(at..)?.first_chunk()?;
        let [c0, c1, c2, c3, l0, l1, kind] = header;
        let end = at + HEADER_BYTES + usize::from(u16::from_le_bytes([l0, l1]));
        // No record goes from one block into the next.
        if BLOCK_BYTES < at % BLOCK_BYTES + (end - at) {
            return None;
        }
        let checked = bytes.get(at + HEADER_BYTES - 1..end)?;
        let kind = match kind {
            0 => return None,
            1 => RecordKind::Full,
            2 => RecordKind::First,
            3 => RecordKind::Middle,
            4 => RecordKind::Last,
            _ => RecordKind::Other,
        };
        let is_whole = masked(crc32c(checked)) == u32::from_le_bytes([c0, c1, c2, c3]);
        is_whole.then_some(Self { kind, data: &checked[1..], end })
    }
}

/// Where the next record begins at or behind this place: the end of a block has no room for a header.
fn record_place(place: usize, length: usize) -> Option<usize> {
    let left = BLOCK_BYTES - place % BLOCK_BYTES;
    let at = if left < HEADER_BYTES { place + left } else { place };
    (at < length).then_some(at)
}

/// Where it goes on behind a damaged record: at the next whole one of the block, or at the next block.
fn next_record(bytes: &[u8], damaged: usize) -> usize {
    let block_end = (damaged / BLOCK_BYTES + 1) * BLOCK_BYTES;
    (damaged + 1..block_end.min(bytes.len())).find(|at| Record::read(bytes, *at).is_some()).unwrap_or(block_end)
}

/// As RocksDB stores checksums.
fn masked(checksum: u32) -> u32 {
    checksum.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// CRC-32C. The checksum of other places is another polynomial's, and a log has a few megabytes: a table of bytes will do.
fn crc32c(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut index = 0;
        while index < 256 {
            let mut value = index as u32;
            let mut bit = 0;
            while bit < 8 {
                value = if value & 1 == 1 { (value >> 1) ^ 0x82f6_3b78 } else { value >> 1 };
                bit += 1;
            }
            table[index] = value;
            index += 1;
        }
        table
    };
    !bytes.iter().fold(!0, |checksum, byte| (checksum >> 8) ^ TABLE[usize::from(checksum.to_le_bytes()[0] ^ byte)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn an_edit_of_the_manifest_tells_its_last_sequence() {
        let edit = [&[0x81, 0x40, 2][..], b"id", &[2, 0x85, 1, 3, 9, 0xcb, 1, 0, 4, 0xac, 2, 103, 0]].concat();
        assert_eq!(last_sequence(&edit), Some(300));
        assert_eq!(last_sequence(&edit[..14]), None);
    }

    /// A log of whole batches of one entry, each of which says that the one before it is durable.
    fn log(sequences: std::ops::RangeInclusive<u64>, data_bytes: usize) -> Vec<u8> {
        let mut log = Vec::new();
        for sequence in sequences {
            let mut data = [&sequence.to_le_bytes()[..], &1_u32.to_le_bytes(), &[LOG_DATA_TAG, 9]].concat();
            data.extend_from_slice(&mark(sequence - 1));
            data.resize(data.len() + data_bytes, 7);
            let checked = [&[1], &data[..]].concat();
            log.extend_from_slice(&masked(crc32c(&checked)).to_le_bytes());
            log.extend_from_slice(&u16::try_from(data.len()).unwrap().to_le_bytes());
            log.extend_from_slice(&checked);
        }
        log
    }

    #[test]
    fn damage_is_told_from_a_torn_end_by_what_is_behind_it() {
        let path = Path::new("1.log");
        let whole = log(1..=9, 50);
        let record = whole.len() / 9;
        // Each case: the byte that turned, where the damaged record begins, and whether something durable is lost.
        for (turned, offset, is_lost) in [
            (3, 0, true),
            (4 * record + 40, 4 * record, true),
            (4 * record + 5, 4 * record, true),
            (8 * record + 20, 8 * record, false),
        ] {
            let mut bytes = whole.clone();
            bytes[turned] ^= 0x10;
            let mut replay = Replay::default();
            replay.file(path, &bytes);
            assert_eq!(replay.damaged.as_ref().map(|(_, offset)| *offset), Some(offset as u64), "{turned}");
            assert_eq!(replay.reached < replay.durable, is_lost, "{turned}");
        }
        // The next log goes on where the first one ends.
        let mut replay = Replay::default();
        replay.file(path, &[&whole[..], b"a torn end"].concat());
        replay.file(Path::new("2.log"), &log(10..=12, 50));
        assert_eq!((replay.reached, replay.durable), (12, 0));
    }
}
