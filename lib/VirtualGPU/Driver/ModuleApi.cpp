//===- ModuleApi.cpp - Modules and functions ------------------------------===//

#include "Driver/Queue.h"

#include <cstring>
#include <fstream>
#include <sstream>

using namespace raddle::vgpu;
using namespace raddle::vgpu::driver;

CUresult cuModuleLoadDataEx(CUmodule *module, const void *image,
                            unsigned numOptions, CUjit_option *options,
                            void **optionValues) {
  Call call;
  if (CUresult bad = call.check())
    return bad;
  if (!module || !image)
    return CUDA_ERROR_INVALID_VALUE;
  State &s = state();
  std::string error;
  CUresult result = CUDA_ERROR_INVALID_PTX;
  std::unique_ptr<LoadedModule> loaded;
  const auto *bytes = static_cast<const unsigned char *>(image);
  if (!std::memcmp(bytes,
                   "\x7f"
                   "ELF",
                   4)) {
    error = "the image is a cubin: the virtual GPU runs PTX text only";
    result = CUDA_ERROR_NO_BINARY_FOR_GPU;
  } else if (bytes[0] == 0x50 && bytes[1] == 0xed && bytes[2] == 0x55 &&
             bytes[3] == 0xba) {
    error = "the image is a fatbin: the virtual GPU runs PTX text only";
    result = CUDA_ERROR_NO_BINARY_FOR_GPU;
  } else {
    loaded = call->device->load(static_cast<const char *>(image), error);
  }
  if (!loaded) {
    s.faultText = error;
    s.faultJson.clear();
    char *log = nullptr;
    size_t logBytes = 0;
    for (unsigned i = 0; i < numOptions; ++i) {
      if (options[i] == CU_JIT_ERROR_LOG_BUFFER)
        log = static_cast<char *>(optionValues[i]);
      else if (options[i] == CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES)
        logBytes = reinterpret_cast<size_t>(optionValues[i]);
    }
    if (log && logBytes) {
      std::strncpy(log, error.c_str(), logBytes);
      log[logBytes - 1] = 0;
    }
    return result;
  }
  auto m = std::make_unique<CUmod_st>();
  m->ordinal = call.ordinal;
  m->loaded = std::move(loaded);
  *module = m.get();
  s.modules.insert(m.release());
  return CUDA_SUCCESS;
}

CUresult cuModuleLoadData(CUmodule *module, const void *image) {
  return cuModuleLoadDataEx(module, image, 0, nullptr, nullptr);
}

CUresult cuModuleLoad(CUmodule *module, const char *path) {
  if (!path)
    return CUDA_ERROR_INVALID_VALUE;
  std::ifstream in(path, std::ios::binary);
  if (!in)
    return CUDA_ERROR_FILE_NOT_FOUND;
  std::stringstream text;
  text << in.rdbuf();
  return cuModuleLoadData(module, text.str().c_str());
}

CUresult cuModuleUnload(CUmodule module) {
  Call call;
  State &s = state();
  if (!s.modules.count(module))
    return CUDA_ERROR_INVALID_HANDLE;
  drain(nullptr);
  s.modules.erase(module);
  for (auto &[name, function] : module->functions)
    s.functions.erase(function.get());
  s.devices[module->ordinal].device->unload(*module->loaded);
  delete module;
  return CUDA_SUCCESS;
}

CUresult cuModuleGetFunction(CUfunction *function, CUmodule module,
                             const char *name) {
  Call call;
  if (CUresult bad = call.check())
    return bad;
  State &s = state();
  if (!function || !name)
    return CUDA_ERROR_INVALID_VALUE;
  if (!s.modules.count(module))
    return CUDA_ERROR_INVALID_HANDLE;
  auto it = module->loaded->kernels.find(std::string_view(name));
  if (it == module->loaded->kernels.end())
    return CUDA_ERROR_NOT_FOUND;
  std::unique_ptr<CUfunc_st> &f = module->functions[name];
  if (!f) {
    f = std::make_unique<CUfunc_st>();
    f->module = module;
    f->kernel = it->second.get();
    s.functions.insert(f.get());
  }
  *function = f.get();
  return CUDA_SUCCESS;
}

