"""Choose between two policies by trying both in reality."""

import numpy as np

from course_lib.transfer.exploration.collecting import Reality, mean_return, only


def better_in_reality(
    learned: np.ndarray, fallback: np.ndarray, reality: Reality, episodes: int
) -> np.ndarray:
    """The policy (H, S, A) with the larger mean return over `episodes` each; a tie is the fallback.

    Learning from few episodes can be worse than not to have learned; the fallback bounds the loss.
    """
    returns = [
        mean_return(reality.run(only(policy), episodes), episodes) for policy in (learned, fallback)
    ]
    return learned if returns[0] > returns[1] else fallback
