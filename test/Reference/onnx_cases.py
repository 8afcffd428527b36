"""The variants that onnx_ops.py runs, by operator family."""

from dataclasses import dataclass, field

import numpy as np
import onnx


@dataclass
class Const:
    """An input that the model holds itself."""
    array: np.ndarray


@dataclass
class Variant:
    op: str
    inputs: list
    outputs: int
    attributes: dict
    name: str
    # Bounds: units in the last place, and a fraction of the largest magnitude.
    ulp: float = 0
    fraction: float = 0


@dataclass
class Family:
    name: str
    opset: int = 18
    domain: str = ""
    # Sizes of the inputs are not in the model.
    dynamic: bool = False
    variants: list = field(default_factory=list)
    # A whole model in onnx.parser's text, and what it is fed, instead of
    # variants.
    text: str = ""
    feeds: dict = field(default_factory=dict)
    random: np.random.Generator = None

    def __post_init__(self):
        self.random = np.random.default_rng(sum(map(ord, self.name)))

    def add(self, op, *inputs, outputs=1, ulp=0, fraction=0, **attributes):
        shown = ",".join(f"{k}={v}" for k, v in attributes.items() if not isinstance(v, onnx.TensorProto))
        self.variants.append(Variant(op, list(inputs), outputs, attributes, f"{op}#{len(self.variants)}({shown})",
                                     ulp, fraction))

    def floats(self, *shape, scale=1.0, kind=np.float32):
        return (self.random.standard_normal(shape) * scale).astype(kind)

    def integers(self, low, high, *shape, kind=np.int64):
        return self.random.integers(low, high, shape).astype(kind)


def ints(*values):
    return Const(np.array(values, np.int64))


SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 0.5, -2.5, 3.5, 1e30, -1e-30], np.float32)


def unary():
    f = Family("unary")
    # The C library's functions on both sides, or polynomials of a few ulp there.
    for op in ["Abs", "Neg", "Floor", "Ceil", "Round", "Relu"]:
        f.add(op, np.concatenate([SPECIAL, f.floats(50, scale=4)]))
    # Of NaN onnxruntime says 0 and NumPy NaN.
    f.add("Sign", np.concatenate([SPECIAL[~np.isnan(SPECIAL)], f.floats(50)]))
    f.add("Sqrt", np.abs(f.floats(50)))
    f.add("Reciprocal", f.floats(50), ulp=1)
    f.add("IsNaN", SPECIAL)
    f.add("IsInf", SPECIAL)
    f.add("IsInf", SPECIAL, detect_negative=0)
    f.add("Not", np.array([True, False]))
    for op in ["Exp", "Tanh", "Erf", "Sin", "Cos", "Tan", "Asinh", "Sinh", "Cosh", "Atan"]:
        f.add(op, f.floats(200), ulp=8, fraction=2e-7)
    f.add("Sigmoid", f.floats(200, scale=4), ulp=8, fraction=3e-7)
    f.add("Log", np.abs(f.floats(100)) + 0.01, ulp=4)
    f.add("Acosh", np.abs(f.floats(100)) + 1.5, ulp=4)
    for op in ["Asin", "Acos", "Atanh"]:
        f.add(op, (f.random.random(100) * 1.8 - 0.9).astype(np.float32), ulp=4, fraction=1e-7)
    for op, attributes in [("Elu", {}), ("Elu", {"alpha": 0.3}), ("Selu", {}), ("LeakyRelu", {"alpha": 0.2}),
                           ("HardSigmoid", {}), ("HardSigmoid", {"alpha": 0.3, "beta": 0.4}), ("HardSwish", {}),
                           ("Softplus", {}), ("Softsign", {}), ("Celu", {"alpha": 2.0}), ("ThresholdedRelu", {}),
                           ("Mish", {})]:
        f.add(op, f.floats(200, scale=3), ulp=8, fraction=3e-7, **attributes)
    f.add("Abs", f.integers(-9, 9, 20, kind=np.int32))
    f.add("Neg", f.integers(-9, 9, 20, kind=np.int32))
    f.add("BitwiseNot", f.integers(-9, 9, 20, kind=np.int32))
    return f


def gelu():
    f = Family("gelu", opset=20)
    f.add("Gelu", f.floats(200, scale=2), ulp=8, fraction=3e-7)
    f.add("Gelu", f.floats(200, scale=2), ulp=8, fraction=3e-7, approximate="tanh")
    return f


