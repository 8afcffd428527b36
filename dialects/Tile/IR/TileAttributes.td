//===- TileAttributes.td - Layouts and shared-memory types --*- tablegen -*-===//
#ifndef RADDLE_TILE_ATTRIBUTES_TD
#define RADDLE_TILE_ATTRIBUTES_TD

include "dialects/Tile/IR/TileDialect.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/TensorEncoding.td"
include "mlir/IR/EnumAttr.td"

def Tile_LayoutAttr : AttrDef<Tile_Dialect, "Layout",
    [DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let mnemonic = "layout";
  let summary = "which thread holds which element of a tile";
  let description = [{
    A linear map over F2 from the bits of register, lane and warp to the bits
    of the element's index; a basis vector has one entry per dim. A zero basis
    means that the threads (or registers) hold copies. Every element of the
    tile, whose sizes are powers of two, is held by some thread.

    Example: `#tile.layout<registers = [[0, 1]], lanes = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warps = []>`
    is the accumulator of one `m8n8` matrix.
  }];
  let parameters = (ins "::raddle::tile::LinearLayout":$map);
  let hasCustomAssemblyFormat = 1;
}

def Tile_SharedType : TypeDef<Tile_Dialect, "Shared"> {
  let mnemonic = "shared";
  let summary = "a buffer of tiles in shared memory";
  let description = [{
    `stages` tiles of the same shape, each row-major over `order` (fastest dim
    first) with the swizzle `base, bits, shift`: bits `[base, base+bits)` of the
    element offset are XORed with the bits `shift` above. No padding.

    Example: `!tile.shared<3 x [128, 32] x f16, order = [1, 0], swizzle = [3, 2, 3]>`
  }];
  let parameters = (ins "int64_t":$stages, ArrayRefParameter<"int64_t">:$shape,
                        "::mlir::Type":$elementType, ArrayRefParameter<"int64_t">:$order,
                        "::raddle::tile::SharedSwizzle":$swizzle);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Elements of one stage.
    int64_t getNumElements() const;
    /// Bytes of all stages.
    int64_t getNumBytes() const;
    /// Offset in elements, within a stage, of the element at `index`; linear
    /// over F2 in the bits of the index.
    uint32_t getOffset(::mlir::ArrayRef<int32_t> index) const;
  }];
}

def Tile_DotKind : I32EnumAttr<"DotKind", "the arithmetic of a tile product", [
    I32EnumAttrCase<"f16", 0>, I32EnumAttrCase<"bf16", 1>, I32EnumAttrCase<"tf32", 2>,
    I32EnumAttrCase<"tf32x3", 3>, I32EnumAttrCase<"s8", 4>, I32EnumAttrCase<"u8", 5>,
    I32EnumAttrCase<"u8s8", 6>, I32EnumAttrCase<"s8u8", 7>,
    I32EnumAttrCase<"tf32x2a", 8>, I32EnumAttrCase<"tf32x2b", 9>]> {
  let cppNamespace = "::raddle::tile";
  let genSpecializedAttr = 0;
}
def Tile_DotKindAttr : EnumAttr<Tile_Dialect, Tile_DotKind, "dot">;

#endif // RADDLE_TILE_ATTRIBUTES_TD
