//===- Artifact.cpp - model.raddle ----------------------------------------===//

#include "raddle/Artifact/Artifact.h"

#include <algorithm>

using namespace raddle;
using namespace raddle::host;

namespace {

const char *const kFormatKey = "format";
const char *const kFormat = "raddle";
const char *const kVersionKey = "raddle.version";
const char *const kProgramKey = "raddle.program";

std::string ptxName(std::string_view target, std::string_view module) {
  return "ptx/" + std::string(target) + "/" + std::string(module);
}

std::string_view asText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

} // namespace

std::optional<unsigned> raddle::computeCapability(std::string_view target) {
  if (!target.starts_with("sm_"))
    return std::nullopt;
  target.remove_prefix(3);
  unsigned value = 0, digits = 0;
  while (!target.empty() && target[0] >= '0' && target[0] <= '9') {
    value = 10 * value + (target[0] - '0');
    target.remove_prefix(1);
    if (++digits > 4)
      return std::nullopt;
  }
  bool suffix = target.empty() ||
                (target.size() == 1 && target[0] >= 'a' && target[0] <= 'z');
  return digits > 0 && suffix ? std::optional(value) : std::nullopt;
}

Expected<Artifact> Artifact::open(const std::string &path) {
  return create(SafetensorsFile::open(path));
}

Expected<Artifact> Artifact::fromBytes(std::vector<std::byte> bytes,
                                       std::string name) {
  return create(SafetensorsFile::fromBytes(std::move(bytes), std::move(name)));
}

Expected<Artifact> Artifact::create(Expected<SafetensorsFile> file) {
  if (!file)
    return file.takeError();
  Artifact artifact(*std::move(file));
  if (Error error = artifact.check())
    return error.in("'" + artifact.file_.path() + "'");
  return artifact;
}

Error Artifact::check() {
  const auto &metadata = file_.metadata();
  auto value = [&](const char *key) -> const std::string * {
    auto it = metadata.find(key);
    return it == metadata.end() ? nullptr : &it->second;
  };
  const std::string *format = value(kFormatKey), *version = value(kVersionKey),
                    *program = value(kProgramKey);
  if (!format || *format != kFormat)
    return Error("not a compiled model: the metadata have no 'format' = "
                 "'raddle'");
  if (!version || *version != std::to_string(kProgramVersion))
    return Error("version '" + (version ? *version : std::string("(none)")) +
                 "' of the format is unknown; this library reads version " +
                 std::to_string(kProgramVersion));
  if (!program)
    return Error("the metadata have no 'raddle.program'");
  Expected<Program> parsed = fromJson(*program);
  if (!parsed)
    return parsed.error().in("host program");
  program_ = *std::move(parsed);

  for (const SafetensorsEntry &entry : file_.entries()) {
    std::string_view name = entry.name;
    if (!name.starts_with("__pad__/") && entry.size > 0 &&
        entry.offset % kArtifactAlignment != 0)
      return Error("entry '" + entry.name + "' starts at " +
                   std::to_string(entry.offset) + ", which is no multiple of " +
                   std::to_string(kArtifactAlignment));
    if (!name.starts_with("ptx/"))
      continue;
    name.remove_prefix(4);
    std::string target(name.substr(0, name.find('/')));
    if (target.size() == name.size() || !computeCapability(target))
      return Error("entry '" + entry.name +
                   "': expected a name 'ptx/sm_<number>/<module>'");
    if (std::find(targets_.begin(), targets_.end(), target) == targets_.end())
      targets_.push_back(target);
  }
  std::sort(targets_.begin(), targets_.end(),
            [](const std::string &a, const std::string &b) {
              return std::pair(computeCapability(a), a) <
                     std::pair(computeCapability(b), b);
            });

  for (const Kernel &kernel : program_.kernels) {
    if (targets_.empty())
      return Error("kernel '" + kernel.name + "' has no PTX for any target");
    for (const std::string &target : targets_)
      if (!file_.find(ptxName(target, kernel.module)))
        return Error("kernel '" + kernel.name + "': missing entry '" +
                     ptxName(target, kernel.module) + "'");
    for (const auto &[target, fields] : kernel.targets)
      if (std::find(targets_.begin(), targets_.end(), target) == targets_.end())
        return Error("kernel '" + kernel.name + "' has fields for '" + target +
                     "', a target without PTX");
  }
  for (const Buffer &buffer : program_.buffers) {
    if (buffer.kind != BufferKind::Weight)
      continue;
    const SafetensorsEntry *entry = file_.find(buffer.entry);
    if (!entry)
      return Error("weight '" + buffer.name + "': there is no entry '" +
                   buffer.entry + "'");
    // Both are literals of at least 0: the program is verified.
    uint64_t offset = buffer.offset.literal(), bytes = buffer.bytes.literal();
    if (offset > entry->size || bytes > entry->size - offset)
      return Error("weight '" + buffer.name + "': " + std::to_string(bytes) +
                   " bytes at offset " + std::to_string(offset) +
                   " lie outside the entry '" + buffer.entry + "' of " +
                   std::to_string(entry->size) + " bytes");
  }
  return Error::success();
}

std::optional<std::string_view> Artifact::ptx(std::string_view target,
                                              std::string_view module) const {
  const SafetensorsEntry *entry = file_.find(ptxName(target, module));
  if (!entry)
    return std::nullopt;
  return asText(file_.bytes(*entry));
}

std::optional<std::string_view>
Artifact::tileText(std::string_view module) const {
  const SafetensorsEntry *entry = file_.find("tile/" + std::string(module));
  if (!entry)
    return std::nullopt;
  return asText(file_.bytes(*entry));
}

std::span<const std::byte> Artifact::weight(const Buffer &buffer) const {
  return file_.bytes(*file_.find(buffer.entry))
      .subspan(buffer.offset.literal(), buffer.bytes.literal());
}

Error ArtifactWriter::addText(std::string name, std::string text) {
  // The producer owns the text: it lives until the file is written.
  uint64_t size = text.size();
  return writer_.add(std::move(name), "U8", {int64_t(size)}, size,
                     [text = std::move(text)](ByteSink &sink) {
                       return sink.write(text.data(), text.size());
                     });
}

Error ArtifactWriter::addPtx(std::string_view target, std::string_view module,
                             std::string text) {
  if (!computeCapability(target))
    return Error("unknown target '" + std::string(target) + "'");
  return addText(ptxName(target, module), std::move(text));
}

Error ArtifactWriter::addTileText(std::string_view module, std::string text) {
  return addText("tile/" + std::string(module), std::move(text));
}

Error ArtifactWriter::addWeight(std::string name, std::string_view dtype,
                                std::vector<int64_t> shape, uint64_t size,
                                ByteProducer producer) {
  for (const char *prefix : {"ptx/", "tile/"})
    if (name.starts_with(prefix))
      return Error("entry '" + name + "': the name is reserved");
  return writer_.add(std::move(name), dtype, std::move(shape), size,
                     std::move(producer));
}

Error ArtifactWriter::write(const Program &program, const std::string &path) {
  if (Error error = verify(program))
    return error.in("host program");
  writer_.setMetadata(kFormatKey, kFormat);
  writer_.setMetadata(kVersionKey, std::to_string(kProgramVersion));
  writer_.setMetadata(kProgramKey, toJson(program));
  return writer_.write(path);
}
