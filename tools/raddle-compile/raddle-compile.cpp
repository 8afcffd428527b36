//===- raddle-compile.cpp - From a model file to an artifact --------------===//

#include "VerifyPhases.h"
#include "dialects/Register.h"
#include "mlir/IR/AsmState.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "raddle/Artifact/AtomicFile.h"
#include "raddle/Import/Onnx.h"
#include "raddle/Pipelines/Phases.h"
#include "raddle/Pipelines/Tuning.h"
#include "raddle/Target/Ptx.h"
#include "raddle/Target/Ptxas.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/ThreadPool.h"
#include <chrono>

using namespace mlir;
using namespace raddle;
namespace cl = llvm::cl;

namespace {
cl::OptionCategory category("raddle-compile options");
cl::opt<std::string> input(cl::Positional, cl::Required,
                           cl::desc("<model.onnx|graph.mlir>"),
                           cl::cat(category));
cl::opt<std::string> output("o",
                            cl::desc("output file ('-' is stdout for text)"),
                            cl::value_desc("file"), cl::cat(category));
cl::opt<std::string> targets("target",
                             cl::desc("comma-separated targets: sm_80, sm_86, "
                                      "sm_89, sm_90 (default sm_80)"),
                             cl::init("sm_80"), cl::cat(category));
cl::opt<std::string> emit(
    "emit",
    cl::desc(
        "artifact (default), ptx, or cubin (-o names a folder; needs ptxas)"),
    cl::init("artifact"), cl::cat(category));
cl::opt<std::string> compileTo("compile-to",
                               cl::desc("print the IR after this phase"),
                               cl::value_desc("phase"), cl::cat(category));
cl::opt<std::string> compileFrom("compile-from",
                                 cl::desc("the phase that the given .mlir text "
                                          "comes from (default import)"),
                                 cl::value_desc("phase"), cl::cat(category));
cl::opt<std::string> dumpDir("dump-dir",
                             cl::desc("write a numbered file per phase here"),
                             cl::value_desc("folder"), cl::cat(category));
cl::opt<unsigned>
    optimize("O", cl::Prefix, cl::init(2),
             cl::desc("0 no fusion, 1 rules, 2 modelled costs (default), 3 "
                      "candidates measured on the virtual GPU"),
             cl::cat(category));
cl::opt<std::string>
    policy("policy",
           cl::desc("who chooses the parameters of kernels: rules, table, file "
                    "or measured (default: as -O says)"),
           cl::cat(category));
cl::opt<std::string> parameters("parameters",
                                cl::desc("JSON file of policy file"),
                                cl::value_desc("file"), cl::cat(category));
cl::opt<bool> variants("variants",
                       cl::desc("variants of kernels for some sizes (default "
                                "on)"),
                       cl::init(true), cl::cat(category));
cl::opt<std::string>
    enumerate("tile-enumerate", cl::ValueOptional,
              cl::desc("print the parameter space of every kernel (text or "
                       "json), and stop"),
              cl::value_desc("format"), cl::cat(category));
cl::opt<std::string>
    recordFile("record",
               cl::desc("compile and run candidates of every kernel and append "
                        "a row of JSON for each; without -o, stop then"),
               cl::value_desc("file.jsonl"), cl::cat(category));
cl::opt<unsigned> recordLimit("record-limit",
                              cl::desc("candidates per kernel that --record "
                                       "takes, evenly spread (default 0: all)"),
                              cl::init(0), cl::cat(category));
cl::opt<std::string>
    sizes("sizes",
          cl::desc("named dims at which --record and policy measured run "
                   "kernels: batch=1,length=128 (others: 64); --record takes "
                   "several, divided by ';'"),
          cl::cat(category));
cl::opt<unsigned> measureLimit("measure-limit",
                               cl::desc("candidates per kernel that policy "
                                        "measured runs (default 8)"),
                               cl::init(8), cl::cat(category));
cl::opt<std::string> compute("compute",
                             cl::desc("arithmetic of f32 products: tf32x3 "
                                      "(default), f32, tf32, f16, bf16"),
                             cl::init("tf32x3"), cl::cat(category));
cl::opt<unsigned> streams(
    "streams", cl::init(1), cl::cat(category),
    cl::desc("streams that independent launches run on, 1 to 64; more than one "
             "helps where single launches leave a part of the GPU idle, and "
             "costs workspace"));
cl::opt<bool> epilogueNorm("fuse-epilogue-norm",
                           cl::desc("also put residual and norm into the "
                                    "epilogue of products"),
                           cl::cat(category));
cl::opt<std::string>
    dataLayout("data-layout",
               cl::desc("order of dims around convolutions: cost (default), "
                        "last (channels last), keep (as in the model)"),
               cl::init("cost"), cl::cat(category));
cl::opt<bool> reportOps("report-ops",
                        cl::desc("print the operators of the model and every "
                                 "one that is not supported, and stop"),
                        cl::cat(category));
cl::opt<bool> verifyEachPhase(
    "verify-each-phase",
    cl::desc("run the model after every phase, on the host or the virtual GPU, "
             "and compare its outputs with the imported model's"),
    cl::cat(category));
cl::opt<std::string>
    verifyInputs("verify-inputs",
                 cl::desc("the inputs for --verify-each-phase (default: seeded "
                          "numbers, integers 0 and 1)"),
                 cl::value_desc("file.npz"), cl::cat(category));
cl::list<std::string>
    insertPasses("insert-passes",
                 cl::desc("run a pass pipeline at the end of a phase, as in "
                          "'fuse:func.func(my-pass)'"),
                 cl::value_desc("phase:pipeline"), cl::cat(category));
cl::opt<bool> timing("timing", cl::desc("print the time of every phase"),
                     cl::cat(category));
cl::opt<std::string> report("report",
                            cl::desc("write a report of the kernels: JSON to a "
                                     "file .json, a table to any other ('-' is "
                                     "stdout)"),
                            cl::value_desc("file"), cl::cat(category));
cl::opt<std::string>
    cacheDir("cache-dir",
             cl::desc("folder of kernels made before (default: "
                      "$RADDLE_CACHE_DIR or the user's cache folder; 'none' "
                      "switches it off)"),
             cl::value_desc("folder"), cl::cat(category));
cl::opt<unsigned> cacheLimit("cache-limit",
                             cl::desc("size of the cache folder in MiB "
                                      "(default 512)"),
                             cl::init(512), cl::cat(category));
cl::opt<unsigned> jobs("j", cl::Prefix, cl::init(0),
                       cl::desc("number of threads (default: all)"),
                       cl::cat(category));
} // namespace

