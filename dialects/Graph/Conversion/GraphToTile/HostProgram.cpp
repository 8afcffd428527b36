//===- HostProgram.cpp - Building the host program ------------------------===//

#include "dialects/Graph/Conversion/GraphToTile/HostProgram.h"
#include "dialects/Graph/Encodings/StorageEncoding.h"
#include "dialects/Graph/IR/GraphUtils.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace raddle;
using namespace raddle::graph;

HostProgramBuilder::HostProgramBuilder(func::FuncOp entry, KernelTable &kernels)
    : entry(entry), kernels(kernels), b(entry.getContext()),
      loc(entry.getLoc()) {}

LogicalResult HostProgramBuilder::run() {
  // The new body is built behind the old one.
  auto bufferType = plan::BufferType::get(b.getContext());
  Block &old = entry.getBody().front();
  SmallVector<Type> types(old.getNumArguments(), bufferType);
  SmallVector<Location> locations(old.getNumArguments(), loc);
  Block *body =
      b.createBlock(&entry.getBody(), entry.getBody().end(), types, locations);
  b.setInsertionPointToStart(body);
  for (auto [i, argument] : llvm::enumerate(old.getArguments())) {
    buffers[argument] = body->getArgument(i);
    auto shape = entry.getArgAttrOfType<ArrayAttr>(i, "graph.shape");
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type)
      return entry.emitOpError("expected a ranked tensor as argument ")
             << i << ", found " << argument.getType();
    for (int64_t d = 0; d < type.getRank(); ++d)
      if (type.isDynamicDim(d)) {
        auto name = shape && d < int64_t(shape.size())
                        ? dyn_cast<StringAttr>(shape[d])
                        : StringAttr();
        if (!name)
          return entry.emitOpError("expected 'graph.shape' of argument ")
                 << i << " to name dim " << d;
        extents[{argument, unsigned(d)}] =
            plan::SymbolOp::create(b, loc, b.getIndexType(), name);
      }
  }
  if (failed(lowerBlock(old)) || hadError)
    return failure();
  func::ReturnOp::create(b, loc);
  // What the graph said of tensors, the plan says of buffers.
  for (unsigned i = 0; i < types.size(); ++i) {
    NamedAttrList attributes;
    for (StringRef name : {"name", "type", "shape"})
      if (Attribute value = entry.getArgAttr(i, ("graph." + name).str()))
        attributes.set(("plan." + name).str(), value);
    entry.setArgAttrs(i, attributes);
  }
  if (Attribute dims = entry->removeAttr("graph.dims"))
    entry->setAttr("plan.dims", dims);
  entry.setFunctionType(b.getFunctionType(types, {}));
  entry.setResAttrsAttr(nullptr);
  // Operations of the old block use each other only.
  old.dropAllReferences();
  old.dropAllDefinedValueUses();
  old.erase();
  return success();
}

std::string HostProgramBuilder::getFreshEntry(StringRef prefix) {
  if (entries.empty())
    entry.walk([&](WeightOp op) { entries.insert(op.getSource().getEntry()); });
  std::string name;
  do {
    name = (prefix + "." + Twine(numEntries[prefix]++)).str();
  } while (entries.contains(name));
  return name;
}

LogicalResult HostProgramBuilder::lowerBlock(Block &block) {
  for (Operation &op : block)
    if (!op.hasTrait<OpTrait::IsTerminator>() || isa<func::ReturnOp>(op))
      if (failed(lowerOp(&op)))
        return failure();
  return success();
}

