//! Compiles what lies between RocksDB and the disk, against the headers that `librocksdb-sys` brings: the errors that RocksDB recovers from,
//! the logs in which it comes to an end, the bridge from RocksDB's encryption to the cipher, and for tests a disk that is watched.
//!
//! What must hold: it is compiled as `librocksdb-sys` compiles RocksDB itself (NDEBUG, C++20), for both see the same classes.

use std::path::Path;

fn main() {
    let mut sources = vec!["src/disk/files.cc", "src/disk/logs.cc", "src/encryption/bridge.cc"];
    if std::env::var_os("CARGO_FEATURE_FAULTS").is_some() {
        sources.push("src/disk/observed.cc");
    }
    for source in sources.iter().chain(&["src/disk/files.h"]) {
        println!("cargo:rerun-if-changed={source}");
    }
    let root = std::env::var("DEP_ROCKSDB_CARGO_MANIFEST_DIR").unwrap_or_default();
    let headers = Path::new(&root).join("rocksdb").join("include");
    cc::Build::new()
        .cpp(true)
        .std("c++20")
        .define("NDEBUG", "1")
        .flag("-include")
        .flag("cstdint")
        // RocksDB's headers, not ours.
        .flag("-isystem")
        .flag(headers.to_string_lossy().as_ref())
        .flag("-Wno-unused-parameter")
        .files(sources)
        .compile("stator_disk");
}
