//===- KernelFeatures.cpp - What a kernel looks like, as numbers ----------===//

#include "dialects/Tile/Analysis/KernelFeatures.h"
#include "dialects/Tile/IR/TileDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include <map>

using namespace mlir;
using namespace raddle;
using namespace raddle::tile;

static int64_t getBits(Type type) {
  Type element = graph::getKernelElementType(getElementTypeOrSelf(type));
  return element.isIntOrFloat() ? element.getIntOrFloatBitWidth() : 32;
}

cost::NamedValues raddle::tile::getGroupFeatures(graph::GroupOp group,
                                                 const Candidate &candidate) {
  int64_t operations = 0, floats = 0, specials = 0, integers = 0, views = 0;
  for (Operation &op : group.getBody().front().without_terminator()) {
    ++operations;
    if (isa<math::MathDialect>(op.getDialect()))
      ++specials;
    else if (!isa<arith::ArithDialect>(op.getDialect()))
      ++views;
    else if (isa<FloatType>(getElementTypeOrSelf(op.getResult(0).getType())))
      ++floats;
    else
      ++integers;
  }
  int64_t leastIn = 64, mostIn = 0, mostOut = 0;
  for (Value input : group.getInputs()) {
    leastIn = std::min(leastIn, getBits(input.getType()));
    mostIn = std::max(mostIn, getBits(input.getType()));
  }
  for (Value output : group.getOutputs())
    mostOut = std::max(mostOut, getBits(output.getType()));
  const Footprint &footprint = candidate.footprint;
  return {{"inputs", int64_t(group.getInputs().size())},
          {"outputs", int64_t(group.getOutputs().size())},
          {"operations", operations},
          {"float_operations", floats},
          {"special_operations", specials},
          {"integer_operations", integers},
          {"other_operations", views},
          {"least_input_bits", leastIn},
          {"most_input_bits", mostIn},
          {"most_output_bits", mostOut},
          {"threads", footprint.threads},
          {"shared_bytes_bound", footprint.sharedBytes},
          {"registers_estimate", footprint.registers}};
}

void raddle::tile::addCodeFeatures(const GroupKernels &kernels,
                                   cost::NamedValues &features) {
  std::map<std::string, int64_t> counts;
  for (const char *name :
       {"load", "store", "copy", "local_load", "local_store", "dot", "convert",
        "reduce", "float", "special", "integer", "barrier"})
    for (const char *where : {"", "loop_"})
      counts[std::string(where) + name] = 0;
  auto elements = [](Value value) -> int64_t {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    return type ? type.getNumElements() : 1;
  };
  for (const TileKernel &kernel : kernels.kernels) {
    func::FuncOp func = kernel.func;
    func.walk([&](Operation *op) {
      std::string where = op->getParentOfType<scf::ForOp>() ? "loop_" : "";
      auto add = [&](const char *name, int64_t count) {
        counts[where + name] += count;
      };
      if (auto load = dyn_cast<LoadOp>(op))
        add("load", elements(load.getResult()));
      else if (auto store = dyn_cast<StoreOp>(op))
        add("store", elements(store.getValue()));
      else if (auto copy = dyn_cast<CopyOp>(op))
        add("copy", elements(copy.getOffsets()));
      else if (auto local = dyn_cast<LocalLoadOp>(op))
        add("local_load", elements(local.getResult()));
      else if (auto local = dyn_cast<LocalStoreOp>(op))
        add("local_store", elements(local.getValue()));
      else if (auto dot = dyn_cast<DotOp>(op))
        add("dot", elements(dot.getResult()) *
                       cast<RankedTensorType>(op->getOperand(0).getType())
                           .getShape()
                           .back());
      else if (isa<ConvertOp>(op))
        add("convert", elements(op->getResult(0)));
      else if (isa<ReduceOp>(op))
        add("reduce", elements(op->getOperand(0)));
      else if (isa<BarrierOp>(op))
        add("barrier", 1);
      else if (isa<math::MathDialect>(op->getDialect()))
        add("special", elements(op->getResult(0)));
      else if (isa<arith::ArithDialect>(op->getDialect()) &&
               !isa<arith::ConstantOp>(op))
        add(isa<FloatType>(getElementTypeOrSelf(op->getResult(0).getType()))
                ? "float"
                : "integer",
            elements(op->getResult(0)));
    });
  }
  for (auto &[name, count] : counts)
    features.push_back({"tile_" + name, count});
}
