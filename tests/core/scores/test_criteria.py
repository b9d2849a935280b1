"""Jansson 2009 and 2007, Bristol, NBODS: worked examples, boundaries, bounds."""

import math
from dataclasses import replace
from datetime import date
from itertools import product
from typing import ClassVar

import pytest
from clinical_cases import (
    NORMAL_COUNT,
    A,
    N,
    P,
    case,
    fact,
    lab,
    lesion,
    reading,
    record,
    regional,
    visit,
)  # fmt: skip
from hypothesis import given
from hypothesis import strategies as st

from marrowmap.core.record.patient import Biopsy, Density, ExtraOsseous, Radiograph
from marrowmap.core.record.units import Analyte, LabValue
from marrowmap.core.record.visit import Symptoms
from marrowmap.core.scores import bristol_2016, jansson_2007, jansson_2009, nbods_2023
from marrowmap.core.scores.result import Confidence, CutOff, Item, State, decide, summed


def jansson(**held):
    return jansson_2009.from_facts({n: fact(held.get(n, False)) for n in jansson_2009.POINTS})


class TestJansson2009:
    def test_weights_follow_from_the_odds_ratios(self):
        for name, ratio in jansson_2009.ODDS_RATIOS.items():
            assert jansson_2009.POINTS[name] == round(3 * math.log(ratio))
        assert sum(jansson_2009.POINTS.values()) == 63

    def test_all_seven(self):
        result = jansson(**dict.fromkeys(jansson_2009.POINTS, True))
        assert (result.value, result.details["band"]) == (63, "likely")

    def test_thirty_is_unclear(self):
        result = jansson(normal_blood_count=True, normal_temperature=True, vertebra_clavicle_or_sternum=True)
        assert (result.value, result.details["band"], result.answer) == (30, "unclear", "below the cut-off")

    AT_LIMIT: ClassVar = dict.fromkeys(
        ("normal_blood_count", "symmetric_lesions", "normal_temperature", "more_than_one_lesion"), True
    )

    def test_thirty_nine_counts(self):
        result = jansson(**self.AT_LIMIT)
        assert result.value == 39
        assert result.answer == "NBO likely by this score"

    def test_bounds_above_the_cut_off_decide(self):
        result = jansson(**self.AT_LIMIT, marginal_sclerosis=None, crp_at_least_10=None)
        assert (result.low, result.high, result.state) == (39, 55, State.COMPUTED)
        result = jansson(
            **{**self.AT_LIMIT, "normal_temperature": None}, marginal_sclerosis=None, crp_at_least_10=None
        )
        assert (result.low, result.high, result.state) == (30, 55, State.INDETERMINATE)

    @pytest.mark.parametrize(
        ("total", "band"),
        [(0, "unlikely"), (28, "unlikely"), (29, "unclear"), (38, "unclear"), (39, "likely"), (63, "likely")],
    )
    def test_bands(self, total, band):
        assert jansson_2009.band(total) == band

    @pytest.mark.parametrize(("crp", "points"), [(9.9, 0), (10, 6), (48, 6)])
    def test_raised_crp_adds_points(self, crp, points):
        result = jansson_2009.score(case(reading(), visit(crp=crp)))
        assert next(i for i in result.items if i.id == "crp_at_least_10").low == points

    def test_from_a_case(self):
        r = reading(lesion("clavicle_medial_left"))
        result = jansson_2009.score(case(r, visit(*NORMAL_COUNT, crp=4, temperature_c=36.8), record()))
        assert (result.low, result.high) == (30, 40)
        assert result.missing == ("lesions with marginal sclerosis: not read on a radiograph or CT",)
        read = record(radiographs=(Radiograph("clavicle_left", marginal_sclerosis=A),))
        assert jansson_2009.score(case(r, visit(*NORMAL_COUNT, crp=4, temperature_c=36.8), read)).value == 30

    @given(st.lists(st.sampled_from([True, False, None]), min_size=7, max_size=7))
    def test_indeterminate_exactly_when_the_bounds_straddle(self, values):
        result = jansson(**dict(zip(jansson_2009.POINTS, values, strict=True)))
        assert (result.state is State.INDETERMINATE) == (result.low < 39 <= result.high)
        ends = [sum(p for p, v in zip(jansson_2009.POINTS.values(), values, strict=True) if v in kinds)
                for kinds in ((True,), (True, None))]  # fmt: skip
        assert [result.low, result.high] == ends


