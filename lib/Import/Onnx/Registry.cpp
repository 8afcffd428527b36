//===- Registry.cpp - The operators that can be imported ------------------===//
#include "Registry.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/ErrorHandling.h"

using namespace raddle::onnx;

static std::vector<OperandSpec> parseOperands(const OpRow &row) {
  std::vector<OperandSpec> specs;
  llvm::SmallVector<llvm::StringRef> words;
  llvm::StringRef(row.inputs).split(words, ' ', -1, false);
  for (llvm::StringRef word : words)
    specs.push_back({word.front(), word.contains('?'), word.contains('*')});
  return specs;
}

static std::vector<AttributeSpec> parseAttributes(const OpRow &row) {
  std::vector<AttributeSpec> specs;
  llvm::SmallVector<llvm::StringRef> words;
  llvm::StringRef(row.attributes).split(words, ' ', -1, false);
  for (llvm::StringRef word : words) {
    auto [name, kind] = word.split('=');
    bool required = kind.consume_back("!");
    AttrKind k = kind == "i"    ? AttrKind::Int
                 : kind == "f"  ? AttrKind::Float
                 : kind == "s"  ? AttrKind::String
                 : kind == "t"  ? AttrKind::Tensor
                 : kind == "g"  ? AttrKind::Graph
                 : kind == "is" ? AttrKind::Ints
                 : kind == "fs" ? AttrKind::Floats
                 : kind == "ss" ? AttrKind::Strings
                 : kind == "v"  ? AttrKind::SparseTensor
                                : AttrKind::Undefined;
    specs.push_back({name.str(), k, required});
  }
  return specs;
}

namespace {
/// The rows' strings, parsed once.
struct Specs {
  std::vector<std::vector<OperandSpec>> operands;
  std::vector<std::vector<AttributeSpec>> attributes;
};
} // namespace

static const Specs &specs() {
  static const Specs all = [] {
    Specs s;
    for (const OpRow &row : allOps()) {
      s.operands.push_back(parseOperands(row));
      s.attributes.push_back(parseAttributes(row));
    }
    return s;
  }();
  return all;
}

const std::vector<OperandSpec> &raddle::onnx::operandSpecs(const OpRow &row) {
  return specs().operands[&row - allOps().data()];
}
const std::vector<AttributeSpec> &
raddle::onnx::attributeSpecs(const OpRow &row) {
  return specs().attributes[&row - allOps().data()];
}

const char *raddle::onnx::operandKindName(char kind) {
  switch (kind) {
  case 'f':
    return "float16, bfloat16, float or double";
  case 'i':
    return "an integer type";
  case 'n':
    return "an integer or float type";
  case 'b':
    return "bool";
  case 'l':
    return "int32 or int64";
  default:
    return "a number type or bool";
  }
}

const std::vector<OpRow> &raddle::onnx::allOps() {
  static const std::vector<OpRow> rows = [] {
    OpTable table;
    addElementwiseOps(table);
    addConversionOps(table);
    addMathOps(table);
    addActivationOps(table);
    addShapeOps(table);
    addSliceOps(table);
    addContractionOps(table);
    addReductionOps(table);
    addNormalizationOps(table);
    addGatherOps(table);
    addConvolutionOps(table);
    addPoolingOps(table);
    addControlFlowOps(table);
    addRecurrentOps(table);
    addResizeOps(table);
    addTrainingOps(table);
    addQuantizationOps(table);
    addAttentionOps(table);
    addSamplingOps(table);
    addSequenceOps(table);
    addLinearAttentionOps(table);
    addPatchOps(table);
    addRegionPoolingOps(table);
    addDeformConvOps(table);
    addSignalOps(table);
    addDeterminantOps(table);
    addSuppressionOps(table);
    addOptimizerOps(table);
    addFlexAttentionOps(table);
    addNGramOps(table);
    addUniqueOps(table);
    addMachineLearningOps(table);
    addRandomOps(table);
    llvm::sort(table, [](const OpRow &a, const OpRow &b) {
      return std::make_pair(llvm::StringRef(a.domain),
                            llvm::StringRef(a.name)) <
             std::make_pair(llvm::StringRef(b.domain), llvm::StringRef(b.name));
    });
    return table;
  }();
  return rows;
}

const OpRow *raddle::onnx::findOp(const std::string &domain,
                                  const std::string &name) {
  static const llvm::StringMap<const OpRow *> index = [] {
    llvm::StringMap<const OpRow *> map;
    for (const OpRow &row : allOps())
      map[std::string(row.domain) + ":" + row.name] = &row;
    return map;
  }();
  return index.lookup(domain + ":" + name);
}

int64_t raddle::onnx::newestOpsetOf(const std::string &domain) {
  return llvm::StringSwitch<int64_t>(domain)
      .Case("", newestOpset)
      .Case("ai.onnx.ml", 5)
      .Cases({"ai.onnx.preview", "ai.onnx.preview.training"}, 1)
      .Default(0);
}

int64_t raddle::onnx::oldestForm(const std::string &name) {
  // From the versions of the operators in ONNX's own schemas.
  static const std::pair<int64_t, std::vector<const char *>> forms[] = {
      {1,
       {"ArgMax",
        "ArgMin",
        "Constant",
        "Conv",
        "ConvTranspose",
        "DepthToSpace",
        "Flatten",
        "Gather",
        "GlobalAveragePool",
        "GlobalMaxPool",
        "Hardmax",
        "Identity",
        "If",
        "LRN",
        "LogSoftmax",
        "Loop",
        "LpNormalization",
        "MatMul",
        "MaxPool",
        "MaxRoiPool",
        "Not",
        "ReduceL1",
        "ReduceL2",
        "ReduceLogSum",
        "ReduceLogSumExp",
        "ReduceMax",
        "ReduceMean",
        "ReduceMin",
        "ReduceProd",
        "ReduceSum",
        "ReduceSumSquare",
        "Shape",
        "Size",
        "Slice",
        "Softmax",
        "Softplus",
        "Softsign",
        "SpaceToDepth",
        "Squeeze",
        "TopK",
        "Transpose",
        "Unsqueeze"}},
      {2, {"GlobalLpPool", "LpPool", "Pad", "Split"}},
      {4, {"Concat"}},
      {5, {"Reshape"}},
      {6, {"Abs",        "Cast",        "Ceil",
           "Clip",       "Elu",         "Exp",
           "Floor",      "HardSigmoid", "InstanceNormalization",
           "LeakyRelu",  "Log",         "Max",
           "Mean",       "Min",         "Neg",
           "Reciprocal", "Relu",        "Selu",
           "Sigmoid",    "Sqrt",        "Sum",
           "Tanh",       "Tile"}},
  };
  static const llvm::StringMap<int64_t> index = [] {
    llvm::StringMap<int64_t> map;
    for (auto &[opset, names] : forms)
      for (const char *form : names)
        map[form] = opset;
    return map;
  }();
  auto found = index.find(name);
  return found == index.end() ? oldestOpset : found->second;
}

std::string raddle::onnx::nearestOp(const std::string &name) {
  std::string best;
  unsigned bestDistance = std::max<unsigned>(2, name.size() / 3) + 1;
  for (const OpRow &row : allOps()) {
    unsigned distance = llvm::StringRef(row.name).edit_distance_insensitive(
        name, true, bestDistance);
    if (distance < bestDistance) {
      bestDistance = distance;
      best = row.name;
    }
  }
  return best;
}
