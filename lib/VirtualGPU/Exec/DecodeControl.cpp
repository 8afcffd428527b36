//===- DecodeControl.cpp - Branches, calls, barriers, entry point ---------===//

#include "Exec/Decoder.h"

#include "Exec/Warp.h"

#include <algorithm>
#include <set>

using namespace raddle::vgpu;

bool Decoder::decodeBranch(const Instruction &in) {
  if (!expectOperands(in, 1, 1))
    return false;
  const Operand &target = operand(in, 0);
  if (target.kind != OperandKind::Label)
    return fail("unknown label '" + std::string(target.name) + "'");
  op.imm = target.value; // an instruction; becomes an op at the end
  return emit(op, form);
}

bool Decoder::decodeBrx(const Instruction &in) {
  if (!expectOperands(in, 2, 2))
    return false;
  const Operand &list = operand(in, 1);
  auto it = fn.branchTargets.find(list.name);
  if (it == fn.branchTargets.end())
    return fail("unknown list of branch targets '" + std::string(list.name) +
                "'");
  if (!source(operand(in, 0), 4, Type::U32, op.a, 1))
    return false;
  op.imm = static_cast<int64_t>(code.branchTables.size());
  code.branchTables.emplace_back(it->second.begin(), it->second.end());
  return emit(op, form);
}

bool Decoder::decodeCall(const Instruction &in) {
  if (!expectOperands(in, 1, 4))
    return false;
  unsigned i = 0;
  const Operand *results = nullptr, *args = nullptr;
  if (operand(in, i).kind == OperandKind::Vector)
    results = &operand(in, i++);
  if (i >= in.numOperands)
    return fail("expected a function");
  const Operand &target = operand(in, i++);
  if (i < in.numOperands && operand(in, i).kind == OperandKind::Vector)
    args = &operand(in, i++);

  CallSite site;
  const Function *callee = nullptr;
  if (target.kind == OperandKind::Symbol) {
    site.callee = shared.functionByName(target.name);
    if (site.callee < 0)
      return fail("unknown function '" + std::string(target.name) + "'");
    callee = shared.pending[site.callee];
    if (callee->isDeclaration)
      return fail("function '" + std::string(target.name) +
                  "' is declared but not defined");
  } else {
    if (!source(target, 8, Type::U64, site.target, 1))
      return false;
  }
  // Values in registers go through temporaries of the parameter area.
  struct Late {
    Slot slot;
    unsigned bytes;
    uint32_t offset;
  };
  std::vector<Late> lateResults;
  const Op callOp = op;
  const Form callForm = form;
  auto place = [&](const Operand &o, bool isResult, ParamPlace &p) {
    if (o.kind == OperandKind::Symbol && o.reg2 >= 0 &&
        fn.locals[o.reg2].space == Space::Param) {
      p = {localOffset[o.reg2], static_cast<uint32_t>(fn.locals[o.reg2].bytes)};
      return true;
    }
    unsigned bytes = o.kind == OperandKind::Register ? registerBytes(o.reg) : 8;
    code.paramAreaStride = (code.paramAreaStride + 15) / 16 * 16;
    p = {code.paramAreaStride, bytes};
    code.paramAreaStride += 16;
    Slot slot;
    if (isResult) {
      if (!destination(o, bytes, slot))
        return false;
      lateResults.push_back({slot, bytes, p.offset});
      return true;
    }
    if (!source(o, bytes, Type::B64, slot))
      return false;
    Form st;
    st.sem = Sem::StFrameParam;
    st.type[0] = bytes == 8 ? Type::B64 : bytes == 4 ? Type::B32 : Type::B16;
    st.numTypes = 1;
    st.srcBytes = static_cast<uint8_t>(bytes);
    Op store = callOp;
    store.d = slot;
    store.imm = p.offset;
    store.list = code.lists.emplace_back(std::vector<Slot>{slot}).data();
    return emit(store, st);
  };
  for (unsigned k = 0; args && k < args->count; ++k)
    if (!place(fn.operands[args->first + k], false, site.args.emplace_back()))
      return false;
  for (unsigned k = 0; results && k < results->count; ++k)
    if (!place(fn.operands[results->first + k], true,
               site.results.emplace_back()))
      return false;
  if (callee && (callee->params.size() != site.args.size() ||
                 callee->results.size() < site.results.size()))
    return fail("call of '" + std::string(target.name) + "' passes " +
                std::to_string(site.args.size()) + " arguments, expected " +
                std::to_string(callee->params.size()));
  op = callOp;
  op.imm = static_cast<int64_t>(code.calls.size());
  code.calls.push_back(std::move(site));
  if (!emit(op, callForm))
    return false;
  for (const Late &late : lateResults) {
    Form ld;
    ld.sem = Sem::LdFrameParam;
    ld.type[0] = late.bytes == 8   ? Type::B64
                 : late.bytes == 4 ? Type::B32
                                   : Type::B16;
    ld.numTypes = 1;
    ld.dstBytes = static_cast<uint8_t>(late.bytes);
    Op load = callOp;
    load.d = late.slot;
    load.imm = late.offset;
    load.list = code.lists.emplace_back(std::vector<Slot>{late.slot}).data();
    uses.push_back({late.slot, static_cast<uint8_t>(late.bytes), true});
    if (!emit(load, ld))
      return false;
  }
  return true;
}

