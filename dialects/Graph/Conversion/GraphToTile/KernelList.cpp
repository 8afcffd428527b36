//===- KernelList.cpp - The pass tile-enumerate ---------------------------===//

#include "dialects/Graph/Conversion/GraphToTile/KernelList.h"
#include "dialects/Graph/Analysis/SymbolicShapes.h"
#include "dialects/Graph/Conversion/GraphToTile/GraphToTile.h"
#include "dialects/Tile/Analysis/KernelFeatures.h"
#include "mlir/IR/AsmState.h"
#include "mlir/Support/FileUtilities.h"
#include "raddle/Target/Ptx.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/ToolOutputFile.h"

namespace raddle::graph {
#define GEN_PASS_DEF_TILEENUMERATE
#include "dialects/Graph/Conversion/GraphToTile/Passes.h.inc"
} // namespace raddle::graph

using namespace mlir;
using namespace raddle;
using namespace raddle::graph;

/// The text of a group without names of nodes: equal structures, equal texts.
std::string raddle::graph::getKernelStructure(GroupOp group,
                                              SymbolicShapes &shapes) {
  std::string text;
  llvm::raw_string_ostream os(text);
  OpPrintingFlags flags;
  constexpr int64_t printed = 16;
  flags.useLocalScope().elideLargeElementsAttrs(printed);
  os << group.getSkeleton();
  for (Type type : group->getOperandTypes())
    os << ' ' << type;
  os << '\n';
  // Elements are built knowing which products of sizes are equal, also by what
  // stands outside of the group: sizes as polynomials over unknowns that are
  // numbered as they occur.
  std::map<const SymbolicAtom *, unsigned> numbers;
  auto printSize = [&](SymbolicExpr size) {
    for (const SymbolicTerm &term : size->terms) {
      os << '+' << term.coefficient;
      for (const SymbolicAtom *atom : term.atoms)
        os << '*' << numbers.try_emplace(atom, numbers.size()).first->second;
    }
    os << ' ';
  };
  for (Value input : group.getInputs()) {
    auto type = cast<RankedTensorType>(input.getType());
    for (int64_t d = 0; d < type.getRank(); ++d)
      if (type.isDynamicDim(d))
        printSize(shapes.getDim(input, d));
  }
  for (Value scalar : group.getScalars())
    if (scalar.getType().isIndex())
      printSize(shapes.get(scalar));
  os << '\n';
  AsmState state(group, flags);
  for (Operation &op : group.getBody().front()) {
    op.print(os, state);
    os << '\n';
  }
  // Constants that are not printed in full, by a hash of their bytes.
  group.getBody().walk([&](Operation *op) {
    op->getAttrDictionary().walk([&](ElementsAttr elements) {
      if (elements.getNumElements() <= printed)
        return;
      auto dense = dyn_cast<DenseElementsAttr>(elements);
      if (!dense) {
        os << elements << '\n';
        return;
      }
      ArrayRef<char> bytes = dense.getRawData();
      llvm::SHA256 hash;
      hash.update(ArrayRef(reinterpret_cast<const uint8_t *>(bytes.data()),
                           bytes.size()));
      os << dense.getType() << (dense.isSplat() ? " splat " : " ")
         << llvm::toHex(hash.final()) << '\n';
    });
  });
  return text;
}

static std::string getHash(StringRef structure) {
  llvm::SHA256 hash;
  hash.update(structure);
  return llvm::toHex(hash.final(), /*LowerCase=*/true).substr(0, 16);
}

std::string raddle::graph::getKernelHash(GroupOp group) {
  SymbolicShapes shapes(group->getParentOfType<func::FuncOp>());
  return getHash(getKernelStructure(group, shapes));
}

static std::string getKernelName(GroupOp group, size_t number) {
  Operation *root = group.getRootOp();
  return "k" + std::to_string(number) + "_" +
         (root ? root->getName().stripDialect() : group.getSkeleton()).str();
}

FailureOr<SmallVector<ListedKernel, 0>>
raddle::graph::listKernels(ModuleOp module) {
  auto entry = module.lookupSymbol<func::FuncOp>("main");
  if (!entry)
    return module.emitError("expected a function 'main'");
  SmallVector<ListedKernel, 0> kernels;
  llvm::StringMap<size_t> numbers;
  bool hadError = false;
  SymbolicShapes shapes(entry);
  entry.walk<WalkOrder::PreOrder>([&](GroupOp group) {
    auto [found, inserted] =
        numbers.try_emplace(getKernelStructure(group, shapes), kernels.size());
    if (inserted) {
      const tile::KernelSkeleton *skeleton =
          tile::getSkeleton(group.getSkeleton());
      if (!skeleton) {
        group.emitOpError("there is no skeleton '")
            << group.getSkeleton() << "'";
        hadError = true;
      }
      kernels.push_back({group,
                         skeleton,
                         getKernelName(group, kernels.size()),
                         getHash(found->first()),
                         {}});
    }
    kernels[found->second].groups.push_back(group);
  });
  if (hadError)
    return failure();
  return kernels;
}

