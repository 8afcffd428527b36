//===- SafetensorsWriter.cpp - streamed writing of the container ----------===//

#include "Json.h"
#include "raddle/Artifact/Safetensors.h"
#include "raddle/Support/DataType.h"

#include <atomic>
#include <cassert>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

using namespace raddle;

namespace {

/// A file under a temporary name, removed again unless it is committed.
class TemporaryFile : public ByteSink {
public:
  ~TemporaryFile() override {
    if (fd_ >= 0)
      ::close(fd_);
    if (!temporary_.empty())
      ::unlink(temporary_.c_str());
  }

  Error create(const std::string &path) {
    target_ = path;
    // The number keeps apart threads, the process id processes; a name left by
    // a killed process with the same id is skipped.
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

  Error write(const void *data, size_t size) override {
    const char *bytes = static_cast<const char *>(data);
    if (buffer_.size() + size > kBuffer)
      if (Error error = flush())
        return error;
    if (size >= kBuffer)
      return writeAll(bytes, size);
    buffer_.insert(buffer_.end(), bytes, bytes + size);
    return Error::success();
  }

  Error commit() {
    if (Error error = flush())
      return error;
    if (::fsync(fd_) != 0)
      return failure();
    int fd = fd_;
    fd_ = -1;
    if (::close(fd) != 0 ||
        std::rename(temporary_.c_str(), target_.c_str()) != 0)
      return failure();
    temporary_.clear();
    // Make the new name last, too. Some file systems cannot sync a folder;
    // the file itself is complete in any case.
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

private:
  static constexpr size_t kBuffer = 1 << 20;

  Error failure() const {
    return Error("cannot write '" + target_ + "': " + std::strerror(errno));
  }
  Error flush() {
    Error error = writeAll(buffer_.data(), buffer_.size());
    buffer_.clear();
    return error;
  }
  Error writeAll(const char *bytes, size_t size) {
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

  std::string target_, temporary_;
  int fd_ = -1;
  std::vector<char> buffer_;
};

/// Hands on at most the announced number of bytes.
class LimitedSink : public ByteSink {
public:
  LimitedSink(ByteSink &sink, uint64_t size) : sink_(sink), left_(size) {}
  Error write(const void *data, size_t size) override {
    if (size > left_)
      return Error("more bytes than announced");
    left_ -= size;
    return sink_.write(data, size);
  }
  uint64_t left() const { return left_; }

private:
  ByteSink &sink_;
  uint64_t left_;
};

uint64_t alignUp(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

const char *const kPadPrefix = "__pad__/";

} // namespace

Error SafetensorsWriter::add(std::string name, std::string_view dtype,
                             std::vector<int64_t> shape, uint64_t size,
                             ByteProducer producer) {
  std::string context = "entry '" + name + "'";
  if (name.empty() || name == "__metadata__" || name.starts_with(kPadPrefix))
    return Error(context + ": the name is reserved");
  std::optional<unsigned> bits = safetensorsBits(dtype);
  if (!bits)
    return Error(context + ": unknown dtype '" + std::string(dtype) + "'");
  uint64_t total = *bits;
  bool overflow = false;
  for (int64_t extent : shape)
    overflow |=
        extent < 0 || __builtin_mul_overflow(total, uint64_t(extent), &total);
  if (overflow || total % 8 != 0 || total / 8 != size)
    return Error(context + ": dtype and shape need " +
                 (overflow ? "too many" : std::to_string(total / 8)) +
                 " bytes, found " + std::to_string(size));
  if (!index_.emplace(name, entries_.size()).second)
    return Error(context + ": the name is taken");
  entries_.push_back({std::move(name), std::string(dtype), std::move(shape),
                      size, std::move(producer)});
  return Error::success();
}

Error SafetensorsWriter::add(std::string name, std::string_view dtype,
                             std::vector<int64_t> shape,
                             std::span<const std::byte> bytes) {
  return add(std::move(name), dtype, std::move(shape), bytes.size(),
             [bytes](ByteSink &sink) {
               return sink.write(bytes.data(), bytes.size());
             });
}

std::string SafetensorsWriter::header(std::vector<uint64_t> &offsets) const {
  Json json = Json::object();
  if (!metadata_.empty())
    json["__metadata__"] = metadata_;
  uint64_t offset = 0;
  unsigned pads = 0;
  for (const Entry &entry : entries_) {
    uint64_t start = alignUp(offset, alignment_);
    if (start != offset)
      json[kPadPrefix + std::to_string(pads++)] = {
          {"dtype", "U8"},
          {"shape", {start - offset}},
          {"data_offsets", {offset, start}}};
    json[entry.name] = {{"dtype", entry.dtype},
                        {"shape", entry.shape},
                        {"data_offsets", {start, start + entry.size}}};
    offsets.push_back(start);
    offset = start + entry.size;
  }
  // Spaces after the header bring the data to the alignment.
  std::string text = dumpJson(json);
  text.resize(alignUp(8 + text.size(), alignment_) - 8, ' ');
  return text;
}

Error SafetensorsWriter::writeTo(ByteSink &sink) const {
  std::vector<uint64_t> offsets;
  std::string text = header(offsets);
  unsigned char length[8];
  for (unsigned i = 0; i < 8; ++i)
    length[i] = static_cast<unsigned char>(uint64_t(text.size()) >> (8 * i));
  if (Error error = sink.write(length, sizeof(length)))
    return error;
  if (Error error = sink.write(text.data(), text.size()))
    return error;
  const std::vector<char> zeros(alignment_, 0);
  uint64_t position = 0;
  for (size_t i = 0; i < entries_.size(); ++i) {
    const Entry &entry = entries_[i];
    if (Error error = sink.write(zeros.data(), offsets[i] - position))
      return error;
    LimitedSink limited(sink, entry.size);
    Error error = entry.producer(limited);
    if (!error && limited.left() != 0)
      error =
          Error(std::to_string(limited.left()) + " bytes fewer than announced");
    if (error)
      return error.in("entry '" + entry.name + "'");
    position = offsets[i] + entry.size;
  }
  return Error::success();
}

Error SafetensorsWriter::write(const std::string &path) const {
  TemporaryFile file;
  if (Error error = file.create(path))
    return error;
  if (Error error = writeTo(file))
    return error;
  return file.commit();
}
