//===- Ast.h - A parsed PTX module ------------------------------*- C++ -*-===//
//
// What the parser makes of PTX text: names resolved to registers and labels
// within a function, opcodes still as text. Every string_view points into
// Module::text.
//
//===----------------------------------------------------------------------===//

#ifndef RADDLE_LIB_VIRTUALGPU_PTX_AST_H
#define RADDLE_LIB_VIRTUALGPU_PTX_AST_H

#include "Ptx/Type.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace raddle::vgpu {

enum class OperandKind : uint8_t {
  Register, // reg
  Special,  // %tid.x and the like: name
  Integer,  // value
  Float32,  // value: the bits
  Float64,  // value: the bits
  Symbol,   // name, value: byte offset
  Label,    // value: instruction index
  Address,  // [base + value]; base is a register, a symbol or absent
  Vector,   // first, count: elements in Function::operands
  Sink,     // _
};

struct Operand {
  OperandKind kind = OperandKind::Sink;
  bool negated = false; // !p
  int32_t reg = -1;
  int32_t reg2 = -1; // the q of p|q
  uint32_t first = 0, count = 0;
  int64_t value = 0;
  std::string_view name;
};

struct Register {
  Type type;
  std::string_view prefix; // "%r" of %r<n>, or the whole name
  int32_t number;          // -1: not numbered
};

struct Instruction {
  std::string_view opcode;
  int32_t guard = -1;
  bool guardNegated = false;
  uint32_t firstOperand = 0, numOperands = 0;
  uint32_t line = 0;
  int32_t location = -1; // index into Module::locations
};

/// An address inside a variable's initial value.
struct Relocation {
  uint64_t offset;
  std::string_view symbol;
  int64_t addend;
  uint8_t bytes;
  bool generic;
};

struct Variable {
  std::string_view name;
  Space space = Space::Global;
  Type type = Type::B8;
  uint32_t align = 1;
  uint64_t bytes = 0;
  bool isExtern = false, isUnsized = false;
  bool isParamPointer = false;
  uint32_t line = 0;
  std::vector<uint8_t> init; // empty: zeros
  std::vector<Relocation> relocations;
};

struct Function {
  std::string_view name;
  bool isEntry = false, isDeclaration = false;
  std::vector<Variable> params, results, locals;
  std::vector<Register> registers;
  std::vector<Instruction> instructions;
  std::vector<Operand> operands;
  /// .branchtargets and .calltargets lists, by their label.
  std::map<std::string_view, std::vector<int64_t>> branchTargets;
  std::map<std::string_view, std::vector<std::string_view>> callTargets;
  uint32_t maxThreads[3] = {0, 0, 0};
  uint32_t requiredThreads[3] = {0, 0, 0};
  uint32_t clusterBlocks[3] = {0, 0, 0}; // .reqnctapercluster
  uint32_t line = 0, endLine = 0;
};

struct SourceLocation {
  uint32_t file, line, column;
};

struct Module {
  std::string text;
  uint32_t versionMajor = 0, versionMinor = 0;
  std::string_view target; // sm_80, sm_90a
  uint32_t targetSm = 0;
  bool targetArchSpecific = false;
  uint32_t addressSize = 64;
  std::vector<Variable> variables;
  std::vector<Function> functions;
  std::map<uint32_t, std::string> files;
  std::vector<SourceLocation> locations;
};

} // namespace raddle::vgpu

#endif
