"""A network of `dat` as an ONNX model in memory: the same sums, run by onnxruntime instead of dlib. Pure.

Two things are folded into the convolution beside them, which changes nothing but the rounding: the gain and offset
behind it, and, for the first one, the normalisation of the picture. So the model takes the plain bytes of pictures.
What each layer computes is dlib's dnn/layers.h and, for the addition of unequal sizes, cuda/cpu_dlib.cpp.
"""

from dataclasses import dataclass, replace
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detection.networks import onnx_format
from detection.networks.layers import (
    Add,
    Affine,
    BadNetwork,
    Conv,
    Dense,
    Floats,
    Layer,
    Mark,
    Network,
    Pool,
    Relu,
    Swap,
)

INPUT: Final = "pictures"
"""Blue, green, red bytes: samples x rows x columns x 3. The number of samples is free."""
OUTPUT: Final = "results"
"""float32: samples x values, or of a map samples x 1 x rows x columns."""
MOST_VALUES: Final = 4 * 1024 * 1024
"""Most values of one intermediate result of one sample; the real network has 166 thousand."""


def build(network: Network) -> bytes:
    """The serialized model.

    Raises:
        BadNetwork: its layers do not fit together, or have a form that is not translated.
    """
    if network.size is None:
        raise BadNetwork("its input has no size")
    return _Builder(network, network.size).model()


@dataclass(frozen=True, slots=True)
class _Value:
    """One intermediate result of one sample."""

    name: str
    """As the graph calls it."""
    shape: tuple[int, int, int]
    """Channels, rows, columns."""


class _Builder:
    """Collects nodes and constants, layer by layer."""

    def __init__(self, network: Network, size: tuple[int, int]) -> None:
        self._network = network
        self._size = size
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []
        self._now = _Value(INPUT, _checked((3, *size)))
        self._marked: _Value | None = None

    def model(self) -> bytes:
        layers = folded(self._network)
        if [isinstance(layer, Dense) for layer in layers] != [False] * (len(layers) - 1) + [True]:
            raise BadNetwork("a matrix belongs at the end, and only there")
        rows, columns = self._size
        self._append("Cast", to=onnx_format.FLOAT)
        self._append("Transpose", perm=(0, 3, 1, 2))
        for layer in layers:
            self._layer(layer)
        self._nodes.append(onnx_format.node("Identity", (self._now.name,), OUTPUT, {}))
        return onnx_format.model(
            nodes=self._nodes,
            constants=self._constants,
            inputs=onnx_format.value(INPUT, onnx_format.UINT8, ("samples", rows, columns, 3)),
            outputs=onnx_format.value(OUTPUT, onnx_format.FLOAT, ("samples", self._now.shape[0])),
        )

    def _layer(self, layer: Layer) -> None:
        match layer:
            case Conv():
                self._conv(layer)
            case Relu():
                self._append("Relu")
            case Pool():
                self._pool(layer)
            case Dense():
                self._dense(layer)
            case Mark():
                self._marked = self._now
            case Swap() if self._marked:
                self._now, self._marked = self._marked, self._now
            case Add() if self._marked:
                self._add(self._marked)
            case _:
                raise BadNetwork(f"{type(layer).__name__} does not fit here")

    def _conv(self, layer: Conv) -> None:
        filters, channels, *window = layer.weights.shape
        if channels != self._now.shape[0]:
            raise BadNetwork(f"a convolution of {channels} channels cannot follow {self._now.shape[0]}")
        weights, bias = self._constant(layer.weights), self._constant(layer.bias)
        shape = _slid((filters, *self._now.shape[1:]), (window[0], window[1]), layer.stride, layer.padding)
        self._append("Conv", weights, bias, shape=shape, strides=layer.stride, pads=layer.padding * 2)

    def _pool(self, layer: Pool) -> None:
        if layer.window == (0, 0):
            kind = "GlobalAveragePool" if layer.mean else "GlobalMaxPool"
            self._append(kind, shape=(self._now.shape[0], 1, 1))
            return
        shape = _slid(self._now.shape, layer.window, layer.stride, (0, 0))
        kind = "AveragePool" if layer.mean else "MaxPool"
        self._append(kind, shape=shape, kernel_shape=layer.window, strides=layer.stride)

    def _dense(self, layer: Dense) -> None:
        inputs, outputs = layer.weights.shape
        if inputs != prod(self._now.shape):
            raise BadNetwork(f"a matrix of {inputs} inputs cannot follow {prod(self._now.shape)} values")
        self._append("Flatten", axis=1)
        self._append("MatMul", self._constant(layer.weights), shape=(outputs, 1, 1))

    def _add(self, other: _Value) -> None:
        """As dlib adds tensors of different sizes: zeros stand where one ends, in channels, rows and columns alike."""
        pairs = zip(self._now.shape, other.shape, strict=True)
        channels, rows, columns = (max(pair) for pair in pairs)
        shape = _checked((channels, rows, columns))
        mine, theirs = self._filled(self._now, shape), self._filled(other, shape)
        self._now, self._marked = _Value(mine, shape), None
        self._append("Add", theirs)

    def _filled(self, part: _Value, shape: tuple[int, int, int]) -> str:
        missing = tuple(whole - there for whole, there in zip(shape, part.shape, strict=True))
        if not any(missing):
            return part.name
        pads = self._constant(np.array((0, 0, 0, 0, 0, *missing), dtype=np.int64))
        name = f"filled_{len(self._nodes)}"
        self._nodes.append(onnx_format.node("Pad", (part.name, pads), name, {}))
        return name

    def _append(
        self, kind: str, *inputs: str, shape: tuple[int, int, int] | None = None, **attributes: int | tuple[int, ...]
    ) -> None:
        """One operation on what flows now and on `inputs`; `shape` is that of its result, None: unchanged."""
        output = f"{kind}_{len(self._nodes)}"
        self._nodes.append(onnx_format.node(kind, (self._now.name, *inputs), output, attributes))
        self._now = _Value(output, shape or self._now.shape)

    def _constant(self, values: Floats | NDArray[np.int64]) -> str:
        name = f"constant_{len(self._constants)}"
        self._constants.append(onnx_format.tensor(name, values))
        return name


