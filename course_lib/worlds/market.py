"""One trading day on an invented market: a price that is pushed away and comes back, and its costs.

This is a textbook model, no picture of any market, and nothing here is investment advice. Its price
has a part that can be predicted *by construction*. In real markets such a part is small, fought
over, and gone when many know of it.

All prices and profits are in basis points (bp, 1/100 of a per cent) of the price at the open, and
add up; nothing is compounded.
"""

from dataclasses import dataclass

import numpy as np
from gymnasium import spaces

from course_lib.worlds.batch import BatchWorld, SingleWorld
from course_lib.worlds.distributions import Choice, Distribution
from course_lib.worlds.physics import Physics, Sampler, bounds, quantity

MINUTES = 390  # of a trading day, 6.5 hours as in New York
EVERY = 5  # minutes from one decision to the next
STEPS = MINUTES // EVERY
TARGETS = np.array([-1.0, 0.0, 1.0])  # the positions that the actions ask for
SHORT, FLAT, LONG = range(3)
BOUND = 500.0  # bp, profits and losses beyond do not count; at this loss the account is closed
FULL = 2 * BOUND * (1 + 1e-6)  # bp that a return of 1 stands for; rounding must not lead beyond 0…1
CALM_FOR, TURBULENT_FOR = 90.0, 30.0  # minutes, mean durations of the two regimes
CRASH_FROM, CRASH_TO = 60, 330  # minutes, between which a crash begins
BACK_IN = 10.0  # minutes, time constant of what comes back
MEMORY = 10.0  # minutes, half-life of the average behind the volatility that is shown
SHOWN = 5.0  # readings of the market are cut off at ±5 units
POSITION, GAP, CHANGE, BUSY, SPREAD, LEFT, PROFIT, DRAWDOWN = range(8)  # columns

SOURCES = (
    "Volatility: 60 bp a day are about 10 % a year, those of a calm index. Regimes, because "
    "volatility comes in clusters and returns have fat tails: Cont (2001), 'Empirical properties "
    "of asset returns: stylized facts and statistical issues', Quantitative Finance 1, 223-236.",
    "Spread: etf.com, 'ETFs With The Highest & Lowest Trading Spreads', gives 0.3 bp for the most "
    "liquid fund, 3 bp on average over all money in US funds, and 20 bp for the median fund.",
    "Impact: it grows with the root of the size, about volatility times the root of the share of "
    "the day's volume: Bouchaud, Farmer & Lillo (2009), 'How markets slowly digest changes in "
    "supply and demand', and others since. 1 bp stands for a share of 1/10,000.",
    "Crash: CFTC and SEC (2010), 'Findings regarding the market events of May 6, 2010': index "
    "futures fell by 3 % in four minutes and 1.7 % more in 15 seconds, the depth of buying orders "
    "fell below 1 % of the morning's, and most of the fall was made good within half an hour. Also "
    "Kirilenko, Kyle, Samadi & Tuzun (2017), 'The Flash Crash', Journal of Finance 72. Leaps up "
    "happen, too: US Treasury and others (2015), 'The U.S. Treasury market on October 15, 2014'.",
    "Assumptions of ours: the size and the half-life of the deviation, which are far too kind to "
    "traders; the durations of the regimes; the latency in minutes, that of a slow process with "
    "people in it; the factor on the spread in a crash; and what comes back after it.",
)


