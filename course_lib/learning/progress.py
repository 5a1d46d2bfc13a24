"""Progress bars, for work that takes longer than a breath."""

import os

from tqdm.auto import tqdm


def progress_bar(total: int, what: str, *, shown: bool = True, unit: str = "it") -> tqdm:
    """A bar that counts to `total`; the environment variable TQDM_DISABLE hides every bar."""
    # tqdm's own notebook bar would show itself in spite of the variable.
    hidden = not shown or bool(os.environ.get("TQDM_DISABLE"))
    return tqdm(total=total, desc=what, unit=unit, leave=False, disable=hidden)
