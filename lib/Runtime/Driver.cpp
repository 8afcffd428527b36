//===- Driver.cpp - the CUDA driver API, loaded at run time ---------------===//

#include "Driver.h"

#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <mutex>
#include <set>
#include <vector>

using namespace raddle;
using namespace raddle::cuda;

namespace {

const char *const kLibrary = "libcuda.so.1";

/// Handles of libraries that were loaded as the virtual GPU. Both libraries
/// have one soname, so the dynamic linker may hand out one for the other.
struct LoadedVirtualGPUs {
  std::mutex mutex;
  std::set<void *> handles;
};
LoadedVirtualGPUs &loadedVirtualGPUs() {
  static LoadedVirtualGPUs loaded;
  return loaded;
}

Expected<std::shared_ptr<const Driver>> bind(void *handle,
                                             const std::string &path) {
  auto driver = std::make_shared<Driver>();
  driver->path = path;
#define X(member, symbol, ...)                                                 \
  driver->member =                                                             \
      reinterpret_cast<decltype(driver->member)>(::dlsym(handle, symbol));     \
  if (!driver->member)                                                         \
    return Error("'" + path + "' has no function '" symbol "'");
  RADDLE_CUDA_FUNCTIONS(X)
#undef X
  driver->lastFault = reinterpret_cast<const char *(*)()>(
      ::dlsym(handle, "raddleVgpuLastFault"));
  driver->lastFaultJson = reinterpret_cast<const char *(*)()>(
      ::dlsym(handle, "raddleVgpuLastFaultJson"));
  driver->getCounters = reinterpret_cast<const char *(*)()>(
      ::dlsym(handle, "raddleVgpuGetCounters"));
  driver->resetCounters =
      reinterpret_cast<void (*)()>(::dlsym(handle, "raddleVgpuResetCounters"));
  driver->enableCounters = reinterpret_cast<void (*)(int)>(
      ::dlsym(handle, "raddleVgpuEnableCounters"));
  return std::shared_ptr<const Driver>(std::move(driver));
}

/// Folders that may hold `vgpu/libcuda.so.1`, best first.
std::vector<std::filesystem::path> libraryFolders() {
  std::vector<std::filesystem::path> folders;
  std::error_code ignored;
  auto addBeside = [&](const std::filesystem::path &folder) {
    folders.push_back(folder);
    folders.push_back(folder.parent_path() / "lib");
    folders.push_back(folder.parent_path() / "lib" / "raddle");
  };
  // This code may be part of a shared library (the C API).
  Dl_info info{};
  if (::dladdr(reinterpret_cast<void *>(&libraryFolders), &info) &&
      info.dli_fname) {
    auto self = std::filesystem::canonical(info.dli_fname, ignored);
    if (!self.empty())
      addBeside(self.parent_path());
  }
  auto program = std::filesystem::read_symlink("/proc/self/exe", ignored);
  if (!program.empty())
    addBeside(program.parent_path());
  return folders;
}

} // namespace

Expected<std::shared_ptr<const Driver>> Driver::loadCuda() {
  // A driver stays loaded: unloading the vendor's is not supported by it.
  void *handle = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    return Error(std::string("cannot load the CUDA driver: ") + ::dlerror());
  LoadedVirtualGPUs &loaded = loadedVirtualGPUs();
  std::lock_guard lock(loaded.mutex);
  if (loaded.handles.count(handle))
    return Error("cannot load the CUDA driver: this process has loaded the "
                 "virtual GPU under the same name");
  return bind(handle, kLibrary);
}

Expected<std::shared_ptr<const Driver>> Driver::loadVirtualGPU() {
  auto load =
      [](const std::string &path) -> Expected<std::shared_ptr<const Driver>> {
    void *handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!handle)
      return Error(std::string("cannot load the virtual GPU: ") + ::dlerror());
    {
      LoadedVirtualGPUs &loaded = loadedVirtualGPUs();
      std::lock_guard lock(loaded.mutex);
      loaded.handles.insert(handle);
    }
    Expected<std::shared_ptr<const Driver>> driver = bind(handle, path);
    if (driver && !(*driver)->lastFault)
      return Error("'" + path + "' is not the virtual GPU");
    return driver;
  };
  if (const char *path = std::getenv("RADDLE_VGPU_LIBRARY"); path && *path)
    return load(path);
  std::string tried;
  for (const std::filesystem::path &folder : libraryFolders()) {
    std::filesystem::path path = folder / "vgpu" / kLibrary;
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored))
      return load(path.string());
    if (tried.find("'" + path.string() + "'") == std::string::npos)
      tried += (tried.empty() ? "'" : ", '") + path.string() + "'";
  }
  return Error("cannot find the virtual GPU: there is no " + tried +
               "; RADDLE_VGPU_LIBRARY can name the library");
}

std::string Driver::describe(Result result) const {
  const char *name = nullptr, *text = nullptr;
  std::string message;
  if (getErrorName(result, &name) == kSuccess && name)
    message = name;
  else
    message = "CUDA error " + std::to_string(result);
  if (getErrorString(result, &text) == kSuccess && text)
    message += std::string(": ") + text;
  return message;
}
