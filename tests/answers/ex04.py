"""Answers to exercise 04. Most wrong ones are a right one with one mistake edited in."""

from answers import Right, Wrong, edit

RECOLOUR = """
import random
import numpy as np

def recolour(pictures, poses, rng):
    n = len(pictures)
    matrix = rng.uniform(-1, 1, (n, 3, 3))
    shift = rng.uniform(0, 255, (n, 3))
    mixed = np.einsum("ihwd,icd->ihwc", pictures, matrix, optimize=True)
    mixed = mixed + shift[:, None, None, :]
    return np.clip(mixed, 0, 255).astype(np.uint8), poses
"""
MATRIX = "rng.uniform(-1, 1, (n, 3, 3))"
SHIFT = "rng.uniform(0, 255, (n, 3))"
MIX = 'np.einsum("ihwd,icd->ihwc", pictures, matrix, optimize=True)'
ADD = "mixed + shift[:, None, None, :]"
DONE = "np.clip(mixed, 0, 255).astype(np.uint8)"
START = "    n = len(pictures)\n"

RECOLOUR_ANSWERS = [
    Wrong(
        "one matrix and one shift for the batch",
        edit(RECOLOUR, MATRIX, f"{MATRIX}[:1].repeat(n, 0)", SHIFT, f"{SHIFT}[:1]"),
        "32 copies of one picture come out in 1 colouring; draw one for each picture",
    ),
    Wrong(
        "one matrix for the batch",
        edit(RECOLOUR, MATRIX, f"{MATRIX}[:1].repeat(n, 0)"),
        "share one matrix, only their shifts differ",
    ),
    Wrong(
        "one shift for the batch",
        edit(RECOLOUR, SHIFT, f"{SHIFT}[:1]"),
        "in all 32 pictures of a batch black becomes the same colour",
    ),
    Wrong(
        "two matrices in turn",
        edit(
            RECOLOUR,
            *(MATRIX, f"np.resize({MATRIX}[:2], (n, 3, 3))"),
            *(SHIFT, f"np.resize({SHIFT}[:2], (n, 3))"),
        ),
        "come out in 2 colourings",
    ),
    Wrong(
        "a new shift for each pixel",
        edit(RECOLOUR, ADD, "mixed + rng.uniform(0, 255, mixed.shape)"),
        "pixels of the same colour are no longer the same; one matrix and one shift serve all",
    ),
    Wrong(
        "a new shift for each row",
        edit(
            RECOLOUR,
            SHIFT,
            "rng.uniform(0, 255, (n, 32, 1, 3))",
            "shift[:, None, None, :]",
            "shift",
        ),
        "pixels of the same colour are no longer the same",
        like="a new shift for each pixel",
    ),
    Wrong(
        "all pixels shuffled by a reshape",
        edit(RECOLOUR, ADD, f"({ADD}).transpose(0, 2, 1, 3).reshape(pictures.shape)"),
        "pixels of the same colour are no longer the same",
        like="a new shift for each pixel",
    ),
    Wrong(
        "not clipped",
        edit(RECOLOUR, DONE, "(mixed.astype(int) % 256).astype(np.uint8)"),
        "sums above 255 start again at 0",
    ),
    Wrong(
        "all in uint8",
        edit(
            RECOLOUR,
            *(ADD, "mixed.astype(int).astype(np.uint8) + shift.astype(np.uint8)[:, None, None]"),
            *(DONE, "mixed"),
        ),
        "uint8 does that by itself unless you limit them before",
        like="not clipped",
    ),
    Wrong(
        "too much becomes 0, not 255",
        edit(RECOLOUR, DONE, "np.where((mixed < 0) | (mixed > 255), 0, mixed).astype(np.uint8)"),
        "sums between 0 and 255 come out right, but not those beyond",
    ),
    Wrong(
        "reflected at the ends",
        edit(RECOLOUR, DONE, "np.clip(255 - abs(255 - abs(mixed)), 0, 255).astype(np.uint8)"),
        "sums between 0 and 255 come out right, but not those beyond",
        like="too much becomes 0, not 255",
    ),
    Wrong(
        "clipped before the shift",
        edit(RECOLOUR, MIX, f"np.clip({MIX}, 0, 255)"),
        "do you limit anything before the sum is complete?",
    ),
    Wrong(
        "squared colours",
        edit(RECOLOUR, MIX, MIX.replace("pictures", "pictures / 255.0 * pictures")),
        "a new colour is not matrix times old colour plus shift",
        like="clipped before the shift",
    ),
    Wrong("no shift", edit(RECOLOUR, ADD, "mixed"), "black stays black in every picture"),
    Wrong(
        "the shift from 0 to 1",
        edit(RECOLOUR, SHIFT, "rng.uniform(0, 1, (n, 3))"),
        "black stays black in every picture; what is added should go up to 255",
        like="no shift",
    ),
    Wrong(
        "pixels from 0 to 1, the shift to 255",
        edit(RECOLOUR, MIX, MIX.replace("pictures", "pictures / 255")),
        "no colour is far from what black becomes",
    ),
    Wrong(
        "pixels from 0 to 1, the shift to 255, and all times 255",
        edit(
            RECOLOUR,
            MIX,
            MIX.replace("pictures", "pictures / 255"),
            DONE,
            DONE.replace("mixed", "mixed * 255"),
        ),
        "black becomes 255 in 100% of the channels",
    ),
    Wrong(
        "pixels from 0 to 1, clipped to 1",
        edit(
            RECOLOUR,
            *(MIX, MIX.replace("pictures", "pictures / 255")),
            *(SHIFT, "rng.uniform(0, 1, (n, 3))"),
            *(DONE, "np.clip(mixed, 0, 1).astype(np.uint8)"),
        ),
        "black stays black in every picture",
        like="no shift",
    ),
    Wrong(
        "the shift of either sign",
        edit(RECOLOUR, SHIFT, "rng.uniform(-255, 255, (n, 3))"),
        "from which number on is the shift drawn?",
    ),
    Wrong(
        "the shift up to 127",
        edit(RECOLOUR, SHIFT, "rng.uniform(0, 127, (n, 3))"),
        "is not evenly spread over 0 to 255",
    ),
    Wrong(
        "the shift normal around grey",
        edit(RECOLOUR, SHIFT, "rng.normal(128, 30, (n, 3))"),
        "black becomes 12",
        like="the shift up to 127",
    ),
    Wrong(
        "a grey shift",
        edit(RECOLOUR, SHIFT, "rng.uniform(0, 255, (n, 1))"),
        "black becomes some grey",
    ),
    Wrong(
        "a factor per channel",
        edit(RECOLOUR, MATRIX, "rng.uniform(-1, 1, (n, 3, 1)) * np.eye(3)"),
        "a new channel depends on the same channel only",
    ),
    Wrong(
        "all old channels alike",
        edit(RECOLOUR, MATRIX, "rng.uniform(-1, 1, (n, 3, 1)).repeat(3, 2)"),
        "red, green and blue count the same in every sum",
    ),
    Wrong(
        "all new channels alike",
        edit(RECOLOUR, MATRIX, "rng.uniform(-1, 1, (n, 1, 3)).repeat(3, 1)"),
        "all three new channels mix the old ones by the same three entries",
    ),
    Wrong(
        "entries from 0 to 1",
        edit(RECOLOUR, "rng.uniform(-1, 1", "rng.uniform(0, 1"),
        "no matrix entry is below",
    ),
    Wrong(
        "normal entries",
        edit(RECOLOUR, MATRIX, "rng.normal(size=(n, 3, 3))"),
        "they end at 1",
    ),
    Wrong(
        "entries -1, 0 or 1",
        edit(RECOLOUR, MATRIX, "rng.integers(-1, 2, (n, 3, 3))"),
        "the matrix entries, -1.00 to 1.00, are not evenly spread from -1 to 1",
    ),
    Wrong(
        "entries from -1/3 to 1/3",
        edit(RECOLOUR, MATRIX, f"{MATRIX} / 3"),
        "are not evenly spread from -1 to 1",
    ),
    Wrong(
        "half of the old colours kept",
        edit(RECOLOUR, MATRIX, f"0.5 * np.eye(3) + 0.5 * {MATRIX}"),
        "are not evenly spread from -1 to 1",
    ),
    Wrong(
        "in place",
        edit(
            RECOLOUR,
            "    return " + DONE + ", poses",
            f"    pictures[:] = {DONE}\n    return pictures, poses",
        ),
        "it changes the pictures it was given",
    ),
    Wrong(
        "floats come back",
        edit(RECOLOUR, ".astype(np.uint8)", ""),
        "came back as (5, 32, 100, 3), float64",
    ),
    Wrong("signed integers", edit(RECOLOUR, "np.uint8", "int"), "(5, 32, 100, 3), int64"),
    Wrong(
        "channels first",
        edit(RECOLOUR, "->ihwc", "->ichw", "[:, None, None, :]", "[:, :, None, None]"),
        "came back as (5, 3, 32, 100), uint8",
    ),
    Wrong(
        "a list of pictures",
        edit(RECOLOUR, DONE, f"list({DONE})"),
        "came back as [array(",
    ),
    Wrong(
        "the global generator",
        edit(RECOLOUR, SHIFT, SHIFT.replace("rng", "np.random")),
        "draws from a global random generator",
    ),
    Wrong(
        "Python's global generator",
        edit(
            RECOLOUR, SHIFT, "np.array([[random.uniform(0, 255) for _ in 'rgb'] for _ in pictures])"
        ),
        "draws from a global random generator",
        like="the global generator",
    ),
    Wrong(
        "a fixed seed inside",
        edit(RECOLOUR, START, START + "    rng = np.random.default_rng(0)\n"),
        "two different seeds lead to the same pictures",
    ),
    Wrong(
        "a generator without a seed inside",
        edit(RECOLOUR, START, START + "    rng = np.random.default_rng()\n"),
        "one seed leads to different pictures",
    ),
    Wrong(
        "a copy of the generator",
        edit(RECOLOUR, START, START + "    import copy\n    rng = copy.deepcopy(rng)\n"),
        "a second call repeats the first",
    ),
    Wrong(
        "drawn when the function was defined",
        edit(RECOLOUR, "(pictures, poses, rng):", "(pictures, poses, rng, drawn={}):")
        .replace("matrix = " + MATRIX, "matrix = drawn.setdefault(n, " + MATRIX + ")")
        .replace("shift = " + SHIFT, "shift = drawn.setdefault(-n, " + SHIFT + ")"),
        "two different seeds lead to the same pictures",
        like="a fixed seed inside",
    ),
    Wrong(
        "the batch shuffled",
        edit(RECOLOUR, "return ", "mixed = rng.permutation(mixed)\n    return "),
        "keep the pictures in their order",
    ),
    Wrong(
        "the poses mapped, too",
        edit(RECOLOUR, ", poses\n", ", poses * matrix[:, 0, :2]\n"),
        "the poses differ, but nothing moved",
    ),
    Wrong(
        "poses rounded",
        edit(RECOLOUR, ", poses\n", ", poses.astype(np.float32).round(2)\n"),
        "the poses differ, but nothing moved",
        like="the poses mapped, too",
    ),
    Wrong(
        "made for 32 pictures",
        edit(RECOLOUR, "n = len(pictures)", "n = 32"),
        "it raised ValueError",
    ),
    Wrong("only the pictures", edit(RECOLOUR, ", poses\n", "\n"), "return two things, (pictures"),
    Wrong("no return", edit(RECOLOUR, "return ", "result = "), "does your code end with return?"),
    Wrong(
        "nothing done",
        "def recolour(pictures, poses, rng):\n    return pictures, poses",
        "the pictures come back as they were",
    ),
    Right("the usual way", RECOLOUR),
    Right(
        "a loop over pictures, drawn picture by picture",
        """
import numpy as np

def recolour(pictures, poses, rng):
    made = []
    for picture in pictures:
        matrix, shift = rng.uniform(-1, 1, (3, 3)), rng.uniform(0, 255, 3)
        made.append((picture @ matrix.T + shift).clip(0, 255))
        print(matrix)
    return np.array(made).astype("uint8"), poses
""",
    ),
    Right(
        "channel by channel, shift first, rounded, with a copy of the poses",
        """
import numpy as np

def recolour(pictures, poses, rng):
    new = np.zeros_like(pictures)
    for i in range(len(pictures)):
        for c in range(3):
            total = 255 * rng.random()
            for d in range(3):
                total = total + (2 * rng.random() - 1) * pictures[i, ..., d].astype(float)
            new[i, ..., c] = np.rint(np.minimum(np.maximum(total, 0), 255))
    return new, poses.copy()
""",
    ),
    Right(
        "single precision, pixels from 0 to 1, matrix the other way round",
        """
import numpy as np

def recolour(pictures, poses, rng):
    x = pictures.reshape(len(pictures), -1, 3).astype(np.float32) / 255
    m = rng.uniform(-1, 1, (len(x), 3, 3)).astype(np.float32)
    x = x @ m + rng.random((len(x), 1, 3)).astype(np.float32)
    return [(255 * np.clip(x, 0, 1)).astype(np.uint8).reshape(pictures.shape), poses]
""",
    ),
    Right(
        "broadcast, all twelve numbers of a picture drawn together",
        """
import numpy as np

def recolour(pictures, poses, rng):
    drawn = rng.uniform(-1, 1, (len(pictures), 3, 4))
    m, s = drawn[..., :3], 127.5 + 127.5 * drawn[..., 3]
    mixed = (pictures[..., None, :] * m[:, None, None]).sum(-1) + s[:, None, None]
    mixed[mixed < 0] = 0
    mixed[mixed > 255] = 255
    return mixed.astype(np.uint8), np.array(poses)
""",
    ),
]

