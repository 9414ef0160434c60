// A file system for RocksDB whose errors it recovers from, and the environment of a store.
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

namespace {

bool IsLog(const std::string& name) { return name.size() >= 4 && name.compare(name.size() - 4, 4, ".log") == 0; }

// The same failure as one that may pass. Its text, which names the file and the cause, stays.
IOStatus Passing(IOStatus status, bool is_log) {
  if (!status.IsIOError() || status.IsPathNotFound()) {
    return status;
  }
  // Not the full disk's own code, for which there is another kind of waiting.
  const char* words = status.getState();
  IOStatus passing = is_log ? IOStatus::Aborted(words ? words : "I/O error") : IOStatus::IOError(words ? words : "I/O error");
  passing.SetRetryable(true);
  return passing;
}

class WritableFile : public FSWritableFileOwnerWrapper {
 public:
  WritableFile(std::unique_ptr<FSWritableFile>&& file, bool is_log)
      : FSWritableFileOwnerWrapper(std::move(file)), is_log_(is_log) {}
  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    return Passing(FSWritableFileOwnerWrapper::Append(data, options, debug), is_log_);
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const DataVerificationInfo& info,
                  IODebugContext* debug) override {
    return Passing(FSWritableFileOwnerWrapper::Append(data, options, info, debug), is_log_);
  }
  IOStatus PositionedAppend(const Slice& data, uint64_t offset, const IOOptions& options,
                            IODebugContext* debug) override {
    return Passing(FSWritableFileOwnerWrapper::PositionedAppend(data, offset, options, debug), is_log_);
  }
  IOStatus PositionedAppend(const Slice& data, uint64_t offset, const IOOptions& options,
                            const DataVerificationInfo& info, IODebugContext* debug) override {
    return Passing(FSWritableFileOwnerWrapper::PositionedAppend(data, offset, options, info, debug), is_log_);
  }
  IOStatus Truncate(uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    return Passing(FSWritableFileOwnerWrapper::Truncate(size, options, debug), is_log_);
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    return Passing(FSWritableFileOwnerWrapper::Close(options, debug), is_log_);
  }
  IOStatus Flush(const IOOptions& options, IODebugContext* debug) override {
    return Passing(FSWritableFileOwnerWrapper::Flush(options, debug), is_log_);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return Passing(FSWritableFileOwnerWrapper::Sync(options, debug), is_log_);
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Passing(FSWritableFileOwnerWrapper::Fsync(options, debug), is_log_);
  }
  IOStatus RangeSync(uint64_t offset, uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    return Passing(FSWritableFileOwnerWrapper::RangeSync(offset, size, options, debug), is_log_);
  }

 private:
  const bool is_log_;
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
  using FSDirectoryWrapper::FSDirectoryWrapper;
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Passing(FSDirectoryWrapper::Fsync(options, debug), false);
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const DirFsyncOptions& directory) override {
    return Passing(FSDirectoryWrapper::FsyncWithDirOptions(options, debug, directory), false);
  }
};

class Files : public FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;
  const char* Name() const override { return "StatorRecoverableFiles"; }
  IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<FSWritableFile>* result, IODebugContext* debug) override {
    return Wrapped(FileSystemWrapper::NewWritableFile(name, options, result, debug), name, result);
  }
  IOStatus ReopenWritableFile(const std::string& name, const FileOptions& options,
                              std::unique_ptr<FSWritableFile>* result, IODebugContext* debug) override {
    return Wrapped(FileSystemWrapper::ReopenWritableFile(name, options, result, debug), name, result);
  }
  IOStatus ReuseWritableFile(const std::string& name, const std::string& old_name, const FileOptions& options,
                             std::unique_ptr<FSWritableFile>* result, IODebugContext* debug) override {
    return Wrapped(FileSystemWrapper::ReuseWritableFile(name, old_name, options, result, debug), name, result);
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
      result->reset(new Directory(std::move(*result)));
    }
    return Passing(std::move(status), false);
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* debug) override {
    return Passing(FileSystemWrapper::RenameFile(from, to, options, debug), IsLog(to));
  }
  IOStatus SyncFile(const std::string& name, const FileOptions& file, const IOOptions& options, bool use_fsync,
                    IODebugContext* debug) override {
    return Passing(FileSystemWrapper::SyncFile(name, file, options, use_fsync, debug), IsLog(name));
  }

 private:
  static IOStatus Wrapped(IOStatus status, const std::string& name, std::unique_ptr<FSWritableFile>* result) {
    if (status.ok()) {
      result->reset(new WritableFile(std::move(*result), IsLog(name)));
    }
    return Passing(std::move(status), IsLog(name));
  }
};

}  // namespace

std::shared_ptr<FileSystem> stator::Recoverable(const std::shared_ptr<FileSystem>& below) {
  return std::make_shared<Files>(below);
}

// As c.cc defines it; the header c.h does not. A test opens a database through it.
struct rocksdb_env_t {
  Env* rep;
  bool is_default;
};

// The environment of a store: without ciphers its files are plain; `below`, if any, is a file system that it takes over, in place of the
// operating system's.
extern "C" rocksdb_env_t* stator_env(const void* ciphers, std::shared_ptr<FileSystem>* below) {
  std::unique_ptr<std::shared_ptr<FileSystem>> given(below);
  std::shared_ptr<FileSystem> files = stator::Recoverable(given ? *given : FileSystem::Default());
  if (ciphers != nullptr) {
    files = stator::Encrypted(files, ciphers);
  }
  return new rocksdb_env_t{NewCompositeEnv(files).release(), false};
}
