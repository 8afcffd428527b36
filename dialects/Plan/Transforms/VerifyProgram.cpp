//===- VerifyProgram.cpp - The contract of a host program -----------------===//

#include "dialects/Plan/IR/BufferAliases.h"
#include "dialects/Plan/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "raddle/Support/DataType.h"
#include "llvm/ADT/TypeSwitch.h"

namespace raddle::plan {
#define GEN_PASS_DEF_PLANVERIFYPROGRAM
#include "dialects/Plan/Transforms/Passes.h.inc"
} // namespace raddle::plan

using namespace mlir;
using namespace raddle::plan;

namespace {
/// Host scalars at chosen values of the named dims: constants are folded
/// through the arithmetic. What is read from the device is not known.
class Sample {
public:
  explicit Sample(llvm::StringMap<int64_t> dims) : dims(std::move(dims)) {}

  std::optional<int64_t> get(Value value) {
    auto integer = dyn_cast_or_null<IntegerAttr>(evaluate(value));
    if (!integer)
      return std::nullopt;
    return integer.getInt();
  }
  std::string str() const {
    std::string text;
    for (auto &dim : dims)
      text += (text.empty() ? " at " : ", ") + dim.getKey().str() + " = " +
              std::to_string(dim.getValue());
    return text;
  }

private:
  Attribute evaluate(Value value) {
    auto [known, inserted] = values.try_emplace(value);
    if (!inserted)
      return known->second;
    Operation *op = value.getDefiningOp();
    Attribute result;
    if (auto symbol = dyn_cast_or_null<SymbolOp>(op)) {
      auto dim = dims.find(symbol.getName());
      if (dim != dims.end())
        result = IntegerAttr::get(value.getType(), dim->second);
    } else if (op && isa<arith::ArithDialect>(op->getDialect())) {
      SmallVector<Attribute> operands;
      for (Value operand : op->getOperands())
        operands.push_back(evaluate(operand));
      SmallVector<OpFoldResult> results;
      // A copy: folding may change an operation in place.
      Operation *copy = op->cloneWithoutRegions();
      if (succeeded(copy->fold(operands, results)) && !results.empty()) {
        result = dyn_cast_if_present<Attribute>(results.front());
        if (auto other = dyn_cast_if_present<Value>(results.front()))
          result = evaluate(other);
      }
      copy->destroy();
    }
    return values[value] = result;
  }

  llvm::StringMap<int64_t> dims;
  DenseMap<Value, Attribute> values;
};

struct PlanVerifyProgramPass
    : raddle::plan::impl::PlanVerifyProgramBase<PlanVerifyProgramPass> {
  using PlanVerifyProgramBase::PlanVerifyProgramBase;

  void runOnOperation() override {
    auto entry = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!entry || !entry.getBody().hasOneBlock()) {
      getOperation().emitError("expected a function 'main' with one block");
      return signalPassFailure();
    }
    entry.walk([&](LaunchOp launch) { verifyLaunch(launch); });
    verifyOrder(entry);
    for (Sample &sample : getSamples(entry)) {
      verifySizes(entry, sample);
      if (placed)
        verifyPlaces(entry, sample);
      if (failing)
        break; // larger dims say the same again
    }
    if (placed)
      verifyArena(entry);
    if (failing)
      signalPassFailure();
  }

private:
  InFlightDiagnostic fail(Operation *op) {
    failing = true;
    return op->emitOpError();
  }

  //===--- Launches ---===//

  /// Whether a kernel takes a host scalar: integers are widened, `index` is
  /// checked against the range of the parameter when it is passed.
  static bool fits(Type scalar, Type parameter) {
    auto from = dyn_cast<IntegerType>(scalar);
    auto to = dyn_cast<IntegerType>(parameter);
    if (to)
      return scalar.isIndex() || (from && from.getWidth() <= to.getWidth());
    return scalar == parameter;
  }

