//===- Interpreter.cpp - running a host program's statements --------------===//

#include "FaultContext.h"
#include "SessionImpl.h"

#include <algorithm>
#include <cstring>

using namespace raddle;

namespace {

/// A launch as people look for it: the kernel and the nodes that it computes.
std::string describeLaunch(const host::Kernel &kernel,
                           const host::Launch &launch) {
  std::string text = "kernel '" + kernel.name + "'";
  const std::vector<std::string> &nodes =
      launch.nodes.empty() ? kernel.nodes : launch.nodes;
  for (size_t i = 0; i < nodes.size(); ++i)
    text += (i == 0 ? " (nodes '" : ", '") + nodes[i] + "'";
  if (!nodes.empty())
    text += ")";
  if (!launch.loc.empty())
    text += " at " + launch.loc;
  return text;
}

/// The integer of type `type` at `data`; u64 beyond the range of i64 is none.
std::optional<int64_t> load(DataType type, const void *data) {
  auto as = [&](auto value) {
    std::memcpy(&value, data, sizeof(value));
    return value;
  };
  switch (type) {
  case DataType::I1:
    return as(uint8_t()) != 0;
  case DataType::I8:
    return as(int8_t());
  case DataType::U8:
    return as(uint8_t());
  case DataType::I16:
    return as(int16_t());
  case DataType::U16:
    return as(uint16_t());
  case DataType::I32:
    return as(int32_t());
  case DataType::U32:
    return as(uint32_t());
  case DataType::I64:
    return as(int64_t());
  case DataType::U64: {
    uint64_t value = as(uint64_t());
    if (value > uint64_t(INT64_MAX))
      return std::nullopt;
    return int64_t(value);
  }
  default:
    return std::nullopt;
  }
}

} // namespace

Error Session::Impl::countTurn() {
  if (options.maxStatements == 0 || stats.statements++ < options.maxStatements)
    return Error::success();
  return Error("the call has run " + std::to_string(options.maxStatements) +
               " statements of the host program, its limit; does a loop never "
               "end?");
}

Error Session::Impl::execute(const code::Block &block) {
  for (const code::Statement &statement : block) {
    if (Error error = countTurn())
      return error;
    if (Error error = std::visit([this](const auto &op) { return step(op); },
                                 statement.op))
      return error;
  }
  return Error::success();
}

Expected<bool> Session::Impl::isTrue(const host::CompiledExpr &condition) {
  Expected<int64_t> value = condition.evaluate(slots);
  if (!value)
    return value.takeError();
  return *value != 0;
}

Expected<cuda::DevicePtr>
Session::Impl::addressIn(uint32_t buffer, int64_t offset, int64_t bytes) const {
  const BufferRange &range = ranges[buffer];
  if (!range.isPlaced)
    return Error("the buffer '" + program.buffers[buffer].name +
                 "' has no memory here");
  if (offset < 0 || bytes < 0 || offset > range.bytes ||
      bytes > range.bytes - offset)
    return Error(std::to_string(bytes) + " bytes at offset " +
                 std::to_string(offset) + " lie outside the buffer '" +
                 program.buffers[buffer].name + "' of " +
                 std::to_string(range.bytes) + " bytes");
  return range.address + static_cast<cuda::DevicePtr>(offset);
}

std::string Session::Impl::nearestBuffer(uint64_t address) const {
  // Of buffers that share memory, the smallest says most.
  const BufferRange *nearest = nullptr;
  for (const BufferRange &range : ranges)
    if (range.address && range.address <= address &&
        (!nearest || range.address > nearest->address ||
         (range.address == nearest->address && range.bytes < nearest->bytes)))
      nearest = &range;
  if (!nearest)
    return {};
  const host::Buffer &buffer = program.buffers[nearest - ranges.data()];
  return "\n  the address is at offset " +
         std::to_string(address - nearest->address) +
         " from the start of the " + std::string(name(buffer.kind)) + " '" +
         buffer.name + "' of " + std::to_string(nearest->bytes) + " bytes";
}

Error Session::Impl::step(const code::Launch &op) {
  const host::Kernel &kernel = program.kernels[op.source->kernel];
  if (Error error = launch(op, kernel))
    return error.in(describeLaunch(kernel, *op.source));
  return Error::success();
}

