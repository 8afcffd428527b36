//===- Decoder.h - From parsed to executable functions ----------*- C++ -*-===//

#ifndef RADDLE_LIB_VIRTUALGPU_EXEC_DECODER_H
#define RADDLE_LIB_VIRTUALGPU_EXEC_DECODER_H

#include "Exec/Code.h"

#include <map>
#include <unordered_map>

namespace raddle::vgpu {

/// State shared by the functions of one kernel.
struct KernelDecoder {
  const Module &module;
  const SymbolAddress &address;
  Kernel &kernel;
  std::unordered_map<std::string_view, int32_t> functionIndex;
  std::vector<const Function *> pending;
  std::map<std::string_view, uint32_t> sharedOffset;
  std::unordered_map<std::string_view, std::pair<Form, const Row *>> forms;
  std::unordered_map<std::string_view, const Variable *> variables;

  int32_t functionByName(std::string_view name);
};

/// Decodes one function. Members return false after setting `error`.
class Decoder {
public:
  Decoder(KernelDecoder &shared, const Function &function, Code &code)
      : shared(shared), fn(function), code(code) {}
  bool run();
  std::string error;

private:
  bool layoutFrame();
  bool decode(const Instruction &in);
  bool generic(const Instruction &in);
  bool special(const Instruction &in);

  // Decode*.cpp: one function per kind of instruction with its own operands.
  bool decodeMov(const Instruction &in);
  bool decodeCvta(const Instruction &in);
  bool decodeCvt(const Instruction &in);
  bool decodeSetp(const Instruction &in);
  bool decodeSet(const Instruction &in);
  bool decodeLoad(const Instruction &in);
  bool decodeStore(const Instruction &in);
  bool decodeAtom(const Instruction &in, bool hasResult);
  bool decodeCpAsync(const Instruction &in);
  bool decodeBranch(const Instruction &in);
  bool decodeBrx(const Instruction &in);
  bool decodeCall(const Instruction &in);
  bool decodeShfl(const Instruction &in);
  bool decodeVote(const Instruction &in);
  bool decodeMatch(const Instruction &in);
  bool decodeElect(const Instruction &in);
  bool decodeMatrixMove(const Instruction &in);
  bool decodeMma(const Instruction &in);
  bool decodeBarrier(const Instruction &in);
  bool decodeMbarrier(const Instruction &in);
  bool decodeWgmma(const Instruction &in);
  bool decodeTensorMap(const Instruction &in);
  bool decodeBulk(const Instruction &in);
  bool decodeBulkTensor(const Instruction &in);
  bool decodeMapa(const Instruction &in);
  bool decodeRegisterList(const Operand &operand, unsigned count,
                          unsigned bytes, bool isDst, std::vector<Slot> &list);
  bool decodeAddress(const Operand &operand, Op &op, bool &isFrameParam);
  bool fixedParam(const Operand &operand, ParamPlace &place);

  // Operands.
  const Operand &operand(const Instruction &in, unsigned i) const {
    return fn.operands[in.firstOperand + i];
  }
  bool source(const Operand &operand, unsigned bytes, Type type, Slot &slot,
              uint8_t role = 0, bool loose = false);
  bool destination(const Operand &operand, unsigned bytes, Slot &slot,
                   bool loose = false);
  bool predicate(const Operand &operand, Slot &slot, bool &negated);
  bool predicateDestination(int32_t reg, Slot &slot);
  bool symbolAddress(const Operand &operand, uint64_t &value, int &local);
  Slot constant(uint64_t bits, unsigned bytes);
  Slot predicateConstant(bool value);
  Slot temporary(unsigned bytes);
  unsigned registerBytes(int32_t reg) const {
    return typeBytes(fn.registers[reg].type);
  }
  bool expectOperands(const Instruction &in, unsigned least, unsigned most);
  /// Adds an op for the current instruction.
  bool emit(Op op, const Form &form);
  bool fail(const std::string &message);
  std::string describe(const Operand &operand) const;

  KernelDecoder &shared;
  const Function &fn;
  Code &code;
  const Instruction *now = nullptr;
  Form form;
  const Row *row = nullptr;
  std::vector<Slot> registerSlot;
  uint32_t frame = 0;
  Slot scratchPred = 0, carrySlot = 0;
  std::map<unsigned, Slot> scratch;  // targets of `_` by width
  std::vector<uint32_t> localOffset; // by local variable
  std::map<std::pair<uint64_t, unsigned>, Slot> constants;
  std::vector<uint8_t> constBytes;
  std::vector<uint32_t> opOfInstruction;
  std::vector<Use> uses;
  Op op;
};

} // namespace raddle::vgpu

#endif
