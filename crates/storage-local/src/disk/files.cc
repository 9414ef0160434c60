// A file system for RocksDB whose errors it recovers from and the store hears of, and the environment of a store.
//
// RocksDB goes on by itself after an error that is marked as one that may pass ("retryable"): it refuses writes, and every second it tries
// to write out its memory into new files and to begin a new log; nothing that failed is written to again. But it takes most errors of an
// operating system for final, and then only opening the database again helps: an I/O error, a quota that is used up, a file system that is
// read-only for a while. A full disk it waits for in a way of its own. Here all of them become errors that may pass.
//
// Errors of the write-ahead log are changed once more. Where the log's buffer is written out on demand (manual_wal_flush), RocksDB takes an
// IOError of the log for final (ErrorHandler::SetBGError), because what was lost with the buffer may be in the memory of one column family
// and not of another, and those are written out one at a time. A store has one column family, so what is written out is all or nothing.
// The code Aborted, which means nothing in this place, leads past that rule. What the store must do besides is in ../recovery.rs; that all
// of this works is pinned by tests/faults.rs, for every operation and several errors.

#include "files.h"

#include <string>
#include <utility>

#include "rocksdb/env.h"

using namespace rocksdb;
using stator::IsLog;

// Those of alarm.rs.
extern "C" {
void stator_alarm_ring(const void* alarm, const char* words, size_t size, bool is_compaction);
void stator_alarm_release(const void* alarm);
}

namespace {

bool IsCompaction(const IOOptions& options) { return options.io_activity == Env::IOActivity::kCompaction; }

// What the store hears of.
class Alarm {
 public:
  explicit Alarm(const void* alarm) : alarm_(alarm) {}
  ~Alarm() { stator_alarm_release(alarm_); }
  void Ring(const Slice& words, bool is_compaction) const {
    stator_alarm_ring(alarm_, words.data(), words.size(), is_compaction);
  }

 private:
  const void* const alarm_;
};

using SharedAlarm = std::shared_ptr<const Alarm>;

// The same failure as one that may pass. Its text, which names the file and the cause, stays.
IOStatus Passing(IOStatus status, bool is_log) {
  if (!status.IsIOError() || status.IsPathNotFound()) {
    return status;
  }
  // Not the full disk's own code, for which there is another kind of waiting.
  const char* words = status.getState() ? status.getState() : "an operation without a name";
  IOStatus passing = is_log ? IOStatus::Aborted(words) : IOStatus::IOError(words);
  passing.SetRetryable(true);
  return passing;
}

// What becomes of an operation that writes.
struct Writes {
  const SharedAlarm alarm;
  const bool is_log;

  IOStatus operator()(IOStatus status, bool is_compaction) const {
    status = Passing(std::move(status), is_log);
    if (status.IsIOError() || status.IsAborted()) {
      alarm->Ring(status.getState() ? status.getState() : "", is_compaction);
    }
    return status;
  }
};

class WritableFile : public FSWritableFileOwnerWrapper {
 public:
  WritableFile(std::unique_ptr<FSWritableFile>&& file, Writes writes)
      : FSWritableFileOwnerWrapper(std::move(file)), writes_(std::move(writes)) {}
  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    return writes_(FSWritableFileOwnerWrapper::Append(data, options, debug), IsCompaction(options));
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const DataVerificationInfo& info,
                  IODebugContext* debug) override {
    return writes_(FSWritableFileOwnerWrapper::Append(data, options, info, debug), IsCompaction(options));
  }
  IOStatus PositionedAppend(const Slice& data, uint64_t offset, const IOOptions& options,
                            IODebugContext* debug) override {
    return writes_(FSWritableFileOwnerWrapper::PositionedAppend(data, offset, options, debug), IsCompaction(options));
  }
  IOStatus PositionedAppend(const Slice& data, uint64_t offset, const IOOptions& options,
                            const DataVerificationInfo& info, IODebugContext* debug) override {
    return writes_(FSWritableFileOwnerWrapper::PositionedAppend(data, offset, options, info, debug), IsCompaction(options));
  }
  IOStatus Truncate(uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    return writes_(FSWritableFileOwnerWrapper::Truncate(size, options, debug), IsCompaction(options));
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    return writes_(FSWritableFileOwnerWrapper::Close(options, debug), IsCompaction(options));
  }
  IOStatus Flush(const IOOptions& options, IODebugContext* debug) override {
    return writes_(FSWritableFileOwnerWrapper::Flush(options, debug), IsCompaction(options));
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return writes_(FSWritableFileOwnerWrapper::Sync(options, debug), IsCompaction(options));
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return writes_(FSWritableFileOwnerWrapper::Fsync(options, debug), IsCompaction(options));
  }
  IOStatus RangeSync(uint64_t offset, uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    return writes_(FSWritableFileOwnerWrapper::RangeSync(offset, size, options, debug), IsCompaction(options));
  }

 private:
  const Writes writes_;
};

