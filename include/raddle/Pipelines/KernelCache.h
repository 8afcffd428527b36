//===- KernelCache.h - PTX of kernels made before --------------*- C++ -*-===//
#ifndef RADDLE_PIPELINES_KERNELCACHE_H
#define RADDLE_PIPELINES_KERNELCACHE_H

#include "mlir/IR/BuiltinOps.h"
#include <optional>
#include <string>

namespace raddle {

/// PTX text on disk, by the hash of the kernel's code, the target and the
/// compiler. Safe under concurrent use: entries are written under another name
/// and renamed. The oldest entries go when the folder exceeds its limit.
class KernelCache {
public:
  /// No cache.
  KernelCache() = default;
  /// In `folder`, which is created; `maxBytes` limits it.
  KernelCache(std::string folder, uint64_t maxBytes);

  /// `$RADDLE_CACHE_DIR`, else `raddle/kernels` in the user's cache folder.
  static std::string getDefaultFolder();

  /// Names the entry of a kernel module of the LLVM dialect; empty without a
  /// cache.
  std::string getKey(mlir::ModuleOp kernel, llvm::StringRef target) const;
  /// Names the entry of anything else that `text` determines together with the
  /// compiler.
  std::string getKey(llvm::StringRef text) const;
  const std::string &getFolder() const { return folder; }
  std::optional<std::string> find(llvm::StringRef key) const;
  /// A cache that cannot be written is no error: the kernel is made again.
  void store(llvm::StringRef key, llvm::StringRef ptx) const;
  /// Removes the oldest entries beyond the limit.
  void prune() const;

private:
  std::string getPath(llvm::StringRef key) const;

  std::string folder;
  uint64_t maxBytes = 0;
};

} // namespace raddle

#endif // RADDLE_PIPELINES_KERNELCACHE_H
