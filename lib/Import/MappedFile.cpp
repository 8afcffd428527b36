//===- MappedFile.cpp - A file mapped into memory -------------------------===//
#include "MappedFile.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace raddle;

MappedFile::~MappedFile() {
  if (length)
    munmap(const_cast<uint8_t *>(bytes), length);
}

std::shared_ptr<MappedFile> MappedFile::open(const std::string &path,
                                             std::string &error) {
  auto fail = [&](const std::string &what) {
    error = "cannot read '" + path + "': " + what;
    return nullptr;
  };
  // Without O_NONBLOCK a named pipe would block here for ever.
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0)
    return fail(strerror(errno));
  struct stat status;
  if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
    close(file);
    return fail("not a regular file");
  }
  size_t length = status.st_size;
  void *bytes = nullptr;
  if (length) {
    bytes = mmap(nullptr, length, PROT_READ, MAP_PRIVATE, file, 0);
    if (bytes == MAP_FAILED) {
      int code = errno;
      close(file);
      return fail(strerror(code));
    }
  }
  close(file);
  return std::shared_ptr<MappedFile>(
      new MappedFile(static_cast<const uint8_t *>(bytes), length));
}
