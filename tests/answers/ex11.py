"""Answers to exercise 11. Most wrong ones are a right one with one mistake edited in."""

from answers import Right, Wrong, edit

STEER = """
import numpy as np

def steer(transitions, h, reward):
    H, S, A, _ = transitions.shape
    policy = np.zeros((H, S), dtype=int)
    q = reward
    policy[h] = q.argmax(axis=1)
    for t in range(h - 1, -1, -1):
        q = transitions[t] @ q.max(axis=1)
        policy[t] = q.argmax(axis=1)
    return policy
"""
BACK = "q = transitions[t] @ q.max(axis=1)"
LOOP = "for t in range(h - 1, -1, -1):"
END = "policy[h] = q.argmax(axis=1)"


def _steer(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(STEER, *changes), hint, like)


STEER_ANSWERS = [
    _steer("myopic", "the best pair of the moment", BACK, "q = reward"),
    _steer("only step h", "takes no aim at all", LOOP, "for t in []:"),
    _steer("paid at every step", "paid once, at step h", BACK, BACK.replace("= ", "= reward + ")),
    _steer("away from it", "steers away", "q = reward", "q = -reward"),
    _steer(
        "argmin",
        "from state",
        "policy[t] = q.argmax(axis=1)",
        "policy[t] = q.argmin(axis=1)",
        like="a step missing",
    ),
    _steer(
        "paid at the last step",
        "reward at the last step",
        "    q = reward",
        "    h = H - 1\n    q = reward",
    ),
    _steer(
        "one too late",
        "one too late",
        "    q = reward",
        "    h = min(h + 1, H - 1)\n    q = reward",
    ),
    _steer(
        "one too early",
        "one step too early",
        "    q = reward",
        "    h = max(h - 1, 0)\n    q = reward",
    ),
    _steer(
        "the next step's transitions",
        "not from the next one on",
        "transitions[t]",
        "transitions[t + 1]",
    ),
    _steer(
        "the first step's transitions", "those of the first", "transitions[t]", "transitions[0]"
    ),
    _steer("step h's transitions", "those of step h", "transitions[t]", "transitions[h]"),
    _steer("the opposite order", "opposite order", "transitions[t]", "transitions[h - 1 - t]"),
    _steer(
        "forward",
        "back one step at a time",
        *(
            "    policy[h] = q.argmax(axis=1)\n    for t in range(h - 1, -1, -1):\n"
            "        q = transitions[t] @ q.max(axis=1)",
            "    policy[h] = q.argmax(axis=1)\n    for t in range(h):\n"
            "        q = transitions[t] @ reward.max(axis=1)",
        ),
    ),
    _steer("forward, on and on", "from state", LOOP, "for t in range(h):", like="a step missing"),
    _steer("mean", "no mean over actions", "q.max(axis=1)", "q.mean(axis=1)"),
    _steer("min", "not that of the worst", "q.max(axis=1)", "q.min(axis=1)"),
    _steer("never below zero", "may be below zero", "q.max(axis=1)", "q.max(axis=1).clip(0)"),
    _steer(
        "with what states to come from",
        "raised",
        BACK,
        "q = (transitions[t].T @ q.max(axis=1)).T",
    ),
    _steer(
        "wrong axis",
        "raised",
        "policy[t] = q.argmax(axis=1)",
        "policy[t] = q.argmax(axis=0)",
        like="with what states to come from",
    ),
    _steer("step h forgotten", "from step h backwards", END, "pass", like="a step missing"),
    _steer(
        "states that lead nowhere left out",
        "from step h backwards",
        "    return policy",
        "    policy[:, -1] = 0\n    return policy",
        like="a step missing",
    ),
    _steer(
        "a step missing", "from step h backwards", "range(h - 1, -1, -1)", "range(h - 1, 0, -1)"
    ),
    _steer(
        "a chance per action",
        "should have shape (6, 4), not (6, 4, 3)",
        "return policy",
        "return np.eye(A)[policy]",
    ),
    _steer("up to h only", "not (4, 4)", "return policy", "return policy[: h + 1]"),
    _steer("the value", "should have shape", "return policy", "return q"),
    _steer("floats", "integers", "dtype=int", "dtype=float"),
    _steer("actions from 1", "are 0 to 2", "return policy", "return policy + 1"),
    _steer("no return", "None came back", "return policy", "policy"),
    _steer(
        "in place",
        "it changes its argument",
        BACK,
        "q = reward\n        q[:] = transitions[t] @ q.max(axis=1)",
    ),
    _steer("for ever", "did not return", LOOP, "t = h\n    while t >= 0:"),
    _steer(
        "expected state",
        "from state",
        BACK,
        "q = q.max(axis=1)[transitions[t].argmax(axis=2)]",
        like="a step missing",
    ),
    _steer(
        "the start alone",
        "from state",
        *("    return policy", "    policy[0] = policy[0, 0]\n    return policy"),
        like="a step missing",
    ),
    _steer("rounded", "from state", BACK, BACK + ".round(1)", like="a step missing"),
    _steer(
        "the same action in all states",
        "from state",
        "policy[t] = q.argmax(axis=1)",
        "policy[t] = q.mean(axis=0).argmax()",
        like="a step missing",
    ),
    Right("the usual way", STEER),
    Right(
        "by recursion, in lists",
        """
def steer(transitions, h, reward):
    H, S, A, _ = transitions.shape

    def worth(t):
        if t == h:
            table = [[reward[s][a] for a in range(A)] for s in range(S)]
        else:
            later = [max(row) for row in worth(t + 1)]
            table = [
                [sum(p * v for p, v in zip(transitions[t, s, a], later)) for a in range(A)]
                for s in range(S)
            ]
        policy[t] = [row.index(max(row)) for row in table]
        return table

    policy = [[A - 1] * S for _ in range(H)]
    worth(0)
    return policy
""",
    ),
    Right(
        "by einsum, the last of equals",
        """
import numpy as np

def steer(transitions, h, reward):
    steps, states, actions, _ = transitions.shape
    policy = np.full((steps, states), actions - 1)
    q = np.array(reward, dtype=float)
    for t in reversed(range(h + 1)):
        policy[t] = actions - 1 - q[:, ::-1].argmax(axis=1)
        if t:
            q = np.einsum("sat,t->sa", transitions[t - 1], q.max(axis=1))
    return policy
""",
    ),
    Right(
        "scaled and shifted",
        """
import numpy as np

def steer(transitions, h, reward):
    q, rows = 3.0 * reward + 7, []
    for t in range(h, -1, -1):
        rows.insert(0, q.argmax(1))
        q = 0.9 * transitions[t - 1] @ q.max(1)
    return np.array(rows + [rows[-1]] * (len(transitions) - h - 1))
""",
    ),
]