/// Whether the space of parameters is asked for instead of a model.
static bool enumerates() { return enumerate.getNumOccurrences() > 0; }

static LogicalResult fail(const llvm::Twine &message) {
  llvm::errs() << "raddle-compile: error: " << message << '\n';
  return failure();
}

static LogicalResult
writeText(const std::string &path,
          llvm::function_ref<void(llvm::raw_ostream &)> fn) {
  if (path.empty() || path == "-") {
    llvm::raw_fd_ostream &out = llvm::outs();
    fn(out);
    out.flush();
    if (!out.has_error())
      return success();
    std::string why = out.error().message();
    out.clear_error();
    return fail("cannot write to stdout: " + why);
  }
  std::string text;
  llvm::raw_string_ostream os(text);
  fn(os);
  AtomicFile file;
  Error error = file.create(path);
  if (!error)
    error = file.write(text.data(), text.size());
  if (!error)
    error = file.commit();
  if (error)
    return fail(error.message());
  return success();
}

/// Writes `<folder>/<kernel>.<target>.cubin` for every kernel and target.
static LogicalResult emitCubins(ModuleOp module,
                                const CompileOptions &options) {
  if (output.empty())
    return fail("expected -o <folder> for cubins");
  auto ptxas = target::findPtxas();
  if (!ptxas)
    return fail("--emit=cubin needs ptxas: install the CUDA toolkit or set "
                "RADDLE_PTXAS to its path");
  if (auto error = llvm::sys::fs::create_directories(output))
    return fail("cannot create '" + output + "': " + error.message());
  for (const std::string &name : options.targets) {
    auto kernels = emitKernels(module, name, options.cache);
    if (failed(kernels))
      return failure();
    for (auto &[kernel, text] : *kernels) {
      std::string error;
      auto assembled = target::assemblePtx(*ptxas, text, name, error);
      if (!assembled)
        return fail("ptxas refuses kernel '" + kernel + "': " + error);
      llvm::SmallString<128> path(output);
      llvm::sys::path::append(path, kernel + "." + name + ".cubin");
      if (failed(writeText(path.str().str(), [&](llvm::raw_ostream &os) {
            os << assembled->cubin;
          })))
        return failure();
    }
  }
  return success();
}

