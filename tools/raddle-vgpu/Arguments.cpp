//===- Arguments.cpp - Kernel arguments from the command line -------------===//

#include "Arguments.h"

#include "raddle/Runtime/Npz.h"

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

using namespace raddle;
using namespace raddle::vgpu;

/// TYPE of an argument: NumPy has no bf16 and no fp8, so their bits travel as
/// unsigned integers.
static bool parseType(const std::string &name, DataType &type) {
  static constexpr struct {
    const char *name;
    DataType type;
  } kTypes[] = {
      {"u8", DataType::U8},    {"s8", DataType::I8},   {"i8", DataType::I8},
      {"u16", DataType::U16},  {"s16", DataType::I16}, {"i16", DataType::I16},
      {"u32", DataType::U32},  {"s32", DataType::I32}, {"i32", DataType::I32},
      {"u64", DataType::U64},  {"s64", DataType::I64}, {"i64", DataType::I64},
      {"f16", DataType::F16},  {"f32", DataType::F32}, {"f64", DataType::F64},
      {"bf16", DataType::U16}, {"e4m3", DataType::U8}, {"e5m2", DataType::U8},
  };
  for (const auto &entry : kTypes)
    if (name == entry.name) {
      type = entry.type;
      return true;
    }
  return false;
}

static bool parseUnsigned(const std::string &text, uint64_t &value) {
  const char *end = text.data() + text.size();
  auto r = std::from_chars(text.data(), end, value);
  return r.ec == std::errc() && r.ptr == end;
}

static Error parseScalar(const std::string &name, DataType type,
                         const std::string &text, Argument &argument) {
  auto bad = [&] {
    return Error("malformed value '" + text + "' of type '" + name + "'");
  };
  const unsigned bytes = byteSize(type);
  uint64_t bits = 0;
  char *end = nullptr;
  if (type == DataType::F16 || type == DataType::F32 || type == DataType::F64 ||
      name == "bf16") {
    double number = std::strtod(text.c_str(), &end);
    if (text.empty() || *end)
      return bad();
    auto narrow = static_cast<float>(number);
    if (type == DataType::F64) {
      std::memcpy(&bits, &number, 8);
    } else if (type == DataType::F32) {
      std::memcpy(&bits, &narrow, 4);
    } else if (name == "bf16") {
      uint32_t u;
      std::memcpy(&u, &narrow, 4);
      bits = number != number ? 0x7fff : (u + 0x7fff + (u >> 16 & 1)) >> 16;
    } else {
      auto half = static_cast<_Float16>(number);
      std::memcpy(&bits, &half, 2);
    }
  } else {
    errno = 0;
    const bool negative = !text.empty() && text[0] == '-';
    bits = negative ? static_cast<uint64_t>(std::strtoll(text.c_str(), &end, 0))
                    : std::strtoull(text.c_str(), &end, 0);
    if (text.empty() || *end || errno)
      return bad();
    if (bytes < 8) {
      auto number = static_cast<int64_t>(bits);
      int64_t most = (int64_t(1) << (8 * bytes)) - 1;
      if (number > most || number < -(most / 2 + 1))
        return Error("value '" + text + "' does not fit '" + name + "'");
    }
  }
  argument.value.resize(bytes);
  std::memcpy(argument.value.data(), &bits, bytes);
  return Error::success();
}

static Error parseBytes(const std::string &text, Argument &argument) {
  if (!text.empty() && text[0] == '@') {
    std::ifstream in(text.substr(1), std::ios::binary);
    if (!in)
      return Error("cannot open '" + text.substr(1) + "'");
    argument.value.assign(std::istreambuf_iterator<char>(in), {});
    return Error::success();
  }
  if (text.size() % 2)
    return Error("odd number of digits in 'bytes:" + text + "'");
  for (size_t i = 0; i < text.size(); i += 2) {
    unsigned byte;
    auto r = std::from_chars(text.data() + i, text.data() + i + 2, byte, 16);
    if (r.ptr != text.data() + i + 2)
      return Error("malformed digits in 'bytes:" + text + "'");
    argument.value.push_back(static_cast<uint8_t>(byte));
  }
  return Error::success();
}

