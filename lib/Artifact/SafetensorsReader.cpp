//===- SafetensorsReader.cpp - strict reading of the container ------------===//

#include "Json.h"
#include "raddle/Artifact/Safetensors.h"
#include "raddle/Support/DataType.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace raddle;

namespace {

/// The format's own limit.
constexpr uint64_t kMaxHeader = 100'000'000;

std::string inQuotes(std::string_view text) {
  return "'" + std::string(text) + "'";
}

/// Bytes of a tensor; an error when they do not fit 63 bits or are no whole
/// number.
Expected<uint64_t> tensorBytes(const std::vector<int64_t> &shape,
                               unsigned bits) {
  // A zero makes the tensor empty whatever the other extents are.
  for (int64_t extent : shape)
    if (extent == 0)
      return uint64_t(0);
  int64_t total = bits;
  for (int64_t extent : shape)
    if (__builtin_mul_overflow(total, extent, &total))
      return Error("its size overflows");
  if (total % 8 != 0)
    return Error("its size is no whole number of bytes");
  return uint64_t(total) / 8;
}

Expected<uint64_t> offsetOf(const Json &json) {
  if (!json.is_number_integer() ||
      (!json.is_number_unsigned() && json.get<int64_t>() < 0))
    return Error("'data_offsets' must be two integers of at least 0");
  return json.get<uint64_t>();
}

/// Offsets are still relative to the data here.
Expected<SafetensorsEntry> parseEntry(const std::string &name, const Json &json,
                                      uint64_t dataSize) {
  SafetensorsEntry entry;
  entry.name = name;
  if (!json.is_object())
    return Error("expected an object");
  for (const auto &[key, value] : json.items())
    if (key != "dtype" && key != "shape" && key != "data_offsets")
      return Error("unknown field '" + key + "'");
  for (const char *key : {"dtype", "shape", "data_offsets"})
    if (!json.contains(key))
      return Error("missing field '" + std::string(key) + "'");
  const Json &dtype = json["dtype"], &shape = json["shape"],
             &offsets = json["data_offsets"];
  if (!dtype.is_string())
    return Error("'dtype' must be a string");
  entry.dtype = dtype.get<std::string>();
  std::optional<unsigned> bits = safetensorsBits(entry.dtype);
  if (!bits)
    return Error("unknown dtype '" + entry.dtype + "'");
  if (!shape.is_array())
    return Error("'shape' must be an array");
  for (const Json &extent : shape) {
    if (!extent.is_number_unsigned() ||
        extent.get<uint64_t>() > uint64_t(INT64_MAX))
      return Error("'shape' must hold integers of at least 0, found " +
                   dumpJson(extent));
    entry.shape.push_back(extent.get<int64_t>());
  }
  if (!offsets.is_array() || offsets.size() != 2)
    return Error("'data_offsets' must be two integers of at least 0");
  Expected<uint64_t> begin = offsetOf(offsets[0]), end = offsetOf(offsets[1]);
  if (!begin || !end)
    return begin ? end.takeError() : begin.takeError();
  if (*begin > *end || *end > dataSize)
    return Error("its data from " + std::to_string(*begin) + " to " +
                 std::to_string(*end) + " lie outside the " +
                 std::to_string(dataSize) + " bytes of data in the file");
  entry.offset = *begin;
  entry.size = *end - *begin;
  Expected<uint64_t> expected = tensorBytes(entry.shape, *bits);
  if (!expected)
    return expected.takeError();
  if (*expected != entry.size)
    return Error("dtype and shape need " + std::to_string(*expected) +
                 " bytes, found " + std::to_string(entry.size));
  return entry;
}

} // namespace