class TestJansson2007:
    def verdict(self, *held):
        names = (*jansson_2007.MAJOR, *jansson_2007.MINOR)
        return jansson_2007.from_facts({n: fact(n in held) for n in names}).answer

    def test_worked_examples(self):
        assert self.verdict("lytic_or_sclerotic_lesion", "multifocal") == "met"
        minor = ("normal_count_and_good_health", "course_over_6_months", "hyperostosis")
        assert self.verdict("lytic_or_sclerotic_lesion", *minor) == "met"
        assert self.verdict("lytic_or_sclerotic_lesion", *minor[:2]) == "not met"
        assert self.verdict(*minor, "family") == "not met"

    def test_from_a_case(self):
        pictures = (Radiograph("distal_femur_left", density=Density.LYTIC, hyperostosis=P),)
        v = visit(*NORMAL_COUNT, day=date(2024, 9, 20))
        single = reading(lesion("femur_distal_metaphysis_left"))
        result = jansson_2007.score(case(single, v, record(radiographs=pictures)))
        assert result.answer == "met"
        result = jansson_2007.score(case(single, v, record()))
        assert result.state is State.INDETERMINATE

    @pytest.mark.parametrize(("day", "held"), [(date(2024, 7, 10), False), (date(2024, 7, 11), True)])
    def test_longer_than_six_months(self, day, held):
        result = jansson_2007.score(case(reading(), visit(day=day), record(onset=date(2024, 1, 10))))
        item = next(i for i in result.items if i.id == "course_over_6_months")
        assert item.state is (P if held else A)

    def test_psoriasis_counts_only_when_stated(self):
        r = reading(lesion("ilium_left"), lesion("vertebra_t5"))
        assert jansson_2007.score(case(r, None, record())).state is State.INDETERMINATE
        skin = record(extra_osseous=ExtraOsseous(psoriasis=P))
        assert jansson_2007.score(case(r, None, skin)).answer == "met"


class TestBristol:
    BIOPSY = Biopsy(inflammation=P, plasma_cells=P, culture_growth=A, on_antibiotics=A)
    TIBIAE = (lesion("tibia_distal_metaphysis_left"), lesion("tibia_distal_metaphysis_right"))

    def test_two_tibiae_low_crp(self):
        result = bristol_2016.score(case(reading(*self.TIBIAE), visit(crp=12), record()))
        assert (result.answer, result.details["branch"]) == ("met", 1)

    def test_clavicle_alone_needs_no_biopsy(self):
        result = bristol_2016.score(case(reading(lesion("clavicle_medial_left")), visit(crp=8), record()))
        assert (result.answer, result.details["branch"]) == ("met", 1)

    def test_single_femur_needs_a_biopsy(self):
        one = reading(lesion("femur_distal_metaphysis_left"))
        result = bristol_2016.score(case(one, visit(crp=8), record()))
        assert result.answer == "not met"
        assert result.details["biopsy_needed"]
        assert any("Biopsy needed" in s for s in result.sentences)

    def test_high_crp_with_sterile_biopsy(self):
        with_biopsy = record(biopsies=(self.BIOPSY,), biopsy_done=P)
        result = bristol_2016.score(case(reading(*self.TIBIAE), visit(crp=45), with_biopsy))
        assert (result.answer, result.details["branch"]) == ("met", 2)

    def test_crp_of_exactly_30_asks_for_a_biopsy(self):
        for crp, answer in ((29.9, "met"), (30, "not met"), (30.1, "not met")):
            assert bristol_2016.score(case(reading(*self.TIBIAE), visit(crp=crp), record())).answer == answer

    def test_a_biopsy_under_antibiotics_does_not_count(self):
        covered = replace(self.BIOPSY, on_antibiotics=P)
        result = bristol_2016.score(
            case(reading(*self.TIBIAE), visit(crp=45), record(biopsies=(covered,), biopsy_done=P))
        )
        assert result.answer == "not met"

    def test_pain_at_an_earlier_visit_counts(self):
        calm = replace(visit(crp=12, id="b"), symptoms=Symptoms(bone_pain=A))
        first = visit(id="a", day=date(2024, 3, 1))
        result = bristol_2016.score(case(reading(*self.TIBIAE), calm, record(visits=(first,))))
        assert result.answer == "met"

    def test_one_lesion_on_a_regional_mri_is_open(self):
        one = regional(lesion("femur_distal_metaphysis_left"))
        assert bristol_2016.score(case(one, visit(crp=8), record())).state is State.INDETERMINATE


