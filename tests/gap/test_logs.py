"""What logs tell: against systems whose truth is known."""

from dataclasses import replace

import numpy as np
import pytest

from course_lib.gap import (
    command_response,
    first_steps,
    latency_steps,
    prediction_errors,
    simulate_log,
)
from course_lib.gap.logs import SimulatedEpisode
from course_lib.learning import PD, RandomPolicy, record
from course_lib.worlds import CartPolePhysics, Rig
from course_lib.worlds.rig import _INSIDE

NOMINAL = CartPolePhysics()


def test_a_simulated_log_holds_what_was_observed_and_done():
    log, run = simulate_log(PD, NOMINAL, 3, seed=4), record(PD, NOMINAL, 3, seed=4)
    for i, episode in enumerate(log):
        assert len(episode.observations) == len(episode.actions) + 1 == run.lengths[i]
        np.testing.assert_array_equal(episode.observations, run.observations[: run.lengths[i], i])
        np.testing.assert_array_equal(episode.actions, run.actions[: run.lengths[i] - 1, i])


def test_a_simulator_predicts_its_own_log():
    errors = prediction_errors(simulate_log(PD, NOMINAL, 4), NOMINAL)
    np.testing.assert_allclose(errors, 0.0, atol=1e-6)


def test_prediction_errors_are_what_another_gravity_adds_in_a_step():
    log = simulate_log(PD, replace(NOMINAL, gravity=19.6), 4)
    rate_errors = prediction_errors(log, NOMINAL)[:, 3]
    angle = np.concatenate([episode.observations[:-1, 2] for episode in log])
    # 9.8 more gravity turns an upright pole faster by g sin(theta) / (l (4/3 - m / M)) per second.
    added = 0.02 * 9.8 * np.sin(angle) / (0.5 * (4 / 3 - 0.1 / 1.1))
    np.testing.assert_allclose(rate_errors, added, atol=2e-4)


@pytest.mark.parametrize("delay", [0, 1, 3])
def test_the_response_of_a_simulator_comes_as_late_as_its_delay(delay):
    log = simulate_log(RandomPolicy(1), replace(NOMINAL, action_delay=delay), 40)
    response = command_response(log)
    assert np.argmax(response) == delay
    assert response[delay] == pytest.approx(0.195, rel=0.15)  # 10 N on 1.1 kg and a pole, 20 ms
    # Here the velocity is exact, and not a step behind as on a rig.
    assert latency_steps(log) == max(0, delay - 1)


def test_the_latency_of_a_rig_is_found_within_a_step_from_500_steps():
    errors = []
    for seed in range(40):
        rig = Rig(seed)
        rig.run(RandomPolicy(seed), 20)
        assert 300 < rig.budget - rig.steps_left < 1_000
        errors.append(latency_steps(rig.log) - _INSIDE[rig].machine.latency / 0.02)
    # Latencies are not whole numbers of steps, so no whole number is always within one.
    assert np.mean(np.abs(errors) <= 1.0) >= 0.95
    assert np.max(np.abs(errors)) < 1.5


# The first steps of a log


def counted(*lengths):
    """A log in which every action and every observation has a number of its own."""
    log, first = [], 0
    for length in lengths:
        numbers = np.arange(first, first + length + 1)
        log.append(SimulatedEpisode(np.repeat(numbers[:, None], 4, axis=1), numbers[:-1]))
        first += 100
    return log


def shapes(log):
    return [(len(episode.observations), len(episode.actions)) for episode in log]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (1, [1]),
        (2, [2]),
        (3, [3]),
        (4, [3, 1]),
        (5, [3, 2]),
        (6, [3, 2, 1]),
        (9, [3, 2, 4]),
    ],
)
def test_the_first_steps_are_whole_episodes_and_the_start_of_one(steps, expected):
    log = counted(3, 2, 4)
    cut = first_steps(log, steps)
    assert shapes(cut) == [(length + 1, length) for length in expected]
    for i, episode in enumerate(cut):
        length = len(episode.actions)
        np.testing.assert_array_equal(episode.actions, log[i].actions[:length])
        np.testing.assert_array_equal(episode.observations, log[i].observations[: length + 1])


def test_an_episode_without_steps_is_left_out():
    assert shapes(first_steps(counted(0, 2, 0, 3), 4)) == [(3, 2), (3, 2)]


def test_no_steps_are_an_empty_log():
    assert first_steps(counted(3), 0) == first_steps([], 0) == []


@pytest.mark.parametrize("lengths", [(), (3,), (3, 5)])
def test_more_steps_than_were_logged_are_refused(lengths):
    message = f"the log holds {sum(lengths)} steps, not 1,009; log more episodes"
    with pytest.raises(ValueError, match=message):
        first_steps(counted(*lengths), 1_009)


def test_the_first_steps_of_a_rig_can_be_used_as_its_log():
    rig = Rig(1)
    rig.run(PD, 2, max_steps=10)
    log = first_steps(rig.log, 13)
    assert prediction_errors(log, NOMINAL).shape == (13, 4)
