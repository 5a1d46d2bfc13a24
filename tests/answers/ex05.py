"""Answers to exercise 05. Most wrong ones are a right one with one mistake edited in."""

from answers import Right, Wrong, edit

LOSS = """
import numpy as np

def trajectory_loss(simulate, theta, log, noise):
    total = 0.0
    for readings, commands in log:
        simulated = simulate(theta, readings[0], commands)
        if not np.isfinite(simulated).all():
            return np.inf
        total += np.sum(((readings - simulated) / noise) ** 2)
    return total
"""
RUN = "simulate(theta, readings[0], commands)"
SUM = "np.sum(((readings - simulated) / noise) ** 2)"
ADD = f"        total += {SUM}\n"
BACK = "    return total\n"
GUARD = "        if not np.isfinite(simulated).all():\n            return np.inf\n"

ONE_STEP = """
import numpy as np

def trajectory_loss(simulate, theta, log, noise):
    total = 0.0
    for readings, commands in log:
        for k in range(len(commands)):
            after = simulate(theta, readings[k], commands[k : k + 1])[1]
            total += np.sum(((readings[k + 1] - after) / noise) ** 2)
    return total
"""

LOSS_ANSWERS = [
    Wrong("restarted at each reading", ONE_STEP, "starts anew at each reading"),
    Wrong(
        "restarted at each reading, in one list",
        edit(
            LOSS,
            RUN,
            "np.array([readings[0]] + [simulate(theta, r, [u])[-1] "
            "for r, u in zip(readings, commands)])",
        ),
        "starts anew at each reading",
        like="restarted at each reading",
    ),
    Wrong(
        "compared with the row before",
        edit(LOSS, "readings - simulated", "readings[1:] - simulated[:-1]"),
        "held against the simulated row before it",
    ),
    Wrong(
        "compared with the row after",
        edit(LOSS, "readings - simulated", "readings[:-1] - simulated[1:]"),
        "held against the simulated row after it",
    ),
    Wrong(
        "readings without the first against all rows",
        edit(LOSS, "readings - simulated", "readings[1:] - simulated"),
        "could not be broadcast",
    ),
    Wrong(
        "the first reading left out of the start",
        edit(LOSS, RUN, "simulate(theta, readings[1:], commands)"),
        "simulate got a start of shape (7, 2)",
    ),
    Wrong(
        "all readings as the start",
        edit(LOSS, RUN, "simulate(theta, readings, commands)"),
        "simulate got a start of shape (8, 2)",
    ),
    Wrong(
        "started at zero",
        edit(LOSS, RUN, "simulate(theta, 0 * readings[0], commands)"),
        "starts at zero; where did they?",
    ),
    Wrong(
        "started at the end",
        edit(LOSS, RUN, "simulate(theta, readings[-1], commands)"),
        "starts where the episode ends",
    ),
    Wrong(
        "all episodes started alike",
        edit(LOSS, RUN, "simulate(theta, log[0][0][0], commands)"),
        "all episodes start where the first one did",
    ),
    Wrong(
        "episodes joined",
        edit(
            LOSS,
            "    total = 0.0\n",
            "    total, start = 0.0, log[0][0][0]\n",
            RUN,
            "simulate(theta, start, commands)\n        start = simulated[-1]",
        ),
        "starts where the simulation before it ended",
    ),
    Wrong(
        "commands one step late",
        edit(LOSS, RUN, "simulate(theta, readings[0], np.append(0, commands[:-1]))"),
        "each command comes one step late",
    ),
    Wrong(
        "one command at a time, from the first reading",
        edit(
            LOSS,
            RUN,
            "np.vstack([simulate(theta, readings[0], commands[k]) for k in range(len(commands))])",
        ),
        "simulate got commands of shape ()",
    ),
    Wrong(
        "theta as shares",
        edit(LOSS, RUN, "simulate(theta / theta, readings[0], commands)"),
        "another theta than the one you were given",
    ),
    Wrong("noise forgotten", edit(LOSS, " / noise", ""), "you left the noise out"),
    Wrong(
        "noise not squared",
        edit(LOSS, "((readings - simulated) / noise) ** 2", "(readings - simulated) ** 2 / noise"),
        "is the noise squared along with the difference?",
    ),
    Wrong("times the noise", edit(LOSS, "/ noise", "* noise"), "should count for less"),
    Wrong(
        "mean noise", edit(LOSS, "/ noise", "/ noise.mean()"), "each channel has a noise of its own"
    ),
    Wrong(
        "noise of the first channel",
        edit(LOSS, "/ noise", "/ noise[0]"),
        "each channel has a noise of its own",
        like="mean noise",
    ),
    Wrong("sizes", edit(LOSS, SUM, "np.abs((readings - simulated) / noise).sum()"), "not squares"),
    Wrong(
        "the square of the sum",
        edit(LOSS, SUM, "np.sum((readings - simulated) / noise)", BACK, "    return total**2\n"),
        "errors to both sides cancel",
    ),
    Wrong("the root", edit(LOSS, BACK, "    return np.sqrt(total)\n"), "the root of what"),
    Wrong("half", edit(LOSS, BACK, "    return total / 2\n"), "half of what it should be"),
    Wrong("the sign", edit(LOSS, "total +=", "total -="), "small should be good"),
    Wrong(
        "a log-likelihood",
        edit(LOSS, SUM, f"{SUM} + len(readings) * np.log(noise).sum()"),
        "nothing is added to the sum of squares",
    ),
    Wrong(
        "only the last reading",
        edit(LOSS, "readings - simulated", "readings[-1] - simulated[-1]"),
        "only the end of each episode counts",
    ),
    Wrong(
        "only the first channel",
        edit(LOSS, SUM, "np.sum(((readings[:, 0] - simulated[:, 0]) / noise[0]) ** 2)"),
        "only the first channel counts",
    ),
    Wrong(
        "the mean of an episode",
        edit(LOSS, "np.sum", "np.mean"),
        "it is a mean; the sum was asked for",
    ),
    Wrong(
        "the mean over channels",
        edit(LOSS, SUM, "np.mean(((readings - simulated) / noise) ** 2, axis=1).sum()"),
        "a mean over channels, perhaps?",
        like="half",
    ),
    Wrong(
        "the mean over episodes",
        edit(LOSS, BACK, "    return total / len(log)\n"),
        "divided by the number of episodes",
    ),
    Wrong(
        "return inside the loop",
        edit(LOSS, BACK, "        return total\n"),
        "only the first episode counts; does return stand inside",
    ),
    Wrong(
        "the sum begun anew",
        edit(LOSS, "total +=", "total ="),
        "only the last episode counts",
    ),
    Wrong(
        "one number per channel",
        edit(LOSS, SUM, "np.sum(((readings - simulated) / noise) ** 2, axis=0)"),
        "the loss should be one number, not of shape (2,)",
    ),
    Wrong(
        "one number per episode",
        edit(LOSS, "total = 0.0", "total = []", f"total += {SUM}", f"total.append({SUM})"),
        "the loss should be one number, not of shape (1,)",
    ),
    Wrong("no test for nan", edit(LOSS, GUARD, ""), "nan compares with nothing"),
    Wrong(
        "nan counted as nothing",
        edit(LOSS, GUARD, "", "np.sum", "np.nansum"),
        "nan in the last row of the second of three simulations gives the loss",
    ),
    Wrong(
        "episodes that diverge passed over",
        edit(LOSS, "            return np.inf\n", "            continue\n"),
        "must look as bad as can be",
        like="nan counted as nothing",
    ),
    Wrong(
        "a large number",
        edit(LOSS, "return np.inf", "return 1e9"),
        "gives the loss 1e+09; such a theta must look as bad",
    ),
    Wrong(
        "minus infinity", edit(LOSS, "return np.inf", "return -np.inf"), "would run there at once"
    ),
    Wrong(
        "nan by comparing",
        edit(LOSS, "if not np.isfinite(simulated).all()", "if (simulated == np.nan).any()"),
        "nan compares with nothing",
        like="no test for nan",
    ),
    Wrong(
        "only nan, and numbers limited",
        edit(
            LOSS,
            "if not np.isfinite(simulated).all()",
            "simulated = np.clip(simulated, -1e6, 1e6)\n        if np.isnan(simulated).any()",
        ),
        "inf in the last row of the second of three simulations",
    ),
    Wrong(
        "tested before the last row",
        edit(LOSS, "np.isfinite(simulated)", "np.isfinite(simulated[:-1])"),
        "nan compares with nothing",
        like="no test for nan",
    ),
    Wrong(
        "an error for what diverges",
        edit(LOSS, "return np.inf", 'raise ValueError("diverged")'),
        "it raised ValueError (diverged)",
    ),
    Wrong(
        "in place",
        edit(LOSS, ADD, "        readings -= simulated\n" + ADD.replace(" - simulated", "")),
        "it changes its argument; work on a copy",
    ),
    Wrong("no return", edit(LOSS, BACK, ""), "None came back"),
    Wrong("zero", edit(LOSS, BACK, "    return 0.0\n"), "go through one episode of two steps"),
    Wrong(
        "for ever",
        edit(LOSS, ADD, "        while total < 1:\n            pass\n"),
        "did not return within",
    ),
    Right("the usual way", LOSS),
    Right(
        "loops over everything, in lists",
        """
import math

def trajectory_loss(simulate, theta, log, noise):
    loss = 0
    for readings, commands in log:
        for seen, state in zip(readings.tolist(), simulate(theta, readings[0], commands).tolist()):
            for a, b, sigma in zip(seen, state, noise):
                if not math.isfinite(b):
                    return math.inf
                loss += (a - b) ** 2 / sigma**2
    print(loss)
    return loss
""",
    ),
    Right(
        "all residuals in one vector",
        """
import numpy as np

def trajectory_loss(simulate, theta, log, noise):
    def residuals(readings, commands):
        return np.ravel((simulate(theta, readings[0].copy(), commands) - readings) / noise)

    z = np.concatenate([residuals(*episode) for episode in log])
    loss = z @ z
    return np.where(np.isfinite(loss), loss, np.inf)
""",
    ),
    Right(
        "without the row that is zero anyway",
        """
import numpy as np

def trajectory_loss(simulate, theta, log, noise):
    loss = 0.0
    for readings, commands in log:
        free = np.asarray(simulate(tuple(theta), readings[0], list(commands)))
        loss += np.linalg.norm((readings[1:] - free[1:]) / noise) ** 2
    return float(np.nan_to_num(loss, nan=np.inf, posinf=np.inf))
""",
    ),
]

