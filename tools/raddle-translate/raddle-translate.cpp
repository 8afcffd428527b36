//===- raddle-translate.cpp - From other formats to the graph dialect -----===//
#include "dialects/Register.h"
#include "mlir/IR/MLIRContext.h"
#include "raddle/Artifact/AtomicFile.h"
#include "raddle/Import/Onnx.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/WithColor.h"

using namespace llvm;

static cl::opt<std::string> input(cl::Positional, cl::desc("<input file>"));
static cl::opt<std::string> output("o", cl::desc("Output file"),
                                   cl::value_desc("file"), cl::init("-"));
static cl::opt<bool>
    importOnnx("import-onnx", cl::desc("Read an ONNX model, print its graph"));
static cl::opt<bool> reportOps(
    "report-ops",
    cl::desc("Print the operators of an ONNX model and every problem"));
static cl::opt<bool>
    listOps("list-onnx-ops",
            cl::desc("Print the operators that can be imported, as Markdown"));
static cl::list<std::string>
    dims("dim", cl::desc("Range of a named dim, as name=max, name=min:max or "
                         "name=min:max:divisor"));
static cl::opt<std::string>
    archivePath("archive-path",
                cl::desc("The path that the module states for its weights"));
static cl::opt<bool> locations("locations",
                               cl::desc("Print the names of the nodes"));

static bool parseDim(StringRef text, raddle::DimRange &dim) {
  auto [name, range] = text.split('=');
  dim.name = name.str();
  SmallVector<StringRef> parts;
  range.split(parts, ':');
  int64_t numbers[3];
  if (name.empty() || parts.empty() || parts.size() > 3)
    return false;
  for (auto [part, number] : zip(parts, numbers))
    if (part.getAsInteger(10, number))
      return false;
  if (parts.size() == 1) {
    dim.max = numbers[0];
  } else {
    dim.min = numbers[0];
    dim.max = numbers[1];
  }
  if (parts.size() == 3)
    dim.divisor = numbers[2];
  return dim.min >= 0 && dim.max >= dim.min && dim.max <= INT32_MAX &&
         dim.divisor >= 1;
}

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  cl::ParseCommandLineOptions(argc, argv,
                              "Raddle translations, to and from the graph "
                              "dialect\n");
  // Written when it is complete: under a temporary name, then renamed.
  std::string text;
  raw_string_ostream os(text);
  auto write = [&](int code) {
    if (output == "-") {
      outs() << text;
      return code;
    }
    raddle::AtomicFile file;
    raddle::Error error = file.create(output);
    if (!error)
      error = file.write(text.data(), text.size());
    if (!error)
      error = file.commit();
    if (!error)
      return code;
    WithColor::error(errs()) << error.message() << "\n";
    return 1;
  };
  if (listOps) {
    raddle::listOnnxOps(os);
    return write(0);
  }
  raddle::OnnxImportOptions options;
  options.archivePath = archivePath;
  for (const std::string &text : dims) {
    raddle::DimRange dim;
    if (!parseDim(text, dim)) {
      WithColor::error(errs())
          << "bad --dim '" << text
          << "', expected name=max, name=min:max or name=min:max:divisor\n";
      return 1;
    }
    options.dims.push_back(dim);
  }
  if (input.empty() || importOnnx == reportOps) {
    WithColor::error(errs()) << "expected an input file and one of "
                                "--import-onnx, --report-ops\n";
    return 1;
  }
  mlir::DialectRegistry registry;
  raddle::registerAllRaddleDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  context.printOpOnDiagnostic(false);
  if (reportOps) {
    size_t problems = raddle::reportOnnxOps(input, options, context, os);
    return write(problems ? 1 : 0);
  }
  auto module = raddle::importOnnx(input, options, context);
  if (!module)
    return 1;
  mlir::OpPrintingFlags flags;
  flags.enableDebugInfo(locations);
  module->print(os, flags);
  return write(0);
}
