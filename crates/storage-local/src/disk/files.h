// The file systems that are put together for RocksDB, each over the one below it; see mod.rs.

#pragma once

#include <memory>

#include "rocksdb/file_system.h"

namespace stator {

// Errors of the disk are such that RocksDB recovers from them by itself: files.cc.
std::shared_ptr<rocksdb::FileSystem> Recoverable(const std::shared_ptr<rocksdb::FileSystem>& below);

// Files are encrypted with these ciphers, which it takes over: ../encryption/bridge.cc.
std::shared_ptr<rocksdb::FileSystem> Encrypted(const std::shared_ptr<rocksdb::FileSystem>& below, const void* ciphers);

}  // namespace stator
