"""dlib's serialized networks for faces, read without dlib so that another runtime can compute them.

Only what two networks hold is understood, the one that describes a face (examples/dnn_face_recognition_ex.cpp) and the
one that finds faces (examples/dnn_mmod_face_detection_ex.cpp); anything else is refused, never guessed. The format is
that of the `serialize` functions in dlib/serialize.h, dnn/core.h, dnn/layers.h, dnn/loss.h, dnn/input.h and
cuda/tensor_tools.cpp (Boost licence):

* An integer is one byte (low four bits: how many bytes follow, 1 to 8; top bit: negative) and its bytes, the lowest
  first. A real is two integers, mantissa and exponent of two. A flag is the character 0 or 1.
* A tensor is its version, four sizes (samples, channels, rows, columns) and raw float32.
* A network is nested version numbers from the last layer to the input, the input, then the layers from first to last.
"""

from collections.abc import Callable
from math import isfinite, ldexp, prod
from pathlib import Path
from typing import Final

import numpy as np

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

MOST_BYTES: Final = 64 * 1024 * 1024
"""Largest file that is read; the real ones have 22 and 1 MB."""
MOST_LAYERS: Final = 1000
"""Most layers of a network; the larger real one has 108 that compute."""
MOST_TEXT: Final = 64
"""Longest name of a layer, in bytes."""


