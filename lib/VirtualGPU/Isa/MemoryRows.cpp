//===- MemoryRows.cpp - Loads, stores, atomics, copies, fences ------------===//

#include "Isa/Rows.h"

using namespace raddle::vgpu;

#define MEMTYPES                                                               \
  "b8 b16 b32 b64 b128 u8 u16 u32 u64 s8 s16 s32 s64 f16 bf16 f32 f64"
#define SPACES "global|shared|local|param|const|shared::cluster"
#define ORDER "weak|relaxed|acquire|release|acq_rel|volatile|mmio|sc"
#define SCOPE "cta|cluster|gpu|gl|sys"

void raddle::vgpu::addMemoryRows(std::vector<Row> &rows) {
  static constexpr Row kRows[] = {
      {"ld",
       ORDER "? " SCOPE "? " SPACES "? ca|cg|cs|lu|cv? nc? hint* v2|v4|v8?",
       MEMTYPES, nullptr, Sem::Ld, Pipe::Load, 10, 10},
      {"ldu", "global? v2|v4?", MEMTYPES, nullptr, Sem::Ld, Pipe::Load, 20, 20},
      {"st", ORDER "? " SCOPE "? " SPACES "? wb|cg|cs|wt? hint* v2|v4|v8?",
       MEMTYPES, nullptr, Sem::St, Pipe::Store, 10, 10},
      {"atom",
       ORDER "? " SCOPE "? global|shared|shared::cluster? "
             "and|or|xor|add|inc|dec|min|max|exch|cas noftz? hint*",
       "b16 b32 b64 b128 u32 u64 s32 s64 f16 f16x2 bf16 bf16x2 f32 f64",
       nullptr, Sem::Atom, Pipe::Load, 11, 11},
      {"atom", ORDER "? " SCOPE "? global add|min|max noftz? hint* v2|v4|v8",
       "f16 f16x2 bf16 bf16x2 f32", nullptr, Sem::Atom, Pipe::Load, 81, 90},
      {"red", ORDER "? " SCOPE "? global add|min|max noftz? hint* v2|v4|v8",
       "f16 f16x2 bf16 bf16x2 f32", nullptr, Sem::Red, Pipe::Store, 81, 90},
      {"red",
       ORDER "? " SCOPE "? global|shared|shared::cluster? "
             "and|or|xor|add|inc|dec|min|max noftz? hint*",
       "b32 b64 u32 u64 s32 s64 f16 f16x2 bf16 bf16x2 f32 f64", nullptr,
       Sem::Red, Pipe::Store, 12, 11},
      {"cp", "async ca|cg shared|shared::cluster global hint*", "", nullptr,
       Sem::CpAsync, Pipe::Load, 70, 80},
      {"cp", "async commit_group", "", "", Sem::CpAsyncCommit, Pipe::Control,
       70, 80},
      {"cp", "async wait_group", "", "imm", Sem::CpAsyncWaitGroup,
       Pipe::Control, 70, 80},
      {"cp", "async wait_all", "", "", Sem::CpAsyncWaitAll, Pipe::Control, 70,
       80},
      {"membar", "cta|gl|sys|gpu|cluster", "", "", Sem::Fence, Pipe::Barrier,
       14, 10},
      {"fence", "sc|acq_rel|acquire|release? cta|gpu|sys|cluster", "", "",
       Sem::Fence, Pipe::Barrier, 60, 70},
      {"fence", "proxy alias", "", "", Sem::Fence, Pipe::Barrier, 75, 70},
      {"fence", "proxy async global|shared|shared::cluster?", "", "",
       Sem::ProxyFence, Pipe::Barrier, 80, 90},
      {"fence", "proxy tensormap::generic release cta|cluster|gpu|sys", "", "",
       Sem::Fence, Pipe::Barrier, 83, 90},
      {"fence", "mbarrier_init release cluster", "", "", Sem::Fence,
       Pipe::Barrier, 80, 90},
      {"fence", "proxy tensormap::generic acquire cta|cluster|gpu|sys", "",
       nullptr, Sem::Nop, Pipe::Barrier, 83, 90},
      {"tensormap",
       "replace tile global_address|rank|box_dim|global_dim|global_stride|"
       "element_stride|elemtype|interleave_layout|swizzle_mode|fill_mode "
       "global|shared?",
       "b1024;b32 b64", nullptr, Sem::TensorMapReplace, Pipe::Store, 83, 90,
       true},
      {"tensormap",
       "cp_fenceproxy global shared tensormap::generic release "
       "cta|cluster|gpu|sys sync aligned",
       "", nullptr, Sem::TensorMapCopy, Pipe::Store, 83, 90},
      {"prefetch", "global|local? hint? L1|L2|evict_last?", "", nullptr,
       Sem::Nop, Pipe::Load, 20, 20},
      {"prefetchu", "L1", "", nullptr, Sem::Nop, Pipe::Load, 20, 20},
      {"applypriority", "global? hint", "", nullptr, Sem::Nop, Pipe::Load, 74,
       80},
      {"discard", "global? hint|L2", "", nullptr, Sem::Nop, Pipe::Load, 74, 80},
      {"createpolicy", "fractional|range hint hint?", "b64", nullptr, Sem::Mov,
       Pipe::Move, 74, 80},
  };
  rows.insert(rows.end(), std::begin(kRows), std::end(kRows));
}