MOVE = """
import numpy as np
from course_lib.worlds.camera import VIEW, WIDTH

def shift_camera(pictures, poses, rng, most=8):
    n = len(pictures)
    k = rng.integers(-most, most + 1, size=n)
    moved, labels = np.empty_like(pictures), poses.copy()
    for i in range(n):
        source = np.clip(np.arange(WIDTH) - k[i], 0, WIDTH - 1)
        moved[i] = pictures[i][:, source]
    labels[:, 0] += k * VIEW / WIDTH
    return moved, labels
"""
DRAW = "rng.integers(-most, most + 1, size=n)"
SOURCE = "np.clip(np.arange(WIDTH) - k[i], 0, WIDTH - 1)"
TAKE = "pictures[i][:, source]"
LABEL = "labels[:, 0] += k * VIEW / WIDTH"

MOVE_ANSWERS = [
    Wrong(
        "rolled around",
        edit(MOVE, TAKE, "np.roll(pictures[i], k[i], axis=1)"),
        "what left the picture at one side must not come in at the other",
    ),
    Wrong(
        "black bars",
        edit(MOVE, TAKE, TAKE + " * (source == np.arange(WIDTH) - k[i])[:, None]"),
        "black bars would tell the network",
    ),
    Wrong(
        "filled with the far edge",
        edit(
            MOVE,
            SOURCE,
            "np.arange(WIDTH) - k[i]\n        source[source < 0], source[source >= WIDTH] = -1, 0",
        ),
        "which column of the picture is the nearest?",
    ),
    Wrong(
        "mirrored at the edge",
        edit(MOVE, SOURCE, "np.pad(np.arange(WIDTH), most, 'symmetric')[most - k[i]:][:WIDTH]"),
        "which column of the picture is the nearest?",
        like="filled with the far edge",
    ),
    Wrong(
        "what was there stays",
        edit(
            MOVE,
            TAKE,
            TAKE + "\n        fits = source == np.arange(WIDTH) - k[i]\n"
            "        moved[i][:, ~fits] = pictures[i][:, ~fits]",
        ),
        "so it shows twice",
    ),
    Wrong("the label stays", edit(MOVE, LABEL, "pass"), "so where does the cart now appear?"),
    Wrong("the label moves the other way", edit(MOVE, "+= k", "-= k"), "which way is positive?"),
    Wrong(
        "the picture moves the other way",
        edit(MOVE, "(WIDTH) - k[i]", "(WIDTH) + k[i]"),
        "which way is positive?",
        like="the label moves the other way",
    ),
    Wrong("the label in columns", edit(MOVE, LABEL, "labels[:, 0] += k"), "a label is in metres"),
    Wrong(
        "the label in shares of the width",
        edit(MOVE, "k * VIEW / WIDTH", "k / WIDTH"),
        "a share of the picture is not yet metres",
    ),
    Wrong(
        "metres per row",
        edit(MOVE, "k * VIEW / WIDTH", "k * VIEW / 32"),
        "the view's width goes with the picture's width",
    ),
    Wrong(
        "the rail as wide as the picture",
        edit(MOVE, "k * VIEW / WIDTH", "k * 4.8 / WIDTH"),
        "the picture shows more than the rail",
    ),
    Wrong(
        "a draw of its own for the label",
        edit(MOVE, "+= k", f"+= {DRAW}"),
        "one drawn number moves both",
    ),
    Wrong(
        "the label kept on the rail",
        edit(MOVE, LABEL, LABEL + "\n    labels[:, 0] = labels[:, 0].clip(-2.4, 2.4)"),
        "do not limit it",
    ),
    Wrong(
        "the label kept in the picture",
        edit(MOVE, LABEL, LABEL + "\n    labels[:, 0] = labels[:, 0].clip(-VIEW / 2, VIEW / 2)"),
        "do not limit it",
        like="the label kept on the rail",
    ),
    Wrong(
        "the label rounded",
        edit(MOVE, LABEL, LABEL + "\n    labels[:, 0] = labels[:, 0].round(1)"),
        "one drawn number moves both, the picture and its label",
        like="a draw of its own for the label",
    ),
    Wrong(
        "the angle moves", edit(MOVE, "labels[:, 0] += k", "labels[:, 1] += k"), "the angle changes"
    ),
    Wrong(
        "both columns of the label move",
        edit(MOVE, LABEL, "labels += (k * VIEW / WIDTH)[:, None]"),
        "the angle changes",
        like="the angle moves",
    ),
    Wrong(
        "one number for the batch",
        edit(MOVE, DRAW, "np.full(n, rng.integers(-most, most + 1))"),
        "all 32 pictures of a batch move by the same columns",
    ),
    Wrong(
        "the end left out",
        edit(MOVE, "most + 1", "max(most, 1 - most)"),
        "none of 2048 pictures moves by 8; that is in the range",
    ),
    Wrong(
        "both ends left out",
        edit(MOVE, DRAW, "rng.integers(min(1 - most, 0), max(most, 1), size=n)"),
        "none of 2048 pictures moves by 8; that is in the range",
        like="the end left out",
    ),
    Wrong(
        "one too far",
        edit(MOVE, "most + 1", "most + 2"),
        "with most=8, a picture moves by 9 columns",
    ),
    Wrong(
        "only to the right",
        edit(MOVE, "rng.integers(-most,", "rng.integers(0,"),
        "none moves left; a camera moves both ways",
    ),
    Wrong(
        "only to the left",
        edit(MOVE, DRAW, "rng.integers(-most, 1, size=n)"),
        "none moves right; a camera moves both ways",
    ),
    Wrong(
        "mostly to the ends",
        edit(MOVE, DRAW, DRAW + "\n    k = np.where(rng.random(n) < 0.4, most * np.sign(k), k)"),
        "every number is as likely as any other",
    ),
    Wrong(
        "rounded from a normal law",
        edit(MOVE, DRAW, "np.clip(np.rint(rng.normal(0, most / 2, n)), -most, most).astype(int)"),
        "every number is as likely as any other",
    ),
    Wrong(
        "cut off towards zero",
        edit(MOVE, DRAW, "rng.uniform(-most - 0.99, most + 0.99, n).astype(int)"),
        "move by 0 and ",
    ),
    Wrong(
        "most ignored",
        edit(MOVE, DRAW, "rng.integers(-8, 9, size=n)"),
        "with most=2, a picture moves by",
    ),
    Wrong(
        "small numbers ignored",
        edit(MOVE, DRAW, DRAW + " * (most > 2)"),
        "with most=2, no picture moves by 2 both ways",
    ),
    Wrong(
        "up and down",
        edit(MOVE, SOURCE, "np.clip(np.arange(32) - k[i], 0, 31)", TAKE, "pictures[i][source]"),
        "a picture moves up or down",
    ),
    Wrong(
        "the colours move",
        edit(MOVE, TAKE, "np.roll(pictures[i], k[i], axis=-1)"),
        "that is not the one given there",
    ),
    Wrong(
        "slices that fail for 0",
        edit(
            MOVE,
            TAKE,
            "pictures[i]\n"
            "        if k[i] > 0:\n"
            "            moved[i][:, k[i]:] = pictures[i][:, :-k[i]]\n"
            "            moved[i][:, :k[i]] = pictures[i][:, :1]\n"
            "        else:\n"
            "            moved[i] = pictures[i][:, -1:]\n"
            "            moved[i][:, :k[i]] = pictures[i][:, -k[i]:]",
        ),
        "it raised ValueError",
    ),
    Wrong(
        "empty picture for 0",
        edit(MOVE, TAKE, "pictures[i][:, source] * (k[i] != 0)"),
        "does it work for every number, 0 too?",
        like="the colours move",
    ),
    Wrong(
        "the batch shuffled",
        edit(MOVE, "return moved", "return rng.permutation(moved)"),
        "that is not the one given there",
        like="the colours move",
    ),
    Wrong(
        "pictures in place",
        edit(MOVE, "np.empty_like(pictures)", "pictures"),
        "it changes the pictures it was given",
    ),
    Wrong(
        "labels in place",
        edit(MOVE, "poses.copy()", "poses"),
        "it changes the poses it was given",
    ),
    Wrong("not moved", edit(MOVE, DRAW, "np.zeros(n, int)"), "no picture has moved"),
    Wrong(
        "the global generator",
        edit(MOVE, DRAW, "np.random.randint(-most, most + 1, n)"),
        "draws from a global random generator",
    ),
    Wrong(
        "a fixed seed inside",
        edit(MOVE, "rng.integers", "np.random.default_rng(0).integers"),
        "two different seeds lead to the same pictures",
    ),
    Wrong(
        "a generator without a seed inside",
        edit(MOVE, "rng.integers", "np.random.default_rng().integers"),
        "one seed leads to different pictures",
    ),
    Wrong(
        "a copy of the generator",
        edit(MOVE, "    n = len", "    import copy\n    rng = copy.deepcopy(rng)\n    n = len"),
        "a second call repeats the first",
    ),
    Wrong(
        "a float picture",
        edit(MOVE, "np.empty_like(pictures)", "np.empty(pictures.shape)"),
        "came back as (32, 32, 100, 3), float64",
    ),
    Wrong(
        "narrower pictures",
        edit(MOVE, "return moved", "return moved[:, :, most:-most]"),
        "came back as (32, 32, 84, 3), uint8",
    ),
    Wrong(
        "positions only",
        edit(MOVE, "return moved, labels", "return moved, labels[:, 0]"),
        "the poses should have shape (32, 2), not (32,)",
    ),
    Wrong(
        "only the pictures",
        edit(MOVE, "return moved, labels", "return moved"),
        "return two things, (pictures, poses)",
    ),
    Wrong("no return", edit(MOVE, "return ", "_ = "), "does your code end with return?"),
    Right("the usual way", MOVE),
    Right(
        "all at once with take_along_axis, drawn as uniform numbers",
        """
import numpy as np

def shift_camera(pictures, poses, rng, most=8):
    k = np.floor(rng.random(len(poses)) * (2 * most + 1)).astype(int) - most
    columns = (np.arange(100) - k[:, None]).clip(0, 99)
    moved = np.take_along_axis(pictures, columns[:, None, :, None], axis=2)
    return moved, poses + np.outer(k * 0.052, [1, 0])
""",
    ),
    Right(
        "padded at both sides, then cut out",
        """
import numpy as np
from course_lib.worlds import camera

def shift_camera(pictures, poses, rng, most=8):
    wide = np.pad(pictures, ((0, 0), (0, 0), (most, most), (0, 0)), mode="edge")
    width = pictures.shape[2]
    moved, labels = [], []
    for picture, (m, angle) in zip(wide, poses):
        start = rng.integers(0, 2 * most + 1)
        moved.append(picture[:, start:start + width])
        labels.append((m + (most - start) * camera.VIEW / camera.WIDTH, angle))
    return np.stack(moved), np.array(labels)
""",
    ),
    Right(
        "slices and cases, drawn by choice, left meant first",
        """
import numpy as np

def shift_camera(pictures, poses, rng, most=8):
    moved, labels = pictures.copy(), poses.astype(float)
    for i, left in enumerate(rng.choice(np.arange(-most, most + 1), len(pictures))):
        if left > 0:
            moved[i, :, :-left] = pictures[i, :, left:]
            moved[i, :, -left:] = pictures[i, :, -1:]
        elif left < 0:
            moved[i, :, -left:] = pictures[i, :, :left]
            moved[i, :, :-left] = pictures[i, :, :1]
        labels[i, 0] -= 5.2 * left / 100
    return moved, labels
""",
    ),
    Right(
        "column by column",
        """
import numpy as np

def shift_camera(pictures, poses, rng, most=8):
    n, _, width, _ = pictures.shape
    k = [int(rng.integers(-most, most, endpoint=True)) for _ in range(n)]
    moved = np.zeros_like(pictures)
    for i in range(n):
        for j in range(width):
            moved[i, :, j] = pictures[i, :, min(max(j - k[i], 0), width - 1)]
    return moved, np.column_stack([poses[:, 0] + np.array(k) * 5.2 / width, poses[:, 1]])
""",
    ),
]

