from functools import partial

import numpy as np
import pytest
from river.drift import PageHinkley

from course_lib.deploy.drift import (
    DETECTORS,
    Standardised,
    adwin,
    alarm_steps,
    alarms,
    delay_and_false_alarms,
    first_alarm,
    kswin,
    page_hinkley,
    threshold_for,
)

CALM = np.random.default_rng(0).normal(size=300)
QUICK = ["ADWIN", "Page-Hinkley"]  # KSWIN takes a thousand times as long for each value


def stream(change, *, at=150, seed=1, length=300):
    values = np.random.default_rng(seed).normal(size=length)
    values[at:] += change
    return values


# One stream


@pytest.mark.parametrize("change", [-3, 3])
@pytest.mark.parametrize("name", DETECTORS)
def test_every_detector_notices_a_large_change_either_way_and_soon(name, change):
    step = first_alarm(DETECTORS[name](), stream(change))
    assert 150 <= step < 180


@pytest.mark.parametrize("name", DETECTORS)
def test_no_detector_minds_a_stream_that_does_not_change(name):
    assert first_alarm(DETECTORS[name](), CALM) is None


def test_page_hinkley_can_look_one_way_only():
    for mode, change in [("up", 3), ("down", -3)]:
        detector = partial(page_hinkley, 16.0, mode=mode)
        assert first_alarm(detector(), stream(change)) is not None
        assert first_alarm(detector(), stream(-change)) is None


def test_page_hinkley_is_the_cumulative_sum_of_its_paper():
    values, tolerance, threshold = stream(1.0), 0.5, 10.0
    total, lowest, expected = 0.0, np.inf, None
    for step, value in enumerate(values):
        total += value - values[: step + 1].mean() - tolerance
        lowest = min(lowest, total)
        if step >= 30 and total - lowest > threshold:
            expected = step
            break
    detector = page_hinkley(threshold, tolerance=tolerance, mode="up")
    detector.alpha = 1.0  # river lets the sum fade a little
    assert first_alarm(detector, values) == expected
    assert expected is not None


def test_kswin_draws_by_its_seed():
    values = stream(0.8)

    def p_value(seed):
        detector = kswin(0.0, seed=seed)
        assert first_alarm(detector, values) is None
        return detector.p_value

    assert p_value(3) == p_value(3)
    assert len({p_value(seed) for seed in range(6)}) > 1


def test_adwin_looks_at_every_value():
    steps = {first_alarm(adwin(0.1), stream(4, at=150 + late)) for late in range(8)}
    assert len(steps) > 4  # by river's default, every 32nd value, there would be at most two


def test_a_detector_starts_afresh_after_an_alarm():
    there_and_back = np.concatenate([stream(3), CALM[:150]])
    first, second = alarm_steps(DETECTORS["Page-Hinkley"](), there_and_back)
    assert 150 <= first < 180 and 300 <= second < 330


def test_what_follows_the_first_alarm_is_not_read():
    left = iter(stream(3))
    step = first_alarm(DETECTORS["ADWIN"](), left)
    assert len(list(left)) == 299 - step


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_value_that_is_not_finite_is_refused_instead_of_silencing_the_detector(value):
    broken = CALM.copy()
    broken[7] = value
    with pytest.raises(ValueError, match="at step 7"):
        first_alarm(DETECTORS["Page-Hinkley"](), broken)


def test_the_first_alarm_of_many_streams_is_that_of_each():
    streams = np.array([stream(3), CALM, stream(-3, at=60)])
    steps = alarms(DETECTORS["ADWIN"], streams)
    assert steps[0] == first_alarm(DETECTORS["ADWIN"](), streams[0])
    assert np.isnan(steps[1])
    assert 60 <= steps[2] < 90


# Units


def test_standardised_streams_have_the_mean_and_the_spread_of_the_calibration_part():
    calibration = np.random.default_rng(0).gamma(2.0, 3.0, (5, 400))
    scale = Standardised.on(calibration)
    assert scale(calibration).shape == (5, 400)
    assert (scale(calibration).mean(), scale(calibration).std()) == pytest.approx((0, 1))
    assert scale([scale.mean + 2 * scale.std]) == pytest.approx([2])


@pytest.mark.parametrize("name", QUICK)
def test_once_standardised_a_change_is_found_in_any_unit_at_the_same_step(name):
    values = stream(1.0)
    steps = []
    for unit in (1e-3, 1.0, 1e3):
        measured = 5 * unit + unit * values
        steps.append(first_alarm(DETECTORS[name](), Standardised.on(measured[:150])(measured)))
    assert steps[0] is not None and steps == [steps[0]] * 3


def test_without_it_page_hinkley_is_deaf_in_a_large_unit_and_hysterical_in_a_small_one():
    assert first_alarm(PageHinkley(), 1e-3 * stream(3)) is None
    assert first_alarm(PageHinkley(), 1e3 * CALM) is not None