def binary():
    f = Family("binary")
    a, b = f.floats(3, 1, 5), f.floats(4, 1)
    for op in ["Add", "Sub", "Mul", "Div", "Less", "Greater", "Equal", "LessOrEqual", "GreaterOrEqual", "PRelu"]:
        f.add(op, a, b if op != "PRelu" else f.floats(5))
    for op in ["Max", "Min"]:
        f.add(op, f.floats(4, 5), f.floats(5), f.floats(4, 1))
        f.add(op, f.integers(-9, 9, 4, 5), f.integers(-9, 9, 5))
    f.add("Sum", f.floats(4, 5), f.floats(5), f.floats(4, 1), ulp=1)
    f.add("Mean", f.floats(4, 5), f.floats(5), f.floats(4, 1), ulp=2, fraction=1e-7)
    f.add("Pow", np.abs(a) + 0.1, b, ulp=4)
    f.add("Pow", a, Const(np.float32(2)), ulp=1)
    f.add("Mod", f.integers(-20, 20, 30), np.where(f.integers(0, 2, 30) == 0, 3, -7))
    f.add("Mod", f.floats(30, scale=9), f.floats(30) + 3, fmod=1)
    for kind in [np.int32, np.int64]:
        x, y = f.integers(-50, 50, 30, kind=kind), f.integers(1, 9, 30, kind=kind)
        for op in ["Add", "Sub", "Mul", "Div", "Less", "Greater", "Equal"]:
            f.add(op, x, y)
    for op in ["And", "Or", "Xor"]:
        f.add(op, f.integers(0, 2, 4, 1).astype(bool), f.integers(0, 2, 5).astype(bool))
    for op in ["BitwiseAnd", "BitwiseOr", "BitwiseXor"]:
        f.add(op, f.integers(-99, 99, 20, kind=np.int32), f.integers(-99, 99, 20, kind=np.int32))
    for direction in ["LEFT", "RIGHT"]:
        f.add("BitShift", f.integers(0, 200, 20, kind=np.uint32), f.integers(0, 5, 20, kind=np.uint32),
              direction=direction)
    f.add("Where", f.integers(0, 2, 4, 1).astype(bool), f.floats(4, 5), f.floats(5))
    f.add("Clip", f.floats(30), Const(np.float32(-0.5)), Const(np.float32(0.7)))
    f.add("Clip", f.floats(30), None, Const(np.float32(0.7)))
    return f


def cast():
    f = Family("cast", opset=19)
    x = np.array([0, 1, -1, 2.5, 3.5, -2.5, 100.7, -0.0, 65504], np.float32)
    codes = {np.float16: 10, np.float64: 11, np.int32: 6, np.int64: 7, np.bool_: 9, np.int16: 5}
    for kind, code in codes.items():
        # What an integer does not hold has no meaning in ONNX.
        f.add("Cast", x[:-1] if kind == np.int16 else x, to=code)
    for kind in [np.int32, np.int64, np.uint8, np.int8, np.bool_, np.float16, np.float64]:
        y = f.integers(0, 120, 20).astype(kind)
        f.add("Cast", y, to=1)
        f.add("Cast", y, to=7)
    # Rounding to f16, ties to even and over the range.
    f.add("Cast", np.array([2049, 2051, 65519, 65520, 1e-7, 6e-8, np.nan, np.inf], np.float32), to=10)
    f.add("Cast", f.integers(0, 2**24, 9).astype(np.int64) * 2**30 + 1, to=1)
    return f


def half():
    f = Family("half")
    a, b = f.floats(40, kind=np.float16), f.floats(40, kind=np.float16)
    for op in ["Add", "Sub", "Mul", "Div"]:
        f.add(op, a, b)
    f.add("Sqrt", np.abs(a))
    f.add("Tanh", a, ulp=1)
    f.add("MatMul", f.floats(5, 30, kind=np.float16), f.floats(30, 6, kind=np.float16), ulp=1, fraction=1e-3)
    f.add("Softmax", f.floats(4, 9, kind=np.float16), ulp=2)
    return f


