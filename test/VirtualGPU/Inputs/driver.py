"""A client of the virtual GPU's driver library: runs one-kernel modules on
NumPy arrays. The path of the library is the first argument of the test."""

import ctypes
import sys

import numpy as np


class Driver:
    def __init__(self, path=None):
        self.lib = ctypes.CDLL(path or sys.argv[1])
        self.lib.raddleVgpuLastFault.restype = ctypes.c_char_p
        self.check(self.lib.cuInit(0))
        context = ctypes.c_void_p()
        self.check(self.lib.cuCtxCreate_v2(ctypes.byref(context), 0, 0))

    def check(self, code):
        if code:
            raise RuntimeError(f"error {code}: {self.lib.raddleVgpuLastFault().decode()}")

    def kernel(self, text, name="k"):
        module, function = ctypes.c_void_p(), ctypes.c_void_p()
        self.check(self.lib.cuModuleLoadData(ctypes.byref(module), text.encode()))
        self.check(self.lib.cuModuleGetFunction(ctypes.byref(function), module, name.encode()))
        return function

    def upload(self, array):
        array = np.ascontiguousarray(array)
        address = ctypes.c_uint64()
        self.check(self.lib.cuMemAlloc_v2(ctypes.byref(address), ctypes.c_size_t(max(array.nbytes, 1))))
        self.check(self.lib.cuMemcpyHtoD_v2(address, array.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(array.nbytes)))
        return address

    def download(self, address, shape, dtype):
        array = np.empty(shape, dtype)
        self.check(self.lib.cuMemcpyDtoH_v2(array.ctypes.data_as(ctypes.c_void_p), address, ctypes.c_size_t(array.nbytes)))
        return array

    def launch(self, function, arguments, threads=32, blocks=1, shared=0):
        pointers = (ctypes.c_void_p * max(1, len(arguments)))(
            *[ctypes.cast(ctypes.byref(a), ctypes.c_void_p) for a in arguments])
        self.check(self.lib.cuLaunchKernel(function, blocks, 1, 1, threads, 1, 1, shared, None, pointers, None))
        self.check(self.lib.cuCtxSynchronize())


MODULE = ".version 8.3\n.target {target}\n.address_size 64\n"


def elementwise(sources, result, body, target="sm_80"):
    """A kernel that loads one element per thread of each source type into %s0,
    %s1, ... , runs `body` and stores %d of the result type. Types are names of
    PTX; eight-bit values live in 16-bit registers."""

    def register(t):
        bits = int(t[1:]) if t[1:].isdigit() else 16 if t == "bf16" else 32
        return max(bits, 16)

    def memory(t):
        bits = int(t[1:]) if t[1:].isdigit() else 16 if t == "bf16" else 32
        return (t if t in ("u8", "s8") else f"b{bits}"), bits // 8

    text = MODULE.format(target=target) + ".visible .entry k("
    text += ", ".join(f".param .u64 p{i}" for i in range(len(sources) + 1)) + ") {\n"
    text += ".reg .b32 %t, %x<8>; .reg .b64 %a, %o, %y<8>; .reg .b16 %h<8>; .reg .pred %q<4>;\n"
    text += "mov.u32 %t, %tid.x; { .reg .b32 %b; mov.u32 %b, %ctaid.x; mad.lo.u32 %t, %b, 128, %t; }\n"
    for i, t in enumerate(sources):
        name, size = memory(t)
        text += f".reg .b{register(t)} %s{i};\n"
        text += f"ld.param.u64 %a, [p{i}]; mul.wide.u32 %o, %t, {size}; add.s64 %a, %a, %o; ld.global.{name} %s{i}, [%a];\n"
    name, size = memory(result)
    text += f".reg .b{register(result)} %d;\n{body}\n"
    text += f"ld.param.u64 %a, [p{len(sources)}]; mul.wide.u32 %o, %t, {size}; add.s64 %a, %a, %o;\n"
    text += f"st.global.{name.replace('u', 'b').replace('s', 'b')} [%a], %d;\nret;\n}}\n"
    return text


def run_elementwise(driver, sources, arrays, result, dtype, body, target="sm_80"):
    n = len(arrays[0])
    assert n % 128 == 0
    function = driver.kernel(elementwise(sources, result, body, target))
    addresses = [driver.upload(a) for a in arrays]
    out = driver.upload(np.zeros(n, dtype))
    driver.launch(function, addresses + [out], threads=128, blocks=n // 128)
    array = driver.download(out, n, dtype)
    for a in addresses + [out]:
        driver.check(driver.lib.cuMemFree_v2(a))
    return array
