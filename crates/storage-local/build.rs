//! Compiles the bridge from RocksDB's encryption to the cipher, `src/encryption/bridge.cc`, against the headers that `librocksdb-sys` brings.
//!
//! What must hold: it is compiled as `librocksdb-sys` compiles RocksDB itself (NDEBUG, C++20), for both see the same classes.

use std::path::Path;

fn main() {
    println!("cargo:rerun-if-changed=src/encryption/bridge.cc");
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
        .file("src/encryption/bridge.cc")
        .compile("stator_encryption");
}
