// A file system for RocksDB whose files are encrypted by the cipher of cipher.rs. RocksDB does the rest (env_encryption.h): it puts a prefix
// before each file, counts offsets from the start of the file, and hands every byte that it reads or writes to a stream.
//
// The functions that are declared here and not defined are those of bridge.rs.

#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "../disk/files.h"
#include "rocksdb/env_encryption.h"
#include "rocksdb/file_system.h"

using namespace rocksdb;

extern "C" {
size_t stator_prefix_bytes();
bool stator_new_prefix(const void* ciphers, char* prefix, size_t size);
void* stator_open_cipher(const void* ciphers, const char* prefix, size_t size, const char** refusal);
bool stator_encrypt(const void* cipher, uint64_t offset, char* data, size_t size);
void stator_decrypt(const void* cipher, uint64_t offset, char* data, size_t size);
void stator_close_cipher(void* cipher);
void stator_release_ciphers(const void* ciphers);
}

namespace {

// One open file.
class Stream : public BlockAccessCipherStream {
 public:
  explicit Stream(void* cipher) : cipher_(cipher) {}
  ~Stream() override { stator_close_cipher(cipher_); }
  size_t BlockSize() override { return 16; }
  Status Encrypt(uint64_t offset, char* data, size_t size) override {
    return stator_encrypt(cipher_, offset, data, size) ? Status::OK()
                                                       : Status::Corruption("the file has no prefix to encrypt by");
  }
  Status Decrypt(uint64_t offset, char* data, size_t size) override {
    stator_decrypt(cipher_, offset, data, size);
    return Status::OK();
  }

 protected:
  // Only the default forms of the two functions above call these.
  void AllocateScratch(std::string&) override {}
  Status EncryptBlock(uint64_t, char*, char*) override { return Status::NotSupported(); }
  Status DecryptBlock(uint64_t, char*, char*) override { return Status::NotSupported(); }

 private:
  void* const cipher_;
};

// The keys of a directory.
class Provider : public EncryptionProvider {
 public:
  explicit Provider(const void* ciphers) : ciphers_(ciphers) {}
  ~Provider() override { stator_release_ciphers(ciphers_); }
  const char* Name() const override { return "StatorEncryption"; }
  size_t GetPrefixLength() const override { return stator_prefix_bytes(); }
  Status CreateNewPrefix(const std::string& name, char* prefix, size_t size) const override {
    return stator_new_prefix(ciphers_, prefix, size) ? Status::OK() : Status::IOError(name, "no randomness for a nonce");
  }
  Status AddCipher(const std::string&, const char*, size_t, bool) override { return Status::NotSupported(); }
  Status CreateCipherStream(const std::string& name, const EnvOptions&, Slice& prefix,
                            std::unique_ptr<BlockAccessCipherStream>* result) override {
    const char* refusal = nullptr;
    void* cipher = stator_open_cipher(ciphers_, prefix.data(), prefix.size(), &refusal);
    if (cipher == nullptr) {
      return Status::Corruption(name, refusal);
    }
    result->reset(new Stream(cipher));
    return Status::OK();
  }

 private:
  const void* const ciphers_;
};

// What RocksDB's encrypted files lack: its own log is encrypted too, and a file that a crash left without a whole prefix is empty, where
// the subtraction of the prefix would wrap around.
class Files : public FileSystemWrapper {
 public:
  explicit Files(const std::shared_ptr<FileSystem>& encrypted) : FileSystemWrapper(encrypted) {}
  const char* Name() const override { return "StatorFiles"; }
  IOStatus NewLogger(const std::string& name, const IOOptions& options, std::shared_ptr<Logger>* result,
                     IODebugContext* debug) override {
    // The wrapper would ask the innermost file system; the base class opens a file of this one.
    return FileSystem::NewLogger(name, options, result, debug);
  }
  IOStatus GetFileSize(const std::string& name, const IOOptions& options, uint64_t* size,
                       IODebugContext* debug) override {
    IOStatus status = FileSystemWrapper::GetFileSize(name, options, size, debug);
    *size = Unwrapped(*size);
    return status;
  }
  IOStatus GetChildrenFileAttributes(const std::string& dir, const IOOptions& options,
                                     std::vector<FileAttributes>* result, IODebugContext* debug) override {
    IOStatus status = FileSystemWrapper::GetChildrenFileAttributes(dir, options, result, debug);
    for (FileAttributes& file : *result) {
      file.size_bytes = Unwrapped(file.size_bytes);
    }
    return status;
  }

 private:
  static uint64_t Unwrapped(uint64_t size) {
    return size > std::numeric_limits<uint64_t>::max() - stator_prefix_bytes() ? 0 : size;
  }
};

}  // namespace

std::shared_ptr<FileSystem> stator::Encrypted(const std::shared_ptr<FileSystem>& below, const void* ciphers) {
  std::shared_ptr<FileSystem> encrypted = NewEncryptedFS(below, std::make_shared<Provider>(ciphers));
  return std::make_shared<Files>(encrypted);
}