Error Session::Impl::launch(const code::Launch &op,
                            const host::Kernel &kernel) {
  std::array<int64_t, 3> grid;
  bool isEmpty = false;
  for (unsigned i = 0; i < 3; ++i) {
    Expected<int64_t> extent = op.grid[i].evaluate(slots);
    if (!extent)
      return extent.takeError();
    grid[i] = *extent;
    isEmpty |= *extent == 0;
  }
  for (unsigned i = 0; i < 3; ++i)
    if (grid[i] < 0 || grid[i] > gpu.maxGrid[i])
      return Error("grid extent " + std::to_string(grid[i]) +
                   " is outside the device's range of 0 to " +
                   std::to_string(gpu.maxGrid[i]));

  // Arguments are judged even if nothing is launched: a wrong program should
  // not depend on the shape to be found out.
  union Value {
    cuda::DevicePtr ptr;
    int32_t i32;
    int64_t i64;
    float f32;
  };
  std::vector<Value> values(op.args.size());
  std::vector<void *> pointers(op.args.size());
  for (size_t i = 0; i < op.args.size(); ++i) {
    const code::Argument &arg = op.args[i];
    pointers[i] = &values[i];
    std::string place = "argument " + std::to_string(i);
    if (arg.kind == host::ParamKind::F32) {
      values[i].f32 = arg.f32;
      continue;
    }
    Expected<int64_t> value = arg.value.evaluate(slots);
    if (!value)
      return value.error().in(place);
    if (arg.kind == host::ParamKind::Ptr) {
      Expected<cuda::DevicePtr> address = addressIn(arg.buffer, *value, 0);
      if (!address)
        return address.error().in(place);
      values[i].ptr = *address;
    } else if (arg.kind == host::ParamKind::I64) {
      values[i].i64 = *value;
    } else if (*value < INT32_MIN || *value > INT32_MAX) {
      return Error(place + ": " + std::to_string(*value) +
                   " does not fit 'i32'");
    } else {
      values[i].i32 = static_cast<int32_t>(*value);
    }
  }
  if (isEmpty)
    return Error::success();
  order.begin(op.source->stream, &op);
  for (size_t i = 0; i < op.args.size(); ++i) {
    if (op.args[i].kind != host::ParamKind::Ptr)
      continue;
    const BufferRange &range = ranges[op.args[i].buffer];
    bool isKnown = kernel.writes.has_value();
    bool isWrite = isKnown
                       ? std::find(kernel.writes->begin(), kernel.writes->end(),
                                   i) != kernel.writes->end()
                       : !range.isReadOnly;
    if (isWrite && range.isReadOnly)
      return Error("argument " + std::to_string(i) +
                   ": the kernel writes the "
                   "buffer '" +
                   program.buffers[op.args[i].buffer].name +
                   "', which here names memory that must not be written");
    uint64_t offset = values[i].ptr - range.address;
    if (Error error = touch(op.args[i].buffer, values[i].ptr,
                            range.bytes - offset, isWrite))
      return error;
  }

  Expected<LoadedKernel> loaded = model->impl().kernel(op.source->kernel);
  if (!loaded)
    return loaded.takeError();
  const std::array<int64_t, 3> &block = loaded->block;
  if (onLaunch)
    onLaunch({&kernel, op.source, grid, block, loaded->shared});
  ++stats.launches;
  launchedKernels.insert(op.source->kernel);
  const DeviceStream &on = streamOf(op.source->stream);
  Error error = gpu.check(
      gpu.driver->launchKernel(loaded->function, grid[0], grid[1], grid[2],
                               block[0], block[1], block[2], loaded->shared,
                               on.get(), pointers.data(), nullptr),
      "the launch failed");
  // One stream of the virtual GPU has nothing to overlap with: wait, so that a
  // fault is reported with its launch. A profile counts launch by launch.
  if (!error && gpu.isVirtual && (program.streams == 1 || profile))
    error = stream.synchronize("the kernel failed");
  else
    underWay.push_back(&op);
  if (!error && profile)
    profile->add(model->device()->takeCounters(), model->artifact(),
                 model->target(), kernel.module, *op.source);
  return describeFault(std::move(error), kernel.module, *op.source);
}

Error Session::Impl::describeFault(Error error, const std::string &module,
                                   const host::Launch &launch) {
  if (!error || !gpu.driver->lastFaultJson)
    return error;
  std::string report = gpu.driver->lastFaultJson();
  std::string message =
      error.message() +
      faultContext(report, model->artifact(), model->target(), module, launch);
  if (std::optional<uint64_t> address = faultAddress(report))
    message += nearestBuffer(*address);
  return Error(message);
}