  void verifyLaunch(LaunchOp launch) {
    Operation *kernel = getOperation().lookupSymbol(launch.getKernelAttr());
    auto function = dyn_cast_or_null<FunctionOpInterface>(kernel);
    if (!function) {
      fail(launch) << "there is no kernel " << launch.getKernelAttr();
      return;
    }
    auto args = launch.getArgs();
    if (function.getNumArguments() != args.size()) {
      fail(launch) << "expected " << function.getNumArguments()
                   << " arguments, found " << args.size();
      return;
    }
    for (auto [i, type, arg] :
         llvm::enumerate(function.getArgumentTypes(), args)) {
      bool isPointer = isa<LLVM::LLVMPointerType>(type);
      bool isBuffer = isa<BufferType>(arg.getType());
      if (isPointer != isBuffer || !(isPointer || fits(arg.getType(), type))) {
        fail(launch) << "expected argument " << i << " for a parameter of type "
                     << type << ", found " << arg.getType();
        continue;
      }
      bool isWritten = llvm::is_contained(launch.getWritten(), int64_t(i));
      bool isReadOnly =
          function.getArgAttr(i, "tile.readonly") ||
          function.getArgAttr(i, LLVM::LLVMDialect::getReadonlyAttrName());
      if (isPointer && isWritten == isReadOnly)
        fail(launch) << "expected 'writes' "
                     << (isReadOnly ? "without" : "to list") << " argument "
                     << i << ", which the kernel "
                     << (isReadOnly ? "only reads" : "writes");
    }
  }

  //===--- Order of accesses ---===//

  static void getAccesses(Operation *op, SmallVectorImpl<Value> &reads,
                          SmallVectorImpl<Value> &writes) {
    llvm::TypeSwitch<Operation *>(op)
        .Case([&](LaunchOp launch) {
          for (auto [i, arg] : llvm::enumerate(launch.getArgs()))
            if (isa<BufferType>(arg.getType()))
              (llvm::is_contained(launch.getWritten(), int64_t(i)) ? writes
                                                                   : reads)
                  .push_back(arg);
        })
        .Case([&](CopyOp copy) {
          reads.push_back(copy.getFrom());
          writes.push_back(copy.getTo());
        })
        .Case([&](ReadOp read) { reads.push_back(read.getBuffer()); })
        .Case([&](OutputOp output) { reads.push_back(output.getBuffer()); });
  }

  /// In the order of the text; what a loop's body writes, an earlier part of
  /// the body may read in the next round.
  void verifyOrder(func::FuncOp entry) {
    // Control flow hands buffers on: what is written by one name is by all.
    DenseMap<Value, SmallVector<AllocOp>> allocs;
    entry.walk([&](AllocOp alloc) {
      for (Value alias : BufferAliases(alloc).values)
        allocs[alias].push_back(alloc);
    });
    DenseSet<Operation *> written;
    entry.walk<WalkOrder::PreOrder>([&](Operation *op) {
      SmallVector<Value> reads, writes;
      if (isa<LoopLikeOpInterface>(op))
        op->walk([&](Operation *inner) { getAccesses(inner, reads, writes); });
      else
        getAccesses(op, reads, writes);
      if (!isa<LoopLikeOpInterface>(op))
        for (Value buffer : reads) {
          ArrayRef<AllocOp> made = allocs[buffer];
          if (!made.empty() && llvm::none_of(made, [&](AllocOp alloc) {
                return written.contains(alloc);
              }))
            fail(op) << "reads a buffer that nothing wrote before";
        }
      for (Value buffer : writes)
        for (AllocOp alloc : allocs[buffer])
          written.insert(alloc);
    });
  }

  //===--- Sizes and places ---===//

  /// The least dims, and larger ones that are no powers of two.
  std::vector<Sample> getSamples(func::FuncOp entry) {
    std::vector<Sample> samples;
    for (int64_t step : {0, 1, 6}) {
      llvm::StringMap<int64_t> values;
      entry.walk([&](SymbolOp symbol) { values[symbol.getName()] = 1 + step; });
      if (auto dims = entry->getAttrOfType<ArrayAttr>("plan.dims"))
        for (auto dim : dims.getAsRange<DictionaryAttr>()) {
          auto field = [&](StringRef name, int64_t otherwise) {
            auto number = dim.getAs<IntegerAttr>(name);
            return number ? number.getInt() : otherwise;
          };
          auto name = dim.getAs<StringAttr>("name");
          if (!name)
            continue;
          int64_t divisor = std::max<int64_t>(1, field("divisor", 1));
          int64_t least =
              llvm::divideCeil(std::max<int64_t>(field("min", 0), 1), divisor) *
              divisor;
          int64_t most = field("max", INT64_MAX);
          values[name.getValue()] =
              step * divisor > most - least ? least : least + step * divisor;
        }
      samples.emplace_back(std::move(values));
    }
    return samples;
  }

