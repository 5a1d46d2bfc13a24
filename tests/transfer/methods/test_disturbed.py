"""Another policy acts now and then, and two policies are trained in turn against each other."""

import numpy as np
import pytest
from tiny_site import HARD, ROLLOUT, SIM, Spy

from course_lib.learning import (
    FastestFirst,
    FirstFit,
    MinMin,
    evaluate,
    slowdowns,
    train_scheduler,
)
from course_lib.learning.evaluate import record, record_in
from course_lib.transfer.methods import disturbed
from course_lib.transfer.methods.disturbed import ActionRobust, Duel, Shared

RULE, FIRST, FASTEST = (make(HARD.layout) for make in (MinMin, FirstFit, FastestFirst))


def never(observations):
    raise AssertionError("it has no part in this")


def wait(observations):
    """Legal only now and then."""
    return np.full(len(observations), HARD.layout.wait)


def same(one, other):
    for name in ("observations", "actions", "rewards", "lengths"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_without_a_chance_it_is_the_plain_cluster(sign):
    plain, shared = (
        HARD.make(7, autoreset=False),
        Duel(HARD, FIRST, 0.0, sign).make(7, autoreset=False),
    )
    seen, same_seen = plain.reset(seed=3)[0], shared.reset(seed=3)[0]
    over = np.zeros(7, dtype=bool)
    while not over.all():
        np.testing.assert_array_equal(seen, same_seen)
        actions = RULE(seen)
        seen, rewards, over, cut, _ = plain.step(actions)
        same_seen, signed, ended, cut_too, _ = shared.step(actions)
        np.testing.assert_array_equal(signed, sign * rewards)
        np.testing.assert_array_equal(ended, over)
        np.testing.assert_array_equal(cut_too, cut)


def test_with_certainty_it_is_the_other_one_who_acts():
    found = record(wait, Duel(HARD, FASTEST, 1.0), 6, 2)
    expected = record(FASTEST, HARD, 6, 2)
    np.testing.assert_array_equal(found.observations, expected.observations)
    np.testing.assert_array_equal(found.rewards, expected.rewards)
    assert not np.array_equal(found.returns, evaluate(RULE, HARD, 6, 2))


def test_the_slowdown_in_a_duel_can_be_measured():
    found = slowdowns(RULE, Duel(HARD, FASTEST, 1.0), 6, 2)
    np.testing.assert_allclose(found, slowdowns(FASTEST, HARD, 6, 2))


class Noting:
    """A batch that notes the actions that arrive."""

    def __init__(self, batch):
        self.acted, step = [], batch.step
        batch.step = lambda actions: (self.acted.append(np.array(actions)), step(actions))[1]


@pytest.mark.parametrize("chance", [0.2, 0.7])
def test_the_toss_is_made_for_every_decision_by_itself(chance):
    batch = HARD.make(200, autoreset=False)
    noting = Noting(batch)
    recording = record_in(Shared(batch, FIRST, chance, 1.0), RULE, 1)
    acted = np.array(noting.acted)
    seen = recording.observations.reshape(-1, HARD.layout.size)
    mine, theirs = (p(seen).reshape(acted.shape) for p in (RULE, FIRST))
    assert ((acted == mine) | (acted == theirs)).all()
    differ = mine != theirs
    tossed = np.where(differ, acted == theirs, np.nan)
    assert np.nanmean(tossed) == pytest.approx(chance, abs=0.05)
    assert 0 < np.nanmean(tossed[0]) < 1  # not all worlds at once
    np.testing.assert_array_equal(recording.actions, mine)  # what the policy wanted


def test_tosses_repeat_by_seed():
    runs = [record(RULE, Duel(HARD, FIRST, 0.5), 20, seed) for seed in (0, 0, 1)]
    same(runs[0], runs[1])
    assert runs[0].rewards.shape != runs[2].rewards.shape or not np.array_equal(
        runs[0].rewards, runs[2].rewards
    )


def test_a_duel_is_laid_out_as_its_cluster_and_restarts_as_told():
    duel = Duel(HARD, never, 0.0)
    assert duel.layout == HARD.layout
    assert duel.sign == 1.0
    for autoreset in (True, False):
        shared = Duel(HARD, RULE, 1.0).make(3, autoreset=autoreset)
        assert shared.num_envs == 3
        seen, _ = shared.reset(seed=0)
        infos = [shared.step(np.zeros(3, dtype=int))[-1] for _ in range(60)]
        assert any("final_obs" in info for info in infos) is autoreset


def test_policy_and_adversary_are_trained_in_turn(monkeypatch):
    trainings, made = Spy(train_scheduler), []

    def noting(*given, **named):
        made.append(trainings(*given, **named))
        return made[-1]

    monkeypatch.setattr(disturbed, "train_scheduler", noting)
    monkeypatch.setattr(disturbed, "ROUNDS", 3)
    monkeypatch.setattr(disturbed, "ADVERSARY_STEPS", 2 * ROLLOUT)
    method = ActionRobust(4, steps=3 * ROLLOUT)
    method.train(SIM)
    duels = [given[0] for given, _ in trainings.calls]
    assert [given[1] for given, _ in trainings.calls] == [4, 504, 1_004, 1_504, 2_004, 2_504]
    assert {duel.cluster for duel in duels} == {SIM}
    assert [duel.chance for duel in duels] == [0.05, 0.95] * 3
    assert [duel.sign for duel in duels] == [1, -1] * 3
    assert duels[0].other == MinMin(SIM.layout)
    # Each against the other as it is by then, and from where it was itself.
    assert [duel.other for duel in duels[1:]] == made[:-1]
    assert [named["start"] for _, named in trainings.calls] == [None, None, *made[:-2]]
    assert [named["steps"] for _, named in trainings.calls] == [ROLLOUT, 2 * ROLLOUT] * 3
    assert [named.get("worst", -20) for _, named in trainings.calls] == [-20, -np.inf] * 3
    assert method.policy is made[-2]
    assert method.policy.steps == 3 * ROLLOUT


def test_the_course_trains_in_four_rounds_of_all_its_steps(monkeypatch):
    trainings = Spy(answer=None)
    monkeypatch.setattr(disturbed, "train_scheduler", trainings)
    ActionRobust(0, steps=100_000).train(SIM)
    assert [named["steps"] for _, named in trainings.calls] == [25_000, 12_288] * 4
