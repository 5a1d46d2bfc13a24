"""From results/*.json to RESULTS.md and its picture; no number in them is typed by hand."""

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import numpy as np

from benchmarks.contest import HERE
from benchmarks.picture import draw
from benchmarks.tables import goal, plain, seconds_table, spread, table
from course_lib.gap.stats import interquartile_mean

LEARNERS_MEMORY = 16 * 1024  # MiB, of a machine for a class
TITLES = {
    "solve": "1. Time to solve CartPole-v1",
    "throughput": "2. Throughput of randomised environments",
    "robust": "3. A robust policy",
    "identification": "4. System identification",
    "scheduling": "5. The scheduler",
    "course": "6. The whole course",
}


def write() -> None:
    """Write RESULTS.md and its picture from all parts that were measured."""
    found = {p: json.loads(f.read_text()) for p in TITLES if (f := results(p)).exists()}
    parts = [section(part, found[part]) for part in TITLES if part in found]
    draw(found, HERE / "RESULTS.png")
    (HERE / "RESULTS.md").write_text("\n\n".join([HEAD, *parts, made_on(found)]) + "\n")


def results(part: str) -> Path:
    """Where a part's measurements are kept."""
    return HERE / "results" / f"{part}.json"


HEAD = """# Speed, side by side

What this course runs on, against what you would otherwise use. `make bench` writes this file. All contenders of a part ran on one machine, one after the other, taking turns for several rounds; each measurement is a process of its own, in which NumPy and PyTorch have one thread (EnvPool's rows say how many workers it has; JAX may use all cores). *n* times as fast means that the other one takes *n* times as long. Brackets are 95 % bootstrap intervals over seeds, or the smallest and the largest value over the rounds, as each table says. `make bench PART=solve` measures one part again, `make bench PART=course` the last one.

![Left: seconds until CartPole-v1 is solved, a point for each seed; this course is the first row. Middle: steps per second over the number of environments, all curves rise and flatten. Right: decisions per second of the scheduler over the number of nodes, against SimPy.](RESULTS.png)"""  # noqa: E501


def made_on(found: dict) -> str:
    """The machine and the versions; parts that were measured elsewhere are named."""
    setups: dict[tuple[str, ...], list[str]] = {}
    for part, each in found.items():
        setup = tuple(each["about"][what] for what in ("machine", "versions", "peers"))
        setups.setdefault(setup, []).append(TITLES[part].split(".")[0])
    lines = [
        f"Parts {', '.join(parts)}: {machine}. The course's environment: {versions}. The peers': "
        f"{peers}."
        for (machine, versions, peers), parts in setups.items()
    ]
    return "\n\n".join(["## Measured on", *lines])


def section(part: str, found: dict) -> str:
    """The title of a part, its tables, what is missing in them, and when it was measured."""
    about, measured = found["about"], found["measured"]
    ours = import_module(f"benchmarks.{part}").CONTENDERS[0].name
    told = "This course itself was not measured, so there is nothing to compare with."
    lines = [f"## {TITLES[part]}", SECTIONS[part](measured) if ours in measured else told]
    for name, reason in found["failed"].items():
        lines.append(f"**Not measured: {name}.** {reason}")
    lines.append(f"<sub>Measured on {about['date']}, in {about['seconds'] / 60:.0f} min.</sub>")
    return "\n\n".join(lines)


