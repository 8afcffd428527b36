//===- VerifyNVVM.cpp - Nothing that the back end cannot select -----------===//

#include "dialects/Tile/Conversion/TileToNVVM/SelectedOperations.h"
#include "dialects/Tile/Conversion/TileToNVVM/TileToNVVM.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

namespace raddle::tile {
#define GEN_PASS_DEF_TILEVERIFYNVVM
#include "dialects/Tile/Conversion/TileToNVVM/Passes.h.inc"
} // namespace raddle::tile

using namespace mlir;
using namespace raddle::tile;

/// Every name and signature of the list, with the least target.
static const llvm::StringMap<unsigned> &getTable() {
  static const llvm::StringMap<unsigned> table = [] {
    llvm::StringMap<unsigned> table;
    for (const SelectedOperation &row : getSelectedOperations()) {
      SmallVector<llvm::StringRef> types;
      row.types.split(types, ' ');
      for (llvm::StringRef type : types) {
        auto [name, signature] = instantiate(row, type);
        std::string key = name + ' ';
        // A constant that an operand has to be is a matter of the lowering.
        for (llvm::StringRef rest = signature; !rest.empty();) {
          auto [before, after] = rest.split('=');
          key += before;
          rest = after.drop_while(llvm::isDigit);
        }
        table.try_emplace(key, row.minSm);
      }
    }
    return table;
  }();
  return table;
}

namespace {
struct TileVerifyNVVMPass
    : raddle::tile::impl::TileVerifyNVVMBase<TileVerifyNVVMPass> {
  using TileVerifyNVVMBase::TileVerifyNVVMBase;

  void runOnOperation() override {
    unsigned sm = targets.empty() ? 80 : ~0u;
    for (const std::string &target : targets) {
      unsigned number;
      if (llvm::StringRef(target).drop_front(3).getAsInteger(10, number)) {
        getOperation().emitError("unknown target '") << target << "'";
        return signalPassFailure();
      }
      sm = std::min(sm, number);
    }
    bool failing = false;
    for (auto function : getOperation().getOps<LLVM::LLVMFuncOp>())
      function.walk([&](Operation *op) {
        if (op != function && !isSelected(op, sm)) {
          failing = true;
          op->emitOpError("in kernel '")
              << function.getSymName() << "' is not in the list of what the "
              << "back end selects for sm_" << sm << ": '"
              << getSelectedName(op) << "' of " << getSignature(op);
        }
      });
    if (failing)
      signalPassFailure();
  }

private:
  bool isSelected(Operation *op, unsigned sm) {
    // Thousands of equal operations: each kind is looked up once.
    const void *kind = op->getName().getAsOpaquePointer();
    if (auto call = dyn_cast<LLVM::CallIntrinsicOp>(op))
      kind = call.getIntrinAttr().getAsOpaquePointer();
    else if (auto assembly = dyn_cast<LLVM::InlineAsmOp>(op))
      kind = assembly.getAsmStringAttr().getAsOpaquePointer();
    auto type = FunctionType::get(&getContext(), op->getOperandTypes(),
                                  op->getResultTypes());
    auto [known, inserted] =
        seen.try_emplace({kind, type.getAsOpaquePointer()}, true);
    if (inserted) {
      if (std::string name = getSelectedName(op); !name.empty()) {
        auto row = getTable().find(name + ' ' + getSignature(op));
        known->second = row != getTable().end() && row->second <= sm;
      } else {
        known->second = llvm::all_of(op->getResultTypes(), [](Type type) {
          // What no other operation can make or take does no harm.
          return LLVM::isCompatibleType(type) && !type.isF128() &&
                 !type.isF80() && !isWide(type);
        });
      }
    }
    return known->second;
  }

  /// The back end knows integers of up to 64 bits.
  static bool isWide(Type type) {
    return isa<IntegerType>(type) && type.getIntOrFloatBitWidth() > 64;
  }

  DenseMap<std::pair<const void *, const void *>, bool> seen;
};
} // namespace
