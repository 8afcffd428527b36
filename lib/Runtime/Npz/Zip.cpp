//===- Zip.cpp - the archive around arrays --------------------------------===//
//
// The part of PKWARE's APPNOTE.TXT that .npz files use: stored and deflated
// members, ZIP64.
//
//===----------------------------------------------------------------------===//

#include "Formats.h"

#include <cstring>
#include <optional>
#include <zlib.h>

using namespace raddle;

namespace {

using Bytes = std::span<const std::byte>;

constexpr uint32_t kLocalHeader = 0x04034b50;
constexpr uint32_t kCentralHeader = 0x02014b50;
constexpr uint32_t kEnd = 0x06054b50;
constexpr uint32_t kEnd64 = 0x06064b50;
constexpr uint32_t kEnd64Locator = 0x07064b50;
constexpr uint32_t kMax32 = 0xffffffff;

/// Reads little-endian numbers; nothing beyond the end.
class Reader {
public:
  Reader(Bytes bytes, uint64_t position)
      : bytes_(bytes), position_(position), ok_(position <= bytes.size()) {}

  uint64_t number(unsigned size) {
    uint64_t value = 0;
    Bytes part = take(size);
    for (size_t i = 0; i < part.size(); ++i)
      value |= uint64_t(part[i]) << (8 * i);
    return value;
  }
  Bytes take(uint64_t size) {
    if (!ok_ || size > bytes_.size() - position_) {
      ok_ = false;
      return {};
    }
    Bytes part = bytes_.subspan(position_, size);
    position_ += size;
    return part;
  }
  uint64_t left() const { return ok_ ? bytes_.size() - position_ : 0; }
  bool ok() const { return ok_; }

private:
  Bytes bytes_;
  uint64_t position_;
  bool ok_;
};

struct Member {
  std::string name;
  uint64_t flags, method, crc, packed, size, offset;
};

struct Directory {
  uint64_t count, offset;
};

Expected<Directory> findDirectory(Bytes archive) {
  constexpr uint64_t kEndSize = 22, kMaxComment = 65535;
  if (archive.size() < kEndSize)
    return Error("not a ZIP archive: too short");
  uint64_t last = archive.size() - kEndSize;
  uint64_t first = last > kMaxComment ? last - kMaxComment : 0;
  for (uint64_t at = last + 1; at-- > first;) {
    Reader end(archive, at);
    if (end.number(4) != kEnd)
      continue;
    end.take(6); // numbers of disks, entries on this disk
    Directory directory{end.number(2), 0};
    end.take(4); // its size
    directory.offset = end.number(4);
    if (end.number(2) != end.left())
      continue; // These bytes are part of a comment.
    // Too large numbers are in the ZIP64 record, which a locator right before
    // points to.
    if (at < 20)
      return directory;
    Reader locator(archive, at - 20);
    if (locator.number(4) != kEnd64Locator)
      return directory;
    locator.take(4);
    Reader end64(archive, locator.number(8));
    if (end64.number(4) != kEnd64)
      return Error("malformed ZIP64 record");
    end64.take(8 + 2 + 2 + 4 + 4 + 8);
    directory.count = end64.number(8);
    end64.take(8);
    directory.offset = end64.number(8);
    if (!end64.ok())
      return Error("malformed ZIP64 record");
    return directory;
  }
  return Error("not a ZIP archive: no directory at its end");
}

/// Numbers that did not fit are in the extra field, in this order.
bool readZip64(Bytes extra, Member &member) {
  Reader reader(extra, 0);
  while (reader.left() >= 4) {
    uint64_t id = reader.number(2);
    Bytes field = reader.take(reader.number(2));
    if (id != 1)
      continue;
    Reader numbers(field, 0);
    for (uint64_t *value : {&member.size, &member.packed, &member.offset})
      if (*value == kMax32)
        *value = numbers.number(8);
    return numbers.ok();
  }
  return true;
}

Expected<std::vector<std::byte>> inflateAll(Bytes packed, uint64_t size) {
  // Deflate makes at most 1032 bytes of one, so a larger claim is a lie; do
  // not allocate for it.
  if (size / 1032 > packed.size() + 64)
    return Error("impossible size " + std::to_string(size));
  std::vector<std::byte> result(size);
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    return Error("cannot start to decompress");
  constexpr uint64_t kStep = 1u << 30; // zlib counts in 32 bits
  uint64_t in = 0, out = 0;
  // A last byte beyond shows data that go on after the announced size.
  Bytef beyond = 0;
  int status = Z_OK;
  while (status == Z_OK) {
    uint64_t inPart = std::min(kStep, packed.size() - in);
    uint64_t outPart = std::min(kStep, size - out);
    stream.next_in = const_cast<Bytef *>(
        reinterpret_cast<const Bytef *>(packed.data()) + in);
    stream.avail_in = uInt(inPart);
    stream.next_out =
        outPart ? reinterpret_cast<Bytef *>(result.data()) + out : &beyond;
    stream.avail_out = outPart ? uInt(outPart) : 1;
    status = inflate(&stream, Z_NO_FLUSH);
    in += inPart - stream.avail_in;
    if (outPart == 0 && stream.avail_out == 0)
      status = Z_DATA_ERROR;
    out += outPart ? outPart - stream.avail_out : 0;
    if (status == Z_BUF_ERROR ||
        (status == Z_OK && in == packed.size() && stream.avail_out != 0))
      status = Z_DATA_ERROR;
  }
  inflateEnd(&stream);
  if (status != Z_STREAM_END || out != size)
    return Error("damaged compressed data");
  return result;
}

uint32_t crcOf(uint32_t crc, const void *data, uint64_t size) {
  // zlib takes a null pointer as the wish for the initial value.
  if (size == 0)
    return crc;
  return static_cast<uint32_t>(
      crc32_z(crc, static_cast<const Bytef *>(data), size));
}

Expected<std::vector<std::byte>> unpack(Bytes archive, const Member &member) {
  if (member.flags & 1)
    return Error("encrypted");
  Reader local(archive, member.offset);
  if (local.number(4) != kLocalHeader)
    return Error("no local header where the directory says");
  local.take(22);
  uint64_t nameLength = local.number(2), extraLength = local.number(2);
  local.take(nameLength + extraLength);
  Bytes packed = local.take(member.packed);
  if (!local.ok())
    return Error("truncated");
  std::vector<std::byte> data;
  if (member.method == 0) {
    if (member.size != member.packed)
      return Error("two sizes of stored data");
    data.assign(packed.begin(), packed.end());
  } else if (member.method == 8) {
    Expected<std::vector<std::byte>> result = inflateAll(packed, member.size);
    if (!result)
      return result.takeError();
    data = *std::move(result);
  } else {
    return Error("unknown compression method " + std::to_string(member.method));
  }
  if (crcOf(0, data.data(), data.size()) != member.crc)
    return Error("wrong checksum");
  return data;
}

void append(std::string &text, uint64_t value, unsigned size) {
  for (unsigned i = 0; i < size; ++i)
    text += char(value >> (8 * i));
}

} // namespace

