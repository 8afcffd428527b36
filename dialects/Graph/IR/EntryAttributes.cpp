//===- EntryAttributes.cpp - Attributes of modules and entries ------------===//
//
// The discardable attributes by which a module says what it needs and an entry
// function says how it is called.
//
//===----------------------------------------------------------------------===//
#include "dialects/Graph/IR/GraphDialect.h"
#include "dialects/Graph/IR/Version.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace raddle::graph;

//===----------------------------------------------------------------------===//
// Modules and functions
//===----------------------------------------------------------------------===//

static LogicalResult verifyVersion(Operation *op, Attribute value) {
  auto version = dyn_cast<IntegerAttr>(value);
  if (!version || !version.getType().isSignlessInteger(64))
    return op->emitOpError()
           << "expected 'graph.version' to be an i64, found " << value;
  if (version.getInt() < 1 || version.getInt() > dialectVersion)
    return op->emitOpError()
           << "expected 'graph.version' in [1, " << dialectVersion
           << "], found " << version.getInt()
           << (version.getInt() < 1 ? ""
                                    : "; the module was written by a newer "
                                      "version: use one to read it");
  return success();
}

static LogicalResult verifyArchives(Operation *op, Attribute value) {
  auto archives = dyn_cast<DictionaryAttr>(value);
  if (!archives)
    return op->emitOpError()
           << "expected 'graph.archives' to be a dictionary, found " << value;
  for (NamedAttribute archive : archives) {
    auto fields = dyn_cast<DictionaryAttr>(archive.getValue());
    if (!fields || !fields.getAs<StringAttr>("path") ||
        !fields.getAs<StringAttr>("format"))
      return op->emitOpError()
             << "expected archive '" << archive.getName().getValue()
             << "' to have the strings 'path' and 'format', found "
             << archive.getValue();
  }
  return success();
}

static LogicalResult verifyEntryDims(Operation *op, Attribute value) {
  auto dims = dyn_cast<ArrayAttr>(value);
  if (!dims)
    return op->emitOpError()
           << "expected 'graph.dims' to be an array, found " << value;
  llvm::StringSet<> seen;
  for (Attribute entry : dims) {
    auto fields = dyn_cast<DictionaryAttr>(entry);
    auto name = fields ? fields.getAs<StringAttr>("name") : StringAttr();
    if (!name || name.empty())
      return op->emitOpError()
             << "expected each of 'graph.dims' to have a 'name', found "
             << entry;
    if (!seen.insert(name.getValue()).second)
      return op->emitOpError()
             << "expected different names in 'graph.dims', found " << name
             << " twice";
    int64_t least = 0, most = std::numeric_limits<int64_t>::max();
    for (NamedAttribute field : fields) {
      StringRef key = field.getName().getValue();
      if (key == "name")
        continue;
      if (key != "min" && key != "max" && key != "divisor")
        return op->emitOpError()
               << "expected 'name', 'min', 'max' or 'divisor' in dim " << name
               << ", found '" << key << "'";
      auto number = dyn_cast<IntegerAttr>(field.getValue());
      if (!number || !number.getType().isSignlessInteger(64) ||
          number.getInt() < (key == "divisor" ? 1 : 0))
        return op->emitOpError()
               << "expected '" << key << "' of dim " << name
               << " to be an i64 of at least " << (key == "divisor" ? 1 : 0)
               << ", found " << field.getValue();
      if (key == "min")
        least = number.getInt();
      if (key == "max")
        most = number.getInt();
    }
    if (least > most)
      return op->emitOpError()
             << "expected 'min' to be at most 'max' in dim " << name
             << ", found " << least << " and " << most;
  }
  return success();
}