CUresult cuModuleGetGlobal_v2(CUdeviceptr *address, size_t *bytes,
                              CUmodule module, const char *name) {
  Call call;
  if (CUresult bad = call.check())
    return bad;
  if (!name)
    return CUDA_ERROR_INVALID_VALUE;
  if (!state().modules.count(module))
    return CUDA_ERROR_INVALID_HANDLE;
  auto it = module->loaded->globals.find(std::string_view(name));
  if (it == module->loaded->globals.end())
    return CUDA_ERROR_NOT_FOUND;
  if (address)
    *address = it->second.address;
  if (bytes)
    *bytes = it->second.bytes;
  return CUDA_SUCCESS;
}

CUresult cuFuncGetAttribute(int *value, CUfunction_attribute attribute,
                            CUfunction function) {
  Call call;
  if (CUresult bad = call.check())
    return bad;
  if (!value)
    return CUDA_ERROR_INVALID_VALUE;
  if (!state().functions.count(function))
    return CUDA_ERROR_INVALID_HANDLE;
  const Kernel &kernel = *function->kernel;
  const Module &ast = function->module->loaded->ast;
  switch (attribute) {
  case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
    *value = static_cast<int>(kernel.maxThreads);
    break;
  case CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES:
    *value = static_cast<int>(kernel.staticShared);
    break;
  case CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES:
    *value = static_cast<int>(kernel.constBytes);
    break;
  case CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES:
    *value = static_cast<int>(kernel.functions[0]->localBytes);
    break;
  case CU_FUNC_ATTRIBUTE_NUM_REGS:
    *value = static_cast<int>(call->device->estimatedRegisters(kernel));
    break;
  case CU_FUNC_ATTRIBUTE_PTX_VERSION:
    *value = static_cast<int>(ast.versionMajor * 10 + ast.versionMinor);
    break;
  case CU_FUNC_ATTRIBUTE_BINARY_VERSION:
    *value = static_cast<int>(ast.targetSm);
    break;
  case CU_FUNC_ATTRIBUTE_CACHE_MODE_CA:
    *value = 0;
    break;
  case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
    *value = std::max(function->maxDynamicShared,
                      static_cast<int>(call->device->machine.sharedPerBlock) -
                          static_cast<int>(kernel.staticShared));
    break;
  case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
    *value = -1;
    break;
  default:
    return CUDA_ERROR_INVALID_VALUE;
  }
  return CUDA_SUCCESS;
}

CUresult cuFuncSetAttribute(CUfunction function, CUfunction_attribute attribute,
                            int value) {
  Call call;
  if (CUresult bad = call.check())
    return bad;
  if (!state().functions.count(function))
    return CUDA_ERROR_INVALID_HANDLE;
  if (attribute == CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT)
    return CUDA_SUCCESS;
  if (attribute != CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES)
    return CUDA_ERROR_INVALID_VALUE;
  const auto most =
      static_cast<int64_t>(call->device->machine.sharedPerBlockOptin);
  if (value < 0 ||
      value + static_cast<int64_t>(function->kernel->staticShared) > most)
    return CUDA_ERROR_INVALID_VALUE;
  function->maxDynamicShared = value;
  return CUDA_SUCCESS;
}

CUresult cuFuncSetCacheConfig(CUfunction, unsigned) {
  Call call;
  return call.check();
}

CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks,
                                                     CUfunction function,
                                                     int blockSize,
                                                     size_t dynamicShared) {
  Call call;
  if (CUresult bad = call.check())
    return bad;
  if (!blocks || blockSize <= 0)
    return CUDA_ERROR_INVALID_VALUE;
  if (!state().functions.count(function))
    return CUDA_ERROR_INVALID_HANDLE;
  const Kernel &kernel = *function->kernel;
  const Machine &m = call->device->machine;
  const uint64_t n =
      call->device->residentBlocks(kernel, static_cast<uint64_t>(blockSize),
                                   kernel.staticShared + dynamicShared) /
      m.multiprocessors;
  *blocks = static_cast<int>(n);
  return CUDA_SUCCESS;
}
