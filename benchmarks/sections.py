"""The text of each part of RESULTS.md: a function takes the measurements, name -> rounds."""

from collections.abc import Callable

import numpy as np

from benchmarks.tables import goal, plain, seconds_table, spread, table, within
from course_lib.gap.stats import interquartile_mean

LEARNERS_MEMORY = 16 * 1024  # MiB, of a machine for a class
TWINS = (
    "The row that starts with *the same* makes the same steps and weights as ours, so each seed is "
    "a pair: its ratio is the median over the pairs, with the range."
)


def solve(measured: dict) -> str:
    """Part 1."""
    shown, ratios = seconds_table(measured)
    goals = []
    for what, least, rivals in (
        ("the tutorial's recipe", 10, [r for n, r in ratios.items() if n.startswith("tutorial")]),
        ("the fastest peer that was measured", 2, list(ratios.values())),
    ):
        if rivals:
            fastest = min(rivals)
            text = f"at least {least} times as fast as {what} ({within(*fastest)})"
            goals.append(goal(text, fastest[0] >= least))
    runs = len(next(iter(measured.values())))
    return "\n\n".join([
        "Seconds until the greedy policy first averages at least 475 over 100 episodes; "
        f"{runs} seeds, interquartile means and ratios of them with 95 % bootstrap intervals. "
        f"{TWINS} The policy is examined after each update, with the clock stopped. It may fall "
        "below 475 again; part 3 asks for more. Imports do not count, compiling does.",
        shown,
        "\n".join(goals),
        "Ours is Stable-Baselines3's PPO as well: 32 carts that NumPy steps together, large "
        "minibatches and large steps, tuned for this task, and a loop that gives the same weights "
        "with fewer calls (`course_lib/learning/fast_ppo.py`). The second row has all but that "
        "loop: most of the lead comes from settings and batches, which Stable-Baselines3 can use "
        "as well. The tutorial's recipe is `PPO(\"MlpPolicy\", env, n_steps=1024)`, everything "
        "else by default. The others have published settings, which nobody tuned for seconds; SBX "
        "takes no clip range that falls. The single-file PPO was written for this comparison, in "
        "CleanRL's style and with its settings.",
    ])  # fmt: skip


def throughput(measured: dict) -> str:
    """Part 2."""
    rates = {
        name: {int(n): np.array([run[n] for run in runs]) for n in runs[0]}
        for name, runs in measured.items()
        if "shares" not in runs[0]
    }
    first, *others = rates
    sizes = list(rates[first])
    ratio = {name: {n: rates[first][n] / rates[name][n] for n in sizes} for name in others}
    rows = [[first, *(plain(np.median(rates[first][n])) for n in sizes)]]
    rows += [[f"÷ {name}", *(spread(ratio[name][n]) for n in sizes)] for name in others]
    median = {name: {n: np.median(r) for n, r in each.items()} for name, each in ratio.items()}

    def behind(rivals: list[dict], least: float, smallest: int) -> dict[int, float]:
        """The sizes at which the goal is missed against any rival, and the ratio there."""
        worst = {n: min(np.min(rival[n]) for rival in rivals) for n in sizes if n >= smallest}
        return {n: ratio for n, ratio in worst.items() if ratio < least}

    def named(start: str, ratios: dict) -> list[dict]:
        return [ratios[name] for name in others if name.startswith(start)]

    goals = []
    for what, least, smallest, text in (
        ("EnvPool", 1.0, 8, "ahead of EnvPool at every size from 8 on"),
        ("DummyVecEnv", 1.0, 8, "ahead of DummyVecEnv at every size from 8 on"),
        ("Gymnasium", 0.5, 1, "within 2 times of Gymnasium's perfect carts at every size"),
    ):
        if not named(what, median):
            continue  # it is named below as not measured
        missed = behind(named(what, median), least, smallest)
        unsure = behind(named(what, ratio), least, smallest)
        if missed:
            text += f" (missed at {', '.join(f'{n:,}: {x:.3g}' for n, x in missed.items())})"
        elif unsure:
            text += f" (but not in every round at {', '.join(f'{n:,}' for n in unsure)})"
        goals.append(goal(text, not missed))
    profiles = [runs for runs in measured.values() if "shares" in runs[0]]
    why = _why(median, max(sizes), profiles[0]) if profiles else []
    return "\n\n".join([
        f"Steps per second under random actions, {len(measured[first])} rounds. In our first row "
        "every parameter is drawn anew for each episode, and delays, noise, bumps and lost "
        "readings are on. The carts of CartPole-v1, Gymnasium's and EnvPool's, are all alike and "
        "perfect. Where five quantities are random, they are gravity, force, length and both "
        "masses, which a wrapper can draw for Gymnasium's cart; nothing else is switched on. The "
        "first row holds medians. A row ÷ X is the first row divided by X: median and range over "
        "the rounds. Above 1 we are ahead, as far as the range says so.",
        table(["", *(f"{n:,}" for n in sizes)], rows),
        "\n".join(goals),
        "EnvPool is made for many cores, for asynchronous steps and for worlds that cost more per "
        "step. Stepped all together on this machine's few cores, it cannot show that.",
        *why,
    ])  # fmt: skip


