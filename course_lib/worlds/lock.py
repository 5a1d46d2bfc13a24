"""Combination locks: small tabular worlds in which naive exploration takes exponentially long.

After the lower bound of Wagenmaker, Huang, Ke, Jamieson and Gupta (2024), "Overcoming the
Sim-to-Real Gap: Leveraging Simulation to Learn to Explore for Real-World RL", arXiv 2410.20254.
Bailing out is worth 0.5 at any time; only a whole chain of right actions shows that its end is
worth more.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from gymnasium import spaces

from course_lib.worlds.batch import BatchWorld, SingleWorld

SAFE_REWARD = 0.5  # for bailing out; WIN pays 1 and DEAD 0


@dataclass(frozen=True)
class Tabular:
    """A world of H steps, S states and A actions that is known exactly; see `Lock.model`."""

    transitions: np.ndarray  # (H, S, A, S), chance of each next state
    rewards: np.ndarray  # (H, S, A), expected
    start: np.ndarray  # (S,), chance of each first state

    @property
    def shape(self) -> tuple[int, int, int]:
        """(H, S, A): steps, states and actions."""
        return self.rewards.shape

    @property
    def absorbing(self) -> np.ndarray:
        """The states (S,) bool that no action leaves at any step."""
        states = np.arange(self.shape[1])
        return np.isclose(self.transitions[:, states, :, states], 1).all(axis=(1, 2))


@dataclass(frozen=True)
class Lock:
    """One combination lock; `code` and sizes settle its right actions.

    The defaults of the second group are those of a simulator: these knobs are what only reality
    has. Everything drawn from `code` is drawn in one order whatever the knobs are, so that two
    locks with one code and the same sizes differ in nothing but their knobs.

    Raises ValueError for a value that makes no lock.
    """

    horizon: int = 6  # steps of the chain
    actions: int = 3
    good: int = 2  # good states at each step of the chain
    win: float = 0.5  # chance that the end of the chain is WIN and not DEAD
    cost: float = 0.002  # of each right action; without it, bailing late is as good as at once

    flipped: int = 0  # steps at which every right action is another one than without flips
    slip: float = 0.0  # chance per step that a uniformly random action is executed instead
    corridor: int = 0  # steps between the end of the chain and WIN
    relabelled: bool = False  # observations show the good states' names permuted, at each step anew

    code: int = 0  # seed of the right actions, flips and permutations

    def __post_init__(self):
        at_least = {
            "horizon": 1, "actions": 2, "good": 1, "flipped": 0, "corridor": 0, "code": 0
        }  # fmt: skip
        for name, least in at_least.items():
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}, not {getattr(self, name)}")
        for name in ("win", "slip"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be a chance in [0, 1], not {getattr(self, name)}")
        if not 0 <= self.cost < np.inf:
            raise ValueError(f"cost must be a number of at least 0, not {self.cost}")
        if self.flipped > self.horizon:
            raise ValueError(
                f"flipped must be at most the horizon of {self.horizon}, not {self.flipped}"
            )

    @property
    def steps(self) -> int:
        """Steps of an episode at most: the chain and the corridor."""
        return self.horizon + self.corridor

    @property
    def names(self) -> tuple[str, ...]:
        """What each of the S states is called, in the order of their numbers."""
        good = tuple(f"GOOD {i}" for i in range(self.good))
        return (*good, "SAFE", "DEAD", "WIN", *(("CORRIDOR",) if self.corridor else ()))

    @cached_property
    def _drawn(self) -> tuple[np.ndarray, np.ndarray]:
        """The right actions (steps, good) and the labels (horizon, good), by true state."""
        rng = np.random.default_rng(self.code)
        chain = (self.horizon, self.good)
        right = rng.integers(self.actions, size=chain)
        order = rng.permutation(self.horizon)
        other = rng.integers(1, self.actions, size=chain)
        labels = rng.permuted(np.tile(np.arange(self.good), (self.horizon, 1)), axis=1)
        in_corridor = rng.integers(self.actions, size=self.corridor)  # last: its length varies
        flips = np.isin(np.arange(self.horizon), order[: self.flipped])
        right = (right + other * flips[:, None]) % self.actions
        right = np.concatenate([right, np.tile(in_corridor[:, None], self.good)])
        return right, labels if self.relabelled else np.broadcast_to(np.arange(self.good), chain)

    @property
    def right(self) -> np.ndarray:
        """The right actions (steps, good) in each true good state.

        A step of the corridor has one right action, which stands in every column.
        """
        return self._drawn[0]

    @property
    def labels(self) -> np.ndarray:
        """Under which number each true state is seen at each step, (steps + 1, S)."""
        labels = np.tile(np.arange(len(self.names)), (self.steps + 1, 1))
        labels[: self.horizon, : self.good] = self._drawn[1]
        return labels

    @property
    def keys(self) -> np.ndarray:
        """The right action (steps, S) in each true state, and -1 where no action opens anything."""
        keys = np.full((self.steps, len(self.names)), -1)
        keys[: self.horizon, : self.good] = self.right[: self.horizon]
        if self.corridor:
            keys[self.horizon :, -1] = self.right[self.horizon :, 0]
        return keys

    def make(self, num_envs: int, *, autoreset: bool = True) -> "CombinationLock":
        """Build a batch of `num_envs` such locks."""
        return CombinationLock(num_envs, self, autoreset=autoreset)

    def model(self) -> Tabular:
        """The exact model, in which a state is the label that a policy sees.

        Labels can stand for states at no loss: one step's labels are a permutation of its true
        states. What cannot be reached (a good state after the chain, the corridor before its end)
        leads to SAFE.
        """
        shape = (self.steps, len(self.names), self.actions)
        safe, dead, win = range(self.good, self.good + 3)
        transitions, rewards = np.zeros((*shape, shape[1])), np.zeros(shape)
        transitions[..., safe] = 1.0
        rewards[:] = SAFE_REWARD
        for end in (safe, dead, win):
            transitions[:, end] = np.eye(shape[1])[end]
            rewards[:, end] = 0.0
        for h, true in np.argwhere(self.keys >= 0):
            pair = h, self.labels[h, true], self.keys[h, true]
            transitions[pair] = 0.0
            rewards[pair] = -self.cost
            if h == self.steps - 1:
                transitions[pair][[dead, win]] = 1 - self.win, self.win
                rewards[pair] += self.win
            elif h < self.horizon - 1:
                transitions[pair][: self.good] = 1 / self.good
            else:
                transitions[pair][-1] = 1.0
        # A slip executes each action alike.
        for table in (transitions, rewards):
            table[:] = (1 - self.slip) * table + self.slip * table.mean(axis=2, keepdims=True)
        start = np.zeros(shape[1])
        start[: self.good] = 1 / self.good
        return Tabular(transitions, rewards, start)


class CombinationLock(BatchWorld):
    """Open a lock by a chain of right actions or bail out, in `num_envs` worlds at once.

    Actions: `Discrete(actions)`.

    Observations: int64 (2,), the step (0 … steps) and the label of the state. The states are
    `good` good ones, then SAFE, DEAD and WIN, then CORRIDOR where the lock has one.

    Start: uniformly in a good state. In a good state the right action of this step and state costs
    `cost` and leads to a good state, drawn uniformly; any other action leads to SAFE. The right
    action at the last step leads to WIN with the chance `win`, else to DEAD; in a lock with a
    corridor it leads to CORRIDOR, whose every step has its own right action, and the last of those
    leads to WIN or DEAD. A wrong action there leads to SAFE as well, so that failing is never
    worse than bailing out: what a corridor makes hard is finding its end.

    Rewards: on entering WIN 1, SAFE 0.5, DEAD 0, less `cost` for each right action.

    End: `terminated` on entering WIN, SAFE or DEAD, at the latest after `steps` steps.
    """

    def __init__(self, num_envs: int = 1, lock: Lock | None = None, *, autoreset: bool = True):
        self.lock = lock = lock if lock is not None else Lock()
        super().__init__(
            num_envs,
            spaces.MultiDiscrete([lock.steps + 1, len(lock.names)], dtype=np.int64),
            spaces.Discrete(lock.actions),
            max_episode_steps=lock.steps + 1,  # never reached: every lock ends before
            autoreset=autoreset,
        )
        self._keys, self._labels = lock.keys, lock.labels
        self._state = np.zeros(num_envs, dtype=np.int64)
        self._safe, self._dead, self._win = range(lock.good, lock.good + 3)
        self._worth = np.zeros(len(lock.names))
        self._worth[self._safe], self._worth[self._win] = SAFE_REWARD, 1.0

    def _begin(self, which, options):
        self._state[which] = self.np_random.integers(self.lock.good, size=which.size)
        return self._observe(which, np.zeros(which.size, dtype=np.int64))

    def _advance(self, actions):
        lock, n, state = self.lock, self.num_envs, self._state
        h = np.minimum(self._steps, lock.steps - 1)  # a finished world goes on being stepped
        if lock.slip:
            slips = self.np_random.random(n) < lock.slip
            actions = np.where(slips, self.np_random.integers(lock.actions, size=n), actions)
        opened = actions == self._keys[h, state]
        wins = self.np_random.random(n) < lock.win
        ahead = np.where(
            h < lock.horizon - 1,
            self.np_random.integers(lock.good, size=n),
            np.where(h < lock.steps - 1, len(lock.names) - 1, self._dead + wins),
        )
        going = (state < self._safe) | (state > self._win)
        self._state = np.where(opened, ahead, np.where(going, self._safe, state))
        ended = (self._state >= self._safe) & (self._state <= self._win)
        rewards = self._worth[self._state] * going - lock.cost * opened
        return self._observe(self._everyone, h + 1), rewards, ended

    def _observe(self, which, h):
        return np.stack([h, self._labels[h, self._state[which]]], axis=1)


def pair(
    horizon: int = 6,
    gap: float = 0.8,
    code: int = 0,
    *,
    actions: int = 3,
    good: int = 2,
    cost: float = 0.002,
    **real_knobs,
) -> tuple[Lock, Lock]:
    """Return a simulator and a reality whose chances to win differ by `gap`, in [-1, 1].

    The simulator wins with 0.5 - gap / 2 and reality with 0.5 + gap / 2. `real_knobs` (flipped,
    slip, corridor, relabelled) are reality's alone. Raises ValueError for a gap outside its range.
    """
    if not -1 <= gap <= 1:
        raise ValueError(f"gap must lie in [-1, 1], not {gap}")
    sizes = {"horizon": horizon, "actions": actions, "good": good, "cost": cost, "code": code}
    return Lock(**sizes, win=0.5 - gap / 2), Lock(**sizes, win=0.5 + gap / 2, **real_knobs)


def single_lock(lock: Lock | None = None) -> SingleWorld:
    """The environment behind `gym.make("sim2real/CombinationLock-v0", lock=...)`."""
    return SingleWorld(CombinationLock(1, lock, autoreset=False))
