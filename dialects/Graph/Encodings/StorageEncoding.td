//===- StorageEncoding.td - How a tensor is stored ----------*- tablegen -*-===//
#ifndef RADDLE_GRAPH_STORAGE_ENCODING_TD
#define RADDLE_GRAPH_STORAGE_ENCODING_TD

include "mlir/IR/OpBase.td"

def StorageEncoding : AttrInterface<"StorageEncoding"> {
  let cppNamespace = "::raddle::graph";
  let description = [{
    How the elements of a logical tensor are stored. A tensor type carries its
    encoding; it is never implicit: `graph.encode` and `graph.assemble` make
    encoded values, `graph.decode` reads them, and `graph-expand-encodings`
    replaces each by its component tensors.

    `decode` and `encode` on the host give the meaning. `buildDecode` states
    the same as graph operations on the components, which kernels evaluate
    element by element; the two agree bit for bit. Dims that are not static are
    allowed where the encoding does not say otherwise.

    Host tensors are row-major, little-endian bytes; elements narrower than a
    byte take one byte.
  }];
  let methods = [
    InterfaceMethod<[{
      The component tensors of a value of type `type`, in storage order. No
      component is itself encoded: nested encodings list their parts.
    }], "::llvm::SmallVector<::raddle::graph::EncodingComponent>", "getComponents",
      (ins "::mlir::RankedTensorType":$type)>,
    InterfaceMethod<[{
      The sizes of the logical tensor in terms of its components.
    }], "::llvm::SmallVector<::mlir::OpFoldResult>", "getSizes",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::RankedTensorType":$type, "::mlir::ValueRange":$components)>,
    InterfaceMethod<[{
      The shape of a logical tensor from the shapes of its components, each of
      static sizes that match `getComponents`.
    }], "::llvm::SmallVector<int64_t>", "inferShape",
      (ins "::mlir::RankedTensorType":$type,
           "::llvm::ArrayRef<::llvm::ArrayRef<int64_t>>":$shapes)>,
    InterfaceMethod<[{
      Encodes `values`, the elements of a logical tensor of static shape.
      Components that are not empty are given (for instance scales from
      calibration) and kept; the others are computed.
    }], "::llvm::LogicalResult", "encode",
      (ins "::mlir::RankedTensorType":$type, "::llvm::ArrayRef<char>":$values,
           "::llvm::MutableArrayRef<::raddle::graph::HostBytes>":$components,
           "::raddle::graph::EmitErrorFn":$emitError)>,
    InterfaceMethod<[{
      The elements of the logical tensor.
    }], "::mlir::FailureOr<::raddle::graph::HostBytes>", "decode",
      (ins "::mlir::RankedTensorType":$type,
           "::llvm::ArrayRef<::llvm::ArrayRef<char>>":$components,
           "::raddle::graph::EmitErrorFn":$emitError)>,
    InterfaceMethod<[{
      The logical tensor, as graph operations on the components.
    }], "::mlir::Value", "buildDecode",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::RankedTensorType":$type, "::mlir::ValueRange":$components)>,
    InterfaceMethod<[{
      The components of `input`, as graph operations on it. `given` has one
      value per component, null where it has to be computed.
    }], "::llvm::SmallVector<::mlir::Value>", "buildEncode",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::RankedTensorType":$type, "::mlir::Value":$input,
           "::llvm::ArrayRef<::mlir::Value>":$given)>,
    InterfaceMethod<[{
      Per dim the number of elements that can be cut off only together: a slice
      whose offsets and sizes are multiples of it (or reach the end) is a slice
      of the components.
    }], "::llvm::SmallVector<int64_t>", "getGranule",
      (ins "::mlir::RankedTensorType":$type)>,
    InterfaceMethod<[{
      The alignment of each component, in bytes.
    }], "int64_t", "getAlignment", (ins), "", "return 16;">,
    InterfaceMethod<[{
      The bytes of all components, or nothing when a dim is not static.
    }], "std::optional<int64_t>", "getBytes", (ins "::mlir::RankedTensorType":$type), "",
      "return ::raddle::graph::getComponentBytes($_attr.getComponents(type));">,
  ];
}

#endif // RADDLE_GRAPH_STORAGE_ENCODING_TD
