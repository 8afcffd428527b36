//===- raddle-run.cpp - runs a compiled model -----------------------------===//
//
//   raddle-run model.raddle --inputs in.npz --outputs out.npz
//
// Exit code 0: done, 1: error.
//
//===----------------------------------------------------------------------===//

#include "Report.h"
#include "raddle/Artifact/AtomicFile.h"
#include "raddle/Runtime/Npz.h"

#include <CLI/CLI.hpp>
#include <cstdio>

using namespace raddle;

namespace {

struct Options {
  std::string model, inputs, outputs, profile, device = "auto";
  std::vector<std::string> files;
  int ordinal = 0;
  unsigned repeat = 1;
  bool isolate = false;
  bool info = false, stats = false, listLaunches = false;
};

Error readInputs(const Options &options,
                 std::map<std::string, Tensor> &tensors) {
  if (!options.inputs.empty()) {
    auto read = readNpz(options.inputs);
    if (!read)
      return read.takeError();
    tensors = *std::move(read);
  }
  for (const std::string &option : options.files) {
    size_t equals = option.find('=');
    if (equals == 0 || equals == std::string::npos)
      return Error("--input: expected NAME=FILE.npy, found '" + option + "'");
    std::string name = option.substr(0, equals);
    Expected<Tensor> tensor = readNpy(option.substr(equals + 1));
    if (!tensor)
      return tensor.takeError();
    if (!tensors.emplace(name, *std::move(tensor)).second)
      return Error("input '" + name + "' is given twice");
  }
  return Error::success();
}

Error run(const Options &options) {
  Expected<Artifact> artifact = Artifact::open(options.model);
  if (!artifact)
    return artifact.takeError();
  if (options.info) {
    std::fputs(modelInfo(*artifact).c_str(), stdout);
    return Error::success();
  }
  std::map<std::string, Tensor> tensors;
  if (Error error = readInputs(options, tensors))
    return error;
  Session::Inputs inputs;
  for (const auto &[name, tensor] : tensors)
    inputs[name] = tensor.view();

  // Mistakes are found before anything is started on a device.
  AtomicFile file;
  if (!options.outputs.empty())
    if (Error error = file.create(options.outputs))
      return error;
  if (Error error = checkInputs(artifact->program(), inputs))
    return error;

  DeviceOptions deviceOptions;
  deviceOptions.kind = *parseDeviceKind(options.device);
  deviceOptions.ordinal = options.ordinal;
  Expected<std::shared_ptr<Device>> device = Device::open(deviceOptions);
  if (!device)
    return device.takeError();
  if (deviceOptions.kind == DeviceKind::Auto && (*device)->isVirtual())
    std::fprintf(stderr, "raddle-run: running on the virtual GPU '%s' (%s)\n",
                 (*device)->name().c_str(),
                 (*device)->fallbackReason().c_str());
  Expected<std::shared_ptr<Model>> model =
      Model::load(*std::move(artifact), *device);
  if (!model)
    return model.takeError();
  SessionOptions sessionOptions;
  sessionOptions.isolateWorkspaces = options.isolate;
  sessionOptions.profile = !options.profile.empty();
  Expected<std::unique_ptr<Session>> session =
      Session::create(*model, sessionOptions);
  if (!session)
    return session.takeError();

  uint64_t launches = 0;
  if (options.listLaunches)
    (*session)->setOnLaunch([&](const LaunchInfo &launch) {
      std::puts(launchLine(launches++, launch).c_str());
    });
  std::vector<double> seconds;
  Session::Outputs outputs;
  for (unsigned i = 0; i < options.repeat; ++i) {
    // Every repetition does the same work.
    (*session)->resetStates();
    Expected<Session::Outputs> result = (*session)->run(inputs);
    if (!result)
      return result.takeError();
    outputs = *std::move(result);
    seconds.push_back((*session)->stats().seconds);
    (*session)->setOnLaunch(nullptr);
  }
  if (options.outputs.empty()) {
    for (const auto &[name, tensor] : outputs)
      std::puts(outputLine(name, tensor).c_str());
  } else {
    if (Error error = writeNpz(file, outputs))
      return error;
    if (Error error = file.commit())
      return error;
  }
  if (!options.profile.empty()) {
    std::string text = profileText((*session)->profile());
    AtomicFile profile;
    if (Error error = profile.create(options.profile))
      return error;
    if (Error error = profile.write(text.data(), text.size()))
      return error;
    if (Error error = profile.commit())
      return error;
  }
  if (options.stats)
    std::puts(statsLine((*session)->stats(), **model, seconds).c_str());
  return Error::success();
}

} // namespace

int main(int argc, char **argv) {
  Options options;
  CLI::App app("Runs a model that raddle-compile has compiled.", "raddle-run");
  app.add_option("model", options.model, "the compiled model (model.raddle)")
      ->required();
  app.add_option("--inputs", options.inputs,
                 "the inputs by name, as an .npz file");
  app.add_option("--input", options.files,
                 "one input as NAME=FILE.npy; may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--outputs", options.outputs,
                 "writes the outputs by name to an .npz file (bf16 as f32); "
                 "without it a summary is printed");
  app.add_option("--device", options.device,
                 "auto (a GPU, else the virtual one), vgpu or cuda")
      ->check(CLI::IsMember({"auto", "vgpu", "cuda"}))
      ->capture_default_str();
  app.add_option("--device-index", options.ordinal,
                 "which of the driver's devices")
      ->capture_default_str();
  app.add_option("--repeat", options.repeat, "number of runs")
      ->check(CLI::Range(1u, 1000000000u))
      ->capture_default_str();
  app.add_flag(
      "--isolate-workspaces", options.isolate,
      "gives each workspace memory of its own, so that the virtual GPU "
      "finds accesses beyond it; for models whose workspaces are not "
      "meant to share memory");
  app.add_flag("--info", options.info,
               "prints names, types, shapes, dims, memory and kernels of the "
               "model, and does not run it");
  app.add_flag("--stats", options.stats,
               "prints one line of JSON at the end: launches, kernels, "
               "seconds (of the fastest run), device");
  app.add_option(
      "--profile", options.profile,
      "writes what the virtual GPU counted, per line of the kernels' "
      "tile text and node of the graph, to a file .json");
  app.add_flag("--list-launches", options.listLaunches,
               "prints every launch of the first run with its grid, block, "
               "shared memory and graph nodes");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : 1;
  }
  try {
    if (Error error = run(options)) {
      std::fprintf(stderr, "raddle-run: error: %s\n", error.message().c_str());
      return 1;
    }
  } catch (const std::bad_alloc &) {
    std::fprintf(stderr, "raddle-run: error: out of memory\n");
    return 1;
  }
  // A full disk behind stdout must not look like success.
  if (std::fflush(stdout) != 0 || std::ferror(stdout)) {
    std::fprintf(stderr, "raddle-run: error: cannot write to stdout\n");
    return 1;
  }
  return 0;
}
