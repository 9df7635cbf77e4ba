"""A network of `dat` that finds things, as an ONNX model in memory: any picture in, a map of scores out. Pure.

Beside what `graph` folds, two things are rearranged, which changes nothing but the rounding and saves a third of the
time: onnxruntime's fast convolution takes 16 filters at once and passes over other numbers of channels, so idle ones
are added; and the one filter at the end, which alone would cost as much as 16, is taken apart into its rows.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from detection.networks import onnx_format
from detection.networks.graph import INPUT, OUTPUT, folded
from detection.networks.layers import BadNetwork, Conv, Layer, Network, Relu

TOGETHER: Final = 16
"""Filters that are computed at once where the processor has AVX-512; with AVX2 it is half as many."""


def build(network: Network) -> bytes:
    """The serialized model. Its output is samples x 1 x rows x columns.

    Raises:
        BadNetwork: it is not a chain of convolutions that ends in one filter, or they do not fit together.
    """
    nodes = [
        # Turned before every byte becomes four: the other way round it takes more time and memory.
        onnx_format.node("Transpose", (INPUT,), "bytes", {"perm": (0, 3, 1, 2)}),
        onnx_format.node("Cast", ("bytes",), "planes", {"to": onnx_format.FLOAT}),
    ]
    constants: list[bytes] = []
    now = "planes"
    for number, layer in enumerate(_rearranged(folded(network))):
        before, now = now, f"layer_{number}"
        if not isinstance(layer, Conv):
            nodes.append(onnx_format.node("Relu", (before,), now, {}))
            continue
        weights, bias = f"weights_{number}", f"bias_{number}"
        constants += (onnx_format.tensor(weights, layer.weights), onnx_format.tensor(bias, layer.bias))
        attributes = {"strides": layer.stride, "pads": layer.padding * 2}
        nodes.append(onnx_format.node("Conv", (before, weights, bias), now, attributes))
    nodes.append(onnx_format.node("Identity", (now,), OUTPUT, {}))
    return onnx_format.model(
        nodes=nodes,
        constants=constants,
        inputs=onnx_format.value(INPUT, onnx_format.UINT8, ("samples", "rows", "columns", 3)),
        outputs=onnx_format.value(OUTPUT, onnx_format.FLOAT, ("samples", 1, "down", "across")),
    )


def _rearranged(layers: Sequence[Layer]) -> list[Conv | Relu]:
    """The same sums: idle filters added, the last one taken apart."""
    done: list[Conv | Relu] = []
    channels, given = 3, 3
    for layer in layers:
        if isinstance(layer, Relu):
            done.append(layer)
        elif not isinstance(layer, Conv):
            raise BadNetwork(f"{type(layer).__name__} does not fit into a map")
        elif layer.weights.shape[1] != channels:
            raise BadNetwork(f"a convolution of {layer.weights.shape[1]} channels cannot follow {channels}")
        else:
            channels = len(layer.weights)
            filled = _filled(layer, given)
            given = len(filled.weights)
            done.append(filled)
    last = done.pop()
    if channels != 1 or not isinstance(last, Conv) or last.stride != (1, 1):
        raise BadNetwork("a map ends in one filter that takes every step")
    return [*done, *_apart(last)]


def _filled(conv: Conv, given: int) -> Conv:
    """The convolution with idle filters up to a multiple of `TOGETHER`, fed by `given` channels, some of them idle."""
    filters, channels, *window = conv.weights.shape
    weights = np.zeros((-(-filters // TOGETHER) * TOGETHER, given, *window), dtype=np.float32)
    weights[:filters, :channels] = conv.weights
    bias = np.zeros(len(weights), dtype=np.float32)
    bias[:filters] = conv.bias
    return replace(conv, weights=weights, bias=bias)


def _apart(conv: Conv) -> tuple[Conv, Conv]:
    """Its first filter's rows, a filter each; then their sum, each from as far above or below as the row lay."""
    channels, rows = conv.weights.shape[1:3]
    down, right = conv.padding
    across = Conv(conv.weights[0].transpose(1, 0, 2)[:, :, np.newaxis], np.zeros(rows, np.float32), (1, 1), (0, right))
    across = _filled(across, channels)
    total = np.zeros((1, len(across.weights), rows, 1), dtype=np.float32)
    total[0, range(rows), range(rows), 0] = 1
    return across, Conv(total, conv.bias[:1], (1, 1), (down, 0))