LogicalResult GraphDialect::verifyOperationAttribute(Operation *op,
                                                     NamedAttribute attribute) {
  StringRef name = attribute.getName().getValue();
  Attribute value = attribute.getValue();
  if (name == "graph.version" || name == "graph.archives") {
    if (!isa<ModuleOp>(op))
      return op->emitOpError() << "expected '" << name << "' on a module only";
    return name == "graph.version" ? verifyVersion(op, value)
                                   : verifyArchives(op, value);
  }
  if (name == "graph.dims") {
    if (!isa<FunctionOpInterface>(op))
      return op->emitOpError("expected 'graph.dims' on a function only");
    return verifyEntryDims(op, value);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Arguments and results
//===----------------------------------------------------------------------===//

/// The element type that values of an interchange type have in the graph, or
/// null when there is no such interchange type.
static Type getInterchangeType(StringRef name, MLIRContext *context) {
  unsigned width = llvm::StringSwitch<unsigned>(name)
                       .Case("i1", 1)
                       .Cases({"i8", "u8"}, 8)
                       .Cases({"i16", "u16"}, 16)
                       .Cases({"i32", "u32"}, 32)
                       .Cases({"i64", "u64"}, 64)
                       .Default(0);
  if (width)
    return IntegerType::get(context, width);
  return llvm::StringSwitch<Type>(name)
      .Case("f16", Float16Type::get(context))
      .Case("bf16", BFloat16Type::get(context))
      .Case("f32", Float32Type::get(context))
      .Case("f64", Float64Type::get(context))
      .Default(Type());
}

/// `shape` is as long as the type's, agrees with its static sizes, and names
/// only dims that the function declares.
static LogicalResult verifyEntryShape(Operation *op, const Twine &what,
                                      Type type, Attribute value) {
  auto shape = dyn_cast<ArrayAttr>(value);
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!shape || !tensor || tensor.getRank() != int64_t(shape.size()))
    return op->emitOpError() << "expected 'graph.shape' of " << what
                             << " to be an array with one entry per dim of "
                             << type << ", found " << value;
  auto dims = op->getAttrOfType<ArrayAttr>("graph.dims");
  for (auto [entry, size] : llvm::zip_equal(shape, tensor.getShape())) {
    if (auto number = dyn_cast<IntegerAttr>(entry)) {
      if (number.getType().isSignlessInteger(64) && number.getInt() == size)
        continue;
    } else if (auto name = dyn_cast<StringAttr>(entry)) {
      if (!ShapedType::isDynamic(size))
        return op->emitOpError()
               << "expected the size " << size << " in 'graph.shape' of "
               << what << ", found the name " << name;
      if (!dims || llvm::any_of(dims, [&](Attribute dim) {
            auto fields = dyn_cast<DictionaryAttr>(dim);
            return fields && fields.get("name") == name;
          }))
        continue;
      return op->emitOpError()
             << "unknown dim " << name << " in 'graph.shape' of " << what
             << ": 'graph.dims' does not list it";
    }
    return op->emitOpError()
           << "expected the i64 size or a name for each dim of " << type
           << " in 'graph.shape' of " << what << ", found " << entry;
  }
  return success();
}

static LogicalResult verifyEntryValue(Operation *op, const Twine &what,
                                      Type type, NamedAttribute attribute) {
  StringRef name = attribute.getName().getValue();
  Attribute value = attribute.getValue();
  if (name == "graph.shape")
    return verifyEntryShape(op, what, type, value);
  if (name != "graph.name" && name != "graph.type")
    return success();
  auto text = dyn_cast<StringAttr>(value);
  if (!text || text.empty())
    return op->emitOpError() << "expected '" << name << "' of " << what
                             << " to be a string, found " << value;
  if (name == "graph.name")
    return success();
  Type element = getInterchangeType(text.getValue(), op->getContext());
  if (!element)
    return op->emitOpError()
           << "unknown interchange type " << text << " of " << what;
  if (element != getElementTypeOrSelf(type))
    return op->emitOpError()
           << "expected element type " << element << " for interchange type "
           << text << " of " << what << ", found " << type;
  return success();
}

LogicalResult GraphDialect::verifyRegionArgAttribute(Operation *op,
                                                     unsigned region,
                                                     unsigned argument,
                                                     NamedAttribute attribute) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (!function)
    return success();
  return verifyEntryValue(op, "argument " + Twine(argument),
                          function.getArgumentTypes()[argument], attribute);
}

LogicalResult GraphDialect::verifyRegionResultAttribute(
    Operation *op, unsigned region, unsigned result, NamedAttribute attribute) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (!function)
    return success();
  return verifyEntryValue(op, "result " + Twine(result),
                          function.getResultTypes()[result], attribute);
}
