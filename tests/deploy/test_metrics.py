import json
import math
import re
import socket
import threading
from urllib.error import URLError
from urllib.parse import urlsplit

import pytest

from course_lib.deploy.metrics import DASHBOARD, Metrics, scrape
from course_lib.deploy.stages import STAGES


@pytest.fixture
def served():
    with Metrics(floor=0.7) as metrics:
        yield metrics, metrics.serve()


def test_decisions_are_counted_by_who_decided_and_what(served):
    metrics, address = served
    for policy, action in [("candidate", "hold"), ("candidate", "hold"), ("incumbent", "plain A")]:
        metrics.decided(policy, action, seconds=0.002)
    found = scrape(address)
    assert found['policy_decisions_total{action="hold",policy="candidate"}'] == 2
    assert found['policy_decisions_total{action="plain A",policy="incumbent"}'] == 1
    assert 'policy_decisions_total{action="hold",policy="incumbent"}' not in found


def test_the_time_to_decide_falls_into_its_bucket(served):
    metrics, address = served
    for seconds in (0.0002, 0.03, 5.0):
        metrics.decided("candidate", "hold", seconds)
    found = scrape(address)

    def within(bound):
        return found[f'policy_latency_seconds_bucket{{le="{bound}",policy="candidate"}}']

    assert [within(bound) for bound in ("0.0001", "0.001", "0.1", "1.0", "+Inf")] == [0, 1, 2, 2, 3]
    assert found['policy_latency_seconds_sum{policy="candidate"}'] == pytest.approx(5.0302)


def test_returns_are_kept_as_a_distribution_and_the_last_one_as_such(served):
    metrics, address = served
    for total in (0.5, 0.82, 0.6):
        metrics.finished("incumbent", total)
    found = scrape(address)
    assert found['policy_last_return{policy="incumbent"}'] == 0.6
    assert found['policy_return_count{policy="incumbent"}'] == 3
    assert found['policy_return_sum{policy="incumbent"}'] == pytest.approx(1.92)
    assert found['policy_return_bucket{le="0.75",policy="incumbent"}'] == 2
    assert found["policy_return_floor"] == 0.7


def test_a_world_with_other_returns_brings_its_own_bounds():
    with Metrics(returns=(100, 500)) as metrics:
        metrics.finished("candidate", 300)
        found = scrape(metrics.serve())
    assert found['policy_return_bucket{le="100.0",policy="candidate"}'] == 0
    assert found['policy_return_bucket{le="500.0",policy="candidate"}'] == 1


@pytest.mark.parametrize("total", [math.nan, math.inf])
def test_a_return_that_is_no_number_is_refused_and_spoils_nothing(served, total):
    metrics, address = served
    with pytest.raises(ValueError, match="finite"):
        metrics.finished("candidate", total)
    assert not [name for name in scrape(address) if "candidate" in name]


def test_violations_are_counted_by_kind(served):
    metrics, address = served
    for kind in ("late", "overload", "late"):
        metrics.violated(kind)
    found = scrape(address)
    assert found['policy_safety_violations_total{kind="late"}'] == 2
    assert found['policy_safety_violations_total{kind="overload"}'] == 1


def stage_shown(found):
    return [name for name, value in found.items() if name.startswith("policy_stage") and value]


def test_a_release_is_in_one_stage_at_a_time_and_a_rollback_ends_it(served):
    metrics, address = served
    assert stage_shown(scrape(address)) == [f'policy_stage{{policy_stage="{STAGES[0]}"}}']
    for stage in STAGES:
        metrics.entered(stage)
        assert stage_shown(scrape(address)) == [f'policy_stage{{policy_stage="{stage}"}}']
    assert scrape(address)["policy_rollbacks_total"] == 0  # shown before there is one
    metrics.rolled_back()
    assert scrape(address)["policy_rollbacks_total"] == 1
    assert stage_shown(scrape(address)) == ['policy_stage{policy_stage="incumbent"}']


def test_a_stage_that_does_not_exist_is_refused(served):
    with pytest.raises(ValueError, match="'canary' is not one of offline, shadow"):
        served[0].entered("canary")


def test_two_policies_do_not_share_their_metrics(served):
    with Metrics() as other:
        other.rolled_back()
        assert scrape(other.serve())["policy_rollbacks_total"] == 1
        assert scrape(served[1])["policy_rollbacks_total"] == 0


# The endpoint


def can_connect(host, port):
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex((host, port)) == 0


def test_nobody_outside_this_machine_can_read_them(served):
    place = urlsplit(served[1])
    assert place.hostname == "127.0.0.1"
    assert can_connect("127.0.0.1", place.port)
    # A server on all interfaces would answer on every other address of the machine as well.
    assert not can_connect("127.0.0.2", place.port)