static void writeJson(const ListedKernel &kernel,
                      ArrayRef<tile::Candidate> candidates,
                      llvm::json::OStream &out) {
  out.object([&] {
    out.attribute("kernel", kernel.hash);
    out.attribute("name", kernel.name);
    out.attribute("skeleton", kernel.skeleton->getName());
    out.attribute("class", kernel.skeleton->getClass(kernel.group));
    out.attribute("groups", int64_t(kernel.groups.size()));
    out.attributeObject("sizes", [&] {
      for (const tile::GroupDim &dim : kernel.skeleton->getDims(kernel.group))
        if (int64_t size = dim.getStatic(); size >= 0)
          out.attribute(dim.name, size);
        else
          out.attribute(dim.name, nullptr);
    });
    out.attributeArray("parameters", [&] {
      for (const tile::ParameterInfo &info :
           kernel.skeleton->getParameterInfo())
        out.object([&] {
          out.attribute("name", info.name);
          out.attribute("unit", info.unit);
          out.attribute("description", info.description);
        });
    });
    out.attribute("features_version", tile::kFeaturesVersion);
    out.attributeArray("candidates", [&] {
      for (const tile::Candidate &candidate : candidates)
        out.object([&] {
          out.attributeObject("parameters", [&] {
            for (auto &[name, value] : candidate.parameters)
              out.attribute(name, value);
          });
          if (!candidate.requirement.empty())
            out.attribute("when", tile::formatGuard(candidate.requirement));
          out.attributeObject("features", [&] {
            for (auto &[name, value] :
                 tile::getGroupFeatures(kernel.group, candidate))
              out.attribute(name, value);
          });
        });
    });
  });
}

static void writeText(const ListedKernel &kernel,
                      ArrayRef<tile::Candidate> candidates,
                      llvm::raw_ostream &os) {
  os << "kernel " << kernel.name << " " << kernel.hash << ": skeleton "
     << kernel.skeleton->getName() << ", class "
     << kernel.skeleton->getClass(kernel.group) << ", " << kernel.groups.size()
     << (kernel.groups.size() == 1 ? " group" : " groups") << '\n';
  os << "  sizes:";
  for (const tile::GroupDim &dim : kernel.skeleton->getDims(kernel.group)) {
    os << ' ' << dim.name << '=';
    if (int64_t size = dim.getStatic(); size >= 0)
      os << size;
    else
      os << '?';
  }
  os << "\n  parameters:\n";
  for (const tile::ParameterInfo &info : kernel.skeleton->getParameterInfo())
    os << "    " << info.name << " (" << info.unit << "): " << info.description
       << '\n';
  os << "  candidates: " << candidates.size() << '\n';
  for (const tile::Candidate &candidate : candidates) {
    os << "    " << tile::formatParameters(candidate.parameters);
    if (!candidate.requirement.empty())
      os << " if " << tile::formatGuard(candidate.requirement);
    os << "; threads " << candidate.footprint.threads << ", shared bytes "
       << candidate.footprint.sharedBytes << ", registers about "
       << candidate.footprint.registers << '\n';
  }
}

LogicalResult raddle::graph::enumerateKernels(ModuleOp module,
                                              ArrayRef<std::string> targets,
                                              bool json,
                                              llvm::raw_ostream &os) {
  auto kernels = listKernels(module);
  if (failed(kernels))
    return failure();
  SmallVector<SmallVector<tile::Candidate, 0>, 0> spaces;
  for (const ListedKernel &kernel : *kernels) {
    auto candidates =
        tile::getCandidates(*kernel.skeleton, kernel.group, targets);
    if (failed(candidates))
      return failure();
    spaces.push_back(std::move(*candidates));
  }
  if (!json) {
    for (auto [kernel, space] : llvm::zip(*kernels, spaces))
      writeText(kernel, space, os);
    return success();
  }
  llvm::json::OStream out(os, 1);
  out.array([&] {
    for (auto [kernel, space] : llvm::zip(*kernels, spaces))
      writeJson(kernel, space, out);
  });
  os << '\n';
  return success();
}

namespace {
struct TileEnumeratePass : graph::impl::TileEnumerateBase<TileEnumeratePass> {
  using TileEnumerateBase::TileEnumerateBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    std::vector<std::string> names(targets.begin(), targets.end());
    if (names.empty())
      names.push_back("sm_80");
    for (const std::string &name : names)
      if (!target::isTargetName(name)) {
        module.emitError("unknown target '")
            << name << "': expected "
            << llvm::join(target::getTargetNames(), ", ");
        return signalPassFailure();
      }
    if (format != "text" && format != "json") {
      module.emitError("unknown format '")
          << format << "': expected text, json";
      return signalPassFailure();
    }
    std::string error;
    auto file = openOutputFile(output, &error);
    if (!file) {
      module.emitError() << error;
      return signalPassFailure();
    }
    if (failed(enumerateKernels(module, names, format == "json", file->os())))
      return signalPassFailure();
    file->keep();
    markAllAnalysesPreserved();
  }
};
} // namespace
