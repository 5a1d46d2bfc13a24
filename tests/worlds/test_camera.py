"""The simulated camera: what it draws is where geometry says, and changes when it should."""

from dataclasses import replace

import numpy as np
import pytest

from course_lib.worlds.camera import HEIGHT, TRACK_HEIGHT, VIEW, WIDTH, SimulatedCamera, render
from course_lib.worlds.looks import (
    GROUPS,
    HELD_OUT,
    PAINTED,
    RANDOM_LOOKS,
    Look,
    varied,
    varied_without,
)

BLACK = {f"{part}_{c}": 0.0 for part in PAINTED for c in ("red", "green", "blue")}
WHITE_POLE = Look(**BLACK | {f"pole_{c}": 1.0 for c in ("red", "green", "blue")})
WHITE_CART = Look(**BLACK | {f"cart_{c}": 1.0 for c in ("red", "green", "blue")})
PIXEL = VIEW / WIDTH


def picture(look, x=0.0, angle=0.0, seed=0, half_length=0.5):
    rng = np.random.default_rng(seed)
    state = np.array([[x, 0.0, angle, 0.0]])
    return render(state, look.sample(rng, 1), rng, half_length)[0]


def bright_line(shown):
    """Fit x = a + slope · y, in m, to what is bright, from the track upwards."""
    weight = shown[..., 0].astype(float)
    right = (np.arange(WIDTH) + 0.5) * PIXEL - VIEW / 2
    up = (HEIGHT - 0.5 - np.arange(HEIGHT)) * PIXEL - TRACK_HEIGHT
    rows = weight.sum(1) > 0.5 * weight.sum(1).max()
    middle = (weight[rows] @ right) / weight[rows].sum(1)
    slope, start = np.polyfit(up[rows], middle, 1)
    return start, slope


# Geometry


@pytest.mark.parametrize("x", [-1.7, 0.0, 0.63])
@pytest.mark.parametrize("angle", [-0.25, 0.0, 0.04])
def test_the_pole_stands_where_the_state_says(x, angle):
    start, slope = bright_line(picture(WHITE_POLE, x, angle))
    assert start == pytest.approx(x, abs=0.01)
    assert slope == pytest.approx(np.tan(angle), abs=0.01)


def test_a_camera_that_moves_to_the_right_sees_everything_further_left():
    start, _ = bright_line(picture(replace(WHITE_POLE, shift_right=0.3), x=0.5))
    assert start == pytest.approx(0.2, abs=0.01)


def test_zoom_magnifies_about_the_middle_of_the_track():
    start, slope = bright_line(picture(replace(WHITE_POLE, zoom=1.2), x=0.5, angle=0.1))
    assert start == pytest.approx(0.6, abs=0.01)
    assert slope == pytest.approx(np.tan(0.1), abs=0.01)


@pytest.mark.parametrize("blur", [0.0, 0.2])
def test_the_cart_covers_its_area_however_the_pixels_lie(blur):
    look = replace(WHITE_CART, cart_width=0.47, cart_height=0.21, pole_width=0.02, blur=blur)
    look = replace(look, **{f"pole_{c}": 1.0 for c in ("red", "green", "blue")})
    areas = [
        picture(look, x, half_length=0.05)[..., 0].sum() / 255 * PIXEL**2 for x in (0.0, 0.013)
    ]
    np.testing.assert_allclose(areas, 0.47 * 0.21, rtol=0.02)


def test_the_pole_is_as_long_as_the_physics_says():
    rows = [
        np.flatnonzero(picture(WHITE_POLE, half_length=h)[..., 0].max(1) > 64) for h in (0.3, 0.5)
    ]
    assert (rows[0].min() - rows[1].min()) * PIXEL == pytest.approx(0.4, abs=PIXEL)


def test_the_pole_hides_the_cart_and_the_cart_hides_the_box():
    red = {"cart_red": 1.0}
    box = {"thing": 1.0, "thing_green": 1.0, "thing_x": 0.0, "thing_y": 0.0, "thing_width": 3.0}
    shown = picture(
        Look(
            **BLACK
            | red
            | box
            | {"pole_blue": 1.0, "pole_width": 0.2, "hinge_height": 0.0, "track_width": 0.0}
        )
    )
    row, middle = HEIGHT - 1 - int(TRACK_HEIGHT / PIXEL), WIDTH // 2
    np.testing.assert_array_equal(shown[row, middle], [0, 0, 255])
    np.testing.assert_array_equal(shown[row, middle + 3], [255, 0, 0])
    np.testing.assert_array_equal(shown[row, middle + 10], [0, 255, 0])


# Appearance


def test_every_quantity_changes_the_picture():
    base = Look(thing=1.0, stripes=0.2, stripe_angle=0.5)
    before = picture(base, 0.3, 0.1)
    for names in GROUPS.values():
        for name in names:
            value = getattr(base, name)
            other = replace(base, **{name: 0.5 * value if value else 0.3})
            assert (picture(other, 0.3, 0.1) != before).any(), name


def test_grain_is_bounded_and_fresh_in_every_picture():
    rng = np.random.default_rng(0)
    looks = Look(noise=0.1).sample(rng, 2)
    clean = picture(Look()).astype(int)
    first, second = render(np.zeros((2, 4)), looks, rng).astype(int) - clean
    assert np.abs(first).max() <= 26
    assert first.std() > 10
    assert abs(np.corrcoef(first[..., 0].ravel(), second[..., 0].ravel())[0, 1]) < 0.1


def test_light_dims_everything_and_falls_from_the_side_that_it_comes_from():
    assert not picture(Look(light=0.0)).any()
    top_row = picture(Look(light_right=0.3))[0, :, 0].astype(int)
    assert (np.diff(top_row) >= 0).all() and top_row[-1] > top_row[0] + 20


def test_same_seed_same_pictures_whatever_else_is_in_the_batch():
    rng = np.random.default_rng(1)
    states = rng.uniform(-0.3, 0.3, (100, 4))
    looks = replace(RANDOM_LOOKS, noise=0.0).sample(rng, 100)
    together = render(states, looks, rng)
    np.testing.assert_array_equal(together, render(states, looks, rng))
    for i in (0, 40, 99):
        alone = render(states[[i]], {k: v[[i]] for k, v in looks.items()}, rng)[0]
        # Sums may be rounded differently in batches of different size.
        assert np.abs(alone.astype(int) - together[i]).max() <= 1


def test_the_camera_shows_what_render_draws():
    camera, rng = SimulatedCamera(), np.random.default_rng(0)
    drawn = camera.draw(rng, 1)
    shown = camera.show(np.zeros((1, 4)), drawn, np.array([0.3]), rng)
    np.testing.assert_array_equal(shown[0], picture(Look(), half_length=0.3))


# Looks


def test_the_groups_share_out_all_quantities():
    names = [name for group in GROUPS.values() for name in group]
    assert sorted(names) == sorted(Look.__dataclass_fields__)


def test_groups_can_be_varied_alone_or_left_out():
    assert varied(*GROUPS) == RANDOM_LOOKS
    assert varied() == Look()
    assert varied("lens") == Look(blur=RANDOM_LOOKS.blur, noise=RANDOM_LOOKS.noise)
    assert varied_without("lens") == replace(RANDOM_LOOKS, blur=0.0, noise=0.0)
    with pytest.raises(ValueError, match="no group is called"):
        varied("color")


def test_held_out_looks_are_fixed_and_differ_from_the_nominal_one():
    for look in HELD_OUT.values():
        assert look != Look()
        assert all(isinstance(getattr(look, name), float) for name in look.__dataclass_fields__)
