"""A clinic with a waiting list: whenever the doctor is free, who is called up next?

A queue with two groups of patients, as in textbooks on scheduling: serving the shorter visits first
has the least mean wait (Cox and Smith 1961, "Queues", the c-mu rule). What a booking system leaves
out is in `ClinicPhysics`, too: people who wait longer come less often, Mondays are not Fridays, and
some complex cases take far longer than planned. `SOURCES` says where its numbers come from.
"""

from dataclasses import dataclass

import numpy as np
from gymnasium import spaces

from course_lib.worlds.batch import BatchWorld, SingleWorld
from course_lib.worlds.physics import Physics, quantity

GROUPS = ("routine", "complex")
ROUTINE, COMPLEX = range(len(GROUPS))  # the actions, too
DAY = 420.0  # min, the opening hours of a day; nights and weekends are left out
DAYS = 5  # of a week, which is an episode
WEEK = DAYS * DAY
BACKLOG = 20  # patients on the list on Monday morning
WAITED = 3  # days, the longest that one of them has waited
LONGEST = DAYS + WAITED  # days, the longest wait that a week can end with
AGAIN = DAY  # min after which a patient who did not come can be called up again
ROOM = 140  # patients of a week at most, the backlog included; at 18 a day 110 are expected
CALLS = 4  # calls of one patient that have luck of their own; later ones share the last

SOURCES = (
    "Routine visits of 15 min lie within the averages of 67 countries, 48 s to 22.5 min: Irving et "
    "al. (2017), BMJ Open 7:e017902. That complex visits take three times as long is assumed.",
    "No-shows of 20 % are near the mean of 105 studies, 23 %: Dantas et al. (2018), Health Policy "
    "122, 412-421, who name a long wait among the main reasons. How steeply the odds rise in "
    "`SURGERY` is assumed.",
    "Which elements a model of a clinic needs, and the wait for an appointment as a measure beside "
    "the doctor's use of time: Cayirli and Veral (2003), Production and Operations Management 12, "
    "519-549; Gupta and Denton (2008), IIE Transactions 40, 800-819.",
    "Load, backlog, spread of visits, Monday's surge and the tail of complex cases are assumed.",
)


@dataclass(frozen=True)
class ClinicPhysics(Physics):
    """The clinic as its simulator knows it; the last three are what the simulator leaves out."""

    requests: float = quantity(
        14.0, "1/day", "new patients on the list, on average", low=0.1, high=18
    )
    complex_share: float = quantity(0.25, "1", "share of complex cases", low=0, high=1)
    routine_visit: float = quantity(15.0, "min", "mean length of a routine visit", low=1)
    complex_visit: float = quantity(45.0, "min", "mean length planned for a complex one", low=1)
    spread: float = quantity(0.4, "1", "standard deviation of the log of lengths", low=0, high=2)
    no_show: float = quantity(0.2, "1", "chance that a patient does not come", low=0, high=0.9)
    no_show_rise: float = quantity(0.0, "1/day", "rise of its log-odds per day waited", low=0)
    surge: float = quantity(0.0, "1", "share more requests on Mondays, fewer later", low=0, high=4)
    tail: float = quantity(0.0, "1", "added to the spread of complex visits", low=0, high=2)

    def make(self, num_envs: int, *, autoreset: bool = True) -> "Clinic":
        """Build a batch of `num_envs` clinics with this physics."""
        return Clinic(num_envs, self, autoreset=autoreset)


# A real clinic as this course has it. It differs from the simulator in structure: in there, waiting
# has no consequence, all days are alike, and complex cases overrun no more than others.
SURGERY = ClinicPhysics(no_show=0.15, no_show_rise=0.2, surge=0.6, tail=0.5)


