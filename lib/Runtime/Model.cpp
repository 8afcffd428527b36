//===- Model.cpp - loading a model onto a device --------------------------===//

#include "ModelImpl.h"

using namespace raddle;

Expected<std::shared_ptr<Model>> Model::load(const std::string &path,
                                             std::shared_ptr<Device> device) {
  Expected<Artifact> artifact = Artifact::open(path);
  if (!artifact)
    return artifact.takeError();
  return load(*std::move(artifact), std::move(device));
}

Expected<std::shared_ptr<Model>> Model::load(Artifact artifact,
                                             std::shared_ptr<Device> device) {
  auto impl = std::make_unique<Impl>(std::move(artifact), std::move(device));
  if (Error error = impl->chooseTarget())
    return error;
  if (Error error = impl->uploadWeights())
    return error;
  return std::shared_ptr<Model>(new Model(std::move(impl)));
}

Model::Model(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Model::~Model() = default;
const Artifact &Model::artifact() const { return impl_->artifact; }
const std::shared_ptr<Device> &Model::device() const { return impl_->device; }
const std::string &Model::target() const { return impl_->target; }

Model::Impl::~Impl() {
  Device::Impl &gpu = device->impl();
  gpu.driver->ctxSetCurrent(gpu.context);
  for (const auto &[name, module] : modules_)
    gpu.driver->moduleUnload(module);
}

Error Model::Impl::chooseTarget() {
  kernels_.resize(artifact.program().kernels.size());
  unsigned capability = device->computeCapability();
  std::string all;
  // In rising order. PTX runs on its target and on later ones, except that of
  // architecture-specific targets (sm_90a).
  for (const std::string &candidate : artifact.targets()) {
    unsigned needed = *computeCapability(candidate);
    bool isSpecific = candidate.back() > '9';
    if (isSpecific ? needed == capability : needed <= capability)
      target = candidate;
    all += (all.empty() ? "" : ", ") + candidate;
  }
  if (target.empty() && !kernels_.empty())
    return Error("device '" + device->name() + "' (sm_" +
                 std::to_string(capability) +
                 ") runs none of the model's targets: " + all +
                 "; compile for it, or choose another device (the virtual GPU "
                 "is what the environment variable RADDLE_VGPU names, such as "
                 "h100-sxm5)");
  return Error::success();
}

Error Model::Impl::uploadWeights() {
  Device::Impl &gpu = device->impl();
  if (Error error = gpu.enter())
    return error;
  Transfer transfer;
  bool isCreated = false;
  for (const host::Buffer &buffer : artifact.program().buffers) {
    if (buffer.kind != host::BufferKind::Weight)
      continue;
    auto [it, isNew] = weights.try_emplace(buffer.entry);
    if (!isNew)
      continue;
    if (!isCreated)
      if (Error error = transfer.create(gpu))
        return error;
    isCreated = true;
    const SafetensorsFile &file = artifact.file();
    auto bytes = file.bytes(*file.find(buffer.entry));
    if (Error error = it->second.resize(gpu, bytes.size(),
                                        "weight '" + buffer.entry + "'"))
      return error;
    if (Error error =
            transfer.upload(it->second.address(), bytes.data(), bytes.size()))
      return error.in("weight '" + buffer.entry + "'");
  }
  return isCreated ? transfer.finish() : Error::success();
}

Expected<cuda::Module> Model::Impl::module(const std::string &name) {
  auto it = modules_.find(name);
  if (it != modules_.end())
    return it->second;
  // The driver wants a terminating zero.
  std::string ptx(*artifact.ptx(target, name));
  std::vector<char> log(16384, 0);
  int options[] = {cuda::kJitErrorLogBuffer, cuda::kJitErrorLogBufferSizeBytes};
  void *values[] = {log.data(), reinterpret_cast<void *>(log.size() - 1)};
  cuda::Module module = nullptr;
  Device::Impl &gpu = device->impl();
  std::string what =
      "cannot load the PTX of module '" + name + "' for " + target;
  if (Error error = gpu.check(gpu.driver->moduleLoadDataEx(&module, ptx.c_str(),
                                                           2, options, values),
                              what)) {
    std::string text = log.data();
    bool isNew = error.message().find(text) == std::string::npos;
    return isNew ? Error(error.message() + "\n" + text) : error;
  }
  modules_[name] = module;
  return module;
}

Expected<LoadedKernel> Model::Impl::kernel(uint32_t index) {
  std::lock_guard lock(mutex_);
  LoadedKernel &loaded = kernels_[index];
  if (loaded.function)
    return loaded;
  const host::Kernel &source = artifact.program().kernels[index];
  Expected<cuda::Module> image = module(source.module);
  if (!image)
    return image.takeError();
  Device::Impl &gpu = device->impl();
  cuda::Function function = nullptr;
  if (Error error = gpu.check(
          gpu.driver->moduleGetFunction(&function, *image, source.name.c_str()),
          "module '" + source.module + "' has no kernel '" + source.name + "'"))
    return error;
  LoadedKernel kernel{function, source.block, source.shared};
  if (auto it = source.targets.find(target); it != source.targets.end()) {
    kernel.block = it->second.block.value_or(kernel.block);
    kernel.shared = it->second.shared.value_or(kernel.shared);
  }
  if (kernel.shared > gpu.maxShared)
    return Error("kernel '" + source.name + "' needs " +
                 std::to_string(kernel.shared) +
                 " bytes of shared memory; the device '" + gpu.name + "' has " +
                 std::to_string(gpu.maxShared));
  // What every kernel may have without asking.
  constexpr int64_t kDefaultShared = 48 * 1024;
  if (kernel.shared > kDefaultShared)
    if (Error error = gpu.check(
            gpu.driver->funcSetAttribute(function,
                                         cuda::kFuncMaxDynamicSharedSizeBytes,
                                         static_cast<int>(kernel.shared)),
            "cannot give kernel '" + source.name + "' " +
                std::to_string(kernel.shared) + " bytes of shared memory"))
      return error;
  loaded = kernel;
  return loaded;
}
