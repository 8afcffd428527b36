//===- Model.h - a compiled model on a device ------------------*- C++ -*-===//

#ifndef RADDLE_RUNTIME_MODEL_H
#define RADDLE_RUNTIME_MODEL_H

#include "raddle/Artifact/Artifact.h"
#include "raddle/Runtime/Device.h"

#include <memory>

namespace raddle {

/// A model loaded onto a device: its weights, uploaded once, and its kernels,
/// loaded when first launched. Immutable for its users and safe to share
/// between threads, each with a Session of its own.
class Model {
public:
  /// Opens the artifact, chooses the newest of its targets that the device
  /// runs, and uploads the weights.
  static Expected<std::shared_ptr<Model>> load(const std::string &path,
                                               std::shared_ptr<Device> device);
  static Expected<std::shared_ptr<Model>> load(Artifact artifact,
                                               std::shared_ptr<Device> device);
  ~Model();
  Model(const Model &) = delete;
  Model &operator=(const Model &) = delete;

  const Artifact &artifact() const;
  const host::Program &program() const { return artifact().program(); }
  const std::shared_ptr<Device> &device() const;
  /// The chosen target, e.g. `sm_80`; empty for a model without kernels.
  const std::string &target() const;

  /// For the runtime's own files.
  struct Impl;
  Impl &impl() { return *impl_; }

private:
  explicit Model(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace raddle

#endif // RADDLE_RUNTIME_MODEL_H
