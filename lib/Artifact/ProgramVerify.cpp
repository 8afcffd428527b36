//===- ProgramVerify.cpp - names, indices, types and scopes ---------------===//

#include "Problems.h"
#include "raddle/Artifact/Program.h"

#include <algorithm>
#include <set>

using namespace raddle;
using namespace raddle::host;

std::string_view host::name(BufferKind kind) {
  switch (kind) {
  case BufferKind::Input:
    return "input";
  case BufferKind::Output:
    return "output";
  case BufferKind::Weight:
    return "weight";
  case BufferKind::Workspace:
    return "workspace";
  case BufferKind::State:
    return "state";
  case BufferKind::Pool:
    return "pool";
  }
  return "";
}

std::string_view host::name(ParamKind kind) {
  switch (kind) {
  case ParamKind::Ptr:
    return "ptr";
  case ParamKind::I32:
    return "i32";
  case ParamKind::I64:
    return "i64";
  case ParamKind::F32:
    return "f32";
  }
  return "";
}

namespace {

using Path = const std::string &;

/// What a visible name stands for.
enum class Variable { Dim, Counter, Scalar };

class Verifier {
public:
  explicit Verifier(const Program &program) : program_(program) {}

  Error run();

private:
  void checkSymbols();
  void checkPorts();
  void checkBuffers();
  void checkKernels();

  //===--- Expressions and indices ---===//

  void checkExpr(const Expr &expr, Path path) {
    expr.forEachSymbol([&](const std::string &symbol) {
      if (!visible_.count(symbol))
        problems_.add(path, "unknown symbol '" + symbol + "'");
    });
  }
  bool checkBuffer(uint32_t index, Path path) {
    if (index < program_.buffers.size())
      return true;
    problems_.add(path, "there is no buffer " + std::to_string(index) +
                            " (the program has " +
                            std::to_string(program_.buffers.size()) + ")");
    return false;
  }
  void checkWritable(uint32_t index, Path path) {
    if (!checkBuffer(index, path))
      return;
    BufferKind kind = program_.buffers[index].kind;
    if (kind == BufferKind::Weight || kind == BufferKind::Input)
      problems_.add(path, "buffer '" + program_.buffers[index].name +
                              "' of kind '" + std::string(name(kind)) +
                              "' must not be written");
  }

  //===--- Statements ---===//

  /// Names that a block binds at its own level.
  using Bound = std::set<std::string>;

  void bind(const std::string &name, Bound &bound, Path path) {
    if (name.empty())
      problems_.add(path, "a name must not be empty");
    auto [it, isNew] = visible_.emplace(name, Variable::Scalar);
    if (isNew)
      bound.insert(name);
    else if (it->second == Variable::Dim)
      problems_.add(path, "the dim '" + name + "' must not be bound again");
    else if (it->second == Variable::Counter)
      problems_.add(path,
                    "the loop counter '" + name + "' must not be bound again");
  }
  void drop(const Bound &bound) {
    for (const std::string &name : bound)
      visible_.erase(name);
  }
  /// Checks a block and leaves its names visible; they are returned.
  Bound open(const Block &block, Path path) {
    Bound bound;
    for (size_t i = 0; i < block.size(); ++i) {
      std::string place = at(path, i);
      std::visit([&](const auto &op) { check(op, bound, place); }, block[i].op);
    }
    return bound;
  }
  Bound closed(const Block &block, Path path) {
    Bound bound = open(block, path);
    drop(bound);
    return bound;
  }

  /// A prologue reads inputs and binds scalars; nothing else exists yet.
  void checkPrologue(const Block &block, Path path);

