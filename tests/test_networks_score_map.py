"""The rearranged model computes what the layers say, for pictures of any size."""

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.networks import dat, graph, score_map
from detection.networks.layers import Affine, BadNetwork, Conv, Dense, Layer, Network, Relu

from . import dat_files
from .test_networks_graph import ONES, conv, dense, plainly


def session(found: Network) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(score_map.build(found), providers=["CPUExecutionProvider"])


@settings(max_examples=30, deadline=None)  # the first session takes its time
@given(st.integers(0, 1000), st.integers(7, 40), st.integers(7, 40))
def test_the_map_is_what_the_layers_say(seed: int, height: int, width: int) -> None:
    found = dat.parse(dat_files.small_finder(seed))
    pictures = np.random.default_rng(seed).integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    result = session(found).run([graph.OUTPUT], {graph.INPUT: pictures})[0]
    expected = plainly(found, pictures)
    assert result.shape == expected.shape == (2, 1, (height - 1) // 2, (width - 1) // 2)
    assert result == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_one_model_takes_pictures_of_different_sizes() -> None:
    running = session(dat.parse(dat_files.small_finder()))
    shapes = [
        running.run(None, {graph.INPUT: np.zeros((1, *size, 3), dtype=np.uint8)})[0].shape
        for size in ((9, 9), (30, 11), (9, 9))
    ]
    assert shapes == [(1, 1, 4, 4), (1, 1, 14, 5), (1, 1, 4, 4)]


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ((conv(), Relu()), "ends in one filter"),
        ((conv(), conv(1, 4), Relu()), "ends in one filter"),
        ((conv(), Relu(), conv(2, 4)), "ends in one filter"),
        ((conv(), Relu(), conv(1, 4, stride=2)), "takes every step"),
        ((conv(), Relu(), conv(1, 5)), "5 channels cannot follow 4"),
        ((conv(), Relu(), dense(4)), "Dense does not fit"),
        ((conv(5), Affine(ONES, ONES), conv(1, 5)), "need a convolution"),
        ((), "first layer"),
    ],
)
def test_what_is_no_map_is_refused(layers: tuple[Layer, ...], words: str) -> None:
    with pytest.raises(BadNetwork, match=words):
        score_map.build(Network(means=(0.0, 0.0, 0.0), size=None, layers=layers))


def test_a_network_that_finds_is_none_that_describes() -> None:
    found = dat.parse(dat_files.small_finder())
    with pytest.raises(BadNetwork, match="no size"):
        graph.build(found)
    assert not any(isinstance(layer, Dense) for layer in found.layers)
    assert sum(isinstance(layer, Conv) for layer in found.layers) == 3
