"""A pytest plugin: a cell that has run may take longer to say so than nbval's 5 seconds.

nbval waits for a cell as long as it is told to, and then at most 5 seconds for each message up to
the one that the kernel is idle again; there is no option for that. On a busy machine a kernel can
be slower (flushing its output alone may take it 10 seconds), and a cell without a fault would fail.
"""

import pytest
from nbval.plugin import IPyNbCell

LAST_WORD = 30
"""How long to wait for each message of a cell that has run [s]."""


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let every cell of a notebook take its time."""
    if isinstance(item, IPyNbCell):
        item.output_timeout = LAST_WORD
