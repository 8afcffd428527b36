//===- DecodeCluster.cpp - Operands of mbarrier and cluster operations ----===//

#include "Exec/Decoder.h"

#include "Exec/Warp.h"

using namespace raddle::vgpu;

/// a the address, b the count, bytes, state or parity, d the result (-1: none);
/// flags as in Mbarrier.cpp.
bool Decoder::decodeMbarrier(const Instruction &in) {
  const bool wait = form.sem == Sem::MbarrierWait;
  const bool arrive = form.sem == Sem::MbarrierArrive;
  const unsigned first = wait || arrive ? 1 : 0;
  const bool needsValue = form.sem == Sem::MbarrierInit || wait ||
                          form.sem == Sem::MbarrierTx ||
                          form.has(Mod::expect_tx);
  const bool mayValue = needsValue || arrive;
  if (!expectOperands(in, first + 1 + needsValue,
                      first + 1 + mayValue + (wait ? 1 : 0)))
    return false;
  bool unused;
  if (!decodeAddress(operand(in, first), op, unused))
    return false;
  op.flags |= form.has(Mod::arrive_drop) ? 2 : 0;
  op.flags |= form.has(Mod::expect_tx) ? 4 : 0;
  op.flags |= form.has(Mod::parity) ? 8 : 0;
  op.flags |= form.has(Mod::noComplete) ? 16 : 0;
  op.flags |= form.has(Mod::relaxed) ? 32 : 0;
  op.flags |= form.has(Mod::noinc) ? 64 : 0;
  op.space = static_cast<uint8_t>(Space::Shared);
  if (in.numOperands > first + 1) {
    const bool state = wait && !form.has(Mod::parity);
    if (!source(operand(in, first + 1), state ? 8 : 4,
                state ? Type::B64 : Type::B32, op.b, 1))
      return false;
  } else {
    op.b = constant(1, 4);
  }
  op.d = -1;
  if (wait) {
    const Operand &to = operand(in, 0);
    if (to.kind != OperandKind::Register)
      return fail("expected a predicate, found " + describe(to));
    if (!predicateDestination(to.reg, op.d))
      return false;
  } else if (arrive && operand(in, 0).kind != OperandKind::Sink &&
             !destination(operand(in, 0), 8, op.d)) {
    return false;
  }
  return emit(op, form);
}

/// mapa d, a, b; getctarank d, a. count: bytes of the address.
bool Decoder::decodeMapa(const Instruction &in) {
  const bool mapa = form.sem == Sem::Mapa;
  if (!expectOperands(in, mapa ? 3 : 2, mapa ? 3 : 2))
    return false;
  const unsigned bytes = typeBytes(form.type[0]);
  op.count = static_cast<uint8_t>(bytes);
  return source(operand(in, 1), bytes, form.type[0], op.a) &&
         (!mapa || source(operand(in, 2), 4, Type::U32, op.b, 1)) &&
         destination(operand(in, 0), mapa ? bytes : 4, op.d) && emit(op, form);
}

/// cp.async.bulk [to], [from], size{, [mbarrier]{, mask}}{, policy}: a and b
/// the addresses, e the size, c the mbarrier object; flags 1, 2, 4: those have
/// 32 bits; list: offset of b, mask, offset of c; count 2: from shared to
/// shared.
bool Decoder::decodeBulk(const Instruction &in) {
  const bool completes = form.has(Mod::mbarrier__complete_tx__bytes);
  const unsigned least = completes ? 4 + form.has(Mod::multicast) : 3;
  if (!expectOperands(in, least, least + 1))
    return false;
  Op from = op, object = op;
  bool unused;
  if (!decodeAddress(operand(in, 0), op, unused) ||
      !decodeAddress(operand(in, 1), from, unused) ||
      !source(operand(in, 2), 4, Type::U32, op.e, 1))
    return false;
  op.b = from.a;
  op.flags |= (from.flags & 1) << 1;
  std::vector<Slot> &list = code.lists.emplace_back(3);
  list[0] = static_cast<Slot>(from.imm);
  if (completes) {
    if (!decodeAddress(operand(in, 3), object, unused))
      return false;
    op.c = object.a;
    op.flags |= (object.flags & 1) << 2;
    list[2] = static_cast<Slot>(object.imm);
    if (form.has(Mod::multicast) &&
        !source(operand(in, 4), 2, Type::B16, list[1], 1))
      return false;
  }
  op.count = completes && !form.has(Mod::global) ? 2 : 1;
  op.list = list.data();
  return emit(op, form);
}