FISHER = """
import numpy as np

def fisher_information(run, theta, noise):
    h = 1e-4
    rows = []
    for i in range(len(theta)):
        up = np.array(theta, dtype=float)
        down = np.array(theta, dtype=float)
        up[i] *= 1 + h
        down[i] *= 1 - h
        change = (run(up) - run(down)) / (2 * h)
        rows.append((change / noise).ravel())
    S = np.array(rows)
    information = S @ S.T
    values, vectors = np.linalg.eigh(information)
    return information, vectors[:, 0]
"""
CHANGE = "(run(up) - run(down)) / (2 * h)"
UP = "np.array(theta, dtype=float)\n        down"
PAIR = "information, vectors[:, 0]"
INFO = "    information = S @ S.T\n"

FISHER_ANSWERS = [
    Wrong(
        "per unit",
        edit(FISHER, CHANGE, "(run(up) - run(down)) / (up[i] - down[i])"),
        "this is the change per unit; a share of a quantity was asked for",
    ),
    Wrong(
        "one step for all",
        edit(
            FISHER,
            *("up[i] *= 1 + h", "up[i] += h", "down[i] *= 1 - h", "down[i] -= h"),
            *(CHANGE, f"{CHANGE} * theta[i]"),
        ),
        "quantities of 3e+06 and 2e-06: the information begins with",
    ),
    Wrong(
        "one step for all, per unit",
        edit(FISHER, "up[i] *= 1 + h", "up[i] += h", "down[i] *= 1 - h", "down[i] -= h"),
        "this is the change per unit",
        like="per unit",
    ),
    Wrong(
        "divided by h",
        edit(FISHER, "/ (2 * h)", "/ h"),
        "the two runs lie 2h apart",
    ),
    Wrong(
        "divided by 4h",
        edit(FISHER, "/ (2 * h)", "/ (4 * h)"),
        "and that is divided by once",
    ),
    Wrong("not divided", edit(FISHER, " / (2 * h)", ""), "by what is the difference"),
    Wrong(
        "one-sided",
        edit(FISHER, "        down[i] *= 1 - h\n", "", "/ (2 * h)", "/ h"),
        "the difference is one-sided",
    ),
    Wrong(
        "one-sided downward",
        edit(FISHER, "        up[i] *= 1 + h\n", "", "/ (2 * h)", "/ h"),
        "the difference is one-sided",
        like="one-sided",
    ),
    Wrong("a coarse step", edit(FISHER, "1e-4", "0.1"), "no longer a small change"),
    Wrong("a step that is too fine", edit(FISHER, "1e-4", "1e-14"), "it is near; where does"),
    Wrong(
        "nudges pile up",
        edit(
            FISHER,
            "    rows = []\n",
            "    rows, base = [], np.array(theta, dtype=float)\n",
            f"        up = {UP} = np.array(theta, dtype=float)\n",
            "        up, down = base.copy(), base.copy()\n",
            "        down[i] *= 1 - h\n",
            "        down[i] *= 1 - h\n        base = up\n",
        ),
        "stays nudged while the next one is",
    ),
    Wrong(
        "up and down are one array",
        edit(FISHER, UP, "np.array(theta, dtype=float)\n        down = up\n        _"),
        "the information begins with",
    ),
    Wrong(
        "whole numbers stay whole",
        edit(
            FISHER,
            f"up = {UP} = np.array(theta, dtype=float)",
            "up, down = theta.copy(), theta.copy()",
        )
        .replace("up[i] *= 1 + h", "up[i] = up[i] * (1 + h)")
        .replace("down[i] *= 1 - h", "down[i] = down[i] * (1 - h)"),
        "whole numbers in theta: the information begins with",
    ),
    Wrong(
        "theta changed",
        edit(FISHER, f"up = {UP} = np.array(theta, dtype=float)", "up, down = theta, theta.copy()"),
        "it changes its argument",
    ),
    Wrong("noise forgotten", edit(FISHER, "change / noise", "change"), "you left the noise out"),
    Wrong(
        "noise not squared",
        edit(FISHER, "change / noise", "change / np.sqrt(noise)"),
        "noise enters as a square",
    ),
    Wrong(
        "times the noise", edit(FISHER, "change / noise", "change * noise"), "tells less, not more"
    ),
    Wrong(
        "mean noise",
        edit(FISHER, "change / noise", "change / noise.mean()"),
        "each channel has a noise of its own",
    ),
    Wrong("mean", edit(FISHER, "S @ S.T", "S @ S.T / len(change)"), "a mean over the rows"),
    Wrong(
        "mean over readings",
        edit(FISHER, "S @ S.T", "S @ S.T / change.size"),
        "it is a mean over the rows",
        like="mean",
    ),
    Wrong("the sign", edit(FISHER, "S @ S.T", "-S @ S.T"), "cannot be negative"),
    Wrong(
        "only the diagonal",
        edit(FISHER, "S @ S.T", "np.diag(np.sum(S**2, axis=1))"),
        "off its diagonal is nothing",
    ),
    Wrong("the inverse", edit(FISHER, "S @ S.T", "np.linalg.inv(S @ S.T)"), "this is its inverse"),
    Wrong(
        "only the last row",
        edit(FISHER, "(change / noise)", "(change / noise)[-1]"),
        "only the last row counts",
    ),
    Wrong(
        "only the first channel",
        edit(FISHER, "(change / noise)", "(change / noise)[:, 0]"),
        "only the first channel counts",
    ),
    Wrong(
        "summed before the product",
        edit(FISHER, "(change / noise).ravel()", "[(change / noise).sum()]"),
        "each reading is multiplied before the sum",
    ),
    Wrong(
        "readings by readings",
        edit(FISHER, "S @ S.T", "S.T @ S", "vectors[:, 0]", "vectors[: len(theta), 0]"),
        "the information should have shape (2, 2), not (9, 9)",
    ),
    Wrong("the runs themselves", edit(FISHER, CHANGE, "run(up)"), "one reading, and go through it"),
    Wrong(
        "run called with one quantity",
        edit(FISHER, "run(up)", "run(up[i])"),
        "run got a theta of shape ()",
    ),
    Wrong("only the matrix", edit(FISHER, PAIR, "information"), "return two things"),
    Wrong("no return", edit(FISHER, "return ", "result = "), "None came back"),
    Wrong(
        "blind first",
        edit(FISHER, PAIR, "vectors[:, 0], information"),
        "the information comes first",
    ),
    Wrong("the largest eigenvalue", edit(FISHER, "[:, 0]", "[:, -1]"), "change most, not least"),
    Wrong(
        "eig, not sorted, by the largest",
        edit(FISHER, "vectors[:, 0]", "vectors[:, values.argmax()]"),
        "change most, not least",
        like="the largest eigenvalue",
    ),
    Wrong("a row", edit(FISHER, "vectors[:, 0]", "vectors[0]"), "this is a row"),
    Wrong("all vectors", edit(FISHER, "vectors[:, 0]", "vectors"), "blind should have shape (2,)"),
    Wrong("the eigenvalue", edit(FISHER, "vectors[:, 0]", "values[0]"), "(2,), not ()"),
    Wrong("the eigenvalues", edit(FISHER, "vectors[:, 0]", "values"), "which eigenvector is it?"),
    Wrong(
        "the number of the quantity",
        edit(FISHER, "vectors[:, 0]", "np.eye(len(theta))[np.diag(information).argmin()]"),
        "a direction may lead across several quantities",
    ),
    Wrong("sizes", edit(FISHER, "vectors[:, 0]", "abs(vectors[:, 0])"), "so signs differ"),
    Wrong(
        "a first part of 1",
        edit(FISHER, "vectors[:, 0]", "vectors[:, 0] / vectors[0, 0]"),
        "not 1",
    ),
    Wrong(
        "as many as theta",
        edit(FISHER, "vectors[:, 0]", "vectors[:, 0] * theta"),
        "its parts are shares",
    ),
    Wrong("zero", edit(FISHER, "vectors[:, 0]", "0 * vectors[:, 0]"), "which is no direction"),
    Wrong(
        "theta of fixed length",
        edit(FISHER, "range(len(theta))", "range(2)"),
        "it raised IndexError",
    ),
    Wrong(
        "for ever", edit(FISHER, INFO, "    while True:\n        pass\n" + INFO), "did not return"
    ),
    Right("the usual way", FISHER),
    Right(
        "all at once, by einsum and svd",
        """
import numpy as np

def fisher_information(run, theta, noise):
    p, h = len(theta), 1e-4
    ups, downs = theta * (1 + h * np.eye(p)), theta * (1 - h * np.eye(p))
    S = np.stack([np.asarray(run(u)) - run(d) for u, d in zip(ups, downs)]) / (2 * h)
    information = np.einsum("ikc,jkc,c->ij", S, S, noise**-2.0)
    return information, -np.linalg.svd(information)[2][-1]
""",
    ),
    Right(
        "loops and lists",
        """
import numpy as np

def fisher_information(run, theta, noise):
    def at(i, share):
        nudged = [float(x) for x in theta]
        nudged[i] = nudged[i] + share * nudged[i]
        return np.asarray(run(np.array(nudged)))

    p, h = len(theta), 1e-4
    S = [(at(i, h) - at(i, -h)) / (2 * h) for i in range(p)]
    total = [[0.0] * p for _ in range(p)]
    for i in range(p):
        for j in range(p):
            for k in range(len(S[i])):
                for c in range(len(noise)):
                    total[i][j] += S[i][k][c] * S[j][k][c] / noise[c] ** 2
    values, vectors = np.linalg.eig(np.array(total))
    v = np.real(vectors[:, np.argmin(np.real(values))])
    return [total, list(v / np.linalg.norm(v))]
""",
    ),
    Right(
        "in logarithms, with a finer step",
        """
import numpy as np

def fisher_information(run, theta, noise):
    logs, h = np.log(theta), 1e-5
    columns = []
    for step in h * np.eye(len(logs)):
        change = run(np.exp(logs + step)) - run(np.exp(logs - step))
        columns.append(np.ravel(change / (2 * h) / noise))
    J = np.column_stack(columns)
    return J.T @ J, np.linalg.eigh(J.T @ J).eigenvectors.T[0]
""",
    ),
]

