"""Checks of exercise 11: steering to one step; five more modules have the other parts."""

import numpy as np

from course_lib.checks import (  # noqa: F401  register the rest
    ex11_corridor,
    ex11_fitted,
    ex11_remedy,
    ex11_tail,
    ex11_weights,
)
from course_lib.teach.checking import Answer, numbers, part, require


@part("11.1")
def steer(answer: Answer) -> None:
    """`answer(transitions, h, reward)` is a policy (H, S) that maximises the reward of step h."""
    draw = np.random.default_rng(1101)
    for steps, states, actions, h in ((6, 4, 3, 3), (3, 6, 2, 1), (6, 3, 4, 2), (4, 3, 2, 0),
                                      (4, 5, 3, 3), (1, 3, 2, 0), (7, 2, 5, 6)):  # fmt: skip
        world = _world(draw, steps, states, actions)
        sizes = f"{steps} step{'s'[: steps > 1]}, {states} states, {actions} actions and h = {h}"
        reward = draw.normal(0, 1, (states, actions))
        _check(answer, sizes, world, h, reward)
        _check(answer, f"{sizes}, all rewards below zero", world, h, -1 - abs(reward))
        one = np.zeros((states, actions))
        one[draw.integers(states), draw.integers(actions)] = 1.0
        _check(answer, f"{sizes}, one pair rewarded", world, h, one)
    moves = np.eye(4)[draw.integers(4, size=(5, 4, 3))]
    reward = draw.integers(0, 9, (4, 3))
    _check(answer, "5 steps without any chance in them, whole rewards and h = 3", moves, 3, reward)


def _world(draw: np.random.Generator, steps: int, states: int, actions: int) -> np.ndarray:
    """Random transitions (H, S, A, S), other ones at each step; nothing leads out of the last."""
    world = draw.dirichlet(np.full(states, 0.4), size=(steps, states, actions))
    world[:, -1] = np.eye(states)[-1]
    return world


def _check(answer: Answer, what: str, world: np.ndarray, h: int, reward: np.ndarray) -> None:
    """From every state the policy expects as much as can be had; if not, look for the mistake."""
    steps, states, actions, _ = world.shape
    came = answer(world, h, reward)
    got = numbers(came, (steps, states), f"{what}: the policy")
    whole = np.asarray(came).dtype.kind in "iu"
    require(whole, f"{what}: a policy holds actions, and these are integers of type int")
    policy = got.astype(int)
    within = (policy >= 0) & (policy < actions)
    require(bool(within.all()), f"{what}: the actions are 0 to {actions - 1}, and others came back")
    expected, best = _expected(policy, world, h, reward), _best(world, h, reward)
    state = int((best - expected).argmax())
    right = best[state] - expected[state] <= 1e-9
    hint = _hint(policy, world, h, reward)
    require(right, f"{what}: from state {state} your policy expects {expected[state]:.4g}, "
            f"and more can be had; {hint}")  # fmt: skip


def _expected(policy: np.ndarray, world: np.ndarray, h: int, reward: np.ndarray) -> np.ndarray:
    """What a policy expects from each first state, (S,)."""
    everywhere = np.arange(len(reward))
    value = reward[everywhere, policy[h]]
    for step in range(h - 1, -1, -1):
        value = world[step, everywhere, policy[step]] @ value
    return value


def _best(world: np.ndarray, h: int, reward: np.ndarray) -> np.ndarray:
    value = reward.max(axis=1)
    for step in range(h - 1, -1, -1):
        value = (world[step] @ value).max(axis=1)
    return value


def _plan(world, h, reward, *, last=None, model=lambda step: step, again=False, least=None,
          after=lambda q: q.max(axis=1)) -> np.ndarray:  # fmt: skip
    """Backward induction with one thing done otherwise; from `last`, which is h."""
    policy, value = np.zeros(world.shape[:2], dtype=int), np.zeros(len(reward))
    last = h if last is None else last
    for step in range(last, -1, -1):
        q = reward if step == last else world[model(step)] @ value
        q = q + reward if again and step < last else q
        policy[step], value = q.argmax(axis=1), after(q)
        value = value if least is None else np.maximum(value, least)
    return policy


def _hint(policy: np.ndarray, world: np.ndarray, h: int, reward: np.ndarray) -> str:
    steps = len(world)
    only = np.zeros_like(policy)
    only[h] = reward.argmax(axis=1)
    fixed = np.argmax(world @ reward.max(axis=1), axis=2)  # one step ahead, at every step
    fixed[h] = only[h]
    toward = np.argmax([world[t] @ reward.max(axis=1) for t in range(steps)], axis=2)
    mistakes = (
        (np.tile(reward.argmax(axis=1), (steps, 1)),
         "you take the best pair of the moment; before step h nothing is paid, and it matters "
         "where an action leads"),
        (_plan(world, h, reward, least=0), "a value may be below zero"),
        (only, "before step h it takes no aim at all; which step comes before h?"),
        (_plan(world, h, reward, again=True), "the reward is paid once, at step h, not on the way"),
        (_plan(world, h, -reward), "it steers away from the reward"),
        (_plan(world, h, reward, last=steps - 1),
         "it plans for a reward at the last step; it is paid at step h"),
        (_plan(world, h, reward, last=min(h + 1, steps - 1)), "it plans for a reward one too late"),
        (_plan(world, h, reward, last=max(h - 1, 0)), "it plans for a reward one step too early"),
        (_plan(world, h, reward, model=lambda step: min(step + 1, steps - 1)),
         "the transitions of a step lead from it to the next one, not from the next one on"),
        (_plan(world, h, reward, model=lambda step: 0), "each step has transitions of its own, and "
         "you use those of the first"),
        (_plan(world, h, reward, model=lambda step: h), "each step has transitions of its own, and "
         "you use those of step h"),
        (_plan(world, h, reward, model=lambda step: h - 1 - step),
         "each step has transitions of its own, and you take them in the opposite order"),
        (_plan(world, h, reward, after=lambda q: q.mean(axis=1)),
         "the steps that follow are planned too; their value is no mean over actions"),
        (_plan(world, h, reward, after=lambda q: q.min(axis=1)),
         "the steps that follow are yours as well; their value is not that of the worst action"),
        (fixed, "the value of a state changes from step to step; go back one step at a time"),
        (toward, "the value of a state changes from step to step; go back one step at a time"),
    )  # fmt: skip
    for other, hint in mistakes:
        if np.array_equal(other[: h + 1], policy[: h + 1]):
            return hint
    return "go through two states and two steps by hand, from step h backwards"
