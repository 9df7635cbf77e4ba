"""As much of the ONNX file format as `graph` writes: the package `onnx` would be 31 MB for these few messages.

Field numbers are those of onnx.proto3 (github.com/onnx/onnx), the encoding is that of protobuf
(protobuf.dev/programming-guides/encoding): a field is its number and wire type, then a varint, or a length and that
many bytes.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

IR_VERSION: Final = 8
OPSET: Final = 13
"""The oldest operator set that has every operator as `graph` uses it: onnxruntime reads the old ones for good."""
FLOAT: Final = 1
"""Element type float32, a TensorProto.DataType as the two below."""
UINT8: Final = 2
"""Element type byte."""
_INT64: Final = 7
_ATTRIBUTE_INT: Final = 2
_ATTRIBUTE_INTS: Final = 7

Dimension = int | str
"""A fixed size, or the name of a size that each run may choose."""


def tensor(name: str, values: NDArray[np.float32] | NDArray[np.int64]) -> bytes:
    """A TensorProto: a constant of the graph."""
    kind = FLOAT if values.dtype == np.float32 else _INT64
    little = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
    dims = b"".join(_integer(1, size) for size in values.shape)
    return dims + _integer(2, kind) + _text(8, name) + _bytes(9, little.tobytes())


def node(kind: str, inputs: Sequence[str], output: str, attributes: Mapping[str, int | Sequence[int]]) -> bytes:
    """A NodeProto: one operation with one result, named like the result."""
    return b"".join(
        (
            *(_text(1, name) for name in inputs),
            _text(2, output),
            _text(3, output),
            _text(4, kind),
            *(_bytes(5, _attribute(name, value)) for name, value in attributes.items()),
        )
    )


def value(name: str, kind: int, shape: Sequence[Dimension]) -> bytes:
    """A ValueInfoProto: what goes in or comes out, with elements of `FLOAT` or `UINT8`."""
    sizes = (_text(2, size) if isinstance(size, str) else _integer(1, size) for size in shape)
    dims = b"".join(_bytes(1, size) for size in sizes)
    return _text(1, name) + _bytes(2, _bytes(1, _integer(1, kind) + _bytes(2, dims)))


def model(*, nodes: Sequence[bytes], constants: Sequence[bytes], inputs: bytes, outputs: bytes) -> bytes:
    """A ModelProto: the whole file. Nodes in the order of their computation."""
    graph = b"".join(
        (
            *(_bytes(1, part) for part in nodes),
            _text(2, "network"),
            *(_bytes(5, part) for part in constants),
            _bytes(11, inputs),
            _bytes(12, outputs),
        )
    )
    return _integer(1, IR_VERSION) + _bytes(7, graph) + _bytes(8, _integer(2, OPSET))


def _attribute(name: str, value: int | Sequence[int]) -> bytes:
    """An AttributeProto."""
    if isinstance(value, int):
        return _text(1, name) + _integer(3, value) + _integer(20, _ATTRIBUTE_INT)
    return _text(1, name) + b"".join(_integer(8, each) for each in value) + _integer(20, _ATTRIBUTE_INTS)


def _integer(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the top bit says that more follow."""
    if value < 0:
        raise ValueError("no field that is written here is ever negative")
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
