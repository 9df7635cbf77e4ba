"""The ONNX model loads, and computes what the layers of dlib's network say."""

import sys

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.networks import dat, graph, onnx_format
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

from . import dat_files

ONES = np.ones(4, dtype=np.float32)


def session(model: bytes) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])


def run(found: Network, chips: np.ndarray) -> Floats:
    return np.asarray(session(graph.build(found)).run(None, {graph.INPUT: chips})[0])


# --- the sums, once more and plainly ------------------------------------------------------------------------


def slide(values: np.ndarray, window: tuple[int, int], stride: tuple[int, int]) -> np.ndarray:
    """Every window: samples x channels x rows x columns x window rows x window columns."""
    parts = np.lib.stride_tricks.sliding_window_view(values, window, axis=(2, 3))
    return parts[:, :, :: stride[0], :: stride[1]]


def padded_sum(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    total = np.zeros([max(pair) for pair in zip(a.shape, b.shape, strict=True)])
    for part in (a, b):
        total[tuple(slice(size) for size in part.shape)] += part
    return total


def plainly(found: Network, chips: np.ndarray) -> np.ndarray:
    """What dlib would compute, in numpy, nothing folded."""
    now: np.ndarray = (chips[..., ::-1].transpose(0, 3, 1, 2) - np.array(found.means)[:, None, None]) / 256
    marked = now
    for layer in found.layers:
        match layer:
            case Conv():
                (down, right), (rows, columns) = layer.padding, layer.weights.shape[2:]
                parts = slide(
                    np.pad(now, ((0, 0), (0, 0), (down, down), (right, right))), (rows, columns), layer.stride
                )
                now = np.einsum("ncyxij,fcij->nfyx", parts, layer.weights) + layer.bias[:, None, None]
            case Affine():
                now = now * layer.gain[:, None, None] + layer.offset[:, None, None]
            case Relu():
                now = np.maximum(now, 0)
            case Pool():
                parts = slide(now, layer.window if all(layer.window) else (now.shape[2], now.shape[3]), layer.stride)
                now = parts.mean(axis=(4, 5)) if layer.mean else parts.max(axis=(4, 5))
            case Dense():
                now = now.reshape(len(now), -1) @ layer.weights
            case Mark():
                marked = now
            case Swap():
                now, marked = marked, now
            case Add():
                now = padded_sum(now, marked)
    return np.asarray(now)


@settings(deadline=None)  # the first session takes its time
@given(st.integers(0, 1000), st.integers(1, 4))
def test_the_model_computes_what_the_layers_say(seed: int, samples: int) -> None:
    found = dat.parse(dat_files.small(seed))
    chips = np.random.default_rng(seed).integers(0, 256, (samples, 9, 9, 3), dtype=np.uint8)
    result = run(found, chips)
    assert result.shape == (samples, 5)
    assert result == pytest.approx(plainly(found, chips), rel=1e-4, abs=1e-4)


def test_chips_are_blue_green_red() -> None:
    found = dat.parse(dat_files.small())
    chip = np.zeros((1, 9, 9, 3), dtype=np.uint8)
    red, blue = chip.copy(), chip.copy()
    red[..., 2], blue[..., 0] = 255, 255
    assert run(found, red) == pytest.approx(plainly(found, red), abs=1e-4)
    assert not np.allclose(run(found, red), run(found, blue))


# --- what does not fit together ---------------------------------------------------------------------------


def conv(filters: int = 4, channels: int = 3, side: int = 3, *, stride: int = 1, padding: int = 0) -> Conv:
    values = np.ones((filters, channels, side, side), dtype=np.float32)
    return Conv(values, np.zeros(filters, dtype=np.float32), (stride, stride), (padding, padding))


def dense(inputs: int) -> Dense:
    return Dense(np.ones((inputs, 2), dtype=np.float32))


WHOLE = Pool(mean=True, window=(0, 0), stride=(1, 1))


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ((), "first layer"),
        ((Relu(), dense(3)), "first layer"),
        ((conv(padding=1), WHOLE, dense(4)), "first layer"),
        ((conv(channels=4), WHOLE, dense(4)), "first layer"),
        ((conv(), WHOLE), "matrix belongs at the end"),
        ((conv(), WHOLE, dense(4), dense(2)), "matrix belongs at the end"),
        ((conv(), conv(channels=5), WHOLE, dense(4)), "5 channels cannot follow 4"),
        ((conv(), WHOLE, dense(5)), "5 inputs cannot follow 4"),
        ((conv(), Relu(), Affine(ONES, ONES), WHOLE, dense(4)), "need a convolution"),
        ((conv(5), Affine(ONES, ONES), WHOLE, dense(5)), "need a convolution"),
        ((conv(), Affine(ONES * np.float32(3e38), ONES), Affine(ONES * 9, ONES), WHOLE, dense(4)), "not finite"),
        ((conv(), Add(), WHOLE, dense(4)), "Add does not fit"),
        ((conv(), Swap(), WHOLE, dense(4)), "Swap does not fit"),
        ((conv(side=10), WHOLE, dense(4)), "no intermediate result"),
        ((conv(), Pool(False, (2, 2), (0, 1)), WHOLE, dense(4)), "cannot slide"),
        ((conv(), Pool(False, (0, 2), (1, 1)), WHOLE, dense(4)), "cannot slide"),
        ((conv(), conv(channels=4, padding=3), WHOLE, dense(4)), "cannot slide"),
        ((conv(), conv(channels=4, stride=-1), WHOLE, dense(4)), "cannot slide"),
    ],
)
def test_layers_that_do_not_fit_are_refused(layers: tuple[Layer, ...], words: str) -> None:
    with pytest.raises(BadNetwork, match=words):
        graph.build(Network(means=(0.0, 0.0, 0.0), size=(9, 9), layers=layers))


