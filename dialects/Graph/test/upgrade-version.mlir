// RUN: raddle-opt %s --split-input-file --graph-upgrade-version --verify-diagnostics | FileCheck %s

// A module that does not say its version has this build's.
// CHECK: module @silent attributes {graph.version = 1 : i64}
module @silent {
}

// -----

// CHECK: module @current attributes {graph.version = 1 : i64}
module @current attributes {graph.version = 1 : i64} {
}

// -----

// expected-error @below {{expected 'graph.version' in [1, 1], found 2; the module was written by a newer version: use one to read it}}
module @newer attributes {graph.version = 2 : i64} {
}