BETTER = """
import numpy as np

def better_excitation(information_a, information_b, wanted):
    def error(information):
        if np.linalg.cond(information) > 1e10:
            return np.inf
        return np.sqrt(np.linalg.inv(information)[wanted, wanted])

    a, b = error(information_a), error(information_b)
    if np.isinf(a) and np.isinf(b):
        return None
    return "a" if a < b else "b"
"""
ERROR = "np.sqrt(np.linalg.inv(information)[wanted, wanted])"
TEST = "        if np.linalg.cond(information) > 1e10:\n            return np.inf\n"
NEITHER = "    if np.isinf(a) and np.isinf(b):\n        return None\n"
CHOICE = '"a" if a < b else "b"'

BETTER_ANSWERS = [
    Wrong(
        "1 over the diagonal",
        edit(BETTER, ERROR, "np.sqrt(1 / information[wanted, wanted])"),
        "1 / I_ww holds if all else is known",
    ),
    Wrong(
        "each entry by itself inverted",
        edit(BETTER, ERROR, "np.sqrt((1 / information)[wanted, wanted])"),
        "1 / I_ww holds if all else is known",
        like="1 over the diagonal",
    ),
    Wrong("the larger error", edit(BETTER, "a < b", "a > b"), "the smaller error is the better"),
    Wrong(
        "the smaller entry",
        edit(BETTER, ERROR, "information[wanted, wanted]"),
        "a large entry means that the readings tell much",
    ),
    Wrong(
        "always the first quantity",
        edit(BETTER, "[wanted, wanted]", "[0, 0]"),
        "is it the wanted quantity that you compare?",
    ),
    Wrong(
        "always the last quantity",
        edit(BETTER, "[wanted, wanted]", "[-1, -1]"),
        "is it the last quantity that was wanted?",
    ),
    Wrong(
        "counted from 1",
        edit(BETTER, "[wanted, wanted]", "[wanted - 1, wanted - 1]"),
        "the numbers of the quantities begin at 0",
    ),
    Wrong(
        "the sum of all errors",
        edit(BETTER, ERROR, "np.sqrt(np.trace(np.linalg.inv(information)))"),
        "you count all quantities; one is wanted",
    ),
    Wrong(
        "the row of the inverse",
        edit(BETTER, ERROR, "np.abs(np.linalg.inv(information)[wanted]).sum()"),
        "an error stands on the diagonal",
    ),
    Wrong("the trace", edit(BETTER, ERROR, "-np.trace(information)"), "a trace tells neither"),
    Wrong(
        "the determinant",
        edit(BETTER, ERROR, "-np.linalg.det(information)"),
        "a determinant does not know",
    ),
    Wrong(
        "the smallest eigenvalue",
        edit(BETTER, ERROR, "-np.linalg.eigvalsh(information)[0]"),
        "an eigenvalue does not know",
    ),
    Wrong(
        "the condition number",
        edit(BETTER, ERROR, "np.linalg.cond(information)"),
        "says whether, but not how well",
    ),
    Wrong("always a", edit(BETTER, CHOICE, '"a"'), "do you look at them?"),
    Wrong("always b", edit(BETTER, CHOICE, '"b"'), "you chose b; do you look at them?"),
    Wrong("nothing at all", edit(BETTER, CHOICE, "None"), "you chose None; neither is singular"),
    Wrong(
        "singular by the determinant",
        edit(BETTER, "np.linalg.cond(information) > 1e10", "np.linalg.det(information) < 1e-9"),
        "and wanted = 0 you chose None; neither is singular",
    ),
    Wrong(
        "the pseudo-inverse",
        edit(BETTER, TEST, "", "np.linalg.inv", "np.linalg.pinv"),
        "number above 1e10, you chose a; it has a null direction",
    ),
    Wrong(
        "infinitely good",
        edit(BETTER, "return np.inf", "return 0.0"),
        "you chose a; it has a null direction",
        like="the pseudo-inverse",
    ),
    Wrong(
        "no test at all",
        edit(BETTER, TEST, ""),
        "a null direction: look at its condition before you invert it",
    ),
    Wrong(
        "only what NumPy calls singular",
        edit(
            BETTER,
            TEST + "        return " + ERROR,
            "        try:\n            return np.sqrt(abs(np.linalg.inv(information)"
            "[wanted, wanted]))\n        except np.linalg.LinAlgError:\n            return np.inf",
        ),
        "matrix b of 3 quantities has a condition number above 1e10, you chose b",
    ),
    Wrong(
        "singular only if the condition is infinite",
        edit(BETTER, "> 1e10", "== np.inf"),
        "it raised LinAlgError (Singular matrix)",
        like="no test at all",
    ),
    Wrong(
        "None as soon as one is singular",
        edit(BETTER, "np.isinf(a) and np.isinf(b)", "np.isinf(a) or np.isinf(b)"),
        "you chose None; the other one has not, so there is something to choose",
    ),
    Wrong(
        "a choice between two that tell nothing",
        edit(BETTER, NEITHER, ""),
        "have condition numbers above 1e10, you chose b; neither can tell",
    ),
    Wrong(
        "infinite minus infinite",
        edit(BETTER, NEITHER, "", CHOICE, '"b" if a - b > 0 else "a"'),
        "have condition numbers above 1e10, you chose a; neither can tell",
    ),
    Wrong("a number", edit(BETTER, CHOICE, "int(a > b)"), 'return "a", "b" or None'),
    Wrong("the matrix", edit(BETTER, CHOICE, "information_a"), "array([[100"),
    Wrong("large letters", edit(BETTER, CHOICE, '"A" if a < b else "B"'), "'B' came back"),
    Wrong(
        "inverted in place",
        edit(BETTER, "    a, b =", "    information_a[:] = information_a + 0.1\n    a, b ="),
        "it changes its argument",
    ),
    Right("the usual way", BETTER),
    Right(
        "by solving, and by eigenvalues",
        """
import numpy as np

def better_excitation(information_a, information_b, wanted):
    best, letter = np.inf, None
    for name, information in zip("ab", (information_a, information_b)):
        values = np.linalg.eigvalsh(information)
        if values[0] <= 1e-10 * values[-1]:
            continue
        unit = np.eye(len(information))[wanted]
        variance = unit @ np.linalg.solve(information, unit)
        if variance < best:
            best, letter = variance, name
    return letter
""",
    ),
    Right(
        "by the determinant of the rest",
        """
import numpy as np
from scipy import linalg

def better_excitation(information_a, information_b, wanted):
    def precision(information):
        if np.linalg.cond(information) > 1e10:
            return 0.0
        rest = [i for i in range(len(information)) if i != wanted]
        cross = information[wanted, rest]
        known = linalg.inv(information[np.ix_(rest, rest)]) if rest else np.zeros((0, 0))
        return information[wanted, wanted] - cross @ known @ cross

    a, b = precision(information_a), precision(information_b)
    return None if max(a, b) == 0 else "ab"[int(b > a)]
""",
    ),
]

