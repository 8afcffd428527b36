//===- Counters.cpp - Events of a launch ----------------------------------===//

#include "Exec/Counters.h"

#include "Exec/Block.h"

#include <algorithm>

using namespace raddle::vgpu;

void Counters::instruction(Warp &w, const Code &code, const Op &op,
                           const OpInfo &info) {
  ++instructions;
  threadInstructions += __builtin_popcount(w.exec);
  if (info.row)
    ++byPipe[static_cast<unsigned>(info.row->pipe)];
  Line &at = line(info.line);
  ++at.instructions;
  at.predicatedOff += __builtin_popcount(w.active & ~w.exec);
  switch (info.form.sem) {
  case Sem::Mma:
  case Sem::Wgmma:
    ++mma;
    break;
  case Sem::BarSync:
  case Sem::BarRed:
  case Sem::BarArrive:
    ++barriers;
    break;
  default:
    break;
  }
}

void Counters::access(Warp &w, const Op &op, Space space,
                      const uint64_t *addresses, uint32_t lanes, uint32_t bytes,
                      AccessKind kind) {
  const OpInfo &info = w.frame->code->infos[&op - w.code];
  const unsigned count = __builtin_popcount(lanes);
  if (space == Space::Global) {
    // Sectors of 32 bytes.
    uint64_t sectors[64];
    unsigned n = 0;
    for (uint32_t m = lanes; m; m &= m - 1) {
      uint64_t a = addresses[__builtin_ctz(m)];
      for (uint64_t s = a / 32; s <= (a + bytes - 1) / 32 && n < 64; ++s)
        sectors[n++] = s;
    }
    std::sort(sectors, sectors + n);
    n = static_cast<unsigned>(std::unique(sectors, sectors + n) - sectors);
    Line &at = line(info.line);
    at.globalSectors += n;
    at.globalBytes += uint64_t(count) * bytes;
    if (kind == kRead) {
      globalLoadBytes += uint64_t(count) * bytes;
      globalLoadSectors += n;
    } else {
      globalStoreBytes += uint64_t(count) * bytes;
      globalStoreSectors += n;
      atomics += kind == kAtomic;
    }
    return;
  }
  if (space != Space::Shared)
    return;
  // Banks of four bytes. Wide accesses go in parts: 8 bytes per half warp,
  // 16 bytes per quarter; a part takes as many wavefronts as its fullest bank
  // has different words.
  const unsigned lanesPerPart = bytes <= 4 ? 32 : bytes == 8 ? 16 : 8;
  uint64_t wavefronts = 0, ideal = 0;
  for (unsigned first = 0; first < 32; first += lanesPerPart) {
    uint32_t part = lanesPerPart == 32
                        ? lanes
                        : lanes >> first & ((1u << lanesPerPart) - 1);
    if (!part)
      continue;
    uint32_t words[32 * 4];
    unsigned n = 0;
    for (uint32_t m = part; m; m &= m - 1) {
      uint64_t a = addresses[__builtin_ctz(m) + first] / 4;
      for (unsigned i = 0; i < std::max(1u, bytes / 4) && n < 128; ++i)
        words[n++] = static_cast<uint32_t>(a + i);
    }
    std::sort(words, words + n);
    n = static_cast<unsigned>(std::unique(words, words + n) - words);
    unsigned perBank[32] = {}, most = 0;
    for (unsigned i = 0; i < n; ++i)
      most = std::max(most, ++perBank[words[i] % 32]);
    wavefronts += most;
    ideal += 1;
  }
  sharedWavefronts += wavefronts;
  sharedConflicts += wavefronts - ideal;
  Line &at = line(info.line);
  at.sharedWavefronts += wavefronts;
  at.sharedConflicts += wavefronts - ideal;
  (kind == kRead ? sharedLoadBytes : sharedStoreBytes) +=
      uint64_t(count) * bytes;
}

void Counters::add(const Counters &o) {
  for (unsigned i = 0; i < static_cast<unsigned>(Pipe::Count); ++i)
    byPipe[i] += o.byPipe[i];
  instructions += o.instructions;
  threadInstructions += o.threadInstructions;
  globalLoadBytes += o.globalLoadBytes;
  globalStoreBytes += o.globalStoreBytes;
  globalLoadSectors += o.globalLoadSectors;
  globalStoreSectors += o.globalStoreSectors;
  sharedLoadBytes += o.sharedLoadBytes;
  sharedStoreBytes += o.sharedStoreBytes;
  sharedWavefronts += o.sharedWavefronts;
  sharedConflicts += o.sharedConflicts;
  atomics += o.atomics;
  barriers += o.barriers;
  mma += o.mma;
  blocks += o.blocks;
  if (lines.size() < o.lines.size())
    lines.resize(o.lines.size());
  for (size_t i = 0; i < o.lines.size(); ++i) {
    lines[i].instructions += o.lines[i].instructions;
    lines[i].predicatedOff += o.lines[i].predicatedOff;
    lines[i].globalSectors += o.lines[i].globalSectors;
    lines[i].globalBytes += o.lines[i].globalBytes;
    lines[i].sharedWavefronts += o.lines[i].sharedWavefronts;
    lines[i].sharedConflicts += o.lines[i].sharedConflicts;
  }
}

std::string Counters::json() const {
  std::string text = "{\"kernel\":\"" + kernelName + "\",\"counters\":{";
  auto field = [&](const char *name, uint64_t value, const char *end = ",") {
    text += std::string("\"") + name + "\":" + std::to_string(value) + end;
  };
  field("warp_instructions", instructions);
  field("thread_instructions", threadInstructions);
  field("global_load_bytes", globalLoadBytes);
  field("global_store_bytes", globalStoreBytes);
  field("global_load_sectors", globalLoadSectors);
  field("global_store_sectors", globalStoreSectors);
  field("shared_load_bytes", sharedLoadBytes);
  field("shared_store_bytes", sharedStoreBytes);
  field("shared_wavefronts", sharedWavefronts);
  field("shared_bank_conflicts", sharedConflicts);
  field("atomics", atomics);
  field("barriers", barriers);
  field("mma", mma);
  field("blocks", blocks);
  text += "\"by_pipe\":{";
  for (unsigned i = 0; i < static_cast<unsigned>(Pipe::Count); ++i)
    field(pipeName(static_cast<Pipe>(i)), byPipe[i],
          i + 1 < static_cast<unsigned>(Pipe::Count) ? "," : "}");
  text += "},\"lines\":[";
  bool first = true;
  for (size_t i = 0; i < lines.size(); ++i) {
    const Line &l = lines[i];
    if (!l.instructions)
      continue;
    text += first ? "{" : ",{";
    first = false;
    field("ptx_line", i);
    field("warp_instructions", l.instructions);
    field("predicated_off", l.predicatedOff);
    field("global_sectors", l.globalSectors);
    field("global_bytes", l.globalBytes);
    field("shared_wavefronts", l.sharedWavefronts);
    field("shared_bank_conflicts", l.sharedConflicts, "}");
  }
  return text + "]}";
}