WEIGHTS = """
import numpy as np

def cover_weights(visits, reg):
    weights = np.zeros(len(visits))
    for k in range(2000):
        slope = 1 / (weights @ visits + reg)
        best = (visits @ slope).argmax()
        step = 2 / (k + 2)
        weights *= 1 - step
        weights[best] += step
    return weights
"""
SLOPE = "1 / (weights @ visits + reg)"
BEST = "(visits @ slope).argmax()"
STEP = "step = 2 / (k + 2)"


def _weights(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(WEIGHTS, *changes), hint, like)


WEIGHTS_ANSWERS = [
    _weights(
        "equal weights",
        "all policies weigh the same",
        "return weights",
        "return np.full(len(visits), 1 / len(visits))",
    ),
    _weights("one step", "one policy has all the weight", "2000", "1"),
    _weights(
        "most visits",
        "one policy has all the weight",
        SLOPE,
        "np.ones(visits.shape[1])",
        like="one step",
    ),
    _weights(
        "slope never computed anew",
        "one policy has all the weight",
        SLOPE,
        "1 / (visits.mean(axis=0) + reg)",
    ),
    _weights("a few steps", "the search stopped early", "2000", "12"),
    _weights(
        "a step that stays",
        "do not get smaller as they should",
        STEP,
        "step = 0.2",
        like="a few steps",
    ),
    _weights(
        "a step that shrinks too fast",
        "do not get smaller as they should",
        STEP,
        "step = 0.5 ** k",
        like="a few steps",
    ),
    _weights(
        "a step that shrinks too fast, again",
        "covers less than equal weights",
        STEP,
        "step = 1 / (k + 1) ** 2",
    ),
    _weights(
        "a step of one",
        "one policy has all the weight",
        STEP,
        "step = 1.0",
        like="slope never computed anew",
    ),
    _weights(
        "the least gain",
        "should the next step be after",
        "argmax()",
        "argmin()",
        like="slope never computed anew",
    ),
    _weights(
        "the best policy for each feature",
        "a gain of up to",
        "    return weights",
        "    w = np.bincount(visits.argmax(axis=0), minlength=len(visits))\n    return w / w.sum()",
    ),
    _weights(
        "a softmax of the gains",
        "a gain of up to",
        "    return weights",
        "    gain = visits @ (1 / (visits.mean(axis=0) + reg))\n"
        "    w = np.exp(gain - gain.max())\n    return w / w.sum()",
    ),
    _weights(
        "stops at a larger gap",
        "the search stopped early",
        STEP,
        "step = 2 / (k + 2)\n        c = weights @ visits\n"
        "        if k and (visits @ slope).max() - c @ slope < 0.05 * len(slope):\n"
        "            return weights",
        like="a few steps",
    ),
    _weights("one over the square", "one over the square", SLOPE, SLOPE + " ** 2"),
    _weights("one over the root", "one over the root", SLOPE, SLOPE + " ** 0.5"),
    _weights("the logarithm", "the logarithm itself", SLOPE, "-np.log(weights @ visits + reg)"),
    _weights(
        "logarithm with its own sign",
        "left",
        SLOPE,
        "np.log(weights @ visits + reg)",
        like="the least gain",
    ),
    _weights("no reg", "a reg of nearly 0", SLOPE, "1 / (weights @ visits + 1e-9)"),
    _weights(
        "no reg at all",
        "a feature that nobody visits",
        SLOPE,
        "1 / (weights @ visits)",
        like="no reg",
    ),
    _weights(
        "reg in the weights",
        "the weights add up to",
        "weights *= 1 - step",
        "weights *= 1 - step - reg",
    ),
    _weights(
        "counts",
        "add up to",
        "weights *= 1 - step\n        weights[best] += step",
        "weights[best] += 1",
    ),
    _weights("not shrunk", "add up to", "weights *= 1 - step\n", "pass\n", like="counts"),
    _weights("overshoot", "it is a chance", STEP, "step = 2.1 / (k + 1)"),
    Right("a first step that the second one takes back", edit(WEIGHTS, STEP, "step = 2 / (k + 1)")),
    _weights(
        "the coverage",
        "should have shape (12,), not (6,)",
        "return weights",
        "return weights @ visits",
    ),
    _weights("the last policy", "should have shape (12,), not ()", "return weights", "return best"),
    _weights("weights and gap", "should hold numbers", "return weights", "return weights, 0.0"),
    _weights("no return", "None came back", "return weights", "weights"),
    _weights(
        "not a number",
        "finite everywhere",
        SLOPE,
        "1 / (weights @ visits)",
        BEST,
        "(visits @ slope).argmax() + 0 * 0",
        "return weights",
        "return weights / 0",
    ),
    _weights(
        "in place",
        "it changes its argument",
        SLOPE,
        "1 / (weights @ visits + reg)\n        visits += reg",
    ),
    _weights(
        "in proportion to visits",
        "a gain of up to",
        "return weights",
        "return visits.sum(axis=1) / visits.sum()",
        like="a few steps",
    ),
    _weights(
        "a random search",
        "covers less than equal weights",
        "return weights",
        "w = np.random.default_rng(0).dirichlet(np.full(len(visits), 0.05))\n    return w",
    ),
    _weights(
        "in place of the slope, the least covered feature",
        "a gain of up to",
        SLOPE,
        "(weights @ visits == (weights @ visits).min()) * 1.0",
    ),
    _weights(
        "global draws",
        "global random generator",
        BEST,
        "(visits @ slope).argmax() if k else np.random.randint(len(visits))",
    ),
    _weights("for ever", "did not return", "for k in range(2000):", "k = 0\n    while True:"),
    Right("the usual way", WEIGHTS),
    Right(
        "step 1 / (k + 1), as counts",
        """
import numpy as np

def cover_weights(visits, reg):
    times, covered = np.zeros(len(visits), dtype=int), np.zeros(visits.shape[1])
    for k in range(2000):
        best = np.argmax(visits / (covered + reg) @ np.ones(visits.shape[1]))
        times[best] += 1
        covered += (visits[best] - covered) / (k + 1)
    return times / times.sum()
""",
    ),
    Right(
        "multiplicative updates until the gap is small",
        """
import numpy as np

def cover_weights(visits, reg):
    weights = np.full(len(visits), 1 / len(visits))
    for _ in range(20_000):
        slope = 1 / (weights @ visits + reg)
        gain = visits @ slope
        if gain.max() - weights @ gain < 0.005 * visits.shape[1]:
            break
        weights = weights * gain
        weights /= weights.sum()
    return weights
""",
    ),
    Right(
        "SciPy",
        """
import numpy as np
from scipy.optimize import minimize

def cover_weights(visits, reg):
    p = len(visits)
    found = minimize(
        lambda w: -np.log(w @ visits + reg).sum(),
        np.full(p, 1 / p),
        jac=lambda w: -visits @ (1 / (w @ visits + reg)),
        bounds=[(0, 1)] * p,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        method="SLSQP",
        options={"maxiter": 1000, "ftol": 1e-12},
    )
    weights = found.x.clip(0)
    return weights / weights.sum()
""",
    ),
    Right(
        "Frank-Wolfe from equal weights, in lists, with the gap as its end",
        """
def cover_weights(visits, reg):
    rows = visits.tolist()
    weights = [1 / len(rows)] * len(rows)
    for k in range(2000):
        covered = [sum(w * v for w, v in zip(weights, column)) for column in zip(*rows)]
        gains = [sum(v / (c + reg) for v, c in zip(row, covered)) for row in rows]
        if max(gains) - sum(c / (c + reg) for c in covered) < 0.009 * len(covered):
            return weights
        step, best = 2 / (k + 3), gains.index(max(gains))
        weights = [(1 - step) * w + step * (p == best) for p, w in enumerate(weights)]
    return weights
""",
    ),
]

