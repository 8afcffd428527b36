//===- ProgramToJson.cpp - printing a host program ------------------------===//

#include "Json.h"
#include "raddle/Artifact/Program.h"

#include <cmath>

using namespace raddle;
using namespace raddle::host;

namespace {

template <typename... Fs> struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <typename... Fs> Overloaded(Fs...) -> Overloaded<Fs...>;

Json print(const Block &block);

Json print(const Expr &expr) {
  if (expr.kind() == ExprKind::Literal)
    return expr.literal();
  if (expr.kind() == ExprKind::Symbol)
    return expr.symbol();
  Json array = Json::array({std::string(name(expr.kind()))});
  for (const Expr &operand : expr.operands())
    array.push_back(print(operand));
  return array;
}

bool isZero(const Expr &expr) {
  return expr.isLiteral() && expr.literal() == 0;
}

Json print(const Port &port) {
  Json shape = Json::array();
  for (const Expr &dim : port.shape)
    shape.push_back(print(dim));
  return {{"name", port.name},
          {"type", std::string(name(port.type))},
          {"shape", shape},
          {"buffer", port.buffer}};
}

Json print(const Buffer &buffer) {
  Json json = {{"name", buffer.name}, {"kind", std::string(name(buffer.kind))}};
  if (buffer.kind != BufferKind::Pool)
    json["bytes"] = print(buffer.bytes);
  if (buffer.kind == BufferKind::Workspace || buffer.kind == BufferKind::Weight)
    json["offset"] = print(buffer.offset);
  if (buffer.kind == BufferKind::Weight)
    json["entry"] = buffer.entry;
  if (buffer.kind == BufferKind::State)
    json["initial"] = "zero";
  return json;
}

Json print(const std::vector<ParamKind> &params) {
  Json array = Json::array();
  for (ParamKind param : params)
    array.push_back(std::string(name(param)));
  return array;
}

Json print(const Kernel &kernel) {
  Json json = {{"name", kernel.name},     {"module", kernel.module},
               {"shared", kernel.shared}, {"block", kernel.block},
               {"nodes", kernel.nodes},   {"variant", kernel.variant}};
  json["params"] = print(kernel.params);
  if (kernel.writes)
    json["writes"] = *kernel.writes;
  for (const auto &[target, over] : kernel.targets) {
    Json fields = Json::object();
    if (over.shared)
      fields["shared"] = *over.shared;
    if (over.block)
      fields["block"] = *over.block;
    if (over.params)
      fields["params"] = print(*over.params);
    json["targets"][target] = fields;
  }
  return json;
}

/// JSON has no infinities and no NaN.
Json print(float value) {
  if (std::isnan(value))
    return "nan";
  if (std::isinf(value))
    return value < 0 ? "-inf" : "inf";
  return value;
}

Json print(const Argument &argument) {
  switch (argument.kind) {
  case ParamKind::Ptr: {
    Json json = {{"ptr", argument.buffer}};
    if (!isZero(argument.value))
      json["offset"] = print(argument.value);
    return json;
  }
  case ParamKind::I32:
    return {{"i32", print(argument.value)}};
  case ParamKind::I64:
    return {{"i64", print(argument.value)}};
  case ParamKind::F32:
    return {{"f32", print(argument.f32)}};
  }
  return nullptr;
}

Json print(const Launch &launch) {
  Json grid = Json::array(), args = Json::array();
  for (const Expr &extent : launch.grid)
    grid.push_back(print(extent));
  for (const Argument &argument : launch.args)
    args.push_back(print(argument));
  Json json = {{"launch", launch.kernel},
               {"grid", grid},
               {"args", args},
               {"nodes", launch.nodes}};
  if (!launch.origins.empty())
    json["origins"] = launch.origins;
  if (!launch.loc.empty())
    json["loc"] = launch.loc;
  if (launch.stream)
    json["stream"] = launch.stream;
  return json;
}

Json print(const Statement &statement) {
  return std::visit(
      Overloaded{
          [](const Launch &op) { return print(op); },
          [](const Let &op) {
            return Json{{"let", op.name}, {"value", print(op.value)}};
          },
          [](const Read &op) {
            return Json{{"read", op.name},
                        {"buffer", op.buffer},
                        {"offset", print(op.offset)},
                        {"type", std::string(name(op.type))}};
          },
          [](const If &op) {
            return Json{{"if", print(op.condition)},
                        {"then", print(op.thenBlock)},
                        {"else", print(op.elseBlock)}};
          },
          [](const Loop &op) {
            return Json{{"loop", op.counter},
                        {"from", print(op.from)},
                        {"to", print(op.to)},
                        {"step", print(op.step)},
                        {"body", print(op.body)}};
          },
          [](const While &op) {
            return Json{{"while", print(op.before)},
                        {"condition", print(op.condition)},
                        {"body", print(op.body)}};
          },
          [](const Copy &op) {
            Json fields{{"from", op.from},
                        {"fromOffset", print(op.fromOffset)},
                        {"to", op.to},
                        {"toOffset", print(op.toOffset)},
                        {"bytes", print(op.bytes)}};
            if (op.stream)
              fields["stream"] = op.stream;
            return Json{{"copy", fields}};
          },
          [](const Fill &op) {
            Json fields{{"buffer", op.buffer},
                        {"offset", print(op.offset)},
                        {"bytes", print(op.bytes)},
                        {"byte", op.byte}};
            if (op.stream)
              fields["stream"] = op.stream;
            return Json{{"fill", fields}};
          },
          [](const Assert &op) {
            return Json{{"assert", print(op.condition)},
                        {"message", op.message}};
          },
          [](const Alloc &op) {
            return Json{{"alloc", op.buffer}, {"bytes", print(op.bytes)}};
          },
          [](const Bind &op) {
            return Json{{"bind", op.buffer}, {"to", op.to}};
          },
          [](const Free &op) { return Json{{"free", op.buffer}}; },
          [](const Record &op) {
            return Json{{"record", op.event}, {"stream", op.stream}};
          },
          [](const Wait &op) {
            return Json{{"wait", op.event}, {"stream", op.stream}};
          },
      },
      statement.op);
}

Json print(const Block &block) {
  Json array = Json::array();
  for (const Statement &statement : block)
    array.push_back(print(statement));
  return array;
}

template <typename T> Json printAll(const std::vector<T> &elements) {
  Json array = Json::array();
  for (const T &element : elements)
    array.push_back(print(element));
  return array;
}

} // namespace

std::string host::toJson(const Program &program) {
  Json symbols = Json::array(), checks = Json::array();
  for (const Symbol &symbol : program.symbols)
    symbols.push_back({{"name", symbol.name},
                       {"min", symbol.min},
                       {"max", symbol.max},
                       {"divisor", symbol.divisor}});
  for (const Check &check : program.checks)
    checks.push_back(
        {{"condition", print(check.condition)}, {"message", check.message}});
  Json json = {{"version", kProgramVersion},
               {"name", program.name},
               {"symbols", symbols},
               {"inputs", printAll(program.inputs)},
               {"outputs", printAll(program.outputs)},
               {"checks", checks},
               {"arena", Json{{"bytes", print(program.arenaBytes)},
                              {"align", program.arenaAlign}}},
               {"buffers", printAll(program.buffers)},
               {"kernels", printAll(program.kernels)},
               {"body", print(program.body)}};
  if (program.streams != 1)
    json["streams"] = program.streams;
  if (!program.prologue.empty())
    json["prologue"] = print(program.prologue);
  return dumpJson(json);
}