LogicalResult HostProgramBuilder::lowerOp(Operation *op) {
  loc = op->getLoc();
  return TypeSwitch<Operation *, LogicalResult>(op)
      .Case<GroupOp, scf::IfOp, scf::ForOp, scf::WhileOp>(
          [&](auto typed) { return lower(typed); })
      .Case([&](func::ReturnOp ret) { return lowerReturn(ret); })
      .Case([&](WeightOp weight) -> LogicalResult {
        auto type = cast<RankedTensorType>(weight.getType());
        if (isa_and_nonnull<StorageEncoding>(type.getEncoding()))
          return weight.emitOpError("expected encodings to be expanded");
        int64_t bits = type.getElementType().isIndex()
                           ? 64
                           : type.getElementType().getIntOrFloatBitWidth();
        int64_t bytes = type.getNumElements() * std::max<int64_t>(1, bits / 8);
        auto buffer = plan::WeightOp::create(
            b, loc, plan::BufferType::get(b.getContext()),
            weight.getSource().getEntry(), bytes);
        if (weight.getParts()) {
          buffer.setPartsAttr(*weight.getParts());
          buffer.setRuns(weight.getPartRuns());
        }
        buffers[weight.getResult()] = buffer;
        return success();
      })
      .Case([&](PrecomputeOp precompute) {
        Operation *copy = b.clone(*op);
        buffers[precompute.getResult()] = plan::PrecomputedOp::create(
            b, loc, plan::BufferType::get(b.getContext()),
            getFreshEntry("precomputed"), copy->getResult(0));
        return success();
      })
      .Case([&](tensor::DimOp dim) -> LogicalResult {
        auto index = dim.getConstantIndex();
        if (!index)
          return dim.emitOpError("expected a constant dim");
        scalars[dim.getResult()] = getExtent(dim.getSource(), *index);
        return success();
      })
      .Case([&](tensor::CastOp cast) {
        buffers[cast.getResult()] = buffers.lookup(cast.getSource());
        auto type = mlir::cast<RankedTensorType>(cast.getType());
        for (int64_t d = 0; d < type.getRank(); ++d)
          if (type.isDynamicDim(d))
            extents[{cast.getResult(), unsigned(d)}] =
                getExtent(cast.getSource(), d);
        return success();
      })
      .Case([&](tensor::ExtractOp extract) -> LogicalResult {
        SmallVector<Value> indices;
        for (Value index : extract.getIndices())
          indices.push_back(getScalar(index));
        Value offset = constant(0);
        for (auto [d, index] : llvm::enumerate(indices))
          offset = arith::AddIOp::create(
              b, loc,
              arith::MulIOp::create(b, loc, offset,
                                    getExtent(extract.getTensor(), d)),
              index);
        Type type = extract.getType();
        if (!isa<IntegerType>(type))
          return extract.emitOpError("expected an integer to be read by the "
                                     "host, found ")
                 << type;
        unsigned bytes = std::max(1u, type.getIntOrFloatBitWidth() / 8);
        offset = arith::MulIOp::create(b, loc, offset, constant(bytes));
        scalars[extract.getResult()] = plan::ReadOp::create(
            b, loc, type, buffers.lookup(extract.getTensor()), offset);
        return success();
      })
      .Case([&](cf::AssertOp assertion) {
        cf::AssertOp::create(b, loc, getScalar(assertion.getArg()),
                             assertion.getMsg());
        return success();
      })
      .Case([&](arith::ConstantOp constant) {
        auto value = dyn_cast<ElementsAttr>(constant.getValue());
        if (!value) {
          scalars[constant.getResult()] =
              b.clone(*constant.getOperation())->getResult(0);
          return success();
        }
        buffers[constant.getResult()] = plan::ConstantOp::create(
            b, loc, plan::BufferType::get(b.getContext()),
            getFreshEntry("constant"), value);
        return success();
      })
      .Default([&](Operation *other) -> LogicalResult {
        if (!isa<arith::ArithDialect>(other->getDialect()) ||
            llvm::any_of(other->getResultTypes(),
                         llvm::IsaPred<RankedTensorType>))
          return other->emitOpError(
              "cannot be part of the host program: expected groups, weights "
              "and arithmetic on host scalars");
        IRMapping mapping;
        for (Value operand : other->getOperands())
          mapping.map(operand, getScalar(operand));
        Operation *copy = b.clone(*other, mapping);
        for (auto [from, to] :
             llvm::zip(other->getResults(), copy->getResults()))
          scalars[from] = to;
        return success();
      });
}

//===----------------------------------------------------------------------===//
// Scalars and sizes
//===----------------------------------------------------------------------===//

