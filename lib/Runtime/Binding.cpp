//===- Binding.cpp - dims, memory, inputs and outputs of a call -----------===//

#include "SessionImpl.h"

#include <cstring>

using namespace raddle;

std::optional<int64_t> raddle::elementCount(std::span<const int64_t> shape) {
  int64_t count = 1;
  bool isEmpty = false;
  for (int64_t extent : shape) {
    if (extent < 0)
      return std::nullopt;
    isEmpty |= extent == 0;
  }
  if (isEmpty)
    return 0;
  for (int64_t extent : shape)
    if (__builtin_mul_overflow(count, extent, &count))
      return std::nullopt;
  return count;
}

namespace {

template <typename Dims, typename ToString>
std::string list(const Dims &dims, ToString &&toString) {
  std::string text = "[";
  for (size_t i = 0; i < dims.size(); ++i)
    text += (i == 0 ? "" : ", ") + toString(dims[i]);
  return text + "]";
}

std::string describeShape(std::span<const int64_t> shape) {
  return list(shape, [](int64_t extent) { return std::to_string(extent); });
}

std::string describePort(const host::Port &port) {
  return std::string(name(port.type)) +
         list(port.shape, [](const host::Expr &dim) { return dim.str(); });
}

/// Bytes of a dense tensor; nothing on overflow.
std::optional<int64_t> tensorBytes(DataType type,
                                   std::span<const int64_t> shape) {
  std::optional<int64_t> count = elementCount(shape);
  int64_t bytes = 0;
  if (!count || __builtin_mul_overflow(*count, int64_t(byteSize(type)), &bytes))
    return std::nullopt;
  return bytes;
}

/// Collects problems, one per line.
struct Problems {
  std::string text;
  void add(const std::string &problem) {
    text += (text.empty() ? "" : "\n") + problem;
  }
  Error take() { return text.empty() ? Error::success() : Error(text); }
};

} // namespace

std::string raddle::describe(DataType type, std::span<const int64_t> shape) {
  return std::string(name(type)) + describeShape(shape);
}

Error raddle::bindDims(const host::Program &program,
                       const Session::Inputs &inputs,
                       std::vector<int64_t> &slots) {
  Problems problems;
  // Where each dim got its value, for messages.
  std::vector<std::string> boundBy(program.symbols.size());
  auto symbolIndex = [&](const std::string &name) {
    size_t i = 0;
    while (program.symbols[i].name != name)
      ++i;
    return i;
  };

  for (const auto &[name, view] : inputs) {
    bool isKnown = false;
    for (const host::Port &port : program.inputs)
      isKnown |= port.name == name;
    if (!isKnown)
      problems.add("input '" + name + "': the model has no such input; found " +
                   describe(view.type, view.shape));
  }
  for (const host::Port &port : program.inputs) {
    std::string prefix =
        "input '" + port.name + "': expected " + describePort(port);
    auto it = inputs.find(port.name);
    if (it == inputs.end()) {
      problems.add(prefix + ", found none");
      continue;
    }
    const TensorView &view = it->second;
    std::string found = ", found " + describe(view.type, view.shape);
    std::optional<int64_t> bytes = tensorBytes(view.type, view.shape);
    if (view.type != port.type || view.shape.size() != port.shape.size() ||
        !bytes) {
      problems.add(prefix + found);
      continue;
    }
    if (*bytes > 0 && !view.data) {
      problems.add(prefix + ", found a null pointer");
      continue;
    }
    for (size_t d = 0; d < port.shape.size(); ++d) {
      const host::Expr &dim = port.shape[d];
      int64_t extent = view.shape[d];
      if (dim.isLiteral()) {
        if (dim.literal() != extent)
          problems.add(prefix + found + ": dim " + std::to_string(d) + " is " +
                       std::to_string(extent) + " instead of " +
                       std::to_string(dim.literal()));
        continue;
      }
      size_t symbol = symbolIndex(dim.symbol());
      std::string here =
          "dim " + std::to_string(d) + " of input '" + port.name + "'";
      if (boundBy[symbol].empty()) {
        slots[symbol] = extent;
        boundBy[symbol] = here;
      } else if (slots[symbol] != extent) {
        problems.add(prefix + found + ": '" + dim.symbol() + "' is " +
                     std::to_string(slots[symbol]) + " by " + boundBy[symbol] +
                     " and " + std::to_string(extent) + " here");
      }
    }
  }
  for (size_t i = 0; i < program.symbols.size(); ++i) {
    const host::Symbol &symbol = program.symbols[i];
    if (boundBy[i].empty())
      continue; // Its input is missing or wrong, which is reported.
    int64_t value = slots[i];
    std::string prefix = boundBy[i] + ": '" + symbol.name + "' is " +
                         std::to_string(value) + ", expected ";
    if (value < symbol.min || value > symbol.max)
      problems.add(prefix + "a value from " + std::to_string(symbol.min) +
                   " to " + std::to_string(symbol.max));
    else if (value % symbol.divisor != 0)
      problems.add(prefix + "a multiple of " + std::to_string(symbol.divisor));
  }
  return problems.take();
}

