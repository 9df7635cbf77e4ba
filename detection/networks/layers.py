"""A network as values: what `dat` reads and `graph` translates. Computes nothing."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class BadNetwork(ValueError):
    """The weights are not a network that is understood here: another one, a damaged or an incomplete file."""


@dataclass(frozen=True, slots=True)
class Conv:
    """A convolution with bias."""

    weights: Floats
    """filters x channels x rows x columns."""
    bias: Floats
    """One per filter."""
    stride: tuple[int, int]
    """Down, right."""
    padding: tuple[int, int]
    """Zeros at top and bottom, at left and right."""


@dataclass(frozen=True, slots=True)
class Affine:
    """A gain and an offset per channel: what training leaves of batch normalisation."""

    gain: Floats
    """One per channel."""
    offset: Floats
    """One per channel, added after the gain."""


@dataclass(frozen=True, slots=True)
class Relu:
    """Negative values become zero."""


@dataclass(frozen=True, slots=True)
class Pool:
    """The largest or the mean value of a sliding window; what is left over at the right and below is dropped."""

    mean: bool
    """False: the largest."""
    window: tuple[int, int]
    """Rows, columns; 0, 0 is the whole plane."""
    stride: tuple[int, int]
    """Down, right."""


@dataclass(frozen=True, slots=True)
class Dense:
    """A matrix over all values of one sample, without bias."""

    weights: Floats
    """inputs x outputs."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What flows here is needed again by an `Add` (dlib: tag1)."""


@dataclass(frozen=True, slots=True)
class Swap:
    """What flows here is put aside for the `Add`; what was marked flows on in its place (dlib: skip1<tag2<...>>)."""


@dataclass(frozen=True, slots=True)
class Add:
    """The marked or put-aside values are added; the smaller of the two is filled up with zeros, right and below."""


Layer = Conv | Affine | Relu | Pool | Dense | Mark | Swap | Add


@dataclass(frozen=True, slots=True)
class Network:
    """One network, first layer first."""

    means: tuple[float, float, float]
    """Red, green, blue: subtracted from 0 to 255 before the division by 256."""
    size: tuple[int, int] | None
    """Rows and columns of the input; None: any."""
    layers: tuple[Layer, ...]
    """What to compute."""