Value HostProgramBuilder::constant(int64_t value) {
  return arith::ConstantIndexOp::create(b, loc, value);
}

Value HostProgramBuilder::product(ValueRange factors) {
  int64_t known = 1;
  Value result;
  for (Value factor : factors) {
    if (auto c = getConstantIndex(factor))
      known *= *c;
    else
      result = result ? arith::MulIOp::create(b, loc, result, factor) : factor;
  }
  if (!result || known == 0)
    return constant(known);
  if (known == 1)
    return result;
  return arith::MulIOp::create(b, loc, result, constant(known));
}

Value HostProgramBuilder::getScalar(Value scalar) {
  if (Value found = scalars.lookup(scalar))
    return found;
  // Inside a group's region: its scalars, sizes and arithmetic on them.
  if (auto argument = dyn_cast<BlockArgument>(scalar))
    if (auto group = dyn_cast<GroupOp>(argument.getOwner()->getParentOp()))
      return getScalar(group->getOperand(argument.getArgNumber()));
  if (auto known = getConstantIndex(scalar);
      known && scalar.getType().isIndex())
    return constant(*known);
  if (auto dim = scalar.getDefiningOp<tensor::DimOp>();
      dim && dim.getConstantIndex())
    return getExtent(dim.getSource(), *dim.getConstantIndex());
  Operation *op = scalar.getDefiningOp();
  if (!op || !isa<arith::ArithDialect>(op->getDialect())) {
    emitError(scalar.getLoc(), "expected a host scalar, found a value that is "
                               "not known on the host");
    hadError = true;
    return constant(0);
  }
  IRMapping mapping;
  for (Value operand : op->getOperands())
    mapping.map(operand, getScalar(operand));
  return b.clone(*op, mapping)
      ->getResult(cast<OpResult>(scalar).getResultNumber());
}

Value HostProgramBuilder::getExtent(Value tensor, unsigned dim) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (!type.isDynamicDim(dim))
    return constant(type.getDimSize(dim));
  auto found = extents.find({tensor, dim});
  if (found != extents.end())
    return found->second;
  Value result;
  if (auto argument = dyn_cast<BlockArgument>(tensor)) {
    if (auto group = dyn_cast<GroupOp>(argument.getOwner()->getParentOp()))
      return getExtent(group->getOperand(argument.getArgNumber()), dim);
  } else if (auto group = tensor.getDefiningOp<GroupOp>()) {
    result = getExtent(group.getTerminator()->getOperand(
                           cast<OpResult>(tensor).getResultNumber()),
                       dim);
  } else {
    Operation *op = tensor.getDefiningOp();
    if (auto reify = dyn_cast<ReifyRankedShapedTypeOpInterface>(op)) {
      // At the end of a group: all values of its body are there.
      OpBuilder sizes(op);
      if (auto group = dyn_cast<GroupOp>(op->getParentOp()))
        sizes.setInsertionPoint(group.getTerminator());
      ReifiedRankedShapedTypeDims shapes;
      if (succeeded(reify.reifyResultShapes(sizes, shapes))) {
        OpFoldResult size =
            shapes[cast<OpResult>(tensor).getResultNumber()][dim];
        auto known = getConstantIntValue(size);
        result = known ? constant(*known) : getScalar(cast<Value>(size));
      }
    }
    if (!result)
      for (Value operand : op->getOperands())
        if (auto other = dyn_cast<RankedTensorType>(operand.getType());
            other && other.getRank() == type.getRank()) {
          result = getExtent(operand, dim);
          break;
        }
  }
  if (!result) {
    emitError(tensor.getLoc(), "the size of dim ")
        << dim << " of a tensor is not known on the host";
    hadError = true;
    result = constant(0);
  }
  extents[{tensor, dim}] = result;
  return result;
}

Value HostProgramBuilder::getBytes(Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  Type element = getKernelElementType(type.getElementType());
  SmallVector<Value> factors{
      constant(std::max(1u, element.getIntOrFloatBitWidth() / 8))};
  for (int64_t d = 0; d < type.getRank(); ++d)
    factors.push_back(getExtent(tensor, d));
  return product(factors);
}

