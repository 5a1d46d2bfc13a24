"""A dispatcher in front of three unlike servers: send each job on at once, or let it wait.

A queueing system as in textbooks: every server works off its own queue in order (Lindley 1952,
"The theory of queues with a single server"). What a datasheet leaves out is in `DispatchPhysics`:
neighbours that slow each other down, and reports on the queues that are old when they arrive
 (Mitzenmacher 2000, "How Useful Is Old Information?").
"""

from dataclasses import dataclass

import numpy as np
from gymnasium import spaces

from course_lib.worlds.batch import BatchWorld, SingleWorld
from course_lib.worlds.physics import Physics, quantity

SERVERS = ("accelerator", "plain A", "plain B")
CLASSES = ("dense", "parse")
HOLD = len(SERVERS)  # the action that sends a job nowhere
JOBS = 40  # jobs of a shift
PAUSE = 0.5  # s, after which a job that was held asks again
PATIENCE = 10.0  # s, an answer that comes later is worth nothing


@dataclass(frozen=True)
class DispatchPhysics(Physics):
    """The site as a simulator knows it; the defaults are those of the datasheets."""

    rate: float = quantity(1.8, "1/s", "jobs that arrive, on average", low=0.01)
    dense_share: float = quantity(0.6, "1", "share of dense jobs", low=0, high=1)
    dense_fast: float = quantity(0.25, "s", "mean of a dense job on the accelerator", low=0)
    dense_plain: float = quantity(1.0, "s", "mean of a dense job on a plain server", low=0)
    parse_fast: float = quantity(1.0, "s", "mean of a parse job on the accelerator", low=0)
    parse_plain: float = quantity(1.0, "s", "mean of a parse job on a plain server", low=0)
    spread: float = quantity(0.5, "1", "standard deviation of the log of service times", low=0)
    contention: float = quantity(0.0, "1", "share longer for each other busy server", low=0)
    age: float = quantity(0.0, "s", "of the report on the queues", low=0)

    def make(self, num_envs: int, *, autoreset: bool = True) -> "Dispatch":
        """Build a batch of `num_envs` sites with this physics."""
        return Dispatch(num_envs, self, autoreset=autoreset)


