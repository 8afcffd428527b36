//===- AtomicFile.cpp - a file that appears complete or not at all --------===//

#include "raddle/Artifact/AtomicFile.h"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace raddle;

namespace {
constexpr size_t kBuffer = 1 << 20;
}

AtomicFile::~AtomicFile() {
  if (fd_ >= 0)
    ::close(fd_);
  if (!temporary_.empty())
    ::unlink(temporary_.c_str());
}

Error AtomicFile::create(const std::string &path) {
  target_ = path;
  // A pipe or a device cannot be replaced by a file and is written directly.
  struct stat info{};
  if (::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
    fd_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd_ < 0)
      return failure();
    buffer_.reserve(kBuffer);
    return Error::success();
  }
  // The number keeps apart threads, the process id processes; a name left by a
  // killed process with the same id is skipped.
  static std::atomic<unsigned> counter{0};
  for (unsigned attempt = 0; attempt < 100; ++attempt) {
    std::string name = path + ".tmp." + std::to_string(::getpid()) + "." +
                       std::to_string(counter++);
    fd_ = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd_ >= 0) {
      temporary_ = std::move(name);
      buffer_.reserve(kBuffer);
      return Error::success();
    }
    if (errno != EEXIST)
      break;
  }
  return failure();
}

Error AtomicFile::write(const void *data, size_t size) {
  const char *bytes = static_cast<const char *>(data);
  if (buffer_.size() + size > kBuffer)
    if (Error error = flush())
      return error;
  if (size >= kBuffer)
    return writeAll(bytes, size);
  buffer_.insert(buffer_.end(), bytes, bytes + size);
  return Error::success();
}

Error AtomicFile::commit() {
  if (Error error = flush())
    return error;
  if (temporary_.empty()) {
    int fd = fd_;
    fd_ = -1;
    return ::close(fd) == 0 ? Error::success() : failure();
  }
  if (::fsync(fd_) != 0)
    return failure();
  int fd = fd_;
  fd_ = -1;
  if (::close(fd) != 0 || std::rename(temporary_.c_str(), target_.c_str()) != 0)
    return failure();
  temporary_.clear();
  // Make the new name last, too. Some file systems cannot sync a folder; the
  // file itself is complete in any case.
  size_t slash = target_.rfind('/');
  std::string folder = slash == std::string::npos ? "."
                       : slash == 0               ? "/"
                                                  : target_.substr(0, slash);
  int folderFd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folderFd >= 0) {
    (void)::fsync(folderFd);
    ::close(folderFd);
  }
  return Error::success();
}

Error AtomicFile::failure() const {
  return Error("cannot write '" + target_ + "': " + std::strerror(errno));
}

Error AtomicFile::flush() {
  Error error = writeAll(buffer_.data(), buffer_.size());
  buffer_.clear();
  return error;
}

Error AtomicFile::writeAll(const char *bytes, size_t size) {
  while (size > 0) {
    ssize_t written = ::write(fd_, bytes, size);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return failure();
    bytes += written;
    size -= written;
  }
  return Error::success();
}
