// A file system for RocksDB in whose logs it always comes to an end.
//
// RocksDB reads a log in blocks of records (log_format.h): a checksum, a length, a type, the data. Of a record whose type is that of a recycled
// log, in a log that did not begin so, it says that it is bad before it looks at the checksum, and does not step over it; so it looks at
// the same record again, for ever (log_reader.cc, ReadPhysicalRecord). One turned bit makes such a type of a good one, and what power loss leaves
// behind the end of an encrypted log is any byte. The store recycles no log, so a record of such a type is damaged: here it gets a type
// that its checksum does not fit, and RocksDB stops there as at all other damage. The manifest is read by the same code.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "files.h"

using namespace rocksdb;

namespace {

constexpr size_t kBlockSize = 32 * 1024;

// The checksum, the length, the type.
constexpr size_t kHeaderSize = 4 + 2 + 1;
constexpr size_t kTypeOffset = 6;

// Nothing is written with this type, so no checksum fits it.
constexpr uint8_t kNoType = 127;

bool IsRecycled(uint8_t type) { return (type >= 5 && type <= 8) || type == 11 || type == 131; }

// Gives the first record of a recycled log in a block, if there is one, another type. What lies behind a damaged record is not looked at by
// RocksDB, so it does not matter that this goes on there.
void Mask(char* block, size_t size) {
  size_t at = 0;
  while (at + kHeaderSize <= size) {
    const auto* header = reinterpret_cast<const uint8_t*>(block + at);
    if (IsRecycled(header[kTypeOffset])) {
      block[at + kTypeOffset] = kNoType;
      return;
    }
    at += kHeaderSize + header[4] + (size_t{header[5]} << 8);
  }
}

// A log, which RocksDB reads from its beginning, a block at a time.
class Log : public FSSequentialFileOwnerWrapper {
 public:
  using FSSequentialFileOwnerWrapper::FSSequentialFileOwnerWrapper;
  IOStatus Read(size_t size, const IOOptions& options, Slice* result, char* scratch, IODebugContext* debug) override {
    IOStatus status = FSSequentialFileOwnerWrapper::Read(size, options, result, scratch, debug);
    if (status.ok()) {
      std::memmove(scratch, result->data(), result->size());
      *result = Slice(scratch, result->size());
      for (size_t at = 0; at < result->size(); at += kBlockSize) {
        Mask(scratch + at, std::min(kBlockSize, result->size() - at));
      }
    }
    return status;
  }
};

class Logs : public FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;
  const char* Name() const override { return "StatorLogs"; }
  IOStatus NewSequentialFile(const std::string& name, const FileOptions& options,
                             std::unique_ptr<FSSequentialFile>* result, IODebugContext* debug) override {
    IOStatus status = FileSystemWrapper::NewSequentialFile(name, options, result, debug);
    if (status.ok() && (stator::IsLog(name) || name.find("/MANIFEST-") != std::string::npos)) {
      result->reset(new Log(std::move(*result)));
    }
    return status;
  }
};

}  // namespace

bool stator::IsLog(const std::string& name) { return name.size() >= 4 && name.compare(name.size() - 4, 4, ".log") == 0; }

std::shared_ptr<FileSystem> stator::EndingLogs(const std::shared_ptr<FileSystem>& below) {
  return std::make_shared<Logs>(below);
}
