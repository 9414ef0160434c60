//! How RocksDB is set up, each choice with its reason.
//!
//! Two options of RocksDB that would fit are missing from the binding: `track_and_verify_wals` (the successor of the
//! check in the manifest that is used here) and the protection bytes of memory tables.

use std::sync::Arc;

use rocksdb::{
    BlockBasedOptions, Cache, DBCompressionType, DBRecoveryMode, LogLevel, Options, ReadOptions, WriteBufferManager,
    WriteOptions,
};

use crate::disk::Alarm;
use crate::{Durability, LocalSettings};

/// How many buffers there are at most: one filling while the other is written out.
const WRITE_BUFFERS: &str = "2";

/// RocksDB holds writers back when so many files of the first level wait for a compaction.
const LEVEL0_FILES_MAX: &str = "36";

/// And when so many bytes wait: 256 GiB, its default.
const PENDING_BYTES_MAX: &str = "274877906944";

/// When writers are held back because RocksDB does not keep up.
pub const HELD_BACK: [(&str, &str); 3] = [
    ("max_write_buffer_number", WRITE_BUFFERS),
    ("level0_stop_writes_trigger", LEVEL0_FILES_MAX),
    ("hard_pending_compaction_bytes_limit", PENDING_BYTES_MAX),
];

/// What lets go whoever is held back now: while the disk fails he would wait until it recovers.
pub const LET_GO: [(&str, &str); 3] = [
    ("max_write_buffer_number", "1000"),
    ("level0_stop_writes_trigger", "1000000"),
    ("hard_pending_compaction_bytes_limit", "0"),
];

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// Of so many entries of a file in a row, half may be deletions before the file is compacted.
const DELETIONS_WINDOW: usize = 4096;

/// Everything that is set when the database is opened.
pub fn database(settings: &LocalSettings, alarm: &Arc<Alarm>) -> Options {
    let mut options = Options::default();
    // Looked up without a lock; every read of a range looks up several blocks. 0: it finds out by itself how large entries are.
    let cache = Cache::new_hyper_clock_cache(blocks_bytes(settings.memory_bytes), 0);
    options.set_block_based_table_factory(&blocks(&cache));
    set_memory(&mut options, settings, &cache);
    set_log(&mut options, settings.durability);
    set_files(&mut options);
    set_diagnostics(&mut options);
    options.set_env(&settings.disk.environment(alarm, settings.keys.as_deref()));
    options
}

/// How much of the memory values take: all that is left, a quarter of little memory and half of much. A value in the cache serves a read
/// several times as fast as the block that holds it, and a block holds cold items beside the hot one.
pub fn values_bytes(memory_bytes: usize) -> usize {
    memory_bytes - blocks_bytes(memory_bytes) - pages_bytes(memory_bytes) - memory_bytes / 8
}

/// How much of the memory pages of ranges take. An eighth: they hold again what blocks and values hold, for those who ask again.
pub fn pages_bytes(memory_bytes: usize) -> usize {
    memory_bytes / 8
}

/// How much of the memory blocks and write buffers take: half, and from a gigabyte on a quarter. The indexes and filters of ten million
/// items take some 50 MB of it; queries and scans live on the rest, and what is not here is compressed in the operating system's memory.
/// The last eighth is for what is counted nowhere: what the allocator loses between sizes, requests in progress, the program itself.
/// RocksDB aborts where the cache has no room at all.
fn blocks_bytes(memory_bytes: usize) -> usize {
    memory_bytes.div_ceil(2).min((memory_bytes / 4).max(512 * MIB))
}

/// The layout of table files.
fn blocks(cache: &Cache) -> BlockBasedOptions {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(cache);
    // Fewer index entries and better compression than 4 KiB; an item has about a kilobyte. A read of one item reads and decompresses all of
    // its block: from 16 KiB, a GetItem that no cache held cost a tenth more.
    blocks.set_block_size(8 * KIB);
    // A search within a block reads every key from a restart point on, and each is on a cache line of its own: with the sixteen that are
    // usual, a Query of ten items spent 7 % on it. Keys that are written whole take a few bytes more.
    blocks.set_block_restart_interval(4);
    // A read of an absent key, as every first write makes, skips 99 of 100 files; keys are only ever read whole.
    blocks.set_bloom_filter(10.0, false);
    blocks.set_whole_key_filtering(true);
    // Else indexes and filters would stay outside of the cache and grow with the data, without a bound.
    blocks.set_cache_index_and_filter_blocks(true);
    // The newest files are asked first by every read.
    blocks.set_pin_l0_filter_and_index_blocks_in_cache(true);
    blocks
}

