"""The worked examples of the protocol section of the definitions."""

import pytest

from marrowmap.core.exam import BodyRegion
from marrowmap.core.geometry import Plane
from marrowmap.core.protocol import CoronalReach, ItemState, ProtocolStatus, SeriesSeen, assess
from marrowmap.core.volume import Contrast

HEAD_TO_TOE = CoronalReach(True, True, (-700.0, 600.0))
CORONAL = SeriesSeen(Contrast.STIR, Plane.CORONAL, frozenset({BodyRegion.WHOLE_BODY}))
SPINE = SeriesSeen(Contrast.STIR, Plane.SAGITTAL, frozenset({BodyRegion.SPINE}))
FEET = SeriesSeen(Contrast.STIR, Plane.SAGITTAL, frozenset({BodyRegion.FEET}))
T1 = SeriesSeen(Contrast.T1, Plane.CORONAL)


def dwi(*b_values):
    return [SeriesSeen(Contrast.DWI, Plane.AXIAL, b_value=float(b)) for b in b_values]


def test_example_1_complete_without_axial_pelvis_and_knees():
    report = assess([CORONAL, SPINE, FEET, T1, *dwi(50, 800)], HEAD_TO_TOE)
    assert report.status is ProtocolStatus.COMPLETE
    for name in ("axial fluid-sensitive, pelvis", "axial fluid-sensitive, knees"):
        assert report.item(name).state is ItemState.MISSING
        assert not report.item(name).required
    assert all("missing (recommended)" in s for s in report.sentences[1:])
    assert len(report.sentences) == 3


def test_example_2_coronal_alone_is_limited():
    assert assess([CORONAL], HEAD_TO_TOE).status is ProtocolStatus.LIMITED


def test_example_3_pelvis_and_both_knees_is_regional():
    pelvis = SeriesSeen(Contrast.STIR, Plane.CORONAL, frozenset({BodyRegion.PELVIS}))
    knees = SeriesSeen(Contrast.STIR, Plane.AXIAL, frozenset({BodyRegion.KNEES}))
    report = assess([pelvis, knees], CoronalReach(False, False, (-100.0, 200.0)))
    assert report.status is ProtocolStatus.REGIONAL
    assert "foot units not assessed" in report.item("coronal fluid-sensitive, head to feet").consequence
    assert "not computed for what was not covered" in report.sentences[0]


def test_example_4_b_0_and_50_only_gives_no_reliable_adc():
    item = assess([CORONAL, *dwi(0, 50)], HEAD_TO_TOE).item("axial diffusion with ADC")
    assert item.state is ItemState.PARTIAL
    assert "not reliable" in item.consequence


@pytest.mark.parametrize("taken", [CORONAL, SPINE, FEET])
def test_taking_away_a_required_series_is_never_complete(taken):
    series = [s for s in (CORONAL, SPINE, FEET, T1) if s is not taken]
    reach = CoronalReach(None, None) if taken is CORONAL else HEAD_TO_TOE
    assert assess(series, reach).status is not ProtocolStatus.COMPLETE


def test_what_was_not_judged_counts_as_not_reached():
    report = assess([CORONAL, SPINE, FEET], CoronalReach(None, True, (-700.0, 600.0)))
    assert report.status is ProtocolStatus.REGIONAL


def test_a_missing_item_is_not_silently_absent():
    report = assess([], CoronalReach(None, None))
    assert all(item.consequence for item in report.items)
    with pytest.raises(KeyError):
        report.item("no such item")
