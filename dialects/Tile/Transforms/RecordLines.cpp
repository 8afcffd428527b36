//===- RecordLines.cpp - The text of a kernel as its source ---------------===//

#include "dialects/Tile/Transforms/Passes.h"
#include "mlir/Transforms/LocationSnapshot.h"
#include "raddle/Artifact/TileText.h"

namespace raddle::tile {
#define GEN_PASS_DEF_TILERECORDLINES
#include "dialects/Tile/Transforms/Passes.h.inc"
} // namespace raddle::tile

using namespace mlir;
using namespace raddle;

/// The role that a location names (see tile::KernelBuilder::getRole), with the
/// part in front: `"load of input 1"("graph.gather#0")`.
static std::optional<LineRole> getRole(Location loc) {
  std::optional<LineRole> role;
  StringRef part;
  loc->walk([&](Location inner) {
    auto name = dyn_cast<NameLoc>(inner);
    if (!name)
      return WalkResult::advance();
    auto [operation, position] = name.getName().strref().rsplit('#');
    int64_t number;
    if (position.empty() || position.getAsInteger(10, number)) {
      part = name.getName();
      return WalkResult::advance();
    }
    role.emplace();
    role->operation = number;
    role->name = operation.str();
    role->part = part.str();
    return WalkResult::interrupt();
  });
  return role;
}

namespace {
struct TileRecordLinesPass
    : tile::impl::TileRecordLinesBase<TileRecordLinesPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (llvm::none_of(module.getOps<func::FuncOp>(),
                      [](auto func) { return func->hasAttr("tile.warps"); }))
      return;
    module->removeAttr("tile.text");
    std::vector<std::pair<Operation *, LineRole>> roles;
    module.walk([&](Operation *op) {
      if (std::optional<LineRole> role = getRole(op->getLoc()))
        roles.push_back({op, std::move(*role)});
    });
    // Printed as a copy of its own: only what stands alone prints its layouts
    // once, as aliases.
    OwningOpRef<ModuleOp> copy = module.clone();
    std::string text;
    llvm::raw_string_ostream os(text);
    std::string file =
        (module.getSymName().value_or("kernels") + ".tile").str();
    generateLocationsFromIR(os, file, *copy,
                            OpPrintingFlags().enableDebugInfo(false));
    SmallVector<Location> places;
    copy->walk([&](Operation *op) { places.push_back(op->getLoc()); });
    const Location *place = places.begin();
    module.walk([&](Operation *op) { op->setLoc(*place++); });
    // Roles of consecutive lines are one.
    std::map<uint64_t, LineRole> lines;
    for (auto &[op, role] : roles)
      if (auto loc = dyn_cast<FileLineColLoc>(op->getLoc())) {
        role.firstLine = role.lastLine = loc.getLine();
        lines.try_emplace(loc.getLine(), std::move(role));
      }
    StringRef indent = text.empty() || text.back() == '\n' ? "" : "\n";
    os << indent << kRolesTitle << '\n';
    for (auto line = lines.begin(); line != lines.end();) {
      LineRole role = line->second;
      while (++line != lines.end() && line->first == role.lastLine + 1 &&
             line->second.operation == role.operation &&
             line->second.part == role.part)
        role.lastLine = line->first;
      os << role.str() << '\n';
    }
    module->setAttr("tile.text", StringAttr::get(&getContext(), text));
  }
};
} // namespace
