//===- ClusterRows.cpp - mbarrier objects, clusters -----------------------===//

#include "Isa/Rows.h"

using namespace raddle::vgpu;

#define SHARED "shared|shared::cluster?"
#define SCOPE "cta|cluster?"

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
  };
  rows.insert(rows.end(), std::begin(kRows), std::end(kRows));
}
