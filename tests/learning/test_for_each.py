"""One function for many policies: in their order, and what is known is not computed again."""

import json
import sys
import time

import joblib
import numpy as np
import pytest

from course_lib.learning import PD, LinearPolicy
from course_lib.learning.for_each import for_each

SOURCE = """
calls = []


def tell(policy, factor=1, offset=0):
    calls.append((policy, factor, offset))
    return len(getattr(policy, "fingerprint", "")) * factor + offset


def tell_otherwise(policy, factor=1, offset=0):
    return -tell(policy, factor, offset)


def nothing(policy):
    calls.append(policy)


def fail(policy, error):
    calls.append(policy)
    raise {"KeyError": KeyError, "ValueError": ValueError}[error]("it fails")
"""


class Fingerprinted:
    """A policy of which only the fingerprint is looked at."""

    def __init__(self, fingerprint):
        self.fingerprint = fingerprint

    def __call__(self, observations):
        return np.zeros(len(observations), dtype=int)


@pytest.fixture
def made(write_module):
    """A module of course_lib with functions for policies; one call after the other."""
    module = write_module("made_for_each", SOURCE)
    with joblib.parallel_config(backend="sequential"):
        yield module


@pytest.fixture
def stored(tmp_path):
    """The notes of what is in the store."""

    def notes():
        files = (tmp_path / "default_store").glob("*.json")
        return [json.loads(file.read_text()) for file in files]

    return notes


def slow_if_short(policy):
    time.sleep(0.05 if len(policy.fingerprint) == 1 else 0)
    return policy.fingerprint


def test_results_come_in_the_order_of_the_policies_whichever_is_ready_first():
    names = ["a", "bb", "ccc", "dddd"]
    with joblib.parallel_config(backend="threading"):
        assert for_each(slow_if_short, [Fingerprinted(name) for name in names]) == names


def test_results_come_in_the_order_of_the_policies(made):
    policies = [Fingerprinted(name) for name in ("a", "bb", "ccc", "dddd")]
    assert for_each(made.tell, policies) == [1, 2, 3, 4]
    assert for_each(made.tell, policies[::-1]) == [4, 3, 2, 1]  # now from the store
    assert for_each(made.tell, []) == []


def test_a_fingerprint_is_computed_once(made, stored):
    for _ in range(3):
        assert for_each(made.tell, [Fingerprinted("bb"), Fingerprinted("a")], factor=2) == [4, 2]
    assert len(made.calls) == len(stored()) == 2
    assert for_each(made.tell, [Fingerprinted("ccc"), Fingerprinted("a")], factor=2) == [6, 2]
    assert [policy.fingerprint for policy, *_ in made.calls][2:] == ["ccc"]


def test_a_recipe_is_computed_once_for_all_equal_ones(made, stored):
    for policy in (PD, LinearPolicy(PD.gains), LinearPolicy((1.0, 0.0, 10.0, 2.0)), PD):
        assert for_each(made.tell, [policy]) == [0]
    assert len(made.calls) == len(stored()) == 2


def test_a_result_that_is_none_is_stored_too(made):
    for _ in range(2):
        assert for_each(made.nothing, [PD]) == [None]
    assert made.calls == [PD]


def test_what_nobody_can_identify_is_computed_every_time_and_never_stored(made, stored):
    def policy(observations):
        return observations

    for n in (1, 2):
        assert for_each(made.tell, [policy, lambda seen: seen], offset=7) == [7, 7]
        assert len(made.calls) == 2 * n
    assert stored() == []


def test_a_function_of_a_notebook_is_called_every_time_and_never_stored(made, stored):
    calls = []
    for n in (1, 2):
        assert for_each(lambda policy: calls.append(policy), [PD]) == [None]
        assert len(calls) == n
    assert stored() == []


def test_one_that_is_stored_and_one_that_is_not_go_together(made, stored):
    for n in (1, 2):
        assert for_each(made.tell, [len, Fingerprinted("a")], offset=1) == [1, 2]
        assert len(made.calls) == 1 + n
    assert len(stored()) == 1


def test_settings_and_functions_are_not_mixed_up(made, stored):
    policy = [Fingerprinted("bb")]
    for _ in range(2):
        assert for_each(made.tell, policy, factor=2) == [4]
        assert for_each(made.tell, policy, factor=3) == [6]
        assert for_each(made.tell, policy, factor=3, offset=1) == [7]
        assert for_each(made.tell_otherwise, policy, factor=3) == [-6]
    assert len(made.calls) == len(stored()) == 4


def test_the_note_tells_the_policy_and_the_settings(made, stored):
    for_each(made.tell, [Fingerprinted("bb")], factor=2)
    (note,) = stored()
    assert note["function"] == "course_lib.made_for_each.tell"
    assert note["config"] == {"policy": "bb", "factor": "2"}


def test_another_source_has_it_computed_again(made, write_module):
    assert for_each(made.tell, [PD], offset=1) == [1]
    changed = write_module("made_for_each", SOURCE.replace("+ offset", "+ 10 * offset"))
    assert sys.modules["course_lib.made_for_each"] is changed
    assert for_each(changed.tell, [PD], offset=1) == [10]


@pytest.mark.parametrize("error", ["KeyError", "ValueError"])
@pytest.mark.parametrize("policy", [PD, len], ids=["stored", "not stored"])
def test_an_error_arrives_and_nothing_is_stored(made, stored, policy, error):
    for n in (1, 2):
        with pytest.raises((KeyError, ValueError), match="it fails") as caught:
            for_each(made.fail, [policy], error=error)
        assert caught.type.__name__ == error
        assert len(made.calls) == n
    assert stored() == []


def test_a_setting_that_the_function_does_not_have_is_an_error(made):
    with pytest.raises(TypeError, match="wrong"):
        for_each(made.tell, [PD], wrong=1)
