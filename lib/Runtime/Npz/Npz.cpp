//===- Npz.cpp - arrays in files ------------------------------------------===//

#include "raddle/Runtime/Npz.h"
#include "Formats.h"
#include "raddle/Artifact/AtomicFile.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace raddle;

namespace {

Expected<std::vector<std::byte>> readAll(const std::string &path) {
  auto failure = [&](const char *why) {
    return Error("cannot read '" + path + "': " + why);
  };
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return failure(std::strerror(errno));
  struct stat info{};
  std::vector<std::byte> bytes;
  // Pipes have no size: read to the end whatever the size says.
  if (::fstat(fd, &info) == 0 && S_ISREG(info.st_mode))
    bytes.reserve(info.st_size);
  std::vector<std::byte> chunk(1 << 20);
  while (true) {
    ssize_t size = ::read(fd, chunk.data(), chunk.size());
    if (size < 0 && errno == EINTR)
      continue;
    if (size < 0) {
      int code = errno;
      ::close(fd);
      return failure(std::strerror(code));
    }
    if (size == 0)
      break;
    bytes.insert(bytes.end(), chunk.begin(), chunk.begin() + size);
  }
  ::close(fd);
  return bytes;
}

} // namespace

Expected<Tensor> raddle::readNpy(const std::string &path) {
  Expected<std::vector<std::byte>> bytes = readAll(path);
  if (!bytes)
    return bytes.takeError();
  Expected<Tensor> tensor = parseNpy(*bytes);
  if (!tensor)
    return tensor.error().in("'" + path + "'");
  return tensor;
}

Expected<std::map<std::string, Tensor>>
raddle::parseNpz(std::span<const std::byte> bytes) {
  auto files = npz::unpackZip(bytes);
  if (!files)
    return files.takeError();
  std::map<std::string, Tensor> tensors;
  for (const auto &[file, content] : *files) {
    Expected<Tensor> tensor = parseNpy(content);
    if (!tensor)
      return tensor.error().in("'" + file + "'");
    std::string name =
        file.ends_with(".npy") ? file.substr(0, file.size() - 4) : file;
    if (!tensors.emplace(name, *std::move(tensor)).second)
      return Error("the array '" + name + "' is there twice");
  }
  return tensors;
}

Expected<std::map<std::string, Tensor>>
raddle::readNpz(const std::string &path) {
  Expected<std::vector<std::byte>> bytes = readAll(path);
  if (!bytes)
    return bytes.takeError();
  auto tensors = parseNpz(*bytes);
  if (!tensors)
    return tensors.error().in("'" + path + "'");
  return tensors;
}

Error raddle::writeNpy(const std::string &path, const Tensor &tensor) {
  Tensor wide = npz::widened(tensor);
  std::string header = npz::npyHeader(wide.type, wide.shape);
  AtomicFile file;
  if (Error error = file.create(path))
    return error;
  if (Error error = file.write(header.data(), header.size()))
    return error;
  if (Error error = file.write(wide.bytes.data(), wide.bytes.size()))
    return error;
  return file.commit();
}

Error raddle::writeNpz(ByteSink &sink,
                       const std::map<std::string, Tensor> &tensors) {
  std::vector<Tensor> wide;
  std::vector<npz::ZipMember> members;
  wide.reserve(tensors.size());
  for (const auto &[name, tensor] : tensors) {
    // Only what has to change is copied.
    if (tensor.type == DataType::BF16)
      wide.push_back(npz::widened(tensor));
    const Tensor &written =
        tensor.type == DataType::BF16 ? wide.back() : tensor;
    members.push_back({name + ".npy",
                       npz::npyHeader(written.type, written.shape),
                       written.bytes});
  }
  return npz::packZip(members, sink);
}

Error raddle::writeNpz(const std::string &path,
                       const std::map<std::string, Tensor> &tensors) {
  AtomicFile file;
  if (Error error = file.create(path))
    return error;
  if (Error error = writeNpz(file, tensors))
    return error;
  return file.commit();
}