def shape():
    f = Family("shape")
    x = f.floats(2, 3, 4)
    f.add("Reshape", x, ints(4, -1))
    f.add("Reshape", x, ints(0, -1, 2))
    f.add("Flatten", x, axis=2)
    f.add("Squeeze", f.floats(1, 3, 1), ints(0, -1))
    f.add("Unsqueeze", x, ints(0, -1))
    f.add("Transpose", x)
    f.add("Transpose", x, perm=[1, 0, 2])
    f.add("Expand", f.floats(3, 1), ints(2, 1, 4))
    f.add("Tile", x, ints(1, 2, 3))
    f.add("Concat", x, f.floats(2, 1, 4), axis=1)
    f.add("Concat", x, f.floats(2, 3, 2), x, axis=-1)
    f.add("Split", x, ints(1, 3), outputs=2, axis=2)
    f.add("Split", f.floats(7, 2), outputs=3, axis=0, num_outputs=3)
    f.add("Slice", x, ints(0, 1), ints(2, 4), ints(0, 2))
    f.add("Slice", x, ints(-1, 10), ints(-9, 0), ints(1, 2), ints(-1, -2))
    f.add("Pad", x, ints(0, 1, 2, 1, 0, 1))
    f.add("Pad", x, ints(0, 1, 2, 1, 0, 1), Const(np.float32(2.5)))
    f.add("Pad", x, ints(0, 1, 2, 1, 0, 1), mode="reflect")
    f.add("Pad", x, ints(0, 1, 2, 1, 0, 1), mode="edge")
    f.add("Pad", x, ints(0, -1, 1, 0, 0, -2))
    f.add("Pad", x, ints(1, 2), None, ints(2))
    f.add("DepthToSpace", f.floats(1, 8, 2, 3), blocksize=2)
    f.add("DepthToSpace", f.floats(1, 8, 2, 3), blocksize=2, mode="CRD")
    f.add("SpaceToDepth", f.floats(1, 2, 4, 6), blocksize=2)
    f.add("Shape", x)
    f.add("Size", x)
    f.add("Trilu", f.floats(4, 5), Const(np.int64(1)))
    f.add("Trilu", f.floats(4, 5), upper=0)
    f.add("EyeLike", f.floats(3, 4), k=1)
    f.add("Identity", x)
    f.add("OneHot", f.integers(-3, 5, 4), Const(np.int64(5)), Const(np.array([0.5, 2], np.float32)))
    f.add("OneHot", f.integers(0, 5, 4), Const(np.int64(5)), Const(np.array([0, 1], np.float32)), axis=0)
    f.add("ReverseSequence", f.floats(4, 3, 2), Const(np.array([1, 4, 2], np.int64)), time_axis=0, batch_axis=1)
    return f


def gather():
    f = Family("gather")
    x = f.floats(4, 5, 3)
    f.add("Gather", x, f.integers(-4, 4, 2, 3), axis=0)
    f.add("Gather", x, f.integers(-5, 5, 6), axis=1)
    f.add("Gather", x, np.array(2, np.int64), axis=-1)
    f.add("GatherElements", x, f.integers(-5, 5, 4, 2, 3), axis=1)
    f.add("GatherElements", x, f.integers(0, 3, 2, 5, 7), axis=2)
    f.add("GatherND", x, f.integers(-3, 3, 6, 2))
    f.add("GatherND", x, f.integers(0, 3, 6, 3))
    f.add("GatherND", x, f.integers(-5, 5, 4, 2, 1), batch_dims=1)
    return f


def scatter():
    f = Family("scatter")
    x = f.floats(4, 5)
    f.add("ScatterElements", x, np.array([[0, 2, 1], [-1, 0, 3]]), f.floats(2, 3), axis=1)
    f.add("ScatterElements", x, np.array([[0, 2, 1], [-1, 0, 3]]), f.floats(2, 3), axis=0)
    for reduction in ["add", "mul", "min", "max"]:
        f.add("ScatterElements", x, np.array([[1, 1, 1], [0, 0, 3]]), f.floats(2, 3), axis=1, reduction=reduction,
              ulp=1)
        f.add("ScatterND", x, np.array([[1], [3], [1]]), f.floats(3, 5), reduction=reduction, ulp=1)
    f.add("ScatterND", x, np.array([[1], [-1]]), f.floats(2, 5))
    f.add("ScatterND", f.integers(0, 9, 3, 4), np.array([[[1, 2], [0, 3]]]), f.integers(0, 9, 1, 2))
    return f