def _why(median: dict, size: int, profiled: list[dict]) -> list[str]:
    """What the largest batch spends its time on, and what of it Gymnasium does not do.

    Nothing if somebody is missing, or if Gymnasium is not ahead: then there is nothing to explain.
    """
    beside = ("only the random", "Gymnasium", "this course, CartPole-v1", "this course, five")
    found = [[r[size] for name, r in median.items() if name.startswith(each)] for each in beside]
    if not all(found) or found[1][0] >= 1:
        return []
    chance, gymnasium, fixed, five = (ratios[0] for ratios in found)
    rows = [
        [what, "{:.0%} [{:.0%}, {:.0%}]".format(*(f(values) for f in (np.median, min, max)))]
        for what in profiled[0]["shares"]
        for values in [[run["shares"][what] for run in profiled]]
    ]
    return [
        f"Why is Gymnasium faster with many carts? Our batch of {size:,}, profiled:",
        table(["", "share of the time"], rows),
        "Gymnasium's carts have perfect pushes and readings and no delays, and a new episode needs "
        "no new physics. Drawing the random numbers of a step alone (five normal and two uniform "
        "ones per cart, for pushes, bumps, readings and losses) takes "
        f"{chance:.0%} of our time, which is {chance / gymnasium:.2g} times Gymnasium's whole "
        "step. With perfect carts our own batch is "
        f"{1 / fixed:.2g} times as fast, and then {gymnasium / fixed:.2g} times as fast as "
        "Gymnasium's. Drawing the physics itself costs little: with five quantities random, and "
        f"nothing else switched on, our batch makes {fixed / five:.2g} times as many steps as with "
        "perfect carts.",
    ]


def robust(measured: dict) -> str:
    """Part 3."""
    shown, _ = seconds_table(measured)
    first = next(iter(measured.values()))
    seconds, steps = (np.array([m[what] for m in first]) for what in ("seconds", "steps"))
    mean = interquartile_mean(seconds)
    return "\n\n".join([
        "A policy that sees six past steps is trained in random simulators (`WORKSHOP`) and "
        "examined after each update on 100 episodes of the target (`SIMULATED_TARGET`), with the "
        "clock stopped. It keeps its return once three examinations in a row each average at least "
        f"475; its time is that of the first of them. {len(steps)} seeds, interquartile means with "
        f"95 % bootstrap intervals. {TWINS}",
        shown,
        goal(f"at most 5 s on one core ({plain(mean)})", mean <= 5),
        f"Steps in the simulator: {spread(steps, '.3g')} (median and range over the seeds).",
    ])  # fmt: skip