Value HostProgramBuilder::allocate(Value tensor) {
  return plan::AllocOp::create(b, loc, getBytes(tensor));
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

/// A tensor as people look for it: by the input's name, or the nodes that make
/// it.
static std::string describe(GroupOp user, Value tensor) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "the tensor " << tensor.getType();
  if (auto argument = dyn_cast<BlockArgument>(tensor))
    if (auto entry = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp()))
      if (auto name = entry.getArgAttrOfType<StringAttr>(
              argument.getArgNumber(), "graph.name")) {
        os << " of input '" << name.getValue() << "'";
        return text;
      }
  auto maker = tensor.getDefiningOp<GroupOp>();
  os << (maker ? " made by '" : " used by '");
  auto nodes = (maker ? maker : user).getNodesAttr();
  if (!nodes || nodes.empty())
    os << (maker ? maker : user).getSkeleton();
  else
    llvm::interleave(
        nodes.getAsValueRange<StringAttr>(), os,
        [&](StringRef node) { os << node; }, "', '");
  os << "'";
  return text;
}

/// Kernels count elements in i32: a tensor must stay below by more than a
/// block.
LogicalResult HostProgramBuilder::checkSize(GroupOp op, Value tensor) {
  constexpr int64_t limit = (int64_t(1) << 31) - (1 << 16);
  auto type = cast<RankedTensorType>(tensor.getType());
  if (type.hasStaticShape()) {
    int64_t count = 1;
    for (int64_t size : type.getShape())
      if (__builtin_mul_overflow(count, size, &count) || count > limit)
        return op.emitOpError("expected tensors of at most ")
               << limit << " elements, found " << type;
    return success();
  }
  if (!checked.insert(tensor).second)
    return success();
  SmallVector<Value> sizes;
  for (int64_t d = 0; d < type.getRank(); ++d)
    sizes.push_back(getExtent(tensor, d));
  Value fits = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sle,
                                     product(sizes), constant(limit));
  cf::AssertOp::create(b, loc, fits,
                       describe(op, tensor) + " has more than " +
                           std::to_string(limit) +
                           " elements; choose smaller inputs");
  return success();
}

/// For every operation of the group its node's number in `nodes`; null when
/// none is known.
static DenseI32ArrayAttr getOrigins(GroupOp group) {
  SmallVector<int32_t> origins;
  for (Operation &op : group.getBody().front().without_terminator()) {
    llvm::SetVector<StringAttr> names;
    collectNodeNames(op.getLoc(), names);
    int32_t origin = -1;
    if (group.getNodes())
      for (auto [i, node] : llvm::enumerate(*group.getNodes()))
        if (origin < 0 && names.contains(cast<StringAttr>(node)))
          origin = i;
    origins.push_back(origin);
  }
  if (llvm::all_of(origins, [](int32_t origin) { return origin < 0; }))
    return {};
  return DenseI32ArrayAttr::get(group.getContext(), origins);
}

LogicalResult HostProgramBuilder::lower(GroupOp op) {
  for (Value tensor : op->getOperands())
    if (isa<RankedTensorType>(tensor.getType()) &&
        failed(checkSize(op, tensor)))
      return failure();
  for (Value tensor : op.getOutputs())
    if (failed(checkSize(op, tensor)))
      return failure();
  // Before skeletons add what they ask for sizes.
  DenseI32ArrayAttr origins = getOrigins(op);
  auto variants = kernels.get(op);
  if (failed(variants))
    return failure();
  for (Value output : op.getOutputs())
    buffers[output] = allocate(output);
  if (variants->size() == 1)
    return launch(op, variants->front().kernels, origins);
  // All conditions are known before the first branch; sizes that are first
  // asked for in a branch are not visible behind it.
  SmallVector<Value> conditions;
  for (const KernelVariant &variant : variants->drop_back())
    conditions.push_back(getCondition(op, variant.guard));
  OpBuilder::InsertionGuard guard(b);
  for (const KernelVariant &variant : *variants) {
    auto outerExtents = extents;
    auto outerScalars = scalars;
    Block *otherwise = nullptr;
    if (&variant != &variants->back()) {
      auto branch =
          scf::IfOp::create(b, loc, conditions[&variant - variants->begin()],
                            /*withElseRegion=*/true);
      b.setInsertionPointToStart(branch.thenBlock());
      otherwise = branch.elseBlock();
    }
    if (failed(launch(op, variant.kernels, origins)))
      return failure();
    extents = std::move(outerExtents);
    scalars = std::move(outerScalars);
    if (otherwise)
      b.setInsertionPointToStart(otherwise);
  }
  return success();
}

