//===- Type.cpp - PTX scalar and packed types -----------------------------===//

#include "Ptx/Type.h"

using namespace raddle::vgpu;

namespace {
struct Info {
  const char *name;
  uint8_t bytes;
  char kind; // b, u, s, f
};
} // namespace

static constexpr Info kTypes[] = {
    {"none", 0, 'b'},   {"pred", 4, 'p'},   {"b1", 1, 'b'},
    {"u4", 1, 'u'},     {"s4", 1, 's'},     {"b8", 1, 'b'},
    {"u8", 1, 'u'},     {"s8", 1, 's'},     {"e4m3", 1, 'f'},
    {"e5m2", 1, 'f'},   {"b16", 2, 'b'},    {"u16", 2, 'u'},
    {"s16", 2, 's'},    {"f16", 2, 'f'},    {"bf16", 2, 'f'},
    {"e4m3x2", 2, 'f'}, {"e5m2x2", 2, 'f'}, {"b32", 4, 'b'},
    {"u32", 4, 'u'},    {"s32", 4, 's'},    {"f32", 4, 'f'},
    {"tf32", 4, 'f'},   {"f16x2", 4, 'f'},  {"bf16x2", 4, 'f'},
    {"u16x2", 4, 'u'},  {"s16x2", 4, 's'},  {"b64", 8, 'b'},
    {"u64", 8, 'u'},    {"s64", 8, 's'},    {"f64", 8, 'f'},
    {"f32x2", 8, 'f'},  {"b128", 16, 'b'},  {"b1024", 128, 'b'},
};
static_assert(sizeof(kTypes) / sizeof(kTypes[0]) ==
              static_cast<unsigned>(Type::Count));

static const Info &info(Type type) {
  return kTypes[static_cast<unsigned>(type)];
}

unsigned raddle::vgpu::typeBytes(Type type) { return info(type).bytes; }
const char *raddle::vgpu::typeName(Type type) { return info(type).name; }
bool raddle::vgpu::isSigned(Type type) { return info(type).kind == 's'; }
bool raddle::vgpu::isFloat(Type type) { return info(type).kind == 'f'; }
bool raddle::vgpu::isInteger(Type type) {
  return info(type).kind == 's' || info(type).kind == 'u';
}

const char *raddle::vgpu::spaceName(Space space) {
  static constexpr const char *kNames[] = {"generic", "global", "shared",
                                           "local",   "param",  "const"};
  return kNames[static_cast<unsigned>(space)];
}