/// Write buffers, within the memory of the cache.
fn set_memory(options: &mut Options, settings: &LocalSettings, cache: &Cache) {
    // Two buffers, one filling while the other is written out, together at most a quarter of the memory. A buffer is
    // allocated in blocks as it fills, so an idle store does not hold it. Every read searches it, and a range that was
    // written lately is merged from it: with 16 MiB a Query after many writes cost a third less than with 64 MiB.
    let write_buffer = (settings.memory_bytes / 8).clamp(MIB, 16 * MIB);
    options.set_write_buffer_size(write_buffer);
    options.set_max_write_buffer_number(2);
    // A read of an absent key searches no buffer, and one of a key that is in a file searches none in vain. 20 bits for an item of a kilobyte.
    options.set_memtable_prefix_bloom_ratio(0.005);
    options.set_memtable_whole_key_filtering(true);
    // The buffers count as used cache, so that one number bounds both.
    let manager = WriteBufferManager::new_write_buffer_manager_with_cache(2 * write_buffer, false, cache.clone());
    options.set_write_buffer_manager(&manager);
}

/// The write-ahead log.
fn set_log(options: &mut Options, durability: Durability) {
    // The flusher writes out and syncs what many commits left; one system call for each commit would only cost. Relaxed
    // commits must reach the operating system before they return, so there RocksDB writes each at once.
    options.set_manual_wal_flush(durability == Durability::Sync);
    // After power loss the log ends somewhere in what was not synced, possibly in the middle of a record. Replay must
    // stop at the first damage: `AbsoluteConsistency` would refuse to start, and `TolerateCorruptedTailRecords` ignores
    // a torn tail of an older log and goes on with the next one, which leaves a hole between commits that build on each
    // other. The price: damage in the middle of the log hides the commits behind it; the next option narrows this.
    options.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
    // A log that was closed and synced must be there in its full length, or the store does not open.
    options.set_track_and_verify_wals_in_manifest(true);
}

/// Table files and the work on them.
fn set_files(options: &mut Options) {
    // LZ4 costs less than the reads it saves. What comes from memory is written without: it is compacted soon, and
    // writers wait for it. The other six are the levels from the base on, which in a small database is the last one.
    let mut levels = [DBCompressionType::Lz4; 7];
    levels[0] = DBCompressionType::None;
    options.set_compression_per_level(&levels);
    // What is deleted from the front of a range, as expired items are, leaves markers that every scan from there passes one by
    // one. A file with many of them in a row is compacted soon, which removes them.
    options.add_compact_on_deletion_collector_factory(DELETIONS_WINDOW, DELETIONS_WINDOW / 2, 0.5);
    // One flush and one compaction beside the requests.
    options.set_max_background_jobs(2);
    // Written bytes go to the disk steadily; else a sync of the log waits behind a whole table file.
    options.set_bytes_per_sync(MIB as u64);
    // Open files are shared with the connections of the server, and 1024 is a common limit of a process.
    options.set_max_open_files(256);
    // Damage found while opening or compacting is an error, not a warning. Reads verify checksums by default.
    options.set_paranoid_checks(true);
}

/// RocksDB's own log file.
fn set_diagnostics(options: &mut Options) {
    // The file matters after an accident; a few recent ones of bounded size do.
    options.set_keep_log_file_num(3);
    options.set_max_log_file_size(4 * MIB);
    options.set_log_level(LogLevel::Warn);
    // Statistics belong to the server's metrics, not into a file.
    options.set_stats_dump_period_sec(0);
    options.set_stats_persist_period_sec(0);
}

/// Reads of keys.
pub fn reads() -> ReadOptions {
    let mut options = ReadOptions::default();
    // Damage must be found when it is read, not passed on.
    options.set_verify_checksums(true);
    options
}

/// Writes of commits: into the log, not synced; that is the flusher's work.
pub fn writes() -> WriteOptions {
    let mut options = WriteOptions::default();
    options.set_sync(false);
    options
}

/// The one write that is synced by itself: the first of a new store.
pub fn synced_write() -> WriteOptions {
    let mut options = WriteOptions::default();
    options.set_sync(true);
    options
}
