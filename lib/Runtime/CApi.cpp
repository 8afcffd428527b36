//===- CApi.cpp - running compiled models from C --------------------------===//

#include "raddle-c/Runtime.h"
#include "raddle/Runtime/Session.h"

#include <exception>

using namespace raddle;

struct RaddleDevice {
  std::shared_ptr<Device> device;
};

struct RaddleModel {
  std::shared_ptr<Model> model;
};

struct RaddleSession {
  std::unique_ptr<Session> session;
  std::shared_ptr<Model> model;
};

struct RaddleOutputs {
  std::shared_ptr<Model> model;
  /// In the order of the model's outputs, with the caller's memory where it
  /// gave one.
  std::vector<Tensor> tensors;
  std::vector<OutputMemory> memories;
};

static_assert(int(RADDLE_TYPE_F64) == int(DataType::F64) &&
              int(RADDLE_TYPE_F64) + 1 == int(kNumDataTypes));

namespace {

thread_local std::string lastError;

int fail(const std::string &message) {
  lastError = message;
  return 1;
}

/// Nothing is thrown across the border to C.
template <typename F> int guarded(F &&body) {
  lastError.clear();
  try {
    Error error = body();
    return error ? fail(error.message()) : 0;
  } catch (const std::exception &e) {
    return fail(e.what());
  }
}

/// Moves a value into a new object for C.
template <typename T> Error give(T value, T **result) {
  *result = new T(std::move(value));
  return Error::success();
}

const host::Port *port(const std::vector<host::Port> &ports, size_t index) {
  return index < ports.size() ? &ports[index] : nullptr;
}

const char *nameOf(const host::Port *port) {
  return port ? port->name.c_str() : nullptr;
}

RaddleType typeOf(const host::Port *port) {
  return port ? RaddleType(port->type) : RADDLE_TYPE_I1;
}

Expected<Session::Inputs> inputsOf(const RaddleTensor *tensors, size_t count) {
  Session::Inputs inputs;
  for (size_t i = 0; i < count; ++i) {
    const RaddleTensor &tensor = tensors[i];
    if (!tensor.name || (tensor.rank > 0 && !tensor.shape) ||
        unsigned(tensor.type) >= kNumDataTypes ||
        unsigned(tensor.memory) > unsigned(RADDLE_MEMORY_DEVICE))
      return Error("input number " + std::to_string(i) + " is malformed");
    TensorView view{DataType(tensor.type),
                    {tensor.shape, tensor.shape + tensor.rank},
                    tensor.data,
                    MemorySpace(tensor.memory)};
    if (!inputs.emplace(tensor.name, std::move(view)).second)
      return Error("input '" + std::string(tensor.name) + "' is given twice");
  }
  return inputs;
}

Expected<Session::OutputMemories> memoriesOf(const RaddleOutputMemory *memories,
                                             size_t count) {
  Session::OutputMemories result;
  for (size_t i = 0; i < count; ++i) {
    const RaddleOutputMemory &memory = memories[i];
    if (!memory.name ||
        unsigned(memory.memory) > unsigned(RADDLE_MEMORY_DEVICE))
      return Error("output memory number " + std::to_string(i) +
                   " is malformed");
    OutputMemory entry{memory.data, memory.capacity,
                       MemorySpace(memory.memory)};
    if (!result.emplace(memory.name, entry).second)
      return Error("output '" + std::string(memory.name) + "' is given twice");
  }
  return result;
}

} // namespace

int raddleApiVersion(void) { return RADDLE_C_API_VERSION; }

const char *raddleLastError(void) { return lastError.c_str(); }

int raddleDeviceOpen(RaddleDeviceKind kind, int ordinal,
                     RaddleDevice **device) {
  return guarded([&]() -> Error {
    if (unsigned(kind) > unsigned(RADDLE_DEVICE_CUDA))
      return Error("unknown kind of device " + std::to_string(int(kind)));
    DeviceOptions options;
    options.kind = DeviceKind(kind);
    options.ordinal = ordinal;
    Expected<std::shared_ptr<Device>> opened = Device::open(options);
    if (!opened)
      return opened.takeError();
    return give(RaddleDevice{*std::move(opened)}, device);
  });
}

void raddleDeviceDestroy(RaddleDevice *device) { delete device; }

const char *raddleDeviceName(const RaddleDevice *device) {
  return device->device->name().c_str();
}

