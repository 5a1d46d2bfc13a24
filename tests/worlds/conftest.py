import pytest

from benchmarks import throughput


@pytest.fixture
def everything_random():
    """A physics in which every single parameter is drawn anew for each episode."""
    return throughput.everything_random()