def identification(measured: dict) -> str:
    """Part 4."""
    first, *_ = measured
    seconds = {name: np.array([m["seconds"] for m in runs]) for name, runs in measured.items()}
    error = {name: np.array([m["error"] for m in runs]) for name, runs in measured.items()}
    rows = [
        [name, plain(np.median(seconds[name])),
         "1" if name == first else spread(seconds[name] / seconds[first]),
         f"{np.median(error[name]):.1%} [{error[name].min():.1%}, {error[name].max():.1%}]"]
        for name in measured
    ]  # fmt: skip
    return "\n\n".join([
        f"Gravity and cart mass from the same noisy log of a balanced cart; {len(seconds[first])} "
        "carts. The error is the root mean square of ln(estimate / truth) of both. Medians over "
        "the carts, with the range; the ratio is taken for each cart.",
        table(["", "seconds", "times as long", "error"], rows),
        "The tutorial, a widely copied one, tries a grid of both quantities on 100 steps and "
        "predicts each reading from the noisy one before it. That biases gravity, and the whole "
        "log does not remove it. SciPy and CMA-ES got an objective without this bias, free runs "
        "whose starts are estimated too. The length of these runs was chosen by comparing with the "
        "truth, which favours them. Ours has nothing to choose, but uses the known size of the "
        "noise.",
    ])  # fmt: skip


def scheduling(measured: dict) -> str:
    """Part 5."""
    runs = {name: [m for m in found if "per_second" in m] for name, found in measured.items()}
    first = next(name for name in runs if runs[name])
    ours = {b: {n: np.array([np.nan if r["per_second"][b][n] is None else r["per_second"][b][n]
                             for r in runs[first]]) for n in runs[first][0]["per_second"][b]}
            for b in runs[first][0]["per_second"]}  # fmt: skip
    nodes = list(next(iter(ours.values())))
    parts = [
        "Decisions per second of processor time, the rule's own time included; medians over "
        f"{len(runs[first])} rounds. A row ÷ X is ours divided by X, with the range. SimPy runs "
        "one cluster, for whole episodes; ours is measured once as much is done as arrives. A dash "
        "stands where that alone would take minutes."
    ]
    rows = [
        [f"{first}, {b} at once",
         *("—" if np.isnan(ours[b][n]).any() else plain(np.median(ours[b][n])) for n in nodes)]
        for b in ours
    ]  # fmt: skip
    agree = []
    for name in runs:
        if name == first or not runs[name] or not isinstance(runs[name][0]["per_second"], dict):
            continue
        theirs = {n: np.array([r["per_second"]["1"][n] for r in runs[name]]) for n in nodes}
        for b in (min(ours, key=int), max(ours, key=int)):
            rows.append([f"{b} at once ÷ {name}", *(
                "—" if np.isnan(ours[b][n]).any() else spread(ours[b][n] / theirs[n]) for n in nodes
            )])  # fmt: skip
        pairs = zip(runs[first], runs[name], strict=True)
        agree += [abs(a["slowdown"] - b["slowdown"]) for a, b in pairs]
    parts.append(table(["nodes", *(f"{int(n):,}" for n in nodes)], rows))
    if agree:
        parts.append(
            "SimPy and we schedule the same jobs with the same rule; the mean bounded slowdowns of "
            f"a small cluster differ by {max(agree):.1g} at most. SimPy's second row also builds "
            "what a policy would see before each decision, as ours always does. Where a ratio is "
            "below 1, SimPy is ahead: its loop touches only the jobs that wait, often a single "
            "one, while each of our steps computes every visible place in the queue against every "
            "pool. Batches are for networks, which judge many clusters in one call."
        )
    shops = {
        name: np.array([r["per_second"] for r in found])
        for name, found in runs.items()
        if found and not isinstance(found[0]["per_second"], dict)
    }
    if shops:
        rows = [[name, spread(rate)] for name, rate in shops.items()]
        parts.append("Public environments that could be installed. Job shops are another, smaller "
                     "problem, so these rows are for orientation only.")  # fmt: skip
        parts.append(table(["", "decisions per second"], rows))
    trace = next((found for found in measured.values() if found and "median" in found[0]), None)
    return "\n\n".join([*parts, *(quality(trace) if trace else [])])


