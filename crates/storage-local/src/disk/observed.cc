// A file system for tests, over that of the operating system: an observer is asked before every operation that changes something, and may
// make it fail, and is told after it. Compiled with the feature `faults` alone.
//
// The functions that are declared here and not defined are those of observed.rs.

#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "rocksdb/file_system.h"

using namespace rocksdb;

namespace {

// As in observed.rs.
enum Kind : int { kCreate, kReopen, kAppend, kTruncate, kSync, kSyncDirectory, kRename, kDelete, kLink };

struct Operation {
  Kind kind;
  const char* name;
  size_t name_size;
  const char* other;
  size_t other_size;
  uint64_t offset;
  const char* data;
  size_t data_size;
};

}  // namespace

extern "C" {
// 0: go on; a positive number: fail with this error of the operating system; -1: do nothing and claim success.
int stator_disk_before(const void* observer, const Operation* operation);
void stator_disk_after(const void* observer, const Operation* operation);
void stator_disk_release(const void* observer);
}

namespace {

constexpr int kSwallow = -1;

// As the operating system's errors come out of RocksDB's own file system.
IOStatus Failure(const std::string& name, int error) {
  if (error == ENOSPC) {
    return IOStatus::NoSpace(name, std::strerror(error));
  }
  return IOStatus::IOError(name, std::strerror(error));
}

class Observer {
 public:
  explicit Observer(const void* observer) : observer_(observer) {}
  ~Observer() { stator_disk_release(observer_); }

  template <typename Run>
  IOStatus Around(Kind kind, const std::string& name, const std::string& other, uint64_t offset, const Slice& data,
                  Run run) const {
    Operation operation{kind, name.data(), name.size(), other.data(), other.size(), offset, data.data(), data.size()};
    int answer = stator_disk_before(observer_, &operation);
    if (answer == kSwallow) {
      return IOStatus::OK();
    }
    if (answer != 0) {
      return Failure(name, answer);
    }
    IOStatus status = run();
    if (status.ok()) {
      stator_disk_after(observer_, &operation);
    }
    return status;
  }

  template <typename Run>
  IOStatus Around(Kind kind, const std::string& name, Run run) const {
    return Around(kind, name, std::string(), 0, Slice(), run);
  }

 private:
  const void* const observer_;
};

using Shared = std::shared_ptr<Observer>;

class WritableFile : public FSWritableFileOwnerWrapper {
 public:
  WritableFile(std::unique_ptr<FSWritableFile>&& file, Shared observer, std::string name, uint64_t size)
      : FSWritableFileOwnerWrapper(std::move(file)), observer_(std::move(observer)), name_(std::move(name)), size_(size) {}
  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    IOStatus status = observer_->Around(kAppend, name_, std::string(), size_, data, [&] {
      return FSWritableFileOwnerWrapper::Append(data, options, debug);
    });
    if (status.ok()) {
      size_ += data.size();
    }
    return status;
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Truncate(uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    IOStatus status = observer_->Around(kTruncate, name_, std::string(), size, Slice(), [&] {
      return FSWritableFileOwnerWrapper::Truncate(size, options, debug);
    });
    if (status.ok()) {
      size_ = size;
    }
    return status;
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return observer_->Around(kSync, name_, [&] { return FSWritableFileOwnerWrapper::Sync(options, debug); });
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return observer_->Around(kSync, name_, [&] { return FSWritableFileOwnerWrapper::Fsync(options, debug); });
  }

 private:
  const Shared observer_;
  const std::string name_;
  uint64_t size_;
};

class Directory : public FSDirectoryWrapper {
 public:
  Directory(std::unique_ptr<FSDirectory>&& directory, Shared observer, std::string name)
      : FSDirectoryWrapper(std::move(directory)), observer_(std::move(observer)), name_(std::move(name)) {}
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return observer_->Around(kSyncDirectory, name_, [&] { return FSDirectoryWrapper::Fsync(options, debug); });
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug, const DirFsyncOptions&) override {
    return Fsync(options, debug);
  }

 private:
  const Shared observer_;
  const std::string name_;
};

class Files : public FileSystemWrapper {
 public:
  explicit Files(const void* observer)
      : FileSystemWrapper(FileSystem::Default()), observer_(std::make_shared<Observer>(observer)) {}
  const char* Name() const override { return "StatorObservedFiles"; }
  IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<FSWritableFile>* result, IODebugContext* debug) override {
    IOStatus status = observer_->Around(kCreate, name, [&] {
      return FileSystemWrapper::NewWritableFile(name, options, result, debug);
    });
    return Wrapped(std::move(status), name, 0, result);
  }
  IOStatus ReopenWritableFile(const std::string& name, const FileOptions& options,
                              std::unique_ptr<FSWritableFile>* result, IODebugContext* debug) override {
    uint64_t size = 0;
    FileSystemWrapper::GetFileSize(name, options.io_options, &size, debug).PermitUncheckedError();
    IOStatus status = observer_->Around(kReopen, name, [&] {
      return FileSystemWrapper::ReopenWritableFile(name, options, result, debug);
    });
    return Wrapped(std::move(status), name, size, result);
  }
  IOStatus NewDirectory(const std::string& name, const IOOptions& options, std::unique_ptr<FSDirectory>* result,
                        IODebugContext* debug) override {
    IOStatus status = FileSystemWrapper::NewDirectory(name, options, result, debug);
    if (status.ok()) {
      result->reset(new Directory(std::move(*result), observer_, name));
    }
    return status;
  }
  IOStatus DeleteFile(const std::string& name, const IOOptions& options, IODebugContext* debug) override {
    return observer_->Around(kDelete, name, [&] { return FileSystemWrapper::DeleteFile(name, options, debug); });
  }
  IOStatus Truncate(const std::string& name, size_t size, const IOOptions& options, IODebugContext* debug) override {
    return observer_->Around(kTruncate, name, std::string(), size, Slice(), [&] {
      return FileSystemWrapper::Truncate(name, size, options, debug);
    });
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* debug) override {
    return observer_->Around(kRename, from, to, 0, Slice(), [&] {
      return FileSystemWrapper::RenameFile(from, to, options, debug);
    });
  }
  IOStatus LinkFile(const std::string& from, const std::string& to, const IOOptions& options,
                    IODebugContext* debug) override {
    return observer_->Around(kLink, from, to, 0, Slice(), [&] {
      return FileSystemWrapper::LinkFile(from, to, options, debug);
    });
  }
  IOStatus SyncFile(const std::string& name, const FileOptions& file, const IOOptions& options, bool use_fsync,
                    IODebugContext* debug) override {
    return observer_->Around(kSync, name, [&] {
      return FileSystemWrapper::SyncFile(name, file, options, use_fsync, debug);
    });
  }

 private:
  IOStatus Wrapped(IOStatus status, const std::string& name, uint64_t size, std::unique_ptr<FSWritableFile>* result) {
    if (status.ok()) {
      result->reset(new WritableFile(std::move(*result), observer_, name, size));
    }
    return status;
  }

  const Shared observer_;
};

}  // namespace

// A file system, for `stator_env`, that takes over the observer.
extern "C" std::shared_ptr<FileSystem>* stator_observed(const void* observer) {
  return new std::shared_ptr<FileSystem>(std::make_shared<Files>(observer));
}