INTERVAL = """
import numpy as np
from scipy.stats import norm, t

def interval(estimate, residuals, jacobian, which, confidence=0.95):
    n, p = jacobian.shape
    if n <= p:
        raise ValueError("too few readings to tell the noise")
    s2 = np.sum(residuals**2) / (n - p)
    covariance = s2 * np.linalg.inv(jacobian.T @ jacobian)
    error = np.sqrt(covariance[which, which])
    half = t.ppf((1 + confidence) / 2, n - p) * error
    return estimate[which] - half, estimate[which] + half
"""
S2 = "np.sum(residuals**2) / (n - p)"
QUANTILE = "t.ppf((1 + confidence) / 2, n - p)"
INVERSE = "np.linalg.inv(jacobian.T @ jacobian)"
ENDS = "estimate[which] - half, estimate[which] + half"
REFUSE = '    if n <= p:\n        raise ValueError("too few readings to tell the noise")\n'

INTERVAL_ANSWERS = [
    Wrong("n, not n - p", edit(INTERVAL, S2, "np.mean(residuals**2)"), "a division by n does not"),
    Wrong(
        "n - 1, not n - p",
        edit(INTERVAL, S2, "np.sum(residuals**2) / (n - 1)"),
        "how many quantities were fitted?",
    ),
    Wrong(
        "normal, not Student's t",
        edit(INTERVAL, QUANTILE, "norm.ppf((1 + confidence) / 2)"),
        "a normal distribution is too sure",
    ),
    Wrong(
        "1.96",
        edit(INTERVAL, QUANTILE, "1.96"),
        "a normal distribution is too sure",
        like="normal, not Student's t",
    ),
    Wrong(
        "normal, and n",
        edit(INTERVAL, QUANTILE, "norm.ppf((1 + confidence) / 2)", S2, "np.mean(residuals**2)"),
        "does not know it. And a normal distribution",
    ),
    Wrong(
        "Student's t with n - 1",
        edit(INTERVAL, QUANTILE, "t.ppf((1 + confidence) / 2, n - 1)"),
        "as many degrees of freedom as s has, not n - 1",
    ),
    Wrong(
        "Student's t with n",
        edit(INTERVAL, QUANTILE, "t.ppf((1 + confidence) / 2, n)"),
        "as many degrees of freedom as s has, not n",
    ),
    Wrong(
        "n - 1 twice",
        edit(
            INTERVAL,
            *(QUANTILE, "t.ppf((1 + confidence) / 2, n - 1)"),
            *(S2, "np.sum(residuals**2) / (n - 1)"),
        ),
        "neither s nor Student's t has n - 1 degrees of freedom",
    ),
    Wrong(
        "always 95 %",
        edit(INTERVAL, "(1 + confidence) / 2", "0.975"),
        "it is one of 95 %, whatever was asked for",
    ),
    Wrong(
        "one-sided",
        edit(INTERVAL, "(1 + confidence) / 2", "confidence"),
        "all that is left out lies on one side",
    ),
    Wrong(
        "the other tail",
        edit(INTERVAL, "(1 + confidence) / 2", "(1 - confidence) / 2"),
        "return the two ends, the lower first",
    ),
    Wrong("no quantile", edit(INTERVAL, QUANTILE, "1.0"), "one standard error to each side"),
    Wrong("half of it", edit(INTERVAL, "* error\n", "* error / 2\n"), "to each side, not half"),
    Wrong(
        "1 over the diagonal",
        edit(INTERVAL, INVERSE, "(1 / (jacobian.T @ jacobian))"),
        "1 over an entry of JᵀJ would do if",
    ),
    Wrong(
        "not inverted",
        edit(INTERVAL, INVERSE, "(jacobian.T @ jacobian)"),
        "what is known is inverse to what is not",
    ),
    Wrong("no Jacobian", edit(INTERVAL, INVERSE, "np.eye(p)"), "the Jacobian is not in it"),
    Wrong("an own root of n", edit(INTERVAL, "* error\n", "* error / np.sqrt(n)\n"), "root of n"),
    Wrong(
        "no root",
        edit(INTERVAL, "np.sqrt(covariance[which, which])", "covariance[which, which]"),
        "it is made of a variance",
    ),
    Wrong(
        "the root of s alone",
        edit(
            INTERVAL,
            "np.sqrt(covariance[which, which])",
            "np.sqrt(s2) * covariance[which, which] / s2",
        ),
        "the root of the matrix's entry is missing",
    ),
    Wrong(
        "a standard error of s squared",
        edit(
            INTERVAL,
            "np.sqrt(covariance[which, which])",
            "s2 * np.sqrt(covariance[which, which] / s2)",
        ),
        "s is not squared here",
    ),
    Wrong("noise of 1", edit(INTERVAL, S2, "1.0"), "what do the residuals tell?"),
    Wrong("not divided", edit(INTERVAL, " / (n - p)\n", "\n"), "summed, but not divided"),
    Wrong(
        "spread of the residuals",
        edit(INTERVAL, S2, "np.var(residuals)"),
        "take no mean off the residuals",
    ),
    Wrong(
        "spread of the residuals with ddof=p",
        edit(INTERVAL, S2, "np.var(residuals, ddof=p)"),
        "take no mean off the residuals",
    ),
    Wrong(
        "mean size",
        edit(INTERVAL, S2, "np.mean(np.abs(residuals)) ** 2"),
        "a mean of sizes is not",
    ),
    Wrong(
        "the first quantity",
        edit(INTERVAL, "covariance[which, which]", "covariance[0, 0]"),
        "which quantity's entry",
    ),
    Wrong(
        "about the first quantity",
        edit(INTERVAL, ENDS, "estimate[0] - half, estimate[0] + half"),
        "about the estimate of the quantity asked for, but of another",
    ),
    Wrong(
        "about zero",
        edit(INTERVAL, ENDS, "-half, half"),
        "but about zero",
    ),
    Wrong(
        "about the mean of the estimates",
        edit(INTERVAL, ENDS, "estimate.mean() - half, estimate.mean() + half"),
        "the interval does not lie about the estimate",
    ),
    Wrong(
        "a fixed width",
        edit(INTERVAL, "* error\n", "* error * 0 + 1.0\n"),
        "all have the same width, though the residuals differ",
    ),
    Wrong(
        "a tenth of the estimate",
        edit(INTERVAL, "* error\n", "* 0 + abs(estimate[which]) / 10\n"),
        "go through its parts",
    ),
    Wrong(
        "everything",
        edit(INTERVAL, ENDS, "estimate[which] - 1e6, estimate[which] + 1e6"),
        "200 of 200 intervals hold the truth",
    ),
    Wrong("infinite", edit(INTERVAL, ENDS, "-np.inf, np.inf"), "should be finite everywhere"),
    Wrong(
        "high first",
        edit(INTERVAL, ENDS, "estimate[which] + half, estimate[which] - half"),
        "return the two ends, the lower first",
        like="the other tail",
    ),
    Wrong("the half-width", edit(INTERVAL, ENDS, "half"), "should have shape (2,), not ()"),
    Wrong(
        "with the estimate",
        edit(INTERVAL, ENDS, "estimate[which], estimate[which] - half, estimate[which] + half"),
        "should have shape (2,), not (3,)",
    ),
    Wrong(
        "all quantities",
        edit(INTERVAL, "covariance[which, which]", "np.diag(covariance)"),
        "should have shape (2,), not (2, 3)",
    ),
    Wrong("no return", edit(INTERVAL, f"return {ENDS}", "pass"), "None came back"),
    Wrong("no refusal", edit(INTERVAL, REFUSE, ""), "leave nothing to tell the noise"),
    Wrong(
        "refused one too late",
        edit(INTERVAL, "n <= p", "n < p"),
        "2 readings of 2 quantities leave nothing",
        like="no refusal",
    ),
    Wrong(
        "another error",
        edit(INTERVAL, "raise ValueError", "raise RuntimeError"),
        "raise a ValueError, not RuntimeError",
    ),
    Wrong(
        "no message",
        edit(INTERVAL, '("too few readings to tell the noise")', ""),
        "the ValueError should say what is wrong",
    ),
    Wrong(
        "resampled",
        edit(
            INTERVAL,
            "* error\n",
            "* error * np.std(np.random.default_rng(0).choice(residuals, 99)) / np.sqrt(s2)\n",
        ),
        "intervals hold the truth, and they are",
    ),
    Wrong(
        "residuals squared in place",
        edit(INTERVAL, "    s2 =", "    residuals *= 1.5\n    s2 ="),
        "it changes its argument",
    ),
    Right("the usual way", INTERVAL),
    Right(
        "by QR and SciPy's interval",
        """
import numpy as np
from scipy import stats

def interval(estimate, residuals, jacobian, which, confidence=0.95):
    free = len(residuals) - len(estimate)
    if free < 1:
        raise ValueError(f"{free} degrees of freedom")
    R = np.linalg.qr(jacobian, mode="r")
    scale = np.linalg.norm(np.linalg.inv(R)[which]) * np.linalg.norm(residuals) / free**0.5
    return stats.t.interval(confidence, free, loc=estimate[which], scale=scale)
""",
    ),
    Right(
        "with F's quantile, a solver, and lists",
        """
import math
import numpy as np
from scipy.stats import f

def interval(estimate, residuals, jacobian, which, confidence=0.95):
    J = [list(row) for row in jacobian]
    n, p = len(J), len(J[0])
    if not n > p:
        raise ValueError("need more readings than quantities, got %d and %d" % (n, p))
    squares = 0.0
    for r in residuals:
        squares += r * r
    unit = [1.0 if i == which else 0.0 for i in range(p)]
    inverse = np.linalg.solve(np.transpose(J) @ np.array(J), unit)[which]
    reach = math.sqrt(f.ppf(confidence, 1, n - p) * squares / (n - p) * inverse)
    print("half", reach)
    return [float(estimate[which]) - reach, float(estimate[which]) + reach]
""",
    ),
]

ANSWERS = {
    "05.1": LOSS_ANSWERS,
    "05.2": FISHER_ANSWERS,
    "05.3": BETTER_ANSWERS,
    "05.4": INTERVAL_ANSWERS,
}