/// What the command line asks for. Every mistake in it is reported.
struct Request {
  CompileOptions options;
  Phase first = Phase::Import, last = Phase::PTX;
};

static FailureOr<Request> readOptions() {
  Request request;
  CompileOptions &options = request.options;
  bool ok = true;
  auto require = [&](bool condition, const llvm::Twine &message) {
    if (!condition)
      ok = succeeded(fail(message));
    return condition;
  };
  options.targets.clear();
  SmallVector<llvm::StringRef> names;
  llvm::StringRef(targets).split(names, ',', -1, false);
  for (llvm::StringRef name : names)
    if (require(target::isTargetName(name),
                "unknown target '" + name + "': expected " +
                    llvm::join(target::getTargetNames(), ", ")) &&
        !llvm::is_contained(options.targets, name.str()))
      options.targets.push_back(name.str());
  require(!names.empty(), "expected at least one target");
  require(optimize <= 3, "expected an optimization level from 0 to 3, found " +
                             llvm::Twine(optimize.getValue()));
  options.optimize = optimize;
  const llvm::SmallVector<llvm::StringRef> modes = {"tf32x3", "f32", "tf32",
                                                    "f16", "bf16"};
  require(llvm::is_contained(modes, llvm::StringRef(compute)),
          "unknown mode '" + compute + "' of --compute: expected " +
              llvm::join(modes, ", "));
  options.compute = compute;
  options.epilogueNorm = epilogueNorm;
  options.dataLayout = dataLayout;
  options.policy = policy;
  options.parameters = parameters;
  options.variants = variants;
  options.sizes = sizes;
  options.measureLimit = measureLimit;
  require(policy.empty() || policy == "file" || parameters.empty(),
          "--parameters is for --policy=file, found --policy=" + policy);
  require(!enumerates() || enumerate.empty() || enumerate == "text" ||
              enumerate == "json",
          "unknown format '" + enumerate +
              "' of --tile-enumerate: expected text, json");
  require(streams >= 1 && streams <= 64,
          "expected 1 to 64 streams, found " + llvm::Twine(streams.getValue()));
  options.streams = streams;
  if (cacheDir != "none")
    options.cache = KernelCache(
        cacheDir.empty() ? KernelCache::getDefaultFolder() : cacheDir,
        uint64_t(cacheLimit) << 20);
  require(cacheDir.empty() || cacheDir == "none" ||
              !options.cache.getFolder().empty(),
          "cannot make the folder '" + cacheDir +
              "' of --cache-dir: choose another one, or 'none'");
  const llvm::SmallVector<llvm::StringRef> forms = {"artifact", "ptx", "cubin"};
  require(llvm::is_contained(forms, llvm::StringRef(emit)),
          "unknown form '" + emit + "' of --emit: expected " +
              llvm::join(forms, ", "));
  auto parse = [&](llvm::StringRef name, Phase otherwise) {
    if (name.empty())
      return otherwise;
    if (auto phase = parsePhase(name))
      return *phase;
    std::string all;
    for (const PhaseInfo &info : getPhases())
      all += (all.empty() ? "" : ", ") + info.name.str();
    require(false, "unknown phase '" + name + "': expected " + all);
    return otherwise;
  };
  for (llvm::StringRef inserted : insertPasses)
    parse(inserted.split(':').first, Phase::Import);
  request.last = parse(compileTo, Phase::PTX);
  request.first = parse(compileFrom, Phase::Import);
  require(compileFrom.empty() || request.first != Phase::PTX,
          "--compile-from=ptx: no phase follows, expected an earlier one; "
          "'raddle-vgpu run' takes PTX");
  require(unsigned(request.first) <= unsigned(request.last),
          "--compile-from=" + compileFrom +
              " lies after --compile-to=" + compileTo);
  bool isOnnx = llvm::StringRef(input).ends_with(".onnx");
  if (require(llvm::sys::fs::exists(input), "there is no file '" + input + "'"))
    require(isOnnx || llvm::StringRef(input).ends_with(".mlir") ||
                llvm::StringRef(input).ends_with(".mlirbc"),
            "expected a file .onnx or .mlir, found '" + input + "'");
  require(compileFrom.empty() || !isOnnx,
          "--compile-from expects a .mlir file, found '" + input + "'");
  bool tunes = enumerates() || !recordFile.empty();
  require(!tunes ||
              (request.first < Phase::Order && request.last >= Phase::Order),
          "--tile-enumerate and --record need the groups of phase order: "
          "expected --compile-from before it and --compile-to not before it");
  if (request.last == Phase::PTX && compileTo.empty() && !reportOps && !tunes)
    require(emit != "artifact" || !output.empty(),
            "expected -o <file> for the artifact");
  if (!ok)
    return failure();
  return request;
}