def quality(runs: list[dict]) -> list[str]:
    """The trained policy against rules on the held-out part of the real trace."""
    names = list(runs[0]["mean"])
    rows = []
    for name in sorted(names, key=lambda name: np.median([r["mean"][name] for r in runs])):
        rows.append([
            "this course's trained policy" if name == "policy" else name,
            spread(np.array([r["mean"][name] for r in runs]), ".3g"),
            spread(np.array([r["median"][name] for r in runs]), ".3g"),
            "1" if name == "policy" else
            spread(np.array([r["mean"][name] / r["mean"]["policy"] for r in runs]), ".3g"),
        ])  # fmt: skip
    seconds = np.array([r["seconds"] for r in runs])
    ratio = {n: np.median([r["mean"][n] / r["mean"]["policy"] for r in runs]) for n in names}
    beaten = sum(value < 1 for value in ratio.values())
    return [
        "Mean bounded slowdown on a real trace: UniLu-Gaia-2014-2 of the Parallel Workloads "
        "Archive. The policy learned on windows of the earlier 70 % of the jobs, on the simulated "
        f"nodes of the site HPC; training took {plain(np.median(seconds))} s. All are judged on "
        f"the same windows of the later 30 % for each seed; {len(runs)} seeds, median and range "
        f"over them. {beaten} of the {len(names) - 1} others beat the trained policy.",
        table(["", "mean over windows", "median over windows", "mean, times the policy's"], rows),
        "A rule whose number in the last column is below 1 beats the policy. The later jobs are "
        "unlike the earlier ones: they came within a few days, and most are short and "
        "alike. A rule needs no training, so that cannot hurt it; how much of the difference it "
        "explains was not measured. Lesson 07 compares both on the jobs that a policy was trained "
        "for.",
    ]


def course(measured: dict) -> str:
    """Part 6."""
    runs = {name: found[0] for name, found in measured.items() if "cold" in found[0]}
    if not runs:
        return "No lesson was measured."
    keys = ("cold", "warm", "cold_memory", "warm_memory", "kernel")
    rows = [[f"`{name}`", *(f"{run[key]:,.0f}" for key in keys)] for name, run in runs.items()]
    cold, warm = (sum(run[key] for run in runs.values()) / 60 for key in ("cold", "warm"))
    parts = [
        "Each lesson by itself: *cold* with an empty result store, *warm* once more. A lesson that "
        "measures real time stores nothing; it is run once and stands in both columns. Memory in "
        "MiB (proportional set size): the most of all processes together, one worker per core "
        "among them, and of the kernel alone. "
        f"These {len(runs)} lessons together: {cold:.0f} min cold, {warm:.0f} min warm.",
        table(["lesson", "cold, s", "warm, s", "memory cold", "memory warm", "kernel"], rows),
    ]
    server = next((found[0]["memory"] for found in measured.values() if "memory" in found[0]), None)
    if server is not None:
        kernel = np.array([run["kernel"] for run in runs.values()])
        most = np.array([run["cold_memory"] for run in runs.values()])
        reading, worst = (int(LEARNERS_MEMORY // (server + x)) for x in (np.median(kernel),
                                                                        most.max()))  # fmt: skip
        parts.append(
            f"A learner needs JupyterLab's server ({server:.0f} MiB) and one kernel (median "
            f"{np.median(kernel):.0f} MiB). So {reading} learners fit into 16 GiB while they read "
            f"and try things out, and {worst} if all of them train at once in the hungriest lesson."
        )
    return "\n\n".join(parts)


SECTIONS: dict[str, Callable[[dict], str]] = {
    "solve": solve,
    "throughput": throughput,
    "robust": robust,
    "identification": identification,
    "scheduling": scheduling,
    "course": course,
}
