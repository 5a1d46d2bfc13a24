"""An arm picks parcels from a running belt; what its simulator leaves out is that parcels slip.

A parcel that drops onto a belt is slower than the belt. Coulomb friction drags it along at
friction · gravity, whatever it weighs, until it has caught up. Meanwhile it falls behind the place
where it would be if it moved with the belt, and where the arm expects it. All motion is in closed
form. `SOURCES` says which numbers are from where; those marked "assumed" are assumptions.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from gymnasium import spaces

from course_lib.worlds.batch import BatchWorld, SingleWorld
from course_lib.worlds.physics import Physics, quantity

SOURCES = (
    "Schadler and others (2022), Characteristics of polybags used for low-value consignments, "
    "Logistics Journal: bags and cardboard differ in friction, and bags differ among themselves.",
    "The Flexible Packaging Association's classes of film, as quoted in the glossary of Brentwood "
    "Plastics: high slip is a kinetic friction below 0.2, medium slip 0.2 to 0.5, film on film.",
    "RAJA (2015), on bags that DHL's conveyors refuse, after ISO 8295: weight and area do not "
    "matter for the coefficient of friction, whether a surface is wet, dry or greasy does.",
    "An industrial calculation for 4000 parcels per hour (Industrial Monitor Direct): parcels of "
    "0.3 m, gaps of 0.25 m, belts of up to 2.1 m/s. Here one arm faces a slower belt of 1 m/s.",
)
PARCELS = 16  # of a shift; assumed, and a power of two, so that shares of it are exact
GRAVITY = 9.81  # m/s²
KINDS = ("box", "bag")
ENTRY = (0.1, 0.6)  # speed of a parcel when it touches the belt, as a share of the belt's; assumed
LENGTHS = ((0.2, 0.5), (0.15, 0.35))  # m, boxes and bags; assumed
WEIGHTS = (3.0, 0.6)  # kg, medians of boxes and bags; assumed
WEIGHT_SPREAD = 0.6  # standard deviation of the logarithm of the weight; assumed
PICTURE = 0.2  # s between the two pictures of a look, which give a speed; assumed
LOOK = 0.4  # s from one look at a parcel to the next; assumed
FIRST = 0.2  # s on the belt until the camera has its first two pictures
LAST = 1.0  # m, a parcel that was seen further down cannot be grasped any more; assumed
SMALLEST_GAP = 0.5  # s between two parcels; assumed
CUP = 0.04  # m, a suction cup that closes closer to the middle of a parcel holds; assumed
SPEED, REACH = 1.0, 0.35  # m/s and s, what the arm takes the belt's speed and its own time for
BUSY = 0.8  # s after a grasp, hit or miss, until the arm is free again; assumed
SHORTFALLS = np.array([-0.04, 0.0, 0.04, 0.08, 0.12, 0.16, 0.2])  # m
WAIT = len(SHORTFALLS)  # the action that waits for another picture
PICTURES = 20  # of a parcel with noise of their own; later ones have that of the last


@dataclass(frozen=True)
class GraspingPhysics(Physics):
    """The station as its vendor simulates it: whatever lies on the belt moves with the belt."""

    belt_speed: float = quantity(1.0, "m/s", "speed of the belt", low=0.1)
    reach_time: float = quantity(0.35, "s", "from the decision until the cup closes", low=0)
    gap: float = quantity(1.5, "s", "between two parcels, on average", low=SMALLEST_GAP)
    bags: float = quantity(0.4, "1", "share of bags", low=0, high=1)
    camera_noise: float = quantity(0.004, "m", "standard deviation of a seen position", low=0)
    scatter: float = quantity(0.019, "m", "standard deviation of where the cup closes", low=0)
    box_friction: float = quantity(10.0, "1", "Coulomb friction of boxes; 10: none slips", low=0.01)
    bag_friction: float = quantity(10.0, "1", "Coulomb friction of bags; 10: none slips", low=0.01)
    spread: float = quantity(0.0, "1", "standard deviation of its log among parcels", low=0)
    dust: float = quantity(0.0, "1", "share of friction lost in a shift", low=0, high=0.9)
    leak: float = quantity(0.0, "1", "bags that slip off a cup that holds", low=0, high=1)

    def make(self, num_envs: int, *, autoreset: bool = True) -> "Grasping":
        """Build a batch of `num_envs` stations with this physics."""
        return Grasping(num_envs, self, autoreset=autoreset)


class GraspLog(NamedTuple):
    """What a station writes down about each grasp, m in all; see `Grasping` for the columns."""

    observations: np.ndarray  # (m, 8), what was seen when the arm decided to close
    actions: np.ndarray  # (m,)
    errors: np.ndarray  # (m,) m, the parcel's middle minus the place where the cup closed
    hits: np.ndarray  # (m,) bool


class Grasping(BatchWorld):
    """Pick a shift of `PARCELS` parcels at `num_envs` stations at once.

    The arm takes the parcels one by one, in their order. A decision is about one of them.

    Actions: `Discrete(8)`. Action k below 7 closes the cup where the parcel, if it moved with a
    belt of 1 m/s, would be in 0.35 s, less `SHORTFALLS[k]`. The last one, `WAIT`,
    waits for `LOOK` seconds and looks again.

    Observations: float32 (8,):

    | index | quantity                                            | unit |
    |-------|-----------------------------------------------------|------|
    | 0     | position of the parcel, from where it touched down  | m    |
    | 1     | speed of the parcel less 1 m/s, from two pictures   | m/s  |
    | 2     | 1 for a bag, 0 for a box                            | 1    |
    | 3     | length of the parcel                                | m    |
    | 4     | weight of the parcel                                | 5 kg |
    | 5     | time since it touched the belt                      | s    |
    | 6     | position of the parcel behind it, 0 if there is none| m    |
    | 7     | parcels of the shift that are still to come         | 16   |

    Rewards: 1 / `PARCELS` for each parcel that is picked, so the return of a shift is the share of
    parcels that were picked, in [0, 1]. The cup holds if it closes within `CUP` of the middle.

    A grasp keeps the arm busy for another `BUSY` seconds. A parcel that was missed, or that has
    passed `LAST`, is gone. Start: the first parcel. End: `terminated` when all parcels are gone.
    What is seen is then 0. Parcels, their luck and the camera's noise are drawn at the start of a
    shift, before physics: policies and physics that are compared with one seed share them.
    """

    def __init__(
        self, num_envs: int = 1, physics: GraspingPhysics | None = None, *, autoreset: bool = True
    ):
        super().__init__(
            num_envs,
            spaces.Box(-np.inf, np.inf, (8,), np.float32),
            spaces.Discrete(WAIT + 1),
            max_episode_steps=PARCELS * PICTURES,
            autoreset=autoreset,
        )
        self.physics = physics if physics is not None else GraspingPhysics()
        shape = (num_envs, PARCELS)
        self._k: dict[str, np.ndarray] = {}
        # Of each parcel: when it touches the belt, how much slower it is then, how fast it catches
        # up, its length and weight, where the cup will be off.
        self._touched, self._slower, self._pull = np.zeros((3, *shape))
        self._length, self._weight, self._off = np.zeros((3, *shape))
        self._bag, self._leaks = np.zeros((2, *shape), dtype=bool)
        self._noise = np.zeros((*shape, PICTURES + 1))  # m, of each picture
        self._now, self._duration = np.zeros((2, num_envs))  # s
        self._parcel, self._looks = np.zeros((2, num_envs), dtype=int)
        self._seen = np.zeros((num_envs, 8), dtype=np.float32)
        self._log: list[tuple[np.ndarray, ...]] = []

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        """Start a new shift at every station, with an empty log; see `BatchWorld`."""
        self._log = []
        return super().reset(seed=seed, options=options)

    def log(self) -> GraspLog:
        """All grasps since the last call of `reset`, at all stations, in the order of decisions."""
        columns = zip(*self._log, strict=True) if self._log else ([],) * 4
        seen, actions, errors, hits = map(np.concatenate, columns) if self._log else columns
        return GraspLog(
            np.asarray(seen, np.float32).reshape(-1, 8),
            np.asarray(actions, int),
            np.asarray(errors, float),
            np.asarray(hits, bool),
        )

    @property
    def duration(self) -> np.ndarray:
        """Seconds of the present shift so far, (num_envs,); it stops when all parcels are gone."""
        return self._duration.copy()

    def _begin(self, which, options):
        rng, shape = self.np_random, (which.size, PARCELS)
        # Parcels are drawn before physics: stations that differ in their physics share them.
        entry = rng.uniform(*ENTRY, shape)
        gaps, kind, size, weight, grip, off, leaks = (
            rng.exponential(size=shape),
            rng.random(shape),
            rng.random(shape),
            rng.standard_normal(shape),
            rng.standard_normal(shape),
            rng.standard_normal(shape),
            rng.random(shape),
        )
        pictures = rng.standard_normal((*shape, PICTURES + 1))
        for name, values in self.physics.sample(rng, which.size).items():
            self._k.setdefault(name, np.zeros(self.num_envs))[which] = values
        k = {name: values[which, None] for name, values in self._k.items()}
        bag = kind < k["bags"]
        between = SMALLEST_GAP + (k["gap"] - SMALLEST_GAP) * gaps
        shortest, longest = np.moveaxis(np.array(LENGTHS)[bag.astype(int)], -1, 0)
        friction = np.where(bag, k["bag_friction"], k["box_friction"])
        friction = friction * np.exp(k["spread"] * grip) * (1 - k["dust"] * SHARE_GONE)
        self._touched[which] = between.cumsum(axis=1)
        self._slower[which] = k["belt_speed"] * (1 - entry)
        self._pull[which] = friction * GRAVITY
        self._length[which] = shortest + size * (longest - shortest)
        self._weight[which] = np.array(WEIGHTS)[bag.astype(int)] * np.exp(WEIGHT_SPREAD * weight)
        self._off[which] = k["scatter"] * off
        self._bag[which], self._leaks[which] = bag, bag & (leaks < k["leak"])
        self._noise[which] = k["camera_noise"][..., None] * pictures
        self._parcel[which], self._looks[which] = 0, 0
        self._now[which] = self._touched[which, 0] + FIRST
        self._seen[which] = self._observe(which)
        return self._seen[which]

    def _advance(self, actions):
        seen, i = self._seen, np.minimum(self._parcel, PARCELS - 1)
        running = self._parcel < PARCELS
        closes = running & (actions != WAIT)
        rows = np.flatnonzero(closes)
        rewards = np.zeros(self.num_envs, dtype=np.float32)
        self._now[running & ~closes] += LOOK
        self._looks[running & ~closes] += 1
        if rows.size:
            target = seen[rows, 0] + SPEED * REACH - SHORTFALLS[actions[rows]]
            self._now[rows] += self._k["reach_time"][rows]
            i = i[rows]
            errors = self._where(rows, i) - target - self._off[rows, i]
            hits = (np.abs(errors) < CUP) & ~self._leaks[rows, i]
            self._log.append((seen[rows], actions[rows], errors, hits))
            rewards[rows] = hits / PARCELS
            self._now[rows] += BUSY
        self._duration[running] = self._now[running]
        self._turn_to(closes)
        self._seen = self._observe(self._everyone)
        return self._seen.copy(), rewards, self._parcel == PARCELS

    def _turn_to(self, done):
        """Give up what was grasped or has gone by, and wait for the next parcel."""
        turn = self._parcel + done
        while True:
            gone = turn < PARCELS
            rows = np.flatnonzero(gone)
            gone[rows] = self._where(rows, turn[rows]) > LAST
            if not gone.any():
                break
            turn = turn + gone
        rows = np.flatnonzero((turn != self._parcel) & (turn < PARCELS))
        self._parcel = turn
        self._looks[rows] = 0
        first = self._touched[rows, turn[rows]] + FIRST
        self._now[rows] = np.maximum(self._now[rows], first)

    def _where(self, rows, i, ago=0.0):
        """True positions, m, of parcels i at these stations now or some seconds `ago`, (m,)."""
        time = np.maximum(self._now[rows] - ago - self._touched[rows, i], 0)
        fallen = lag(time, self._slower[rows, i], self._pull[rows, i])
        return self._k["belt_speed"][rows] * time - fallen

    def _observe(self, rows):
        """What the camera sees at these stations, (m, 8)."""
        i = np.minimum(self._parcel[rows], PARCELS - 1)
        behind = np.minimum(i + 1, PARCELS - 1)
        picture = np.minimum(self._looks[rows], PICTURES - 1)
        here = self._where(rows, i) + self._noise[rows, i, picture + 1]
        before = self._where(rows, i, PICTURE) + self._noise[rows, i, picture]
        columns = (
            here,
            (here - before) / PICTURE - SPEED,
            self._bag[rows, i],
            self._length[rows, i],
            self._weight[rows, i] / 5,
            self._now[rows] - self._touched[rows, i],
            np.where(behind > i, self._where(rows, behind), 0),
            1 - self._parcel[rows] / PARCELS,
        )
        running = self._parcel[rows] < PARCELS
        return (np.stack(columns, axis=1) * running[:, None]).astype(np.float32)


SHARE_GONE = np.arange(PARCELS) / (PARCELS - 1)  # of the shift, before each parcel


def lag(time: np.ndarray, slower: np.ndarray, pull: np.ndarray) -> np.ndarray:
    """How far a parcel falls behind the belt, m, within `time` s of being `slower` by so many m/s.

    Friction speeds it up at `pull` m/s² until it has caught up; the arrays broadcast.
    """
    slips = np.clip(time, 0, slower / pull)
    return slower * slips - pull * slips**2 / 2


def single_grasping(physics: GraspingPhysics | None = None) -> SingleWorld:
    """One station, from `gym.make("sim2real/Grasping-v0", physics=...)`."""
    return SingleWorld(Grasping(1, physics, autoreset=False))


# Friction in the classes of `SOURCES`. Its values were set, by hand, so that a policy that never
# met slip hits about 60 % of its grasps; spread, dust and leak are assumed.
REAL_STATION = GraspingPhysics(box_friction=0.19, bag_friction=0.1, spread=0.2, dust=0.2, leak=0.05)
