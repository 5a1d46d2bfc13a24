"""Make one measurement: `python -m benchmarks.measure PART FUNCTION ROUND [ABOUT]` prints it.

It runs in the course's environment or in that of the peers, so it imports neither.
"""

import importlib
import json
import sys

if __name__ == "__main__":
    part, function, number, *about = sys.argv[1:]
    module = importlib.import_module(f"benchmarks.{part}")
    print(json.dumps(getattr(module, function)(int(number), *about)))