SPLIT = """
import numpy as np

def bias_and_noise(errors):
    if errors.shape[1] < 2:
        raise ValueError("the spread within an episode needs at least two frames")
    bias = np.sqrt(np.mean(errors.mean(axis=1) ** 2))
    noise = np.sqrt(np.mean(errors.var(axis=1, ddof=1)))
    return bias, noise
"""
BIAS = "np.sqrt(np.mean(errors.mean(axis=1) ** 2))"
NOISE = "np.sqrt(np.mean(errors.var(axis=1, ddof=1)))"
TEST = """    if errors.shape[1] < 2:
        raise ValueError("the spread within an episode needs at least two frames")
"""

SPLIT_ANSWERS = [
    Wrong(
        "the mean of the means", edit(SPLIT, BIAS, "errors.mean()"), "to the right: that cancels"
    ),
    Wrong(
        "the size of the mean of the means",
        edit(SPLIT, BIAS, "abs(errors.mean(axis=1).mean())"),
        "to the right: that cancels",
        like="the mean of the means",
    ),
    Wrong(
        "the mean size of the means",
        edit(SPLIT, BIAS, "np.abs(errors.mean(axis=1)).mean()"),
        "the mean of sizes is not the root of the mean square",
    ),
    Wrong(
        "the root mean square of all errors",
        edit(SPLIT, BIAS, "np.sqrt((errors ** 2).mean())"),
        "the noise is still in it",
    ),
    Wrong(
        "the spread of the means",
        edit(SPLIT, BIAS, "errors.mean(axis=1).std()"),
        "an error that all episodes share is a bias as well",
    ),
    Wrong(
        "no root in the bias",
        edit(SPLIT, BIAS, "np.mean(errors.mean(axis=1) ** 2)"),
        "it has the unit of a square",
    ),
    Wrong(
        "the bias over frames",
        edit(SPLIT, "mean(axis=1)", "mean(axis=0)"),
        "which axis holds the episodes?",
    ),
    Wrong(
        "the bias corrected for the noise",
        edit(
            SPLIT,
            BIAS,
            "np.sqrt(max(0, np.mean(errors.mean(axis=1) ** 2)"
            " - errors.var(axis=1, ddof=1).mean() / errors.shape[1]))",
        ),
        "nothing is to be taken off",
    ),
    Wrong(
        "the largest bias",
        edit(SPLIT, BIAS, "np.abs(errors.mean(axis=1)).max()"),
        "take it step by step",
    ),
    Wrong(
        "the spread of everything",
        edit(SPLIT, NOISE, "errors.std()"),
        "it differs between episodes as well",
    ),
    Wrong(
        "the spread of everything, as from a sample",
        edit(SPLIT, NOISE, "errors.std(ddof=1)"),
        "it differs between episodes as well",
    ),
    Wrong(
        "divided by the frames", edit(SPLIT, ", ddof=1", ""), "was estimated from the same frames"
    ),
    Wrong(
        "the mean of the standard deviations",
        edit(SPLIT, NOISE, "errors.std(axis=1, ddof=1).mean()"),
        "take the mean of the variances",
    ),
    Wrong(
        "the mean of the standard deviations, divided by the frames",
        edit(SPLIT, NOISE, "errors.std(axis=1).mean()"),
        "take the root last, and divide by what is really free",
    ),
    Wrong(
        "no root in the noise",
        edit(SPLIT, NOISE, "errors.var(axis=1, ddof=1).mean()"),
        "it has the unit of a square",
    ),
    Wrong(
        "the noise over episodes",
        edit(SPLIT, "var(axis=1", "var(axis=0"),
        "which axis holds the frames?",
    ),
    Wrong(
        "axes swapped in both",
        edit(SPLIT, "    bias =", "    errors = errors.T\n    bias ="),
        "which axis holds the episodes?",
        like="the bias over frames",
    ),
    Wrong(
        "the noise of the mean",
        edit(SPLIT, NOISE, NOISE + " / np.sqrt(errors.shape[1])"),
        "it is the noise of a frame",
    ),
    Wrong(
        "the root mean square as the noise",
        edit(SPLIT, NOISE, "np.sqrt((errors ** 2).mean())"),
        "the mean of each episode is still in it",
    ),
    Wrong(
        "the median spread",
        edit(SPLIT, NOISE, "np.median(errors.std(axis=1, ddof=1))"),
        "the noise is not 0.",
    ),
    Wrong(
        "the differences from frame to frame",
        edit(SPLIT, NOISE, "np.sqrt((np.diff(errors, axis=1) ** 2).mean())"),
        "take it step by step: each episode first",
    ),
    Wrong(
        "swapped", edit(SPLIT, "return bias, noise", "return noise, bias"), "the bias comes first"
    ),
    Wrong(
        "one per episode",
        edit(SPLIT, BIAS, "errors.mean(axis=1)"),
        "the bias should be one number, not of shape (5,)",
    ),
    Wrong(
        "means taken off in place",
        edit(SPLIT, "    noise =", "    errors -= errors.mean(axis=1, keepdims=True)\n    noise ="),
        "it changes its argument",
    ),
    Wrong("no test of the frames", edit(SPLIT, TEST, ""), "a ValueError, not a result"),
    Wrong(
        "nan for one frame",
        edit(
            SPLIT,
            'raise ValueError("the spread within an episode needs at least two frames")',
            "return 0.0, float('nan')",
        ),
        "of 1 frame, it cannot know the noise and should raise a ValueError, not a result",
        like="no test of the frames",
    ),
    Wrong(
        "only no frames refused",
        edit(SPLIT, "< 2", "< 1"),
        "of 1 frame, it cannot",
        like="no test of the frames",
    ),
    Wrong(
        "only one frame refused",
        edit(SPLIT, "< 2", "== 1"),
        "of 0 frames, it cannot",
    ),
    Wrong(
        "episodes counted",
        edit(SPLIT, "errors.shape[1] <", "len(errors) <"),
        "it raised ValueError",
    ),
    Wrong(
        "an error of another kind",
        edit(SPLIT, "raise ValueError", "raise RuntimeError"),
        "should raise a ValueError, not RuntimeError",
    ),
    Wrong(
        "an assertion",
        edit(SPLIT, TEST, "    assert errors.shape[1] > 1\n"),
        "should raise a ValueError, not AssertionError",
    ),
    Wrong(
        "a silent error",
        edit(SPLIT, '("the spread within an episode needs at least two frames")', ""),
        "the ValueError should say what is wrong",
    ),
    Wrong("no return", edit(SPLIT, "return ", "_ = "), "does your code end with return?"),
    Right("the usual way", SPLIT),
    Right(
        "a loop over episodes",
        """
import math

def bias_and_noise(errors):
    squares, variances = [], []
    for episode in errors.tolist():
        n = len(episode)
        if n < 2:
            raise ValueError(f"{n} frames are too few, give at least 2")
        mean = sum(episode) / n
        squares.append(mean ** 2)
        variances.append(sum((e - mean) ** 2 for e in episode) / (n - 1))
    return math.sqrt(sum(squares) / len(squares)), math.sqrt(sum(variances) / len(variances))
""",
    ),
    Right(
        "norms, with the means taken off",
        """
import numpy as np

def bias_and_noise(errors):
    episodes, frames = errors.shape
    if frames <= 1:
        raise ValueError("at least 2 frames, please")
    means = errors.mean(axis=1, keepdims=True)
    noise = np.linalg.norm(errors - means) / np.sqrt(episodes * (frames - 1))
    return np.array([np.linalg.norm(means) / np.sqrt(episodes), noise])
""",
    ),
    Right(
        "the mean square less that of the means",
        """
import numpy as np

def bias_and_noise(errors):
    try:
        n = errors.shape[1]
        within = np.einsum("ij,ij->i", errors, errors) / n - errors.mean(1) ** 2
        correction = n / (n - 1)
    except ZeroDivisionError:
        raise ValueError("one frame has no spread")
    if n == 0:
        raise ValueError("no frames, no spread")
    noise = np.sqrt(np.maximum(within, 0).mean() * correction)
    return np.sqrt((errors.mean(1) ** 2).mean()), noise
""",
    ),
]

ANSWERS = {"04.1": RECOLOUR_ANSWERS, "04.2": MOVE_ANSWERS, "04.3": SPLIT_ANSWERS}
