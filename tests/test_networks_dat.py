"""dlib's networks are read exactly, and a damaged or another file is refused in words, cheaply."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.faces import mmod
from detection.identity import weights
from detection.networks import dat, graph, score_map
from detection.networks.layers import Add, Affine, BadNetwork, Conv, Dense, Mark, Pool, Relu, Swap
from detection.networks.weights import installed

from . import dat_files
from .dat_files import integer, integers, real, text

SMALL, FINDER = dat_files.small(), dat_files.small_finder()


def test_a_network_is_read_layer_by_layer() -> None:
    found = dat.parse(SMALL)
    assert (found.means, found.size) == ((120.0, 110.5, 100.25), (9, 9))
    kinds = [Conv, Affine, Relu, Pool, Mark, Conv, Affine, Swap, Pool, Add, Pool, Dense]
    assert [type(layer) for layer in found.layers] == kinds


def test_the_numbers_are_those_that_were_written() -> None:
    first, gain, _, largest, _, second, *_, whole, matrix = dat.parse(SMALL).layers
    values = np.random.default_rng(0).normal(0, 0.5, 112).astype(np.float32)
    assert isinstance(first, Conv)
    assert np.array_equal(first.weights, values[:108].reshape(4, 3, 3, 3))
    assert np.array_equal(first.bias, values[108:])
    assert (first.stride, first.padding) == ((2, 2), (0, 0))
    assert isinstance(gain, Affine)
    assert (gain.gain.shape, gain.offset.shape) == ((4,), (4,))
    assert largest == Pool(mean=False, window=(2, 2), stride=(1, 1))
    assert isinstance(second, Conv)
    assert second.padding == (1, 1)
    assert whole == Pool(mean=True, window=(0, 0), stride=(1, 1))
    assert isinstance(matrix, Dense)
    assert matrix.weights.shape == (6, 5)


def test_the_real_network_is_the_one_of_29_convolutions() -> None:
    found = dat.read(weights.installed().network)
    assert found.size == (150, 150)
    assert found.means == pytest.approx((122.782, 117.001, 104.298))
    assert sum(isinstance(layer, Conv) for layer in found.layers) == 29
    last = found.layers[-1]
    assert isinstance(last, Dense)
    assert last.weights.shape == (256, 128)


def test_the_real_network_that_finds_faces_takes_any_size() -> None:
    found = dat.read(installed(mmod.WEIGHTS))
    assert found.size is None
    convs = [layer for layer in found.layers if isinstance(layer, Conv)]
    assert [layer.weights.shape for layer in convs[::6]] == [(16, 3, 5, 5), (1, 45, 9, 9)]
    assert [type(layer) for layer in found.layers] == [Conv, Affine, Relu] * 6 + [Conv]


def test_a_normalisation_is_a_gain_and_an_offset() -> None:
    layers = [dat_files.conv(np.random.default_rng(0), 2, 3, 1), dat_files.normalised(np.random.default_rng(1), 2)]
    _, found = dat.parse(dat_files.finder(layers)).layers
    rng = np.random.default_rng(1)
    gain, offset = np.split(rng.normal(1, 0.5, 4), 2)
    mean, variance = rng.normal(0, 1, 2), rng.uniform(0.5, 2, 2)
    assert isinstance(found, Affine)
    assert found.gain == pytest.approx(gain / np.sqrt(variance + 1e-4), rel=1e-5)
    assert found.offset == pytest.approx(offset - gain * mean / np.sqrt(variance + 1e-4), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("variances", [(1.0, -2.0), (0.0, -2e-4)])
def test_a_variance_below_zero_is_refused(variances: tuple[float, float]) -> None:
    rng = np.random.default_rng(0)
    layers = [dat_files.conv(rng, 2, 3, 1), dat_files.normalised(rng, 2, variances=np.array(variances))]
    with pytest.raises(BadNetwork, match="not positive"):
        dat.parse(dat_files.finder(layers))


@pytest.mark.parametrize("name", [weights.PREDICTOR.file, "shape_predictor_68_face_landmarks.dat"])
def test_other_files_of_dlib_are_refused(name: str) -> None:
    with pytest.raises(BadNetwork):
        dat.read(weights.installed().network.with_name(name))


@pytest.mark.parametrize("cut", [0, 1, 500, 5000, 1_000_000, 22_000_000, 22_466_065])
def test_the_real_network_cut_short_is_refused(cut: int) -> None:
    data = weights.installed().network.read_bytes()
    with pytest.raises(BadNetwork, match="ends before"):
        dat.parse(data[:cut])


def test_every_beginning_of_a_file_is_refused() -> None:
    for end in range(len(SMALL)):
        with pytest.raises(BadNetwork):
            dat.parse(SMALL[:end])


def test_bytes_behind_the_end_are_refused() -> None:
    with pytest.raises(BadNetwork, match="1 bytes are left over"):
        dat.parse(SMALL + b"\0")


def built(data: bytes) -> bytes | None:
    """The model of a file, or None where it is refused. Any other error is the test's to fail on."""
    try:
        network = dat.parse(data)
        return score_map.build(network) if network.size is None else graph.build(network)
    except BadNetwork:
        return None


