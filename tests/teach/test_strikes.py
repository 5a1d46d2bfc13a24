"""Animations of strikes."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_lib.teach import Strikes

ZONE = (0.0, 0.8, 0.15)


def path(steps, end):
    return np.column_stack([np.zeros(steps), np.linspace(-0.2, end, steps)])


@pytest.fixture
def strikes():
    return Strikes(
        {"short": (path(5, 0.0), path(5, 0.4)), "in": (path(9, 0.0), path(9, 0.8))}, zone=ZONE
    )


def test_discs_move_along_their_paths_and_stop_at_the_end(strikes):
    figure, (short, into) = strikes._drawn()
    discs = [[p for p in ax.patches if p.get_label() in ("hand", "puck")] for ax in figure.axes]
    for move in (short, into):
        move(7)
    assert [tuple(d.get_center()) for d in discs[0]] == [(0.0, 0.0), (pytest.approx(0.4), 0.0)]
    expected = path(9, 0.8)[7, 1]
    assert discs[1][1].get_center()[0] == pytest.approx(expected)
    plt.close(figure)


def test_the_whole_way_and_the_zone_are_in_the_picture(strikes):
    figure, _ = strikes._drawn()
    for ax in figure.axes:
        assert ax.get_xlim()[1] >= 0.95 and ax.get_xlim()[0] <= -0.24
    plt.close(figure)


def test_the_still_says_where_each_puck_ended(strikes, monkeypatch):
    told = []
    monkeypatch.setattr(
        "course_lib.teach.strikes.show", lambda figure, alt: told.append((figure, alt))
    )
    strikes.still()
    plt.close(told[0][0])
    assert "short: the puck ends 0.40 m" in told[0][1] and "in: the puck ends 0.00 m" in told[0][1]


def test_it_is_saved_as_a_gif(strikes, tmp_path):
    assert strikes.save(tmp_path / "a").read_bytes()[:3] == b"GIF"


@pytest.mark.parametrize(
    ("paths", "says"),
    [
        ({}, "at least one strike"),
        ({"a": (path(3, 0), path(4, 0))}, "'a': hand and puck need positions"),
        ({"b": (np.zeros((3, 3)), np.zeros((3, 3)))}, r"'b': .* not \(3, 3\)"),
    ],
)
def test_what_cannot_be_shown(paths, says):
    with pytest.raises(ValueError, match=says):
        Strikes(paths, zone=ZONE)