Value HostProgramBuilder::getCondition(GroupOp op,
                                       const tile::DimGuard &guard) {
  const tile::KernelSkeleton *skeleton = tile::getSkeleton(op.getSkeleton());
  SmallVector<tile::GroupDim> dims = skeleton->getDims(op);
  Value condition;
  auto require = [&](arith::CmpIPredicate predicate, Value lhs, Value rhs) {
    Value holds = arith::CmpIOp::create(b, loc, predicate, lhs, rhs);
    condition =
        condition ? arith::AndIOp::create(b, loc, condition, holds) : holds;
  };
  for (const tile::DimPredicate &predicate : guard) {
    const tile::GroupDim *dim = llvm::find_if(
        dims, [&](const auto &dim) { return dim.name == predicate.dim; });
    SmallVector<Value> factors{constant(dim->factor)};
    for (auto [tensor, number] : dim->extents)
      factors.push_back(getExtent(tensor, number));
    Value size = product(factors);
    if (dim->divisor != 1)
      size = arith::DivUIOp::create(b, loc, size, constant(dim->divisor));
    if (predicate.max != tile::DimPredicate::noMax)
      require(arith::CmpIPredicate::sle, size, constant(predicate.max));
    if (predicate.multiple != 1)
      require(
          arith::CmpIPredicate::eq,
          arith::RemUIOp::create(b, loc, size, constant(predicate.multiple)),
          constant(0));
  }
  return condition;
}

LogicalResult HostProgramBuilder::launch(GroupOp op,
                                         const tile::GroupKernels &kernels,
                                         DenseI32ArrayAttr origins) {
  SmallVector<Value> scratch;
  for (const tile::TileKernel &kernel : kernels.kernels) {
    // The host half of the kernel, inlined.
    SmallVector<Value> args, hostArgs;
    SmallVector<int64_t> written;
    for (const tile::KernelArgument &argument : kernel.arguments) {
      Value value;
      switch (argument.kind) {
      case tile::KernelArgument::Extent:
        value = getExtent(op.getInputs()[argument.index], argument.dim);
        hostArgs.push_back(value);
        break;
      case tile::KernelArgument::Scalar:
        value = getScalar(op.getScalars()[argument.index]);
        hostArgs.push_back(value);
        break;
      default:
        break;
      }
    }
    IRMapping mapping;
    func::FuncOp hostFunction = kernel.host;
    Block &host = hostFunction.getBody().front();
    for (auto [from, to] : llvm::zip(host.getArguments(), hostArgs))
      mapping.map(from, to);
    for (Operation &inner : host.without_terminator())
      b.clone(inner, mapping);
    auto results = host.getTerminator()->getOperands();
    Value blocks = mapping.lookupOrDefault(results.front());
    if (scratch.empty())
      for (Value bytes : results.drop_front())
        scratch.push_back(
            plan::AllocOp::create(b, loc, mapping.lookupOrDefault(bytes)));
    unsigned next = 0;
    for (auto [i, argument] : llvm::enumerate(kernel.arguments)) {
      switch (argument.kind) {
      case tile::KernelArgument::Input: {
        Value buffer = buffers.lookup(op.getInputs()[argument.index]);
        if (!buffer)
          return op.emitOpError("operand ")
                 << argument.index << " has no buffer on the device";
        args.push_back(buffer);
        break;
      }
      case tile::KernelArgument::Output:
        written.push_back(i);
        args.push_back(buffers.lookup(op.getOutputs()[argument.index]));
        break;
      case tile::KernelArgument::Scratch:
        written.push_back(i);
        args.push_back(scratch[argument.index]);
        break;
      case tile::KernelArgument::Extent:
      case tile::KernelArgument::Scalar:
        args.push_back(hostArgs[next++]);
        break;
      }
    }
    func::FuncOp func = kernel.func;
    auto symbol = SymbolRefAttr::get(
        b.getContext(), func->getParentOfType<ModuleOp>().getSymName().value(),
        {FlatSymbolRefAttr::get(func.getSymNameAttr())});
    plan::LaunchOp::create(b, loc, symbol, blocks, args,
                           b.getDenseI64ArrayAttr(written), op.getNodesAttr(),
                           origins);
  }
  return success();
}

