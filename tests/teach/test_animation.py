from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from IPython.display import HTML, Image
from PIL import Image as Picture

from course_lib.teach import CartPoleAnimation
from course_lib.teach.animation import FRAME_EVERY, LONGEST, STILLS


def moving(steps=9, **kwargs):
    states = np.linspace([-1, 0, -0.2, 0], [1, 0, 0.2, 0], steps)
    return CartPoleAnimation(states, np.arange(steps) % 2, **kwargs)


@pytest.fixture
def shown(monkeypatch):
    displayed = []
    for module in ("animation", "plots"):
        monkeypatch.setattr(f"course_lib.teach.{module}.display", displayed.append)
    return displayed


def test_it_plays_in_a_learners_notebook(shown, monkeypatch):
    monkeypatch.delenv(STILLS, raising=False)
    moving(5).show()
    (html,) = shown
    assert isinstance(html, HTML)
    assert html.data.count("data:image/png;base64") == 3  # steps 0, 2 and 4
    assert not plt.get_fignums(), "Jupyter would show the last frame below"


def test_a_committed_notebook_gets_a_still(shown, monkeypatch, capsys):
    monkeypatch.setenv(STILLS, "1")
    moving(title="nominal").show()
    (image,) = shown
    assert isinstance(image, Image)
    said = capsys.readouterr().out
    assert said.startswith("Picture: Four moments") and "nominal, 9 steps" in said
    assert not plt.get_fignums()


@pytest.mark.parametrize("steps", [1, 2, 7, 8])
def test_a_gif_has_every_second_step(steps, tmp_path):
    path = moving(steps).save(tmp_path / "fall")
    assert path == tmp_path / "fall.gif"
    with Picture.open(path) as gif:
        assert getattr(gif, "n_frames", 1) == len(range(0, steps, FRAME_EVERY))
        if steps > 2:
            assert gif.info["duration"] == 40  # ms: as fast as it happened


def test_a_learner_has_seen_enough_after_some_seconds():
    (episode,) = moving(LONGEST + 100).episodes
    assert len(episode.states) == len(episode.actions) == LONGEST


def test_several_run_side_by_side_until_the_last_has_ended(tmp_path, shown):
    one, two = moving(4, title="short"), moving(12, title="long")
    both = one.beside(two)
    with Picture.open(both.save(tmp_path / "both.gif")) as gif:
        assert gif.n_frames == 6
    assert (len(one.episodes), len(two.episodes), len(both.episodes)) == (1, 1, 2)
    both.still()
    assert len(shown) == 1


def test_the_pole_is_drawn_to_scale_and_follows_the_state():
    ax = plt.subplots()[1]
    states = np.array([[0.0, 0, 0, 0], [1.0, 0, np.pi / 6, 0]])
    move = CartPoleAnimation(states, [1, 0], pole_half_length=1.0).episodes[0].draw_on(ax)
    pole = next(line for line in ax.lines if line.get_color() == "#D55E00")
    for t in (0, 1):
        move(t)
        x, y = np.transpose(pole.get_data())
        assert np.hypot(*(y - x)) == pytest.approx(2.0)
        assert x[0] == states[t, 0]
    assert pole.get_xdata()[1] == pytest.approx(1 + 2 * 0.5)  # theta > 0 leans to the right
    plt.close("all")


@pytest.mark.parametrize(
    ("states", "actions"),
    [
        (np.zeros((5, 3)), np.zeros(5)),
        (np.zeros((5, 2, 4)), np.zeros((5, 2))),
        (np.zeros(4), np.zeros(1)),
        (np.zeros((5, 4)), np.zeros(4)),
    ],
)
def test_other_shapes_are_refused(states, actions):
    with pytest.raises(ValueError, match=r"states \(T, 4\) and actions \(T,\), not"):
        CartPoleAnimation(states, actions)


def test_an_episode_of_a_recording_is_shown_up_to_its_end():
    recording = SimpleNamespace(
        states=np.random.default_rng(0).normal(size=(20, 3, 4)),
        actions=np.ones((20, 3)),
        lengths=np.array([20, 7, 3]),
    )
    (episode,) = CartPoleAnimation.of(recording, 1, title="second").episodes
    np.testing.assert_array_equal(episode.states, recording.states[:7, 1])
    assert len(episode.actions) == 7 and episode.title == "second"
