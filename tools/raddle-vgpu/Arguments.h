//===- Arguments.h - Kernel arguments from the command line -----*- C++ -*-===//

#ifndef RADDLE_TOOLS_RADDLE_VGPU_ARGUMENTS_H
#define RADDLE_TOOLS_RADDLE_VGPU_ARGUMENTS_H

#include "Device/Device.h"
#include "raddle/Runtime/Tensor.h"
#include "raddle/Support/Error.h"

#include <string>
#include <vector>

namespace raddle::vgpu {

/// One `--arg`:
///   in:TYPE:FILE           a buffer with the array of a .npy file
///   inout:TYPE:FILE:OUT    the same, written to OUT afterwards
///   out:TYPE:COUNT:FILE    an undefined buffer, written to FILE afterwards
///   TYPE:VALUE             a scalar
///   ptr:N+BYTES            an address in the buffer of argument N
///   bytes:HEX, bytes:@FILE a structure by value
struct Argument {
  enum class Kind { In, InOut, Out, Scalar, Pointer, Bytes };
  Kind kind = Kind::Scalar;
  DataType type = DataType::I32;
  std::string input, output;
  uint64_t count = 0;
  size_t base = 0;            // Pointer: argument N
  uint64_t offset = 0;        // Pointer
  std::vector<uint8_t> value; // Scalar, Bytes
  std::vector<int64_t> shape;
  uint64_t address = 0, bytes = 0;
};

Expected<Argument> parseArgument(const std::string &text);

/// Allocates and fills the buffers on `device`, and lays the parameters out
/// for `kernel`.
Error bindArguments(std::vector<Argument> &arguments, const Kernel &kernel,
                    Device &device, std::vector<uint8_t> &params);

/// Writes the buffers that have an output file.
Error writeOutputs(const std::vector<Argument> &arguments, Device &device);

} // namespace raddle::vgpu

#endif