ACT = """
import numpy as np

def act(policies, h, t, states, actions, rng):
    drawn = rng.integers(actions, size=len(states))
    follows = (t <= h) & (states < policies.shape[2])
    if follows.any():
        drawn[follows] = policies[follows, t, states[follows]]
    return drawn
"""
DRAWN = "rng.integers(actions, size=len(states))"
FOLLOWS = "(t <= h) & (states < policies.shape[2])"
PLANNED = (
    FOLLOWS + "\n    n, H, S = policies.shape\n"
    "    planned = policies[np.arange(n), min(t, H - 1), np.minimum(states, S - 1)]\n"
)
LOOKED = "policies[follows, t, states[follows]]"


def _act(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(ACT, *changes), hint, like)


ACT_ANSWERS = [
    _act("random at step h already", "the policy still decides at step h", "t <= h", "t < h"),
    _act("follows one step longer", "step h was its last", "t <= h", "t <= h + 1"),
    _act("always follows", "it is followed", "(t <= h)", "(t < policies.shape[1])"),
    _act("always random", "looks like chance", FOLLOWS, "np.zeros(len(states), bool)"),
    _act(
        "the other way round", "the policy decides as h is", "t <= h", "t > h", like="always random"
    ),
    _act(
        "one draw for all",
        "all episodes take action",
        DRAWN,
        "np.full(len(states), rng.integers(actions))",
    ),
    _act(
        "action 0 in the tail",
        "all episodes take action 0",
        DRAWN,
        "np.zeros(len(states), dtype=int)",
        like="one draw for all",
    ),
    _act(
        "never the last action",
        "the actions [2] never come up",
        DRAWN,
        "rng.integers(actions - 1, size=len(states))",
    ),
    _act(
        "never the first action",
        "the actions [0] never come up",
        DRAWN,
        "rng.integers(1, actions, size=len(states))",
    ),
    _act(
        "dealt like cards",
        "are dealt out",
        DRAWN,
        "rng.permutation(np.arange(len(states)) % actions)",
    ),
    _act(
        "the first half again",
        "depend on the episode half a batch before",
        DRAWN,
        "np.resize(rng.integers(actions, size=-(-len(states) // 2)), len(states))",
    ),
    _act(
        "one draw for each h",
        "all episodes with one h take the same",
        DRAWN,
        "rng.integers(actions, size=policies.shape[1])[h]",
    ),
    _act(
        "unknown states follow another one's row",
        "no row of the policy is meant",
        FOLLOWS,
        "(t <= h)",
        LOOKED,
        "policies[follows, t, states[follows] % policies.shape[2]]",
    ),
    _act(
        "a little epsilon in the policy",
        "look up one action for each episode",
        "    return drawn",
        "    return np.where(rng.random(len(states)) < 0.02, 0, drawn)",
    ),
    _act(
        "one of two seeds",
        "two calls with one generator",
        DRAWN,
        "np.random.default_rng(int(rng.integers(2))).integers(actions, size=len(states))",
        like="a copy of the generator",
    ),
    _act(
        "too many actions",
        "actions are 0 to 2",
        DRAWN,
        "rng.integers(actions + 1, size=len(states))",
    ),
    _act(
        "another action than the policy's",
        "its action never comes up",
        FOLLOWS,
        PLANNED + "    drawn = (planned + rng.integers(1, actions, size=len(states))) % actions",
    ),
    _act(
        "epsilon-greedy",
        "each should be as likely",
        FOLLOWS,
        FOLLOWS + "\n    drawn = np.where(rng.random(len(states)) < 0.5, drawn, 0)",
    ),
    _act(
        "epsilon-greedy around the policy",
        "the actions depend on the policy",
        FOLLOWS,
        PLANNED + "    drawn = np.where(rng.random(len(states)) < 0.7, drawn, planned)",
    ),
    _act(
        "rounded normals",
        "each should be as likely",
        DRAWN,
        "np.clip(np.round(rng.normal((actions - 1) / 2, 1, len(states))), 0, actions - 1)"
        ".astype(int)",
    ),
    _act(
        "in turn",
        "depend on the episode before",
        DRAWN,
        "(rng.integers(actions) + np.arange(len(states))) % actions",
    ),
    _act(
        "by state",
        "in one state take the same",
        DRAWN,
        "rng.permutation(np.arange(64) % actions)[states]",
    ),
    _act(
        "the policy's at step h",
        "you look the action up at step h",
        LOOKED,
        "policies[follows, h[follows], states[follows]]",
    ),
    _act(
        "one step too late",
        "one step too late",
        LOOKED,
        "policies[follows, min(t + 1, policies.shape[1] - 1), states[follows]]",
    ),
    _act(
        "one step too early",
        "one step too early",
        LOOKED,
        "policies[follows, max(t - 1, 0), states[follows]]",
    ),
    _act(
        "the first policy for all",
        "all follow the first",
        LOOKED,
        "policies[0, t, states[follows]]",
    ),
    _act("all tables", "it raised", LOOKED, "policies[:, t, states]"),
    _act(
        "one policy for each following episode",
        "whose policy it is",
        LOOKED,
        "policies[: follows.sum()][np.arange(follows.sum()), t, states[follows]]",
    ),
    _act(
        "unknown states not looked at", "raised IndexError", " & (states < policies.shape[2])", ""
    ),
    _act(
        "unknown steps looked up",
        "raised IndexError",
        "(t <= h) & (states < policies.shape[2])",
        "(states < policies.shape[2]) & (policies[np.arange(len(h)), t, 0] >= 0) & (t <= h)",
        like="unknown states not looked at",
    ),
    _act(
        "unknown states follow the last known",
        "the actions depend on the policy",
        " & (states < policies.shape[2])",
        "\n    states = np.minimum(states, 3)",
        like="epsilon-greedy around the policy",
    ),
    _act(
        "all random in a batch with an unknown state",
        "looks like chance",
        "if follows.any():",
        "if follows.any() and states.max() < policies.shape[2]:",
        like="always random",
    ),
    _act(
        "a generator of its own",
        "draw from rng only",
        DRAWN,
        "np.random.default_rng().integers(actions, size=len(states))",
    ),
    _act(
        "a seed of its own",
        "different seeds",
        DRAWN,
        "np.random.default_rng(0).integers(actions, size=len(states))",
    ),
    _act(
        "a seed from t",
        "different seeds",
        DRAWN,
        "np.random.default_rng(t).integers(actions, size=len(states))",
        like="a seed of its own",
    ),
    _act(
        "a copy of the generator",
        "two calls with one generator",
        DRAWN,
        "__import__('copy').deepcopy(rng).integers(actions, size=len(states))",
    ),
    _act(
        "the global generator",
        "global random generator",
        DRAWN,
        "np.random.randint(actions, size=len(states))",
    ),
    _act("floats", "actions are integers", DRAWN, DRAWN + ".astype(float)"),
    _act(
        "chances",
        "should have shape (3000,), not (3000, 3)",
        "return drawn",
        "return np.eye(actions)[drawn]",
    ),
    _act("no return", "None came back", "return drawn", "drawn"),
    _act(
        "in place",
        "it changes its argument",
        "return drawn",
        "states[:] = drawn\n    return states",
    ),
    _act(
        "h in place",
        "it changes its argument",
        "return drawn",
        "h -= 1\n    return drawn",
        like="in place",
    ),
    _act("for ever", "did not return", "if follows.any():", "while follows.any():"),
    Right("the usual way", ACT),
    Right(
        "episode by episode",
        """
def act(policies, h, t, states, actions, rng):
    taken = []
    for policy, upto, state in zip(policies, h, states):
        if t <= upto and state < policy.shape[1]:
            taken.append(int(policy[t, state]))
        else:
            taken.append(int(rng.integers(actions)))
    return taken
""",
    ),
    Right(
        "clipped indices and where",
        """
import numpy as np

def act(policies, h, t, states, actions, rng):
    n, H, S = policies.shape
    planned = policies[np.arange(n), min(t, H - 1), np.minimum(states, S - 1)]
    chance = np.floor(actions * rng.random(n)).astype(np.int32)
    return np.where((h >= t) & (states <= S - 1) & (t < H), planned, chance)
""",
    ),
    Right(
        "chances, summed up",
        """
import numpy as np

def act(policies, h, t, states, actions, rng):
    chances = np.full((len(states), actions), 1 / actions)
    for i in np.flatnonzero((h >= t) & (states < policies.shape[2])):
        chances[i] = np.eye(actions)[policies[i, t, states[i]]]
    upto = chances.cumsum(axis=1)[:, :-1]
    return (rng.random(len(states))[:, None] >= upto).sum(axis=1)
""",
    ),
    Right(
        "draws for the tail alone",
        """
import numpy as np

def act(policies, h, t, states, actions, rng):
    taken = np.empty(len(states), dtype=np.int64)
    free = (t > h) | (states >= policies.shape[2])
    taken[free] = rng.choice(actions, size=free.sum())
    led = np.flatnonzero(~free)
    for i in led:
        taken[i] = policies[i][t][states[i]]
    return taken
""",
    ),
]