// Read by compactions too, where an error of a read would be final.
class ReadableFile : public FSRandomAccessFileOwnerWrapper {
 public:
  using FSRandomAccessFileOwnerWrapper::FSRandomAccessFileOwnerWrapper;
  IOStatus Read(uint64_t offset, size_t size, const IOOptions& options, Slice* result, char* scratch,
                IODebugContext* debug) const override {
    return Passing(FSRandomAccessFileOwnerWrapper::Read(offset, size, options, result, scratch, debug), false);
  }
  IOStatus MultiRead(FSReadRequest* requests, size_t count, const IOOptions& options, IODebugContext* debug) override {
    IOStatus status = FSRandomAccessFileOwnerWrapper::MultiRead(requests, count, options, debug);
    for (size_t index = 0; index < count; ++index) {
      requests[index].status = Passing(std::move(requests[index].status), false);
    }
    return Passing(std::move(status), false);
  }
};

class Directory : public FSDirectoryWrapper {
 public:
  Directory(std::unique_ptr<FSDirectory>&& directory, Writes writes)
      : FSDirectoryWrapper(std::move(directory)), writes_(std::move(writes)) {}
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return writes_(FSDirectoryWrapper::Fsync(options, debug), IsCompaction(options));
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const DirFsyncOptions& directory) override {
    return writes_(FSDirectoryWrapper::FsyncWithDirOptions(options, debug, directory), IsCompaction(options));
  }

 private:
  const Writes writes_;
};

class Files : public FileSystemWrapper {
 public:
  Files(const std::shared_ptr<FileSystem>& below, SharedAlarm alarm)
      : FileSystemWrapper(below), alarm_(std::move(alarm)) {}
  const char* Name() const override { return "StatorRecoverableFiles"; }
  IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<FSWritableFile>* result, IODebugContext* debug) override {
    return Wrapped(FileSystemWrapper::NewWritableFile(name, options, result, debug), name, options, result);
  }
  IOStatus ReopenWritableFile(const std::string& name, const FileOptions& options,
                              std::unique_ptr<FSWritableFile>* result, IODebugContext* debug) override {
    return Wrapped(FileSystemWrapper::ReopenWritableFile(name, options, result, debug), name, options, result);
  }
  IOStatus ReuseWritableFile(const std::string& name, const std::string& old_name, const FileOptions& options,
                             std::unique_ptr<FSWritableFile>* result, IODebugContext* debug) override {
    return Wrapped(FileSystemWrapper::ReuseWritableFile(name, old_name, options, result, debug), name, options, result);
  }
  IOStatus NewRandomAccessFile(const std::string& name, const FileOptions& options,
                               std::unique_ptr<FSRandomAccessFile>* result, IODebugContext* debug) override {
    IOStatus status = FileSystemWrapper::NewRandomAccessFile(name, options, result, debug);
    if (status.ok()) {
      result->reset(new ReadableFile(std::move(*result)));
    }
    return Passing(std::move(status), false);
  }
  IOStatus NewDirectory(const std::string& name, const IOOptions& options, std::unique_ptr<FSDirectory>* result,
                        IODebugContext* debug) override {
    IOStatus status = FileSystemWrapper::NewDirectory(name, options, result, debug);
    if (status.ok()) {
      result->reset(new Directory(std::move(*result), Writes{alarm_, false}));
    }
    return Writes{alarm_, false}(std::move(status), IsCompaction(options));
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* debug) override {
    return Writes{alarm_, IsLog(to)}(FileSystemWrapper::RenameFile(from, to, options, debug), IsCompaction(options));
  }
  IOStatus SyncFile(const std::string& name, const FileOptions& file, const IOOptions& options, bool use_fsync,
                    IODebugContext* debug) override {
    return Writes{alarm_, IsLog(name)}(FileSystemWrapper::SyncFile(name, file, options, use_fsync, debug),
                                       IsCompaction(options));
  }

 private:
  IOStatus Wrapped(IOStatus status, const std::string& name, const FileOptions& options,
                   std::unique_ptr<FSWritableFile>* result) const {
    Writes writes{alarm_, IsLog(name)};
    if (status.ok()) {
      result->reset(new WritableFile(std::move(*result), writes));
    }
    return writes(std::move(status), IsCompaction(options.io_options));
  }

  const SharedAlarm alarm_;
};

}  // namespace

// As c.cc defines it; the header c.h does not. A test opens a database through it.
struct rocksdb_env_t {
  Env* rep;
  bool is_default;
};

// The environment of a store, which takes over all three. Without ciphers its files are plain; `below`, if any, is a file system in place of
// the operating system's.
extern "C" rocksdb_env_t* stator_env(const void* alarm, const void* ciphers, std::shared_ptr<FileSystem>* below) {
  std::unique_ptr<std::shared_ptr<FileSystem>> given(below);
  std::shared_ptr<FileSystem> files =
      std::make_shared<Files>(given ? *given : FileSystem::Default(), std::make_shared<const Alarm>(alarm));
  if (ciphers != nullptr) {
    files = stator::Encrypted(files, ciphers);
  }
  return new rocksdb_env_t{NewCompositeEnv(stator::EndingLogs(files)).release(), false};
}