def _slid(
    shape: tuple[int, int, int], window: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]
) -> tuple[int, int, int]:
    """The shape after a window has slid over it; what is left over at the right and below is dropped, as in dlib."""
    if min(*window, *stride) < 1 or any(not 0 <= pad < side for pad, side in zip(padding, window, strict=True)):
        raise BadNetwork(f"a window {window} with stride {stride} and padding {padding} cannot slide")
    rows, columns = (1 + (shape[1 + axis] + 2 * padding[axis] - window[axis]) // stride[axis] for axis in (0, 1))
    return _checked((shape[0], rows, columns))


def _checked(shape: tuple[int, int, int]) -> tuple[int, int, int]:
    """The shape, if there can be a result of it: numbers of a damaged file must not allocate memory at will."""
    if min(shape) < 1 or prod(shape) > MOST_VALUES:
        raise BadNetwork(f"no intermediate result has the shape {shape}")
    return shape


def folded(network: Network) -> list[Layer]:
    """The layers without `Affine`, the first one taking blue-green-red bytes.

    Raises:
        BadNetwork: there is no convolution to fold into, or a weight is not finite.
    """
    layers: list[Layer] = []
    # Damaged weights may overflow. That is found below, not told by a warning.
    with np.errstate(all="ignore"):
        for layer in network.layers:
            if not isinstance(layer, Affine):
                layers.append(layer)
                continue
            conv = layers.pop() if layers else None
            if not isinstance(conv, Conv) or len(conv.bias) != len(layer.gain):
                raise BadNetwork("a gain and an offset need a convolution of as many filters before them")
            weights = conv.weights * layer.gain[:, np.newaxis, np.newaxis, np.newaxis]
            layers.append(replace(conv, weights=weights, bias=conv.bias * layer.gain + layer.offset))
        first = layers[0] if layers else None
        if not isinstance(first, Conv) or any(first.padding) or first.weights.shape[1] != 3:
            # Zeros of the padding mean "average colour" before the folding and "black" after it.
            raise BadNetwork("the first layer is not a convolution of three channels without padding")
        weights = first.weights.astype(np.float64) / 256
        means = np.array(network.means)[np.newaxis, :, np.newaxis, np.newaxis]
        bias = (first.bias - (weights * means).sum(axis=(1, 2, 3))).astype(np.float32)
        layers[0] = replace(first, weights=weights[:, ::-1].astype(np.float32), bias=bias)
    for layer in layers:
        if isinstance(layer, Conv) and not (np.isfinite(layer.weights).all() and np.isfinite(layer.bias).all()):
            raise BadNetwork("a weight is not finite")
    return layers
