"""What a cart and pole look like on camera: colours, shapes, light, and how the camera stands.

Looks are drawn once per episode, like a world's physics, so `Look` is a `Physics`. Randomizing
them instead of perfecting them is the idea of Tobin et al. (2017), "Domain Randomization for
Transferring Deep Neural Networks from Simulation to the Real World" (arXiv:1703.06907), and of
Sadeghi and Levine (2017), "CAD2RL" (arXiv:1611.04201).
"""

from dataclasses import dataclass

from course_lib.worlds.distributions import Choice, Uniform
from course_lib.worlds.physics import Physics, quantity


def _channel(default: float, of: str):
    return quantity(default, "1", f"colour of the {of}, 1 is brightest", low=0, high=1)


@dataclass(frozen=True)
class Look(Physics):
    """The look of one episode; the defaults are the clean look of our own simulator."""

    cart_red: float = _channel(0.80, "cart")
    cart_green: float = _channel(0.25, "cart")
    cart_blue: float = _channel(0.20, "cart")
    pole_red: float = _channel(0.95, "pole")
    pole_green: float = _channel(0.85, "pole")
    pole_blue: float = _channel(0.30, "pole")
    back_red: float = _channel(0.45, "background")
    back_green: float = _channel(0.60, "background")
    back_blue: float = _channel(0.75, "background")
    track_red: float = _channel(0.25, "track")
    track_green: float = _channel(0.30, "track")
    track_blue: float = _channel(0.35, "track")
    cart_width: float = quantity(0.50, "m", "width of the cart", low=0.1, high=1)
    cart_height: float = quantity(0.20, "m", "height of the cart", low=0.1, high=1)
    pole_width: float = quantity(0.06, "m", "thickness of the pole", low=0.02, high=0.3)
    hinge_height: float = quantity(
        0.5, "1", "where on the cart the pole turns, 0 bottom, 1 top", low=0, high=1
    )
    track_width: float = quantity(0.06, "m", "thickness of the track", low=0.0, high=1)
    stripes: float = quantity(0.0, "1", "contrast of stripes on the background", low=0, high=1)
    stripe_length: float = quantity(1.0, "m", "wavelength of the stripes", low=0.1)
    stripe_angle: float = quantity(0.0, "rad", "direction of the stripes, 0 is upright")
    stripe_phase: float = quantity(0.0, "rad", "where the stripes begin")
    light: float = quantity(1.0, "1", "brightness of the whole picture", low=0, high=2)
    light_right: float = quantity(0.0, "1", "brighter at the right edge by", low=-1, high=1)
    light_top: float = quantity(0.0, "1", "brighter at the top edge by", low=-1, high=1)
    shift_right: float = quantity(0.0, "m", "the camera stands to the right by", low=-2, high=2)
    shift_up: float = quantity(0.0, "m", "the camera looks higher by", low=-2, high=2)
    zoom: float = quantity(1.0, "1", "magnification", low=0.2, high=5)
    blur: float = quantity(0.0, "m", "width over which edges are smeared", low=0, high=1)
    noise: float = quantity(0.0, "1", "noise of every pixel, ± this at most", low=0, high=1)
    thing: float = quantity(0.0, "1", "a box in the background: 0 absent, 1 solid", low=0, high=1)
    thing_x: float = quantity(1.0, "m", "middle of the box along the track")
    thing_y: float = quantity(1.0, "m", "middle of the box above the track")
    thing_width: float = quantity(0.3, "m", "width of the box", low=0.01)
    thing_height: float = quantity(0.8, "m", "height of the box", low=0.01)
    thing_red: float = _channel(0.20, "box")
    thing_green: float = _channel(0.50, "box")
    thing_blue: float = _channel(0.25, "box")


# What is painted, from front to back.
PAINTED = ("pole", "cart", "track", "thing", "back")

ANY = Uniform(0.0, 1.0, "no colour is ruled out: nobody knows the paint of the real thing")