def test_a_proxy_is_not_asked_for_an_address_on_this_machine(served, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    assert scrape(served[1])["policy_rollbacks_total"] == 0


@pytest.mark.parametrize("fails", [False, True])
def test_the_thread_and_the_port_are_free_afterwards(fails):
    threads = set(threading.enumerate())
    try:
        with Metrics() as metrics:
            address = metrics.serve()
            scrape(address)
            assert set(threading.enumerate()) > threads
            if fails:
                raise KeyError("a lesson that breaks")
    except KeyError:
        assert fails
    assert set(threading.enumerate()) <= threads
    with pytest.raises(URLError):
        scrape(address)
    with Metrics() as successor:
        assert successor.serve(urlsplit(address).port) == address


def test_they_are_served_once_at_a_time_and_can_be_served_again(served):
    metrics, address = served
    with pytest.raises(RuntimeError, match="already"):
        metrics.serve()
    metrics.close()
    metrics.close()
    assert scrape(metrics.serve())["policy_return_floor"] == 0.7


def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_open(served):
    with Metrics() as second, pytest.raises(OSError, match="use"):
        second.serve(urlsplit(served[1]).port)


# The dashboard

PANELS = json.loads(DASHBOARD.read_text())["panels"]
QUERIES = [(panel["title"], target) for panel in PANELS for target in panel["targets"]]
WORDS = {"by", "without", "on", "ignoring", "and", "or", "unless", "bool", "offset"}


def metrics_named_in(expr):
    """The metrics that a PromQL expression reads: names that are neither function nor label."""
    expr = re.sub(r"\b(by|without|on|ignoring)\s*\([^)]*\)", " ", expr)
    expr = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]', " ", expr)
    return set(re.findall(r"\b[a-zA-Z_:][\w:]*\b(?!\s*\()", expr)) - WORDS


def labels_grouped_by(expr):
    found = re.findall(r"\bby\s*\(([^)]*)\)", expr)
    return {label.strip() for labels in found for label in labels.split(",")}


@pytest.fixture(scope="module")
def exposed():
    """Every name that `Metrics` exposes, with its labels."""
    with Metrics() as metrics:
        metrics.decided("candidate", "hold", 0.01)
        metrics.finished("candidate", 0.5)
        metrics.violated("late")
        found = {}
        for sample in scrape(metrics.serve()):
            name, _, labels = sample.partition("{")
            found.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
    return found


@pytest.mark.parametrize(("title", "target"), QUERIES)
def test_the_dashboard_asks_for_what_is_exposed(title, target, exposed):
    names = metrics_named_in(target["expr"])
    assert names and names <= set(exposed), f"{title}: {names - set(exposed)}"
    for name in names:
        assert labels_grouped_by(target["expr"]) <= exposed[name]


@pytest.mark.parametrize(("title", "target"), QUERIES)
def test_a_legend_names_labels_that_the_query_leaves(title, target, exposed):
    (name,) = {re.sub("_(sum|count)$", "", name) for name in metrics_named_in(target["expr"])}
    aggregated = "sum" in re.findall(r"\w+", target["expr"])
    left = labels_grouped_by(target["expr"]) if aggregated else exposed[name]
    assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= left, title


def test_the_reading_of_promql_would_notice():
    expr = 'sum by (le, site) (rate(made_up_bucket{site="a"}[5m])) / scalar(other) > 0'
    assert metrics_named_in(expr) == {"made_up_bucket", "other"}
    assert labels_grouped_by(expr) == {"le", "site"}


def test_everything_but_its_own_repetition_is_on_the_dashboard(exposed):
    shown = set().union(*(metrics_named_in(target["expr"]) for _, target in QUERIES))
    families = {re.sub("_(sum|count|bucket)$", "", name) for name in exposed}
    assert families - {re.sub("_(sum|count|bucket)$", "", name) for name in shown} == {
        "policy_last_return"  # the panel shows the mean
    }


def test_panels_have_ids_of_their_own_and_do_not_overlap():
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    taken = set()
    for panel in PANELS:
        box = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(box["x"], box["x"] + box["w"])
            for y in range(box["y"], box["y"] + box["h"])
        }
        assert cells and not cells & taken, f"{panel['title']} lies on another panel"
        assert max(x for x, _ in cells) < 24, "Grafana's grid is 24 columns wide"
        taken |= cells


def test_every_panel_and_query_uses_the_source_that_the_user_chooses():
    variables = json.loads(DASHBOARD.read_text())["templating"]["list"]
    assert [(v["name"], v["type"], v["query"]) for v in variables] == [
        ("datasource", "datasource", "prometheus")
    ]
    for part in [*PANELS, *(target for _, target in QUERIES)]:
        assert part["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    for panel in PANELS:
        references = [target["refId"] for target in panel["targets"]]
        assert len(set(references)) == len(references)