class TestNbods:
    def score(self, crp, bands, *units):
        return nbods_2023.score(case(reading(*(lesion(u) for u in units)), visit(crp=crp, bands=bands)))

    def test_worked_examples(self):
        low_crp = self.score(20, 400, "tibia_diaphysis_left")
        assert (low_crp.value, low_crp.answer) == (56, "NBO side")
        at_limit = self.score(90, 400, "femur_diaphysis_left")
        assert (at_limit.value, at_limit.answer) == (17, "bacterial side")
        bands = self.score(90, 200, "tibia_diaphysis_left")
        assert (bands.value, bands.answer) == (15, "bacterial side")
        multi = self.score(90, 400, "tibia_diaphysis_left", "ilium_left")
        assert (multi.value, multi.answer) == (27, "NBO side")

    @pytest.mark.parametrize(("crp", "points"), [(55, 56), (55.1, 0)])
    def test_crp_limit_is_inclusive(self, crp, points):
        assert self.score(crp, 400, "tibia_diaphysis_left").value == points

    def test_band_limit_is_inclusive(self):
        assert self.score(90, 220, "tibia_diaphysis_left").value == 15
        assert self.score(90, 221, "tibia_diaphysis_left").value == 0

    def test_says_nothing_of_tumours(self):
        assert any("malignancy" in s for s in self.score(20, 400, "ilium_left").sentences)


@given(st.floats(0, 200).map(lambda v: round(v, 3)))
def test_converting_units_never_changes_an_answer(mg_per_l):
    def answers(value: LabValue):
        r = reading(lesion("tibia_diaphysis_left"), lesion("ilium_left"))
        v = replace(visit(*NORMAL_COUNT, temperature_c=37), labs=(*NORMAL_COUNT, value))
        c = case(r, v, record())
        return [f.score(c).answer for f in (jansson_2009, nbods_2023, bristol_2016, jansson_2007)]

    direct = LabValue.of(Analyte.CRP, mg_per_l, "mg/L", reference_high=5)
    other = LabValue.of(Analyte.CRP, direct.in_unit("mg/dL"), "mg/dL", reference_high=0.5)
    assert other == direct
    assert answers(other) == answers(direct)


@pytest.mark.parametrize(("unit", "value"), [("mg/L", 10.0), ("mg/dL", 1.0)])
def test_cut_off_value_in_both_units(unit, value):
    crp = LabValue.of(Analyte.CRP, value, unit)
    assert crp.at_least(10) is True
    assert crp.value == 10.0


RULE = {"a": 2, "b": 3, "c": 5}


@given(st.fixed_dictionaries({n: st.sampled_from([True, False, None]) for n in RULE}), st.integers(0, 10))
def test_decide_is_open_exactly_when_missing_facts_could_turn_it(known, limit):
    def rule(held):
        return sum(RULE[n] for n, v in held.items() if v) >= limit

    fillings = [dict(zip(known, v, strict=True)) for v in product((True, False), repeat=3)]
    possible = {rule(f) for f in fillings if all(known[n] in (None, f[n]) for n in known)}
    assert decide(rule, known) == (possible.pop() if len(possible) == 1 else None)


BOUNDS = st.tuples(st.integers(0, 9), st.integers(0, 9)).map(sorted)


@given(st.lists(BOUNDS, max_size=5), st.integers(0, 30), st.sampled_from([">=", ">"]))
def test_summed_is_open_exactly_when_the_bounds_straddle_the_cut_off(bounds, value, operator):
    items = tuple(
        Item(str(i), str(i), low=low, high=high, confidence=Confidence.V)
        for i, (low, high) in enumerate(bounds)
    )
    cut = CutOff(operator, value, "above", "below")
    result = summed(nbods_2023.SYSTEM, items, cut, rule="")
    low, high = sum(b[0] for b in bounds), sum(b[1] for b in bounds)
    assert (result.low, result.high) == (low, high)
    assert (result.state is State.INDETERMINATE) == (cut.is_met(low) != cut.is_met(high))


def test_less_than_values_stay_open_above_the_limit():
    assert LabValue.of(Analyte.CRP, 5, "mg/L", below=True).at_least(10) is False
    assert LabValue.of(Analyte.CRP, 20, "mg/L", below=True).at_least(10) is None


def test_reference_range_decides_normal():
    assert lab(Analyte.ESR, 20, "mm/h", 0, 15).is_raised is P
    assert lab(Analyte.ESR, 20, "mm/h").is_raised is N
