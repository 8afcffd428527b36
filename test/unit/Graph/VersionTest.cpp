//===- VersionTest.cpp - upgrades of the graph dialect --------------------===//

#include "dialects/Graph/IR/Version.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/MLIRContext.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace raddle::graph;

namespace {

/// Notes in the attribute `steps` that it ran.
template <int64_t from> LogicalResult note(ModuleOp module) {
  Builder b(module.getContext());
  auto steps = module->getAttrOfType<ArrayAttr>("steps");
  SmallVector<Attribute> all;
  if (steps)
    all.append(steps.begin(), steps.end());
  all.push_back(b.getI64IntegerAttr(from));
  module->setAttr("steps", b.getArrayAttr(all));
  return success();
}
LogicalResult refuse(ModuleOp module) {
  return module.emitError("has no such form");
}

class Version : public testing::Test {
protected:
  Version() : module(ModuleOp::create(UnknownLoc::get(&context))) {
    context.getDiagEngine().registerHandler(
        [this](Diagnostic &diagnostic) { message += diagnostic.str() + "\n"; });
  }
  void setVersion(int64_t version) {
    (*module)->setAttr("graph.version",
                       Builder(&context).getI64IntegerAttr(version));
  }
  int64_t getVersion() {
    return (*module)->getAttrOfType<IntegerAttr>("graph.version").getInt();
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  std::string message;
};

const VersionUpgrade upgrades[] = {{1, note<1>}, {2, note<2>}, {3, note<3>}};

TEST_F(Version, UpgradesRunInOrder) {
  setVersion(2);
  ASSERT_TRUE(succeeded(upgradeVersion(*module, upgrades, 4)));
  EXPECT_EQ(getVersion(), 4);
  auto steps = (*module)->getAttrOfType<ArrayAttr>("steps");
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(cast<IntegerAttr>(steps[0]).getInt(), 2);
  EXPECT_EQ(cast<IntegerAttr>(steps[1]).getInt(), 3);
}

TEST_F(Version, AbsentIsNewest) {
  ASSERT_TRUE(succeeded(upgradeVersion(*module, upgrades, 4)));
  EXPECT_EQ(getVersion(), 4);
  EXPECT_FALSE((*module)->hasAttr("steps"));
}

TEST_F(Version, NewerIsAnError) {
  setVersion(5);
  ASSERT_TRUE(failed(upgradeVersion(*module, upgrades, 4)));
  EXPECT_EQ(message, "expected 'graph.version' of at most 4, found 5; the "
                     "module was written by a newer version: use one to read "
                     "it\n");
}

TEST_F(Version, EveryStepIsNeeded) {
  setVersion(1);
  ASSERT_TRUE(failed(
      upgradeVersion(*module, llvm::ArrayRef(upgrades).take_front(2), 4)));
  EXPECT_EQ(message, "there is no upgrade from 'graph.version' 3\n");
}

TEST_F(Version, FailureIsReported) {
  setVersion(1);
  const VersionUpgrade bad[] = {{1, refuse}};
  ASSERT_TRUE(failed(upgradeVersion(*module, bad, 2)));
  EXPECT_EQ(message,
            "has no such form\ncannot upgrade from 'graph.version' 1\n");
}

TEST_F(Version, TheDialectsListIsComplete) {
  setVersion(1);
  EXPECT_TRUE(succeeded(upgradeVersion(*module)));
}

} // namespace
