//===- Sample.h - a host program with every construct ----------*- C++ -*-===//

#ifndef RADDLE_TEST_UNIT_ARTIFACT_SAMPLE_H
#define RADDLE_TEST_UNIT_ARTIFACT_SAMPLE_H

#include "raddle/Artifact/Program.h"

#include <cmath>

namespace raddle::host::test {

inline Expr sym(const char *name) { return Expr::symbol(name); }

/// Uses every kind of statement, buffer and argument once.
inline Program sampleProgram() {
  Program p;
  p.name = "sample";
  p.streams = 2;
  p.symbols = {{"n", 1, 65535, 4}};
  p.inputs = {{"x", DataType::F32, {sym("n"), 8}, 0}};
  p.outputs = {{"y", DataType::F32, {sym("count"), 8}, 1}};
  p.checks = {{Expr::op(ExprKind::Le, {sym("n"), 1000}), "n is too large"}};
  Expr bytes = Expr::op(ExprKind::Mul, {sym("n"), 32});
  p.arenaBytes = Expr::op(ExprKind::Add, {bytes, 256});
  p.buffers = {
      {"x", BufferKind::Input, bytes, 0, ""},
      {"y", BufferKind::Output, bytes, 0, ""},
      {"w", BufferKind::Weight, 64, 0, "w"},
      {"t", BufferKind::Workspace, bytes, 256, ""},
      {"h", BufferKind::State, 128, 0, ""},
      {"p", BufferKind::Pool, 0, 0, ""},
  };
  Kernel k;
  k.name = "k0";
  k.module = "m0";
  k.shared = 1024;
  k.block = {128, 1, 1};
  k.params = {ParamKind::Ptr, ParamKind::I32, ParamKind::I64, ParamKind::F32};
  k.writes = {0};
  k.nodes = {"/a/MatMul"};
  k.variant = "m64n64";
  k.targets["sm_90"].shared = 2048;
  p.kernels = {k};
  Launch launch;
  launch.kernel = 0;
  launch.grid = {Expr::op(ExprKind::CeilDiv, {sym("n"), 128}), 1, 1};
  launch.args = {Argument::ptr(3, 16), Argument::i32(sym("n")),
                 Argument::i64(-1), Argument::scalar(0.1f)};
  launch.nodes = {"/a/MatMul"};
  launch.origins = {0, -1};
  launch.loc = "model.onnx";
  launch.stream = 1;
  Launch infinite = launch;
  infinite.args[3] = Argument::scalar(-INFINITY);
  p.body = {
      {launch},
      {Let{"i", 0}},
      {Read{"count", 4, 8, DataType::I32}},
      {If{Expr::op(ExprKind::Lt, {sym("count"), 3}),
          {{Let{"z", 1}}},
          {{Let{"z", 2}}}}},
      {Loop{"j", 0, sym("z"), 1, {{infinite}}}},
      {While{{{Read{"go", 4, 0, DataType::I1}}},
             sym("go"),
             {{Let{"i", Expr::op(ExprKind::Add, {sym("i"), 1})}}}}},
      {Copy{0, 0, 1, 0, bytes}},
      {Fill{3, 0, 4, 255}},
      {Assert{Expr::op(ExprKind::Lt, {sym("i"), 9}), "too many turns"}},
      {Alloc{5, Expr::op(ExprKind::Mul, {sym("count"), 4})}},
      {Bind{5, 1}},
      {Free{5}},
      {Record{7, 1}},
      {Wait{7, 0}},
  };
  return p;
}

} // namespace raddle::host::test

#endif // RADDLE_TEST_UNIT_ARTIFACT_SAMPLE_H
