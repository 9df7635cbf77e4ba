"""How many frames are asked for while the event loop lags: down at once, up with patience, never to nothing."""

import pytest

from server.pacing import CALM_LOOKS, HIGH_LAG, LOW_LAG, LOWEST, next_share


@pytest.mark.parametrize(
    ("share", "lag", "calm", "expected"),
    [
        (1.0, 0.0, 0, (1.0, 0)),
        (1.0, HIGH_LAG, 0, (1.0, 0)),
        (1.0, HIGH_LAG + 0.01, 0, (0.5, 0)),
        (0.5, 10.0, 7, (0.25, 0)),
        (0.25, 10.0, 0, (LOWEST, 0)),
        (LOWEST, 10.0, 0, (LOWEST, 0)),
        (0.5, LOW_LAG - 0.01, 0, (0.5, 1)),
        (0.5, LOW_LAG, 5, (0.5, 0)),
        (0.5, 0.0, CALM_LOOKS - 1, (0.75, 0)),
        (0.75, 0.0, CALM_LOOKS - 1, (1.0, 0)),
    ],
)
def test_the_share_after_one_more_look(share: float, lag: float, calm: int, expected: tuple[float, int]) -> None:
    assert next_share(share, lag, calm) == expected


def test_after_any_lag_all_frames_are_asked_for_again_in_the_end() -> None:
    share, calm = LOWEST, 0
    for _ in range(20 * CALM_LOOKS):
        share, calm = next_share(share, 0.0, calm)
    assert share == 1.0