def contraction():
    f = Family("contraction")
    # Sums of k products in f32 in another order: k/2 units of the largest sum.
    for a, b in [((5, 7), (7, 6)), ((2, 5, 7), (7, 6)), ((2, 1, 5, 7), (3, 7, 6)), ((7,), (7, 6)), ((5, 7), (7,)),
                 ((7,), (7,)), ((3, 5, 7), (3, 7, 6))]:
        f.add("MatMul", f.floats(*a), f.floats(*b), fraction=1e-6)
    f.add("MatMul", f.integers(-9, 9, 4, 5, kind=np.int32), f.integers(-9, 9, 5, 3, kind=np.int32))
    f.add("MatMul", f.floats(5, 7, kind=np.float64), f.floats(7, 6, kind=np.float64), fraction=1e-15)
    f.add("Gemm", f.floats(5, 7), f.floats(7, 6), f.floats(6), fraction=1e-6)
    f.add("Gemm", f.floats(7, 5), f.floats(6, 7), f.floats(5, 1), transA=1, transB=1, alpha=0.5, beta=2.0,
          fraction=1e-6)
    f.add("Gemm", f.floats(5, 7), f.floats(7, 6), fraction=1e-6)
    f.add("MatMulInteger", f.integers(0, 255, 4, 5, kind=np.uint8), f.integers(-99, 99, 5, 3, kind=np.int8),
          Const(np.uint8(120)), Const(np.int8(3)))
    f.add("MatMulInteger", f.integers(0, 255, 4, 5, kind=np.uint8), f.integers(0, 255, 5, 3, kind=np.uint8))
    for equation, shapes in [("bij,bjk->bik", [(2, 3, 4), (2, 4, 5)]), ("ij->ji", [(3, 4)]), ("ii->i", [(4, 4)]),
                             ("bhqd,bkhd->bhqk", [(2, 3, 4, 5), (2, 6, 3, 5)]), ("ij,j", [(3, 4), (4,)]),
                             ("...ij,...jk->...ik", [(2, 3, 4), (2, 4, 5)]), ("ij,kl->", [(2, 3), (4, 5)])]:
        f.add("Einsum", *[f.floats(*s) for s in shapes], equation=equation, fraction=2e-6)
    return f


def convolution():
    f = Family("convolution")
    x = f.floats(2, 4, 7, 8)
    bound = {"fraction": 2e-6}
    f.add("Conv", x, f.floats(6, 4, 3, 3), **bound)
    f.add("Conv", x, f.floats(6, 4, 3, 2), f.floats(6), pads=[1, 0, 2, 1], strides=[2, 1], dilations=[1, 2], **bound)
    f.add("Conv", x, f.floats(6, 2, 3, 3), group=2, pads=[1, 1, 1, 1], **bound)
    f.add("Conv", x, f.floats(8, 1, 3, 3), group=4, pads=[1, 1, 1, 1], **bound)
    f.add("Conv", x, f.floats(6, 4, 3, 3), auto_pad="SAME_UPPER", strides=[2, 2], **bound)
    f.add("Conv", x, f.floats(6, 4, 2, 2), auto_pad="SAME_LOWER", **bound)
    f.add("Conv", f.floats(2, 3, 9), f.floats(4, 3, 3), strides=[2], **bound)
    f.add("Conv", f.floats(1, 2, 4, 5, 6), f.floats(3, 2, 2, 3, 2), pads=[0, 1, 1, 1, 0, 0], **bound)
    f.add("ConvTranspose", x, f.floats(4, 6, 3, 3), **bound)
    f.add("ConvTranspose", x, f.floats(4, 3, 3, 2), f.floats(6), group=2, strides=[2, 3], pads=[1, 0, 0, 1],
          dilations=[2, 1], output_padding=[1, 2], **bound)
    f.add("ConvTranspose", x, f.floats(4, 2, 3, 3), strides=[2, 2], output_shape=[14, 17], **bound)
    f.add("ConvTranspose", f.floats(1, 2, 5), f.floats(2, 3, 4), strides=[2], auto_pad="SAME_UPPER", **bound)
    f.add("ConvInteger", f.integers(0, 255, 1, 2, 5, 5, kind=np.uint8), f.integers(0, 255, 3, 2, 2, 2, kind=np.uint8),
          Const(np.uint8(7)), pads=[1, 0, 0, 1])
    return f


def reduction():
    f = Family("reduction")
    x = f.floats(3, 4, 5)
    # Sums of at most 60 terms in another order.
    for op in ["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2",
               "ReduceSumSquare", "ReduceLogSumExp"]:
        bound = {"ulp": 0 if op in ["ReduceMax", "ReduceMin"] else 4,
                 "fraction": 0 if op in ["ReduceMax", "ReduceMin"] else 1e-6}
        f.add(op, x, ints(1), keepdims=0, **bound)
        f.add(op, x, ints(0, -1), **bound)
        f.add(op, x, **bound)
    f.add("ReduceLogSum", np.abs(x), ints(2), ulp=4, fraction=1e-6)
    f.add("ReduceSum", f.integers(-9, 9, 3, 4, kind=np.int32), ints(0))
    f.add("ReduceMax", f.integers(-9, 9, 3, 4), ints(0))
    f.add("ReduceSum", x, ints(), noop_with_empty_axes=1)
    y = f.integers(0, 4, 3, 9).astype(np.float32)
    for op in ["ArgMax", "ArgMin"]:
        f.add(op, y, axis=1)
        f.add(op, y, axis=0, keepdims=0)
        f.add(op, y, axis=-1, select_last_index=1)
    f.add("CumSum", x, Const(np.int64(1)), ulp=4, fraction=1e-6)
    f.add("CumSum", x, Const(np.int64(-1)), exclusive=1, ulp=4, fraction=1e-6)
    f.add("CumSum", x, Const(np.int64(0)), reverse=1, ulp=4, fraction=1e-6)
    f.add("CumSum", f.integers(-9, 9, 6), Const(np.int64(0)), exclusive=1, reverse=1)
    return f