FITTED = """
import numpy as np

def fitted_q(data, shape):
    H, S, A = shape
    q = np.zeros(shape)
    value = np.zeros(S)
    for h in range(H - 1, -1, -1):
        at = data.h == h
        s, a = data.s[at], data.a[at]
        target = data.r[at] + value[data.next_s[at]] * ~data.done[at]
        total, number = np.zeros((S, A)), np.zeros((S, A))
        np.add.at(total, (s, a), target)
        np.add.at(number, (s, a), 1)
        q[h] = total / np.maximum(number, 1)
        value = q[h].max(axis=1)
    return q
"""
TARGET = "data.r[at] + value[data.next_s[at]] * ~data.done[at]"
MEAN = "q[h] = total / np.maximum(number, 1)"
VALUE = "value = q[h].max(axis=1)"
ADD = "np.add.at(total, (s, a), target)"


def _fitted(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(FITTED, *changes), hint, like)


FITTED_ANSWERS = [
    _fitted("done is not looked at", "has no next step", " * ~data.done[at]", ""),
    _fitted("done the wrong way", "not where it is done", "~data", "data"),
    _fitted("reward alone", "only the reward is in it", TARGET, "data.r[at]"),
    _fitted(
        "forward",
        "only the reward is in it",
        "range(H - 1, -1, -1)",
        "range(H)",
        VALUE,
        "value = q[h + 1].max(axis=1) if h + 1 < H else 0 * value",
        TARGET,
        "data.r[at] + (0 if h + 1 == H else q[h + 1].max(axis=1)[data.next_s[at]]) "
        "* ~data.done[at]",
        like="reward alone",
    ),
    _fitted("mean of the next", "not the mean over them", VALUE, "value = q[h].mean(axis=1)"),
    _fitted("worst of the next", "not its worst", VALUE, "value = q[h].min(axis=1)"),
    _fitted(
        "the best that was tried",
        "also those at 0",
        VALUE,
        "value = np.where(number > 0, q[h], -np.inf).max(axis=1)\n"
        "        value[np.isinf(value)] = 0",
    ),
    _fitted("the action that was taken", "Q[", VALUE, "value = q[h][:, 0]"),
    _fitted("sums", "were added up", MEAN, "q[h] = total"),
    _fitted(
        "the last one counts",
        "only the last one counts",
        ADD,
        "total[s, a] = target",
        MEAN,
        "q[h] = total",
    ),
    _fitted("counted once", "Q[", ADD, "total[s, a] += target", like="the action that was taken"),
    _fitted(
        "number counted once",
        "only the last one counts",
        ADD,
        "total[s, a] += target",
        "np.add.at(number, (s, a), 1)",
        "number[s, a] += 1",
        like="the last one counts",
    ),
    _fitted(
        "the first one counts",
        "only the first one counts",
        ADD,
        "for i in range(len(target))[::-1]:\n            total[s[i], a[i]] = target[i]",
        MEAN,
        "q[h] = total",
    ),
    _fitted(
        "the largest",
        "luck is no value",
        ADD,
        "total[:] = -np.inf\n        np.maximum.at(total, (s, a), target)",
        MEAN,
        "q[h] = np.where(number > 0, total, 0)",
    ),
    _fitted(
        "medians",
        "it is a median",
        MEAN,
        "for i, j in {*zip(s.tolist(), a.tolist())}:\n"
        "            q[h, i, j] = np.median(target[(s == i) & (a == j)])",
    ),
    _fitted("no reward", "the reward is missing", "data.r[at] + ", ""),
    _fitted("discounted", "nothing is discounted", "+ value", "+ 0.99 * value"),
    _fitted("taken away", "not taken away", "+ value", "- value"),
    _fitted(
        "never below zero",
        "where all actions were tried",
        VALUE,
        "value = q[h].max(axis=1).clip(0)",
    ),
    _fitted("nothing below zero", "values may be below zero", "return q", "return q.clip(0)"),
    _fitted(
        "all steps in each",
        "data of all steps",
        "at = data.h == h",
        "at = np.ones(len(data.h), dtype=bool)",
    ),
    _fitted("later steps in each", "later data are in it too", "data.h == h", "data.h >= h"),
    _fitted(
        "skips a step",
        "you skip one",
        "value = np.zeros(S)",
        "value = late = np.zeros(S)",
        VALUE,
        "value, late = late, q[h].max(axis=1)",
    ),
    _fitted(
        "the step itself",
        "when you look at it",
        TARGET,
        "data.r[at] + q[h].max(axis=1)[data.next_s[at]] * ~data.done[at]",
        like="reward alone",
    ),
    _fitted(
        "the last step is left out",
        "Q[",
        "range(H - 1, -1, -1)",
        "range(H - 2, -1, -1)",
        like="the action that was taken",
    ),
    _fitted(
        "the first step is left out",
        "Q[0,",
        "range(H - 1, -1, -1)",
        "range(H - 1, 0, -1)",
        like="the action that was taken",
    ),
    _fitted("from the last data backwards", "finite everywhere", MEAN, "q[h] = total / number"),
    _fitted(
        "unseen pairs are promising",
        "not 1",
        MEAN,
        "q[h] = np.where(number > 0, total / np.maximum(number, 1), 1.0)",
    ),
    _fitted(
        "unseen pairs are hopeless",
        "what nobody tried is worth 0",
        "return q",
        "q[q == 0] = -9\n    return q",
    ),
    _fitted(
        "one more than were seen",
        "Q[",
        "np.maximum(number, 1)",
        "(number + 1)",
        like="the action that was taken",
    ),
    _fitted(
        "state for next state",
        "Q[",
        "value[data.next_s[at]]",
        "value[s]",
        like="the action that was taken",
    ),
    _fitted("the value", "should have shape", "return q", "return q.max(axis=2)"),
    _fitted("no return", "None came back", "return q", "q"),
    _fitted(
        "in place",
        "it changes its argument",
        "at = data.h == h",
        "at = data.h == h\n        data.r[at] += value[data.next_s[at]] * ~data.done[at]",
        TARGET,
        "data.r[at]",
    ),
    _fitted("a list of steps", "Q should hold numbers", "return q", "return [q[0], q[0, 0]]"),
    _fitted(
        "for ever",
        "did not return",
        "at = data.h == h",
        "at = data.h == h\n        while not at.any():\n            pass",
    ),
    Right("the usual way", FITTED),
    Right(
        "pair by pair",
        """
def fitted_q(data, shape):
    import numpy as np
    H, S, A = shape
    q = np.zeros((H + 1, S, A))
    for h in reversed(range(H)):
        for s in range(S):
            for a in range(A):
                rows = np.flatnonzero((data.h == h) & (data.s == s) & (data.a == a))
                targets = [
                    data.r[i] + (0 if data.done[i] else max(q[h + 1][data.next_s[i]]))
                    for i in rows
                ]
                if targets:
                    q[h, s, a] = sum(targets) / len(targets)
    return q[:H]
""",
    ),
    Right(
        "by bincount",
        """
import numpy as np

def fitted_q(data, shape):
    steps, states, actions = shape
    q = np.zeros(shape)
    for h in range(steps)[::-1]:
        mine = np.flatnonzero(data.h == h)
        target = np.array(data.r[mine], dtype=float)
        if h < steps - 1:
            goes_on = np.logical_not(data.done[mine])
            target[goes_on] += q[h + 1, data.next_s[mine][goes_on]].max(axis=1)
        place = data.s[mine] * actions + data.a[mine]
        number = np.bincount(place, minlength=states * actions)
        total = np.bincount(place, weights=target, minlength=states * actions)
        with np.errstate(invalid="ignore"):
            q[h] = np.nan_to_num(total / number).reshape(states, actions)
    return q
""",
    ),
    Right(
        "by running means",
        """
def fitted_q(data, shape):
    import numpy as np
    q, seen = np.zeros(shape), np.zeros(shape)
    order = np.argsort(-data.h, kind="stable")
    for h, s, a, r, then, done in zip(*(column[order] for column in data)):
        after = 0.0 if done or h + 1 == shape[0] else q[h + 1, then].max()
        seen[h, s, a] += 1
        q[h, s, a] += (r + after - q[h, s, a]) / seen[h, s, a]
    return q
""",
    ),
    Right(
        "the package's own, by least squares",
        """
from course_lib.transfer.exploration import Counts
from course_lib.transfer.exploration import fitted_q as by_least_squares

def fitted_q(data, shape):
    import numpy as np
    S = shape[1]
    ended = np.where(data.done, data.next_s + S, data.next_s)
    counts = Counts.of(data._replace(next_s=ended), (shape[0], 2 * S, shape[2]))
    return by_least_squares(counts)[:, :S]
""",
    ),
]