  /// Bytes of a buffer, where they are known.
  static std::optional<int64_t> getBytes(Value buffer, Sample &sample) {
    Operation *op = buffer.getDefiningOp();
    if (auto alloc = dyn_cast_or_null<AllocOp>(op))
      return sample.get(alloc.getBytes());
    if (auto weight = dyn_cast_or_null<WeightOp>(op))
      return weight.getBytes();
    return std::nullopt;
  }

  void verifySizes(func::FuncOp entry, Sample &sample) {
    auto inside = [&](Operation *op, Value buffer, std::optional<int64_t> end) {
      std::optional<int64_t> bytes = getBytes(buffer, sample);
      if (bytes && end && *end > *bytes)
        fail(op) << "needs " << *end << " bytes of a buffer of " << *bytes
                 << sample.str();
    };
    entry.walk([&](Operation *op) {
      llvm::TypeSwitch<Operation *>(op)
          .Case([&](CopyOp copy) {
            for (Value buffer : {copy.getFrom(), copy.getTo()})
              inside(op, buffer, sample.get(copy.getBytes()));
          })
          .Case([&](ReadOp read) {
            if (auto offset = sample.get(read.getOffset()))
              inside(op, read.getBuffer(),
                     *offset + std::max(1u, read.getType().getWidth() / 8));
          })
          .Case([&](OutputOp output) {
            auto type = raddle::parseDataType(output.getType());
            int64_t bytes = type ? byteSize(*type) : 1;
            for (Value size : output.getSizes()) {
              auto known = sample.get(size);
              if (!known)
                return;
              bytes *= *known;
            }
            inside(op, output.getBuffer(), bytes);
          });
    });
  }

  static bool isOutput(AllocOp alloc) {
    return llvm::any_of(alloc.getResult().getUsers(), llvm::IsaPred<OutputOp>);
  }

  void verifyArena(func::FuncOp entry) {
    unsigned arenas = 0;
    entry.walk([&](ArenaOp) { ++arenas; });
    bool needed = false;
    entry.walk([&](AllocOp alloc) {
      if (isOutput(alloc) || alloc.getPool())
        return;
      needed = true;
      if (!alloc.getOffset())
        fail(alloc) << "expected an offset in the arena, or the pool";
    });
    if (arenas != 1 && (needed || arenas > 1))
      fail(entry) << "expected one 'plan.arena', found " << arenas;
  }

  void verifyPlaces(func::FuncOp entry, Sample &sample) {
    struct Place {
      AllocOp alloc;
      int64_t from, to;            // bytes
      unsigned begin = 0, end = 0; // of its life, positions in the body
    };
    std::optional<int64_t> arena;
    entry.walk([&](ArenaOp op) { arena = sample.get(op.getBytes()); });
    Block &body = entry.getBody().front();
    DenseMap<Operation *, unsigned> position;
    for (auto [i, op] : llvm::enumerate(body))
      position[&op] = i;
    std::vector<Place> places;
    entry.walk([&](AllocOp alloc) {
      if (isOutput(alloc) || !alloc.getOffset())
        return;
      auto offset = sample.get(alloc.getOffset());
      auto bytes = sample.get(alloc.getBytes());
      if (!offset || !bytes)
        return;
      // In a branch that these dims do not take, or refused at launch.
      if (*bytes < 0)
        return;
      if (*offset % 256)
        fail(alloc) << "expected a place on 256 bytes, found " << *offset
                    << sample.str();
      if (*offset < 0 || (arena && *offset + *bytes > *arena))
        fail(alloc) << "lies in bytes " << *offset << " to " << *offset + *bytes
                    << " of an arena of " << (arena ? *arena : 0)
                    << sample.str();
      Place place{alloc, *offset, *offset + *bytes};
      // What a region uses lives through the whole operation.
      place.begin = ~0u;
      for (Value alias : BufferAliases(alloc).values)
        for (Operation *user : alias.getUsers()) {
          unsigned at = position.lookup(body.findAncestorOpInBlock(*user));
          place.begin = std::min(place.begin, at);
          place.end = std::max(place.end, at);
        }
      if (place.begin != ~0u)
        places.push_back(place);
    });
    for (size_t i = 0; i < places.size(); ++i)
      for (size_t j = i + 1; j < places.size(); ++j) {
        Place &a = places[i], &b = places[j];
        if (a.from >= b.to || b.from >= a.to || a.begin > b.end ||
            b.begin > a.end)
          continue;
        fail(b.alloc) << "overlaps a buffer that is in use at the same time"
                      << sample.str() << ": bytes " << b.from << " to " << b.to
                      << " and " << a.from << " to " << a.to;
      }
  }

  bool failing = false;
};
} // namespace