LogicalResult HostProgramBuilder::lowerReturn(func::ReturnOp op) {
  for (auto [i, result] : llvm::enumerate(op.getOperands())) {
    auto name = entry.getResultAttrOfType<StringAttr>(i, "graph.name");
    auto type = entry.getResultAttrOfType<StringAttr>(i, "graph.type");
    if (!name || !type)
      return op.emitOpError("expected 'graph.name' and 'graph.type' of result ")
             << i;
    SmallVector<Value> sizes;
    auto tensor = cast<RankedTensorType>(result.getType());
    for (int64_t d = 0; d < tensor.getRank(); ++d)
      sizes.push_back(getExtent(result, d));
    Value buffer = buffers.lookup(result);
    if (!buffer)
      return op.emitOpError("result ") << i << " has no buffer on the device";
    // What is returned must be a buffer of its own: not an input, a weight, or
    // another output.
    bool shared =
        !isa_and_present<plan::AllocOp, scf::IfOp, scf::ForOp, scf::WhileOp>(
            buffer.getDefiningOp());
    for (Operation *user : buffer.getUsers())
      shared |= isa<plan::OutputOp>(user);
    if (shared) {
      Value copy = allocate(result);
      plan::CopyOp::create(b, loc, buffer, copy, getBytes(result));
      buffer = copy;
    }
    plan::OutputOp::create(b, loc, name, type, buffer, sizes);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

void HostProgramBuilder::appendCarriedTypes(TypeRange types,
                                            SmallVectorImpl<Type> &carried) {
  for (Type type : types) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor) {
      carried.push_back(type);
      continue;
    }
    carried.push_back(plan::BufferType::get(b.getContext()));
    carried.append(tensor.getNumDynamicDims(), b.getIndexType());
  }
}

LogicalResult
HostProgramBuilder::appendCarried(Operation *op, ValueRange values,
                                  SmallVectorImpl<Value> &carried) {
  for (Value value : values) {
    auto tensor = dyn_cast<RankedTensorType>(value.getType());
    if (!tensor) {
      carried.push_back(getScalar(value));
      continue;
    }
    carried.push_back(buffers.lookup(value));
    if (!carried.back())
      return op->emitOpError("hands on a tensor that has no buffer on the "
                             "device");
    for (int64_t d = 0; d < tensor.getRank(); ++d)
      if (tensor.isDynamicDim(d))
        carried.push_back(getExtent(value, d));
  }
  return success();
}

void HostProgramBuilder::bindCarried(ValueRange values, ValueRange carried) {
  for (Value value : values) {
    auto tensor = dyn_cast<RankedTensorType>(value.getType());
    (tensor ? buffers : scalars)[value] = carried.front();
    carried = carried.drop_front();
    if (!tensor)
      continue;
    for (int64_t d = 0; d < tensor.getRank(); ++d)
      if (tensor.isDynamicDim(d)) {
        extents[{value, unsigned(d)}] = carried.front();
        carried = carried.drop_front();
      }
  }
}

