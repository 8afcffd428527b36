//===- HostExprs.cpp - Host scalars as expressions ------------------------===//

#include "HostExprs.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace raddle;
using host::Expr;
using host::ExprKind;

namespace {
Expr binary(ExprKind kind, Expr l, Expr r) {
  return Expr::op(kind, {std::move(l), std::move(r)});
}
Expr select(Expr c, Expr l, Expr r) {
  return Expr::op(ExprKind::Select, {std::move(c), std::move(l), std::move(r)});
}
Expr isNegative(const Expr &e) { return binary(ExprKind::Lt, e, 0); }

/// Bits of an integer; index is 64.
unsigned widthOf(Type type) {
  return type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
}

/// The number of which `e`, in the signed range of `width` bits, is the
/// pattern.
Expr toUnsigned(Expr e, unsigned width) {
  // Values of 64 bits are known not to be negative; an i1 is 0 or 1.
  if (width == 64 || width == 1)
    return e;
  return binary(ExprKind::Mod, std::move(e), int64_t(1) << width);
}

/// The low bits of `e`, in the signed range of `width` bits.
Expr wrap(Expr e, unsigned width) {
  if (width == 64)
    return e;
  int64_t range = int64_t(1) << width;
  if (e.isLiteral()) {
    int64_t low = ((e.literal() % range) + range) % range;
    return width > 1 && low >= range / 2 ? low - range : low;
  }
  Expr low = binary(ExprKind::Mod, std::move(e), range);
  if (width == 1)
    return low;
  return select(binary(ExprKind::Lt, low, range / 2), low,
                binary(ExprKind::Sub, low, range));
}

size_t sizeOf(const Expr &expr, size_t limit) {
  size_t size = 1;
  for (const Expr &operand : expr.operands())
    if (size <= limit)
      size += sizeOf(operand, limit - size);
  return size;
}

bool mayDivideByZero(const Expr &expr) {
  switch (expr.kind()) {
  case ExprKind::FloorDiv:
  case ExprKind::CeilDiv:
  case ExprKind::Mod:
    if (!expr.operands()[1].isLiteral() || expr.operands()[1].literal() == 0)
      return true;
    break;
  default:
    break;
  }
  return llvm::any_of(expr.operands(), mayDivideByZero);
}
} // namespace

DataType HostExprs::getReadType(plan::ReadOp op) {
  switch (op.getType().getIntOrFloatBitWidth()) {
  case 1:
    return DataType::I1;
  case 8:
    return DataType::I8;
  case 16:
    return DataType::I16;
  case 32:
    return DataType::I32;
  default:
    return DataType::I64;
  }
}

bool HostExprs::isWorthVariable(const Expr &expr) {
  constexpr size_t limit = 24;
  return sizeOf(expr, limit) > limit && !mayDivideByZero(expr);
}

Expr HostExprs::error(Operation *op, llvm::StringRef message) {
  op->emitOpError(message);
  failed = true;
  return 0;
}

Expr HostExprs::get(Value value) {
  if (auto found = exprs.find(value); found != exprs.end())
    return found->second;
  Expr result;
  if (Operation *op = value.getDefiningOp()) {
    result = make(op);
  } else {
    emitError(value.getLoc(), "a host scalar has no expression");
    failed = true;
  }
  exprs[value] = result;
  return result;
}

Expr HostExprs::compare(arith::CmpIOp op) {
  Expr l = get(op.getLhs()), r = get(op.getRhs());
  unsigned width = widthOf(op.getLhs().getType());
  using P = arith::CmpIPredicate;
  // As signed numbers, those with the high bit are less than all others; as
  // unsigned numbers, they are greater. The order among them is the same.
  auto below = [&](ExprKind kind, const Expr &a, const Expr &b,
                   bool isUnsigned) {
    Expr plain = binary(kind, a, b);
    if (!isUnsigned || (a.isLiteral() && a.literal() >= 0 && b.isLiteral() &&
                        b.literal() >= 0))
      return plain;
    if (width < 64)
      return binary(kind, toUnsigned(a, width), toUnsigned(b, width));
    return select(binary(ExprKind::Eq, isNegative(a), isNegative(b)), plain,
                  isNegative(b));
  };
  // An i1 that holds is -1 as a signed number.
  bool isFlag = width == 1;
  switch (op.getPredicate()) {
  case P::eq:
    return binary(ExprKind::Eq, l, r);
  case P::ne:
    return binary(ExprKind::Ne, l, r);
  case P::slt:
    return isFlag ? below(ExprKind::Lt, r, l, false)
                  : below(ExprKind::Lt, l, r, false);
  case P::sle:
    return isFlag ? below(ExprKind::Le, r, l, false)
                  : below(ExprKind::Le, l, r, false);
  case P::sgt:
    return isFlag ? below(ExprKind::Lt, l, r, false)
                  : below(ExprKind::Lt, r, l, false);
  case P::sge:
    return isFlag ? below(ExprKind::Le, l, r, false)
                  : below(ExprKind::Le, r, l, false);
  case P::ult:
    return below(ExprKind::Lt, l, r, true);
  case P::ule:
    return below(ExprKind::Le, l, r, true);
  case P::ugt:
    return below(ExprKind::Lt, r, l, true);
  case P::uge:
    return below(ExprKind::Le, r, l, true);
  }
  return 0;
}

