// The parts that an environment for RocksDB is put together from; see mod.rs.

#pragma once

#include <memory>

#include "rocksdb/file_system.h"

namespace stator {

// Files are encrypted with these ciphers, which it takes over: ../encryption/bridge.cc.
std::shared_ptr<rocksdb::FileSystem> Encrypted(const std::shared_ptr<rocksdb::FileSystem>& below, const void* ciphers);

}  // namespace stator
