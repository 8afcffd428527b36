//===- Device.cpp - opening a device --------------------------------------===//

#include "DeviceImpl.h"

using namespace raddle;

std::optional<DeviceKind> raddle::parseDeviceKind(std::string_view name) {
  if (name == "auto")
    return DeviceKind::Auto;
  if (name == "vgpu")
    return DeviceKind::VirtualGPU;
  if (name == "cuda")
    return DeviceKind::Cuda;
  return std::nullopt;
}

namespace {

Expected<std::unique_ptr<Device::Impl>>
openWith(Expected<std::shared_ptr<const cuda::Driver>> driver, int ordinal) {
  if (!driver)
    return driver.takeError();
  auto impl = std::make_unique<Device::Impl>();
  impl->driver = *std::move(driver);
  impl->isVirtual = impl->driver->lastFault != nullptr;
  const cuda::Driver &api = *impl->driver;
  if (Error error = impl->check(api.init(0), "cannot start the CUDA driver"))
    return error;
  int count = 0;
  if (Error error =
          impl->check(api.deviceGetCount(&count), "cannot count the devices"))
    return error;
  if (ordinal < 0 || ordinal >= count)
    return Error("there is no device " + std::to_string(ordinal) +
                 ": the driver has " + std::to_string(count));
  if (Error error = impl->check(api.deviceGet(&impl->handle, ordinal),
                                "cannot open the device"))
    return error;
  char name[256] = {};
  if (Error error =
          impl->check(api.deviceGetName(name, sizeof(name) - 1, impl->handle),
                      "cannot ask the device for its name"))
    return error;
  impl->name = name;
  int major = 0, minor = 0;
  if (Error error = impl->attribute(cuda::kComputeCapabilityMajor, major))
    return error;
  if (Error error = impl->attribute(cuda::kComputeCapabilityMinor, minor))
    return error;
  impl->computeCapability = 10 * major + minor;
  if (Error error =
          impl->attribute(cuda::kMaxSharedMemoryPerBlockOptin, impl->maxShared))
    return error;
  for (int i = 0; i < 3; ++i) {
    int extent = 0;
    if (Error error = impl->attribute(cuda::kMaxGridDimX + i, extent))
      return error;
    impl->maxGrid[i] = extent;
  }
  if (Error error =
          impl->check(api.primaryCtxRetain(&impl->context, impl->handle),
                      "cannot create a context on the device"))
    return error;
  return impl;
}

} // namespace

Expected<std::shared_ptr<Device>> Device::open(const DeviceOptions &options) {
  auto wrap = [](Expected<std::unique_ptr<Impl>> impl)
      -> Expected<std::shared_ptr<Device>> {
    if (!impl)
      return impl.takeError();
    return std::shared_ptr<Device>(new Device(*std::move(impl)));
  };
  if (options.kind == DeviceKind::VirtualGPU)
    return wrap(openWith(cuda::Driver::loadVirtualGPU(), options.ordinal));
  Expected<std::unique_ptr<Impl>> real =
      openWith(cuda::Driver::loadCuda(), options.ordinal);
  if (options.kind == DeviceKind::Cuda)
    return wrap(std::move(real));
  if (real) {
    if ((*real)->isVirtual)
      (*real)->fallbackReason = "the CUDA driver found is the virtual GPU";
    return wrap(std::move(real));
  }
  // Which of several devices was asked for says something about real ones; the
  // virtual GPU has one.
  Expected<std::unique_ptr<Impl>> virtualGPU =
      openWith(cuda::Driver::loadVirtualGPU(), 0);
  if (!virtualGPU)
    return Error(real.error().message() + "; " + virtualGPU.error().message());
  (*virtualGPU)->fallbackReason = real.error().message();
  return wrap(std::move(virtualGPU));
}

Device::Device(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Device::~Device() = default;
const std::string &Device::name() const { return impl_->name; }
unsigned Device::computeCapability() const { return impl_->computeCapability; }
bool Device::isVirtual() const { return impl_->isVirtual; }
const std::string &Device::fallbackReason() const {
  return impl_->fallbackReason;
}

bool Device::countEvents(bool on) {
  if (!impl_->driver->enableCounters)
    return false;
  impl_->driver->enableCounters(on);
  impl_->driver->resetCounters();
  return true;
}

std::string Device::takeCounters() {
  if (!impl_->driver->getCounters)
    return {};
  std::string counters = impl_->driver->getCounters();
  impl_->driver->resetCounters();
  return counters;
}

Device::Impl::~Impl() {
  if (context)
    driver->primaryCtxRelease(handle);
}

Error Device::Impl::enter() {
  {
    std::lock_guard lock(mutex_);
    if (!fault_.empty())
      return Error("the device '" + name +
                   "' is unusable after an earlier fault: " + fault_);
  }
  return check(driver->ctxSetCurrent(context), "cannot use the device's "
                                               "context");
}

Error Device::Impl::check(cuda::Result result, const std::string &what) {
  if (result == cuda::kSuccess)
    return Error::success();
  std::string message = what + ": " + driver->describe(result);
  // The report stays after its error was handled, so ask only for errors that
  // have one: of loading a module (200 to 399) and of running a kernel.
  bool hasReport = result >= 700 || (result >= 200 && result < 400);
  if (driver->lastFault && hasReport)
    if (const char *fault = driver->lastFault(); fault && *fault)
      message += std::string("\n") + fault;
  // CUDA's errors from 700 on (but for 701, a launch that asks too much)
  // leave a context that refuses everything.
  if (result >= 700 && result < 800 && result != 701) {
    std::lock_guard lock(mutex_);
    if (fault_.empty())
      fault_ = message;
  }
  return Error(std::move(message));
}

Error Device::Impl::attribute(int attribute, int &value) {
  return check(driver->deviceGetAttribute(&value, attribute, handle),
               "cannot ask the device for its attribute " +
                   std::to_string(attribute));
}
