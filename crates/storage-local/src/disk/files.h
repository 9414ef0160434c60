// The parts that an environment for RocksDB is put together from; see mod.rs.

#pragma once

#include <memory>
#include <string>

#include "rocksdb/file_system.h"

namespace stator {

// Files are encrypted with these ciphers, which it takes over: ../encryption/bridge.cc.
std::shared_ptr<rocksdb::FileSystem> Encrypted(const std::shared_ptr<rocksdb::FileSystem>& below, const void* ciphers);

// In logs and manifests RocksDB always comes to an end: logs.cc.
std::shared_ptr<rocksdb::FileSystem> EndingLogs(const std::shared_ptr<rocksdb::FileSystem>& below);

// Whether this is a file of the write-ahead log.
bool IsLog(const std::string& name);

}  // namespace stator