def rows():
    f = Family("rows")
    x = f.floats(3, 4, 5)
    for axis in [-1, 0, 1]:
        f.add("Softmax", x, axis=axis, ulp=8)
        f.add("LogSoftmax", x, axis=axis, ulp=8, fraction=1e-6)
    f.add("Hardmax", x, axis=1)
    f.add("LayerNormalization", x, f.floats(5), f.floats(5), ulp=8, fraction=1e-6)
    f.add("LayerNormalization", x, f.floats(4, 5), axis=1, epsilon=0.01, ulp=8, fraction=1e-6)
    f.add("InstanceNormalization", x, f.floats(4), f.floats(4), ulp=8, fraction=2e-6)
    f.add("BatchNormalization", x, f.floats(4), f.floats(4), f.floats(4), np.abs(f.floats(4)) + 0.1, ulp=8,
          fraction=1e-6)
    f.add("GroupNormalization", f.floats(2, 4, 3, 3), f.floats(2), f.floats(2), num_groups=2, ulp=8, fraction=2e-6)
    f.add("LpNormalization", x, axis=1, ulp=8)
    f.add("LpNormalization", x, axis=1, p=1, ulp=8)
    f.add("MeanVarianceNormalization", f.floats(2, 3, 4, 4), ulp=8, fraction=2e-6)
    f.add("LRN", f.floats(2, 6, 3, 3), size=3, ulp=16)
    return f


def pooling():
    f = Family("pooling")
    x = f.floats(2, 3, 7, 8)
    f.add("MaxPool", x, kernel_shape=[3, 3])
    f.add("MaxPool", x, kernel_shape=[3, 2], strides=[2, 3], pads=[1, 0, 1, 1])
    f.add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    f.add("MaxPool", x, kernel_shape=[2, 2], dilations=[2, 3])
    f.add("MaxPool", x, kernel_shape=[2, 3], auto_pad="SAME_UPPER", strides=[2, 2])
    f.add("MaxPool", x, kernel_shape=[2, 3], auto_pad="SAME_LOWER")
    f.add("MaxPool", f.floats(1, 2, 9), kernel_shape=[3], strides=[2])
    bound = {"ulp": 4, "fraction": 1e-6}
    f.add("AveragePool", x, kernel_shape=[3, 3], **bound)
    f.add("AveragePool", x, kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2], **bound)
    f.add("AveragePool", x, kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2], count_include_pad=1, **bound)
    f.add("AveragePool", x, kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1, **bound)
    f.add("AveragePool", f.floats(1, 2, 4, 5, 6), kernel_shape=[2, 2, 2], **bound)
    f.add("GlobalAveragePool", x, **bound)
    f.add("GlobalMaxPool", x)
    f.add("LpPool", x, kernel_shape=[2, 2], **bound)
    return f


def resize():
    f = Family("resize")
    x = f.floats(1, 2, 4, 5)

    def scales(*values):
        return Const(np.array(values, np.float32))

    # Coordinates are f32 there and f64 here.
    bound = {"fraction": 2e-6}
    for mode in ["half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"]:
        f.add("Resize", x, None, scales(1, 1, 2, 3), mode="linear", coordinate_transformation_mode=mode, **bound)
        f.add("Resize", x, None, None, ints(1, 2, 3, 9), mode="linear", coordinate_transformation_mode=mode, **bound)
        f.add("Resize", x, None, scales(1, 1, 2, 2.5), mode="cubic", coordinate_transformation_mode=mode, **bound)
    for nearest in ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]:
        f.add("Resize", x, None, scales(1, 1, 2, 2), nearest_mode=nearest)
        f.add("Resize", x, None, None, ints(1, 2, 6, 3), nearest_mode=nearest,
              coordinate_transformation_mode="asymmetric")
    f.add("Resize", x, None, scales(1, 1, 0.5, 0.6), mode="cubic", exclude_outside=1, **bound)
    f.add("Resize", x, None, scales(1, 1, 2, 2), mode="cubic", cubic_coeff_a=-0.5, **bound)
    f.add("Resize", x, None, scales(1, 1, 0.5, 0.6), mode="linear", **bound)
    f.add("Resize", x, None, scales(1, 1, 2, 2), mode="linear", coordinate_transformation_mode="half_pixel_symmetric",
          **bound)
    return f


