//===- TileToNVVM.cpp - The pass tile-lower-to-nvvm -----------------------===//

#include "dialects/Tile/Conversion/TileToNVVM/TileToNVVM.h"
#include "dialects/Tile/Conversion/TileToNVVM/KernelLowering.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Transforms/DialectConversion.h"

namespace raddle::tile {
#define GEN_PASS_DEF_TILELOWERTONVVM
#include "dialects/Tile/Conversion/TileToNVVM/Passes.h.inc"
} // namespace raddle::tile

using namespace mlir;
using namespace raddle::tile;

namespace {
struct TileLowerToNVVMPass
    : raddle::tile::impl::TileLowerToNVVMBase<TileLowerToNVVMPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    OpBuilder builder(module.getContext());
    SmallVector<func::FuncOp> kernels;
    for (auto func : module.getOps<func::FuncOp>())
      if (func->hasAttr("tile.warps"))
        kernels.push_back(func);
    if (kernels.empty())
      return;
    builder.setInsertionPointToStart(module.getBody());
    if (!module.lookupSymbol("raddle_shared"))
      LLVM::GlobalOp::create(builder, module.getLoc(),
                             LLVM::LLVMArrayType::get(builder.getI8Type(), 0),
                             /*isConstant=*/false, LLVM::Linkage::External,
                             "raddle_shared", Attribute(), /*alignment=*/128,
                             /*addrSpace=*/3);
    for (func::FuncOp kernel : kernels) {
      builder.setInsertionPoint(kernel);
      auto lowered = KernelLowering(kernel, builder).run();
      if (failed(lowered))
        return signalPassFailure();
      kernel.erase();
    }
    if (failed(expandMath(module)))
      return signalPassFailure();
    LLVMTypeConverter converter(&getContext());
    RewritePatternSet patterns(&getContext());
    populateSCFToControlFlowConversionPatterns(patterns);
    arith::populateArithExpandOpsPatterns(patterns);
    arith::populateArithToLLVMConversionPatterns(converter, patterns);
    // What the expansions leave are operations that the back end selects.
    populateMathToLLVMConversionPatterns(converter, patterns);
    cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
    ConversionTarget target(getContext());
    target.addLegalDialect<LLVM::LLVMDialect, NVVM::NVVMDialect>();
    target.addIllegalDialect<arith::ArithDialect, scf::SCFDialect,
                             cf::ControlFlowDialect, math::MathDialect>();
    if (failed(applyPartialConversion(module, target, std::move(patterns))))
      return signalPassFailure();
  }
};
} // namespace
