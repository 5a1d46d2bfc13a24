"""The unseen camera: Gymnasium's renderer shows the state that it is handed."""

import sys

import numpy as np
import pytest

from course_lib.worlds import real_camera
from course_lib.worlds.camera import HEIGHT, VIEW, WIDTH
from course_lib.worlds.real_camera import RealCamera, photograph, shrunk

RAIL = 4.8  # m, the width of Gymnasium's picture


@pytest.fixture
def shown():
    pytest.importorskip("pygame")
    rng = np.random.default_rng(0)

    def show(x=0.0, angle=0.0, half_length=0.5):
        state = np.array([[x, 0.3, angle, -0.2]])
        return RealCamera().show(state, {}, np.array([half_length]), rng)[0].astype(int)

    return show


def right_of_middle(columns):
    return (columns + 0.5 - WIDTH / 2) * RAIL / WIDTH


@pytest.mark.parametrize("x", [-1.5, 0.0, 0.7])
def test_the_cart_is_where_the_state_says(shown, x):
    dark = (shown(x).sum(-1) < 150).sum(0)
    assert right_of_middle(dark @ np.arange(WIDTH) / dark.sum()) == pytest.approx(x, abs=0.05)


@pytest.mark.parametrize("angle", [-0.2, 0.0, 0.1])
def test_the_pole_leans_as_the_state_says(shown, angle):
    rows = shown(0.0, angle)[6:20]  # above the cart: nothing but background and pole
    weight = 255 - rows[..., 2]
    middle = right_of_middle(weight @ np.arange(WIDTH) / weight.sum(1))
    slope = -np.polyfit(np.arange(len(rows)) * RAIL / WIDTH, middle, 1)[0]
    assert slope == pytest.approx(np.tan(angle), abs=0.03)


def test_pictures_have_our_format_and_depend_on_nothing_but_the_pose(shown):
    first = shown(0.5, 0.1)
    shown(-1.0, -0.1)
    assert first.shape == (HEIGHT, WIDTH, 3)
    np.testing.assert_array_equal(first, shown(0.5, 0.1))


def test_a_longer_pole_reaches_higher(shown):
    def top(picture):
        return np.flatnonzero((picture.sum(-1) < 600).any(1)).min()

    assert top(shown(half_length=0.3)) > top(shown(half_length=0.5)) + 5


def test_shrinking_averages_blocks_of_pixels():
    photo = np.zeros((400, 600, 3), dtype=np.uint8)
    photo[150 : 150 + 6, 6:9] = 200  # half of the second pixel
    expected = np.zeros((HEIGHT, WIDTH, 3))
    expected[0, 1] = 100
    np.testing.assert_array_equal(shrunk(photo), expected)


def test_the_whole_rail_is_in_both_pictures():
    pytest.importorskip("pygame")
    assert photograph(np.zeros(4)).shape == (400, 600, 3)
    assert VIEW >= RAIL


def test_without_pygame_one_line_says_what_to_install(monkeypatch):
    real_camera._studio.cache_clear()
    monkeypatch.setitem(sys.modules, "pygame", None)
    with pytest.raises(ModuleNotFoundError, match="pip install pygame"):
        photograph(np.zeros(4))