@pytest.mark.parametrize("size", [(0, 9), (-9, 9), (2**40, 9), (5000, 5000)])
def test_an_input_of_any_size_allocates_nothing(size: tuple[int, int]) -> None:
    with pytest.raises(BadNetwork, match="no intermediate result"):
        graph.build(Network(means=(0.0, 0.0, 0.0), size=size, layers=(conv(), WHOLE, dense(4))))


# --- the format -------------------------------------------------------------------------------------------


def identity(shape: tuple[int | str, ...], constants: list[bytes]) -> bytes:
    nodes = [onnx_format.node("Identity", ("in",), "out", {})]
    value = onnx_format.FLOAT
    return onnx_format.model(
        nodes=nodes,
        constants=constants,
        inputs=onnx_format.value("in", value, shape),
        outputs=onnx_format.value("out", value, shape),
    )


def test_shapes_and_types_are_those_that_were_written() -> None:
    loaded = session(identity(("samples", 3, 300), []))
    (given_in,), (out,) = loaded.get_inputs(), loaded.get_outputs()
    assert (given_in.name, given_in.type, given_in.shape) == ("in", "tensor(float)", ["samples", 3, 300])
    assert (out.name, out.type, out.shape) == ("out", "tensor(float)", ["samples", 3, 300])


@pytest.mark.parametrize("shape", [(1,), (2, 3), (1, 130, 1, 2)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_constant_is_the_array_that_was_written(shape: tuple[int, ...], order: str) -> None:
    rng = np.random.default_rng(1)
    values = np.asarray(rng.normal(size=shape), dtype=np.float32, order="F" if order == "F" else "C")
    model = onnx_format.model(
        nodes=[onnx_format.node("Add", ("in", "constant"), "out", {})],
        constants=[onnx_format.tensor("constant", values)],
        inputs=onnx_format.value("in", onnx_format.FLOAT, shape),
        outputs=onnx_format.value("out", onnx_format.FLOAT, shape),
    )
    assert np.array_equal(session(model).run(None, {"in": np.zeros(shape, dtype=np.float32)})[0], values)


@pytest.mark.parametrize(
    ("value", "expected"), [(0, "0800"), (1, "0801"), (127, "087f"), (128, "088001"), (300, "08ac02")]
)
def test_a_number_is_a_varint(value: int, expected: str) -> None:
    assert onnx_format._integer(1, value).hex() == expected


def test_a_negative_number_is_no_endless_loop() -> None:
    with pytest.raises(ValueError, match="negative"):
        onnx_format.value("in", onnx_format.FLOAT, (-1,))


def test_the_package_onnx_is_neither_needed_nor_shadowed() -> None:
    assert "onnx" not in sys.modules