  void check(const Launch &op, Bound &, Path path);
  void check(const Let &op, Bound &bound, Path path) {
    checkExpr(op.value, at(path, "value"));
    bind(op.name, bound, at(path, "let"));
  }
  void check(const Read &op, Bound &bound, Path path) {
    checkBuffer(op.buffer, at(path, "buffer"));
    checkExpr(op.offset, at(path, "offset"));
    if (!isInteger(op.type))
      problems_.add(at(path, "type"), "expected an integer type, found '" +
                                          std::string(name(op.type)) + "'");
    bind(op.name, bound, at(path, "read"));
  }
  void check(const If &op, Bound &bound, Path path) {
    checkExpr(op.condition, at(path, "if"));
    Bound inThen = closed(op.thenBlock, at(path, "then"));
    Bound inElse = closed(op.elseBlock, at(path, "else"));
    for (const std::string &name : inThen)
      if (inElse.count(name))
        bind(name, bound, path);
  }
  void check(const Loop &op, Bound &, Path path) {
    checkExpr(op.from, at(path, "from"));
    checkExpr(op.to, at(path, "to"));
    checkExpr(op.step, at(path, "step"));
    if (op.step.isLiteral() && op.step.literal() == 0)
      problems_.add(at(path, "step"), "a step must not be zero");
    if (op.counter.empty())
      problems_.add(at(path, "loop"), "a name must not be empty");
    bool isNew = visible_.emplace(op.counter, Variable::Counter).second;
    if (!isNew)
      problems_.add(at(path, "loop"), "the name '" + op.counter + "' is taken");
    closed(op.body, at(path, "body"));
    if (isNew)
      visible_.erase(op.counter);
  }
  void check(const While &op, Bound &, Path path) {
    Bound bound = open(op.before, at(path, "while"));
    checkExpr(op.condition, at(path, "condition"));
    closed(op.body, at(path, "body"));
    drop(bound);
  }
  void check(const Copy &op, Bound &, Path path) {
    std::string place = at(path, "copy");
    checkStream(op.stream, at(place, "stream"));
    checkBuffer(op.from, at(place, "from"));
    checkWritable(op.to, at(place, "to"));
    checkExpr(op.fromOffset, at(place, "fromOffset"));
    checkExpr(op.toOffset, at(place, "toOffset"));
    checkExpr(op.bytes, at(place, "bytes"));
  }
  void check(const Fill &op, Bound &, Path path) {
    std::string place = at(path, "fill");
    checkStream(op.stream, at(place, "stream"));
    checkWritable(op.buffer, at(place, "buffer"));
    checkExpr(op.offset, at(place, "offset"));
    checkExpr(op.bytes, at(place, "bytes"));
  }
  void check(const Assert &op, Bound &, Path path) {
    checkExpr(op.condition, at(path, "assert"));
  }
  void checkPool(uint32_t index, Path path) {
    if (checkBuffer(index, path) &&
        program_.buffers[index].kind != BufferKind::Pool)
      problems_.add(path, "expected a buffer of kind 'pool', found '" +
                              program_.buffers[index].name + "' of kind '" +
                              std::string(name(program_.buffers[index].kind)) +
                              "'");
  }
  void check(const Alloc &op, Bound &, Path path) {
    checkPool(op.buffer, at(path, "alloc"));
    checkExpr(op.bytes, at(path, "bytes"));
  }
  void check(const Bind &op, Bound &, Path path) {
    checkPool(op.buffer, at(path, "bind"));
    checkBuffer(op.to, at(path, "to"));
  }
  void checkStream(uint32_t stream, Path path) {
    if (stream >= program_.streams)
      problems_.add(path, "there is no stream " + std::to_string(stream) +
                              " (the program has " +
                              std::to_string(program_.streams) + ")");
  }
  void checkEvent(uint32_t event, Path path) {
    if (event >= kMaxEvents)
      problems_.add(path, "expected an event below " +
                              std::to_string(kMaxEvents) + ", found " +
                              std::to_string(event));
  }
  void check(const Record &op, Bound &, Path path) {
    checkEvent(op.event, at(path, "record"));
    checkStream(op.stream, at(path, "stream"));
  }
  void check(const Wait &op, Bound &, Path path) {
    checkEvent(op.event, at(path, "wait"));
    checkStream(op.stream, at(path, "stream"));
  }
  void check(const Free &op, Bound &, Path path) {
    checkPool(op.buffer, at(path, "free"));
  }

