//===- Registry.h - The operators that can be imported ---------*- C++ -*-===//
//
// One row per operator. To add one: write its handler in the file of its family
// under Ops/ and a row at the end of that file; docs/OnnxOps.md follows.
//
//===----------------------------------------------------------------------===//
#ifndef RADDLE_LIB_IMPORT_ONNX_REGISTRY_H
#define RADDLE_LIB_IMPORT_ONNX_REGISTRY_H

#include "Model.h"
#include <string>
#include <vector>

namespace raddle::onnx {

class NodeContext;

/// The operator sets of ONNX's own domain that the rows describe. Of older ones
/// only operators are known that have not changed until `oldestOpset`.
constexpr int64_t newestOpset = 28;
constexpr int64_t oldestOpset = 7;

struct OpRow {
  const char *name;
  /// The operand types in order, separated by spaces: `f` float, `i` integer,
  /// `n` either, `b` bool, `l` int32 or int64, `x` any tensor, `s` also
  /// sequences and optionals; followed by `?` when it may be absent, by `*`
  /// when it may be repeated.
  const char *inputs;
  /// The largest number of results; 0: any.
  unsigned outputs;
  /// `name=kind` separated by spaces: `i` int, `f` float, `s` string, `t`
  /// tensor, `g` graph, `is`, `fs`, `ss` lists; followed by `!` when it must be
  /// present. Attributes of all versions of the operator.
  const char *attributes;
  /// Builds the results; reports what it cannot.
  void (*import)(NodeContext &);
  /// Computes the results on the host when all operands are known there;
  /// false when it cannot.
  bool (*host)(NodeContext &) = nullptr;
  /// What of the operator is not supported, for people.
  const char *restrictions = "";
  /// An input that holds axes, which may be known at run time only; 0: none.
  unsigned axesInput = 0;
  /// `s` a set, `u` a set of dims of the result.
  char axesKind = 's';
  const char *domain = "";
};

struct OperandSpec {
  char kind;
  bool optional;
  bool repeated;
};
struct AttributeSpec {
  std::string name;
  AttrKind kind;
  bool required;
};
/// Of a row of `allOps`.
const std::vector<OperandSpec> &operandSpecs(const OpRow &row);
const std::vector<AttributeSpec> &attributeSpecs(const OpRow &row);
const char *operandKindName(char kind);

/// The newest version of a domain that rows describe; 0: none.
int64_t newestOpsetOf(const std::string &domain);

/// The first operator set of ONNX's own domain that has the form of the
/// operator which set 7 has; 7 when it came or changed with that.
int64_t oldestForm(const std::string &name);

const OpRow *findOp(const std::string &domain, const std::string &name);
const std::vector<OpRow> &allOps();
/// The operator with the most similar name, for messages.
std::string nearestOp(const std::string &name);

// One per file of Ops/.
using OpTable = std::vector<OpRow>;
void addElementwiseOps(OpTable &table);
void addConversionOps(OpTable &table);
void addMathOps(OpTable &table);
void addActivationOps(OpTable &table);
void addShapeOps(OpTable &table);
void addSliceOps(OpTable &table);
void addContractionOps(OpTable &table);
void addConvolutionOps(OpTable &table);
void addPoolingOps(OpTable &table);
void addReductionOps(OpTable &table);
void addNormalizationOps(OpTable &table);
void addGatherOps(OpTable &table);
void addControlFlowOps(OpTable &table);
void addRecurrentOps(OpTable &table);
void addResizeOps(OpTable &table);
void addTrainingOps(OpTable &table);
void addQuantizationOps(OpTable &table);
void addAttentionOps(OpTable &table);
void addSamplingOps(OpTable &table);
void addSequenceOps(OpTable &table);
void addLinearAttentionOps(OpTable &table);
void addPatchOps(OpTable &table);
void addRegionPoolingOps(OpTable &table);
void addDeformConvOps(OpTable &table);
void addSignalOps(OpTable &table);
void addDeterminantOps(OpTable &table);
void addSuppressionOps(OpTable &table);
void addOptimizerOps(OpTable &table);
void addFlexAttentionOps(OpTable &table);
void addNGramOps(OpTable &table);
void addUniqueOps(OpTable &table);
void addMachineLearningOps(OpTable &table);
void addRandomOps(OpTable &table);

} // namespace raddle::onnx

#endif // RADDLE_LIB_IMPORT_ONNX_REGISTRY_H
