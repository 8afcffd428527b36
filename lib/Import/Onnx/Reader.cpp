//===- Reader.cpp - From the file to plain data ---------------------------===//
#include "../MappedFile.h"
#include "TensorReader.h"
#include "onnx-ml.pb.h"

#include <filesystem>

using namespace raddle;
using namespace raddle::onnx;

namespace {

class Reader {
public:
  explicit Reader(TensorReader &tensors) : tensors(tensors) {}

  void readGraph(const ::onnx::GraphProto &proto, Graph &graph);
  Node readNode(const ::onnx::NodeProto &proto);
  NodeAttribute readAttribute(const ::onnx::AttributeProto &proto,
                              const std::string &entry);
  ValueInfo readValue(const ::onnx::ValueInfoProto &proto);
  Function readFunction(const ::onnx::FunctionProto &proto);

private:
  TensorReader &tensors;
};

template <typename Shape> std::vector<Dim> readShape(const Shape &proto) {
  std::vector<Dim> dims;
  for (const auto &d : proto.dim()) {
    Dim dim;
    if (d.has_dim_value())
      dim.value = d.dim_value();
    else if (d.has_dim_param())
      dim.param = d.dim_param();
    dims.push_back(std::move(dim));
  }
  return dims;
}

ValueInfo Reader::readValue(const ::onnx::ValueInfoProto &proto) {
  ValueInfo value;
  value.name = proto.name();
  const ::onnx::TypeProto &type = proto.type();
  switch (type.value_case()) {
  case ::onnx::TypeProto::kTensorType:
    value.kind = "tensor";
    value.type = static_cast<ElemType>(type.tensor_type().elem_type());
    if (type.tensor_type().has_shape())
      value.shape = readShape(type.tensor_type().shape());
    break;
  case ::onnx::TypeProto::kSequenceType:
    value.kind = "sequence";
    break;
  case ::onnx::TypeProto::kOptionalType:
    value.kind = "optional";
    break;
  case ::onnx::TypeProto::kMapType:
    value.kind = "map";
    break;
  case ::onnx::TypeProto::kSparseTensorType:
    value.kind = "sparse tensor";
    break;
  case ::onnx::TypeProto::kOpaqueType:
    value.kind = "opaque";
    break;
  case ::onnx::TypeProto::VALUE_NOT_SET:
    break;
  }
  return value;
}

NodeAttribute Reader::readAttribute(const ::onnx::AttributeProto &proto,
                                    const std::string &entry) {
  NodeAttribute a;
  a.name = proto.name();
  a.reference = proto.ref_attr_name();
  a.kind = static_cast<AttrKind>(proto.type());
  // Files of IR version 1 do not state the kind.
  if (a.kind == AttrKind::Undefined && a.reference.empty()) {
    a.kind = proto.has_f()          ? AttrKind::Float
             : proto.has_i()        ? AttrKind::Int
             : proto.has_s()        ? AttrKind::String
             : proto.has_t()        ? AttrKind::Tensor
             : proto.has_g()        ? AttrKind::Graph
             : proto.floats_size()  ? AttrKind::Floats
             : proto.ints_size()    ? AttrKind::Ints
             : proto.strings_size() ? AttrKind::Strings
                                    : AttrKind::Undefined;
  }
  a.f = proto.f();
  a.i = proto.i();
  a.s = proto.s();
  a.floats.assign(proto.floats().begin(), proto.floats().end());
  a.ints.assign(proto.ints().begin(), proto.ints().end());
  a.strings.assign(proto.strings().begin(), proto.strings().end());
  if (a.kind == AttrKind::Tensor)
    a.tensor = tensors.read(proto.t(), entry);
  else if (a.kind == AttrKind::SparseTensor)
    a.tensor = tensors.read(proto.sparse_tensor(), entry);
  else if (a.kind == AttrKind::Graph) {
    a.graph = std::make_shared<Graph>();
    readGraph(proto.g(), *a.graph);
  }
  return a;
}

Node Reader::readNode(const ::onnx::NodeProto &proto) {
  Node node;
  node.name = proto.name();
  node.op = proto.op_type();
  node.domain = proto.domain() == "ai.onnx" ? "" : proto.domain();
  node.overload = proto.overload();
  node.inputs.assign(proto.input().begin(), proto.input().end());
  node.outputs.assign(proto.output().begin(), proto.output().end());
  std::string entry = node.outputs.empty() ? node.name : node.outputs.front();
  for (const auto &a : proto.attribute())
    node.attributes.push_back(readAttribute(a, entry));
  return node;
}

void Reader::readGraph(const ::onnx::GraphProto &proto, Graph &graph) {
  graph.name = proto.name();
  for (const auto &t : proto.initializer())
    graph.initializers.push_back(tensors.read(t, t.name()));
  for (const auto &t : proto.sparse_initializer())
    graph.initializers.push_back(tensors.read(t, t.values().name()));
  for (const auto &v : proto.input())
    graph.inputs.push_back(readValue(v));
  for (const auto &v : proto.output())
    graph.outputs.push_back(readValue(v));
  for (const auto &v : proto.value_info())
    graph.values[v.name()] = readValue(v);
  graph.nodes.reserve(proto.node_size());
  for (const auto &n : proto.node())
    graph.nodes.push_back(readNode(n));
}

std::map<std::string, int64_t>
readOpsets(const google::protobuf::RepeatedPtrField<::onnx::OperatorSetIdProto>
               &protos) {
  std::map<std::string, int64_t> opsets;
  for (const auto &o : protos)
    opsets[o.domain() == "ai.onnx" ? "" : o.domain()] = o.version();
  return opsets;
}

Function Reader::readFunction(const ::onnx::FunctionProto &proto) {
  Function function;
  function.name = proto.name();
  function.domain = proto.domain() == "ai.onnx" ? "" : proto.domain();
  function.overload = proto.overload();
  function.inputs.assign(proto.input().begin(), proto.input().end());
  function.outputs.assign(proto.output().begin(), proto.output().end());
  function.attributes.assign(proto.attribute().begin(),
                             proto.attribute().end());
  for (const auto &a : proto.attribute_proto())
    function.defaults.push_back(readAttribute(a, a.name()));
  for (const auto &n : proto.node())
    function.nodes.push_back(readNode(n));
  function.opsets = readOpsets(proto.opset_import());
  return function;
}

} // namespace