def read(path: Path) -> Network:
    """The network of a .dat file.

    Raises:
        BadNetwork: it holds something that is not understood here, or ends too early or too late.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise BadNetwork(f"the file has more than {MOST_BYTES} bytes")
    return parse(data)


def parse(data: bytes) -> Network:
    """The network in the bytes of a .dat file. Takes about as much memory as `data`, whatever sizes it claims.

    Raises:
        BadNetwork: as `read`.
    """
    return _Reader(data).network()


class _Reader:
    """A cursor over the bytes of one file."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._details: dict[str, Callable[[], Layer]] = {
            "con_4": self._conv,
            "affine_": self._affine,
            "bn_con2": self._normalised,
            "relu_": Relu,
            "add_prev_": Add,
            "max_pool_2": lambda: self._pool(mean=False),
            "avg_pool_2": lambda: self._pool(mean=True),
            "fc_2": self._dense,
        }

    def network(self) -> Network:
        self._expect(1, "version of the loss layer")
        finds = self._loss()
        marks = self._marks()
        self._word("input_rgb_image_pyramid" if finds else "input_rgb_image_sized")
        means = (self._real(), self._real(), self._real())
        size = None if finds else self._pair()
        layers: list[Layer] = []
        for number, tags in enumerate(marks):
            layers += ((), (Mark(),), (Swap(),))[tags]
            layers.append(self._layer())
            if not number:
                self._expect(1, "samples per picture")  # written behind the layer at the input
        if self._at != len(self._data):
            raise BadNetwork(f"{len(self._data) - self._at} bytes are left over")
        return Network(means=means, size=size, layers=tuple(layers))

    def _loss(self) -> bool:
        """Whether the network is trained to find things in a picture, and not to describe it."""
        match name := self._text():
            case "loss_metric_2":
                self._real()  # margin of the training
                self._real()  # distance threshold of the training
                return False
            case "loss_mmod_":
                self._expect(1, "version of the window's options")
                self._pair()  # width and height of the window
                for _ in range(7):  # weights of the training, overlaps of what it found
                    self._real()
                return True
        raise BadNetwork(f"loss {name!r} is not known")

    def _marks(self) -> tuple[int, ...]:
        """For every layer, first one first, how many tag or skip layers lie right before it.

        Going from the loss inwards a computing layer is written as version 2, a tag or a skip as version 1, the layer
        at the input as version 3. One alone is dlib's `tag1`, two together are `skip1<tag2<...>>`.
        """
        found: list[int] = []
        tags = 0
        while (version := self._integer()) != 3:
            if version == 2 and len(found) < MOST_LAYERS:
                found.append(tags)
                tags = 0
            elif version == 1 and tags < 2:
                tags += 1
            else:
                raise BadNetwork(f"layer version {version} is not known here")
        # What was counted before a layer in the file lies behind it in the network: shift by one, then turn round.
        found.append(tags)
        if found[0]:
            raise BadNetwork("a tag right below the loss is not known")
        return (0, *reversed(found[1:]))

    def _layer(self) -> Layer:
        name = self._text()
        if name not in self._details:
            raise BadNetwork(f"layer {name!r} is not known")
        layer = self._details[name]()
        if self._take(3).strip(b"01"):
            raise BadNetwork(f"the flags behind {name!r} are not flags")
        for _ in range(3):
            if self._tensor().size:
                raise BadNetwork(f"{name!r} is in the midst of its training")
        return layer

    def _conv(self) -> Conv:
        values = self._tensor().ravel()
        filters = self._integers(3)
        stride, padding = self._pair(), self._pair()
        shape, bias = self._alias(), self._alias()
        self._rates()
        count = prod(shape)
        # The shape says once more how many filters there are, of how many rows and columns.
        fits = (shape[0], *shape[2:]) == filters and bias == (1, shape[0], 1, 1)
        if not fits or min(shape) < 1 or values.size != count + shape[0]:
            raise BadNetwork("a convolution's numbers do not fit its shape")
        return Conv(values[:count].reshape(shape), values[count:], stride, padding)

    def _affine(self) -> Affine:
        values = self._tensor().ravel()
        gain, offset = self._alias(), self._alias()
        self._expect(0, "mode of an affine layer")  # 0: per channel
        if not gain == offset == (1, values.size // 2, 1, 1) or values.size % 2:
            raise BadNetwork("an affine layer's numbers do not fit its shape")
        return Affine(*np.split(values, 2))

    def _normalised(self) -> Affine:
        """Batch normalisation as training left it, which dlib, too, reads as a gain and an offset."""
        values = self._tensor().ravel()
        gain, offset = self._alias(), self._alias()
        self._tensor()  # mean and deviation of the last batch
        self._tensor()
        mean, variance = self._tensor().ravel(), self._tensor().ravel()
        self._integers(2)  # how far the running statistics have come
        self._rates()
        spread = variance.astype(np.float64) + self._real()
        if not gain == offset == (1, mean.size, 1, 1) or not values.size == 2 * mean.size == 2 * spread.size:
            raise BadNetwork("a normalisation's numbers do not fit its shape")
        if (spread <= 0).any():
            raise BadNetwork("a variance is not positive")
        factor = values[: mean.size] / np.sqrt(spread)
        return Affine(factor.astype(np.float32), (values[mean.size :] - factor * mean).astype(np.float32))

    def _pool(self, *, mean: bool) -> Pool:
        window, stride = self._pair(), self._pair()
        self._expect(0, "padding of a pool, down")
        self._expect(0, "padding of a pool, right")
        return Pool(mean, window, stride)

    def _dense(self) -> Dense:
        outputs, inputs = self._pair()
        values = self._tensor()
        self._alias()
        self._alias()
        self._expect(1, "bias mode of a dense layer")  # 1: none
        self._rates()
        if min(outputs, inputs) < 1 or values.size != outputs * inputs:
            raise BadNetwork("a dense layer's numbers do not fit its shape")
        return Dense(values.reshape(inputs, outputs))

    def _rates(self) -> None:
        """Learning rates and decays: of no use here."""
        for _ in range(4):
            self._real()

    def _tensor(self) -> Floats:
        self._expect(2, "version of a tensor")
        shape = self._integers(4)
        if min(shape) < 1 and any(shape):
            raise BadNetwork(f"no tensor has the sizes {shape}")
        values = np.frombuffer(self._take(4 * prod(shape)), dtype="<f4").astype(np.float32, copy=False)
        if not np.isfinite(values).all():
            raise BadNetwork("a weight is not finite")
        return values.reshape(shape)

    def _alias(self) -> tuple[int, ...]:
        """The sizes of a part of a tensor, which holds no numbers of its own."""
        self._expect(1, "version of a tensor's part")
        return self._integers(4)

    def _word(self, expected: str) -> None:
        if (found := self._text()) != expected:
            raise BadNetwork(f"{found!r} instead of {expected!r}")

    def _text(self) -> str:
        length = self._integer()
        if length > MOST_TEXT:
            raise BadNetwork(f"no name has {length} bytes")
        return self._take(length).decode("ascii", errors="replace")

    def _real(self) -> float:
        mantissa, exponent = self._pair()
        try:
            value = ldexp(mantissa, exponent)
        except OverflowError:
            value = float("inf")  # dlib writes infinity and NaN with exponents from 32000 on
        if not isfinite(value):
            raise BadNetwork("a number is not finite")
        return value

    def _pair(self) -> tuple[int, int]:
        return self._integer(), self._integer()

    def _integers(self, count: int) -> tuple[int, ...]:
        return tuple(self._integer() for _ in range(count))

    def _integer(self) -> int:
        head = self._take(1)[0]
        if head & 0x70 or not 1 <= head & 0x0F <= 8:
            raise BadNetwork(f"no number at byte {self._at - 1}")
        value = int.from_bytes(self._take(head & 0x0F), "little")
        return -value if head & 0x80 else value

    def _expect(self, value: int, what: str) -> None:
        if (found := self._integer()) != value:
            raise BadNetwork(f"{what}: {found} instead of {value}")

    def _take(self, count: int) -> bytes:
        end = self._at + count
        if count < 0 or end > len(self._data):
            raise BadNetwork(f"the file ends before byte {end}" if count >= 0 else "a length is negative")
        part, self._at = self._data[self._at : end], end
        return part
