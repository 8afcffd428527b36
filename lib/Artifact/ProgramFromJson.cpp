//===- ProgramFromJson.cpp - parsing a host program -----------------------===//
//
// Only the form is judged here (which fields with which types of values);
// names, indices and scopes are judged by `verify`.
//
//===----------------------------------------------------------------------===//

#include "Json.h"
#include "Problems.h"
#include "raddle/Artifact/Program.h"

#include <cmath>
#include <initializer_list>

using namespace raddle;
using namespace raddle::host;

namespace {

const char *typeName(const Json &json) {
  if (json.is_number_float())
    return "fractional number";
  return json.type_name();
}

class Parser {
public:
  Problems problems;

  Program program(const Json &json);

private:
  using Path = const std::string &;

  //===--- Scalars ---===//

  int64_t integer(const Json &json, Path path, int64_t min = INT64_MIN,
                  int64_t max = INT64_MAX) {
    if (!json.is_number_integer()) {
      problems.add(path, std::string("expected an integer, found a ") +
                             typeName(json));
      return min > 0 ? min : 0;
    }
    bool tooLarge =
        json.is_number_unsigned() && json.get<uint64_t>() > uint64_t(INT64_MAX);
    int64_t value = tooLarge ? INT64_MAX : json.get<int64_t>();
    if (tooLarge || value < min || value > max) {
      problems.add(path, "expected an integer from " + std::to_string(min) +
                             " to " + std::to_string(max) + ", found " +
                             json.dump());
      return min > 0 ? min : 0;
    }
    return value;
  }
  uint32_t index(const Json &json, Path path) {
    return integer(json, path, 0, UINT32_MAX);
  }
  std::string string(const Json &json, Path path) {
    if (json.is_string())
      return json.get<std::string>();
    problems.add(path,
                 std::string("expected a string, found a ") + typeName(json));
    return {};
  }
  float f32(const Json &json, Path path) {
    if (json.is_number())
      return json.get<double>();
    if (json.is_string()) {
      const auto &text = json.get_ref<const std::string &>();
      if (text == "nan")
        return NAN;
      if (text == "inf")
        return INFINITY;
      if (text == "-inf")
        return -INFINITY;
    }
    problems.add(path, "expected a number, \"inf\", \"-inf\" or \"nan\"");
    return 0;
  }
  DataType dataType(const Json &json, Path path) {
    std::string text = string(json, path);
    if (std::optional<DataType> type = parseDataType(text))
      return *type;
    if (json.is_string())
      problems.add(path, "unknown type '" + text + "'");
    return DataType::F32;
  }

  //===--- Structure ---===//

  /// Null, with a problem, when the field is absent.
  const Json *field(const Json &object, Path path, const char *key) {
    auto it = object.find(key);
    if (it != object.end())
      return &*it;
    problems.add(path, std::string("missing field '") + key + "'");
    return nullptr;
  }
  const Json *optional(const Json &object, const char *key) {
    auto it = object.find(key);
    return it == object.end() ? nullptr : &*it;
  }
  bool object(const Json &json, Path path,
              std::initializer_list<std::string_view> known) {
    if (!json.is_object()) {
      problems.add(path, std::string("expected an object, found a ") +
                             typeName(json));
      return false;
    }
    for (const auto &[key, value] : json.items()) {
      bool found = false;
      for (std::string_view name : known)
        found |= name == key;
      if (!found)
        problems.add(path, "unknown field '" + key + "'");
    }
    return true;
  }
  template <typename F> void forEach(const Json &json, Path path, F &&visit) {
    if (!json.is_array()) {
      problems.add(path,
                   std::string("expected an array, found a ") + typeName(json));
      return;
    }
    for (size_t i = 0; i < json.size(); ++i)
      visit(json[i], at(path, i));
  }
  template <typename T, typename F>
  std::vector<T> list(const Json &object, Path path, const char *key,
                      F &&parse) {
    std::vector<T> result;
    if (const Json *json = field(object, path, key))
      forEach(*json, at(path, key), [&](const Json &element, Path place) {
        result.push_back(parse(element, place));
      });
    return result;
  }

