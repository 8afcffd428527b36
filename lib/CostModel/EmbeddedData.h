//===- EmbeddedData.h - Data files inside the library ----------*- C++ -*-===//

#ifndef RADDLE_LIB_COSTMODEL_EMBEDDEDDATA_H
#define RADDLE_LIB_COSTMODEL_EMBEDDEDDATA_H

namespace raddle::cost {

/// A file as it was when the library was built.
struct EmbeddedText {
  const char *name;
  const char *text;
};
extern const EmbeddedText kMachineFiles[]; // ends with nulls
/// lib/CostModel/parameters.json
extern const char *const kParameterTable;

} // namespace raddle::cost

#endif // RADDLE_LIB_COSTMODEL_EMBEDDEDDATA_H
