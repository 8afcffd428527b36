"""The variants that kernels.py runs: sizes that leave tiles incomplete, every
axis, every kind, and more elements than one thread block."""

import numpy as np
from onnx_cases import Const, Family, ints


def scan():
    f = Family("scan")
    x = f.floats(5, 37, 6)
    for axis in [0, 1, -1]:
        for exclusive in [0, 1]:
            for reverse in [0, 1]:
                f.add("CumSum", x, Const(np.array(axis, np.int64)), exclusive=exclusive, reverse=reverse)
    f.add("CumSum", f.integers(-9, 9, 300), Const(np.array(0, np.int64)))
    f.add("CumSum", f.floats(2, 700, scale=0.5), Const(np.array(1, np.int64)), fraction=1e-5)
    # Segments of rows: lengths around multiples of the number of segments.
    for length in [128, 129, 640, 1000]:
        f.add("CumSum", f.integers(-9, 9, 3, length, 2), Const(np.array(1, np.int64)), exclusive=length % 2,
              reverse=int(length > 200))
    return f


def sort():
    f = Family("sort")
    ties = f.integers(-4, 4, 3, 150).astype(np.float32)
    special = np.concatenate([f.floats(40), np.array([np.inf, -np.inf, 0.0, -0.0, 1e-40], np.float32)])
    for largest in [0, 1]:
        f.add("TopK", ties, ints(150), outputs=2, axis=1, largest=largest)
        f.add("TopK", ties, ints(2), outputs=2, axis=0, largest=largest)
        f.add("TopK", f.integers(-1000, 1000, 4, 9, 5), ints(3), outputs=2, axis=1, largest=largest)
        f.add("TopK", f.integers(-9, 9, 7, 11, kind=np.int32), ints(11), outputs=2, largest=largest)
        f.add("TopK", special, ints(45), outputs=2, largest=largest)
        f.add("TopK", f.floats(1, 1200), ints(10), outputs=2, largest=largest)
    return f


