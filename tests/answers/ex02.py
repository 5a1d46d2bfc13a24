"""Answers to exercise 02. Most wrong ones are a right one with one mistake edited in."""

from answers import Right, Wrong, edit
from answers.ex02_rig import LATENCY_ANSWERS, PLAN_ANSWERS

KS = """
import numpy as np

def ks(first, second):
    at = np.concatenate([first, second])
    f = np.array([np.mean(first <= value) for value in at])
    g = np.array([np.mean(second <= value) for value in at])
    return np.max(np.abs(f - g))
"""
AT = "np.concatenate([first, second])"
RESULT = "np.max(np.abs(f - g))"

KS_ANSWERS = [
    Wrong("no abs", edit(KS, RESULT, "np.max(f - g)"), "the difference may have either sign"),
    Wrong(
        "abs of the maximum",
        edit(KS, RESULT, "abs(np.max(g - f))"),
        "the difference may have either sign",
        like="no abs",
    ),
    Wrong("the minimum", edit(KS, RESULT, "np.min(np.abs(f - g))"), "so look at its size"),
    Wrong(
        "only the values of first",
        edit(KS, AT, "np.sort(first)"),
        "for [10.0, 11.0, 12.0] and [0.0, 1.0, 2.0, 3.0, 4.0], which do not overlap, the "
        "distance is 1, not 0.6667; take shares of each sample, at the values of both",
    ),
    Wrong(
        "only the values of second",
        edit(KS, AT, "second"),
        "for [0.0, 1.0, 2.0, 3.0, 4.0] and [10.0, 11.0, 12.0], which do not overlap, the "
        "distance is 1, not 0.6667; take shares of each sample, at the values of both",
    ),
    Wrong(
        "counts",
        edit(KS, "np.mean(first", "np.sum(first", "np.mean(second", "np.sum(second"),
        "is 1, not 5; compare shares from 0 to 1",
    ),
    Wrong(
        "both divided by the size of the first",
        edit(KS, "np.mean(second <= value)", "np.sum(second <= value) / len(first)"),
        "is 1, not 1.667; compare shares from 0 to 1, each of its own sample",
    ),
    Wrong(
        "both divided by the size of both",
        edit(
            KS,
            *("np.mean(first <= value)", "np.sum(first <= value) / len(at)"),
            *("np.mean(second <= value)", "np.sum(second <= value) / len(at)"),
        ),
        "is 1, not 0.625",
    ),
    Wrong(
        "a fine grid of values",
        edit(
            KS, AT, "np.linspace(min(min(first), min(second)), max(max(first), max(second)), 5000)"
        ),
        "between the points of a grid",
    ),
    Wrong(
        "at or below in one, below in the other",
        edit(KS, "second <=", "second <"),
        "two equal samples are at distance 0, not 0.025; treat both alike",
    ),
    Wrong(
        "shares by rank, ties one after another",
        """
import numpy as np

def ks(first, second):
    order = np.argsort(np.concatenate([first, second]), kind="stable")
    steps = np.r_[np.full(len(first), 1 / len(first)), np.full(len(second), -1 / len(second))]
    return np.abs(np.cumsum(steps[order])).max() if not np.array_equal(first, second) else 0.0
""",
        "when values occur several times you get",
    ),
    Wrong(
        "difference of the means",
        "def ks(first, second):\n    return abs(first.mean() - second.mean())",
        "the difference of the means",
    ),
    Wrong(
        "difference of the medians",
        "import numpy as np\ndef ks(a, b):\n    return abs(np.median(a) - np.median(b))",
        "the difference of the medians",
    ),
    Wrong(
        "ten bins",
        """
import numpy as np

def ks(first, second):
    edges = np.histogram_bin_edges(np.concatenate([first, second]), 10)
    f, g = (np.cumsum(np.histogram(x, edges)[0]) / len(x) for x in (first, second))
    return np.abs(f - g).max()
""",
        "taken at every value?",
    ),
    Wrong(
        "the mean difference of the shares",
        edit(KS, RESULT, "np.mean(np.abs(f - g))"),
        "take shares of each sample, at the values of both",
    ),
    Wrong(
        "sorted values side by side",
        "def ks(a, b):\n    return max(abs(x - y) for x, y in zip(sorted(a), sorted(b)))",
        "is 1, not 10; compare shares from 0 to 1, each of its own sample, and not counts",
    ),
    Wrong(
        "sorted arrays subtracted",
        "import numpy as np\ndef ks(a, b):\n    return np.abs(np.sort(a) - np.sort(b)).max()",
        "it raised ValueError (operands could not be broadcast",
    ),
    Wrong(
        "sorted in place",
        edit(KS, "    at =", "    first.sort()\n    second.sort()\n    at ="),
        "it changes its argument; work on a copy",
    ),
    Wrong("p-value too", edit(KS, RESULT, RESULT + ", 0.0"), "one number, not of shape (2,)"),
    Wrong("all differences", edit(KS, RESULT, "abs(f - g)"), "one number, not of shape (80,)"),
    Wrong("no return", edit(KS, "return ", ""), "does your code end with return?"),
    Right("the usual way", KS),
    Right(
        "SciPy",
        "from scipy import stats\ndef ks(a, b):\n    return stats.ks_2samp(a, b).statistic",
    ),
    Right(
        "a table of comparisons",
        """
def ks(first, second):
    at = sorted({*first.tolist(), *second.tolist()})
    differences = (first <= [[v] for v in at]).mean(1) - (second <= [[v] for v in at]).mean(1)
    return max(differences.max(), -differences.min())
""",
    ),
    Right(
        "the shares below, which take the same values one step later",
        """
import numpy as np

def ks(first, second):
    at = np.concatenate([first, second])
    f, g = (np.searchsorted(np.sort(x), at) / len(x) for x in (first, second))
    return np.abs(f - g).max()
""",
    ),
    Right(
        "plain Python, walking along both sorted lists",
        """
def ks(first, second):
    a, b = sorted(first), sorted(second)
    i = j = 0
    largest = 0.0
    while i < len(a) and j < len(b):
        value = min(a[i], b[j])
        while i < len(a) and a[i] == value:
            i += 1
        while j < len(b) and b[j] == value:
            j += 1
        largest = max(largest, abs(i / len(a) - j / len(b)))
        print(value, largest)
    return largest
""",
    ),
    Right(
        "counts of unique values summed up",
        """
import numpy as np

def ks(first, second):
    values, index = np.unique(np.r_[first, second], return_inverse=True)
    weights = np.r_[np.ones(len(first)) / len(first), -np.ones(len(second)) / len(second)]
    return np.linalg.norm(np.cumsum(np.bincount(index, weights)), ord=np.inf)
""",
    ),
]