@pytest.mark.parametrize("file", [SMALL, FINDER])
@settings(max_examples=200)
@given(data=st.data())
def test_flipped_bits_are_refused_or_change_a_number(file: bytes, data: st.DataObject) -> None:
    bits = data.draw(st.lists(st.integers(0, len(file) * 8 - 1), min_size=1, max_size=3))
    flipped = bytearray(file)
    for bit in bits:
        flipped[bit // 8] ^= 1 << bit % 8
    model = built(bytes(flipped))
    # Idle filters make a finder's model larger than its file.
    assert model is None or len(model) < 20 * len(file)


@given(st.binary(max_size=300), st.integers(0, len(SMALL)))
def test_any_bytes_behind_a_good_beginning_are_no_other_error(rest: bytes, cut: int) -> None:
    built(SMALL[:cut] + rest)


HEAD = integer(1) + text("loss_metric_2") + real(0.04) + real(0.6)
INPUT = text("input_rgb_image_sized") + real(1.0) * 3 + integers(9, 9)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "ends before"),
        (b"PK\3\4", "no number"),
        (b"\x09" + b"\1" * 9, "no number"),
        (integer(2), "version of the loss layer"),
        (integer(1) + text("loss_dot_"), "loss_dot_"),
        (integer(1) + text("loss_mmod_") + integer(2), "window's options"),
        (integer(1) + text("loss_mmod_") + integers(1, 80, 80) + real(1.0) * 7 + integer(3) + text("input"), "pyramid"),
        (integer(1) + integer(-5), "negative"),
        (integer(1) + integer(2**60), "no name has"),
        (integer(1) + text("loss_metric_2") + integers(1, 32000), "not finite"),
        (integer(1) + text("loss_metric_2") + integers(1, 2**62), "not finite"),
        (HEAD + integers(1, 3), "tag right below"),
        (HEAD + integers(2, 1, 1, 1, 3), "layer version 1"),
        (HEAD + integers(7), "layer version 7"),
        (HEAD + integer(2) * 2000, "layer version 2"),
        (HEAD + integer(3) + text("input_rgb_image_pyramid"), "pyramid"),
        (HEAD + integer(3) + INPUT + text("sig_"), "'sig_' is not known"),
        (HEAD + integer(3) + INPUT + text("con_4") + integers(2, 2**40, 2**20, 1, 1), "ends before"),
        (HEAD + integer(3) + INPUT + text("con_4") + integers(2, 0, 2**62, 1, 1), "no tensor has the sizes"),
        (HEAD + integer(3) + INPUT + text("con_4") + integers(2, -1, -1, 1, 1), "no tensor has the sizes"),
        (HEAD + integer(3) + INPUT + text("con_4") + integers(2, 1, 1, 1, 1) + b"\0\0\xc0\x7f", "not finite"),
        (HEAD + integer(3) + INPUT + text("relu_") + b"0x0", "flags"),
        (HEAD + integer(3) + INPUT + text("relu_") + b"010" + integers(2, 1, 1, 1, 1) + b"\0" * 4, "training"),
        (HEAD + integer(3) + INPUT + text("max_pool_2") + integers(2, 2, 1, 1, 1, 0), "padding of a pool"),
    ],
)  # fmt: skip
def test_what_is_refused_and_why(data: bytes, words: str) -> None:
    with pytest.raises(BadNetwork, match=words):
        dat.parse(data)


@pytest.mark.parametrize("sizes", [(2**31, 1, 1, 1), (2**20, 2**20, 2**20, 2**20), (1, 1, 1, 2**62)])
def test_a_claimed_size_allocates_nothing(sizes: tuple[int, ...]) -> None:
    data = HEAD + integer(3) + INPUT + text("con_4") + integers(2, *sizes)
    tracemalloc.start()
    try:
        with pytest.raises(BadNetwork):
            dat.parse(data)
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_a_file_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "small.dat").write_bytes(SMALL)
    assert dat.read(tmp_path / "small.dat").size == (9, 9)
    monkeypatch.setattr(dat, "MOST_BYTES", len(SMALL) - 1)
    with pytest.raises(BadNetwork, match="more than"):
        dat.read(tmp_path / "small.dat")


@given(st.floats(-1e30, 1e30))
def test_a_real_survives_the_way(value: float) -> None:
    data = dat_files.network("3", [dat_files.plain("relu_")], means=(value, 0.0, -value))
    assert dat.parse(data).means == (value, 0.0, -value)