@dataclass(frozen=True)
class MarketPhysics(Physics):
    """A market as its simulator knows it; the defaults are those of a market without any cost."""

    volatility: float = quantity(60.0, "bp", "standard deviation of a calm day", low=0)
    turbulence: float = quantity(1.0, "1", "factor on it in turbulent times", low=1)
    deviation: float = quantity(20.0, "bp", "standard deviation of what comes back", low=0)
    error: float = quantity(6.0, "bp", "standard deviation of the error of its estimate", low=0)
    half_life: float = quantity(30.0, "min", "in which half of it comes back", low=0.1)
    spread: float = quantity(0.0, "bp", "from the selling to the buying price", low=0)
    impact: float = quantity(0.0, "bp", "slippage of a trade of size 1", low=0)
    latency: int = quantity(0, "min", "from decision to trade", low=0, high=EVERY, whole=True)
    crash: float = quantity(0.0, "1", "probability of a flash crash in a day", low=0, high=1)
    depth: float = quantity(500.0, "bp", "of its fall; below 0 the price leaps up")
    fall: float = quantity(13.0, "min", "that the fall takes", low=1)
    recovery: float = quantity(0.6, "1", "share of the fall that comes back", low=0, high=1)
    blowout: float = quantity(30.0, "1", "factor on the spread at its low", low=1)

    def make(self, num_envs: int, *, autoreset: bool = True) -> "Market":
        """Build a batch of `num_envs` accounts with this physics."""
        return Market(num_envs, self, autoreset=autoreset)


