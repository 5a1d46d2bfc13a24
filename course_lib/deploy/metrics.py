"""What a deployed policy tells its operators: metrics that Prometheus scrapes, Grafana shows.

`DASHBOARD` is a dashboard for Grafana (Dashboards > New > Import). Names and units follow
Prometheus, "Metric and label naming": base units, counters that end in `_total`, labels with few
values. Every value of a label is one more time series, so an action may be a label but a job may
not.
"""

from collections.abc import Sequence
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import numpy as np
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Enum,
    Gauge,
    Histogram,
    start_http_server,
)
from prometheus_client.parser import text_string_to_metric_families

from course_lib.deploy.stages import INCUMBENT, STAGES

DASHBOARD = Path(__file__).with_name("grafana.json")
RETURNS = tuple(np.linspace(0, 1, 21))  # bounds of the histogram; a shift returns 0 to 1
LATENCIES = tuple(np.geomspace(1e-4, 1, 13).round(6))  # s; nobody waits longer for a decision


class Metrics:
    """The metrics of one deployed policy, in a registry of their own.

    | metric                          | kind      | labels         | unit |
    |---------------------------------|-----------|----------------|------|
    | `policy_decisions_total`        | counter   | policy, action | 1    |
    | `policy_latency_seconds`        | histogram | policy         | s    |
    | `policy_return`                 | histogram | policy         | 1    |
    | `policy_last_return`            | gauge     | policy         | 1    |
    | `policy_return_floor`           | gauge     |                | 1    |
    | `policy_safety_violations_total`| counter   | kind           | 1    |
    | `policy_rollbacks_total`        | counter   |                | 1    |
    | `policy_stage`                  | enum      | policy_stage   |      |

    The label `policy` says who decided, "candidate" or "incumbent"; `floor` is the mean return that
    operators want to see at least. Used as a context manager, it closes what `serve` opened, also
    after an exception.
    """

    def __init__(self, *, floor: float = 0.0, returns: Sequence[float] = RETURNS):
        self.registry = own = CollectorRegistry()
        self._decisions = Counter(
            "policy_decisions", "Decisions taken", ["policy", "action"], registry=own
        )
        self._latency = Histogram(
            "policy_latency_seconds",
            "Time from an observation to its decision",
            ["policy"],
            buckets=LATENCIES,
            registry=own,
        )
        self._return = Histogram(
            "policy_return", "Return of a shift", ["policy"], buckets=returns, registry=own
        )
        self._last = Gauge(
            "policy_last_return", "Return of the last shift", ["policy"], registry=own
        )
        Gauge("policy_return_floor", "Mean return to see at least", registry=own).set(floor)
        self._violations = Counter(
            "policy_safety_violations", "Violations of safety limits", ["kind"], registry=own
        )
        self._rollbacks = Counter("policy_rollbacks", "Ways back to the incumbent", registry=own)
        self._stage = Enum(
            "policy_stage", "Stage of the release", states=[*STAGES, INCUMBENT], registry=own
        )
        self._server = self._thread = None

    def decided(self, policy: str, action: str, seconds: float) -> None:
        """Count one decision of a policy, which took it this many seconds."""
        self._decisions.labels(policy, action).inc()
        self._latency.labels(policy).observe(seconds)

    def finished(self, policy: str, total: float) -> None:
        """Note the return of a shift; raises ValueError if it is not finite."""
        if not np.isfinite(total):  # one NaN would make the sum NaN for good
            raise ValueError(f"the return of a shift is a finite number, not {total}")
        self._return.labels(policy).observe(total)
        self._last.labels(policy).set(total)

    def violated(self, kind: str) -> None:
        """Count one violation of a safety limit."""
        self._violations.labels(kind).inc()

    def entered(self, stage: str) -> None:
        """Show the stage that the release is in; raises ValueError if there is no such stage."""
        if stage not in (*STAGES, INCUMBENT):
            raise ValueError(f"{stage!r} is not one of {', '.join((*STAGES, INCUMBENT))}")
        self._stage.state(stage)

    def rolled_back(self) -> None:
        """Count one way back, and show that the incumbent decides."""
        self._rollbacks.inc()
        self.entered(INCUMBENT)

    def serve(self, port: int = 0) -> str:
        """Answer Prometheus on 127.0.0.1 and return the address; port 0 takes any free one.

        Raises RuntimeError if it is served already, OSError if the port is taken.
        """
        if self._server is not None:
            raise RuntimeError("these metrics are served already")
        # The library's own default is every network interface of the machine.
        self._server, self._thread = start_http_server(port, "127.0.0.1", self.registry)
        return f"http://127.0.0.1:{self._server.server_port}/metrics"

    def close(self) -> None:
        """Stop serving: the thread ends, the port is free. Does nothing if nothing is served."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = self._thread = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def scrape(address: str) -> dict[str, float]:
    """Read all metrics at an address as Prometheus would: `name{label="value"}` -> value.

    Labels are in alphabetical order. The times of creation that the client adds are left out.
    """
    # A proxy that is set for the Internet has no business with an address on this machine.
    with build_opener(ProxyHandler({})).open(address, timeout=5) as page:
        text = page.read().decode()
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return {name: value for name, value in found.items() if "_created" not in name}
