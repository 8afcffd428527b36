//===- SafetensorsWriter.cpp - streamed writing of the container ----------===//

#include "Json.h"
#include "raddle/Artifact/AtomicFile.h"
#include "raddle/Artifact/Safetensors.h"
#include "raddle/Support/DataType.h"

using namespace raddle;

namespace {

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
  AtomicFile file;
  if (Error error = file.create(path))
    return error;
  if (Error error = writeTo(file))
    return error;
  return file.commit();
}