std::unique_ptr<Model> raddle::onnx::readModel(const uint8_t *data, size_t size,
                                               const std::string &directory,
                                               std::string &error) {
  WireSplitter splitter;
  std::string rest;
  if (!splitter.split(::onnx::ModelProto::descriptor(), data, size, rest)) {
    error = "not an ONNX model: " + splitter.error;
    return nullptr;
  }
  if (rest.size() >= (size_t(1) << 31)) {
    error = "the model without its raw data is larger than 2 GB";
    return nullptr;
  }
  ::onnx::ModelProto proto;
  google::protobuf::io::CodedInputStream stream(
      reinterpret_cast<const uint8_t *>(rest.data()),
      static_cast<int>(rest.size()));
  stream.SetRecursionLimit(100);
  if (!proto.ParseFromCodedStream(&stream)) {
    error = "not an ONNX model: protobuf cannot parse it";
    return nullptr;
  }
  if (!proto.has_graph()) {
    error = "not an ONNX model: it has no graph";
    return nullptr;
  }
  auto model = std::make_unique<Model>();
  TensorReader tensors(*model, directory);
  tensors.ranges = std::move(splitter.ranges);
  Reader reader(tensors);
  model->irVersion = proto.ir_version();
  model->opsets = readOpsets(proto.opset_import());
  for (const std::string &field : splitter.unknown)
    model->problems.push_back("unknown field '" + field + "'");
  // Without the field the file predates operator sets: version 1.
  if (model->opsets.empty())
    model->opsets[""] = 1;
  if (model->irVersion > ::onnx::IR_VERSION)
    model->problems.push_back(
        "the model has IR version " + std::to_string(model->irVersion) +
        ", the newest that is known is " + std::to_string(::onnx::IR_VERSION));
  if (proto.training_info_size())
    model->problems.push_back(
        "the model holds training information, which is not supported");
  reader.readGraph(proto.graph(), model->graph);
  for (const auto &f : proto.functions())
    model->functions.push_back(reader.readFunction(f));
  return model;
}

std::unique_ptr<Model> raddle::onnx::readModel(const std::string &path,
                                               std::string &error) {
  std::shared_ptr<MappedFile> file = MappedFile::open(path, error);
  if (!file)
    return nullptr;
  std::filesystem::path directory = std::filesystem::path(path).parent_path();
  std::string inner;
  auto model = readModel(file->data(), file->size(),
                         directory.empty() ? "." : directory.string(), inner);
  if (!model) {
    error = "cannot import '" + path + "': " + inner;
    return nullptr;
  }
  model->storage.push_back(file);
  return model;
}
