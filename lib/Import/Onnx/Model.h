//===- Model.h - An ONNX file as plain data --------------------*- C++ -*-===//
//
// What the importer sees of a file. Only the reader behind `readModel` knows
// protobuf; this header uses nothing but the standard library, so that it can
// be shared by units with and without run-time type information.
//
//===----------------------------------------------------------------------===//
#ifndef RADDLE_LIB_IMPORT_ONNX_MODEL_H
#define RADDLE_LIB_IMPORT_ONNX_MODEL_H

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace raddle::onnx {

/// `TensorProto.DataType`.
enum class ElemType : int32_t {
  Undefined = 0,
  Float = 1,
  UInt8 = 2,
  Int8 = 3,
  UInt16 = 4,
  Int16 = 5,
  Int32 = 6,
  Int64 = 7,
  String = 8,
  Bool = 9,
  Float16 = 10,
  Double = 11,
  UInt32 = 12,
  UInt64 = 13,
  Complex64 = 14,
  Complex128 = 15,
  BFloat16 = 16,
  Float8E4M3FN = 17,
  Float8E4M3FNUZ = 18,
  Float8E5M2 = 19,
  Float8E5M2FNUZ = 20,
  UInt4 = 21,
  Int4 = 22,
  Float4E2M1 = 23,
  Float8E8M0 = 24,
  UInt2 = 25,
  Int2 = 26
};

/// Bits of one stored element; 0 for strings and unknown types.
unsigned elemBits(ElemType type);
/// ONNX's name of a type (`float16`), or `type 77`.
std::string elemName(ElemType type);
/// The interchange name (`f16`), empty when there is none.
std::string interchangeName(ElemType type);

/// A stored tensor. Its bytes lie in a mapped file or in `owned`.
struct Tensor {
  std::string name;
  /// The name in the archive; unique in the file.
  std::string entry;
  ElemType type = ElemType::Undefined;
  std::vector<int64_t> dims;
  const uint8_t *data = nullptr;
  size_t size = 0;
  std::vector<uint8_t> owned;
  /// Why the bytes cannot be used; empty when they can.
  std::string problem;

  /// The number of elements; checked against overflow by the reader.
  int64_t count() const;
};

struct Graph;

enum class AttrKind : int32_t {
  Undefined = 0,
  Float = 1,
  Int = 2,
  String = 3,
  Tensor = 4,
  Graph = 5,
  Floats = 6,
  Ints = 7,
  Strings = 8,
  Tensors = 9,
  Graphs = 10,
  SparseTensor = 11,
  SparseTensors = 12,
  Type = 13,
  Types = 14
};
const char *attrKindName(AttrKind kind);

struct NodeAttribute {
  std::string name;
  /// Inside a function body: the attribute of the call that gives the value.
  std::string reference;
  AttrKind kind = AttrKind::Undefined;
  float f = 0;
  int64_t i = 0;
  std::string s;
  std::vector<float> floats;
  std::vector<int64_t> ints;
  std::vector<std::string> strings;
  std::shared_ptr<Tensor> tensor;
  std::shared_ptr<Graph> graph;
};

struct Node {
  std::string name;
  std::string op;
  std::string domain;
  std::string overload;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::vector<NodeAttribute> attributes;
  const NodeAttribute *find(const std::string &name) const;
};

struct Dim {
  std::optional<int64_t> value;
  std::string param;
};

struct ValueInfo {
  std::string name;
  /// `tensor`, `sequence`, `optional`, `map`, `sparse tensor` or empty.
  std::string kind;
  ElemType type = ElemType::Undefined;
  /// Absent when the rank is unknown.
  std::optional<std::vector<Dim>> shape;
};

struct Graph {
  std::string name;
  std::vector<Node> nodes;
  std::vector<std::shared_ptr<Tensor>> initializers;
  std::vector<ValueInfo> inputs;
  std::vector<ValueInfo> outputs;
  /// Types that the file states for inner values.
  std::map<std::string, ValueInfo> values;
};

struct Function {
  std::string name;
  std::string domain;
  std::string overload;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::vector<std::string> attributes;
  std::vector<NodeAttribute> defaults;
  std::vector<Node> nodes;
  std::map<std::string, int64_t> opsets;
};

struct Model {
  int64_t irVersion = 0;
  std::map<std::string, int64_t> opsets;
  Graph graph;
  std::vector<Function> functions;
  /// Every stored tensor by its name in the archive.
  std::map<std::string, std::shared_ptr<Tensor>> entries;
  std::vector<std::string> entryOrder;
  /// What the file holds that the schema does not know.
  std::vector<std::string> problems;
  /// Keeps the mapped files alive.
  std::vector<std::shared_ptr<void>> storage;
};

/// Reads and checks the file at `path`; null and a message in `error` when it
/// is not a readable model.
std::unique_ptr<Model> readModel(const std::string &path, std::string &error);

/// Reads a model from memory; `data` must outlive it. External data is looked
/// up in `directory`; with an empty one it is refused.
std::unique_ptr<Model> readModel(const uint8_t *data, size_t size,
                                 const std::string &directory,
                                 std::string &error);

} // namespace raddle::onnx

#endif // RADDLE_LIB_IMPORT_ONNX_MODEL_H