class Clinic(BatchWorld):
    """Call up patients for a week at `num_envs` clinics at once; one decision for each free time.

    Actions: `Discrete(2)`: call up the routine (0) or the complex (1) patient who has waited
    longest. If nobody of this group can be called, the other group is served instead.

    Observations: float32 (5,); only patients who can be called up now are counted, so nobody when
    the week is over:

    | index | quantity                                  | unit |
    |-------|-------------------------------------------|------|
    | 0     | routine patients on the list              | 20   |
    | 1     | complex patients on the list              | 20   |
    | 2     | longest wait of a routine patient, or 0   | days |
    | 3     | longest wait of a complex patient, or 0   | days |
    | 4     | time since Monday morning                 | week |

    Rewards: a patient is worth 1 - (wait / `LONGEST`) ** `power`, where the wait is that of
    `waits` at the end of the week. The return of a week is the mean worth of its patients, so it
    lies in [0, 1]; with `power` 1, as it is unless told, it is 1 minus the mean wait in units of 8
    days. The first reward contains what the week would be worth if nobody were called up, and each
    patient who is seen adds the rest at once. So no reward depends on how long a visit takes, which
    an agent that discounts would otherwise learn to prefer.

    Start: `BACKLOG` patients who have waited up to `WAITED` days. End: `terminated` when the
    week is over. A visit that began runs on after that.

    A patient who was called and does not come costs the planned length of the visit, stays on the
    list, and can be called again after a day. Lengths of visits have a log-normal factor that
    belongs to the patient, so policies that are compared with one seed meet the same patients with
    the same luck. The factor has mean 1 if `tail` is 0. Times are opening hours: a day has `DAY`
    minutes.
    """

    def __init__(
        self,
        num_envs: int = 1,
        physics: ClinicPhysics | None = None,
        *,
        power: float = 1.0,
        as_costs: bool = False,
        autoreset: bool = True,
    ):
        super().__init__(
            num_envs,
            spaces.Box(0.0, np.inf, (5,), np.float32),
            spaces.Discrete(len(GROUPS)),
            max_episode_steps=400,
            autoreset=autoreset,
        )
        self.physics = physics if physics is not None else ClinicPhysics()
        self.power, self.as_costs = power, as_costs
        self._k: dict[str, np.ndarray] = {}
        shape = (num_envs, ROOM)
        # Of each patient: when the request came, when a call is possible, when seen; in min.
        self._requested, self._callable, self._seen = np.full((3, *shape), np.inf)
        self._group, self._calls = np.zeros((2, *shape), dtype=int)
        self._length = np.ones(shape)  # of the visit, over what is planned
        self._luck = np.ones((*shape, CALLS))
        self._now, self._busy = np.zeros((2, num_envs))
        self._due = np.zeros(num_envs)  # reward that comes with the next decision whatever it is

    @property
    def groups(self) -> np.ndarray:
        """The group of each patient, (num_envs, ROOM), an index into `GROUPS`; -1 for nobody."""
        return np.where(np.isfinite(self._requested), self._group, -1)

    @property
    def was_seen(self) -> np.ndarray:
        """Who has been seen by now, or by the end of the week, (num_envs, ROOM) bool."""
        return np.isfinite(self._seen)

    @property
    def waits(self) -> np.ndarray:
        """Days from each patient's request until seen, or until now, (num_envs, ROOM).

        NaN for nobody, and for those who are still to come.
        """
        until = np.minimum(self._seen, np.minimum(self._now, WEEK)[:, None])
        days = (until - np.where(np.isfinite(self._requested), self._requested, np.nan)) / DAY
        return np.where(days >= 0, days, np.nan)

    @property
    def utilisation(self) -> np.ndarray:
        """The share of the week so far that the doctor spent with patients, (num_envs,)."""
        return self._busy / np.maximum(np.minimum(self._now, WEEK), 1e-9)

    def _begin(self, which, options):
        rng, n = self.np_random, which.size
        # Patients are drawn before physics: clinics that differ in their physics share them.
        waited = rng.uniform(0, WAITED * DAY, (n, BACKLOG))
        gaps = rng.exponential(size=(n, ROOM - BACKLOG))
        kind, length = rng.random((n, ROOM)), rng.standard_normal((n, ROOM))
        self._luck[which] = rng.random((n, ROOM, CALLS))
        for name, values in self.physics.sample(rng, n).items():
            self._k.setdefault(name, np.zeros(self.num_envs))[which] = values
        k = {name: values[which, None] for name, values in self._k.items()}
        came = _when(gaps.cumsum(axis=1) / k["requests"], k["surge"]) * DAY
        requested = np.hstack([-waited, np.where(came < WEEK, came, np.inf)])
        self._group[which] = kind < k["complex_share"]
        spread = k["spread"] + k["tail"] * self._group[which]
        self._length[which] = np.exp(spread * length - k["spread"] ** 2 / 2)
        self._requested[which] = self._callable[which] = requested
        self._seen[which] = np.inf
        self._calls[which] = 0
        self._now[which] = self._busy[which] = 0.0
        self._due[which] = self._worth(which, WEEK).sum(axis=1)
        return self._observe()[which]

    def _advance(self, actions):
        rows = np.flatnonzero(self._now < WEEK)
        rewards, self._due = self._due.astype(np.float32), np.zeros(self.num_envs)
        before = self._cost()
        if rows.size:
            rewards[rows] += self._call(rows, self._next(rows, actions[rows]))
        # Until somebody can be called the doctor has nothing to do.
        free = np.maximum(self._now[rows], self._callable[rows].min(axis=1))
        self._now[rows] = np.minimum(free, WEEK)
        if self.as_costs:
            rewards = (before - self._cost()).astype(np.float32)
        return self._observe(), rewards, self._now >= WEEK

    def _next(self, rows, group):
        """Whom to call: the longest waiting of this group, or else of the other one."""
        there = self._callable[rows] <= self._now[rows, None]
        mine = there & (self._group[rows] == group[:, None])
        there = np.where(mine.any(axis=1, keepdims=True), mine, there)
        return np.where(there, self._requested[rows], np.inf).argmin(axis=1)

    def _call(self, rows, patient):
        """Call up one patient each: a visit, or time lost because nobody came."""
        k = {name: values[rows] for name, values in self._k.items()}
        now, call = self._now[rows], np.minimum(self._calls[rows, patient], CALLS - 1)
        waited = (now - self._requested[rows, patient]) / DAY
        with np.errstate(divide="ignore"):  # a chance of 0 has log-odds of minus infinity
            odds = np.log(k["no_show"] / (1 - k["no_show"])) + k["no_show_rise"] * waited
        came = self._luck[rows, patient, call] >= 1 / (1 + np.exp(-odds))
        planned = np.where(self._group[rows, patient], k["complex_visit"], k["routine_visit"])
        lasts = np.where(came, planned * self._length[rows, patient], planned)
        self._seen[rows, patient] = np.where(came, now, np.inf)
        self._callable[rows, patient] = np.where(came, np.inf, now + AGAIN)
        self._calls[rows, patient] += 1
        self._now[rows] = now + lasts
        self._busy[rows] += np.where(came, np.minimum(lasts, WEEK - now), 0)
        gained = self._worth(rows, now[:, None]) - self._worth(rows, WEEK)
        return np.where(came, gained[np.arange(rows.size), patient], 0)

    def _worth(self, rows, until):
        """What each patient adds to the return if seen at `until`, (n, ROOM); 0 for nobody."""
        there = np.isfinite(self._requested[rows])
        waits = np.where(there, until - self._requested[rows], 0) / DAY
        worth = 1 - np.maximum(waits / LONGEST, 0) ** self.power
        return np.where(there, worth, 0) / there.sum(axis=1, keepdims=True)

    def _cost(self):
        """What all waits so far cost the return, (num_envs,)."""
        waits = np.minimum(self._seen, self._now[:, None]) - self._requested
        waits = np.where(waits > 0, waits, 0) / DAY
        return ((waits / LONGEST) ** self.power).sum(axis=1) / np.isfinite(self._requested).sum(1)

    def _observe(self):
        seen = np.zeros((self.num_envs, 5), dtype=np.float32)
        there = (self._callable <= self._now[:, None]) & (self._now < WEEK)[:, None]
        for group in range(len(GROUPS)):
            mine = there & (self._group == group)
            first = np.where(mine, self._requested, np.inf).min(axis=1)
            seen[:, group] = mine.sum(axis=1) / 20
            seen[:, 2 + group] = np.where(mine.any(axis=1), self._now - first, 0) / DAY
        seen[:, 4] = self._now / WEEK
        return seen


@dataclass(frozen=True)
class ClinicCosts:
    """Clinics to train in: each reward is what the waits since the last decision cost, below zero.

    The returns differ from those of `Clinic` by what no action changes, so the same policies are
    good. But a long visit costs at once what all others wait in the meantime, while `Clinic` shows
    it only in visits that come later; that is far harder to learn. Waits count to a `power`: above
    1, one long wait is worse than two that are half as long.
    """

    physics: ClinicPhysics
    power: float = 1.0

    def make(self, num_envs: int, *, autoreset: bool = True) -> Clinic:
        """Build a batch of `num_envs` clinics."""
        return Clinic(num_envs, self.physics, power=self.power, as_costs=True, autoreset=autoreset)


def _when(requests, surge):
    """The day on which a week's request comes, if days were alike: `requests` (n, k) in days."""
    monday, later = 1 + surge, 1 - surge / (DAYS - 1)
    return np.where(
        requests < monday, requests / monday, 1 + (requests - monday) / np.maximum(later, 1e-9)
    )


def single_clinic(physics: ClinicPhysics | None = None) -> SingleWorld:
    """One clinic, from `gym.make("sim2real/Clinic-v0", physics=...)`."""
    return SingleWorld(Clinic(1, physics, autoreset=False))