std::string Session::Impl::describe(const code::Assert &check) const {
  std::string found;
  for (const code::CompiledExpr &side : check.sides)
    if (Expected<int64_t> number = side.evaluate(slots))
      found += (found.empty() ? ", found " : " and ") + std::to_string(*number);
  return *check.message + found;
}

Error Session::Impl::checkConditions() const {
  Problems problems;
  for (const code::Assert &check : code.checks) {
    Expected<int64_t> value = check.condition.evaluate(slots);
    if (!value)
      return value.takeError();
    if (*value != 0)
      continue;
    problems.add(describe(check));
  }
  return problems.take();
}

std::map<uint32_t, const host::Port *> Session::Impl::getPorts() const {
  std::map<uint32_t, const host::Port *> ports;
  for (const host::Port &port : program.inputs)
    ports[port.buffer] = &port;
  for (const host::Port &port : program.outputs)
    ports[port.buffer] = &port;
  return ports;
}

Error Session::Impl::placeInputs(const Inputs &inputs,
                                 const OutputMemories &memories) {
  std::map<uint32_t, const host::Port *> ports = getPorts();
  for (uint32_t i = 0; i < program.buffers.size(); ++i)
    if (program.buffers[i].kind == host::BufferKind::Input)
      if (Error error = placeBuffer(i, inputs, memories, ports))
        return error.in("buffer '" + program.buffers[i].name + "'");
  return Error::success();
}

Error Session::Impl::placeBuffers(const Inputs &inputs,
                                  const OutputMemories &memories) {
  for (const auto &[name, memory] : memories) {
    bool isKnown = false;
    for (const host::Port &port : program.outputs)
      isKnown |= port.name == name;
    if (!isKnown)
      return Error("output '" + name + "': the model has no such output");
  }
  Expected<int64_t> arenaBytes = code.arenaBytes.evaluate(slots);
  if (!arenaBytes)
    return arenaBytes.error().in("arena");
  if (*arenaBytes < 0)
    return Error("arena: its size is " + std::to_string(*arenaBytes));
  stats.arenaBytes = *arenaBytes;
  // Allocations start on 256 bytes at least; a larger alignment takes a part
  // of the allocation.
  uint64_t align = program.arenaAlign, slack = align > 256 ? align : 0;
  if (Error error =
          arena.resize(gpu, *arenaBytes + slack, "the workspace arena"))
    return error;

  std::map<uint32_t, const host::Port *> ports = getPorts();
  for (uint32_t i = 0; i < program.buffers.size(); ++i)
    if (program.buffers[i].kind != host::BufferKind::Input)
      if (Error error = placeBuffer(i, inputs, memories, ports))
        return error.in("buffer '" + program.buffers[i].name + "'");
  return Error::success();
}

Error Session::Impl::placeBuffer(
    uint32_t index, const Inputs &inputs, const OutputMemories &memories,
    const std::map<uint32_t, const host::Port *> &ports) {
  const host::Buffer &buffer = program.buffers[index];
  if (buffer.kind == host::BufferKind::Pool)
    return Error::success(); // placed while the body runs
  Expected<int64_t> bytes = code.buffers[index].bytes.evaluate(slots);
  if (!bytes)
    return bytes.takeError();
  if (*bytes < 0)
    return Error("its size is " + std::to_string(*bytes));
  BufferRange &range = ranges[index];
  range.bytes = *bytes;
  range.isPlaced = true;
  range.isReadOnly = buffer.kind == host::BufferKind::Input ||
                     buffer.kind == host::BufferKind::Weight;

  switch (buffer.kind) {
  case host::BufferKind::Input: {
    const TensorView &view = inputs.at(ports.at(index)->name);
    int64_t given = *tensorBytes(view.type, view.shape);
    if (given < *bytes)
      return Error("the program uses " + std::to_string(*bytes) +
                   " bytes of an input of " + std::to_string(given));
    if (view.space == MemorySpace::Device) {
      range.address = reinterpret_cast<cuda::DevicePtr>(view.data);
      return Error::success();
    }
    if (Error error = memory[index].resize(gpu, given, "the input"))
      return error;
    range.address = memory[index].address();
    return Error::success();
  }
  case host::BufferKind::Output: {
    auto it = memories.find(ports.at(index)->name);
    if (it != memories.end() && it->second.capacity < uint64_t(*bytes))
      return Error("the output needs " + std::to_string(*bytes) +
                   " bytes, the memory given has " +
                   std::to_string(it->second.capacity));
    if (it != memories.end() && !it->second.data && *bytes > 0)
      return Error("the memory given is a null pointer");
    if (it != memories.end() && it->second.space == MemorySpace::Device) {
      range.address = reinterpret_cast<cuda::DevicePtr>(it->second.data);
      return Error::success();
    }
    if (Error error = memory[index].resize(gpu, *bytes, "the output"))
      return error;
    range.address = memory[index].address();
    return Error::success();
  }
  case host::BufferKind::Weight: {
    // Checked against its entry when the artifact was opened.
    range.address = model->impl().weights.at(buffer.entry).address() +
                    static_cast<cuda::DevicePtr>(buffer.offset.literal());
    return Error::success();
  }
  case host::BufferKind::Workspace: {
    Expected<int64_t> offset = code.buffers[index].offset.evaluate(slots);
    if (!offset)
      return offset.takeError();
    int64_t size = static_cast<int64_t>(stats.arenaBytes);
    if (*offset < 0 || *offset > size || *bytes > size - *offset)
      return Error(std::to_string(*bytes) + " bytes at offset " +
                   std::to_string(*offset) + " lie outside the arena of " +
                   std::to_string(size) + " bytes");
    if (options.isolateWorkspaces) {
      memory[index].release();
      if (Error error = memory[index].resize(gpu, *bytes, "the workspace"))
        return error;
      range.address = memory[index].address();
      return Error::success();
    }
    uint64_t align = program.arenaAlign;
    range.address = (arena.address() + align - 1) / align * align +
                    static_cast<cuda::DevicePtr>(*offset);
    return Error::success();
  }
  case host::BufferKind::State:
    return placeState(index, *bytes);
  case host::BufferKind::Pool:
    break;
  }
  return Error::success();
}

