//===- Rows.h - The parts of the instruction table --------------*- C++ -*-===//

#ifndef RADDLE_LIB_VIRTUALGPU_ISA_ROWS_H
#define RADDLE_LIB_VIRTUALGPU_ISA_ROWS_H

#include "Isa/Table.h"

namespace raddle::vgpu {
void addIntegerRows(std::vector<Row> &rows);
void addFloatRows(std::vector<Row> &rows);
void addMoveRows(std::vector<Row> &rows);
void addMemoryRows(std::vector<Row> &rows);
void addWarpRows(std::vector<Row> &rows);
void addClusterRows(std::vector<Row> &rows);
void addWgmmaRows(std::vector<Row> &rows);
} // namespace raddle::vgpu

#endif
