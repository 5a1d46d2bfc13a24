import pytest

from course_lib.deploy.dask_cluster import Workers, local_cluster


@pytest.fixture(scope="module")
def address():
    """A cluster of one accelerator and two plain workers; the tests of a module share it."""
    with local_cluster({"accelerator": 1, "plain": 2}) as address:
        yield address


@pytest.fixture(scope="module")
def workers(address):
    with Workers(address, ("accelerator", "plain"), timeout=60) as workers:
        yield workers