def order():
    f = Family("order")
    x = f.floats(3, 7)
    f.add("TopK", x, ints(3), outputs=2)
    f.add("TopK", x, ints(2), outputs=2, axis=0, largest=0)
    f.add("TopK", f.integers(0, 4, 3, 7), ints(5), outputs=2)
    return f


def recurrent():
    f = Family("recurrent")
    time, batch, size, hidden = 5, 2, 4, 3
    x = f.floats(time, batch, size)
    lengths = np.array([5, 3], np.int32)
    bound = {"fraction": 2e-6}
    for op, gates, outputs in [("LSTM", 4, 3), ("GRU", 3, 2), ("RNN", 1, 2)]:
        for direction, dirs in [("forward", 1), ("reverse", 1), ("bidirectional", 2)]:
            weights = [f.floats(dirs, gates * hidden, size), f.floats(dirs, gates * hidden, hidden)]
            bias = f.floats(dirs, 2 * gates * hidden)
            state = f.floats(dirs, batch, hidden)
            cell = [f.floats(dirs, batch, hidden)] if op == "LSTM" else []
            f.add(op, x, *weights, outputs=outputs, hidden_size=hidden, direction=direction, **bound)
            f.add(op, x, *weights, bias, lengths, state, *cell, outputs=outputs, hidden_size=hidden,
                  direction=direction, **bound)
    weights = [f.floats(1, 4 * hidden, size), f.floats(1, 4 * hidden, hidden)]
    f.add("LSTM", x, *weights, f.floats(1, 8 * hidden), None, None, None, f.floats(1, 3 * hidden), outputs=3,
          hidden_size=hidden, **bound)
    weights = [f.floats(1, 3 * hidden, size), f.floats(1, 3 * hidden, hidden)]
    f.add("GRU", x, *weights, f.floats(1, 6 * hidden), outputs=2, hidden_size=hidden, linear_before_reset=1, **bound)
    weights = [f.floats(1, hidden, size), f.floats(1, hidden, hidden)]
    f.add("RNN", x, *weights, outputs=2, hidden_size=hidden, activations=["Relu"], **bound)
    return f


def quantization():
    f = Family("quantization", opset=19)
    x = f.floats(3, 4, scale=20)
    f.add("QuantizeLinear", x, Const(np.float32(0.3)), Const(np.uint8(120)))
    f.add("QuantizeLinear", x, Const(np.abs(f.floats(4)) + 0.1), Const(f.integers(-5, 5, 4, kind=np.int8)), axis=1)
    f.add("DequantizeLinear", f.integers(0, 255, 3, 4, kind=np.uint8), Const(np.float32(0.3)), Const(np.uint8(120)),
          ulp=1)
    f.add("DequantizeLinear", f.integers(-99, 99, 3, 4, kind=np.int8), Const(np.abs(f.floats(3)) + 0.1),
          Const(np.zeros(3, np.int8)), axis=0, ulp=1)
    f.add("DynamicQuantizeLinear", x, outputs=3)
    return f


def dynamic():
    """Shapes that only the run knows."""
    f = Family("dynamic", dynamic=True)
    x = f.floats(3, 4, 5)
    f.add("Add", x, f.floats(3, 4, 5))
    f.add("MatMul", x, f.floats(3, 5, 2), fraction=1e-6)
    f.add("Softmax", x, ulp=8)
    f.add("ReduceMean", x, ints(1), ulp=4, fraction=1e-6)
    f.add("Transpose", x, perm=[2, 0, 1])
    f.add("Concat", x, x, axis=1)
    f.add("Gather", x, f.integers(0, 3, 2, 2), axis=0)
    f.add("Shape", x)
    f.add("Reshape", x, ints(0, -1))
    f.add("Slice", x, ints(1), ints(9), ints(1), ints(2))
    f.add("Flatten", x)
    return f


def attention():
    f = Family("attention", opset=23)
    q, k, v = f.floats(2, 4, 5, 8), f.floats(2, 4, 6, 8), f.floats(2, 4, 6, 3)
    bound = {"fraction": 4e-6}
    f.add("Attention", q, k, v, **bound)
    f.add("Attention", q, k, v, scale=0.3, **bound)
    f.add("Attention", q, f.floats(2, 2, 6, 8), f.floats(2, 2, 6, 3), **bound)
    f.add("Attention", q, k, v, f.floats(5, 6), **bound)
    f.add("Attention", q, k, v, f.floats(2, 1, 5, 6), softcap=2.0, **bound)
    f.add("Attention", q, k, v, f.integers(0, 2, 5, 6).astype(bool) | np.eye(5, 6, dtype=bool), **bound)
    f.add("Attention", q, f.floats(2, 4, 5, 8), f.floats(2, 4, 5, 8), is_causal=1, **bound)
    f.add("Attention", f.floats(2, 5, 32), f.floats(2, 6, 32), f.floats(2, 6, 32), q_num_heads=4, kv_num_heads=4,
          **bound)
    f.add("RMSNormalization", f.floats(3, 4, 5), f.floats(5), ulp=8, fraction=1e-6)
    f.add("RMSNormalization", f.floats(3, 4, 5), f.floats(4, 5), axis=1, epsilon=0.01, ulp=8, fraction=1e-6)
    f.add("RotaryEmbedding", q, f.floats(9, 4), f.floats(9, 4), f.integers(0, 9, 2, 5), **bound)
    f.add("RotaryEmbedding", q, f.floats(9, 4), f.floats(9, 4), f.integers(0, 9, 2, 5), interleaved=1, **bound)
    return f