int raddleDeviceIsVirtual(const RaddleDevice *device) {
  return device->device->isVirtual();
}

int raddleModelLoad(RaddleDevice *device, const char *path,
                    RaddleModel **model) {
  return guarded([&]() -> Error {
    Expected<std::shared_ptr<Model>> loaded = Model::load(path, device->device);
    if (!loaded)
      return loaded.takeError();
    return give(RaddleModel{*std::move(loaded)}, model);
  });
}

void raddleModelDestroy(RaddleModel *model) { delete model; }

size_t raddleModelNumInputs(const RaddleModel *model) {
  return model->model->program().inputs.size();
}

size_t raddleModelNumOutputs(const RaddleModel *model) {
  return model->model->program().outputs.size();
}

const char *raddleModelInputName(const RaddleModel *model, size_t index) {
  return nameOf(port(model->model->program().inputs, index));
}

RaddleType raddleModelInputType(const RaddleModel *model, size_t index) {
  return typeOf(port(model->model->program().inputs, index));
}

size_t raddleModelInputRank(const RaddleModel *model, size_t index) {
  const host::Port *input = port(model->model->program().inputs, index);
  return input ? input->shape.size() : 0;
}

int64_t raddleModelInputExtent(const RaddleModel *model, size_t index,
                               size_t dim, const char **symbol) {
  if (symbol)
    *symbol = nullptr;
  const host::Port *input = port(model->model->program().inputs, index);
  if (!input || dim >= input->shape.size())
    return 0;
  const host::Expr &extent = input->shape[dim];
  if (extent.isLiteral())
    return extent.literal();
  if (symbol)
    *symbol = extent.symbol().c_str();
  return -1;
}

const char *raddleModelOutputName(const RaddleModel *model, size_t index) {
  return nameOf(port(model->model->program().outputs, index));
}

RaddleType raddleModelOutputType(const RaddleModel *model, size_t index) {
  return typeOf(port(model->model->program().outputs, index));
}

int raddleSessionCreate(RaddleModel *model, RaddleSession **session) {
  return guarded([&]() -> Error {
    Expected<std::unique_ptr<Session>> created = Session::create(model->model);
    if (!created)
      return created.takeError();
    return give(RaddleSession{*std::move(created), model->model}, session);
  });
}

void raddleSessionDestroy(RaddleSession *session) { delete session; }

int raddleSessionRun(RaddleSession *session, const RaddleTensor *inputs,
                     size_t numInputs, const RaddleOutputMemory *memories,
                     size_t numMemories, RaddleOutputs **outputs) {
  return guarded([&]() -> Error {
    Expected<Session::Inputs> views = inputsOf(inputs, numInputs);
    if (!views)
      return views.takeError();
    Expected<Session::OutputMemories> places =
        memoriesOf(memories, numMemories);
    if (!places)
      return places.takeError();
    Expected<Session::Outputs> result = session->session->run(*views, *places);
    if (!result)
      return result.takeError();
    RaddleOutputs all{session->model, {}, {}};
    for (const host::Port &output : session->model->program().outputs) {
      all.tensors.push_back(std::move(result->at(output.name)));
      auto it = places->find(output.name);
      all.memories.push_back(it == places->end() ? OutputMemory() : it->second);
    }
    return give(std::move(all), outputs);
  });
}

void raddleSessionResetStates(RaddleSession *session) {
  session->session->resetStates();
}

uint64_t raddleSessionLaunches(const RaddleSession *session) {
  return session->session->stats().launches;
}

double raddleSessionSeconds(const RaddleSession *session) {
  return session->session->stats().seconds;
}

void raddleOutputsDestroy(RaddleOutputs *outputs) { delete outputs; }

size_t raddleOutputsSize(const RaddleOutputs *outputs) {
  return outputs->tensors.size();
}

int raddleOutputsGet(const RaddleOutputs *outputs, size_t index,
                     RaddleTensor *tensor) {
  if (index >= outputs->tensors.size())
    return fail("there is no output " + std::to_string(index));
  const Tensor &source = outputs->tensors[index];
  const OutputMemory &memory = outputs->memories[index];
  tensor->name = nameOf(&outputs->model->program().outputs[index]);
  tensor->type = RaddleType(source.type);
  tensor->memory = RaddleMemory(memory.space);
  tensor->rank = source.shape.size();
  tensor->shape = source.shape.data();
  tensor->data = memory.data ? memory.data : source.bytes.data();
  return 0;
}