static LogicalResult compile() {
  auto request = readOptions();
  if (failed(request))
    return failure();
  CompileOptions &options = request->options;
  Phase first = request->first, last = request->last;

  DialectRegistry registry;
  registerAllRaddleDialects(registry);
  MLIRContext context(registry, jobs == 1 ? MLIRContext::Threading::DISABLED
                                          : MLIRContext::Threading::ENABLED);
  // An error names the node; the operation may be the whole module.
  context.printOpOnDiagnostic(false);
  std::unique_ptr<llvm::DefaultThreadPool> pool;
  if (jobs > 1) {
    context.disableMultithreading();
    pool = std::make_unique<llvm::DefaultThreadPool>(
        llvm::hardware_concurrency(jobs));
    context.setThreadPool(*pool);
  }
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler diagnostics(sources, &context);

  using Clock = std::chrono::steady_clock;
  auto start = Clock::now();
  std::vector<std::pair<std::string, double>> times;
  auto lap = [&](llvm::StringRef name) {
    auto now = Clock::now();
    times.push_back(
        {name.str(), std::chrono::duration<double>(now - start).count()});
    start = now;
  };

  OwningOpRef<ModuleOp> module;
  if (llvm::StringRef(input).ends_with(".onnx")) {
    OnnxImportOptions importOptions;
    if (reportOps)
      return success(
          reportOnnxOps(input, importOptions, context, llvm::outs()) == 0);
    module = importOnnx(input, importOptions, context);
  } else {
    module = parseSourceFile<ModuleOp>(input, sources, ParserConfig(&context));
  }
  if (!module)
    return fail("cannot read '" + input + "'");
  if (first != Phase::Import)
    lap("read");

  // The names of nodes, the roles of a kernel's operations and the lines of its
  // text are locations, which the text of a phase must keep.
  auto print = [&](llvm::raw_ostream &os) {
    module->print(os, OpPrintingFlags().enableDebugInfo());
    os << '\n';
  };
  auto dump = [&](Phase phase) -> LogicalResult {
    if (dumpDir.empty())
      return success();
    if (auto error = llvm::sys::fs::create_directories(dumpDir))
      return fail("cannot create '" + dumpDir + "': " + error.message());
    llvm::SmallString<128> path(dumpDir);
    llvm::sys::path::append(path, llvm::Twine(unsigned(phase)) + "-" +
                                      getPhaseName(phase) + ".mlir");
    return writeText(path.str().str(),
                     [&](llvm::raw_ostream &os) { print(os); });
  };
  std::unique_ptr<PhaseVerifier> verifier;
  if (verifyEachPhase)
    verifier = std::make_unique<PhaseVerifier>(verifyInputs, options);
  auto verify = [&](Phase phase) {
    return verifier ? verifier->verify(*module, phase) : success();
  };
  // The text of a phase has been through it; a model file still has to be
  // checked as what phase import promises.
  unsigned next = unsigned(first) + (first == Phase::Import ? 0 : 1);
  if (first != Phase::Import && failed(verify(first)))
    return failure();
  for (unsigned p = next; p <= unsigned(last) && p < unsigned(Phase::PTX);
       ++p) {
    PassManager passes(&context);
    buildPhase(passes, Phase(p), options);
    for (llvm::StringRef inserted : insertPasses) {
      auto [name, pipeline] = inserted.split(':');
      if (name == getPhaseName(Phase(p)) &&
          failed(parsePassPipeline(pipeline, passes)))
        return fail("cannot read the pipeline '" + pipeline + "'");
    }
    if (failed(passes.run(*module)) || failed(verify(Phase(p))))
      return fail("phase '" + getPhaseName(Phase(p)) + "' of '" + input +
                  "' failed");
    lap(getPhaseName(Phase(p)));
    if (failed(dump(Phase(p))))
      return failure();
    if (Phase(p) != Phase::Order)
      continue;
    if (enumerates()) {
      std::string text;
      llvm::raw_string_ostream os(text);
      if (failed(
              writeParameterSpace(*module, options, enumerate == "json", os)))
        return failure();
      return writeText(output, [&](llvm::raw_ostream &out) { out << text; });
    }
    if (!recordFile.empty()) {
      if (failed(recordKernels(*module, options,
                               {recordFile, sizes, recordLimit})))
        return failure();
      if (output.empty())
        return success();
      lap("record");
    }
  }
  auto emitText = [&](const std::string &path) -> LogicalResult {
    auto kernels = emitKernels(*module, options.targets.front(), options.cache);
    if (failed(kernels))
      return failure();
    return writeText(path, [&](llvm::raw_ostream &os) {
      for (auto &[name, text] : *kernels)
        os << "// kernel module " << name << '\n' << text << '\n';
    });
  };
  if (last != Phase::PTX)
    return writeText(output, [&](llvm::raw_ostream &os) { print(os); });
  if (!dumpDir.empty()) {
    llvm::SmallString<128> path(dumpDir);
    llvm::sys::path::append(path, "9-ptx.ptx");
    if (failed(emitText(path.str().str())))
      return failure();
  }
  if (!report.empty()) {
    bool json = llvm::StringRef(report).ends_with(".json");
    std::string text;
    llvm::raw_string_ostream os(text);
    if (failed(writeReport(*module, options, json, os)) ||
        failed(writeText(report, [&](llvm::raw_ostream &out) { out << text; })))
      return failure();
  }
  if (emit == "cubin") {
    if (failed(emitCubins(*module, options)))
      return failure();
  } else if (emit == "ptx" || compileTo == "ptx") {
    if (failed(emitText(output)))
      return failure();
  } else {
    if (failed(writeArtifact(*module, options, output)))
      return fail("cannot write '" + output + "'");
  }
  lap("ptx");
  if (timing) {
    double total = 0;
    for (auto &[name, seconds] : times) {
      llvm::errs() << llvm::format("%-10s %8.3f s\n", name.c_str(), seconds);
      total += seconds;
    }
    llvm::errs() << llvm::format("%-10s %8.3f s\n", "total", total);
  }
  return success();
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  registerAllRaddlePasses();
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(argc, argv,
                              "compiles a model to PTX for NVIDIA GPUs\n");
  return failed(compile()) ? 1 : 0;
}