class Dispatch(BatchWorld):
    """Serve a shift of `JOBS` jobs at `num_envs` sites at once; every decision is about one job.

    Actions: `Discrete(4)`: send the job to the accelerator, to plain A, to plain B, or hold it: it
    then asks again after `PAUSE`, behind whatever came in between. With `holds=False` there is no
    fourth action.

    Observations: float32 (9,). Queues are as they were `age` seconds ago, the job in service
    included:

    | index | quantity                                            | unit |
    |-------|-----------------------------------------------------|------|
    | 0     | 1 for a dense job, 0 for a parse job                | 1    |
    | 1     | time since the job arrived                          | 10 s |
    | 2, 3  | dense and parse jobs at the accelerator             | 5    |
    | 4, 5  | dense and parse jobs at plain A                     | 5    |
    | 6, 7  | dense and parse jobs at plain B                     | 5    |
    | 8     | jobs of the shift that were not sent yet            | 40   |

    Rewards: for each job that is sent, 1 - response / `PATIENCE`, at least 0, over `JOBS`, where
    the response is the time from its arrival to its end. So the return of a shift lies in [0, 1].
    A job that was never sent earns nothing.

    Start: empty queues, and the first job. End: `terminated` when every job was sent; `truncated`
    after three decisions per job.

    A job's service time has a log-normal factor of mean 1 that belongs to the job, so policies that
    are compared with one seed meet the same jobs with the same luck. Jobs arrive at exponential
    intervals.
    """

    def __init__(
        self,
        num_envs: int = 1,
        physics: DispatchPhysics | None = None,
        *,
        holds: bool = True,
        autoreset: bool = True,
    ):
        super().__init__(
            num_envs,
            spaces.Box(0.0, np.inf, (9,), np.float32),
            spaces.Discrete(HOLD + holds),
            max_episode_steps=3 * JOBS,
            autoreset=autoreset,
        )
        self.physics = physics if physics is not None else DispatchPhysics()
        self._k: dict[str, np.ndarray] = {}
        # Of each job: when it arrived, asks (again), was sent and will be done; in s.
        self._arrived, self._asks, self._sent, self._done = np.full((4, num_envs, JOBS), np.inf)
        self._cls, self._queue = np.zeros((2, num_envs, JOBS), dtype=int)
        self._luck = np.ones((num_envs, JOBS))
        self._free = np.zeros((num_envs, len(SERVERS)))  # when each server will be idle, s

    @property
    def arrived(self) -> np.ndarray:
        """When each job of the shift arrives, (num_envs, JOBS) in s."""
        return self._arrived.copy()

    @property
    def responses(self) -> np.ndarray:
        """Seconds from each job's arrival to its end, (num_envs, JOBS); NaN if it was not sent."""
        return np.where(np.isfinite(self._done), self._done - self._arrived, np.nan)

    @property
    def classes(self) -> np.ndarray:
        """The class of each job, (num_envs, JOBS), an index into `CLASSES`."""
        return self._cls.copy()

    def _begin(self, which, options):
        rng, shape = self.np_random, (which.size, JOBS)
        # Jobs are drawn before physics: sites that differ in their physics share them.
        gaps, luck = rng.exponential(size=shape), rng.standard_normal(shape)
        kind = rng.random(shape)
        for name, values in self.physics.sample(rng, which.size).items():
            self._k.setdefault(name, np.zeros(self.num_envs))[which] = values
        k = {name: values[which, None] for name, values in self._k.items()}
        self._arrived[which] = self._asks[which] = (gaps / k["rate"]).cumsum(axis=1)
        self._luck[which] = np.exp(k["spread"] * luck - k["spread"] ** 2 / 2)
        self._cls[which] = kind >= k["dense_share"]
        self._sent[which] = self._done[which] = np.inf
        self._free[which] = 0.0
        return self._observe()[which]

    def _advance(self, actions):
        rows, job = self._everyone, self._asks.argmin(axis=1)
        now = self._asks[rows, job]
        running = np.isfinite(now)
        held = running & (actions == HOLD)
        self._asks[held, job[held]] += PAUSE
        rewards = np.zeros(self.num_envs, dtype=np.float32)
        sent = np.flatnonzero(running & (actions != HOLD))
        if sent.size:
            rewards[sent] = self._send(sent, job[sent], actions[sent], now[sent])
        return self._observe(), rewards, ~np.isfinite(self._asks).any(axis=1)

    def _send(self, rows, job, server, now):
        """Put one job each into the queues of these servers and return what that earns."""
        k = {name: values[rows] for name, values in self._k.items()}
        cls = self._cls[rows, job]
        mean = np.where(
            cls == 0,
            np.where(server == 0, k["dense_fast"], k["dense_plain"]),
            np.where(server == 0, k["parse_fast"], k["parse_plain"]),
        )
        busy = self._free[rows] > now[:, None]
        others = busy.sum(axis=1) - busy[np.arange(rows.size), server]
        service = mean * self._luck[rows, job] * (1 + k["contention"] * others)
        done = np.maximum(now, self._free[rows, server]) + service
        self._free[rows, server] = done
        self._asks[rows, job] = np.inf
        self._sent[rows, job], self._done[rows, job] = now, done
        self._queue[rows, job] = len(CLASSES) * server + cls
        response = done - self._arrived[rows, job]
        return np.maximum(1 - response / PATIENCE, 0) / JOBS

    def _observe(self):
        rows, job = self._everyone, self._asks.argmin(axis=1)
        now = self._asks[rows, job]
        now = np.where(np.isfinite(now), now, self._arrived[:, -1])  # the shift is over
        seen = np.zeros((self.num_envs, 9), dtype=np.float32)
        seen[:, 0] = self._cls[rows, job] == 0
        seen[:, 1] = (now - self._arrived[rows, job]) / 10
        reported = (now - self._k["age"])[:, None]
        there = (self._sent < reported) & (self._done > reported)
        for queue in range(len(SERVERS) * len(CLASSES)):
            seen[:, 2 + queue] = (there & (self._queue == queue)).sum(axis=1) / 5
        seen[:, 8] = np.isfinite(self._asks).sum(axis=1) / JOBS
        return seen


def single_dispatch(physics: DispatchPhysics | None = None) -> SingleWorld:
    """One site, from `gym.make("sim2real/Dispatch-v0", physics=...)`."""
    return SingleWorld(Dispatch(1, physics, autoreset=False))