def solve(measured: dict) -> str:
    """Part 1."""
    shown, ratios = seconds_table(measured)
    peers = {name: ratio for name, ratio in ratios.items() if not name.startswith("the same")}
    goals = []
    for what, least, rivals in (
        ("the tutorial's recipe", 10, [r for n, r in peers.items() if n.startswith("tutorial")]),
        ("the fastest peer", 2, list(peers.values())),
    ):
        if rivals:
            ratio, low, high = min(rivals)
            text = f"at least {least} times as fast as {what} ({plain(ratio)} [{plain(low)}, "
            goals.append(goal(f"{text}{plain(high)}])", ratio >= least))
    runs = len(next(iter(measured.values())))
    return "\n\n".join([
        "Until 100 episodes of the greedy policy average at least 475 for the first time; "
        f"{runs} seeds. The policy is examined after each update, with the clock stopped. Imports "
        "do not count, compiling does.",
        shown,
        "\n".join(goals),
        "Ours is Stable-Baselines3's PPO as well: 32 carts that NumPy steps together, large "
        "minibatches and large steps, tuned for this task, and a loop that gives the same weights "
        "with fewer calls (`course_lib/learning/fast_ppo.py`). The second row has all but that "
        "loop. The others have the settings that the library or the tutorial recommends for this "
        "task; SBX takes no clip range that falls.",
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

    def behind(what: str, least: float, smallest: int) -> list[tuple[int, float]]:
        """The sizes at which the goal is missed, and the ratio there."""
        rivals = [median[name] for name in others if name.startswith(what)]
        worst = [(n, min(rival[n] for rival in rivals)) for n in sizes if n >= smallest and rivals]
        return [(n, ratio) for n, ratio in worst if ratio < least]

    goals = []
    for what, least, smallest, text in (
        ("EnvPool", 1.0, 8, "ahead of EnvPool at every size from 8 on"),
        ("DummyVecEnv", 1.0, 8, "ahead of DummyVecEnv at every size from 8 on"),
        ("Gymnasium", 0.5, 1, "within 2 times of Gymnasium's perfect carts at every size"),
    ):
        missed = behind(what, least, smallest)
        note = f" (missed at {', '.join(f'{n:,}: {x:.3g}' for n, x in missed)})" if missed else ""
        goals.append(goal(text + note, not missed))
    profiles = [runs for runs in measured.values() if "shares" in runs[0]]
    why = _why(median, max(sizes), profiles[0]) if profiles else []
    return "\n\n".join([
        f"Steps per second under random actions, {len(measured[first])} rounds. In our first row "
        "every parameter is drawn anew for each episode, and delays, noise, bumps and lost "
        "readings are on; the carts of Gymnasium and EnvPool are all alike and perfect. Where five "
        "quantities are random, they are gravity, force, length and both masses, which a wrapper "
        "can draw for Gymnasium's cart; nothing else is switched on. Below the first row, it is "
        "divided by each of the others: median and range over the rounds; above 1 we are ahead, "
        "as far as the range says so.",
        table(["", *(f"{n:,}" for n in sizes)], rows),
        "\n".join(goals),
        *why,
    ])  # fmt: skip


def _why(median: dict, size: int, profiled: list[dict]) -> list[str]:
    """What the largest batch spends its time on, and what of it Gymnasium does not do."""

    def ahead(start: str, end: str = "") -> float:
        return next(r[size] for name, r in median.items()
                    if name.startswith(start) and name.endswith(end))  # fmt: skip

    chance, gymnasium, fixed = ahead("only the random"), ahead("Gymnasium"), ahead("this", "-v1")
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
        f"{1 / fixed:.2g} times as fast, {gymnasium / fixed:.2g} times Gymnasium's.",
    ]


def robust(measured: dict) -> str:
    """Part 3."""
    shown, _ = seconds_table(measured)
    seconds = [np.array([m["seconds"] for m in runs]) for runs in measured.values()]
    steps = np.array([m["steps"] for m in next(iter(measured.values()))])
    mean = interquartile_mean(seconds[0])
    return "\n\n".join([
        "A policy that sees six past steps is trained in random simulators (`WORKSHOP`) and "
        "examined after each update on 100 episodes of the target (`SIMULATED_TARGET`), with the "
        "clock stopped. It keeps its return if three examinations in a row average at least 475; "
        "the clock is read at the first of them.",
        shown,
        goal(f"at most 5 s on one core ({plain(mean)})", mean <= 5),
        f"Steps in the simulator: {spread(steps, '.3g')}.",
        *("Both rows make the same steps and weights, so each seed is a pair: the second takes "
          f"{spread(other / seconds[0])} times as long." for other in seconds[1:]),
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
        "The tutorial predicts each reading from the noisy one before it. That biases gravity, and "
        "the whole log does not remove it. SciPy and CMA-ES got an objective without "
        "this bias, free runs whose starts are estimated too; its length was chosen with the "
        "truth in view. Ours has nothing to choose, but uses the known size of the noise.",
    ])  # fmt: skip


def scheduling(measured: dict) -> str:
    """Part 5."""
    parts = ["Decisions per second of processor time, the rule's own time included."]
    runs = {name: [m for m in found if "per_second" in m] for name, found in measured.items()}
    first = next(name for name in runs if runs[name])
    ours = {b: {n: np.array([np.nan if r["per_second"][b][n] is None else r["per_second"][b][n]
                             for r in runs[first]]) for n in runs[first][0]["per_second"][b]}
            for b in runs[first][0]["per_second"]}  # fmt: skip
    nodes = list(next(iter(ours.values())))
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
            rows.append([f"{b} at once, times {name}", *(
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
        parts.append("Public environments that installed; job shops are another and a smaller "
                     "problem, so these are for orientation.")  # fmt: skip
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
        "The later jobs are another workload than the earlier ones, which is a gap of its own, and "
        "a rule that needs no training has none. A rule whose number in the last column is below "
        "1 beats the policy.",
    ]


def course(measured: dict) -> str:
    """Part 6."""
    runs = {name: found[0] for name, found in measured.items() if "cold" in found[0]}
    keys = ("cold", "warm", "cold_memory", "warm_memory", "kernel")
    rows = [[f"`{name}`", *(f"{run[key]:,.0f}" for key in keys)] for name, run in runs.items()]
    cold, warm = (sum(run[key] for run in runs.values()) / 60 for key in ("cold", "warm"))
    parts = [
        "Each lesson by itself: *cold* with an empty result store, *warm* once more. Memory in MiB "
        "(proportional set size): the most of all processes together, and of the kernel alone. "
        f"All lessons together: {cold:.0f} min cold, {warm:.0f} min warm.",
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