/// Loads: [to], [map, {...}], [mbarrier]{, mask}{, policy}; stores: [map,
/// {...}], [from]{, policy}. a the map, b the shared address, c the mbarrier
/// object; list as for decodeBulk, then the coordinates; count: the rank.
bool Decoder::decodeBulkTensor(const Instruction &in) {
  const bool completes = form.has(Mod::mbarrier__complete_tx__bytes);
  const unsigned least = completes ? 3 + form.has(Mod::multicast) : 2;
  if (!expectOperands(in, least, least + 1))
    return false;
  static constexpr Mod kRanks[] = {Mod::d1, Mod::d2, Mod::d3, Mod::d4, Mod::d5};
  unsigned rank = 1;
  while (!form.has(kRanks[rank - 1]))
    ++rank;
  const Operand &map = operand(in, completes ? 1 : 0);
  Op shared = op, object = op;
  bool unused;
  if (!decodeAddress(map, op, unused) ||
      !decodeAddress(operand(in, completes ? 0 : 1), shared, unused))
    return false;
  if (op.flags & 1)
    return fail("the address of a tensor map must have 64 bits");
  if (map.count != rank)
    return fail("expected " + std::to_string(rank) + " coordinates, found " +
                std::to_string(map.count));
  op.b = shared.a;
  op.flags |= (shared.flags & 1) << 1;
  std::vector<Slot> &list = code.lists.emplace_back(3 + rank);
  list[0] = static_cast<Slot>(shared.imm);
  if (completes) {
    if (!decodeAddress(operand(in, 2), object, unused))
      return false;
    op.c = object.a;
    op.flags |= (object.flags & 1) << 2;
    list[2] = static_cast<Slot>(object.imm);
    if (form.has(Mod::multicast) &&
        !source(operand(in, 3), 2, Type::B16, list[1], 1))
      return false;
  }
  for (unsigned i = 0; i < rank; ++i)
    if (!source(fn.operands[map.first + i], 4, Type::S32, list[3 + i], 1))
      return false;
  op.count = static_cast<uint8_t>(rank);
  op.list = list.data();
  return emit(op, form);
}

/// tensormap.replace [map]{, dimension}, value: a the address, imm its offset,
/// b the value, count the dimension. tensormap.cp_fenceproxy [to], [from], 128:
/// a and b with offsets imm and list[0].
bool Decoder::decodeTensorMap(const Instruction &in) {
  bool unused;
  if (form.sem == Sem::TensorMapCopy) {
    Op from = op;
    if (!expectOperands(in, 3, 3) ||
        !decodeAddress(operand(in, 0), op, unused) ||
        !decodeAddress(operand(in, 1), from, unused))
      return false;
    if (operand(in, 2).value != 128)
      return fail("the size must be 128");
    op.b = from.a;
    op.flags |= (from.flags & 1) << 1;
    op.list = code.lists.emplace_back(1, static_cast<Slot>(from.imm)).data();
    return emit(op, form);
  }
  const bool indexed = form.has(Mod::box_dim) || form.has(Mod::global_dim) ||
                       form.has(Mod::global_stride) ||
                       form.has(Mod::element_stride);
  if (!expectOperands(in, 2 + indexed, 2 + indexed) ||
      !decodeAddress(operand(in, 0), op, unused))
    return false;
  op.count = 0;
  if (indexed) {
    const Operand &dimension = operand(in, 1);
    if (dimension.kind != OperandKind::Integer || dimension.value < 0 ||
        dimension.value > 4)
      return fail("expected a dimension from 0 to 4, found " +
                  describe(dimension));
    op.count = static_cast<uint8_t>(dimension.value);
  }
  op.space = static_cast<uint8_t>(form.has(Mod::shared)   ? Space::Shared
                                  : form.has(Mod::global) ? Space::Global
                                                          : Space::Generic);
  return source(operand(in, 1 + indexed), typeBytes(form.type[1]), form.type[1],
                op.b) &&
         emit(op, form);
}