Expected<std::map<std::string, std::vector<std::byte>>>
npz::unpackZip(Bytes archive) {
  Expected<Directory> directory = findDirectory(archive);
  if (!directory)
    return directory.takeError();
  std::map<std::string, std::vector<std::byte>> result;
  Reader reader(archive, directory->offset);
  // Members that share data could make much out of little.
  uint64_t packedTotal = 0;
  for (uint64_t i = 0; i < directory->count; ++i) {
    Member member;
    if (reader.number(4) != kCentralHeader)
      return Error("damaged directory");
    reader.take(4);
    member.flags = reader.number(2);
    member.method = reader.number(2);
    reader.take(4);
    member.crc = reader.number(4);
    member.packed = reader.number(4);
    member.size = reader.number(4);
    uint64_t nameLength = reader.number(2), extraLength = reader.number(2),
             commentLength = reader.number(2);
    reader.take(8);
    member.offset = reader.number(4);
    Bytes name = reader.take(nameLength);
    Bytes extra = reader.take(extraLength);
    reader.take(commentLength);
    if (!reader.ok() || !readZip64(extra, member))
      return Error("damaged directory");
    member.name.assign(reinterpret_cast<const char *>(name.data()),
                       name.size());
    packedTotal += std::min<uint64_t>(member.packed, archive.size());
    if (packedTotal > archive.size())
      return Error("'" + member.name + "': members overlap");
    Expected<std::vector<std::byte>> data = unpack(archive, member);
    if (!data)
      return data.error().in("'" + member.name + "'");
    if (!result.emplace(member.name, *std::move(data)).second)
      return Error("'" + member.name + "' is there twice");
  }
  return result;
}

