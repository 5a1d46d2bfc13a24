"""Compute the stored results of a lesson anew.

make results LESSON=08                            on all cores of this machine
make results LESSON=08 DASK=tcp://address:8786    on a Dask cluster
"""

import argparse
from contextlib import ExitStack

import joblib
from distributed import Client

from course_lib.transfer.methods import results as six_methods
from course_lib.transfer.skills import results as robots

LESSONS = {"08": six_methods.compute, "12": robots.compute}


def main() -> None:
    """Compute what is not in the result store already, and write the lesson's file."""
    parser = argparse.ArgumentParser(description="Compute the stored results of a lesson anew.")
    parser.add_argument("lesson", choices=list(LESSONS))
    parser.add_argument("--dask", metavar="ADDRESS", help="of a Dask scheduler: use its workers")
    told = parser.parse_args()
    with ExitStack() as cluster:
        if told.dask:
            cluster.enter_context(Client(told.dask))
            cluster.enter_context(joblib.parallel_config(backend="dask"))
        LESSONS[told.lesson]()


if __name__ == "__main__":
    main()
