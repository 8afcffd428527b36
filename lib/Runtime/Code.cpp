//===- Code.cpp - preparing a host program --------------------------------===//

#include "Code.h"

using namespace raddle;
using namespace raddle::code;

namespace {

class Builder {
public:
  CompiledExpr expr(const host::Expr &e) {
    return CompiledExpr(e, [this](const std::string &n) { return slot(n); });
  }
  Assert condition(const host::Expr &e, const std::string &message) {
    std::vector<CompiledExpr> sides;
    if (e.kind() >= host::ExprKind::Eq && e.kind() <= host::ExprKind::Le)
      for (const host::Expr &side : e.operands())
        sides.push_back(expr(side));
    return {expr(e), std::move(sides), &message};
  }
  /// Scopes were judged by the verifier; names that do not meet share a slot.
  Slot slot(const std::string &name) {
    return slots_.emplace(name, slots_.size()).first->second;
  }
  uint32_t numSlots() const { return slots_.size(); }

  Block block(const host::Block &source) {
    Block result;
    result.reserve(source.size());
    for (const host::Statement &statement : source)
      result.push_back(std::visit(
          [&](const auto &op) { return Statement{build(op)}; }, statement.op));
    return result;
  }

private:
  Launch build(const host::Launch &op) {
    Launch launch{&op, {}, {}};
    for (unsigned i = 0; i < 3; ++i)
      launch.grid[i] = expr(op.grid[i]);
    for (const host::Argument &arg : op.args)
      launch.args.push_back({arg.kind, arg.buffer, expr(arg.value), arg.f32});
    return launch;
  }
  Let build(const host::Let &op) { return {slot(op.name), expr(op.value)}; }
  Read build(const host::Read &op) {
    return {slot(op.name), op.buffer, expr(op.offset), op.type};
  }
  If build(const host::If &op) {
    return {expr(op.condition), block(op.thenBlock), block(op.elseBlock)};
  }
  Loop build(const host::Loop &op) {
    return {slot(op.counter), expr(op.from), expr(op.to), expr(op.step),
            block(op.body)};
  }
  While build(const host::While &op) {
    return {block(op.before), expr(op.condition), block(op.body)};
  }
  Copy build(const host::Copy &op) {
    return {op.from,           op.to,          expr(op.fromOffset),
            expr(op.toOffset), expr(op.bytes), op.stream};
  }
  Fill build(const host::Fill &op) {
    return {op.buffer, expr(op.offset), expr(op.bytes), op.byte, op.stream};
  }
  Assert build(const host::Assert &op) {
    return condition(op.condition, op.message);
  }
  Alloc build(const host::Alloc &op) { return {op.buffer, expr(op.bytes)}; }
  Bind build(const host::Bind &op) { return {op.buffer, op.to}; }
  Free build(const host::Free &op) { return {op.buffer}; }
  Record build(const host::Record &op) { return {op.event, op.stream}; }
  Wait build(const host::Wait &op) { return {op.event, op.stream}; }

  std::unordered_map<std::string, Slot> slots_;
};

} // namespace

code::Program::Program(const host::Program &source) {
  Builder builder;
  for (const host::Symbol &symbol : source.symbols)
    builder.slot(symbol.name);
  arenaBytes = builder.expr(source.arenaBytes);
  for (const host::Buffer &buffer : source.buffers)
    buffers.push_back(
        {builder.expr(buffer.bytes), builder.expr(buffer.offset)});
  for (const host::Check &check : source.checks)
    checks.push_back(builder.condition(check.condition, check.message));
  prologue = builder.block(source.prologue);
  body = builder.block(source.body);
  for (const host::Port &output : source.outputs) {
    std::vector<CompiledExpr> &shape = outputShapes.emplace_back();
    for (const host::Expr &dim : output.shape)
      shape.push_back(builder.expr(dim));
  }
  numSlots = builder.numSlots();
}
