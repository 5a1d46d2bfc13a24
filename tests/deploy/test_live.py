"""Who decides at which stage, and that one fault is enough to fall back within its decision."""

import numpy as np
import pytest
from gymnasium import spaces

from course_lib.deploy.guard import Guard
from course_lib.deploy.live import Live, run_day
from course_lib.deploy.stages import INCUMBENT, STAGES, Pipeline, Verdict
from course_lib.worlds import DispatchPhysics

SITE = DispatchPhysics(rate=1.5)
SEEN = np.zeros((6, 9), dtype=np.float32)
TREATED = np.array([True, True, True, False, False, False])


def passes(evidence):
    return Verdict("pass", "fine")


def incumbent(observations):
    return np.zeros(len(observations), dtype=int)


def candidate(observations):
    return np.ones(len(observations), dtype=int)


@pytest.fixture
def at(tmp_path):
    """A release at a stage."""
    opened = []

    def make(stage):
        p = Pipeline(tmp_path / f"{len(opened)}.db", dict.fromkeys(STAGES, passes), approvals=())
        opened.append(p)
        while p.stage != stage:
            p.submit(0, {})
        return p

    yield make
    for p in opened:
        p.close()


def live_at(pipeline, policy=candidate, **kwargs):
    live = Live(pipeline, policy, incumbent, Guard(spaces.Discrete(4)), **kwargs)
    live.begin_day(TREATED, 0)
    return live


@pytest.mark.parametrize(
    ("stage", "acts"),
    [("offline", 0), ("shadow", 0), ("rollout", 0.1), ("ab test", 1), ("full", 1)],
)
def test_a_candidate_acts_as_often_as_its_stage_allows_and_never_in_the_control(at, stage, acts):
    live = live_at(at(stage))
    actions = np.array([live(SEEN) for _ in range(400)])
    assert not actions[:, 3:].any()
    assert actions[:, :3].mean() == pytest.approx(acts, abs=0.03 if 0 < acts < 1 else 0)


def test_a_share_may_be_one_of_sites_for_a_whole_day(at):
    live = live_at(at("rollout"), whole_days=True)
    shares = []
    for day in range(60):
        live.begin_day(np.ones(6, dtype=bool), day)
        actions = np.array([live(SEEN) for _ in range(5)])
        assert (actions == actions[0]).all(), "nobody changes within a day"
        shares.append(actions.mean())
    assert np.mean(shares) == pytest.approx(0.1, abs=0.05)


def test_before_the_shadow_stage_and_after_a_fall_back_a_candidate_is_not_even_asked(at):
    def unasked(observations):
        raise AssertionError("asked")

    pipeline = at("offline")
    assert not live_at(pipeline, unasked)(SEEN).any() and pipeline.stage == "offline"
    pipeline.kill("Ada", "smoke")
    assert not live_at(pipeline, unasked)(SEEN).any() and len(pipeline.log) == 2


@pytest.mark.parametrize("stage", STAGES[1:])
@pytest.mark.parametrize("bad", [float("nan"), 4, -1, 0.5, None])
@pytest.mark.parametrize("where", [0, 5])
def test_one_fault_anywhere_falls_back_within_its_decision(at, stage, bad, where):
    pipeline, asked = at(stage), []

    def fails_at_the_third(observations):
        asked.append(1)
        actions = np.ones(len(observations), dtype=object if bad is None else float)
        if len(asked) == 3:
            actions[where] = bad
        return actions if bad is not None or len(asked) == 3 else actions.astype(int)

    live = live_at(pipeline, fails_at_the_third)
    live(SEEN), live(SEEN)
    assert pipeline.stage == stage
    for _ in range(50):
        assert not live(SEEN).any(), "the incumbent decides everywhere, from this decision on"
        assert pipeline.stage == INCUMBENT
    assert len(asked) == 3 and pipeline.log[-1].kind == "violation"


def test_a_kill_switch_acts_on_the_next_decision(at):
    pipeline = at("full")
    live = live_at(pipeline)
    assert live(SEEN)[:3].all()
    pipeline.kill("Ada", "smoke")
    assert not live(SEEN).any()


def test_where_they_differ_is_told_and_the_feed_is_what_the_candidate_sees(at):
    seen_by_candidate = []

    def looks(observations):
        seen_by_candidate.append(observations[0, 0])
        return (np.arange(6) < 2).astype(int)

    live = live_at(at("shadow"), looks, feed=lambda observations: observations + 5)
    live(SEEN)
    assert seen_by_candidate == [5] and live.differs.tolist() == [True] * 2 + [False] * 4


def test_a_site_whose_episode_is_over_counts_no_more(at):
    """Jobs are held once in every third decision, so shifts end at different times."""

    def holds(observations):
        return np.where(np.round(40 * observations[:, 8]).astype(int) % 3, 0, 3)

    pipeline = at("shadow")
    live = Live(
        pipeline, lambda seen: np.ones(len(seen), dtype=int), holds, Guard(spaces.Discrete(4))
    )
    found = run_day(live, DispatchPhysics(rate=1.5), 0, sites=8)
    assert found["disagreement"] == [1.0] * 8


def test_a_day_of_the_same_number_is_the_same_day(at):
    first, second = (run_day(live_at(at("ab test")), SITE, 7, sites=8) for _ in range(2))
    assert first == second
    assert run_day(live_at(at("ab test")), SITE, 8, sites=8) != first


@pytest.mark.parametrize(("stage", "treated", "controls"), [("rollout", 8, 8), ("full", 14, 2)])
def test_a_day_compares_treated_sites_with_control_sites(at, stage, treated, controls):
    found = run_day(live_at(at(stage)), SITE, 3, sites=16)
    assert len(found["returns"]) == treated and len(found["differences"]) == controls
    assert len(found["disagreement"]) == 16
    assert all(0 <= r <= 1 for r in found["returns"])
    assert all(-1 <= d <= 1 for d in found["differences"])


def test_differences_are_treated_minus_control(at):
    # The candidate sends all to a plain server, the incumbent all to the accelerator: far worse.
    site = DispatchPhysics(rate=2.0, dense_share=1.0, dense_fast=0.1, dense_plain=5.0)
    found = run_day(live_at(at("ab test")), site, 0)
    assert max(found["differences"]) < -0.3
    assert np.mean(found["returns"]) < 0.6


def test_all_sites_are_the_same_when_the_candidate_does_not_act(at):
    found = run_day(live_at(at("shadow")), SITE, 0, sites=8)
    env = SITE.make(8, autoreset=False)
    seen, _ = env.reset(seed=0)
    earned = np.zeros(8)
    for _ in range(40):
        seen, rewards, *_ = env.step(incumbent(seen))
        earned += rewards
    assert sorted(found["returns"]) == sorted(set(found["returns"]) & set(earned.tolist()))
    assert found["disagreement"] == [1.0] * 8