CHANCE = """
def chance_to_pass(horizon, actions, corridor, led):
    total = 0.0
    for h in range(min(led, horizon - 1) + 1):
        total += (1 / actions) ** (horizon - h + corridor)
    return total / horizon
"""
RANGE = "range(min(led, horizon - 1) + 1)"
GUESSES = "(horizon - h + corridor)"


def _chance(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(CHANCE, *changes), hint, like)


CHANCE_ANSWERS = [
    _chance("not divided", "a sum over policies", "total / horizon", "total"),
    _chance("led is not looked at", "takes a wrong action there for sure", RANGE, "range(horizon)"),
    _chance("one h too many", "end at horizon - 1", RANGE, "range(led + 1)"),
    _chance("led not covered", "the policy of step h = led guesses", RANGE, "range(led)"),
    _chance(
        "one too far", "the policy of step led + 1", RANGE, "range(min(led + 1, horizon - 1) + 1)"
    ),
    _chance(
        "step h is known",
        "at step h itself it is right by chance",
        GUESSES,
        "(horizon - h - 1 + corridor)",
    ),
    _chance("one guess too many", "one guess too many", GUESSES, "(horizon - h + 1 + corridor)"),
    _chance("no corridor", "the corridor has to be guessed", GUESSES, "(horizon - h)"),
    _chance(
        "the corridor is one guess",
        "each step of the corridor is guessed",
        GUESSES,
        "(horizon - h + min(corridor, 1))",
        like="the corridor adds",
    ),
    _chance(
        "the corridor adds",
        "each step of the corridor is guessed",
        *(
            GUESSES,
            "(horizon - h)",
            "total / horizon",
            "total / horizon / max(1, corridor * actions)",
        ),
    ),
    _chance(
        "policies for the corridor",
        "the simulator has no policy for the corridor",
        "total / horizon",
        "total / (horizon + corridor)",
    ),
    _chance(
        "policies for the corridor that know it",
        "no policy for the corridor",
        RANGE,
        "range(horizon + corridor)",
        like="policies for the corridor",
    ),
    _chance(
        "only those that can pass are drawn",
        "policies that cannot pass are drawn, too",
        "total / horizon",
        "total / (min(led, horizon - 1) + 1)",
    ),
    _chance(
        "the best policy",
        "which others may be drawn",
        "total / horizon",
        "(1 / actions) ** (horizon - min(led, horizon - 1) + corridor)",
    ),
    _chance(
        "the best policy's share",
        "the shorter ones may pass as well",
        RANGE,
        "[min(led, horizon - 1)]",
    ),
    _chance(
        "all at random",
        "at random all the way",
        "total / horizon",
        "(1 / actions) ** (horizon + corridor)",
    ),
    _chance("the policy of step 0", "only the policy of step 0", RANGE, "range(1)"),
    _chance(
        "the corridor alone",
        "the chain has to be passed, too",
        "total / horizon",
        "(1 / actions) ** corridor",
    ),
    _chance("episodes", "the chance of one was asked for", "total / horizon", "horizon / total"),
    _chance("to fail", "the chance to fail", "total / horizon", "1 - total / horizon"),
    _chance(
        "policies beyond led guess",
        "it does not guess",
        *(
            "    return",
            "    late = max(0, horizon - led - 1)\n"
            "    total += late * (1 / actions) ** (horizon + corridor - led)\n    return",
        ),
    ),
    _chance(
        "exponent for base",
        "by hand",
        "(1 / actions) ** (horizon - h + corridor)",
        "1 / (horizon - h + corridor) ** actions",
    ),
    _chance(
        "zero", "the chance is not 0", "total / horizon", "0 * total", like="exponent for base"
    ),
    _chance(
        "a product", "by hand", *("0.0", "1.0", "total +=", "total *="), like="exponent for base"
    ),
    _chance(
        "whole division",
        "the chance is not 0",
        "total / horizon",
        "total // horizon",
        like="exponent for base",
    ),
    _chance(
        "rounded",
        "by hand",
        "total / horizon",
        "round(total / horizon, 4)",
        like="exponent for base",
    ),
    _chance(
        "every policy's own",
        "should be one number",
        "total / horizon",
        "[total / horizon] * horizon",
    ),
    _chance("no return", "None came back", "return total", "total"),
    _chance("text", "should be a number", "total / horizon", "f'{total / horizon:.3f}'"),
    _chance(
        "for ever",
        "did not return",
        "    total = 0.0\n",
        "    total = 0.0\n    while led > horizon - 2:\n        total += 0\n",
    ),
    _chance("two actions", "by hand", "1 / actions", "1 / 2", like="exponent for base"),
    Right("the usual way", CHANCE),
    Right(
        "a geometric series",
        """
def chance_to_pass(horizon, actions, corridor, led):
    most = min(led, horizon - 1)
    first = actions ** -(horizon + corridor)
    return first * (actions ** (most + 1) - 1) / (actions - 1) / horizon
""",
    ),
    Right(
        "step by step, as exact fractions",
        """
from fractions import Fraction

def chance_to_pass(horizon, actions, corridor, led):
    passing = []
    for h in range(horizon):
        chance = Fraction(1)
        for step in range(horizon + corridor):
            if step >= h:
                chance /= actions
            elif step == led:
                chance *= 0
        passing.append(chance)
    return sum(passing) / len(passing)
""",
    ),
    Right(
        "NumPy",
        """
import numpy as np

def chance_to_pass(horizon, actions, corridor, led):
    h = np.arange(horizon)
    return np.mean(np.where(h <= led, float(actions) ** (h - horizon - corridor), 0.0))
""",
    ),
]