RANDOM_LOOKS = Look(
    **{f"{part}_{channel}": ANY for part in PAINTED for channel in ("red", "green", "blue")},
    cart_width=Uniform(0.30, 0.70, "a real cart is some decimetres wide"),
    cart_height=Uniform(0.12, 0.36, "and flatter than wide"),
    pole_width=Uniform(0.05, 0.12, "from a rod to a pipe"),
    hinge_height=Uniform(0.2, 1.0, "the bearing may be in front of the cart or on top"),
    track_width=Uniform(0.0, 0.20, "from a wire to a beam"),
    stripes=Uniform(0.0, 0.2, "wallpaper, planks, shadows: anything that has edges"),
    stripe_length=Uniform(0.3, 3.0, "from the width of the pole to half the picture"),
    stripe_angle=Uniform(-1.571, 1.571, "edges in every direction, those of the pole too"),
    stripe_phase=Uniform(0.0, 6.283, "anywhere"),
    light=Uniform(0.5, 1.3, "lamps differ, and cameras adjust to them"),
    light_right=Uniform(-0.35, 0.35, "a window at one side"),
    light_top=Uniform(-0.35, 0.35, "a lamp above, or a shadow"),
    shift_right=Uniform(-0.15, 0.15, "a tripod is set up by hand, to a hand's width"),
    shift_up=Uniform(-0.20, 0.25, "its height is even less certain"),
    zoom=Uniform(0.85, 1.15, "and so is its distance"),
    blur=Uniform(0.0, 0.12, "up to two pixels out of focus"),
    noise=Uniform(0.0, 0.08, "a cheap sensor in a dim room"),
    thing=Choice((0.0, 1.0), "often something stands about in a laboratory"),
    thing_x=Uniform(-2.6, 2.6, "anywhere in the picture"),
    thing_y=Uniform(-0.5, 2.5, "anywhere in the picture"),
    thing_width=Uniform(0.05, 1.0, "as thin as the pole or wider than the cart"),
    thing_height=Uniform(0.05, 1.5, "as flat as the track or taller than the pole"),
)

# What belongs together: groups can be left out of the randomization, or varied alone.
GROUPS = {
    "colours": tuple(
        f"{part}_{channel}" for part in PAINTED for channel in ("red", "green", "blue")
    ),
    "shapes": ("cart_width", "cart_height", "pole_width", "hinge_height", "track_width"),
    "light": (
        *("stripes", "stripe_length", "stripe_angle", "stripe_phase"),
        *("light", "light_right", "light_top"),
    ),
    "camera": ("shift_right", "shift_up", "zoom"),
    "lens": ("blur", "noise"),
    "thing": ("thing", "thing_x", "thing_y", "thing_width", "thing_height"),
}


def varied(*groups: str, looks: Look = RANDOM_LOOKS) -> Look:
    """Return `looks` in these groups of quantities and the nominal look in all others.

    Raises ValueError for a name that is not in `GROUPS`.
    """
    if unknown := set(groups) - set(GROUPS):
        raise ValueError(f"no group is called {sorted(unknown)}; choose from {list(GROUPS)}")
    names = [name for group in groups for name in GROUPS[group]]
    return Look(**{name: getattr(looks, name) for name in names})


def varied_without(group: str, looks: Look = RANDOM_LOOKS) -> Look:
    """Return `looks`, but with one group of quantities nominal."""
    return varied(*(name for name in GROUPS if name != group), looks=looks)


# Never trained on. Each has something outside RANDOM_LOOKS, or several things at its corners.
# fmt: off
HELD_OUT = {
    "night": Look(
        back_red=0.20, back_green=0.25, back_blue=0.50,
        light=0.5, light_right=0.25, noise=0.1, blur=0.15,
    ),
    "wooden": Look(  # a dark cart in front of a dark beam: of the cart, little can be seen
        back_red=0.55, back_green=0.38, back_blue=0.22,
        cart_red=0.35, cart_green=0.20, cart_blue=0.10,
        pole_red=0.85, pole_green=0.70, pole_blue=0.50,
        track_red=0.30, track_green=0.20, track_blue=0.10, track_width=0.25,
        stripes=0.15, stripe_length=0.2, stripe_angle=1.2, light_top=0.3,
    ),
    "cluttered": Look(  # a second pole, about as thick as the first
        back_red=0.70, back_green=0.65, back_blue=0.50,
        pole_red=0.20, pole_green=0.20, pole_blue=0.30,
        thing_red=0.50, thing_green=0.30, thing_blue=0.20, thing=1.0,
        thing_x=-0.6, thing_y=0.7, thing_width=0.08, thing_height=1.6,
        stripes=0.20, stripe_length=3.5, stripe_angle=-0.3,
    ),
    "moved": Look(shift_right=0.25, shift_up=0.30, zoom=0.8, pole_width=0.14, cart_width=0.75),
    "disco": Look(
        back_red=1.0, back_green=0.0, back_blue=0.6,
        cart_red=0.0, cart_green=1.0, cart_blue=0.2,
        pole_red=0.0, pole_green=1.0, pole_blue=1.0,
        track_red=1.0, track_green=1.0, track_blue=0.0,
        stripes=0.3, stripe_length=0.5, stripe_angle=0.7, noise=0.1,
    ),
}
# fmt: on
