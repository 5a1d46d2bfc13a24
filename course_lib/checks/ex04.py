"""Checks of exercise 04: pictures in new colours, a camera that moved, and bias beside noise."""

import math

import numpy as np
from scipy.stats import chisquare, kstest

from course_lib.teach.checking import Answer, brief, number, numbers, part, require, safely
from course_lib.worlds.camera import HEIGHT, VIEW, WIDTH

BATCH = 32
METRES = VIEW / WIDTH  # of the rail, per column
POSES = np.c_[np.linspace(2.4, -2.4, BATCH), 0.3 * np.cos(np.arange(BATCH))]
# Of what is random about an answer, a right one fails less than once in a million checks.
RARE = 1e-7


def _augmented(answer: Answer, pictures, poses, rng, **named) -> tuple[np.ndarray, np.ndarray]:
    """What the answer makes of copies of `pictures` and `poses`; `rng` itself is handed on."""
    given, given_poses = pictures.copy(), poses.copy()
    asked = "".join(f" and {name}={value}" for name, value in named.items())
    call = f"called with {len(pictures)} picture{'s'[: len(pictures) > 1]}{asked}"
    with safely(call):
        result = answer.function(given, given_poses, rng, **named)
    require(np.array_equal(given, pictures), "it changes the pictures it was given; make new ones")
    require(np.array_equal(given_poses, poses), "it changes the poses it was given; make new ones")
    changed, after = _pair(result, "(pictures, poses)")
    form = getattr(changed, "shape", brief(changed)), getattr(changed, "dtype", "no array")
    require(
        isinstance(changed, np.ndarray) and form == (pictures.shape, np.uint8),
        f"uint8 pictures of shape {pictures.shape} came back as {form[0]}, {form[1]}",
    )
    return changed, numbers(after, poses.shape, "the poses")


def _pair(result, what: str):
    require(result is not None, "None came back; does your code end with return?")
    fits = isinstance(result, tuple | list | np.ndarray) and len(result) == 2
    require(fits, f"return two things, {what}, not {brief(result)}")
    return result


def _check_draws(answer: Answer, pictures, poses) -> None:
    """One seed gives one result, another seed another, and the second call a new one."""
    rng = np.random.default_rng(3)
    one, again, other, first, second = (
        _augmented(answer, pictures, poses, generator)[0].tobytes()
        for generator in (*map(np.random.default_rng, (1, 1, 2)), rng, rng)
    )
    for holds, hint in (
        (one != other, "two different seeds lead to the same pictures; draw from the given rng"),
        (one == again, "one seed leads to different pictures; draw from rng and nothing else"),
        (first != second, "a second call repeats the first; let rng itself go on, not a copy"),
    ):
        require(holds, hint)