Expected<SafetensorsFile> SafetensorsFile::open(const std::string &path) {
  auto systemError = [&](const char *what) {
    return Error(std::string("cannot ") + what + " " + inQuotes(path) + ": " +
                 std::strerror(errno));
  };
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return systemError("open");
  struct stat info{};
  if (::fstat(fd, &info) != 0) {
    Error error = systemError("read");
    ::close(fd);
    return error;
  }
  if (!S_ISREG(info.st_mode)) {
    ::close(fd);
    return Error("cannot read " + inQuotes(path) + ": not a regular file");
  }
  SafetensorsFile file;
  file.path_ = path;
  size_t size = info.st_size;
  if (size > 0) {
    void *address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (address == MAP_FAILED) {
      Error error = systemError("map");
      ::close(fd);
      return error;
    }
    file.owner_ = std::shared_ptr<const void>(address, [size](const void *p) {
      ::munmap(const_cast<void *>(p), size);
    });
    file.data_ = {static_cast<const std::byte *>(address), size};
  }
  ::close(fd);
  if (Error error = file.parse())
    return error.in(inQuotes(path));
  return file;
}

Expected<SafetensorsFile>
SafetensorsFile::fromBytes(std::vector<std::byte> bytes, std::string name) {
  SafetensorsFile file;
  file.path_ = std::move(name);
  auto owner = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
  file.data_ = *owner;
  file.owner_ = std::move(owner);
  if (Error error = file.parse())
    return error.in(inQuotes(file.path_));
  return file;
}

const SafetensorsEntry *SafetensorsFile::find(std::string_view name) const {
  auto it = index_.find(name);
  return it == index_.end() ? nullptr : &entries_[it->second];
}

Error SafetensorsFile::parse() {
  if (data_.size() < 8)
    return Error("not a safetensors file: shorter than its header");
  uint64_t length = 0;
  for (unsigned i = 0; i < 8; ++i)
    length |= uint64_t(data_[i]) << (8 * i);
  if (length > kMaxHeader || length > data_.size() - 8)
    return Error("not a safetensors file: a header of " +
                 std::to_string(length) + " bytes in a file of " +
                 std::to_string(data_.size()));
  std::string_view text(reinterpret_cast<const char *>(data_.data()) + 8,
                        length);
  if (text.empty() || text[0] != '{')
    return Error("not a safetensors file: the header does not start with '{'");
  Expected<Json> header = parseJson(text);
  if (!header)
    return header.takeError().in("header");
  const uint64_t dataStart = 8 + length, dataSize = data_.size() - dataStart;

  for (const auto &[name, value] : header->items()) {
    if (name == "__metadata__") {
      if (!value.is_object())
        return Error("'__metadata__' must be an object of strings");
      for (const auto &[key, text] : value.items()) {
        if (!text.is_string())
          return Error("'__metadata__' must be an object of strings; '" + key +
                       "' is a " + text.type_name());
        metadata_[key] = text.get<std::string>();
      }
      continue;
    }
    Expected<SafetensorsEntry> entry = parseEntry(name, value, dataSize);
    if (!entry)
      return entry.error().in("entry " + inQuotes(name));
    entries_.push_back(*std::move(entry));
  }

  // By offset, the empty ones first where several start at one place.
  std::sort(entries_.begin(), entries_.end(),
            [](const SafetensorsEntry &a, const SafetensorsEntry &b) {
              return std::tie(a.offset, a.size, a.name) <
                     std::tie(b.offset, b.size, b.name);
            });
  uint64_t end = 0;
  for (size_t i = 0; i < entries_.size(); ++i) {
    SafetensorsEntry &entry = entries_[i];
    if (entry.offset < end)
      return Error("the data of " + inQuotes(entries_[i - 1].name) + " and " +
                   inQuotes(entry.name) + " overlap");
    if (entry.offset > end)
      return Error("hole of " + std::to_string(entry.offset - end) +
                   " bytes before the data of " + inQuotes(entry.name));
    end += entry.size;
    entry.offset += dataStart;
    index_[entry.name] = i;
  }
  if (end != dataSize)
    return Error(std::to_string(dataSize - end) +
                 " bytes after the last entry belong to none");
  return Error::success();
}
