import matplotlib.pyplot as plt
import numpy as np
import pytest
from IPython.core.formatters import format_display_data

from course_lib.gap import iqm_interval
from course_lib.teach import plot_ledger, plot_returns, plot_robustness, show

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def no_figure_left():
    plt.close("all")
    yield
    plt.close("all")


@pytest.fixture
def shown(monkeypatch):
    """What is displayed, as (data, metadata) by MIME type."""
    displayed = []
    monkeypatch.setattr("course_lib.teach.plots.display", lambda thing: displayed.append(thing))
    return displayed


@pytest.mark.parametrize("alt", ["", "   ", "\n"])
def test_a_picture_without_words_is_refused(alt, shown):
    with pytest.raises(ValueError, match="describe the picture in alt"):
        show(plt.figure(), alt=alt)
    assert shown == []


def test_alt_cannot_be_left_out():
    with pytest.raises(TypeError):
        show(plt.figure())


def test_a_picture_is_shown_once_with_its_words(shown, capsys):
    figure = plt.figure(figsize=(2, 1))
    show(figure, alt="A line that goes up.")
    (image,) = shown
    data, metadata = format_display_data(image)
    assert "image/png" in data
    assert "A line that goes up." in str(metadata)
    assert image.data.startswith(b"\x89PNG")
    assert capsys.readouterr().out == "Picture: A line that goes up.\n"
    assert not plt.fignum_exists(figure.number), "Jupyter would show it a second time"


def test_returns_show_every_seed_and_the_interval():
    values = {"PPO": RNG.normal(450, 10, 5), "random": RNG.normal(20, 5, 7)}
    ax = plot_returns(values, iqm_interval)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["PPO", "random"]
    assert "steps" in ax.get_xlabel()
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [sorted(line.get_xdata()) for line in dots] == [sorted(v) for v in values.values()]
    diamonds = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "D"]
    assert diamonds == [iqm_interval(v).estimate for v in values.values()]
    assert ax.get_xlim()[0] <= 0, "a cut axis makes small differences look large"


def test_returns_below_zero_are_not_cut_off():
    ax = plot_returns({"pendulum": np.array([-900.0, -800.0, -700.0])}, iqm_interval)
    assert ax.get_xlim()[0] < -900


def test_curves_can_be_told_apart_without_colour():
    curves = {f"method {i}": RNG.normal(300, 10, (4, 5)) for i in range(7)}
    ax = plot_robustness([1, 2, 3, 4], curves, iqm_interval, xlabel="gravity (m/s²)", nominal=2)
    lines = [line for line in ax.lines if line.get_label().startswith("method")]
    assert len({(str(line.get_linestyle()), line.get_marker()) for line in lines}) == 7
    assert len({line.get_marker() for line in lines}) == 7
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == [*curves, "simulator"]
    assert ax.get_xlabel() == "gravity (m/s²)" and ax.get_ylabel()
    assert ax.get_ylim()[0] == 0
    np.testing.assert_allclose(
        lines[0].get_ydata(), [iqm_interval(row).estimate for row in curves["method 0"]]
    )
    assert len(ax.collections) == 7  # a band each


def test_a_single_curve_needs_no_legend():
    ax = plot_robustness([1, 2], {"PPO": RNG.normal(9, 1, (2, 5))}, iqm_interval, xlabel="x")
    assert ax.get_legend() is None


def test_the_ledger_has_a_bar_per_factor_and_a_pattern_per_culprit():
    found = iqm_interval(RNG.normal(50, 5, 5))
    groups = {"timing": {"delay": found, "lag": found}, "sensors": {"noise": found}}
    ax = plot_ledger(groups)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["delay", "lag", "noise"]
    assert [bar.get_width() for bar in ax.patches] == [found.estimate] * 3
    patterns = [bar.get_hatch() for bar in ax.patches]
    assert patterns[0] == patterns[1] != patterns[2]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["timing", "sensors"]
    assert "steps" in ax.get_xlabel()


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax: plot_returns({"a": np.ones(5)}, iqm_interval, ax=ax),
        lambda ax: plot_robustness([1], {"a": np.ones((1, 5))}, iqm_interval, xlabel="x", ax=ax),
        lambda ax: plot_ledger({"a": {"b": iqm_interval(np.ones(5))}}, ax=ax),
    ],
)
def test_a_plot_goes_where_it_is_told(draw):
    ax = plt.subplots()[1]
    assert draw(ax) is ax
    assert len(plt.get_fignums()) == 1
