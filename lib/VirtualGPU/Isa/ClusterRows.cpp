//===- ClusterRows.cpp - mbarrier objects, clusters -----------------------===//

#include "Isa/Rows.h"

using namespace raddle::vgpu;

#define SHARED "shared|shared::cluster?"
#define SCOPE "cta|cluster?"
#define COMPLETE "mbarrier::complete_tx::bytes"
#define REDUCTION "add|min|max|inc|dec|and|or|xor noftz?"
#define RANKS "1d|2d|3d|4d|5d"

void raddle::vgpu::addClusterRows(std::vector<Row> &rows) {
  static constexpr Row kRows[] = {
      {"mbarrier", "init shared?", "b64", nullptr, Sem::MbarrierInit,
       Pipe::Barrier, 70, 80},
      {"mbarrier", "inval shared?", "b64", nullptr, Sem::MbarrierInval,
       Pipe::Barrier, 70, 80},
      {"mbarrier", "arrive|arrive_drop noComplete? release? cta? shared?",
       "b64", nullptr, Sem::MbarrierArrive, Pipe::Barrier, 70, 80},
      {"mbarrier",
       "arrive|arrive_drop expect_tx? release|relaxed? " SCOPE " " SHARED,
       "b64", nullptr, Sem::MbarrierArrive, Pipe::Barrier, 80, 90},
      {"mbarrier", "expect_tx|complete_tx relaxed? " SCOPE " " SHARED, "b64",
       nullptr, Sem::MbarrierTx, Pipe::Barrier, 80, 90},
      {"mbarrier", "test_wait parity? shared?", "b64", nullptr,
       Sem::MbarrierWait, Pipe::Barrier, 70, 80},
      {"mbarrier",
       "test_wait|try_wait parity? acquire|relaxed? " SCOPE " shared?", "b64",
       nullptr, Sem::MbarrierWait, Pipe::Barrier, 78, 90},
      {"mbarrier", "pending_count", "b64", "db32 s0", Sem::PendingCount,
       Pipe::Int, 70, 80},
      {"cp", "async mbarrier arrive noinc? shared?", "b64", nullptr,
       Sem::CpAsyncMbarrier, Pipe::Barrier, 70, 80},
      {"mapa", "shared::cluster?", "u32 u64", nullptr, Sem::Mapa, Pipe::Int, 78,
       90},
      {"getctarank", "shared::cluster?", "u32 u64", nullptr, Sem::Getctarank,
       Pipe::Int, 78, 90},
      {"barrier", "cluster arrive release|relaxed? aligned?", "", "",
       Sem::ClusterArrive, Pipe::Barrier, 78, 90},
      {"barrier", "cluster wait acquire? aligned?", "", "", Sem::ClusterWait,
       Pipe::Barrier, 78, 90},
      // Copies of the asynchronous proxy.
      {"cp",
       "async bulk shared|shared::cluster global " COMPLETE
       " multicast::cluster? hint?",
       "", nullptr, Sem::Bulk, Pipe::Load, 80, 90},
      {"cp", "async bulk shared::cluster shared " COMPLETE, "", nullptr,
       Sem::Bulk, Pipe::Load, 80, 90},
      {"cp", "async bulk global shared bulk_group hint?", "", nullptr,
       Sem::Bulk, Pipe::Store, 80, 90},
      {"cp", "reduce async bulk global shared bulk_group hint? " REDUCTION,
       "b32 b64 u32 u64 s32 s64 f16 bf16 f32 f64", nullptr, Sem::BulkReduce,
       Pipe::Store, 80, 90},
      {"cp", "reduce async bulk shared::cluster shared " COMPLETE " " REDUCTION,
       "b32 b64 u32 u64 s32 s64", nullptr, Sem::BulkReduce, Pipe::Store, 80,
       90},
      {"cp", "async bulk prefetch hint|L2 global hint?", "", nullptr, Sem::Nop,
       Pipe::Load, 80, 90},
      {"cp",
       "async bulk tensor " RANKS
       " shared|shared::cluster global tile? " COMPLETE
       " multicast::cluster? hint?",
       "", nullptr, Sem::BulkTensor, Pipe::Load, 80, 90},
      {"cp", "async bulk tensor " RANKS " global shared tile? bulk_group hint?",
       "", nullptr, Sem::BulkTensor, Pipe::Store, 80, 90},
      {"cp",
       "reduce async bulk tensor " RANKS
       " global shared add|min|max|inc|dec|and|or|xor tile? bulk_group hint?",
       "", nullptr, Sem::BulkTensorReduce, Pipe::Store, 80, 90},
      {"cp", "async bulk prefetch tensor " RANKS " hint|L2 global tile? hint?",
       "", nullptr, Sem::Nop, Pipe::Load, 80, 90},
      {"cp", "async bulk commit_group", "", "", Sem::BulkCommit, Pipe::Control,
       80, 90},
      {"cp", "async bulk wait_group read?", "", "imm", Sem::BulkWait,
       Pipe::Control, 80, 90},
  };
  rows.insert(rows.end(), std::begin(kRows), std::end(kRows));
}