Expected<Argument> raddle::vgpu::parseArgument(const std::string &text) {
  auto bad = [&](const std::string &why) {
    return Error("argument '" + text + "': " + why);
  };
  std::vector<std::string> parts;
  for (size_t at = 0; at <= text.size();) {
    size_t end = std::min(text.find(':', at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  Argument a;
  const std::string &kind = parts[0];
  auto rest = [&](size_t i) { // file names may have colons
    std::string joined = parts[i];
    while (++i < parts.size())
      joined += ":" + parts[i];
    return joined;
  };
  if (kind == "in" || kind == "inout" || kind == "out") {
    const size_t least = kind == "in" ? 3 : 4;
    if (parts.size() < least)
      return bad(kind == "in"      ? "expected 'in:TYPE:FILE'"
                 : kind == "inout" ? "expected 'inout:TYPE:FILE:OUT'"
                                   : "expected 'out:TYPE:COUNT:FILE'");
    if (!parseType(parts[1], a.type))
      return bad("unknown type '" + parts[1] + "'");
    a.kind = kind == "in"      ? Argument::Kind::In
             : kind == "inout" ? Argument::Kind::InOut
                               : Argument::Kind::Out;
    if (kind == "in") {
      a.input = rest(2);
    } else if (kind == "inout") {
      a.input = parts[2];
      a.output = rest(3);
    } else {
      if (!parseUnsigned(parts[2], a.count) || a.count == 0 ||
          a.count > (uint64_t(1) << 40))
        return bad("malformed count '" + parts[2] + "'");
      a.output = rest(3);
    }
    return a;
  }
  if (parts.size() != 2)
    return bad("expected 'in:', 'inout:', 'out:', 'ptr:', 'bytes:' or "
               "'TYPE:VALUE'");
  if (kind == "ptr") {
    a.kind = Argument::Kind::Pointer;
    size_t plus = parts[1].find('+');
    uint64_t base = 0;
    if (!parseUnsigned(parts[1].substr(0, plus), base) ||
        (plus != std::string::npos &&
         !parseUnsigned(parts[1].substr(plus + 1), a.offset)))
      return bad("expected 'ptr:N+BYTES'");
    a.base = base;
    return a;
  }
  if (kind == "bytes") {
    a.kind = Argument::Kind::Bytes;
    if (Error e = parseBytes(parts[1], a))
      return bad(e.message());
    return a;
  }
  if (!parseType(kind, a.type))
    return bad("unknown type '" + kind + "'");
  if (Error e = parseScalar(kind, a.type, parts[1], a))
    return bad(e.message());
  return a;
}

Error raddle::vgpu::bindArguments(std::vector<Argument> &arguments,
                                  const Kernel &kernel, Device &device,
                                  std::vector<uint8_t> &params) {
  if (arguments.size() != kernel.params.size())
    return Error("kernel '" + kernel.name + "' has " +
                 std::to_string(kernel.params.size()) + " parameters, " +
                 std::to_string(arguments.size()) + " arguments given");
  params.assign(kernel.paramBytes, 0);
  for (size_t i = 0; i < arguments.size(); ++i) {
    Argument &a = arguments[i];
    const ParamPlace &place = kernel.params[i];
    const std::string who = "argument " + std::to_string(i);
    const void *value = &a.address;
    size_t bytes = 8;
    switch (a.kind) {
    case Argument::Kind::In:
    case Argument::Kind::InOut: {
      Expected<Tensor> tensor = readNpy(a.input);
      if (!tensor)
        return tensor.takeError().in(who);
      // Bytes of the same width are taken as they are (bf16, fp8).
      if (byteSize(tensor->type) != byteSize(a.type))
        return Error(who + ": '" + a.input + "' has elements of type '" +
                     std::string(name(tensor->type)) + "', expected '" +
                     std::string(name(a.type)) + "'");
      a.type = tensor->type;
      a.shape = tensor->shape;
      a.bytes = tensor->bytes.size();
      a.address = device.memory.allocate(std::max<uint64_t>(a.bytes, 1));
      if (!a.address)
        return Error(who + ": not enough device memory");
      std::memcpy(reinterpret_cast<void *>(a.address), tensor->bytes.data(),
                  a.bytes);
      device.memory.setState(a.address, a.bytes, kDefined);
      break;
    }
    case Argument::Kind::Out:
      a.bytes = a.count * byteSize(a.type);
      a.shape = {static_cast<int64_t>(a.count)};
      a.address = device.memory.allocate(a.bytes);
      if (!a.address)
        return Error(who + ": not enough device memory");
      break;
    case Argument::Kind::Pointer:
      if (a.base >= i || !arguments[a.base].address)
        return Error(who + ": argument " + std::to_string(a.base) +
                     " is no buffer before it");
      a.address = arguments[a.base].address + a.offset;
      break;
    case Argument::Kind::Scalar:
    case Argument::Kind::Bytes:
      value = a.value.data();
      bytes = a.value.size();
      break;
    }
    if (bytes != place.bytes)
      return Error(who + " has " + std::to_string(bytes) +
                   " bytes, the kernel expects " + std::to_string(place.bytes));
    std::memcpy(params.data() + place.offset, value, bytes);
    if (a.kind == Argument::Kind::Pointer)
      a.address = 0; // not a buffer of its own
  }
  return Error::success();
}

Error raddle::vgpu::writeOutputs(const std::vector<Argument> &arguments,
                                 Device &device) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Argument &a = arguments[i];
    if (a.output.empty())
      continue;
    const Allocation *allocation = device.memory.find(a.address);
    if (allocation && allocation->state)
      for (uint64_t b = 0; b < a.bytes; ++b)
        if (allocation->state[b] == kUndefined)
          return Error("fault: uninitialized: element " +
                       std::to_string(b / byteSize(a.type)) + " of argument " +
                       std::to_string(i) + " was computed from undefined data");
    Tensor tensor;
    tensor.type = a.type;
    tensor.shape = a.shape;
    tensor.bytes.resize(a.bytes);
    std::memcpy(tensor.bytes.data(), reinterpret_cast<const void *>(a.address),
                a.bytes);
    if (Error e = writeNpy(a.output, tensor))
      return e.in("argument " + std::to_string(i));
  }
  return Error::success();
}