Error Session::Impl::placeState(uint32_t index, int64_t bytes) {
  DeviceMemory &state = memory[index];
  if (liveStates.count(index)) {
    if (state.size() != std::max<uint64_t>(bytes, 1))
      return Error("the state has " + std::to_string(state.size()) +
                   " bytes, this call needs " + std::to_string(bytes) +
                   "; reset the session's states first");
    ranges[index].address = state.address();
    return Error::success();
  }
  // Not kept from before a reset: its size is compared exactly.
  state.release();
  if (Error error = state.resize(gpu, bytes, "the state"))
    return error;
  if (Error error =
          gpu.check(gpu.driver->memsetD8Async(state.address(), 0, state.size(),
                                              stream.get()),
                    "cannot set the state to zero"))
    return error;
  liveStates.insert(index);
  ranges[index].address = state.address();
  return Error::success();
}

Error Session::Impl::uploadInputs(const Inputs &inputs) {
  for (const host::Port &port : program.inputs) {
    const TensorView &view = inputs.at(port.name);
    if (view.space == MemorySpace::Device)
      continue;
    if (Error error = transfer.upload(ranges[port.buffer].address, view.data,
                                      *tensorBytes(view.type, view.shape)))
      return error.in("input '" + port.name + "'");
  }
  // The kernels run on another stream.
  return transfer.finish();
}

Expected<Session::Outputs>
Session::Impl::collectOutputs(const OutputMemories &memories) {
  Outputs outputs;
  for (size_t i = 0; i < program.outputs.size(); ++i) {
    const host::Port &port = program.outputs[i];
    std::string context = "output '" + port.name + "'";
    Tensor &tensor = outputs[port.name];
    tensor.type = port.type;
    for (const host::CompiledExpr &dim : code.outputShapes[i]) {
      Expected<int64_t> extent = dim.evaluate(slots);
      if (!extent)
        return extent.error().in(context);
      tensor.shape.push_back(*extent);
    }
    std::optional<int64_t> bytes = tensorBytes(tensor.type, tensor.shape);
    const BufferRange &range = ranges[port.buffer];
    if (!range.isPlaced)
      return Error(context + ": its buffer has no memory");
    if (!bytes || *bytes > range.bytes)
      return Error(context + ": " +
                   raddle::describe(tensor.type, tensor.shape) +
                   " does not fit its buffer of " +
                   std::to_string(range.bytes) + " bytes");
    auto it = memories.find(port.name);
    bool isPool = program.buffers[port.buffer].kind == host::BufferKind::Pool;
    // The size of memory for it could not be judged before.
    if (it != memories.end() && isPool) {
      if (it->second.capacity < uint64_t(*bytes))
        return Error(context + ": it needs " + std::to_string(*bytes) +
                     " bytes, the memory given has " +
                     std::to_string(it->second.capacity));
      if (!it->second.data && *bytes > 0)
        return Error(context + ": the memory given is a null pointer");
    }
    if (it != memories.end() && it->second.space == MemorySpace::Device) {
      if (isPool && *bytes > 0) {
        auto to = reinterpret_cast<cuda::DevicePtr>(it->second.data);
        if (Error error =
                gpu.check(gpu.driver->memcpyDtoDAsync(to, range.address, *bytes,
                                                      stream.get()),
                          "cannot copy on the device"))
          return error.in(context);
        if (Error error = stream.synchronize("cannot copy on the device"))
          return error.in(context);
      }
      continue;
    }
    void *to = it != memories.end() ? it->second.data : nullptr;
    if (!to) {
      tensor.bytes.resize(*bytes);
      to = tensor.bytes.data();
    }
    if (Error error = transfer.download(to, range.address, *bytes))
      return error.in(context);
  }
  return outputs;
}
