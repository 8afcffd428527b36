//===- Relay.h - Between an editor and MLIR's language server --*- C++ -*-===//
#ifndef RADDLE_TOOLS_LSP_RELAY_H
#define RADDLE_TOOLS_LSP_RELAY_H

#include "Hover.h"

#include <cstdio>

namespace raddle {

/// Where the messages of both directions come from and go to.
struct RelayStreams {
  std::FILE *fromEditor, *toEditor, *fromServer, *toServer;
};

/// Passes messages of the language server protocol on in both directions and
/// adds explanations to what the server answers to `textDocument/hover`.
/// Returns when the server has closed its side.
void relayMessages(const RelayStreams &streams, HoverExplainer &explainer);

} // namespace raddle

#endif // RADDLE_TOOLS_LSP_RELAY_H