def control():
    """If, Loop and Scan, whose branches and bodies see values from outside."""
    text = """
    <ir_version: 9, opset_import: ["" : 18]>
    control (float[3] x, bool c, int64 n) => (float[3] a, float[3] b, float[N, 3] steps, float[3] last, float[2, 3] sums)
    <float[2, 3] rows = {1, 2, 3, 4, 5, 6}>
    {
      a = If (c) <
        then_branch = yes () => (float[3] y) { y = Add (x, x) },
        else_branch = no () => (float[3] z) { z = Neg (x) }
      >
      true = Constant <value = bool {1}> ()
      b, steps = Loop (n, true, x) <
        body = turn (int64 i, bool go, float[3] state) => (bool on, float[3] next, float[3] step) {
          on = Identity (go)
          f = Cast <to = 1> (i)
          step = Mul (state, x)
          next = Add (step, f)
        }
      >
      last, sums = Scan (x, rows) <
        num_scan_inputs = 1,
        body = add (float[3] state, float[3] row) => (float[3] next, float[3] shown) {
          next = Add (state, row)
          shown = Identity (next)
        }
      >
    }
    """
    x = np.array([1, -2, 0.5], np.float32)
    feeds = {"x": x, "c": np.array(True), "n": np.array(3, np.int64)}
    return Family("control", text=text, feeds=feeds)


def control_else():
    """The other branch, and a loop without a turn."""
    family = control()
    feeds = {**family.feeds, "c": np.array(False), "n": np.array(0, np.int64)}
    return Family("control_else", text=family.text, feeds=feeds)


def patches():
    """Windows as gathers, and regions of interest."""
    f = Family("patches", opset=18)
    x = f.floats(2, 3, 7, 8)
    f.add("MaxPool", x, kernel_shape=[3, 2], strides=[2, 3], pads=[1, 0, 1, 1], outputs=2)
    f.add("MaxPool", x, kernel_shape=[2, 2], dilations=[2, 3], storage_order=1, outputs=2)
    f.add("MaxPool", f.floats(1, 2, 9), kernel_shape=[3], strides=[2], outputs=2)
    f.add("MaxPool", f.floats(1, 2, 4, 5, 6), kernel_shape=[2, 3, 2], outputs=2)
    pooled, where = f.floats(1, 2, 3, 2), np.array([[[[0, 3], [9, 11], [20, 22]], [[25, 26], [33, 35], [46, 47]]]])
    f.add("MaxUnpool", pooled, where, kernel_shape=[2, 2], strides=[2, 2])
    f.add("Col2Im", f.floats(2, 3 * 6, 4 * 3), ints(5, 4), ints(2, 3), pads=[0, 1, 0, 0], fraction=2e-7)
    f.add("Col2Im", f.floats(1, 2 * 4, 2 * 2), ints(5, 6), ints(2, 2), strides=[2, 3], dilations=[2, 1], fraction=2e-7)
    rois = np.array([[0, 0, 6, 5], [1.5, 2.25, 4, 6.5], [-1, -2, 3, 3]], np.float32)
    image = Const(np.array([0, 1, 1], np.int64))
    bound = {"fraction": 2e-6}
    for mode in ["half_pixel", "output_half_pixel"]:
        f.add("RoiAlign", x, rois, image, coordinate_transformation_mode=mode, output_height=2, output_width=3,
              sampling_ratio=2, **bound)
        f.add("RoiAlign", x, rois, image, coordinate_transformation_mode=mode, output_height=2, output_width=2,
              spatial_scale=0.75, **bound)
    f.add("MaxRoiPool", x, np.array([[0, 0, 0, 6, 5], [1, 1, 2, 4, 6]], np.float32), pooled_shape=[2, 3])
    f.add("MaxRoiPool", x, np.array([[1, 2, 2, 14, 12]], np.float32), pooled_shape=[2, 2], spatial_scale=0.5)
    return f


