//===- Ptx.cpp - PTX text from the LLVM dialect ---------------------------===//

#include "raddle/Target/Ptx.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/Analysis/TargetTransformInfo.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/InstCombine/InstCombine.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/InferAddressSpaces.h"
#include "llvm/Transforms/Scalar/LICM.h"
#include "llvm/Transforms/Scalar/LoopPassManager.h"
#include "llvm/Transforms/Scalar/LoopRotation.h"
#include "llvm/Transforms/Scalar/SROA.h"
#include "llvm/Transforms/Scalar/SeparateConstOffsetFromGEP.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"
#include "llvm/Transforms/Utils/Mem2Reg.h"
#include <mutex>

using namespace mlir;

namespace {
struct TargetInfo {
  llvm::StringRef name;
  int64_t
      maxSharedBytes; // CUDA C++ Programming Guide, technical specifications
};
} // namespace

static constexpr TargetInfo targets[] = {{"sm_80", 163 * 1024},
                                         {"sm_86", 99 * 1024},
                                         {"sm_89", 99 * 1024},
                                         {"sm_90", 227 * 1024}};
static constexpr llvm::StringRef targetNames[] = {"sm_80", "sm_86", "sm_89",
                                                  "sm_90"};

llvm::ArrayRef<llvm::StringRef> raddle::target::getTargetNames() {
  return targetNames;
}

bool raddle::target::isTargetName(llvm::StringRef name) {
  return llvm::is_contained(targetNames, name);
}

int64_t raddle::target::getMaxSharedBytes(llvm::StringRef target) {
  for (const TargetInfo &info : targets)
    if (info.name == target)
      return info.maxSharedBytes;
  return 0;
}

static std::unique_ptr<llvm::TargetMachine>
createTargetMachine(llvm::StringRef target) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
  });
  llvm::Triple triple("nvptx64-nvidia-cuda");
  std::string error;
  const llvm::Target *found = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!found)
    return nullptr;
  // PTX 8.0 (CUDA 12.0) knows all instructions that we emit for sm_80 - sm_90.
  return std::unique_ptr<llvm::TargetMachine>(found->createTargetMachine(
      triple, target, "+ptx80", llvm::TargetOptions(), std::nullopt,
      std::nullopt, llvm::CodeGenOptLevel::Default));
}

// A short pipeline instead of -O2: default unrolling would undo the order of
// the tiles, and it is half of the code generation time.
static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::PassBuilder builder(&machine);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager sccs;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(sccs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, sccs, modules);
  llvm::FunctionPassManager passes;
  passes.addPass(llvm::SROAPass(llvm::SROAOptions::ModifyCFG));
  passes.addPass(llvm::EarlyCSEPass());
  passes.addPass(llvm::InstCombinePass());
  passes.addPass(llvm::SimplifyCFGPass());
  // One branch per iteration, at its end.
  passes.addPass(llvm::createFunctionToLoopPassAdaptor(llvm::LoopRotatePass()));
  passes.addPass(llvm::createFunctionToLoopPassAdaptor(
      llvm::LICMPass(llvm::LICMOptions()), /*UseMemorySSA=*/true));
  passes.addPass(llvm::SeparateConstOffsetFromGEPPass());
  passes.addPass(llvm::InferAddressSpacesPass());
  passes.addPass(llvm::EarlyCSEPass());
  llvm::ModulePassManager pipeline;
  pipeline.addPass(llvm::createModuleToFunctionPassAdaptor(std::move(passes)));
  pipeline.run(module, modules);
}

FailureOr<std::string> raddle::target::emitPtx(ModuleOp module,
                                               llvm::StringRef target) {
  auto machine = createTargetMachine(target);
  if (!machine)
    return module.emitError("cannot create code for target '")
           << target << "': the NVPTX back end is missing";
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> llvmModule =
      translateModuleToLLVMIR(module, context, "raddle");
  if (!llvmModule)
    return failure();
  llvmModule->setTargetTriple(machine->getTargetTriple());
  llvmModule->setDataLayout(machine->createDataLayout());
  optimize(*llvmModule, *machine);
  llvm::SmallVector<char, 0> text;
  llvm::raw_svector_ostream os(text);
  llvm::legacy::PassManager codegen;
  if (machine->addPassesToEmitFile(codegen, os, nullptr,
                                   llvm::CodeGenFileType::AssemblyFile))
    return module.emitError("the NVPTX back end cannot print text");
  codegen.run(*llvmModule);
  return std::string(text.data(), text.size());
}
