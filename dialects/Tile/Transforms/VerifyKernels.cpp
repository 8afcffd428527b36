//===- VerifyKernels.cpp - The contract of tile kernels -------------------===//

#include "dialects/Tile/IR/TileDialect.h"
#include "dialects/Tile/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

namespace raddle::tile {
#define GEN_PASS_DEF_TILEVERIFYKERNELS
#include "dialects/Tile/Transforms/Passes.h.inc"
} // namespace raddle::tile

using namespace mlir;
using namespace raddle::tile;

namespace {
struct TileVerifyKernelsPass
    : raddle::tile::impl::TileVerifyKernelsBase<TileVerifyKernelsPass> {
  void runOnOperation() override {
    for (auto kernel : getOperation().getOps<func::FuncOp>())
      if (Attribute warps = kernel->getAttr("tile.warps"))
        verifyKernel(kernel, dyn_cast<IntegerAttr>(warps));
    if (failing)
      signalPassFailure();
  }

private:
  InFlightDiagnostic fail(Operation *op) {
    failing = true;
    return op->emitOpError();
  }

  void verifyKernel(func::FuncOp kernel, IntegerAttr warps) {
    int64_t count = warps ? warps.getInt() : 0;
    if (count < 1 || count > 32 || !llvm::isPowerOf2_64(count)) {
      fail(kernel)
          << "expected 'tile.warps' to be a power of two from 1 to 32, "
             "found "
          << kernel->getAttr("tile.warps");
      return;
    }
    for (Type type : kernel.getArgumentTypes()) {
      auto pointer = dyn_cast<LLVM::LLVMPointerType>(type);
      if (!(pointer && pointer.getAddressSpace() == 1) && !type.isInteger(32) &&
          !type.isInteger(64) && !type.isF32())
        fail(kernel)
            << "expected parameters that are pointers to global memory, "
               "i32, i64 or f32, found "
            << type;
    }
    if (kernel.getNumResults())
      fail(kernel) << "expected a kernel without results, found "
                   << kernel.getNumResults();
    if (!kernel.getBody().hasOneBlock()) {
      fail(kernel) << "expected a kernel with one block";
      return;
    }
    kernel.walk([&](Operation *op) {
      if (op != kernel)
        verifyOp(op, count);
    });
  }

  void verifyOp(Operation *op, int64_t warps) {
    if (!isa<func::ReturnOp>(op) &&
        !isa_and_nonnull<TileDialect, arith::ArithDialect, math::MathDialect,
                         scf::SCFDialect, LLVM::LLVMDialect>(
            op->getDialect())) {
      fail(op)
          << "is of no dialect of kernels: expected tile, arith, math, scf "
             "or llvm";
      return;
    }
    // Combiners of reductions hold scalars only.
    for (Type type : op->getResultTypes()) {
      if (!isa<TensorType>(type))
        continue;
      LayoutAttr layout = getLayout(type);
      if (!layout)
        fail(op) << "expected a tile with a layout, found " << type;
      else if (layout.getMap().getNumWarps() != warps)
        fail(op) << "expected a layout over the kernel's " << warps
                 << " warps, found " << layout.getMap().getNumWarps();
    }
    if (auto constant = dyn_cast<arith::ConstantOp>(op))
      if (auto dense = dyn_cast<DenseElementsAttr>(constant.getValue()))
        if (!dense.isSplat())
          fail(op) << "expected a splat constant in a kernel";
    if (isa<scf::SCFDialect>(op->getDialect()) &&
        !isa<scf::ForOp, scf::IfOp, scf::WhileOp, scf::ConditionOp,
             scf::YieldOp>(op))
      fail(op) << "is no control flow of kernels: expected scf.for, scf.if or "
                  "scf.while";
  }

  bool failing = false;
};
} // namespace
