"""Every system on arbitrary cases: an answer with a source, never a number where the definition is missing."""

import json
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from marrowmap.core.lesion import Activity, Assessment, Features, Lesion, SiteExtent, VertebralHeights
from marrowmap.core.reading import Reading
from marrowmap.core.record.drugs import Drug, Treatment
from marrowmap.core.record.patient import (
    Biopsy,
    Density,
    Exclusions,
    ExtraOsseous,
    FamilyHistory,
    PatientRecord,
    Radiograph,
    YearMonth,
)  # fmt: skip
from marrowmap.core.record.units import UNITS, Analyte, LabValue
from marrowmap.core.record.visit import (
    CHAQ_DOMAINS,
    ChaqDomain,
    Examination,
    Outcomes,
    PainfulSite,
    Symptoms,
    Visit,
)  # fmt: skip
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.pathway import pathway
from marrowmap.core.scores.result import State
from marrowmap.core.site import all_sites
from marrowmap.exchange.score_json import case_to_dict, pathway_to_dict

TRI = st.sampled_from(list(Assessment))
SITES = st.sampled_from([s.id for s in all_sites()])


def tri(kind, **more):
    """A record whose tri-state fields take any value."""
    names = [n for n, f in kind.__dataclass_fields__.items() if f.default is Assessment.NOT_ASSESSED]
    return st.builds(kind, **dict.fromkeys(names, TRI), **more)


def maybe(low, high):
    return st.none() | st.floats(low, high)


LESIONS = st.builds(
    Lesion,
    st.uuids().map(str),
    st.builds(SiteExtent, SITES, maybe(0, 100)).map(lambda e: (e,)),
    activity=st.sampled_from(list(Activity)),
    features=tri(Features, heights=st.builds(VertebralHeights, *[maybe(1, 30)] * 4)),
    volume_ml=maybe(0, 50),
    max_diameter_mm=maybe(0, 90),
    si_ratio=maybe(0, 9),
    adc=maybe(0, 2500),
)


@st.composite
def readings(draw):
    lesions = tuple(draw(st.lists(LESIONS, max_size=4)))
    named = {s.id for le in lesions for s in le.sites}
    outside = frozenset(draw(st.sets(SITES, max_size=5)))
    normal = frozenset(draw(st.sets(SITES, max_size=30))) - named - outside
    return Reading(
        "r", "1", "k", "x", date(2024, 5, 1), lesions, normal, outside, whole_body=draw(st.booleans())
    )


LABS = st.sampled_from(list(Analyte)).flatmap(
    lambda a: st.builds(
        LabValue.of, st.just(a), st.floats(0, 25), st.just(next(iter(UNITS[a]))), below=st.booleans(),
        reference_low=maybe(0, 3), reference_high=maybe(3, 30),
    )
)  # fmt: skip
VISITS = st.builds(
    Visit,
    id=st.uuids().map(str),
    date=st.dates(date(2022, 1, 1), date(2025, 1, 1)),
    symptoms=tri(Symptoms),
    examination=tri(Examination),
    painful_sites=st.none() | st.lists(st.builds(PainfulSite, SITES, st.none() | st.booleans()), max_size=3,
                                       unique_by=lambda p: p.place_id).map(tuple),
    temperature_c=maybe(35, 41),
    labs=st.lists(LABS, unique_by=lambda v: v.analyte, max_size=6).map(tuple),
    outcomes=st.builds(
        Outcomes, maybe(0, 10), maybe(0, 10), maybe(0, 10),
        st.lists(st.builds(ChaqDomain, st.sampled_from(CHAQ_DOMAINS),
                           st.tuples(st.none() | st.integers(0, 3)), st.none() | st.booleans()),
                 unique_by=lambda d: d.domain).map(tuple),
    ),
)  # fmt: skip
RECORDS = st.builds(
    PatientRecord,
    key=st.just("k"),
    birth=st.none() | st.just(YearMonth(2012, 3)),
    onset=st.none() | st.dates(date(2012, 4, 1), date(2024, 1, 1)),
    exclusions=tri(Exclusions),
    extra_osseous=tri(ExtraOsseous),
    family_history=tri(FamilyHistory),
    biopsies=st.lists(tri(Biopsy), max_size=2).map(tuple),
    radiographs=st.lists(
        tri(Radiograph, place_id=SITES, density=st.sampled_from(list(Density))), max_size=2
    ).map(tuple),
    treatments=st.lists(
        st.builds(Treatment, st.sampled_from(list(Drug)), st.dates(date(2020, 1, 1), date(2024, 1, 1))),
        max_size=3,
    ).map(tuple),
)
CASES = st.builds(
    Case,
    st.none() | readings(),
    st.none() | VISITS,
    st.none() | RECORDS,
    st.none() | readings(),
    st.none() | VISITS,
)


@settings(max_examples=150, deadline=None)
@given(CASES)
def test_every_system_answers_every_case(case):
    data = json.loads(json.dumps(case_to_dict(case), allow_nan=False))
    json.dumps(pathway_to_dict(pathway(case)), allow_nan=False)
    for result in data["scores"]:
        assert result["citation"]
        assert result["sentences"][0]
        low, high, value = result["low"], result["high"], result["value"]
        if result["state"] in (State.NOT_COMPUTABLE, State.NOT_APPLICABLE):
            assert low is high is value is None
        if low is not None and high is not None:
            assert low <= high
        if value is not None:
            assert low == high == value
        if result["cut_off"] and result["state"] == State.COMPUTED:
            above = [b >= result["cut_off"]["value"] for b in (low, high)]
            if result["cut_off"]["operator"] == ">":
                above = [b > result["cut_off"]["value"] for b in (low, high)]
            assert above[0] == above[1]
    assert not any(" mg/kg" in s for s in (data["treatment"] or {}).get("sentences", []))
