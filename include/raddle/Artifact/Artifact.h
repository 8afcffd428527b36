//===- Artifact.h - model.raddle -------------------------------*- C++ -*-===//
//
// A compiled model: host program, PTX and weights in one safetensors file
// (docs/rfcs/20261124-host-program.md).
//
//===----------------------------------------------------------------------===//

#ifndef RADDLE_ARTIFACT_ARTIFACT_H
#define RADDLE_ARTIFACT_ARTIFACT_H

#include "raddle/Artifact/Program.h"
#include "raddle/Artifact/Safetensors.h"

namespace raddle {

/// Entries of an artifact start on multiples of it, in the file.
inline constexpr uint64_t kArtifactAlignment = 256;

/// A verified artifact. Beyond the container and the program, opening checks
/// that every weight lies inside its entry and that each target has the PTX of
/// every kernel.
class Artifact {
public:
  static Expected<Artifact> open(const std::string &path);
  /// From memory; `name` is used in messages.
  static Expected<Artifact> fromBytes(std::vector<std::byte> bytes,
                                      std::string name);

  const host::Program &program() const { return program_; }
  const SafetensorsFile &file() const { return file_; }
  /// Targets with PTX, e.g. `sm_80`, in rising order of compute capability.
  const std::vector<std::string> &targets() const { return targets_; }
  /// PTX text of a module; nothing when there is none. Not terminated by a
  /// zero.
  std::optional<std::string_view> ptx(std::string_view target,
                                      std::string_view module) const;
  /// The tile-dialect text of a module, when the artifact has it.
  std::optional<std::string_view> tileText(std::string_view module) const;
  /// The bytes of a buffer of kind Weight.
  std::span<const std::byte> weight(const host::Buffer &buffer) const;

private:
  static Expected<Artifact> create(Expected<SafetensorsFile> file);
  explicit Artifact(SafetensorsFile file) : file_(std::move(file)) {}
  Error check();

  SafetensorsFile file_;
  host::Program program_;
  std::vector<std::string> targets_;
};

/// The number in `sm_<number>`, with an optional trailing letter (`sm_90a`);
/// nothing for other names.
std::optional<unsigned> computeCapability(std::string_view target);

/// Collects and writes an artifact.
class ArtifactWriter {
public:
  ArtifactWriter() : writer_(kArtifactAlignment) {}

  /// PTX text of one module for one target.
  Error addPtx(std::string_view target, std::string_view module,
               std::string text);
  /// The tile-dialect text that `.loc` lines of the module point into.
  Error addTileText(std::string_view module, std::string text);
  /// A weight component of `size` bytes; `producer` streams them on `write`.
  Error addWeight(std::string name, std::string_view dtype,
                  std::vector<int64_t> shape, uint64_t size,
                  ByteProducer producer);
  /// Verifies the program and writes the file, complete or not at all.
  Error write(const host::Program &program, const std::string &path);

private:
  Error addText(std::string name, std::string text);

  SafetensorsWriter writer_;
};

} // namespace raddle

#endif // RADDLE_ARTIFACT_ARTIFACT_H