Expr HostExprs::make(Operation *op) {
  auto operand = [&](unsigned i) { return get(op->getOperand(i)); };
  Type type = op->getResult(0).getType();
  if (!type.isIndex() && !isa<IntegerType>(type))
    return error(op, "expected an integer in the host program");
  unsigned width = widthOf(type);
  auto plain = [&](ExprKind kind) {
    std::vector<Expr> operands;
    for (Value value : op->getOperands())
      operands.push_back(get(value));
    return Expr::op(kind, std::move(operands));
  };
  auto unsignedOp = [&](ExprKind kind) {
    return wrap(binary(kind, toUnsigned(operand(0), width),
                       toUnsigned(operand(1), width)),
                width);
  };
  return TypeSwitch<Operation *, Expr>(op)
      .Case([&](arith::ConstantOp constant) -> Expr {
        if (auto boolean = dyn_cast<BoolAttr>(constant.getValue()))
          return int64_t(boolean.getValue());
        auto integer = dyn_cast<IntegerAttr>(constant.getValue());
        if (!integer)
          return error(op, "expected an integer in the host program");
        return wrap(integer.getInt(), width);
      })
      .Case([&](plan::SymbolOp symbol) {
        return Expr::symbol(symbol.getName().str());
      })
      .Case([&](arith::AddIOp) { return wrap(plain(ExprKind::Add), width); })
      .Case([&](arith::SubIOp) { return wrap(plain(ExprKind::Sub), width); })
      .Case([&](arith::MulIOp) { return wrap(plain(ExprKind::Mul), width); })
      .Case([&](arith::FloorDivSIOp) {
        return wrap(plain(ExprKind::FloorDiv), width);
      })
      .Case([&](arith::CeilDivSIOp) {
        return wrap(plain(ExprKind::CeilDiv), width);
      })
      .Case([&](arith::DivUIOp) { return unsignedOp(ExprKind::FloorDiv); })
      .Case([&](arith::CeilDivUIOp) { return unsignedOp(ExprKind::CeilDiv); })
      .Case([&](arith::RemUIOp) { return unsignedOp(ExprKind::Mod); })
      .Case([&](arith::MinUIOp) { return unsignedOp(ExprKind::Min); })
      .Case([&](arith::MaxUIOp) { return unsignedOp(ExprKind::Max); })
      .Case([&](arith::DivSIOp) {
        // Rounds towards zero: exact division of sizes, or not negative.
        Expr l = operand(0), r = operand(1);
        if (r.isLiteral() && r.literal() > 0)
          return select(isNegative(l), binary(ExprKind::CeilDiv, l, r),
                        binary(ExprKind::FloorDiv, l, r));
        return wrap(select(binary(ExprKind::Ne, isNegative(l), isNegative(r)),
                           binary(ExprKind::CeilDiv, l, r),
                           binary(ExprKind::FloorDiv, l, r)),
                    width);
      })
      .Case([&](arith::RemSIOp) {
        // Has the sign of the dividend.
        Expr l = operand(0), r = operand(1);
        Expr size = r.isLiteral() && r.literal() > 0
                        ? r
                        : binary(ExprKind::Max, r, binary(ExprKind::Sub, 0, r));
        return select(
            isNegative(l),
            binary(ExprKind::Sub, 0,
                   binary(ExprKind::Mod, binary(ExprKind::Sub, 0, l), size)),
            binary(ExprKind::Mod, l, size));
      })
      .Case([&](arith::MinSIOp) { return plain(ExprKind::Min); })
      .Case([&](arith::MaxSIOp) { return plain(ExprKind::Max); })
      .Case([&](arith::SelectOp) { return plain(ExprKind::Select); })
      .Case<arith::IndexCastOp, arith::TruncIOp>(
          [&](auto) { return wrap(operand(0), width); })
      .Case([&](arith::ExtSIOp cast) {
        if (cast.getIn().getType().isInteger(1))
          return binary(ExprKind::Sub, 0, operand(0));
        return operand(0);
      })
      .Case<arith::ExtUIOp, arith::IndexCastUIOp>([&](auto cast) {
        return wrap(toUnsigned(operand(0), widthOf(cast.getIn().getType())),
                    width);
      })
      .Case([&](arith::CmpIOp cmp) { return compare(cmp); })
      .Case<arith::AndIOp, arith::OrIOp, arith::XOrIOp>([&](auto) {
        if (width != 1)
          return error(op, "expected i1 in the host program");
        return plain(isa<arith::XOrIOp>(op)   ? ExprKind::Ne
                     : isa<arith::AndIOp>(op) ? ExprKind::And
                                              : ExprKind::Or);
      })
      .Default([&](Operation *) {
        return error(op, "has no form in the host program");
      });
}
