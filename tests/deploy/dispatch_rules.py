"""A rule for the dispatcher that several tests take for a candidate."""

import numpy as np


def by_class(observations):
    """Parse jobs to the accelerator, dense jobs to the shorter of the plain servers."""
    plain = observations[:, 4:8].reshape(-1, 2, 2).sum(axis=2)
    return np.where(observations[:, 0] > 0, 1 + plain.argmin(axis=1), 0)