  int64_t integerField(const Json &object, Path path, const char *key,
                       int64_t min, int64_t max = INT64_MAX) {
    const Json *json = field(object, path, key);
    return json ? integer(*json, at(path, key), min, max) : min;
  }
  uint32_t indexField(const Json &object, Path path, const char *key) {
    return integerField(object, path, key, 0, UINT32_MAX);
  }
  std::string stringField(const Json &object, Path path, const char *key) {
    const Json *json = field(object, path, key);
    return json ? string(*json, at(path, key)) : std::string();
  }
  std::vector<std::string> stringList(const Json &object, Path path,
                                      const char *key) {
    std::vector<std::string> result;
    if (const Json *json = optional(object, key))
      forEach(*json, at(path, key), [&](const Json &element, Path place) {
        result.push_back(string(element, place));
      });
    return result;
  }
  Expr exprField(const Json &object, Path path, const char *key) {
    const Json *json = field(object, path, key);
    return json ? expr(*json, at(path, key)) : Expr();
  }
  uint32_t streamOr0(const Json &object, Path path) {
    const Json *json = optional(object, "stream");
    return json ? index(*json, at(path, "stream")) : 0;
  }
  Expr exprOr(const Json &object, Path path, const char *key,
              int64_t fallback) {
    const Json *json = optional(object, key);
    return json ? expr(*json, at(path, key)) : Expr(fallback);
  }

  //===--- The schema's parts ---===//

