//===- Formats.h - the two layers of an .npz file --------------*- C++ -*-===//

#ifndef RADDLE_LIB_RUNTIME_NPZ_FORMATS_H
#define RADDLE_LIB_RUNTIME_NPZ_FORMATS_H

#include "raddle/Artifact/ByteSink.h"
#include "raddle/Runtime/Tensor.h"
#include "raddle/Support/Error.h"

#include <map>
#include <string>

namespace raddle::npz {

/// The header of an .npy file for a tensor of this type and shape.
std::string npyHeader(DataType type, std::span<const int64_t> shape);

/// The tensor as it is written: bf16 becomes f32.
Tensor widened(const Tensor &tensor);

/// The files of a ZIP archive, unpacked.
Expected<std::map<std::string, std::vector<std::byte>>>
unpackZip(std::span<const std::byte> archive);

/// One file of an archive to be written: its bytes are `head`, then `body`.
struct ZipMember {
  std::string name;
  std::string head;
  std::span<const std::byte> body;
};
Error packZip(const std::vector<ZipMember> &members, ByteSink &sink);

} // namespace raddle::npz

#endif // RADDLE_LIB_RUNTIME_NPZ_FORMATS_H