Error npz::packZip(const std::vector<ZipMember> &members, ByteSink &sink) {
  std::string directory;
  uint64_t offset = 0;
  for (const ZipMember &member : members) {
    uint64_t size = member.head.size() + member.body.size();
    uint32_t crc = crcOf(0, member.head.data(), member.head.size());
    crc = crcOf(crc, member.body.data(), member.body.size());
    bool isBig = size >= kMax32 || offset >= kMax32;
    // The fields that both headers have. The date is fixed (1980-01-01), so
    // that equal arrays give equal files; bit 11 says that names are UTF-8.
    std::string common, extra;
    append(common, isBig ? 45 : 20, 2);
    append(common, 1 << 11, 2);
    append(common, 0, 2);
    append(common, 0, 2);
    append(common, (1 << 5) | 1, 2);
    append(common, crc, 4);
    append(common, isBig ? kMax32 : size, 4);
    append(common, isBig ? kMax32 : size, 4);
    append(common, member.name.size(), 2);
    std::string local, localExtra;
    append(local, kLocalHeader, 4);
    if (isBig) {
      append(localExtra, 1, 2);
      append(localExtra, 16, 2);
      append(localExtra, size, 8);
      append(localExtra, size, 8);
      append(extra, 1, 2);
      append(extra, 24, 2);
      append(extra, size, 8);
      append(extra, size, 8);
      append(extra, offset, 8);
    }
    local += common;
    append(local, localExtra.size(), 2);
    local += member.name + localExtra + member.head;
    if (Error error = sink.write(local.data(), local.size()))
      return error;
    if (Error error = sink.write(member.body.data(), member.body.size()))
      return error;
    append(directory, kCentralHeader, 4);
    append(directory, isBig ? 45 : 20, 2);
    directory += common;
    append(directory, extra.size(), 2);
    append(directory, 0, 2 + 2 + 2); // comment, disk, attributes
    append(directory, 0, 4);         // attributes of the system
    append(directory, isBig ? kMax32 : offset, 4);
    directory += member.name + extra;
    offset += local.size() + member.body.size();
  }
  std::string end;
  bool isBig = offset >= kMax32 || members.size() >= 0xffff;
  if (isBig) {
    append(end, kEnd64, 4);
    append(end, 44, 8);
    append(end, 45, 2);
    append(end, 45, 2);
    append(end, 0, 8);
    append(end, members.size(), 8);
    append(end, members.size(), 8);
    append(end, directory.size(), 8);
    append(end, offset, 8);
    append(end, kEnd64Locator, 4);
    append(end, 0, 4);
    append(end, offset + directory.size(), 8);
    append(end, 1, 4);
  }
  append(end, kEnd, 4);
  append(end, 0, 4);
  append(end, isBig ? 0xffff : members.size(), 2);
  append(end, isBig ? 0xffff : members.size(), 2);
  append(end, isBig ? kMax32 : directory.size(), 4);
  append(end, isBig ? kMax32 : offset, 4);
  append(end, 0, 2);
  if (Error error = sink.write(directory.data(), directory.size()))
    return error;
  return sink.write(end.data(), end.size());
}