class Market(BatchWorld):
    """Trade one asset for a day in `num_envs` accounts at once, each with an asset of its own.

    Actions: `Discrete(3)`: the position to hold, -1, 0 or 1 times the capital. Below 0 the asset is
    sold *short*: a profit where the price falls. The trade takes place `latency` minutes later. A
    trade of size s costs s (spread / 2 + impact √s); from -1 to 1 its size is 2. At the end of the
    day what is left is closed, at the last price and at the same cost.

    Observations: float32 (8,); 1 to 4 are cut off at ±5 units:

    | index | quantity                                                  | unit   |
    |-------|-----------------------------------------------------------|--------|
    | 0     | position                                                  | 1      |
    | 1     | gap: price minus an estimate of the asset's value         | 20 bp  |
    | 2     | change of the price in the last 5 minutes                 | 20 bp  |
    | 3     | root mean square of its changes per minute, in the last   | 5 bp   |
    |       | minutes above all (half-life 10); 1 at the open           |        |
    | 4     | spread                                                    | 10 bp  |
    | 5     | what is left of the day                                   | 1      |
    | 6     | profit of the day so far                                  | 100 bp |
    | 7     | drawdown: how far that is below its highest level so far, | 100 bp |
    |       | the start of the day included                             |        |

    Rewards: the change of the profit, cut off at ±`BOUND`, over 2 `BOUND`, plus 1/2 shared out over
    the day. So the return of a day is 1/2 + profit / (2 `BOUND`), and lies in [0, 1]. `profits`
    has what was really earned.

    Start: no position. End: `truncated` after 78 decisions, one in 5 minutes. An account that has
    lost `BOUND` or more at a decision is closed for the rest of the day, at the cost of the moment.

    Price: a random walk whose volatility changes between two regimes, plus a deviation that comes
    back (an Ornstein-Uhlenbeck process), plus, on some days, a crash: the price falls by `depth`
    within 5 minutes, the spread grows to `blowout` times its size, and then a share `recovery`
    comes back, as the spread does, with a time constant of 10 minutes. The estimate of the value
    knows the deviation up to an `error` that is new each minute. It takes a crash for a bargain:
    all of the fall shows in the gap, and what does not come back stays there.
    """

    def __init__(
        self, num_envs: int = 1, physics: MarketPhysics | None = None, *, autoreset: bool = True
    ):
        super().__init__(
            num_envs,
            spaces.Box(-np.inf, np.inf, (8,), np.float32),
            spaces.Discrete(len(TARGETS)),
            max_episode_steps=STEPS,
            autoreset=autoreset,
        )
        self.physics = physics if physics is not None else MarketPhysics()
        self._sample: Sampler = self.physics.sample
        self._k: dict[str, np.ndarray] = {}
        self._price, self._spread = np.zeros((2, MINUTES + 1, num_envs))  # at each minute
        self._seen = np.zeros((STEPS + 1, num_envs, 4))  # what an account does not change
        self._position, self._profit, self._peak = np.zeros((3, num_envs))
        self._earned = np.zeros(num_envs)
        self._closed = np.zeros(num_envs, dtype=bool)

    def draw_from(self, sample: Sampler) -> None:
        """Draw the physics of coming days from `sample(rng, size)` instead of `physics`.

        Its values must lie within the ranges of `physics`.
        """
        self._sample = sample

    @property
    def profits(self) -> np.ndarray:
        """Profit of the day up to the last step, not cut off, (num_envs,) in bp.

        Those of finished days, before they were restarted.
        """
        return self._earned.copy()

    @property
    def prices(self) -> np.ndarray:
        """The price at each minute of the present day, (391, num_envs) in bp from the open."""
        return self._price.copy()

    @property
    def spreads(self) -> np.ndarray:
        """The spread at each minute of the present day, (391, num_envs) in bp."""
        return self._spread.copy()

    def _begin(self, which, options):
        rng, n = self.np_random, which.size
        # The day's luck is drawn before physics: policies and markets that are compared share it.
        walk, push, wrong = rng.standard_normal((3, MINUTES + 1, n))
        luck = rng.random((MINUTES + 1, n))
        crashes, begins = rng.random(n), rng.integers(CRASH_FROM, CRASH_TO + 1, n)
        drawn = self._sample(rng, n)
        self.physics.require_within(drawn)
        for name, values in drawn.items():
            self._k.setdefault(name, np.zeros(self.num_envs))[which] = values
        k = {name: values[which] for name, values in self._k.items()}
        fallen, panic = crash(k, np.where(crashes < k["crash"], begins, MINUTES + 1))
        gap = k["deviation"] * reverting(push, k["half_life"]) + fallen
        price = wander(k, walk, luck) + gap
        self._price[:, which] = price - price[0]
        estimate = gap + k["error"] * wrong
        self._spread[:, which] = k["spread"] * (1 + (k["blowout"] - 1) * panic)
        self._seen[:, which] = indicators(self._price[:, which], self._spread[:, which], estimate)
        self._position[which] = self._profit[which] = self._peak[which] = 0.0
        self._closed[which] = False
        return self._observe(np.zeros(n, dtype=int), which)

    def _advance(self, actions):
        now, k, everyone = EVERY * self._steps, self._k, self._everyone
        wanted = np.where(self._closed, 0.0, TARGETS[actions])
        at = now + k["latency"].astype(int)
        before, last = self._price[now, everyone], self._price[now + EVERY, everyone]
        filled = self._price[at, everyone]
        gained = self._position * (filled - before) + wanted * (last - filled)
        gained -= self._cost(np.abs(wanted - self._position), at)
        self._position = wanted
        # The end of the day, or of an account.
        over = self._steps + 1 == STEPS
        ends = over | (~self._closed & (self._profit + gained <= -BOUND))
        gained -= np.where(ends, self._cost(np.abs(self._position), now + EVERY), 0.0)
        self._position[ends] = 0.0
        self._closed |= ends
        counted = np.clip(self._profit, -BOUND, BOUND)
        self._profit = self._profit + gained
        self._peak = np.maximum(self._peak, self._profit)
        self._earned = self._profit.copy()
        rewards = (np.clip(self._profit, -BOUND, BOUND) - counted) / FULL + 0.5 / STEPS
        seen = self._observe(np.minimum(self._steps + 1, STEPS), everyone)
        return seen, rewards, np.zeros(self.num_envs, dtype=bool)

    def _cost(self, size, minute):
        spread = self._spread[minute, self._everyone]
        return size * (spread / 2 + self._k["impact"] * np.sqrt(size))

    def _observe(self, step, which):
        profit, peak = self._profit[which], self._peak[which]
        own = self._position[which], profit / 100, (peak - profit) / 100
        market = self._seen[step, which]
        left = 1 - step / STEPS
        return np.column_stack([own[0], market, left, *own[1:]]).astype(np.float32)


