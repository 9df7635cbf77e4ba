"""Writes networks in dlib's format, so that the reader is tested on small ones made up for it."""

import struct
from collections.abc import Sequence
from math import frexp

import numpy as np

Rng = np.random.Generator


def integer(value: int) -> bytes:
    """A byte that counts the bytes and has the sign, then they."""
    size = max(1, (abs(value).bit_length() + 7) // 8)
    return bytes([size | (0x80 if value < 0 else 0)]) + abs(value).to_bytes(size, "little")


def integers(*values: int) -> bytes:
    return b"".join(map(integer, values))


def real(value: float) -> bytes:
    """Mantissa and exponent of two."""
    mantissa, exponent = frexp(value)
    return integers(int(mantissa * 2**53), exponent - 53)


def text(value: str) -> bytes:
    return integer(len(value)) + value.encode()


def tensor(shape: Sequence[int], values: Sequence[float] | np.ndarray) -> bytes:
    return integers(2, *shape) + struct.pack(f"<{len(values)}f", *values)


def alias(*shape: int) -> bytes:
    return integers(1, *shape)


NOTHING = tensor((0, 0, 0, 0), ())
BEHIND = b"000" + NOTHING * 3
"""What follows every layer: flags and what training would have left."""
RATES = real(1.0) * 4


def conv(rng: Rng, filters: int, channels: int, side: int, *, stride: int = 1, padding: int = 0) -> bytes:
    shape = (filters, channels, side, side)
    count = int(np.prod(shape)) + filters
    return (
        text("con_4") + tensor((count, 1, 1, 1), rng.normal(0, 0.5, count)) + integers(filters, side, side)
        + integers(stride, stride, padding, padding) + alias(*shape) + alias(1, filters, 1, 1) + RATES + BEHIND
    )  # fmt: skip


def affine(rng: Rng, channels: int) -> bytes:
    values = tensor((2 * channels, 1, 1, 1), rng.normal(1, 0.5, 2 * channels))
    return text("affine_") + values + alias(1, channels, 1, 1) * 2 + integer(0) + BEHIND


def normalised(rng: Rng, channels: int, *, variances: np.ndarray | None = None, epsilon: float = 1e-4) -> bytes:
    """Batch normalisation as training leaves it: gain and offset, statistics of the last batch and of all."""
    values = tensor((2 * channels, 1, 1, 1), rng.normal(1, 0.5, 2 * channels))
    shape = (1, channels, 1, 1)
    last, mean = tensor(shape, np.ones(channels)), tensor(shape, rng.normal(0, 1, channels))
    spread = tensor(shape, rng.uniform(0.5, 2, channels) if variances is None else variances)
    return (
        text("bn_con2") + values + alias(*shape) * 2 + last * 2 + mean + spread + integers(100, 100) + RATES
        + real(epsilon) + BEHIND
    )  # fmt: skip


def pool(kind: str, window: int, stride: int) -> bytes:
    return text(kind) + integers(window, window, stride, stride, 0, 0) + BEHIND


def dense(rng: Rng, inputs: int, outputs: int) -> bytes:
    values = tensor((inputs, outputs, 1, 1), rng.normal(0, 1, inputs * outputs))
    return (
        text("fc_2") + integers(outputs, inputs) + values + alias(inputs, outputs, 1, 1) + alias(0, 0, 0, 0)
        + integer(1) + RATES + BEHIND
    )  # fmt: skip


def plain(kind: str) -> bytes:
    return text(kind) + BEHIND


def network(versions: str, layers: Sequence[bytes], *, size: tuple[int, int] = (9, 9), loss: str = "loss_metric_2",
            means: tuple[float, float, float] = (120.0, 110.5, 100.25)) -> bytes:  # fmt: skip
    """A whole file.

    Args:
        versions: one digit per layer from the loss inwards: 2 computes, 1 is a tag or a skip, 3 is at the input.
        layers: those that compute, first one first.
        size: rows and columns of the input.
        loss: the name of the loss layer.
        means: red, green, blue.
    """
    first, *rest = layers
    return (
        integer(1) + text(loss) + real(0.04) + real(0.6) + integers(*map(int, versions))
        + text("input_rgb_image_sized") + b"".join(map(real, means)) + integers(*size)
        + first + integer(1) + b"".join(rest)
    )  # fmt: skip


def small(seed: int = 0) -> bytes:
    """Every kind of layer once: 9 x 9 pixels, halved, one block that adds what came before it, 5 numbers out."""
    rng = np.random.default_rng(seed)
    layers = [
        conv(rng, 4, 3, 3, stride=2), affine(rng, 4), plain("relu_"), pool("max_pool_2", 2, 1),
        conv(rng, 6, 4, 3, stride=2, padding=1), affine(rng, 6), pool("avg_pool_2", 2, 1), plain("add_prev_"),
        pool("avg_pool_2", 0, 1), dense(rng, 6, 5),
    ]  # fmt: skip
    #        dense pool add pool skip tag2 affine conv tag1 pool relu affine conv
    return network("2222112212223", layers)


def finder(layers: Sequence[bytes]) -> bytes:
    """A whole file of a network that finds things."""
    first, *rest = layers
    return (
        integer(1) + text("loss_mmod_") + integers(1, 80, 80) + real(0.5) * 7 + integer(2) * (len(layers) - 1)
        + integer(3) + text("input_rgb_image_pyramid") + b"".join(map(real, (120.0, 110.5, 100.25)))
        + first + integer(1) + b"".join(rest)
    )  # fmt: skip


def small_finder(seed: int = 0) -> bytes:
    """Halves a picture, and gives its places a score by one filter at the end."""
    rng = np.random.default_rng(seed)
    return finder([
        conv(rng, 5, 3, 3, stride=2), normalised(rng, 5), plain("relu_"),
        conv(rng, 17, 5, 3, padding=1), affine(rng, 17), plain("relu_"), conv(rng, 1, 17, 3, padding=1),
    ])  # fmt: skip