/// a: barrier, b: thread count (flags 1), c: predicate (flags 2 negates it).
bool Decoder::decodeBarrier(const Instruction &in) {
  const bool red = form.sem == Sem::BarRed;
  unsigned first = red ? 1 : 0;
  unsigned count = in.numOperands - (red ? 2 : 0);
  if (in.numOperands < (red ? 3u : 1u) || count > 2 ||
      (form.sem == Sem::BarArrive && count != 2))
    return fail("wrong number of operands");
  if (!source(operand(in, first), 4, Type::U32, op.a, 1))
    return false;
  if (count == 2) {
    if (!source(operand(in, first + 1), 4, Type::U32, op.b, 1))
      return false;
    op.flags |= 1;
  }
  // bar.* and barrier.*.aligned: all threads of the warp run it together.
  if (form.has(Mod::aligned) || std::string_view(row->name) == "bar")
    op.flags |= 4;
  if (red) {
    bool negated;
    if (!predicate(operand(in, in.numOperands - 1), op.c, negated))
      return false;
    op.flags |= negated ? 2 : 0;
    const Operand &to = operand(in, 0);
    if (form.has(Mod::popc)) {
      if (!destination(to, 4, op.d))
        return false;
    } else if (to.kind != OperandKind::Register ||
               !predicateDestination(to.reg, op.d)) {
      return fail("expected a predicate, found " + describe(to));
    }
    op.count = form.has(Mod::popc) ? 1 : form.has(Mod::and_) ? 2 : 3;
  }
  return emit(op, form);
}

/// Names of shared variables that the entry and its callees refer to.
static void collectShared(const KernelDecoder &shared, const Function &f,
                          std::set<const Function *> &seen,
                          std::vector<const Variable *> &variables) {
  if (!seen.insert(&f).second)
    return;
  for (const Variable &v : f.locals)
    if (v.space == Space::Shared)
      variables.push_back(&v);
  for (const Operand &o : f.operands) {
    if (o.name.empty() || o.reg2 >= 0)
      continue;
    if (auto it = shared.variables.find(o.name);
        it != shared.variables.end() && it->second->space == Space::Shared)
      variables.push_back(it->second);
    else if (o.kind == OperandKind::Symbol)
      for (const Function &g : shared.module.functions)
        if (!g.isEntry && g.name == o.name)
          collectShared(shared, g, seen, variables);
  }
}

std::unique_ptr<Kernel> raddle::vgpu::decodeKernel(const Module &module,
                                                   const Function &entry,
                                                   const SymbolAddress &address,
                                                   std::string &error) {
  auto kernel = std::make_unique<Kernel>();
  kernel->name = entry.name;
  kernel->module = &module;
  KernelDecoder shared{module, address, *kernel, {}, {}, {}, {}, {}};
  for (const Variable &v : module.variables)
    shared.variables[v.name] = &v;

  // Shared memory: the variables this kernel can reach, in the order of their
  // declaration, then the dynamic ones.
  std::set<const Function *> seen;
  std::vector<const Variable *> used;
  collectShared(shared, entry, seen, used);
  std::sort(used.begin(), used.end(), [](const Variable *a, const Variable *b) {
    return a->line < b->line || (a->line == b->line && a < b);
  });
  used.erase(std::unique(used.begin(), used.end()), used.end());
  uint64_t end = kSharedBase;
  for (const Variable *v : used)
    if (v->bytes) {
      end = (end + v->align - 1) / v->align * v->align;
      shared.sharedOffset[v->name] = static_cast<uint32_t>(end);
      end += v->bytes;
      if (end > (1u << 24)) {
        error = "line " + std::to_string(v->line) + ": shared variable '" +
                std::string(v->name) + "' is too large";
        return nullptr;
      }
    }
  kernel->staticShared = static_cast<uint32_t>(end - kSharedBase);
  uint32_t dynamicAlign = 1;
  for (const Variable *v : used)
    if (!v->bytes)
      dynamicAlign = std::max(dynamicAlign, v->align);
  end = (end + dynamicAlign - 1) / dynamicAlign * dynamicAlign;
  for (const Variable *v : used)
    if (!v->bytes)
      shared.sharedOffset[v->name] = static_cast<uint32_t>(end);
  kernel->dynamicAlign = dynamicAlign;

  uint64_t threads = 1;
  if (entry.requiredThreads[0]) {
    kernel->hasRequiredThreads = true;
    for (uint32_t n : entry.requiredThreads)
      threads *= std::max(n, 1u);
  } else if (entry.maxThreads[0]) {
    for (uint32_t n : entry.maxThreads)
      threads *= std::max(n, 1u);
  } else {
    threads = 1024;
  }
  kernel->maxThreads = static_cast<uint32_t>(std::min<uint64_t>(threads, 1024));

  // Callees are decoded as they are met, recursion included.
  shared.pending.push_back(&entry);
  shared.functionIndex[entry.name] = 0;
  for (size_t i = 0; i < shared.pending.size(); ++i) {
    auto code = std::make_unique<Code>();
    Decoder decoder(shared, *shared.pending[i], *code);
    if (!decoder.run()) {
      error = decoder.error;
      return nullptr;
    }
    kernel->functions.push_back(std::move(code));
  }
  kernel->params = kernel->functions[0]->params;
  return kernel;
}
