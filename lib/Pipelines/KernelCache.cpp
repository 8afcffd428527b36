//===- KernelCache.cpp - PTX of kernels made before -----------------------===//

#include "raddle/Pipelines/KernelCache.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CachePruning.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdlib>
#include <dlfcn.h>

using namespace mlir;
using namespace raddle;

/// Identifies this build of the compiler: its library's size and time.
static std::string getCompilerIdentity() {
  static const std::string identity = [] {
    Dl_info info;
    std::string text = LLVM_VERSION_STRING;
    llvm::sys::fs::file_status status;
    if (dladdr(reinterpret_cast<void *>(&getCompilerIdentity), &info) &&
        info.dli_fname && !llvm::sys::fs::status(info.dli_fname, status))
      text += " " + std::to_string(status.getSize()) + " " +
              std::to_string(
                  status.getLastModificationTime().time_since_epoch().count());
    return text;
  }();
  return identity;
}

std::string KernelCache::getDefaultFolder() {
  if (const char *given = std::getenv("RADDLE_CACHE_DIR"))
    return given;
  llvm::SmallString<128> path;
  if (!llvm::sys::path::cache_directory(path))
    return {};
  llvm::sys::path::append(path, "raddle", "kernels");
  return path.str().str();
}

static constexpr size_t digestSize = 64;

static std::string getDigest(llvm::StringRef text) {
  return llvm::toHex(
      llvm::SHA256::hash(llvm::ArrayRef(
          reinterpret_cast<const uint8_t *>(text.data()), text.size())),
      /*LowerCase=*/true);
}

KernelCache::KernelCache(std::string folder, uint64_t maxBytes)
    : folder(std::move(folder)), maxBytes(maxBytes) {
  if (!this->folder.empty() && llvm::sys::fs::create_directories(this->folder))
    this->folder.clear();
}

std::string KernelCache::getKey(ModuleOp kernel, llvm::StringRef target) const {
  if (folder.empty())
    return {};
  std::string text;
  llvm::raw_string_ostream os(text);
  kernel.print(os, OpPrintingFlags().enableDebugInfo(false));
  llvm::SHA256 hash;
  hash.update(getCompilerIdentity());
  hash.update(target);
  hash.update(text);
  return llvm::toHex(hash.final(), /*LowerCase=*/true);
}

std::string KernelCache::getKey(llvm::StringRef text) const {
  if (folder.empty())
    return {};
  llvm::SHA256 hash;
  hash.update(getCompilerIdentity());
  hash.update(text);
  return llvm::toHex(hash.final(), /*LowerCase=*/true);
}

std::string KernelCache::getPath(llvm::StringRef key) const {
  llvm::SmallString<128> path(folder);
  // The prefix is what llvm::pruneCache looks for.
  llvm::sys::path::append(path, "llvmcache-" + key);
  return path.str().str();
}

std::optional<std::string> KernelCache::find(llvm::StringRef key) const {
  if (key.empty())
    return std::nullopt;
  auto buffer = llvm::MemoryBuffer::getFile(getPath(key));
  if (!buffer)
    return std::nullopt;
  // The digest of the rest comes first: what was damaged is made again.
  llvm::StringRef text = (*buffer)->getBuffer();
  if (text.size() < digestSize ||
      text.take_front(digestSize) != getDigest(text.drop_front(digestSize)))
    return std::nullopt;
  return text.drop_front(digestSize).str();
}

void KernelCache::store(llvm::StringRef key, llvm::StringRef ptx) const {
  if (key.empty())
    return;
  llvm::SmallString<128> model(folder);
  llvm::sys::path::append(model, "new-%%%%%%%%");
  auto file = llvm::sys::fs::TempFile::create(model);
  if (!file) {
    llvm::consumeError(file.takeError());
    return;
  }
  bool written;
  {
    llvm::raw_fd_ostream os(file->FD, /*shouldClose=*/false);
    os << getDigest(ptx) << ptx;
    os.flush();
    written = !os.has_error();
    os.clear_error();
  }
  llvm::consumeError(written ? file->keep(getPath(key)) : file->discard());
}

void KernelCache::prune() const {
  if (folder.empty())
    return;
  llvm::CachePruningPolicy policy;
  policy.Interval = std::chrono::seconds(60);
  policy.MaxSizeBytes = maxBytes;
  policy.MaxSizePercentageOfAvailableSpace = 75;
  llvm::pruneCache(folder, policy);
}
