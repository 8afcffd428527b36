//===- Weights.cpp - Weights from the module's archives -------------------===//

#include "raddle/Reference/Weights.h"
#include "dialects/Graph/Encodings/StorageEncoding.h"
#include "dialects/Graph/IR/GraphOps.h"
#include "raddle/Import/Archive.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <cstring>

using namespace mlir;

namespace raddle::reference {
namespace {

/// The archives of one module, opened at first use.
class ArchiveReader {
public:
  explicit ArchiveReader(ModuleOp module) : module(module) {}

  LogicalResult read(graph::WeightOp op, Tensor &weight);

private:
  FailureOr<Archive *> open(graph::WeightOp op);
  LogicalResult readJoined(graph::WeightOp op, Tensor &weight);
  LogicalResult readEntry(graph::WeightOp op, StringRef name,
                          RankedTensorType type, Tensor &tensor);

  ModuleOp module;
  llvm::StringMap<std::unique_ptr<Archive>> archives;
};

/// A path that is stated relative to the module's file, when there is none
/// relative to the working directory.
std::string resolve(ModuleOp module, StringRef path) {
  auto loc = dyn_cast<FileLineColLoc>(module.getLoc());
  if (llvm::sys::path::is_absolute(path) || llvm::sys::fs::exists(path) || !loc)
    return path.str();
  llvm::SmallString<128> beside(
      llvm::sys::path::parent_path(loc.getFilename().getValue()));
  llvm::sys::path::append(beside, path);
  return llvm::sys::fs::exists(beside) ? beside.str().str() : path.str();
}

FailureOr<Archive *> ArchiveReader::open(graph::WeightOp op) {
  StringRef name = op.getSource().getArchive();
  std::unique_ptr<Archive> &archive = archives[name];
  if (archive)
    return archive.get();
  auto all = module->getAttrOfType<DictionaryAttr>("graph.archives");
  auto stated = all ? all.getAs<DictionaryAttr>(name) : DictionaryAttr();
  auto path = stated ? stated.getAs<StringAttr>("path") : StringAttr();
  auto format = stated ? stated.getAs<StringAttr>("format") : StringAttr();
  if (!path || !format)
    return op.emitOpError("names archive '")
           << name << "', whose path and format 'graph.archives' does not give";
  std::string error;
  archive = Archive::open(resolve(module, path), format.str(), error);
  if (!archive)
    return op.emitOpError("cannot open archive '") << name << "': " << error;
  return archive.get();
}

/// Codes narrower than a byte lie packed in archives, the first one lowest.
void unpack(const uint8_t *data, unsigned bits, Tensor &tensor) {
  unsigned perByte = 8 / bits;
  for (int64_t i = 0; i < tensor.size(); ++i)
    tensor.setInteger(i, data[i / perByte] >> (i % perByte * bits));
}

/// True when elements of the interchange type `stated` have the form of
/// `type`: signedness is not part of our types.
bool hasForm(StringRef stated, Type type) {
  if (auto integer = dyn_cast<IntegerType>(type)) {
    std::string width = std::to_string(integer.getWidth());
    return stated == "i" + width || (stated == "u" + width);
  }
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return stated == text;
}

/// True when `type` is that of the bytes which the narrow elements of `entry`
/// are packed in, along the last dim.
bool isPackedForm(const ArchiveEntry &entry, RankedTensorType type) {
  unsigned perByte = llvm::StringSwitch<unsigned>(entry.type)
                         .Cases({"i4", "u4"}, 2)
                         .Cases({"i2", "u2"}, 4)
                         .Default(0);
  if (!perByte || entry.shape.empty() || !type.getElementType().isInteger(8) ||
      entry.shape.back() % perByte != 0)
    return false;
  Shape shape(entry.shape.begin(), entry.shape.end());
  shape.back() /= perByte;
  return type.getShape() == llvm::ArrayRef<int64_t>(shape);
}

LogicalResult ArchiveReader::readEntry(graph::WeightOp op, StringRef name,
                                       RankedTensorType type, Tensor &tensor) {
  FailureOr<Archive *> archive = open(op);
  if (failed(archive))
    return failure();
  const ArchiveEntry *entry = (*archive)->find(name);
  if (!entry)
    return op.emitOpError("names entry '")
           << name << "', which its archive does not have";
  Type element = type.getElementType();
  if (isPackedForm(*entry, type)) {
    tensor = Tensor(element, type.getShape());
    if (entry->size < uint64_t(tensor.byteSize()))
      return op.emitOpError("names entry '")
             << name << "', which has " << entry->size << " bytes, expected "
             << tensor.byteSize();
    std::memcpy(tensor.mutableData(), entry->data, tensor.byteSize());
    return success();
  }
  std::optional<int64_t> count = countElements(entry->shape);
  // A weight is read under any shape of as many elements.
  if (!count || *count != type.getNumElements() ||
      !hasForm(entry->type, element)) {
    InFlightDiagnostic diagnostic = op.emitOpError("names entry '");
    diagnostic << name << "', which is " << entry->type << " of sizes [";
    llvm::interleaveComma(entry->shape, diagnostic);
    return diagnostic << "], expected " << type;
  }
  unsigned bits = element.getIntOrFloatBitWidth();
  bool packed = bits < 8 && bits > 1;
  if (packed && !isa<IntegerType>(element))
    return op.emitOpError("has packed elements of type ")
           << element << ", expected integers";
  int64_t bytes =
      packed ? llvm::divideCeil(*count * bits, 8) : *count * ((bits + 7) / 8);
  if (entry->size < uint64_t(bytes))
    return op.emitOpError("names entry '")
           << name << "', which has " << entry->size << " bytes, expected "
           << bytes;
  tensor = Tensor(element, type.getShape());
  if (packed)
    unpack(entry->data, bits, tensor);
  else
    std::memcpy(tensor.mutableData(), entry->data, bytes);
  return success();
}

LogicalResult ArchiveReader::readJoined(graph::WeightOp op, Tensor &weight) {
  RankedTensorType type = op.getType();
  weight = Tensor(type.getElementType(), type.getShape());
  std::vector<Tensor> parts(op.getParts()->size());
  for (auto [index, name] :
       llvm::enumerate(op.getParts()->getAsValueRange<StringAttr>()))
    if (failed(readEntry(op, name, op.getPartType(index), parts[index])))
      return failure();
  SmallVector<int64_t> runs = op.getPartRuns();
  char *to = weight.mutableData();
  for (int64_t row = 0, end = weight.byteSize(); to - weight.data() < end;
       ++row)
    for (auto [part, run] : llvm::zip_equal(parts, runs)) {
      std::memcpy(to, part.data() + row * run, run);
      to += run;
    }
  return success();
}

LogicalResult ArchiveReader::read(graph::WeightOp op, Tensor &weight) {
  RankedTensorType type = op.getType();
  StringRef name = op.getSource().getEntry();
  graph::StorageEncoding encoding = graph::getStorageEncoding(type);
  if (op.getParts())
    return readJoined(op, weight);
  if (!encoding)
    return readEntry(op, name, type, weight);
  std::vector<Tensor> components;
  for (const graph::EncodingComponent &component :
       encoding.getComponents(type)) {
    // Where the archive was not made by us the parts have names of their own.
    std::string entry = name.str() + "/" + component.name;
    if (auto given = op.getComponents())
      if (auto stated = given->getAs<StringAttr>(component.name))
        entry = stated.str();
    Tensor tensor;
    if (failed(readEntry(op, entry, component.type, tensor)))
      return failure();
    components.push_back(std::move(tensor));
  }
  weight = Tensor::encoded(type, type.getShape(), std::move(components));
  return success();
}

} // namespace

WeightReader makeArchiveReader(ModuleOp module) {
  auto reader = std::make_shared<ArchiveReader>(module);
  return [reader](graph::WeightOp op, Tensor &weight) {
    return reader->read(op, weight);
  };
}

} // namespace raddle::reference