Error Session::Impl::touch(uint32_t buffer, cuda::DevicePtr address,
                           uint64_t bytes, bool isWrite) {
  std::optional<const void *> other =
      order.access(address, address + bytes, isWrite);
  if (!other)
    return Error::success();
  std::string what = "another statement";
  for (const code::Launch *launch : underWay)
    if (launch == *other)
      what = describeLaunch(program.kernels[launch->source->kernel],
                            *launch->source) +
             " on stream " + std::to_string(launch->source->stream);
  return Error(std::string(isWrite ? "writing" : "reading") + " the buffer '" +
               program.buffers[buffer].name + "' is not ordered after " + what +
               ", which uses the same memory; expected an event between them");
}

Error Session::Impl::createStreams() {
  while (moreStreams.size() + 1 < program.streams)
    if (Error error = moreStreams.emplace_back().create(gpu))
      return error;
  return Error::success();
}

Error Session::Impl::joinStreams() {
  if (program.streams == 1)
    return Error::success();
  order.join();
  for (uint32_t i = 1; i < program.streams; ++i) {
    if (Error error = joined.record(gpu, streamOf(i)))
      return error;
    if (Error error = joined.makeWait(stream))
      return error;
  }
  if (Error error = joined.record(gpu, stream))
    return error;
  for (uint32_t i = 1; i < program.streams; ++i)
    if (Error error = joined.makeWait(streamOf(i)))
      return error;
  return Error::success();
}

Error Session::Impl::finishStreams(const std::string &what) {
  Error first;
  for (uint32_t i = 0; i <= moreStreams.size(); ++i)
    if (Error error = streamOf(i).synchronize(what); error && !first)
      first = std::move(error);
  if (!first || !gpu.driver->lastFaultJson)
    return first;
  // Of the launches that may have run, those of the kernel that failed.
  std::string report = gpu.driver->lastFaultJson();
  std::set<std::string> names;
  std::string module;
  host::Launch source;
  for (const code::Launch *launch : underWay) {
    const host::Kernel &kernel = program.kernels[launch->source->kernel];
    if (report.find("\"" + kernel.name + "\"") == std::string::npos)
      continue;
    names.insert(describeLaunch(kernel, *launch->source));
    module = kernel.module;
    // Which node it was is only known when one launch can have done it.
    source = names.size() == 1 ? *launch->source : host::Launch();
  }
  std::string context;
  for (const std::string &name : names)
    context += (context.empty() ? "" : " or ") + name;
  first = describeFault(std::move(first), module, source);
  return context.empty() ? std::move(first) : first.in(context);
}

Error Session::Impl::step(const code::Let &op) {
  Expected<int64_t> value = op.value.evaluate(slots);
  if (!value)
    return value.takeError();
  slots[op.slot] = *value;
  return Error::success();
}

Error Session::Impl::step(const code::Read &op) { return read(op).in("read"); }

Error Session::Impl::read(const code::Read &op) {
  Expected<int64_t> offset = op.offset.evaluate(slots);
  if (!offset)
    return offset.takeError();
  unsigned size = byteSize(op.type);
  Expected<cuda::DevicePtr> address = addressIn(op.buffer, *offset, size);
  if (!address)
    return address.takeError();
  order.begin(0, &op);
  if (Error error = touch(op.buffer, *address, size, false))
    return error;
  if (Error error =
          gpu.check(gpu.driver->memcpyDtoHAsync(readBack.data(), *address, size,
                                                stream.get()),
                    "cannot read from the device"))
    return error;
  if (Error error = stream.synchronize("a kernel before it failed"))
    return error;
  std::optional<int64_t> value = load(op.type, readBack.data());
  if (!value)
    return Error("the value in buffer '" + program.buffers[op.buffer].name +
                 "' does not fit a host scalar");
  slots[op.slot] = *value;
  return Error::success();
}

Error Session::Impl::step(const code::If &op) {
  Expected<bool> condition = isTrue(op.condition);
  if (!condition)
    return condition.takeError();
  return execute(*condition ? op.thenBlock : op.elseBlock);
}

Error Session::Impl::step(const code::Loop &op) {
  Expected<int64_t> from = op.from.evaluate(slots);
  if (!from)
    return from.takeError();
  Expected<int64_t> to = op.to.evaluate(slots);
  if (!to)
    return to.takeError();
  Expected<int64_t> step = op.step.evaluate(slots);
  if (!step)
    return step.takeError();
  if (*step == 0)
    return Error("a loop has the step 0");
  int64_t counter = *from;
  while (*step > 0 ? counter < *to : counter > *to) {
    if (Error error = countTurn())
      return error;
    slots[op.counter] = counter;
    if (Error error = execute(op.body))
      return error;
    // A counter that would leave the range of i64 has passed the end.
    if (__builtin_add_overflow(counter, *step, &counter))
      break;
  }
  return Error::success();
}