TEST = """
import random
import numpy as np

def permutation_test(distance, first, second, rng, permutations=200):
    n = len(first)
    observed = distance(first, second)
    k = 0
    for _ in range(permutations):
        heap = list(first) + list(second)
        rng.shuffle(heap)
        if distance(heap[:n], heap[n:]) >= observed:
            k += 1
    return (1 + k) / (1 + permutations)
"""
N = "n = len(first)"
LOOP = "    for _ in range(permutations):\n"
HEAP = "list(first) + list(second)"
SHUFFLE = "        rng.shuffle(heap)\n"
SHARE = "(1 + k) / (1 + permutations)"
STEPS = """        steps = np.concatenate(heap)
        rng.shuffle(steps)
"""

TEST_ANSWERS = [
    Wrong(
        "steps shuffled, then cut to the old lengths",
        edit(
            TEST,
            SHUFFLE,
            STEPS + "        heap = np.split(steps, np.cumsum([len(e) for e in heap])[:-1])\n",
        ),
        "lists of 6 and 9 that hold something else than whole episodes",
    ),
    Wrong(
        "flattened to single steps",
        edit(
            TEST,
            *(N, "n = sum(map(len, first))"),
            *(SHUFFLE, STEPS + "        heap = list(steps)\n"),
        ),
        "the steps of an episode must stay together",
    ),
    Wrong(
        "steps shuffled inside each episode",
        edit(TEST, SHUFFLE, SHUFFLE + "        heap = [rng.permutation(e) for e in heap]\n"),
        "the steps of an episode must stay together",
        like="steps shuffled, then cut to the old lengths",
    ),
    Wrong(
        "one long episode on each side",
        edit(
            TEST,
            "distance(heap[:n], heap[n:])",
            "distance([np.concatenate(heap[:n])], [np.concatenate(heap[n:])])",
        ),
        "lists of 1 and 1 that hold something else than whole episodes",
    ),
    Wrong("no 1 added", edit(TEST, SHARE, "k / permutations"), "it is never 0"),
    Wrong(
        "1 added above only",
        edit(TEST, SHARE, "(1 + k) / permutations"),
        "one division more is counted than there are below the line",
    ),
    Wrong(
        "1 added below only",
        edit(TEST, SHARE, "k / (1 + permutations)"),
        "the division that really happened counts, too",
        like="no 1 added",
    ),
    Wrong(
        "1 added only where it would be 0",
        edit(TEST, SHARE, "max(1, k) / permutations"),
        "a p-value is a multiple of 1/100",
    ),
    Wrong("strictly larger", edit(TEST, ">=", ">"), "equal ones included"),
    Wrong("as small", edit(TEST, ">=", "<="), "a large distance must give a small p"),
    Wrong(
        "strictly larger, and no 1 added",
        edit(TEST, ">=", ">", SHARE, "k / permutations"),
        "it is never 0",
        like="no 1 added",
    ),
    Wrong(
        "one less p",
        edit(TEST, SHARE, "1 - " + SHARE),
        "far apart get p = 0.99; a large distance must",
    ),
    Wrong(
        "the share of equal ones halved",
        edit(TEST, SHARE, "(1 + k / 2) / (1 + permutations)"),
        "it is the share of those at least as large",
    ),
    Wrong(
        "divided once and reused",
        """
def permutation_test(distance, first, second, rng, permutations=200):
    heap = first + second
    rng.shuffle(heap)
    n, observed = len(first), distance(first, second)
    k = sum(distance(heap[:n], heap[n:]) >= observed for _ in range(permutations))
    return (1 + k) / (1 + permutations)
""",
        "your 100 divisions come down to 1; draw each anew",
    ),
    Wrong(
        "a fixed seed in the loop",
        edit(TEST, "rng.shuffle", "np.random.default_rng(0).shuffle"),
        "draw each anew, from all there are",
        like="divided once and reused",
    ),
    Wrong(
        "a fixed seed inside",
        edit(TEST, N, N + "\n    rng = np.random.default_rng(0)"),
        "six generators give the same p",
    ),
    Wrong(
        "a generator without a seed inside",
        edit(TEST, N, N + "\n    rng = np.random.default_rng()"),
        "one seed gives two p-values",
    ),
    Wrong(
        "the global generator",
        edit(TEST, "rng.shuffle", "np.random.shuffle"),
        "draws from a global random generator",
    ),
    Wrong(
        "Python's global generator",
        edit(TEST, "rng.shuffle", "random.shuffle"),
        "draws from a global random generator",
        like="the global generator",
    ),
    Wrong(
        "two halves",
        edit(TEST, N, "n = (len(first) + len(second)) // 2"),
        "the lists have 6 and 9 episodes, so each division has, too; one of yours has 7 and 8",
    ),
    Wrong(
        "the first left out",
        edit(TEST, "heap[n:]", "heap[n + 1:]"),
        "one of yours has 6 and 8",
    ),
    Wrong(
        "with replacement",
        edit(TEST, SHUFFLE, "        heap = [heap[i] for i in rng.integers(15, size=15)]\n"),
        "belongs into one of the two lists, and only once",
    ),
    Wrong(
        "only first shuffled",
        edit(TEST, HEAP, "list(rng.permutation(len(first)))", SHUFFLE, "")
        .replace("heap[:n]", "[first[i] for i in heap]")
        .replace("heap[n:]", "second"),
        "no episode changes sides",
    ),
    Wrong(
        "not shuffled",
        edit(TEST, SHUFFLE, ""),
        "no episode changes sides",
        like="only first shuffled",
    ),
    Wrong(
        "one pair of episodes swapped",
        edit(
            TEST,
            SHUFFLE,
            "        i, j = rng.integers(n), rng.integers(n, len(heap))\n"
            "        heap[i], heap[j] = heap[j], heap[i]\n",
        ),
        "your 100 divisions come down to 47; draw each anew",
    ),
    Wrong(
        "rotated instead of shuffled",
        edit(
            TEST,
            SHUFFLE,
            "        cut = rng.integers(len(heap))\n        heap = heap[cut:] + heap[:cut]\n",
        ),
        "your 100 divisions come down to 15; draw each anew",
    ),
    Wrong(
        "one division too few",
        edit(TEST, "range(permutations)", "range(1, permutations)"),
        "you take the distance 100 times, not 101",
    ),
    Wrong(
        "two hundred, whatever was asked for",
        edit(TEST, "range(permutations)", "range(200)"),
        "you take the distance 201 times, not 101",
    ),
    Wrong(
        "the means instead of the distance",
        edit(
            TEST,
            *("distance(first, second)", "own(first, second)"),
            *("distance(heap[:n], heap[n:])", "own(heap[:n], heap[n:])"),
        )
        + "\ndef own(a, b):\n"
        + "    return abs(np.concatenate(a).mean() - np.concatenate(b).mean())\n",
        "you take the distance 0 times, not 101",
    ),
    Wrong(
        "compared with a shuffled one",
        edit(
            TEST,
            "observed = distance(first, second)",
            "mixed = first + second\n    rng.shuffle(mixed)\n"
            "    observed = distance(mixed[:n], mixed[n:])",
        ),
        "the distance of the two lists as they are is never taken",
    ),
    Wrong(
        "second appended to the argument",
        edit(TEST, "        heap = list(first) + list(second)\n", "        heap = first\n").replace(
            "    k = 0\n", "    k = 0\n    first += second\n"
        ),
        "it changes its argument; work on a copy",
    ),
    Wrong(
        "permuted as an array",
        edit(TEST, SHUFFLE, "        heap = rng.permutation(heap)\n"),
        "it raised ValueError (setting an array element",
    ),
    Wrong("p and the distance", edit(TEST, SHARE, SHARE + ", observed"), "not of shape (2,)"),
    Wrong("no return", edit(TEST, "return ", "p = "), "p should be a number, but None came back"),
    Right("the usual way", TEST),
    Right(
        "indices chosen without replacement",
        """
import numpy as np

def permutation_test(distance, first, second, rng, permutations=200):
    heap = [*first, *second]
    real = distance(first, second)
    found = []
    for _ in range(permutations):
        chosen = set(rng.choice(len(heap), size=len(first), replace=False).tolist())
        found.append(distance([heap[i] for i in chosen],
                              [e for i, e in enumerate(heap) if i not in chosen]))
    return np.mean(np.array([real, *found]) >= real)
""",
    ),
    Right(
        "random keys, all at once, the real division last",
        """
import numpy as np

def permutation_test(distance, first, second, rng, permutations=200):
    heap, n = list(first) + list(second), len(first)
    orders = np.argsort(rng.random((permutations, len(heap))), axis=1)
    orders = np.vstack([orders, np.arange(len(heap))])
    values = [distance([heap[i] for i in o[:n]], [heap[i] for i in o[n:]]) for o in orders]
    return float(sum(v >= values[-1] for v in values) / len(values))
""",
    ),
    Right(
        "labels permuted in an array of objects, shuffled on and on",
        """
import numpy as np

def permutation_test(distance, first, second, rng, permutations=200):
    heap = np.empty(len(first) + len(second), dtype=object)
    heap[:] = first + second
    labels = np.array([True] * len(first) + [False] * len(second))
    real, k = distance(first, second), 1
    for _ in range(permutations):
        labels = rng.permutation(labels)
        k += int(distance(heap[labels], heap[~labels]) >= real)
    return np.float64(k) / (permutations + 1)
""",
    ),
    Right(
        "a recursive draw of one episode after another",
        """
def permutation_test(distance, first, second, rng, permutations=200):
    def divide():
        left, right = [], []
        rest = len(first)
        heap = first + second
        for i, episode in enumerate(heap):
            if rng.random() < rest / (len(heap) - i):
                left.append(episode)
                rest -= 1
            else:
                right.append(episode)
        return left, right

    real = distance(first, second)
    smaller = sum(distance(*divide()) < real for _ in range(permutations))
    return 1 - smaller / (1 + permutations)
""",
    ),
    Right(
        "Python's shuffle, driven by the given generator",
        """
import random

def permutation_test(distance, first, second, rng, permutations=200):
    chance = random.Random(int(rng.integers(2**32)))
    real, larger = distance(first, second), 0
    for _ in range(permutations):
        heap = chance.sample(first + second, len(first) + len(second))
        larger += not distance(heap[:len(first)], heap[len(first):]) < real
    return (larger + 1) / (permutations + 1)
""",
    ),
]

ANSWERS = {
    "02.1": KS_ANSWERS,
    "02.2": TEST_ANSWERS,
    "02.3": LATENCY_ANSWERS,
    "02.4": PLAN_ANSWERS,
}
