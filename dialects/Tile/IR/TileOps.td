//===- TileOps.td - Operations of the tile dialect ----------*- tablegen -*-===//
#ifndef RADDLE_TILE_OPS_TD
#define RADDLE_TILE_OPS_TD

include "dialects/Tile/IR/TileDialect.td"
include "dialects/Tile/IR/TileAttributes.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/CommonAttrConstraints.td"
include "mlir/IR/CommonTypeConstraints.td"
include "mlir/Dialect/LLVMIR/LLVMTypes.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Tile_Op<string mnemonic, list<Trait> traits = []> : Op<Tile_Dialect, mnemonic, traits>;

// Scalars are uniform tiles of rank 0.
def Tile_Value : AnyTypeOf<[AnyFloat, AnySignlessInteger, RankedTensorOf<[AnyFloat, AnySignlessInteger]>]>;
def Tile_Tile : RankedTensorOf<[AnyFloat, AnySignlessInteger]>;
def Tile_Offsets : AnyTypeOf<[I32, RankedTensorOf<[I32]>]>;
def Tile_Mask : AnyTypeOf<[I1, RankedTensorOf<[I1]>]>;
def Tile_Pointer : LLVM_PointerInAddressSpace<1>;

def Tile_IndexOp : Tile_Op<"index", [Pure]> {
  let summary = "the index along a dim";
  let description = [{
    The elements `0 .. size-1` along `dim`; the other dims have size 1.

    Example:
    ```mlir
    %r = tile.index 0 : tensor<128x1xi32, #layout>
    ```
  }];
  let arguments = (ins I64Attr:$dim);
  let results = (outs RankedTensorOf<[I32]>:$result);
  let assemblyFormat = "$dim attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Tile_BroadcastOp : Tile_Op<"broadcast", [Pure]> {
  let summary = "a scalar or unit dims repeated to a tile";
  let description = [{
    Costs nothing: threads and registers already hold the copies, because the
    layout of the operand is the result's with the repeated dims removed.

    Example:
    ```mlir
    %b = tile.broadcast %r : tensor<128x1xi32, #row> to tensor<128x32xi32, #layout>
    ```
  }];
  let arguments = (ins Tile_Value:$input);
  let results = (outs Tile_Tile:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
}

def Tile_ConvertOp : Tile_Op<"convert", [Pure]> {
  let summary = "the same tile under another layout";
  let description = [{
    Moves elements between registers, lanes (shuffles) or warps (shared
    memory), whichever the two layouts need.

    Example:
    ```mlir
    %c = tile.convert %x : tensor<64x64xf32, #mma> to tensor<64x64xf32, #rows>
    ```
  }];
  let arguments = (ins Tile_Tile:$input);
  let results = (outs Tile_Tile:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
}

def Tile_ReshapeOp : Tile_Op<"reshape", [Pure]> {
  let summary = "adds or removes unit dims of a tile";
  let description = [{
    Both layouts agree on every element; nothing moves.

    Example:
    ```mlir
    %c = tile.reshape %x : tensor<64x1xf32, #a> to tensor<64xf32, #b>
    ```
  }];
  let arguments = (ins Tile_Tile:$input);
  let results = (outs Tile_Tile:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
}

def Tile_LoadOp : Tile_Op<"load", [AttrSizedOperandSegments, MemoryEffects<[MemRead]>]> {
  let summary = "reads elements of global memory";
  let description = [{
    Element `i` is `base[offsets[i]]` where the mask is set (everywhere without
    a mask), else `other` (zero without). Accesses are as wide as offsets
    and masks allow. An element type of `i1` is stored as one byte.

    Example:
    ```mlir
    %x = tile.load %p[%o] mask %m other %z : tensor<128x32xi32, #l>, tensor<128x32xi1, #l>, tensor<128x32xf32, #l> -> tensor<128x32xf32, #l>
    ```
  }];
  let arguments = (ins Tile_Pointer:$base, Tile_Offsets:$offsets, Optional<Tile_Mask>:$mask,
                       Optional<Tile_Value>:$other, UnitAttr:$invariant);
  let results = (outs Tile_Value:$result);
  let assemblyFormat = [{
    $base `[` $offsets `]` (`mask` $mask^)? (`other` $other^)? attr-dict
    `:` type($offsets) (`,` type($mask)^)? (`,` type($other)^)? `->` type($result)
  }];
  let hasVerifier = 1;
}

def Tile_StoreOp : Tile_Op<"store", [MemoryEffects<[MemWrite]>]> {
  let summary = "writes elements of global memory";
  let description = [{
    Example:
    ```mlir
    tile.store %x to %p[%o] mask %m : tensor<128x32xf32, #l>, tensor<128x32xi32, #l>, tensor<128x32xi1, #l>
    ```
  }];
  let arguments = (ins Tile_Value:$value, Tile_Pointer:$base, Tile_Offsets:$offsets,
                       Optional<Tile_Mask>:$mask);
  let assemblyFormat = [{
    $value `to` $base `[` $offsets `]` (`mask` $mask^)? attr-dict
    `:` type($value) `,` type($offsets) (`,` type($mask)^)?
  }];
  let hasVerifier = 1;
}

def Tile_AtomicOp : Tile_Op<"atomic", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "combines elements into global memory";
  let description = [{
    `kind` is `add`, `min`, `max` (signed or float), `exch`; one atomic
    operation per element whose mask is set.

    Example:
    ```mlir
    tile.atomic "add" %x to %p[%o] mask %m : tensor<128xf32, #l>, tensor<128xi32, #l>, tensor<128xi1, #l>
    ```
  }];
  let arguments = (ins StrAttr:$kind, Tile_Value:$value, Tile_Pointer:$base, Tile_Offsets:$offsets,
                       Optional<Tile_Mask>:$mask);
  let assemblyFormat = [{
    $kind $value `to` $base `[` $offsets `]` (`mask` $mask^)? attr-dict
    `:` type($value) `,` type($offsets) (`,` type($mask)^)?
  }];
  let hasVerifier = 1;
}

def Tile_ReduceOp : Tile_Op<"reduce", [Pure, SingleBlock]> {
  let summary = "combines the elements along a dim";
  let description = [{
    Reduces all operands together along `dim` with an associative and
    commutative combiner (first halves, then second halves of the block's
    arguments); the dim stays with size 1 and every thread of the dim holds the
    result. Ends with `tile.yield`.

    Example:
    ```mlir
    %s = tile.reduce 1 (%x) : tensor<4x128xf32, #l> -> tensor<4x1xf32, #r> {
    ^bb0(%a: f32, %b: f32):
      %0 = arith.addf %a, %b : f32
      tile.yield %0 : f32
    }
    ```
  }];
  let arguments = (ins I64Attr:$dim, Variadic<Tile_Tile>:$inputs);
  let results = (outs Variadic<Tile_Tile>:$results);
  let regions = (region SizedRegion<1>:$combiner);
  let assemblyFormat = [{
    $dim `(` $inputs `)` attr-dict `:` type($inputs) `->` type($results) $combiner
  }];
  let hasVerifier = 1;
}

def Tile_YieldOp : Tile_Op<"yield", [Pure, Terminator, ReturnLike, HasParent<"ReduceOp">]> {
  let summary = "the result of a combiner";
  let description = [{
    Example:
    ```mlir
    tile.yield %0 : f32
    ```
  }];
  let arguments = (ins Variadic<AnyType>:$results);
  let assemblyFormat = "attr-dict ($results^ `:` type($results))?";
  let hasVerifier = 1;
}

def Tile_DotOp : Tile_Op<"dot", [Pure]> {
  let summary = "a tile product on tensor cores";
  let description = [{
    `acc + a b` with `a` [M, K], `b` [K, N] and `acc` [M, N] in the fragment
    layouts of `mma.sync`. `tf32x3` splits f32 operands in two tf32 terms each
    and sums small products first, in f32 registers after at most 32 of k;
    `tf32x2a` (`tf32x2b`) does so when the values of `a` (`b`) are exact in tf32.

    Example:
    ```mlir
    %d = tile.dot f16 %a, %b, %c : tensor<64x16xf16, #a>, tensor<16x64xf16, #b>, tensor<64x64xf32, #c>
    ```
  }];
  let arguments = (ins Tile_DotKindAttr:$kind, Tile_Tile:$a, Tile_Tile:$b, Tile_Tile:$acc);
  let results = (outs Tile_Tile:$result);
  let assemblyFormat = [{
    `` $kind $a `,` $b `,` $acc attr-dict `:` type($a) `,` type($b) `,` type($acc) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Tile_AllocOp : Tile_Op<"alloc", [MemoryEffects<[MemAlloc]>]> {
  let summary = "a buffer in shared memory";
  let description = [{
    `offset` in bytes is set by `tile-place-shared`.

    Example:
    ```mlir
    %s = tile.alloc : !tile.shared<3 x [128, 32] x f16, order = [1, 0], swizzle = [3, 2, 3]>
    ```
  }];
  let arguments = (ins OptionalAttr<I64Attr>:$offset);
  let results = (outs Tile_SharedType:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Tile_ViewOp : Tile_Op<"view", [Pure]> {
  let summary = "memory of a buffer, from one of its stages on, as another buffer";
  let description = [{
    For values that live while those stages are not yet, or no longer, needed.
    The kernel orders the accesses by barriers.

    Example:
    ```mlir
    %q = tile.view %keys[2] : <3 x [64, 32] x f16, order = [0, 1], swizzle = [3, 3, 3]> to <1 x [32, 64] x f16, order = [1, 0], swizzle = [3, 3, 3]>
    ```
  }];
  let arguments = (ins Tile_SharedType:$buffer, I64Attr:$stage);
  let results = (outs Tile_SharedType:$result);
  let assemblyFormat = "$buffer `[` $stage `]` attr-dict `:` type($buffer) `to` type($result)";
  let hasVerifier = 1;
}

def Tile_CopyOp : Tile_Op<"copy", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "starts copying elements of global memory to shared memory";
  let description = [{
    Asynchronous (`cp.async`): visible to this thread after `tile.wait`, to
    others after a `tile.barrier` behind it. Masked elements become zero.
    Offsets have the layout that says which thread copies what.

    Example:
    ```mlir
    tile.copy %p[%o] mask %m to %s[%stage] : !tile.shared<...>, tensor<128x32xi32, #l>, tensor<128x32xi1, #l>
    ```
  }];
  let arguments = (ins Tile_Pointer:$base, Tile_Tile:$offsets, Optional<Tile_Mask>:$mask,
                       Tile_SharedType:$buffer, I32:$stage);
  let assemblyFormat = [{
    $base `[` $offsets `]` (`mask` $mask^)? `to` $buffer `[` $stage `]` attr-dict
    `:` type($buffer) `,` type($offsets) (`,` type($mask)^)?
  }];
  let hasVerifier = 1;
}

def Tile_CommitOp : Tile_Op<"commit"> {
  let summary = "closes a group of asynchronous copies";
  let description = [{
    Example:
    ```mlir
    tile.commit
    ```
  }];
  let assemblyFormat = "attr-dict";
}

def Tile_WaitOp : Tile_Op<"wait"> {
  let summary = "waits until at most `pending` groups of copies are under way";
  let description = [{
    Example:
    ```mlir
    tile.wait 1
    ```
  }];
  let arguments = (ins I64Attr:$pending);
  let assemblyFormat = "$pending attr-dict";
  let hasVerifier = 1;
}

def Tile_BarrierOp : Tile_Op<"barrier"> {
  let summary = "all threads of the block meet; shared memory is then consistent";
  let description = [{
    Example:
    ```mlir
    tile.barrier
    ```
  }];
  let assemblyFormat = "attr-dict";
}

def Tile_LocalStoreOp : Tile_Op<"local_store", [MemoryEffects<[MemWrite]>]> {
  let summary = "writes a tile to shared memory";
  let description = [{
    Example:
    ```mlir
    tile.local_store %x to %s[%stage] : tensor<128x32xf16, #l>, !tile.shared<...>
    ```
  }];
  let arguments = (ins Tile_Tile:$value, Tile_SharedType:$buffer, I32:$stage);
  let assemblyFormat = "$value `to` $buffer `[` $stage `]` attr-dict `:` type($value) `,` type($buffer)";
  let hasVerifier = 1;
}

def Tile_LocalLoadOp : Tile_Op<"local_load", [MemoryEffects<[MemRead]>]> {
  let summary = "reads a tile from shared memory";
  let description = [{
    `ldmatrix` where the layout allows, else the widest loads it allows. With
    `offsets` (elements per dim, multiples of the tile's shape) a sub-tile.

    Example:
    ```mlir
    %a = tile.local_load %s[%stage] offsets [0, 16] : !tile.shared<...> -> tensor<128x16xf16, #a>
    ```
  }];
  let arguments = (ins Tile_SharedType:$buffer, I32:$stage, DenseI64ArrayAttr:$offsets);
  let results = (outs Tile_Tile:$result);
  let assemblyFormat = "$buffer `[` $stage `]` `offsets` $offsets attr-dict `:` type($buffer) `->` type($result)";
  let hasVerifier = 1;
}

def Tile_BlockIdOp : Tile_Op<"block_id", [Pure]> {
  let summary = "the index of the thread block along a grid dim";
  let description = [{
    Example:
    ```mlir
    %i = tile.block_id 0
    ```
  }];
  let arguments = (ins I64Attr:$dim);
  let results = (outs I32:$result);
  let assemblyFormat = "$dim attr-dict";
  let hasVerifier = 1;
}

def Tile_AssumeOp : Tile_Op<"assume", [Pure]> {
  let summary = "states that a scalar is a multiple of a number";
  let description = [{
    Example:
    ```mlir
    %n8 = tile.assume %n multiple_of 8
    ```
  }];
  let arguments = (ins I32:$value, I64Attr:$divisor);
  let results = (outs I32:$result);
  let assemblyFormat = "$value `multiple_of` $divisor attr-dict";
  let hasVerifier = 1;
}

#endif // RADDLE_TILE_OPS_TD