@part("04.1")
def recolour(answer: Answer) -> None:
    """`answer(pictures, poses, rng)` maps the colours of each picture by its own affine map."""
    draw = np.random.default_rng(401)
    for count in (5, 1):
        _check_colours_stay_together(answer, draw, count)
    # Many copies of one picture, so that what differs in the results is the colouring. Its upper
    # half is dark: there, no sum leaves 0 to 255 if the shift is not near one of them.
    picture = draw.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    picture[: HEIGHT // 2] //= 20
    picture[0, 0] = 0
    pictures = np.repeat(picture[None], BATCH, 0)
    rng = np.random.default_rng(1)
    batches = [_augmented(answer, pictures, POSES, rng) for _ in range(8)]
    same = all(np.array_equal(after, POSES) for _, after in batches)
    require(same, "the poses differ, but nothing moved; keep them")
    require(not np.array_equal(batches[0][0], pictures), "the pictures come back as they were")
    _check_draws(answer, pictures, POSES)
    changed = np.concatenate([pictures for pictures, _ in batches]).astype(float)
    _check_shifts(changed[:, 0, 0], unlike=len({new.tobytes() for new in batches[0][0]}))
    _check_matrices(picture.reshape(-1, 3).astype(float), changed.reshape(len(changed), -1, 3))


def _check_colours_stay_together(answer: Answer, draw: np.random.Generator, count: int) -> None:
    """Pixels of one colour in one picture have one colour afterwards."""
    colours = draw.integers(0, 256, (7, 3), dtype=np.uint8)
    which = draw.integers(0, 7, (count, HEIGHT, WIDTH))
    changed, _ = _augmented(answer, colours[which], POSES[:count], np.random.default_rng(0))

    def together(where: np.ndarray, picture: np.ndarray) -> bool:
        groups = [picture[where == colour] for colour in range(7)]
        return all(np.ptp(group, axis=0).max() <= 1 for group in groups if len(group))

    for i in range(count):
        others = [j for j in range(count) if together(which[j], changed[i])]
        hint = "one matrix and one shift serve all pixels of a picture"
        if others:
            hint = f"it shows what picture {others[0]} showed; keep the pictures in their order"
        require(
            i in others,
            f"in picture {i} of {count}, pixels of the same colour are no longer the same; {hint}",
        )


def _check_shifts(shifts: np.ndarray, unlike: int) -> None:
    """What becomes of black, (n, 3), is spread over 0 to 255, each channel by itself."""
    dark, bright, most = (shifts < 1).mean(), (shifts > 254).mean(), shifts.max()
    found = kstest(shifts.ravel() / 255, "uniform").statistic
    for holds, hint in (
        (most > 0, "black stays black in every picture; what is added should go up to 255"),
        (most > 2, f"black becomes at most {most:.0f}; pixels go up to 255, and so does the shift"),
        (dark < 0.05,
         f"black stays 0 in {dark:.0%} of the channels; from which number on is the shift drawn?"),
        (bright < 0.05,
         f"black becomes 255 in {bright:.0%} of the channels; up to which number is it drawn?"),
        (unlike == BATCH,
         f"{BATCH} copies of one picture come out in {unlike} colouring{'s'[: unlike > 1]}; draw "
         "one for each picture"),
        (np.ptp(shifts, axis=1).any(), "black becomes some grey; each channel has its own shift"),
        (np.ptp(shifts[:BATCH], axis=0).any(),
         f"in all {BATCH} pictures of a batch black becomes the same colour; draw a shift each"),
        # Whole numbers are up to 1/255 away from what was drawn.
        (found < 1 / 255 + _rare_distance(shifts.size),
         f"black becomes {shifts.mean():.0f} on average, but is not evenly spread over 0 to 255"),
    ):  # fmt: skip
        require(holds, hint)


def _rare_distance(size: int) -> float:
    """How far `size` draws are from their law, in Kolmogorov's distance, once in 1 / RARE times."""
    return math.sqrt(-math.log(RARE / 2) / (2 * size))


def _check_matrices(colours: np.ndarray, changed: np.ndarray) -> None:
    """The map from colours (p, 3) to changed (n, p, 3) is affine, clipped, with uniform entries."""
    dark = np.arange(len(colours)) < len(colours) // 2
    design = np.c_[colours, np.ones(len(colours))]
    fits = np.linalg.pinv(design[dark]) @ changed[:, dark]  # (n, 4, 3): entries d, then the shift
    middling = np.abs(changed[:, 0] - 127.5) < 48  # (n, 3), where no dark colour was clipped
    seen, rough = (np.swapaxes(v, 1, 2)[middling] for v in (changed, design @ fits))  # (m, p)
    # Bright colours tell more, where the dark ones say that they were not clipped.
    inside = (rough > 20) & (rough < 235)
    fits = [np.linalg.lstsq(design[i], y[i])[0] for i, y in zip(inside, seen, strict=True)]
    wanted = np.array(fits) @ design.T  # (m, p) before clipping
    inside = (wanted > 12) & (wanted < 243)
    apart = np.abs(np.clip(wanted, 0, 255) - seen).max()
    wrapped = np.abs((wanted - seen + 128) % 256 - 128).max()
    for holds, hint in (
        (np.ptp(seen, axis=1).max() > 4,
         "no colour is far from what black becomes; the pixels go from 0 to 255, not to 1"),
        (np.abs(wanted - seen)[inside].max() < 6,
         "even between 0 and 255, a new colour is not matrix times old colour plus shift; "
         "do you limit anything before the sum is complete?"),
        (apart < 6 or wrapped > 6,
         "sums above 255 start again at 0, and those below 0 at 255; uint8 does that by itself "
         "unless you limit them before"),
        (apart < 6,
         "sums between 0 and 255 come out right, but not those beyond; "
         "what lies below 0 becomes 0, and what lies above 255 becomes 255"),
    ):  # fmt: skip
        require(holds, hint)
    matrices = np.zeros((len(changed), 3, 3))
    matrices[middling] = np.array(fits)[:, :3]
    _check_entries(matrices, middling)


def _check_entries(matrices: np.ndarray, sure: np.ndarray) -> None:
    """Matrices (n, 3, 3), of which the rows that are `sure` (n, 3) are known to about 0.01."""
    rows, channels = matrices[sure], np.nonzero(sure)[1]
    others = rows[~np.eye(3, dtype=bool)[channels]]
    pairs = [np.ptp(m[s], axis=0).max() for m, s in zip(matrices, sure, strict=True) if s.sum() > 1]
    first = [matrices[:BATCH, c][sure[:BATCH, c]] for c in range(3)]
    low, high, largest = rows.min(), rows.max(), np.abs(rows).max()
    for holds, hint in (
        (np.abs(others).max() > 0.05,
         "a new channel depends on the same channel only; the others count as well"),
        (np.ptp(rows, axis=1).max() > 0.05,
         "red, green and blue count the same in every sum; each has an entry of its own"),
        (max(pairs) > 0.05,
         "all three new channels mix the old ones by the same three entries; each has its own"),
        (any(np.ptp(m, axis=0).max() > 0.05 for m in first if len(m)),
         f"all {BATCH} pictures of a batch share one matrix, only their shifts differ; draw both"),
        (low < -0.1,
         f"no matrix entry is below {low:.2f}; some colours should turn into their opposite"),
        (largest < 1.05, f"a matrix entry is as large as {largest:.2f}; they end at 1"),
        (kstest(rows.ravel(), "uniform", args=(-1, 2)).statistic < 0.01 + _rare_distance(rows.size),
         f"the matrix entries, {low:.2f} to {high:.2f}, are not evenly spread from -1 to 1"),
    ):  # fmt: skip
        require(holds, hint)


@part("04.2")
def shift_camera(answer: Answer) -> None:
    """`answer(pictures, poses, rng, most)` moves each picture sideways, and its label with it."""
    draw = np.random.default_rng(402)
    pictures = draw.integers(0, 256, (BATCH, HEIGHT, WIDTH, 3), dtype=np.uint8)
    rng = np.random.default_rng(1)
    batches = [_check_moves(answer, pictures, POSES, rng, 8) for _ in range(64)]
    columns, tried = np.concatenate(batches), 64 * BATCH
    require(columns.any(), "no picture has moved")
    _check_draws(answer, pictures, POSES)
    counts = np.bincount(columns + 8, minlength=17)
    for holds, hint in (
        (any(map(np.ptp, batches)),
         f"all {BATCH} pictures of a batch move by the same columns; draw one number for each"),
        (columns.max() > 0, f"of {tried} pictures none moves right; a camera moves both ways"),
        (columns.min() < 0, f"of {tried} pictures none moves left; a camera moves both ways"),
        (counts[-1], f"with most=8, none of {tried} pictures moves by 8; that is in the range"),
        (counts[0], f"with most=8, none of {tried} pictures moves by -8; that is in the range"),
        (chisquare(counts).pvalue > RARE,
         f"of {tried} pictures {counts.max()} move by {counts.argmax() - 8} and {counts.min()} by "
         f"{counts.argmin() - 8}; every number is as likely as any other"),
    ):  # fmt: skip
        require(holds, hint)
    few = [_check_moves(answer, pictures, POSES, rng, 2, most=2) for _ in range(8)]
    require({-2, 2} <= set(np.concatenate(few)), "with most=2, no picture moves by 2 both ways")
    for most in (0, 20):
        _check_moves(answer, pictures[:1], POSES[:1], rng, most, most=most)


def _check_moves(answer: Answer, pictures, poses, rng, limit: int, **named) -> np.ndarray:
    """By how many columns each picture moved, if picture and label moved as they should."""
    changed, after = _augmented(answer, pictures, poses, rng, **named)
    columns = np.array([_moved(*pair, limit) for pair in zip(pictures, changed, strict=True)])
    for k, before, picture in zip(columns, pictures, changed, strict=True):
        if k:
            _check_edge(k, before, picture)
    require(np.allclose(after[:, 1], poses[:, 1]), "the angle changes; the pole leans as before")
    moved, right = after[:, 0] - poses[:, 0], columns * METRES
    wrong = np.flatnonzero(~np.isclose(moved, right, atol=1e-6))
    i = max(wrong, key=lambda i: abs(columns[i]), default=0)
    hint = "one drawn number moves both, the picture and its label"
    for mistake, what in (
        (0 * right, "the picture moved, so where does the cart now appear?"),
        (-right, "which way does the cart appear to go, and which way is positive?"),
        (columns, "a label is in metres"),
        (columns / WIDTH, "a share of the picture is not yet metres"),
        (columns * VIEW / HEIGHT, "the view's width goes with the picture's width"),
        (columns * 4.8 / WIDTH, "the picture shows more than the rail"),
    ):
        if np.allclose(moved, mistake, atol=1e-6):
            hint = what
    if (np.abs(poses[wrong, 0] + right[wrong]) > 2.3).all() and len(wrong) < len(moved):
        hint = "the label may lie beyond the rail, even beyond the picture: do not limit it"
    require(
        not wrong.size,
        f"a cart at {poses[i, 0]:.2f} m, whose picture moved by {columns[i]} columns, gets the "
        f"label {after[i, 0]:.2f} m; {hint}",
    )
    return columns


def _moved(before: np.ndarray, after: np.ndarray, most: int) -> int:
    """By how many columns the content moved right; refuses anything else."""

    def fits(a: np.ndarray, b: np.ndarray, k: int) -> bool:
        length = len(a) - abs(k)
        return np.array_equal(a[max(0, -k) :][:length], b[max(0, k) :][:length])

    across = before.swapaxes(0, 1), after.swapaxes(0, 1)
    lags = sorted(range(-WIDTH // 2, WIDTH // 2), key=abs)
    found = next((k for k in lags if fits(*across, k)), None)
    vertical = found is None and any(fits(before, after, k) for k in range(1 - HEIGHT, HEIGHT))
    require(not vertical, "a picture moves up or down; the second axis is the height")
    hint = "not the one given there, moved by whole columns; does it work for every number, 0 too?"
    require(found is not None, f"with most={most}, a picture comes back that is {hint}")
    require(abs(found) <= most, f"with most={most}, a picture moves by {found} columns")
    return found


def _check_edge(k: int, before: np.ndarray, after: np.ndarray) -> None:
    """The `k` columns that nothing moved into repeat the column at that edge."""
    empty, edge = (after[:, :k], before[:, :1]) if k > 0 else (after[:, k:], before[:, -1:])
    side, hint = "left" if k > 0 else "right", "which column of the picture is the nearest?"
    if np.array_equal(empty, before[:, -k:] if k > 0 else before[:, :-k]):
        hint = "what left the picture at one side must not come in at the other"
    elif not empty.any():
        hint = "black bars would tell the network how far you moved"
    elif np.array_equal(empty, before[:, :k] if k > 0 else before[:, k:]):
        hint = "what was there before is still there, so it shows twice"
    require(
        bool((empty == edge).all()),
        f"a picture moved by {k} columns has the wrong fill at its {side} edge; {hint}",
    )


@part("04.3")
def bias_and_noise(answer: Answer) -> None:
    """`answer(errors)` is (bias, noise) of errors (episodes, frames)."""
    draw = np.random.default_rng(403)
    for errors in (
        np.c_[[0.6, -0.4, 0.3, -0.2, 0.3]] + draw.normal(0.0, 0.4, (5, 7)),
        np.array([[0.1, 0.3], [-0.3, -0.1]]),
        draw.normal(size=(40, 2)),
        np.full((3, 4), -0.25),
        draw.normal(2.0, 1.0, (1, 6)),
    ):
        result = _pair(answer(errors), "(bias, noise)")
        _check_two(errors, *map(number, result, ("the bias", "the noise")))
    for frames in (1, 0):
        what = f"called with 4 episodes of {frames} frame{'s'[: frames != 1]}"
        error: Exception | None = None
        with safely(what):
            try:
                answer.function(np.zeros((4, frames)))
            except NotImplementedError:
                raise
            except Exception as raised:
                error = raised
        right = f"{what}, it cannot know the noise and should raise a ValueError"
        came = type(error).__name__ if error else "a result"
        require(isinstance(error, ValueError), f"{right}, not {came}")
        require(len(str(error)) > 8, f"{what}: the ValueError should say what is wrong")


def _check_two(errors: np.ndarray, bias: float, noise: float) -> None:
    """`bias` and `noise` are those of `errors`; if not, look for the mistake."""
    means, n = errors.mean(axis=1), errors.shape[1]
    spread = errors.var(axis=1, ddof=1) if n > 1 else np.zeros(len(errors))
    right = math.sqrt((means**2).mean()), math.sqrt(spread.mean())
    swapped = np.allclose((noise, bias), right) and not np.allclose(*right)
    require(not swapped, "the bias comes first, then the noise")
    all_of_it = math.sqrt((errors**2).mean())
    between = "it differs between episodes as well, and that belongs to the bias"
    for name, got, wanted, mistakes in (
        ("bias", bias, right[0], (
            (abs(means.mean()), "one episode errs to the left, another to the right: that cancels"),
            (np.abs(means).mean(), "the mean of sizes is not the root of the mean square"),
            (all_of_it, "the noise is still in it: which mean comes before the square?"),
            (means.std(), "an error that all episodes share is a bias as well"),
            ((means**2).mean(), "it has the unit of a square"),
            (math.sqrt((errors.mean(axis=0) ** 2).mean()), "which axis holds the episodes?"),
            (math.sqrt(max(0.0, right[0] ** 2 - spread.mean() / n)), "nothing is to be taken off"),
        )),
        ("noise", noise, right[1], (
            (errors.std(), between),
            (errors.std(ddof=1), between),
            (math.sqrt(errors.var(axis=1).mean()), "its mean was estimated from the same frames"),
            (np.sqrt(spread).mean(), "take the mean of the variances, and the root after it"),
            (errors.std(axis=1).mean(), "take the root last, and divide by what is really free"),
            (spread.mean(), "it has the unit of a square"),
            (all_of_it, "the mean of each episode is still in it"),
            (math.sqrt(errors.var(axis=0, ddof=len(errors) > 1).mean()),
             "which axis holds the frames?"),
            (math.sqrt(spread.mean() / n), "it is the noise of a frame, not that of the mean"),
        )),
    ):  # fmt: skip
        fits = (h for v, h in mistakes if math.isclose(abs(got), v, rel_tol=1e-9, abs_tol=1e-9))
        hint = next(fits, "take it step by step: each episode first, then all of them")
        require(
            math.isclose(got, wanted, rel_tol=1e-9, abs_tol=1e-9),
            f"for {len(errors)} episodes of {n} frames the {name} is not {got:.4g}; {hint}",
        )