@pytest.mark.parametrize("values", [np.ones(9), [1.0, np.nan], [np.inf, 0.0]])
@pytest.mark.filterwarnings("ignore:invalid value")
def test_a_calibration_part_that_gives_no_scale_is_refused(values):
    with pytest.raises(ValueError, match="calibrate on finite values that vary"):
        Standardised.on(values)


# Equal rates of false alarms

CALMS = np.random.default_rng(2).normal(size=(200, 300))


def share_of_alarms(kind, value, streams):
    return np.mean(np.isfinite(alarms(partial(kind, value), streams)))


@pytest.mark.parametrize("name", QUICK)
def test_the_threshold_is_the_most_sensitive_one_that_keeps_the_share(name):
    kind = DETECTORS[name]
    value = threshold_for(kind, CALMS, 0.1)
    more_sensitive = kind.grid[kind.grid.index(value) - 1]
    assert share_of_alarms(kind, value, CALMS) <= 0.1
    assert share_of_alarms(kind, more_sensitive, CALMS) > 0.1
    fresh = np.random.default_rng(3).normal(size=(400, 300))
    assert 0.02 < share_of_alarms(kind, value, fresh) < 0.2


@pytest.mark.parametrize("name", DETECTORS)
def test_a_deafer_detector_never_alarms_earlier(name):
    # What `threshold_for` rests on when it drops the streams that stayed silent.
    kind = DETECTORS[name]
    streams = CALMS[:2] if name == "KSWIN" else CALMS[:60]
    later = [
        np.nan_to_num(alarms(partial(kind, value), streams), nan=np.inf)
        for value in kind.grid[:: 3 if name == "KSWIN" else 4]
    ]
    assert all((before <= after).all() for before, after in zip(later, later[1:], strict=False))
    assert (later[0] < later[-1]).any()


def test_kswin_is_chosen_like_the_others():
    streams = CALMS[:10]
    value = threshold_for(DETECTORS["KSWIN"], streams, 0.3)
    assert value in DETECTORS["KSWIN"].grid
    assert share_of_alarms(DETECTORS["KSWIN"], value, streams) <= 0.3


@pytest.mark.parametrize(
    ("streams", "share", "message"),
    [
        (CALMS[:10], 0.05, "share of 0.05 of 10 streams cannot be told from none"),
        (CALMS[:10], 1.0, "cannot be told"),
        (CALMS[0], 0.05, r"streams are an array \(n, T\), not \(300,\)"),
        (CALMS[:, :0], 0.05, r"not \(200, 0\)"),
        (np.cumsum(1e4 * CALMS[:30], axis=1), 0.05, "still alarms in 30 streams"),
    ],
)
def test_a_threshold_that_cannot_be_chosen_is_refused(streams, share, message):
    with pytest.raises(ValueError, match=message):
        threshold_for(DETECTORS["Page-Hinkley"], streams, share)


# Delays


class At:
    """A detector that alarms at given counts of values, whatever they are."""

    def __init__(self, *counts):
        self.counts, self.seen = counts, 0

    def update(self, value):
        self.seen += 1

    @property
    def drift_detected(self):
        return self.seen in self.counts


def test_delays_count_from_the_change_and_false_alarms_before_it():
    detectors = iter([At(11), At(3, 7, 15), At(10), At()])
    found = delay_and_false_alarms(lambda: next(detectors), CALMS[:4, :10], CALMS[:4, :20])
    assert found.delays.tolist() == [1, 5, np.inf, np.inf]
    assert found.false_alarms.tolist() == [0, 2, 1, 0]
    assert found.false_share.estimate == 0.5
    assert found.false_per_1000 == pytest.approx(75)  # 3 in 40
    assert found.never.estimate == 0.5


@pytest.mark.parametrize(("late", "median"), [(2, 4.0), (3, np.inf)])
def test_a_change_that_is_never_found_counts_as_infinitely_late(late, median):
    detectors = iter([At(14) for _ in range(5 - late)] + [At() for _ in range(late)])
    found = delay_and_false_alarms(lambda: next(detectors), CALMS[:5, :10], CALMS[:5, :20])
    assert found.median_delay == median


@pytest.mark.parametrize("name", QUICK)
def test_a_larger_change_is_found_sooner(name):
    medians = [
        delay_and_false_alarms(DETECTORS[name], CALMS[:60], CALMS[60:120] + change).median_delay
        for change in (0.5, 1.0, 2.0)
    ]
    assert medians == sorted(medians, reverse=True) and len(set(medians)) == 3


def test_streams_that_do_not_belong_together_are_refused():
    with pytest.raises(ValueError, match="4 streams before the change but 3 after it"):
        delay_and_false_alarms(DETECTORS["ADWIN"], CALMS[:4], CALMS[:3])
