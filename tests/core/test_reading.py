from datetime import UTC, datetime

import pytest

from marrowmap.core.lesion import Assessment, Features, Lesion, SiteExtent
from marrowmap.core.reading import Reading, ReadingState, UnitState
from marrowmap.core.site import all_sites
from marrowmap.errors import InvalidRecord

TIBIA = "tibia_distal_metaphysis_left"


def reading(**changes):
    base = {"id": "r1", "exam_uid": "1.2.3", "patient_key": "p1", "reader": "A"}
    return Reading(**{**base, **changes})


def lesion(name="l1", site_id=TIBIA, **changes):
    return Lesion(id=name, extents=(SiteExtent(site_id),), **changes)


def test_a_unit_nobody_spoke_of_is_not_assessed():
    r = reading(lesions=(lesion(),), normal=frozenset({"skull"}))

    assert r.unit_state(TIBIA) is UnitState.LESION
    assert r.unit_state("skull") is UnitState.NORMAL
    assert r.unit_state("patella_left") is UnitState.NOT_ASSESSED


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"normal": frozenset({TIBIA}), "lesions": (lesion(),)}, "holds a lesion"),
        ({"normal": frozenset({TIBIA}), "not_covered": frozenset({TIBIA})}, "outside the coverage"),
        ({"lesions": (lesion(), lesion())}, "share one id"),
    ],
)
def test_statements_that_contradict_are_refused(changes, why):
    with pytest.raises(InvalidRecord, match=why):
        reading(**changes)


def test_units_seen_leave_out_what_was_not_covered():
    assert len(reading(not_covered=frozenset({TIBIA})).units_seen()) == len(all_sites()) - 1


def test_signing_keeps_the_draft_as_it_was():
    draft = reading()
    signed = draft.signed(datetime(2026, 1, 2, tzinfo=UTC))

    assert signed.state is ReadingState.SIGNED
    assert draft.state is ReadingState.DRAFT


@pytest.mark.parametrize(
    ("periosteum", "soft", "expected"),
    [
        (Assessment.PRESENT, Assessment.NOT_ASSESSED, Assessment.PRESENT),
        (Assessment.ABSENT, Assessment.NOT_ASSESSED, Assessment.NOT_ASSESSED),
        (Assessment.ABSENT, Assessment.ABSENT, Assessment.ABSENT),
    ],
)
def test_extramedullary_is_absent_only_when_both_were_looked_for(periosteum, soft, expected):
    found = lesion(features=Features(periosteal_reaction=periosteum, soft_tissue_oedema=soft))

    assert found.is_extramedullary is expected


def test_a_lesion_names_an_existing_unit_with_a_possible_extent():
    with pytest.raises(KeyError, match="atlantis"):
        SiteExtent("atlantis")
    with pytest.raises(ValueError, match="0 to 100"):
        SiteExtent(TIBIA, 130)
    with pytest.raises(ValueError, match="at least one"):
        Lesion(id="x", extents=())