LogicalResult
HostProgramBuilder::lowerRegion(Block &from, Block &to,
                                function_ref<LogicalResult()> finish) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(&to);
  auto outerExtents = extents;
  auto outerScalars = scalars;
  auto outerChecked = checked;
  LogicalResult status = lowerBlock(from);
  if (succeeded(status))
    status = finish();
  extents = std::move(outerExtents);
  scalars = std::move(outerScalars);
  checked = std::move(outerChecked);
  return status;
}

LogicalResult HostProgramBuilder::lower(scf::IfOp op) {
  SmallVector<Type> types;
  appendCarriedTypes(op.getResultTypes(), types);
  auto branch = scf::IfOp::create(b, loc, types, getScalar(op.getCondition()),
                                  /*addThenBlock=*/true,
                                  /*addElseBlock=*/true);
  for (auto [from, to] : llvm::zip(op->getRegions(), branch->getRegions())) {
    Block &block = to.front();
    if (block.mightHaveTerminator())
      block.getTerminator()->erase();
    if (from.empty()) {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToEnd(&block);
      scf::YieldOp::create(b, loc);
      continue;
    }
    Operation *yield = from.front().getTerminator();
    if (failed(lowerRegion(from.front(), block, [&] {
          SmallVector<Value> yields;
          LogicalResult status =
              appendCarried(op, yield->getOperands(), yields);
          scf::YieldOp::create(b, loc, yields);
          return status;
        })))
      return failure();
  }
  bindCarried(op.getResults(), branch.getResults());
  return success();
}

LogicalResult HostProgramBuilder::lower(scf::ForOp op) {
  SmallVector<Value> inits;
  if (failed(appendCarried(op, op.getInitArgs(), inits)))
    return failure();
  auto loop = scf::ForOp::create(b, loc, getScalar(op.getLowerBound()),
                                 getScalar(op.getUpperBound()),
                                 getScalar(op.getStep()), inits);
  if (loop.getBody()->mightHaveTerminator())
    loop.getBody()->getTerminator()->erase();
  scalars[op.getInductionVar()] = loop.getInductionVar();
  bindCarried(op.getRegionIterArgs(), loop.getRegionIterArgs());
  Operation *yield = op.getBody()->getTerminator();
  if (failed(lowerRegion(*op.getBody(), *loop.getBody(), [&] {
        SmallVector<Value> yields;
        LogicalResult status = appendCarried(op, yield->getOperands(), yields);
        scf::YieldOp::create(b, loc, yields);
        return status;
      })))
    return failure();
  bindCarried(op.getResults(), loop.getResults());
  return success();
}

LogicalResult HostProgramBuilder::lower(scf::WhileOp op) {
  SmallVector<Value> inits;
  SmallVector<Type> types;
  appendCarriedTypes(op.getResultTypes(), types);
  if (failed(appendCarried(op, op.getInits(), inits)))
    return failure();
  auto loop = scf::WhileOp::create(b, loc, types, inits);
  auto addBlock = [&](Region &region, TypeRange types) {
    Block &block = region.emplaceBlock();
    block.addArguments(types, SmallVector<Location>(types.size(), loc));
    return &block;
  };
  Block *before = addBlock(loop.getBefore(), ValueRange(inits).getTypes());
  Block *after = addBlock(loop.getAfter(), types);
  bindCarried(op.getBeforeArguments(), before->getArguments());
  if (failed(lowerRegion(*op.getBeforeBody(), *before, [&] {
        SmallVector<Value> passed;
        scf::ConditionOp condition = op.getConditionOp();
        LogicalResult status = appendCarried(op, condition.getArgs(), passed);
        scf::ConditionOp::create(b, loc, getScalar(condition.getCondition()),
                                 passed);
        return status;
      })))
    return failure();
  bindCarried(op.getAfterArguments(), after->getArguments());
  if (failed(lowerRegion(*op.getAfterBody(), *after, [&] {
        SmallVector<Value> yields;
        LogicalResult status =
            appendCarried(op, op.getYieldOp()->getOperands(), yields);
        scf::YieldOp::create(b, loc, yields);
        return status;
      })))
    return failure();
  bindCarried(op.getResults(), loop.getResults());
  return success();
}
