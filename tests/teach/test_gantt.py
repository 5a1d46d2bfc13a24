"""Gantt charts of a schedule that is made by hand: what is drawn, and when."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from IPython.display import HTML, Image
from matplotlib.colors import to_rgba
from PIL import Image as Picture

from course_lib.learning import FirstFit, schedules
from course_lib.teach import Gantt, gantt
from course_lib.teach.animation import STILLS
from course_lib.teach.gantt import Chart, style
from course_lib.teach.plots import COLOURS, HATCHES
from course_lib.worlds import EDGE, Cluster, Gaps, Uniform
from course_lib.worlds.clusters import JobClass, Pool, Site
from course_lib.worlds.schedule_log import Attempt, ScheduleLog

SITE = Site(
    "by hand",
    pools=(Pool("slow", 2, 2), Pool("fast", 3, 3)),
    classes=(
        JobClass("training", (1, 2), (1, 2), 0.5, 0.5, 2),
        JobClass("inference", (1, 1), (1, 1), 0.5, 0.5, 2),
    ),
)
ATTEMPTS = (  # job, pool, start, end, failed, nodes
    Attempt(0, 1, 0.0, 2.0, True, np.array([2, 3])),
    Attempt(1, 0, 1.0, 2.5, False, np.array([0])),
    Attempt(0, 1, 4.0, 6.0, False, np.array([3, 4])),
    Attempt(2, 0, 5.0, 8.0, False, np.array([0, 1])),
)
LOG = ScheduleLog(
    site=SITE, nodes=np.array([2, 3]), cls=np.array([0, 1, 1]), width=np.array([2, 1, 2]),
    submitted=np.array([0.0, 0.5, 4.5]), started=np.array([4.0, 1.0, 5.0]),
    ended=np.array([6.0, 2.5, 8.0]), pool=np.array([1, 0, 0]), best=np.array([2.0, 1.0, 3.5]),
    predicted=np.ones(3), tries=np.array([2, 1, 1]), lost=np.zeros(3, dtype=bool),
    attempts=ATTEMPTS,
)  # fmt: skip
SHORT = replace(LOG, attempts=ATTEMPTS[:3])  # ends at 6


@pytest.fixture(autouse=True)
def _few_frames(monkeypatch):
    monkeypatch.setattr(gantt, "FRAMES", 3)
    yield
    plt.close("all")


@pytest.fixture
def shown(monkeypatch):
    displayed = []
    for module in ("animation", "plots"):
        monkeypatch.setattr(f"course_lib.teach.{module}.display", displayed.append)
    return displayed


@pytest.fixture
def figures(monkeypatch):
    """The figures that were shown, with their words."""
    found = []
    monkeypatch.setattr(gantt, "show", lambda figure, alt: found.append((figure, alt)))
    return found


@pytest.fixture
def drawn():
    """The axes of the schedule, and the function that moves it."""
    ax = plt.subplots()[1]
    return ax, Chart("mine", LOG).draw_on(ax, 10.0)


def bars(ax):
    """(row, start, width) of what is to be seen, in the order of the rows."""
    found = []
    for bar in ax.patches:
        assert bar.get_height() == pytest.approx(0.85)
        assert bar.get_width() >= 0
        middle = bar.get_y() + bar.get_height() / 2
        if bar.get_width() > 0:
            found.append((round(middle, 6), bar.get_x(), bar.get_width()))
    return sorted(found)


def test_every_attempt_is_a_bar_on_each_of_its_nodes(drawn):
    ax, move = drawn
    move(8.0)
    assert bars(ax) == [
        (0, 1.0, 1.5), (0, 5.0, 3.0), (1, 5.0, 3.0),
        (2, 0.0, 2.0), (3, 0.0, 2.0), (3, 4.0, 2.0), (4, 4.0, 2.0),
    ]  # fmt: skip
    move(100.0)
    assert len(bars(ax)) == 7 and max(width for *_, width in bars(ax)) == 3


def test_an_attempt_that_failed_has_a_black_edge(drawn):
    failed = sorted(a.start for a in LOG.attempts if a.failed for _ in a.nodes)
    black = sorted(bar.get_x() for bar in drawn[0].patches if bar.get_edgecolor()[:3] == (0, 0, 0))
    assert failed and black == failed


@pytest.mark.parametrize(
    ("t", "expected"),
    [
        (0.0, []),
        (1.5, [(0, 1.0, 0.5), (2, 0.0, 1.5), (3, 0.0, 1.5)]),
        (3.0, [(0, 1.0, 1.5), (2, 0.0, 2.0), (3, 0.0, 2.0)]),
        (4.5, [(0, 1.0, 1.5), (2, 0.0, 2.0), (3, 0.0, 2.0), (3, 4.0, 0.5), (4, 4.0, 0.5)]),
    ],
)
def test_what_lies_after_the_time_is_hidden(drawn, t, expected):
    ax, move = drawn
    for moment in (8.0, 0.0, t):  # there and back
        move(moment)
    assert bars(ax) == expected
    now = next(line for line in ax.lines if line.get_color() == "black")
    assert list(now.get_xdata()) == [t, t]


@pytest.mark.parametrize(
    ("t", "ended", "mean", "waiting"),
    [
        (0.0, 0, "-", 0),
        (0.75, 0, "-", 1),  # the second has come
        (1.5, 0, "-", 0),  # both run, the first of them to fail
        (2.0, 0, "-", 1),  # it waits again
        (2.5, 1, "2.00", 1),
        (4.75, 1, "2.00", 1),  # it runs again, and the third has come
        (6.0, 2, "2.50", 0),
        (8.0, 3, "2.00", 0),
    ],
)
def test_the_title_counts_the_jobs_and_tells_their_mean_slowdown(drawn, t, ended, mean, waiting):
    ax, move = drawn
    move(t)
    assert ax.get_title(loc="left") == (
        f"mine: {ended} of 3 jobs have ended, mean bounded slowdown {mean}; {waiting} in the queue"
    )


def test_pools_are_named_and_kept_apart(drawn):
    ax, _ = drawn
    assert [label.get_text() for label in ax.get_yticklabels()] == ["slow", "fast"]
    assert list(ax.get_yticks()) == [0.5, 3.0]
    assert [line.get_ydata()[0] for line in ax.lines if line.get_color() == "0.5"] == [1.5]
    assert ax.get_ylim() == (4.5, -0.5)  # the first node on top
    assert ax.get_xlim() == (0, 10)
    assert ax.get_ylabel() == "nodes"


def test_colour_and_hatch_tell_the_class_of_a_job(drawn):
    ax, move = drawn
    move(8.0)
    for bar in ax.patches:
        cls = int(bar.get_x() not in (0.0, 4.0))  # the first job's attempts
        assert bar.get_facecolor() == to_rgba(COLOURS[cls])
        assert (bar.get_hatch() or "") == HATCHES[cls]
    assert len({tuple(style(i).values()) for i in range(7)}) == 7
    assert style(7) == style(0)


def test_schedules_stand_below_each_other_on_one_axis_of_time(figures):
    Gantt({"FCFS": LOG, "mine": SHORT}).still()
    ((figure, alt),) = figures
    assert "FCFS, mine" in alt and "time in hours" in alt
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert [title.split(":")[0] for title in titles] == ["FCFS", "mine"]
    assert [ax.get_xlim() for ax in figure.axes] == [(0, 8)] * 2
    assert all("3 of 3 jobs" in title for title in titles)
    assert [len(bars(ax)) for ax in figure.axes] == [7, 5]
    assert [ax.get_xlabel() for ax in figure.axes] == ["", "time (h)"]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["training", "inference"]
    assert [patch.get_facecolor() for patch in legend.get_patches()] == [
        to_rgba(colour) for colour in COLOURS[:2]
    ]


def test_it_plays_in_a_learners_notebook(shown, monkeypatch):
    monkeypatch.delenv(STILLS, raising=False)
    Gantt({"FCFS": LOG}).show()
    (html,) = shown
    assert isinstance(html, HTML)
    assert html.data.count("data:image/png;base64") == 3
    assert not plt.get_fignums(), "Jupyter would show the last frame below"


def test_a_committed_notebook_gets_a_still(shown, monkeypatch, capsys):
    monkeypatch.setenv(STILLS, "1")
    Gantt({"FCFS": LOG, "mine": LOG}).show()
    (image,) = shown
    assert isinstance(image, Image)
    said = capsys.readouterr().out
    assert said.startswith("Picture: Which job is on which node") and "FCFS, mine" in said
    assert not plt.get_fignums()


def test_a_gif_goes_from_the_beginning_to_the_last_end(tmp_path, monkeypatch):
    times, draw_on = [], Chart.draw_on

    def watched(chart, ax, until):
        move = draw_on(chart, ax, until)
        return lambda t: (times.append(t), move(t))

    monkeypatch.setattr(Chart, "draw_on", watched)
    path = Gantt({"FCFS": LOG}).save(tmp_path / "schedule")
    assert path == tmp_path / "schedule.gif"
    with Picture.open(path) as gif:
        assert gif.n_frames == 3
        assert gif.info["duration"] == 200  # ms
    assert set(times) == {0.0, 4.0, 8.0} and times[-3:] == [0.0, 4.0, 8.0]


def test_without_a_schedule_there_is_nothing_to_draw():
    with pytest.raises(ValueError, match="at least one schedule"):
        Gantt({})


def test_simulated_schedules_can_be_drawn(figures):
    cluster = Cluster(EDGE, Gaps(1, 1, 1, 1), jobs_per_node=1)
    log = schedules(FirstFit(cluster.layout), cluster, 1)[0]
    Gantt({"first fit": log}).still()
    ((figure, _),) = figures
    assert len(bars(figure.axes[0])) == sum(len(a.nodes) for a in log.attempts)
    expected = (
        f"16 of 16 jobs have ended, mean bounded slowdown {log.slowdown.mean():.2f}; 0 in the queue"
    )
    assert expected in figure.axes[0].get_title(loc="left")


def test_every_job_stands_in_its_pool_where_episodes_differ_in_their_nodes():
    cluster = Cluster(EDGE, Gaps(scale=Uniform(0, 1)), jobs_per_node=1)
    for log in schedules(FirstFit(cluster.layout), cluster, 3):
        ax = plt.subplots()[1]
        Chart("", log).draw_on(ax, 1.0)
        edges = np.cumsum([0, *log.nodes])
        pools = [a.pool for a in log.attempts for _ in a.nodes]
        rows = np.array([bar.get_y() + 0.425 for bar in ax.patches])
        np.testing.assert_array_equal(np.searchsorted(edges - 0.5, rows) - 1, pools)
