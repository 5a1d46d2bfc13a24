import gzip
import pickle
from pathlib import Path

import numpy as np
import pytest
from workload_sites import SITE

from course_lib.learning.store import key_of, provenance_of
from course_lib.worlds.replay import Replayed
from course_lib.worlds.scheduler import Cluster
from course_lib.worlds.swf import read_swf

SMALL = Path(__file__).with_name("small.swf")
JOB = "1 0 0 100 4 -1 -1 4 200 -1 1 1 1 3 1 -1 -1 -1"


def line(**fields):
    """A job that ran, with some of the fields changed."""
    place = {"submit": 1, "run": 3, "processors": 4, "requested": 7, "status": 10, "user": 11}
    words = JOB.split()
    for name, value in fields.items():
        words[place[name]] = str(value)
    return " ".join(words)


def log(folder, *lines, end="\n"):
    path = folder / "a.swf"
    path.write_bytes(end.join(lines).encode("latin-1"))
    return path


def test_the_jobs_that_ran_are_read_with_their_missing_values():
    trace = read_swf(SMALL)
    assert trace.name == "small.swf"
    assert len(trace) == 6
    np.testing.assert_array_equal(trace.submit, [0, 60, 120.5, 200, 200, 400])
    np.testing.assert_array_equal(trace.run, [3600, 1800, 0.5, 900, 600, 40])
    np.testing.assert_array_equal(trace.processors, [4, 2, 16, 8, 2, 1])
    np.testing.assert_array_equal(trace.estimate, [7200, np.nan, 0.25, 600, 600, np.nan])
    np.testing.assert_array_equal(trace.user, [1, 2, -1, 1, 4, 1])
    np.testing.assert_array_equal(trace.executable, [3, -1, -1, 3, 7, 0])


def test_jobs_that_never_ran_of_unknown_size_or_in_parts_are_counted():
    # Cancelled in the queue; two parts of job 6; no processors; no run time.
    assert read_swf(SMALL).skipped == 5


def test_the_header_is_what_has_a_key():
    assert read_swf(SMALL).header == {
        "Version": "2.2",
        "Computer": "Written by hand for the tests",
        "MaxNodes": "16",
        "UnixStartTime": "0",
        "Note": "every kind of line that a log of the archive has\nand once more",
    }


def test_a_compressed_log_is_the_same_whatever_its_name(tmp_path):
    plain = read_swf(SMALL)
    for name in ("small.swf.gz", "small.swf"):
        (tmp_path / name).write_bytes(gzip.compress(SMALL.read_bytes()))
        assert read_swf(tmp_path / name).digest == plain.digest
    assert read_swf(tmp_path / "small.swf") == plain


def test_half_a_compressed_log_is_refused(tmp_path):
    whole = gzip.compress(SMALL.read_bytes())
    for broken in (whole[:-20], whole[:30] + b"?" + whole[31:]):
        (tmp_path / "half.swf.gz").write_bytes(broken)
        with pytest.raises(ValueError, match="half.swf.gz: not a complete gzip file"):
            read_swf(tmp_path / "half.swf.gz")


@pytest.mark.parametrize("end", ["\r\n", "  \t\n", "\n\n"])
def test_ends_of_lines_do_not_matter(tmp_path, end):
    assert len(read_swf(log(tmp_path, "; Version: 2.2", JOB, JOB, "", end=end))) == 2


def test_a_comment_may_hold_any_character_and_the_file_begin_with_a_mark(tmp_path):
    path = log(tmp_path, "; Installation: Universität", JOB)
    assert read_swf(path).header["Installation"].startswith("Universit")
    path.write_bytes(b"\xef\xbb\xbf" + b"; Version: 2\n" + JOB.encode())
    assert read_swf(path).header == {"Version": "2"}


