//===- Npz.h - NumPy files -------------------------------------*- C++ -*-===//
//
// Tensors as .npy and .npz files
// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
// Any bytes are safe to read: what is not understood is an error.
//
//===----------------------------------------------------------------------===//

#ifndef RADDLE_RUNTIME_NPZ_H
#define RADDLE_RUNTIME_NPZ_H

#include "raddle/Artifact/ByteSink.h"
#include "raddle/Runtime/Tensor.h"
#include "raddle/Support/Error.h"

#include <map>
#include <string>

namespace raddle {

/// Reads one array. Big-endian and Fortran-ordered arrays are converted; two
/// bytes without a type (`V2`, as the package ml_dtypes saves bfloat16) are
/// bf16.
Expected<Tensor> readNpy(const std::string &path);
Expected<Tensor> parseNpy(std::span<const std::byte> bytes);

/// Reads all arrays, stored or compressed, also of files over 4 GB.
Expected<std::map<std::string, Tensor>> readNpz(const std::string &path);
Expected<std::map<std::string, Tensor>>
parseNpz(std::span<const std::byte> bytes);

/// Writes arrays uncompressed, complete or not at all; equal arrays give equal
/// bytes. NumPy has no bfloat16: bf16 is widened to f32, which is exact.
Error writeNpz(const std::string &path,
               const std::map<std::string, Tensor> &tensors);
Error writeNpz(ByteSink &sink, const std::map<std::string, Tensor> &tensors);
Error writeNpy(const std::string &path, const Tensor &tensor);

} // namespace raddle

#endif // RADDLE_RUNTIME_NPZ_H