def signal():
    f = Family("signal", opset=17)
    bound = {"fraction": 4e-6}
    x = f.floats(2, 40, 1)
    f.add("STFT", x, Const(np.int64(8)), None, Const(np.int64(16)), **bound)
    f.add("STFT", x, Const(np.int64(5)), Const(f.floats(12)), None, onesided=0, **bound)
    f.add("DFT", f.floats(2, 9, 1), axis=1, **bound)
    f.add("DFT", f.floats(2, 9, 2), axis=1, inverse=1, **bound)
    f.add("DFT", f.floats(2, 9, 1), axis=1, onesided=1, **bound)
    f.add("HannWindow", Const(np.int64(10)), fraction=1e-6)
    f.add("MelWeightMatrix", Const(np.int64(8)), Const(np.int64(16)), Const(np.int64(8192)), Const(np.float32(0)),
          Const(np.float32(4096)), fraction=1e-6)
    for size in [1, 2, 3, 5]:
        f.add("Det", f.floats(3, size, size), **bound)
    return f


def selection():
    """Results whose size depends on the data."""
    f = Family("selection", opset=16)
    boxes = f.random.random((2, 12, 4)).astype(np.float32)
    scores = f.random.random((2, 3, 12)).astype(np.float32)
    for centre in [0, 1]:
        f.add("NonMaxSuppression", boxes, scores, ints(4), Const(np.array([0.3], np.float32)),
              Const(np.array([0.2], np.float32)), center_point_box=centre)
    f.add("NonMaxSuppression", boxes, scores, ints(20))
    x = f.integers(0, 5, 12).astype(np.float32)
    for order in [0, 1]:
        f.add("Unique", x, outputs=4, sorted=order)
        f.add("Unique", f.integers(0, 2, 6, 3), outputs=4, axis=0, sorted=order)
        f.add("Unique", f.integers(0, 2, 2, 7).astype(np.float32), outputs=4, axis=1, sorted=order)
    f.add("NonZero", f.integers(0, 2, 3, 4))
    f.add("Compress", f.floats(3, 4), f.integers(0, 2, 4).astype(bool), axis=1)
    tokens = f.integers(0, 4, 2, 9)
    grams = {"ngram_counts": [0, 2], "ngram_indexes": [3, 1, 0, 2], "pool_int64s": [2, 3, 1, 2, 0, 3]}
    for mode in ["TF", "IDF", "TFIDF"]:
        f.add("TfIdfVectorizer", tokens, min_gram_length=1, max_gram_length=2, max_skip_count=2, mode=mode,
              weights=[0.5, 2.0, 1.5, 3.0], **grams)
    return f


def learned():
    """Operators of ai.onnx.ml."""
    f = Family("learned", opset=5, domain="ai.onnx.ml")
    x = f.floats(6, 3)
    f.add("Binarizer", x, threshold=0.25)
    f.add("ArrayFeatureExtractor", x, ints(2, 0))
    f.add("Scaler", x, offset=[0.5, 1.0, -2.0], scale=[2.0, 0.5, 3.0], ulp=1)
    for norm in ["MAX", "L1", "L2"]:
        f.add("Normalizer", np.abs(x), norm=norm, ulp=4)
    f.add("LinearRegressor", x, coefficients=[0.5, 1.0, -2.0, 3.0, 0.25, 1.5], intercepts=[0.1, -0.2], targets=2,
          fraction=1e-6)
    trees = {"nodes_splits": np.array([0.1, -0.3, 0.5, 0.2], np.float32), "nodes_featureids": [0, 1, 2, 1],
             "nodes_modes": np.array([0, 3, 1, 0], np.uint8), "nodes_truenodeids": [1, 0, 2, 4],
             "nodes_falsenodeids": [2, 1, 3, 5], "nodes_trueleafs": [0, 1, 1, 1], "nodes_falseleafs": [0, 1, 1, 1],
             "leaf_targetids": [0, 1, 0, 1, 0, 1],
             "leaf_weights": np.array([1.5, -2, 0.25, 3, -1, 0.5], np.float32), "tree_roots": [0, 3], "n_targets": 2}
    trees = {k: onnx.numpy_helper.from_array(v, k) if isinstance(v, np.ndarray) else v for k, v in trees.items()}
    f.add("TreeEnsemble", x, aggregate_function=1, ulp=2, **trees)
    return f


def families():
    return [unary(), gelu(), binary(), cast(), half(), shape(), gather(), scatter(), contraction(), convolution(),
            reduction(), rows(), pooling(), resize(), order(), recurrent(), quantization(), attention(), control(),
            control_else(), patches(), signal(), selection(), learned(), dynamic()]