def scatter():
    f = Family("scatter_kernels")
    data = f.floats(6, 40, 7)
    for axis in range(3):
        shape = [5, 33, 6]
        shape[axis] = 30
        indices = f.integers(-data.shape[axis], data.shape[axis], *shape)
        for reduction in ["add", "mul", "min", "max"]:
            f.add("ScatterElements", data, indices, f.floats(*shape), axis=axis, reduction=reduction)
    # Without a combination, indices are distinct: onnxruntime's order is its own.
    unique = np.stack([f.random.permutation(40)[:25] for _ in range(6 * 7)], 1).reshape(25, 6, 7).transpose(1, 0, 2)
    f.add("ScatterElements", data, unique.copy(), f.floats(6, 25, 7), axis=1)
    f.add("ScatterElements", f.integers(0, 9, 300), f.random.permutation(300)[:200], f.integers(0, 9, 200))
    tuples = np.stack([f.integers(-6, 6, 50), f.integers(-40, 40, 50)], 1)
    for reduction in ["add", "mul", "min", "max"]:
        f.add("ScatterND", data, tuples, f.floats(50, 7), reduction=reduction)
    rows = f.random.permutation(240)[:130]
    distinct = np.stack([rows // 40, rows % 40], 1).reshape(13, 10, 2)
    f.add("ScatterND", data, distinct, f.floats(13, 10, 7))
    f.add("ScatterND", data, f.integers(0, 7, 3, 1)[:1] % 6, f.floats(1, 40, 7))
    full = np.stack(np.meshgrid(np.arange(6), np.arange(40), np.arange(7), indexing="ij"), -1)
    f.add("ScatterND", data, full[::2].copy(), f.floats(3, 40, 7))
    f.add("ScatterND", data > 0, full[1::2].copy(), f.floats(3, 40, 7) > 0)
    return f


def recurrence():
    f = Family("recurrence")
    for op, gates, more in [("LSTM", 4, {}), ("LSTM", 4, {"input_forget": 1}), ("GRU", 3, {}),
                            ("GRU", 3, {"linear_before_reset": 1}), ("RNN", 1, {})]:
        for direction, batch, size, hidden in [("forward", 1, 9, 64), ("reverse", 3, 5, 7),
                                               ("bidirectional", 2, 33, 40)]:
            dirs, time = 2 if direction == "bidirectional" else 1, 6
            shape = [time, batch, size]
            operands = [f.floats(*shape), f.floats(dirs, gates * hidden, size, scale=0.3),
                        f.floats(dirs, gates * hidden, hidden, scale=0.2),
                        f.floats(dirs, 2 * gates * hidden, scale=0.3),
                        f.integers(1, time + 1, batch, kind=np.int32) if batch > 1 else None,
                        f.floats(dirs, batch, hidden, scale=0.5)]
            if op == "LSTM":
                operands += [f.floats(dirs, batch, hidden, scale=0.5), f.floats(dirs, 3 * hidden, scale=0.3)]
            f.add(op, *operands, outputs=3 if op == "LSTM" else 2, hidden_size=hidden, direction=direction,
                  fraction=1e-5, **more)
    f.add("LSTM", f.floats(1, 1, 3), f.floats(1, 512, 3), f.floats(1, 512, 128), outputs=3, hidden_size=128,
          fraction=1e-5)
    f.add("GRU", f.floats(4, 2, 3), f.floats(1, 15, 3), f.floats(1, 15, 5), outputs=2, hidden_size=5, clip=0.4,
          fraction=1e-5)
    f.add("RNN", f.floats(4, 2, 3), f.floats(1, 5, 3), f.floats(1, 5, 5), outputs=2, hidden_size=5,
          activations=["Relu"], fraction=1e-5)
    return f


def reduce():
    f = Family("reduce")
    x = f.floats(5, 37, 6, 3)
    sets = [[0], [1], [2], [3], [0, 1], [1, 2], [2, 3], [0, 3], [0, 2], [1, 3], [0, 1, 2], [0, 1, 2, 3]]
    for number, axes in enumerate(sets):
        for op in ["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2",
                   "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare"]:
            if number >= 3 and op not in ["ReduceSum", "ReduceMax", "ReduceMean"]:
                continue
            data = np.abs(x) + 0.1 if op == "ReduceLogSum" else x
            f.add(op, data, ints(*axes), keepdims=number % 2, fraction=1e-5)
    for axes in [[0], [1], [2]]:
        for op in ["ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd"]:
            f.add(op, f.integers(-3, 4, 3, 50, 4, kind=np.int32), ints(*axes))
    f.add("ReduceSum", f.floats(3, 5000), ints(1), fraction=1e-5)
    f.add("ReduceMax", f.floats(5000, 3), ints(0))
    nan = f.floats(4, 40)
    nan[1, 7] = np.nan
    f.add("ReduceSum", nan, ints(1))
    ties = f.integers(0, 3, 6, 70, 5).astype(np.float32)
    for axis in [0, 1, 2]:
        for op in ["ArgMax", "ArgMin"]:
            for last in [0, 1]:
                f.add(op, ties, axis=axis, select_last_index=last, keepdims=last)
    f.add("ArgMax", f.floats(2, 3000), axis=1)
    f.add("ArgMax", f.integers(-9, 9, 20, 8, kind=np.int32), axis=0)
    return f


def rows():
    f = Family("row_kernels")
    for shape in [(4, 7, 33), (2, 300, 5), (3, 2000), (1, 1)]:
        for axis in range(len(shape)):
            f.add("Softmax", f.floats(*shape, scale=3), axis=axis)
            f.add("LogSoftmax", f.floats(*shape, scale=3), axis=axis, fraction=2e-6)
    masked = f.floats(3, 40)
    masked[:, 20:] = -np.inf
    f.add("Softmax", masked, axis=1)
    for axis, shape in [(-1, (4, 6, 384)), (1, (3, 5, 7)), (2, (2, 3, 4, 50)), (0, (6, 9)), (-1, (2, 3000))]:
        inner = shape[axis:]
        f.add("LayerNormalization", f.floats(*shape), f.floats(*inner), f.floats(*inner), axis=axis, fraction=1e-5)
        f.add("LayerNormalization", f.floats(*shape), f.floats(*inner), axis=axis, fraction=1e-5)
    for spatial in [(11,), (9, 8), (5, 6, 4)]:
        rank = len(spatial)
        x = f.floats(2, 3, *spatial)
        for pads in [[0] * 2 * rank, [1] * rank + [0] * rank]:
            for op in ["MaxPool", "AveragePool"]:
                f.add(op, x, kernel_shape=[3] * rank, strides=[2] * rank, pads=pads, fraction=1e-6)
        f.add("AveragePool", x, kernel_shape=[2] * rank, pads=[1] * 2 * rank, count_include_pad=1, fraction=1e-6)
        f.add("MaxPool", x, kernel_shape=[2] * rank, dilations=[2] * rank)
        f.add("GlobalAveragePool", x, fraction=1e-6)
        f.add("GlobalMaxPool", x)
        f.add("InstanceNormalization", x, f.floats(3), f.floats(3), fraction=1e-5)
    return f


def sized_at_run():
    f = Family("sized_at_run", dynamic=True)
    f.add("Softmax", f.floats(5, 67), axis=0)
    f.add("Softmax", f.floats(5, 67), axis=1)
    f.add("ReduceSum", f.floats(7, 9, 11), ints(1), fraction=1e-6)
    f.add("ReduceMean", f.floats(7, 300), ints(1), fraction=1e-6)
    f.add("ReduceMax", f.floats(7, 9, 11), ints(0, 2))
    f.add("ArgMax", f.floats(3, 301), axis=1)
    f.add("CumSum", f.floats(3, 37, 2), Const(np.array(1, np.int64)))
    f.add("TopK", f.floats(3, 37), ints(5), outputs=2, axis=1)
    f.add("ScatterElements", f.floats(4, 20), f.integers(0, 20, 4, 9), f.floats(4, 9), axis=1, reduction="add")
    f.add("ScatterND", f.floats(30, 4), Const(f.random.permutation(30)[:12].reshape(12, 1)), f.floats(12, 4))
    f.add("LSTM", f.floats(5, 2, 6), Const(f.floats(1, 80, 6)), Const(f.floats(1, 80, 20, scale=0.3)), outputs=3,
          hidden_size=20, fraction=1e-5)
    return f


def integer_products():
    f = Family("integer_products")
    u8, i8 = np.uint8, np.int8
    a, b = f.integers(0, 256, 3, 37, 70, kind=u8), f.integers(-128, 128, 70, 45, kind=i8)
    point = lambda value, kind: Const(np.array(value, kind))
    f.add("MatMulInteger", a, Const(b))
    f.add("MatMulInteger", a, Const(b), point(130, u8))
    f.add("MatMulInteger", a, Const(b), np.array(7, u8), point(-3, i8))
    f.add("MatMulInteger", a, b, point(130, u8), Const(f.integers(-9, 9, 45, kind=i8)))
    # Powers of two: both sides round alike.
    f.add("QLinearMatMul", a, point(0.5, np.float32), point(128, u8), Const(b), point(0.25, np.float32), point(0, i8),
          point(32, np.float32), point(120, u8))
    x = f.integers(0, 256, 2, 8, 9, 11, kind=u8)
    for kind, groups in [(u8, 1), (i8, 2)]:
        w = f.integers(0, 100, 12, 8 // groups, 3, 3, kind=kind)
        f.add("ConvInteger", x, Const(w), pads=[1, 1, 1, 1], group=groups)
        f.add("ConvInteger", x, Const(w), point(131, u8), pads=[1, 0, 2, 1], strides=[2, 1], group=groups)
        f.add("ConvInteger", x, w, np.array(9, u8), auto_pad="SAME_UPPER", strides=[2, 2], group=groups)
    f.add("ConvInteger", x, Const(f.integers(0, 100, 12, 8, 3, 3, kind=u8)), point(131, u8), point(50, u8), pads=[1, 1, 1, 1])
    f.add("QLinearConv", x, point(0.5, np.float32), point(131, u8), Const(f.integers(-90, 90, 12, 8, 3, 3, kind=i8)),
          Const(np.ldexp(1, f.integers(-3, 1, 12)).astype(np.float32)), Const(np.zeros(12, i8)), point(16, np.float32),
          point(120, u8), Const(f.integers(-999, 999, 12, kind=np.int32)), pads=[1, 1, 1, 1])
    return f


def quantized_operands():
    """Products of two dequantized operands, with zero points on one or both sides.
    Scales are powers of two, so that every sum is exact in f32."""
    f = Family("quantized_operands")
    f.text = """
<ir_version: 8, opset_import: ["": 18]>
agraph (uint8[m, 70] a, int8[3, 40, 70] c, float s, uint8 p, float[45] t, int8[45] q, int8[70, 45] b, float[3] u,
        int8[3] r, uint8[1, 3, 8, 9] i, int8[4, 3, 3, 3] w, float[4] v)
    => (float[m, 45] x, float[3, 40, 45] y, float[1, 4, 6, 7] z)
{
  a1 = DequantizeLinear(a, s, p)
  b1 = DequantizeLinear<axis = 1>(b, t)
  x = MatMul(a1, b1)
  b2 = DequantizeLinear<axis = 1>(b, t, q)
  c1 = DequantizeLinear<axis = 0>(c, u, r)
  y = MatMul(c1, b2)
  i1 = DequantizeLinear(i, s, p)
  w1 = DequantizeLinear<axis = 0>(w, v)
  z = Conv(i1, w1)
}"""
    u8, i8 = np.uint8, np.int8
    scales = lambda n: np.ldexp(1, f.integers(-6, 3, n)).astype(np.float32)
    f.feeds = {"a": f.integers(0, 256, 50, 70, kind=u8), "c": f.integers(-128, 128, 3, 40, 70, kind=i8),
               "s": np.array(2 ** -5, np.float32), "p": np.array(131, u8), "t": scales(45),
               "q": f.integers(-9, 9, 45, kind=i8), "b": f.integers(-128, 128, 70, 45, kind=i8),
               "u": scales(3), "r": f.integers(-9, 9, 3, kind=i8),
               "i": f.integers(0, 256, 1, 3, 8, 9, kind=u8), "w": f.integers(-128, 128, 4, 3, 3, 3, kind=i8),
               "v": scales(4)}
    return f


def families():
    return [scan(), sort(), scatter(), recurrence(), reduce(), rows(), sized_at_run(), integer_products(),
            quantized_operands()]
