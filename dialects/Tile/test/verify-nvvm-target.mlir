// RUN: raddle-opt %s --tile-verify-nvvm=targets=sm_80,turing -verify-diagnostics

// expected-error @below {{unknown target 'turing'}}
module {}