Error Session::Impl::step(const code::While &op) {
  while (true) {
    if (Error error = execute(op.before))
      return error;
    Expected<bool> condition = isTrue(op.condition);
    if (!condition)
      return condition.takeError();
    if (!*condition)
      return Error::success();
    if (Error error = countTurn())
      return error;
    if (Error error = execute(op.body))
      return error;
  }
}

Error Session::Impl::step(const code::Copy &op) { return copy(op).in("copy"); }

Error Session::Impl::copy(const code::Copy &op) {
  Expected<int64_t> fromOffset = op.fromOffset.evaluate(slots);
  if (!fromOffset)
    return fromOffset.takeError();
  Expected<int64_t> toOffset = op.toOffset.evaluate(slots);
  if (!toOffset)
    return toOffset.takeError();
  Expected<int64_t> bytes = op.bytes.evaluate(slots);
  if (!bytes)
    return bytes.takeError();
  Expected<cuda::DevicePtr> from = addressIn(op.from, *fromOffset, *bytes);
  if (!from)
    return from.takeError();
  Expected<cuda::DevicePtr> to = addressIn(op.to, *toOffset, *bytes);
  if (!to)
    return to.takeError();
  if (*bytes == 0 || *from == *to)
    return Error::success();
  // Buffers of the arena may share memory, so compare addresses.
  auto size = static_cast<cuda::DevicePtr>(*bytes);
  if (*from < *to + size && *to < *from + size)
    return Error("the ranges in buffers '" + program.buffers[op.from].name +
                 "' and '" + program.buffers[op.to].name + "' overlap");
  order.begin(op.stream, &op);
  if (Error error = touch(op.from, *from, *bytes, false))
    return error;
  if (Error error = touch(op.to, *to, *bytes, true))
    return error;
  return gpu.check(gpu.driver->memcpyDtoDAsync(*to, *from, *bytes,
                                               streamOf(op.stream).get()),
                   "cannot copy on the device");
}

Error Session::Impl::step(const code::Fill &op) { return fill(op).in("fill"); }

Error Session::Impl::fill(const code::Fill &op) {
  Expected<int64_t> offset = op.offset.evaluate(slots);
  if (!offset)
    return offset.takeError();
  Expected<int64_t> bytes = op.bytes.evaluate(slots);
  if (!bytes)
    return bytes.takeError();
  Expected<cuda::DevicePtr> address = addressIn(op.buffer, *offset, *bytes);
  if (!address)
    return address.takeError();
  if (*bytes == 0)
    return Error::success();
  order.begin(op.stream, &op);
  if (Error error = touch(op.buffer, *address, *bytes, true))
    return error;
  return gpu.check(gpu.driver->memsetD8Async(*address, op.byte, *bytes,
                                             streamOf(op.stream).get()),
                   "cannot fill on the device");
}

Error Session::Impl::step(const code::Assert &op) {
  Expected<bool> condition = isTrue(op.condition);
  // What cannot be computed, say for overflow, does not hold.
  if (!condition)
    return Error(*op.message + " (" + condition.error().message() + ")");
  return *condition ? Error::success() : Error(describe(op));
}

Error Session::Impl::step(const code::Alloc &op) {
  std::string what = "the buffer '" + program.buffers[op.buffer].name + "'";
  Expected<int64_t> bytes = op.bytes.evaluate(slots);
  if (!bytes)
    return bytes.error().in(what);
  if (*bytes < 0)
    return Error("the size of " + what + " is " + std::to_string(*bytes));
  BufferRange &range = ranges[op.buffer];
  // First: its memory may serve again, in the order of a single stream.
  range = {};
  if (Error error = joinStreams())
    return error;
  Expected<std::shared_ptr<DeviceMemory>> memory =
      pool.allocate(gpu, *bytes, what);
  if (!memory)
    return memory.takeError();
  range = {(*memory)->address(), *bytes, true, false, *std::move(memory)};
  return Error::success();
}

Error Session::Impl::step(const code::Bind &op) {
  if (!ranges[op.to].isPlaced)
    return Error("the buffer '" + program.buffers[op.to].name +
                 "' has no memory here");
  if (op.buffer != op.to)
    ranges[op.buffer] = BufferRange(ranges[op.to]);
  return Error::success();
}

Error Session::Impl::step(const code::Free &op) {
  ranges[op.buffer] = {};
  return Error::success();
}

Error Session::Impl::step(const code::Record &op) {
  order.record(op.stream, op.event);
  return events[op.event].record(gpu, streamOf(op.stream));
}

Error Session::Impl::step(const code::Wait &op) {
  order.wait(op.stream, op.event);
  return events[op.event].makeWait(streamOf(op.stream));
}