  const Program &program_;
  Problems problems_;
  std::map<std::string, Variable> visible_;
};

void Verifier::checkSymbols() {
  for (size_t i = 0; i < program_.symbols.size(); ++i) {
    const Symbol &symbol = program_.symbols[i];
    std::string path = at("symbols", i);
    if (symbol.name.empty())
      problems_.add(path, "a name must not be empty");
    if (!visible_.emplace(symbol.name, Variable::Dim).second)
      problems_.add(path, "the name '" + symbol.name + "' is taken");
    if (symbol.min < 0 || symbol.min > symbol.max)
      problems_.add(path, "the range of '" + symbol.name + "' is empty or " +
                              "negative: " + std::to_string(symbol.min) +
                              " to " + std::to_string(symbol.max));
    if (symbol.divisor < 1)
      problems_.add(path, "the divisor of '" + symbol.name +
                              "' must be positive, found " +
                              std::to_string(symbol.divisor));
  }
}

void Verifier::checkPorts() {
  std::set<std::string> names, bound;
  std::set<uint32_t> buffers;
  for (size_t i = 0; i < program_.inputs.size(); ++i) {
    const Port &port = program_.inputs[i];
    std::string path = at("inputs", i);
    if (port.name.empty() || !names.insert(port.name).second)
      problems_.add(path, "the name '" + port.name + "' is empty or taken");
    for (size_t d = 0; d < port.shape.size(); ++d) {
      const Expr &dim = port.shape[d];
      std::string place = at(at(path, "shape"), d);
      checkExpr(dim, place);
      if (dim.kind() == ExprKind::Symbol)
        bound.insert(dim.symbol());
      else if (!dim.isLiteral() || dim.literal() < 0)
        problems_.add(place, "expected a symbol or an integer of at least 0, "
                             "found '" +
                                 dim.str() + "'");
    }
    if (!checkBuffer(port.buffer, at(path, "buffer")))
      continue;
    if (program_.buffers[port.buffer].kind != BufferKind::Input)
      problems_.add(at(path, "buffer"), "expected a buffer of kind 'input'");
    if (!buffers.insert(port.buffer).second)
      problems_.add(at(path, "buffer"), "two inputs have the buffer " +
                                            std::to_string(port.buffer));
  }
  for (size_t i = 0; i < program_.symbols.size(); ++i)
    if (!bound.count(program_.symbols[i].name))
      problems_.add(at("symbols", i),
                    "no input dim binds '" + program_.symbols[i].name + "'");
  names.clear();
  for (size_t i = 0; i < program_.outputs.size(); ++i) {
    const Port &port = program_.outputs[i];
    std::string path = at("outputs", i);
    if (port.name.empty() || !names.insert(port.name).second)
      problems_.add(path, "the name '" + port.name + "' is empty or taken");
    if (!checkBuffer(port.buffer, at(path, "buffer")))
      continue;
    if (program_.buffers[port.buffer].kind != BufferKind::Output &&
        program_.buffers[port.buffer].kind != BufferKind::Pool)
      problems_.add(at(path, "buffer"),
                    "expected a buffer of kind 'output' or 'pool'");
    if (!buffers.insert(port.buffer).second)
      problems_.add(at(path, "buffer"), "two outputs have the buffer " +
                                            std::to_string(port.buffer));
  }
  // Their memory is found through the port.
  for (size_t i = 0; i < program_.buffers.size(); ++i) {
    BufferKind kind = program_.buffers[i].kind;
    if ((kind == BufferKind::Input || kind == BufferKind::Output) &&
        !buffers.count(i))
      problems_.add(at("buffers", i),
                    "no " + std::string(name(kind)) + " has this buffer");
  }
}

void Verifier::checkBuffers() {
  for (size_t i = 0; i < program_.buffers.size(); ++i) {
    const Buffer &buffer = program_.buffers[i];
    std::string path = at("buffers", i);
    if (buffer.kind != BufferKind::Pool)
      checkExpr(buffer.bytes, at(path, "bytes"));
    if (buffer.kind == BufferKind::Workspace)
      checkExpr(buffer.offset, at(path, "offset"));
    if (buffer.kind != BufferKind::Weight)
      continue;
    for (auto [expr, key] : {std::pair(&buffer.bytes, "bytes"),
                             std::pair(&buffer.offset, "offset")})
      if (!expr->isLiteral() || expr->literal() < 0)
        problems_.add(at(path, key), "expected an integer of at least 0 for a "
                                     "weight, found '" +
                                         expr->str() + "'");
  }
}

void Verifier::checkKernels() {
  for (size_t i = 0; i < program_.kernels.size(); ++i) {
    const Kernel &kernel = program_.kernels[i];
    std::string path = at("kernels", i);
    if (kernel.name.empty())
      problems_.add(at(path, "name"), "a name must not be empty");
    if (kernel.module.empty())
      problems_.add(at(path, "module"), "a name must not be empty");
    auto checkSizes = [&](Path place, int64_t shared,
                          const std::array<int64_t, 3> &block) {
      if (shared < 0 || shared > INT32_MAX)
        problems_.add(at(place, "shared"),
                      "impossible size " + std::to_string(shared));
      // 1024 threads is the limit of every GPU so far; the device's own limits
      // are judged by its driver.
      for (int64_t extent : block)
        if (extent < 1 || extent > 1024) {
          problems_.add(at(place, "block"),
                        "impossible extent " + std::to_string(extent));
          return;
        }
      if (block[0] * block[1] * block[2] > 1024)
        problems_.add(at(place, "block"), "more than 1024 threads");
    };
    checkSizes(path, kernel.shared, kernel.block);
    if (kernel.writes)
      for (size_t w = 0; w < kernel.writes->size(); ++w) {
        uint32_t position = (*kernel.writes)[w];
        if (position >= kernel.params.size() ||
            kernel.params[position] != ParamKind::Ptr)
          problems_.add(at(at(path, "writes"), w),
                        "parameter " + std::to_string(position) +
                            " is no pointer");
      }
    for (const auto &[target, over] : kernel.targets) {
      std::string place = at(at(path, "targets"), target);
      checkSizes(place, over.shared.value_or(kernel.shared),
                 over.block.value_or(kernel.block));
      // A launch is the same for all targets, so its arguments are as well.
      if (over.params && *over.params != kernel.params)
        problems_.add(at(place, "params"),
                      "differs from the kernel's common parameters");
    }
  }
}

void Verifier::check(const Launch &op, Bound &, Path path) {
  checkStream(op.stream, at(path, "stream"));
  for (size_t i = 0; i < op.grid.size(); ++i)
    checkExpr(op.grid[i], at(at(path, "grid"), i));
  const Kernel *kernel = nullptr;
  if (op.kernel < program_.kernels.size())
    kernel = &program_.kernels[op.kernel];
  else
    problems_.add(at(path, "launch"),
                  "there is no kernel " + std::to_string(op.kernel) +
                      " (the program has " +
                      std::to_string(program_.kernels.size()) + ")");
  for (size_t i = 0; i < op.origins.size(); ++i)
    if (op.origins[i] < -1 || op.origins[i] >= int64_t(op.nodes.size()))
      problems_.add(at(at(path, "origins"), i),
                    "expected -1 or the number of one of " +
                        std::to_string(op.nodes.size()) + " nodes, found " +
                        std::to_string(op.origins[i]));
  std::string args = at(path, "args");
  if (kernel && kernel->params.size() != op.args.size())
    problems_.add(args, "kernel '" + kernel->name + "' takes " +
                            std::to_string(kernel->params.size()) +
                            " arguments, found " +
                            std::to_string(op.args.size()));
  for (size_t i = 0; i < op.args.size(); ++i) {
    const Argument &arg = op.args[i];
    std::string place = at(args, i);
    if (kernel && i < kernel->params.size() && kernel->params[i] != arg.kind)
      problems_.add(place, "kernel '" + kernel->name + "' takes '" +
                               std::string(name(kernel->params[i])) +
                               "' here, found '" + std::string(name(arg.kind)) +
                               "'");
    if (arg.kind == ParamKind::Ptr && kernel && kernel->writes &&
        std::find(kernel->writes->begin(), kernel->writes->end(), i) !=
            kernel->writes->end())
      checkWritable(arg.buffer, at(place, "ptr"));
    else if (arg.kind == ParamKind::Ptr)
      checkBuffer(arg.buffer, at(place, "ptr"));
    if (arg.kind != ParamKind::F32)
      checkExpr(arg.value, place);
  }
}

void Verifier::checkPrologue(const Block &block, Path path) {
  for (size_t i = 0; i < block.size(); ++i) {
    std::string place = at(path, i);
    const auto &op = block[i].op;
    if (const auto *read = std::get_if<Read>(&op)) {
      if (read->buffer < program_.buffers.size() &&
          program_.buffers[read->buffer].kind != BufferKind::Input)
        problems_.add(at(place, "buffer"),
                      "the prologue reads inputs only, found '" +
                          program_.buffers[read->buffer].name + "'");
    } else if (const auto *branch = std::get_if<If>(&op)) {
      checkPrologue(branch->thenBlock, at(place, "then"));
      checkPrologue(branch->elseBlock, at(place, "else"));
    } else if (!std::holds_alternative<Let>(op) &&
               !std::holds_alternative<Assert>(op)) {
      problems_.add(place, "expected 'read', 'let', 'if' or 'assert' in the "
                           "prologue");
    }
  }
}

Error Verifier::run() {
  checkSymbols();
  checkPorts();
  for (size_t i = 0; i < program_.buffers.size(); ++i)
    if (program_.buffers[i].kind == BufferKind::Input)
      checkExpr(program_.buffers[i].bytes, at(at("buffers", i), "bytes"));
  checkPrologue(program_.prologue, "prologue");
  Bound early = open(program_.prologue, "prologue");
  checkBuffers();
  checkKernels();
  for (size_t i = 0; i < program_.checks.size(); ++i)
    checkExpr(program_.checks[i].condition, at(at("checks", i), "condition"));
  checkExpr(program_.arenaBytes, "arena.bytes");
  // A power of two: what allocators give, and what kernels rely on.
  if (program_.arenaAlign < 1 ||
      (program_.arenaAlign & (program_.arenaAlign - 1)) != 0 ||
      program_.arenaAlign > (1 << 20))
    problems_.add("arena.align", "expected a power of two up to 1048576, "
                                 "found " +
                                     std::to_string(program_.arenaAlign));
  if (program_.streams < 1 || program_.streams > kMaxStreams)
    problems_.add("streams", "expected 1 to " + std::to_string(kMaxStreams) +
                                 ", found " + std::to_string(program_.streams));
  Bound bound = open(program_.body, "body");
  // Shapes of outputs may depend on what was read back.
  for (size_t i = 0; i < program_.outputs.size(); ++i)
    for (size_t d = 0; d < program_.outputs[i].shape.size(); ++d)
      checkExpr(program_.outputs[i].shape[d],
                at(at(at("outputs", i), "shape"), d));
  drop(bound);
  drop(early);
  return problems_.take();
}

} // namespace

Error host::verify(const Program &program) { return Verifier(program).run(); }
