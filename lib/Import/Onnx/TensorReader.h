//===- TensorReader.h - Locates the bytes of stored tensors ----*- C++ -*-===//
#ifndef RADDLE_LIB_IMPORT_ONNX_TENSORREADER_H
#define RADDLE_LIB_IMPORT_ONNX_TENSORREADER_H

#include "Model.h"
#include "Wire.h"

namespace onnx {
class TensorProto;
class SparseTensorProto;
} // namespace onnx

namespace raddle {
class MappedFile;
}

namespace raddle::onnx {

/// Turns tensors of a file into `Tensor`s. A tensor that cannot be used gets a
/// `problem`; only who needs its bytes has to care.
class TensorReader {
public:
  TensorReader(Model &model, std::string directory)
      : model(model), directory(std::move(directory)) {}

  std::shared_ptr<Tensor> read(const ::onnx::TensorProto &proto,
                               const std::string &entry);
  /// A sparse tensor, made dense.
  std::shared_ptr<Tensor> read(const ::onnx::SparseTensorProto &proto,
                               const std::string &entry);

  /// The located raw data of the tensors.
  std::vector<RawRange> ranges;

private:
  void readDims(Tensor &tensor, const ::onnx::TensorProto &proto);
  void readTyped(Tensor &tensor, const ::onnx::TensorProto &proto);
  void readExternal(Tensor &tensor, const ::onnx::TensorProto &proto);
  void add(const std::shared_ptr<Tensor> &tensor, const std::string &entry);

  Model &model;
  std::string directory;
  std::map<std::string, std::shared_ptr<MappedFile>> files;
};

} // namespace raddle::onnx

#endif // RADDLE_LIB_IMPORT_ONNX_TENSORREADER_H