def test_tabs_signs_and_exponents_are_numbers(tmp_path):
    trace = read_swf(log(tmp_path, line(run="1.5e2", submit="+5.", user="2.0").replace(" ", "\t")))
    assert (trace.run[0], trace.submit[0], trace.user[0]) == (150, 5, 2)


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        (JOB + " 5", "has 18 fields, this line has 19"),
        (JOB[:-3], "has 18 fields, this line has 17"),
        ("# a remark", "has 18 fields, this line has 3"),
        (line(run="abc"), "field 4 is 'abc', not a number"),
        (line(run="nan"), "field 4 is 'nan'"),
        (line(user="inf"), "field 12 is 'inf'"),
        (line(submit="1_0"), "field 2 is '1_0'"),
        (line(submit="1e999"), "field 2 is '1e999'"),
        (line(submit=-5), "submitted at -5 s, before the log's start"),
        (line(submit=12345678), None),
        (line(submit=9), r"submitted at 9 s, before the job above it \(10 s\)"),
        (line(submit=10, processors="2.5"), "2.5 processors are no whole number"),
        (line(submit=10, processors=-1, requested="0.5"), "0.5 processors are no whole number"),
    ],
)
def test_a_line_that_is_no_job_is_refused_with_its_number(tmp_path, bad, what):
    path = log(tmp_path, "; Version: 2.2", line(submit=10), "", bad)
    if what is None:
        assert len(read_swf(path)) == 2
        return
    with pytest.raises(ValueError, match=what) as refused:
        read_swf(path)
    assert str(refused.value).startswith(f"{path}, line 4: ")


def test_large_times_are_told_to_the_second(tmp_path):
    path = log(tmp_path, line(submit=123456789), line(submit=123456788))
    with pytest.raises(ValueError, match=r"123456788 s, before the job above it \(123456789 s\)"):
        read_swf(path)


def test_order_matters_only_among_jobs_that_ran(tmp_path):
    lines = (line(submit=10), line(submit=-1, run=-1), line(submit=99, run=0), line(submit=10))
    assert read_swf(log(tmp_path, *lines)).skipped == 2


@pytest.mark.parametrize("status", [-1, 0, 1, 5])
def test_a_job_that_failed_or_was_cancelled_while_it_ran_stays(tmp_path, status):
    assert len(read_swf(log(tmp_path, line(status=status)))) == 1


@pytest.mark.parametrize("status", [2, 3, 4])
def test_no_part_of_a_job_is_a_job(tmp_path, status):
    assert read_swf(log(tmp_path, JOB, line(status=status))).skipped == 1


@pytest.mark.parametrize("lines", [(), ("; Version: 2.2",), (line(run=-1), line(run=0))])
def test_a_log_without_jobs_is_refused(tmp_path, lines):
    count = len([text for text in lines if text[0] != ";"])
    with pytest.raises(ValueError, match=rf"a.swf: no job .* ever ran \(lines skipped: {count}\)"):
        read_swf(log(tmp_path, *lines))


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_swf(tmp_path / "none.swf")


def test_allocated_processors_count_before_requested_ones(tmp_path):
    assert read_swf(log(tmp_path, line(processors=3, requested=7))).processors[0] == 3
    assert read_swf(log(tmp_path, line(processors=0, requested=7))).processors[0] == 7


def test_arrays_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        read_swf(SMALL).submit[0] = 1


def test_the_digest_tells_every_array_and_the_header(tmp_path):
    ways = [
        (JOB,),
        (line(submit=1),),
        (line(run=1),),
        (line(processors=1),),
        (line(user=2),),
        (JOB.replace(" 3 1 ", " 4 1 "),),
        (JOB.replace(" 200 ", " 300 "),),
        (JOB, JOB),
        ("; Version: 2", JOB),
    ]
    traces = [read_swf(log(tmp_path, *lines)) for lines in ways]
    assert len({trace.digest for trace in traces}) == len(set(traces)) == len(ways)
    assert read_swf(log(tmp_path, JOB)) == traces[0]
    assert hash(read_swf(log(tmp_path, JOB))) == hash(traces[0])


def test_a_trace_survives_pickling():
    trace = read_swf(SMALL)
    copy = pickle.loads(pickle.dumps(trace))
    assert copy == trace
    np.testing.assert_array_equal(copy.estimate, trace.estimate)


def test_a_cluster_with_a_trace_can_be_part_of_a_stored_results_key(tmp_path):
    def key(path):
        config = {"cluster": Cluster(SITE, workload=Replayed(read_swf(path)))}
        provenance = provenance_of(read_swf, config, seed=0)
        assert "course_lib.worlds.swf" in provenance["source"]
        assert "course_lib.worlds.replay" in provenance["source"]
        return key_of(provenance)

    one = key(log(tmp_path, JOB, line(submit=5)))
    assert one == key(log(tmp_path, JOB, line(submit=5)))
    assert one != key(log(tmp_path, JOB, line(submit=6)))