REMEDY = """
import numpy as np

def remedy(going, actions, left):
    if going[-1] > 0:
        return "learn"
    steps = len(going) - 1
    deepest = np.flatnonzero(going)[-1]
    rest = steps - deepest
    wait = going[0] / going[deepest] * float(actions) ** rest
    anew = rest * actions * steps
    if min(wait, anew) > left:
        return "rebuild"
    return "wait" if wait <= anew else "re-cover"
"""
WAIT = "going[0] / going[deepest] * float(actions) ** rest"
ANEW = "rest * actions * steps"
LEFT = "if min(wait, anew) > left:"
DEEPEST = "np.flatnonzero(going)[-1]"


def _remedy(name: str, hint: str, *changes: str, like: str = "") -> Wrong:
    return Wrong(name, edit(REMEDY, *changes), hint, like)


REMEDY_ANSWERS = [
    _remedy(
        "who passed is not looked at",
        "then exploring is not what fails",
        "if going[-1] > 0:",
        "if False:",
        DEEPEST,
        "min(np.flatnonzero(going)[-1], steps - 1)",
    ),
    _remedy("only the guesses", "a chance has two factors", WAIT, "float(actions) ** rest"),
    _remedy("guesses add up", "do not add up", WAIT, "going[0] / going[deepest] * actions * rest"),
    _remedy("the whole way is guessed", "not the whole way", WAIT, "float(actions) ** steps"),
    _remedy(
        "share upside down",
        "the rarer the entrance",
        WAIT,
        "going[deepest] / going[0] * float(actions) ** rest",
    ),
    _remedy("one guess too few", "one step too few", "** rest", "** (rest - 1)"),
    _remedy("one guess too many", "one step too many", "** rest", "** (rest + 1)"),
    _remedy(
        "base and exponent", "which is the base", "float(actions) ** rest", "float(rest) ** actions"
    ),
    _remedy("overflow", "more than 64 bits", "float(actions)", "actions"),
    _remedy("covering without steps", "one of all steps is drawn", ANEW, "rest * actions"),
    _remedy("covering all at once", "one step at a time", ANEW, "actions * steps"),
    _remedy("covering without actions", "all actions have their turn", ANEW, "rest * steps"),
    _remedy(
        "covering from the start", "those steps are not missing", ANEW, "steps * actions * steps"
    ),
    _remedy(
        "covering the missing steps only",
        "not only of those that are missing",
        ANEW,
        "rest * actions * rest",
    ),
    _remedy(
        "one entry too many",
        "one entry more than there are steps",
        ANEW,
        "rest * actions * len(going)",
    ),
    _remedy(
        "the dearer",
        "the dearer of the two",
        "wait <= anew",
        "wait >= anew",
        LEFT,
        "if max(wait, anew) > left:",
    ),
    _remedy("re-cover where equal", "where both cost the same", "wait <= anew", "wait < anew"),
    _remedy("exactly what is left", "still fits", "> left", ">= left"),
    _remedy("left is not looked at", "neither may fit", LEFT, "if False:"),
    _remedy(
        "exchanged",
        "the two costs are exchanged",
        '"wait" if wait <= anew else "re-cover"',
        '"re-cover" if wait <= anew else "wait"',
        like="costs exchanged",
    ),
    _remedy(
        "costs exchanged",
        "where",
        f"    wait = {WAIT}\n    anew = {ANEW}",
        f"    anew = {WAIT}\n    wait = {ANEW}",
        like="exchanged",
    ),
    _remedy("the first loss", "begin to get lost", DEEPEST, "(np.diff(going) < 0).argmax()"),
    _remedy(
        "no lonely episodes", "where a single episode", DEEPEST, "np.flatnonzero(going > 1)[-1]"
    ),
    _remedy(
        "whole division",
        "where two steps",
        "going[0] / going[deepest]",
        "going[0] // going[deepest]",
    ),
    _remedy("one step early", "the one before", DEEPEST, "max(np.flatnonzero(going)[-1] - 1, 0)"),
    _remedy(
        "the first empty step",
        "where",
        DEEPEST,
        "np.flatnonzero(going)[-1] + 1",
        WAIT,
        "going[0] / max(going[deepest], 1) * float(actions) ** rest",
    ),
    _remedy(
        "wait if it fits",
        "the other remedy may be cheaper",
        LEFT,
        'if wait <= left:\n        return "wait"\n    if min(wait, anew) > left:',
    ),
    _remedy(
        "cover anew if it fits",
        "waiting may be cheaper",
        LEFT,
        'if anew <= left:\n        return "re-cover"\n    if min(wait, anew) > left:',
    ),
    _remedy("wait has to fit", "where", LEFT, "if wait > left:", like="both have to fit"),
    _remedy("both have to fit", "where", LEFT, "if max(wait, anew) > left:"),
    *(
        _remedy(
            f"always {word}",
            f"you say '{word}' whatever",
            "    if going[-1] > 0:",
            f"    return '{word}'\n    if going[-1] > 0:",
        )
        for word in ("learn", "wait", "re-cover", "rebuild")
    ),
    _remedy("most episodes passed", "where", "going[-1] > 0", "going[-1] > 5"),
    _remedy("words of its own", "'recover' came back", '"re-cover"', '"recover"'),
    _remedy("the costs", "came back", '"wait" if wait <= anew else "re-cover"', "wait, anew"),
    _remedy("no fourth answer", "None came back", 'return "rebuild"', "return"),
    _remedy(
        "in place",
        "it changes its argument",
        "steps = len(going) - 1",
        "steps = len(going) - 1\n    going[-1] = 1",
    ),
    _remedy("raises", "it raised IndexError", "going[-1] > 0", "going[len(going)] > 0"),
    _remedy(
        "for ever",
        "did not return",
        "steps = len(going) - 1",
        "steps = len(going) - 1\n    while going[steps] == 0:\n        pass",
    ),
    Right("the usual way", REMEDY),
    Right(
        "in plain Python",
        """
def remedy(going, actions, left):
    counts = [int(count) for count in going]
    if counts[-1]:
        return "learn"
    steps, rest = len(counts) - 1, 0
    while counts[steps - rest] == 0:
        rest += 1
    chance = counts[steps - rest] / counts[0] / actions**rest
    costs = {"wait": 1 / chance, "re-cover": rest * actions * steps}
    name = min(costs, key=costs.get)
    return name if costs[name] <= left else "rebuild"
""",
    ),
    Right(
        "with logarithms",
        """
import numpy as np

def remedy(going, actions, left):
    if np.any(going[-1:]):
        return "learn"
    steps = going.size - 1
    deep = steps - int(np.argmax(going[::-1] > 0))
    wait = np.log(going[0]) - np.log(going[deep]) + (steps - deep) * np.log(actions)
    anew = np.log((steps - deep) * actions * steps)
    best, name = (wait, "wait") if wait <= anew + 1e-9 else (anew, "re-cover")
    return name if best <= np.log(left) + 1e-9 else "rebuild"
""",
    ),
]

ANSWERS = {
    "11.1": STEER_ANSWERS,
    "11.2": WEIGHTS_ANSWERS,
    "11.3": ACT_ANSWERS,
    "11.4": FITTED_ANSWERS,
    "11.5": CHANCE_ANSWERS,
    "11.6": REMEDY_ANSWERS,
}