  Expr expr(const Json &json, Path path);
  ParamKind paramKind(const Json &json, Path path);
  std::array<int64_t, 3> extents(const Json &json, Path path);
  Port port(const Json &json, Path path);
  Buffer buffer(const Json &json, Path path);
  Kernel kernel(const Json &json, Path path);
  Argument argument(const Json &json, Path path);
  Launch launch(const Json &json, Path path);
  Statement statement(const Json &json, Path path);
  Block block(const Json &json, Path path) {
    Block result;
    forEach(json, path, [&](const Json &element, Path place) {
      result.push_back(statement(element, place));
    });
    return result;
  }
  Block blockField(const Json &object, Path path, const char *key) {
    const Json *json = field(object, path, key);
    return json ? block(*json, at(path, key)) : Block();
  }
};

Expr Parser::expr(const Json &json, Path path) {
  if (json.is_number())
    return integer(json, path);
  if (json.is_string())
    return Expr::symbol(json.get<std::string>());
  if (!json.is_array() || json.empty() || !json[0].is_string()) {
    problems.add(path, "expected an integer, a name or [operation, operands]");
    return {};
  }
  const auto &operation = json[0].get_ref<const std::string &>();
  std::optional<ExprKind> kind = parseExprKind(operation);
  if (!kind) {
    problems.add(path, "unknown operation '" + operation + "'");
    return {};
  }
  if (json.size() != arity(*kind) + 1) {
    problems.add(path, "'" + operation + "' takes " +
                           std::to_string(arity(*kind)) + " operands, found " +
                           std::to_string(json.size() - 1));
    return {};
  }
  std::vector<Expr> operands;
  for (size_t i = 1; i < json.size(); ++i)
    operands.push_back(expr(json[i], at(path, i)));
  return Expr::op(*kind, std::move(operands));
}

ParamKind Parser::paramKind(const Json &json, Path path) {
  std::string text = string(json, path);
  for (ParamKind kind :
       {ParamKind::Ptr, ParamKind::I32, ParamKind::I64, ParamKind::F32})
    if (name(kind) == text)
      return kind;
  if (json.is_string())
    problems.add(path, "unknown parameter kind '" + text + "'");
  return ParamKind::I32;
}

std::array<int64_t, 3> Parser::extents(const Json &json, Path path) {
  std::array<int64_t, 3> result = {1, 1, 1};
  if (!json.is_array() || json.size() != 3) {
    problems.add(path, "expected an array of 3 integers");
    return result;
  }
  for (unsigned i = 0; i < 3; ++i)
    result[i] = integer(json[i], at(path, i), 1, INT32_MAX);
  return result;
}

Port Parser::port(const Json &json, Path path) {
  Port port;
  if (!object(json, path, {"name", "type", "shape", "buffer"}))
    return port;
  port.name = stringField(json, path, "name");
  if (const Json *type = field(json, path, "type"))
    port.type = dataType(*type, at(path, "type"));
  port.shape =
      list<Expr>(json, path, "shape",
                 [&](const Json &dim, Path place) { return expr(dim, place); });
  port.buffer = indexField(json, path, "buffer");
  return port;
}

Buffer Parser::buffer(const Json &json, Path path) {
  Buffer buffer;
  if (!object(json, path,
              {"name", "kind", "bytes", "offset", "entry", "initial"}))
    return buffer;
  buffer.name = stringField(json, path, "name");
  std::string kind = stringField(json, path, "kind");
  bool known = false;
  for (BufferKind k :
       {BufferKind::Input, BufferKind::Output, BufferKind::Weight,
        BufferKind::Workspace, BufferKind::State, BufferKind::Pool})
    if (name(k) == kind) {
      buffer.kind = k;
      known = true;
    }
  if (!known)
    problems.add(at(path, "kind"), "unknown buffer kind '" + kind + "'");
  if (buffer.kind != BufferKind::Pool)
    buffer.bytes = exprField(json, path, "bytes");
  else if (optional(json, "bytes"))
    problems.add(path, "a buffer of kind 'pool' has no 'bytes'");
  bool isWeight = buffer.kind == BufferKind::Weight;
  if (isWeight || buffer.kind == BufferKind::Workspace)
    buffer.offset = exprField(json, path, "offset");
  else if (known && optional(json, "offset"))
    problems.add(path, "a buffer of kind '" + kind + "' has no 'offset'");
  if (isWeight)
    buffer.entry = stringField(json, path, "entry");
  else if (known && optional(json, "entry"))
    problems.add(path, "a buffer of kind '" + kind + "' has no 'entry'");
  if (const Json *initial = optional(json, "initial")) {
    if (buffer.kind != BufferKind::State)
      problems.add(path, "a buffer of kind '" + kind + "' has no 'initial'");
    else if (*initial != "zero")
      problems.add(at(path, "initial"), "expected \"zero\"");
  }
  return buffer;
}

Kernel Parser::kernel(const Json &json, Path path) {
  Kernel kernel;
  if (!object(json, path,
              {"name", "module", "shared", "block", "params", "nodes",
               "variant", "targets", "writes"}))
    return kernel;
  auto params = [&](const Json &array, Path place) {
    std::vector<ParamKind> result;
    forEach(array, place, [&](const Json &element, Path inner) {
      result.push_back(paramKind(element, inner));
    });
    return result;
  };
  kernel.name = stringField(json, path, "name");
  kernel.module = stringField(json, path, "module");
  if (const Json *shared = optional(json, "shared"))
    kernel.shared = integer(*shared, at(path, "shared"), 0, INT32_MAX);
  if (const Json *block = field(json, path, "block"))
    kernel.block = extents(*block, at(path, "block"));
  if (const Json *array = field(json, path, "params"))
    kernel.params = params(*array, at(path, "params"));
  if (const Json *array = optional(json, "writes")) {
    kernel.writes.emplace();
    forEach(*array, at(path, "writes"), [&](const Json &element, Path place) {
      kernel.writes->push_back(index(element, place));
    });
  }
  kernel.nodes = stringList(json, path, "nodes");
  if (const Json *variant = optional(json, "variant"))
    kernel.variant = string(*variant, at(path, "variant"));
  const Json *targets = optional(json, "targets");
  if (!targets)
    return kernel;
  if (!targets->is_object()) {
    problems.add(at(path, "targets"), "expected an object");
    return kernel;
  }
  for (const auto &[target, fields] : targets->items()) {
    std::string place = at(at(path, "targets"), target);
    KernelOverride &over = kernel.targets[target];
    if (!object(fields, place, {"shared", "block", "params"}))
      continue;
    if (const Json *shared = optional(fields, "shared"))
      over.shared = integer(*shared, at(place, "shared"), 0, INT32_MAX);
    if (const Json *block = optional(fields, "block"))
      over.block = extents(*block, at(place, "block"));
    if (const Json *array = optional(fields, "params"))
      over.params = params(*array, at(place, "params"));
  }
  return kernel;
}

Argument Parser::argument(const Json &json, Path path) {
  if (!object(json, path, {"ptr", "offset", "i32", "i64", "f32"}))
    return {};
  unsigned kinds = 0;
  Argument result;
  if (const Json *ptr = optional(json, "ptr")) {
    ++kinds;
    result = Argument::ptr(index(*ptr, at(path, "ptr")),
                           exprOr(json, path, "offset", 0));
  } else if (optional(json, "offset")) {
    problems.add(path, "'offset' is only for 'ptr'");
  }
  if (const Json *value = optional(json, "i32")) {
    ++kinds;
    result = Argument::i32(expr(*value, at(path, "i32")));
  }
  if (const Json *value = optional(json, "i64")) {
    ++kinds;
    result = Argument::i64(expr(*value, at(path, "i64")));
  }
  if (const Json *value = optional(json, "f32")) {
    ++kinds;
    result = Argument::scalar(f32(*value, at(path, "f32")));
  }
  if (kinds != 1)
    problems.add(path, "expected exactly one of 'ptr', 'i32', 'i64', 'f32'");
  return result;
}

Launch Parser::launch(const Json &json, Path path) {
  Launch launch;
  object(json, path,
         {"launch", "grid", "args", "nodes", "origins", "loc", "stream"});
  launch.stream = streamOr0(json, path);
  launch.kernel = indexField(json, path, "launch");
  if (const Json *grid = field(json, path, "grid")) {
    std::string place = at(path, "grid");
    if (!grid->is_array() || grid->size() != 3)
      problems.add(place, "expected an array of 3 expressions");
    else
      for (unsigned i = 0; i < 3; ++i)
        launch.grid[i] = expr((*grid)[i], at(place, i));
  }
  launch.args =
      list<Argument>(json, path, "args", [&](const Json &arg, Path place) {
        return argument(arg, place);
      });
  launch.nodes = stringList(json, path, "nodes");
  if (const Json *origins = optional(json, "origins"))
    forEach(*origins, at(path, "origins"), [&](const Json &e, Path place) {
      launch.origins.push_back(integer(e, place, -1, INT32_MAX));
    });
  if (const Json *loc = optional(json, "loc"))
    launch.loc = string(*loc, at(path, "loc"));
  return launch;
}

Statement Parser::statement(const Json &json, Path path) {
  if (!json.is_object()) {
    problems.add(path, std::string("expected a statement, found a ") +
                           typeName(json));
    return {};
  }
  if (json.contains("launch"))
    return {launch(json, path)};
  if (json.contains("let")) {
    object(json, path, {"let", "value"});
    return {
        Let{stringField(json, path, "let"), exprField(json, path, "value")}};
  }
  if (json.contains("read")) {
    object(json, path, {"read", "buffer", "offset", "type"});
    Read read{stringField(json, path, "read"), indexField(json, path, "buffer"),
              exprField(json, path, "offset")};
    if (const Json *type = field(json, path, "type"))
      read.type = dataType(*type, at(path, "type"));
    return {std::move(read)};
  }
  if (json.contains("if")) {
    object(json, path, {"if", "then", "else"});
    If op{exprField(json, path, "if"), blockField(json, path, "then"), {}};
    if (const Json *other = optional(json, "else"))
      op.elseBlock = block(*other, at(path, "else"));
    return {std::move(op)};
  }
  if (json.contains("loop")) {
    object(json, path, {"loop", "from", "to", "step", "body"});
    return {Loop{stringField(json, path, "loop"), exprField(json, path, "from"),
                 exprField(json, path, "to"), exprOr(json, path, "step", 1),
                 blockField(json, path, "body")}};
  }
  if (json.contains("while")) {
    object(json, path, {"while", "condition", "body"});
    return {While{blockField(json, path, "while"),
                  exprField(json, path, "condition"),
                  blockField(json, path, "body")}};
  }
  if (json.contains("copy")) {
    object(json, path, {"copy"});
    Copy copy;
    const Json &fields = json["copy"];
    std::string place = at(path, "copy");
    if (!object(fields, place,
                {"from", "fromOffset", "to", "toOffset", "bytes", "stream"}))
      return {copy};
    copy.stream = streamOr0(fields, place);
    copy.from = indexField(fields, place, "from");
    copy.fromOffset = exprOr(fields, place, "fromOffset", 0);
    copy.to = indexField(fields, place, "to");
    copy.toOffset = exprOr(fields, place, "toOffset", 0);
    copy.bytes = exprField(fields, place, "bytes");
    return {std::move(copy)};
  }
  if (json.contains("fill")) {
    object(json, path, {"fill"});
    Fill fill;
    const Json &fields = json["fill"];
    std::string place = at(path, "fill");
    if (!object(fields, place, {"buffer", "offset", "bytes", "byte", "stream"}))
      return {fill};
    fill.stream = streamOr0(fields, place);
    fill.buffer = indexField(fields, place, "buffer");
    fill.offset = exprOr(fields, place, "offset", 0);
    fill.bytes = exprField(fields, place, "bytes");
    fill.byte = integerField(fields, place, "byte", 0, 255);
    return {std::move(fill)};
  }
  if (json.contains("alloc")) {
    object(json, path, {"alloc", "bytes"});
    return {
        Alloc{indexField(json, path, "alloc"), exprField(json, path, "bytes")}};
  }
  if (json.contains("bind")) {
    object(json, path, {"bind", "to"});
    return {Bind{indexField(json, path, "bind"), indexField(json, path, "to")}};
  }
  if (json.contains("free")) {
    object(json, path, {"free"});
    return {Free{indexField(json, path, "free")}};
  }
  for (const char *key : {"record", "wait"})
    if (json.contains(key)) {
      object(json, path, {key, "stream"});
      uint32_t event = indexField(json, path, key);
      uint32_t stream = indexField(json, path, "stream");
      if (*key == 'r')
        return {Record{event, stream}};
      return {Wait{event, stream}};
    }
  if (json.contains("assert")) {
    object(json, path, {"assert", "message"});
    return {Assert{exprField(json, path, "assert"),
                   stringField(json, path, "message")}};
  }
  std::string keys;
  for (const auto &[key, value] : json.items())
    keys += (keys.empty() ? "'" : ", '") + key + "'";
  problems.add(path, "unknown statement with the fields " +
                         (keys.empty() ? "(none)" : keys));
  return {};
}

Program Parser::program(const Json &json) {
  Program program;
  // The version decides what the other fields mean: it comes first, alone.
  if (!json.is_object()) {
    problems.add("", "the host program is not a JSON object");
    return program;
  }
  if (const Json *version = field(json, "", "version"))
    if (*version != kProgramVersion)
      problems.add("version", "expected " + std::to_string(kProgramVersion) +
                                  ", found " + dumpJson(*version));
  if (!problems.empty())
    return program;

  object(json, "",
         {"version", "name", "symbols", "inputs", "outputs", "checks", "arena",
          "buffers", "kernels", "prologue", "body", "streams"});
  program.name = stringField(json, "", "name");
  if (const Json *streams = optional(json, "streams"))
    program.streams = integer(*streams, "streams", 1, kMaxStreams);
  program.symbols = list<Symbol>(
      json, "", "symbols", [&](const Json &element, Path path) -> Symbol {
        if (!object(element, path, {"name", "min", "max", "divisor"}))
          return {};
        Symbol symbol;
        symbol.name = stringField(element, path, "name");
        symbol.min = integerField(element, path, "min", 0);
        symbol.max = integerField(element, path, "max", 0);
        symbol.divisor = integerField(element, path, "divisor", 1);
        return symbol;
      });
  auto parsePort = [&](const Json &element, Path path) {
    return port(element, path);
  };
  program.inputs = list<Port>(json, "", "inputs", parsePort);
  program.outputs = list<Port>(json, "", "outputs", parsePort);
  program.checks = list<Check>(
      json, "", "checks", [&](const Json &element, Path path) -> Check {
        if (!object(element, path, {"condition", "message"}))
          return {};
        return {exprField(element, path, "condition"),
                stringField(element, path, "message")};
      });
  if (const Json *arena = field(json, "", "arena");
      arena && object(*arena, "arena", {"bytes", "align"})) {
    program.arenaBytes = exprField(*arena, "arena", "bytes");
    program.arenaAlign = integerField(*arena, "arena", "align", 1);
  }
  program.buffers =
      list<Buffer>(json, "", "buffers", [&](const Json &element, Path path) {
        return buffer(element, path);
      });
  program.kernels =
      list<Kernel>(json, "", "kernels", [&](const Json &element, Path path) {
        return kernel(element, path);
      });
  if (json.contains("prologue"))
    program.prologue = blockField(json, "", "prologue");
  program.body = blockField(json, "", "body");
  return program;
}

} // namespace

Expected<Program> host::fromJson(std::string_view text) {
  Expected<Json> json = parseJson(text);
  if (!json)
    return json.takeError();
  Parser parser;
  Program program = parser.program(*json);
  if (Error error = parser.problems.take())
    return error;
  if (Error error = verify(program))
    return error;
  return program;
}
