"""Slice positions: even, with gaps, uneven."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marrowmap.exchange.dicom_spacing import regular_runs


@given(st.integers(3, 60), st.floats(0.5, 12), st.floats(-800, 800), st.data())
def test_even_positions_with_jitter_are_one_run(n, step, start, data):
    jitter = [data.draw(st.floats(-0.02, 0.02)) for _ in range(n)]
    runs = regular_runs([start + step * (k + e) for k, e in enumerate(jitter)])
    assert runs == [(list(range(n)), ())]


@given(st.integers(12, 60), st.sets(st.integers(1, 10), min_size=1, max_size=2), st.floats(1, 10))
def test_a_few_missing_slices_are_numbered(n, gone, step):
    kept = [k for k in range(n) if k not in gone]
    ((run, missing),) = regular_runs([step * k for k in kept])
    assert missing == tuple(sorted(gone))
    assert run == list(range(len(kept)))


@given(st.lists(st.floats(0, 300), max_size=40))
def test_every_index_comes_out_once(places):
    runs = regular_runs(sorted(places))
    assert sorted(i for run, _ in runs for i in run) == list(range(len(places)))


@pytest.mark.parametrize(
    ("depths", "sizes"),
    [
        ([], [0]),
        ([5.0], [1]),
        ([5.0, 9.0], [2]),
        ([5.0, 5.0], [1, 1]),
        ([0, 6, 12, 100, 106, 112], [3, 3]),
        ([0, 6, 12, 16, 22, 28], [3, 3]),
    ],
)
def test_examples(depths, sizes):
    assert [len(run) for run, _ in regular_runs(depths)] == sizes
