"""Landmarks of a head that is turned say so; and a centre follows whoever sits there, slowly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.pose import APART, FACE, SAMPLES, SPEED, Centre, Pose, estimate, follow, turned
from detection.values import Box, Face

WIDTH, HEIGHT = 320, 240
AHEAD, ASIDE = Pose(0, 0, 0), Pose(50, 0, 0)


def face(yaw: float, pitch: float, roll: float, *, size: float = 1.0, noise: float = 0.0) -> Face:
    """The average face, turned; at size 1 its eyes are 62 pixels apart."""
    y, p, r = np.radians((yaw, pitch, roll))
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    points = (FACE @ (about_z @ about_y @ about_x).T)[:, :2] * size + (WIDTH / 2, HEIGHT / 2)
    points += np.random.default_rng(3).normal(0, noise, points.shape)
    return Face(Box(0.3, 0.3, 0.3, 0.4), 0.9, tuple((x / WIDTH, y / HEIGHT) for x, y in points))


def held(seen: Face) -> Pose:
    pose = estimate(seen, width=WIDTH, height=HEIGHT)
    assert pose is not None
    return pose


@pytest.mark.parametrize("seed", range(20))
def test_the_pose_is_that_of_the_nearest_rotation(seed: int) -> None:
    angles = np.random.default_rng(seed).uniform(-60, 60, 3)
    noisy = face(*angles, noise=3.0)
    points = np.array(noisy.landmarks) * (WIDTH, HEIGHT)
    rows = (np.linalg.pinv(FACE - FACE.mean(axis=0)) @ (points - points.mean(axis=0))).T
    rows /= np.linalg.norm(rows, axis=1).mean()
    u, _, v = np.linalg.svd(np.vstack((rows, np.cross(rows[0], rows[1]))))
    turn = np.degrees(np.arctan2((u @ v)[[0, 1], 2], (u @ v)[2, 2]))
    pose = held(noisy)
    assert (pose.yaw, pose.pitch) == pytest.approx(turn, abs=0.051)


def test_landmarks_in_one_line_are_no_fault() -> None:
    line = tuple((0.2 + i / 10, 0.5) for i in range(5))
    pose = held(Face(Box(0.3, 0.3, 0.3, 0.4), 0.9, line))
    assert np.isfinite((pose.yaw, pose.pitch, pose.roll)).all()


@pytest.mark.parametrize("size", [0.3, 1.0])
@pytest.mark.parametrize("yaw", [-60, -30, 0, 30, 60])
def test_a_head_turned_to_the_side(yaw: float, size: float) -> None:
    assert held(face(yaw, 0, 0, size=size)).yaw == pytest.approx(yaw, abs=1)


@pytest.mark.parametrize("pitch", [-30, 0, 30])
def test_a_head_turned_up_or_down(pitch: float) -> None:
    assert held(face(0, pitch, 0)).pitch == pytest.approx(pitch, abs=1)


def test_a_tilted_head_looks_straight_ahead() -> None:
    pose = held(face(0, 0, 25))
    assert (pose.yaw, pose.pitch, pose.roll) == pytest.approx((0, 0, 25), abs=1)


def test_landmarks_half_a_pixel_off_move_a_small_face_by_some_degrees_only() -> None:
    assert abs(held(face(0, 0, 0, size=0.3, noise=0.5)).yaw) < 10


@pytest.mark.parametrize("seen", [face(0, 0, 0, size=0.15), Face(Box(0.1, 0.1, 0.5, 0.5), 0.9)])
def test_a_face_too_small_or_without_landmarks_says_nothing(seen: Face) -> None:
    assert estimate(seen, width=WIDTH, height=HEIGHT) is None


def centred(poses: list[Pose], *, every: float = 1.0) -> Centre:
    centre = Centre()
    for n, pose in enumerate(poses):
        centre = follow(centre, pose, n * every)
    return centre


def test_nobody_is_away_before_the_centre_is_known() -> None:
    assert turned(centred([AHEAD] * (SAMPLES - 1)), ASIDE) is None
    assert turned(centred([AHEAD] * SAMPLES), ASIDE) == (50, 0)


def test_a_burst_of_samples_is_one_look() -> None:
    assert centred([AHEAD] * SAMPLES, every=APART / 5).pose is None


def test_some_glances_do_not_shift_the_first_centre() -> None:
    assert centred([ASIDE] * 5 + [AHEAD] * 10).pose == AHEAD


@pytest.mark.parametrize("every", [0.2, 1.0])
def test_a_look_aside_hardly_moves_the_centre_at_any_rate(every: float) -> None:
    centre, at = centred([AHEAD] * SAMPLES), float(SAMPLES - 1)
    for n in range(1, round(20 / every) + 1):
        centre = follow(centre, ASIDE, at + n * every)
    assert centre.pose is not None
    assert centre.pose.yaw == pytest.approx(20 * SPEED)


def test_who_was_turned_away_at_first_is_followed_in_time() -> None:
    centre = centred([ASIDE] * SAMPLES + [AHEAD] * 240)
    offset = turned(centre, AHEAD)
    assert offset is not None
    assert abs(offset[0]) < 30


unit = st.floats(0, 1)
faces = st.builds(
    lambda points: Face(Box(0, 0, 1, 1), 0.9, points), st.tuples(*[st.tuples(unit, unit)] * 5) | st.just(())
)


@given(st.lists(st.tuples(faces, st.floats(0, 1e9)), max_size=30), st.integers(1, 4000), st.integers(1, 4000))
def test_any_landmarks_at_any_time_have_an_answer(seen: list[tuple[Face, float]], width: int, height: int) -> None:
    centre = Centre()
    for each, at in seen:
        pose = estimate(each, width=width, height=height)
        assert pose == estimate(each, width=width, height=height)
        if pose is None:
            continue
        assert max(abs(pose.yaw), abs(pose.pitch), abs(pose.roll)) <= 180
        centre = follow(centre, pose, at)
        assert len(centre.seen) < SAMPLES
        offset = turned(centre, pose)
        assert offset is None or max(map(abs, offset)) <= 360
