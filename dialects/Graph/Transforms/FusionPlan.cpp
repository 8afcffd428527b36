//===- FusionPlan.cpp - A fusion plan as JSON -----------------------------===//
#include "dialects/Graph/Transforms/FusionPlan.h"
#include "dialects/Graph/IR/GraphOps.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace raddle::graph;

static std::vector<Operation *> numberOps(func::FuncOp function) {
  std::vector<Operation *> ops;
  function.walk<WalkOrder::PreOrder>([&](Operation *op) { ops.push_back(op); });
  return ops;
}

llvm::json::Value FusionPlan::toJSON(func::FuncOp function) const {
  DenseMap<Operation *, size_t> numbers;
  for (auto [number, op] : llvm::enumerate(numberOps(function)))
    numbers[op] = number;
  auto nameOf = [&](Operation *op) {
    return llvm::formatv("{0}:{1}", numbers.lookup(op), op->getName()).str();
  };
  llvm::json::Array list;
  for (const FusedGroup &group : groups) {
    SmallVector<Operation *> sorted(group.ops.begin(), group.ops.end());
    llvm::sort(sorted, [&](Operation *a, Operation *b) {
      return numbers.lookup(a) < numbers.lookup(b);
    });
    llvm::json::Array ops, yields;
    for (Operation *op : sorted)
      ops.push_back(nameOf(op));
    for (Value value : group.yields) {
      auto result = cast<OpResult>(value);
      yields.push_back(llvm::formatv("{0}#{1}",
                                     numbers.lookup(result.getOwner()),
                                     result.getResultNumber())
                           .str());
    }
    llvm::json::Object object{{"skeleton", group.skeleton},
                              {"ops", std::move(ops)},
                              {"yields", std::move(yields)},
                              {"reason", group.reason}};
    if (group.root)
      object["root"] = nameOf(group.root);
    list.push_back(std::move(object));
  }
  return llvm::json::Object{{"version", 1}, {"groups", std::move(list)}};
}

namespace {
/// Reads a plan; every error names the place in the plan.
class PlanReader {
public:
  explicit PlanReader(func::FuncOp function)
      : function(function), ops(numberOps(function)) {}

  FailureOr<FusionPlan> read(const llvm::json::Value &json) {
    const llvm::json::Object *object = json.getAsObject();
    if (!object)
      return fail("expected an object"), failure();
    if (object->getInteger("version").value_or(0) != 1)
      return fail("expected \"version\" 1"), failure();
    const llvm::json::Array *list = object->getArray("groups");
    if (!list)
      return fail("expected an array \"groups\""), failure();
    FusionPlan plan;
    for (auto [index, value] : llvm::enumerate(*list)) {
      context = llvm::formatv("group {0}: ", index).str();
      FailureOr<FusedGroup> group = readGroup(value);
      if (failed(group))
        return failure();
      plan.groups.push_back(std::move(*group));
    }
    return plan;
  }

private:
  void fail(const Twine &message) {
    function.emitError() << "fusion plan of '" << function.getName()
                         << "': " << context << message.str();
  }

  /// `<number>:<name>`.
  Operation *readOp(const llvm::json::Value *json) {
    std::optional<StringRef> text =
        json ? json->getAsString() : std::optional<StringRef>();
    size_t number;
    if (!text || text->split(':').first.getAsInteger(10, number)) {
      fail("expected operations as \"<number>:<name>\"");
      return nullptr;
    }
    StringRef name = text->split(':').second;
    if (number >= ops.size()) {
      fail("operation '" + *text + "' is past the " + Twine(ops.size()) +
           " operations of the function");
      return nullptr;
    }
    if (ops[number]->getName().getStringRef() != name) {
      fail("operation " + Twine(number) + " is '" +
           ops[number]->getName().getStringRef() + "', the plan says '" + name +
           "'");
      return nullptr;
    }
    return ops[number];
  }

  FailureOr<FusedGroup> readGroup(const llvm::json::Value &json) {
    const llvm::json::Object *object = json.getAsObject();
    std::optional<StringRef> skeleton =
        object ? object->getString("skeleton") : std::nullopt;
    const llvm::json::Array *opList =
        object ? object->getArray("ops") : nullptr;
    const llvm::json::Array *yieldList =
        object ? object->getArray("yields") : nullptr;
    if (!skeleton || !opList || !yieldList)
      return fail("expected \"skeleton\", \"ops\" and \"yields\""), failure();
    FusedGroup group;
    group.skeleton = skeleton->str();
    group.reason = object->getString("reason").value_or("").str();
    for (const llvm::json::Value &value : *opList) {
      Operation *op = readOp(&value);
      if (!op)
        return failure();
      group.ops.insert(op);
    }
    if (const llvm::json::Value *root = object->get("root")) {
      group.root = readOp(root);
      if (!group.root)
        return failure();
      if (!group.ops.contains(group.root))
        return fail("the root is not among \"ops\""), failure();
    }
    for (const llvm::json::Value &value : *yieldList) {
      std::optional<StringRef> text = value.getAsString();
      size_t number;
      unsigned result;
      if (!text || text->split('#').first.getAsInteger(10, number) ||
          text->split('#').second.getAsInteger(10, result))
        return fail("expected yields as \"<number>#<result>\""), failure();
      if (number >= ops.size() || result >= ops[number]->getNumResults() ||
          !group.ops.contains(ops[number]))
        return fail("yield '" + *text +
                    "' is no result of the group's \"ops\""),
               failure();
      group.yields.insert(ops[number]->getResult(result));
    }
    if (group.yields.empty())
      return fail("expected at least one yield"), failure();
    return group;
  }

  func::FuncOp function;
  std::vector<Operation *> ops;
  std::string context;
};
} // namespace

FailureOr<FusionPlan> FusionPlan::fromJSON(func::FuncOp function,
                                           const llvm::json::Value &json) {
  return PlanReader(function).read(json);
}