def wander(k: dict, normal: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """The random walk, (minutes, n) in bp, whose step is larger in turbulent times."""
    turbulent = uniform[0] < TURBULENT_FOR / (CALM_FOR + TURBULENT_FOR)
    steps = np.zeros_like(normal)
    for minute in range(1, len(steps)):
        leaves = uniform[minute] < 1 / np.where(turbulent, TURBULENT_FOR, CALM_FOR)
        turbulent = turbulent ^ leaves
        steps[minute] = normal[minute] * np.where(turbulent, k["turbulence"], 1.0)
    return steps.cumsum(axis=0) * k["volatility"] / np.sqrt(MINUTES)


def reverting(normal: np.ndarray, half_life: np.ndarray) -> np.ndarray:
    """An Ornstein-Uhlenbeck process of variance 1 at each minute, (minutes, n)."""
    keeps = 0.5 ** (1 / half_life)
    away = normal.copy()
    for minute in range(1, len(away)):
        away[minute] = keeps * away[minute - 1] + np.sqrt(1 - keeps**2) * normal[minute]
    return away


def crash(k: dict, begins: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What a crash from these minutes on does: the price (minutes, n) in bp, and panic in 0…1."""
    since = np.arange(MINUTES + 1)[:, None] - begins  # (minutes, n)
    falling = np.clip(since / k["fall"], 0, 1)
    calming = np.exp(-np.maximum(since - k["fall"], 0) / BACK_IN)
    return -k["depth"] * falling * (1 - k["recovery"] * (1 - calming)), falling * calming


def indicators(price: np.ndarray, spread: np.ndarray, estimate: np.ndarray) -> np.ndarray:
    """What can be seen of a market at each decision, (STEPS + 1, n, 4), in the datasheet's units.

    Nothing in it comes from later minutes.
    """
    seen = np.zeros((STEPS + 1, price.shape[1], 4))
    keeps, square = 0.5 ** (1 / MEMORY), np.full(price.shape[1], 25.0)
    moved = np.diff(price, axis=0, prepend=price[:1])
    for minute in range(1, len(price)):
        square = keeps * square + (1 - keeps) * moved[minute] ** 2
        if minute % EVERY == 0:
            seen[minute // EVERY, :, 2] = np.sqrt(square) / 5
    seen[:, :, 0] = estimate[::EVERY] / 20
    seen[1:, :, 1] = (price[EVERY::EVERY] - price[:-EVERY:EVERY]) / 20
    seen[0, :, 2] = 1.0
    seen[:, :, 3] = spread[::EVERY] / 10
    return np.clip(seen, -SHOWN, SHOWN)


@dataclass(frozen=True)
class MixedMarket:
    """Days of which a `share` is drawn from the physics `extreme`, the others from `usual`.

    A day takes all of its values from one of the two. `usual` has crashes or not, as it likes.
    """

    usual: MarketPhysics
    extreme: MarketPhysics
    share: float

    def make(self, num_envs: int, *, autoreset: bool = True) -> Market:
        """Build a batch of `num_envs` accounts."""
        both = {name: _hull(getattr(self.usual, name), getattr(self.extreme, name))
                for name in vars(self.usual)}  # fmt: skip
        market = Market(num_envs, MarketPhysics(**both), autoreset=autoreset)
        market.draw_from(self.sample)
        return market

    def sample(self, rng: np.random.Generator, size: int) -> dict[str, np.ndarray]:
        """Draw the physics of `size` days: first which are extreme, then both kinds."""
        chosen = rng.random(size) < self.share
        usual, extreme = self.usual.sample(rng, size), self.extreme.sample(rng, size)
        return {name: np.where(chosen, extreme[name], usual[name]) for name in usual}


def _hull(one: float | Distribution, other: float | Distribution) -> float | Distribution:
    """A distribution whose range has the ranges of both; only its range is ever used."""
    (low, high), (least, most) = bounds(one), bounds(other)
    low, high = min(low, least), max(high, most)
    return low if low == high else Choice((low, high))


def single_market(physics: MarketPhysics | None = None) -> SingleWorld:
    """The environment behind `gym.make("sim2real/Market-v0", physics=...)`."""
    return SingleWorld(Market(1, physics, autoreset=False))
