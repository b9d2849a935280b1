"""CDAS, CHAQ, minimal disease activity, flare and Genant: worked examples and boundaries."""

import pytest
from clinical_cases import A, P, case, lesion, outcomes, reading, visit

from marrowmap.core.lesion import VertebralHeights
from marrowmap.core.record.visit import CHAQ_DOMAINS, ChaqDomain, Outcomes, PainfulSite
from marrowmap.core.rules.case import Case
from marrowmap.core.rules.configuration import Rulebook
from marrowmap.core.scores import cdas, chaq, genant, mda_flare_2025
from marrowmap.core.scores.result import State
from marrowmap.core.scores.table import parse_table


def domains(*scores, aid=()):
    """One item for each domain; None: not applicable."""
    return tuple(
        ChaqDomain(name, (score,), name in aid) for name, score in zip(CHAQ_DOMAINS, scores, strict=True)
    )


class TestChaq:
    def test_worked_examples(self):
        assert chaq.index_bounds(domains(1, 0, 0, 2, 0, 0, 1, 0)) == (0.5, 0.5)
        assert chaq.domain_bounds(ChaqDomain("walking", (0, 1), True)) == (2, 2)
        assert chaq.index_bounds(domains(1, 1, 1, 0, 0, 0, None, None)) == (0.5, 0.5)
        assert chaq.index_bounds(domains(0, 0, 0, 0, 0, 0, 0, 0, aid=("hygiene",))) == (0.25, 0.25)

    def test_an_aid_never_lowers_a_domain(self):
        assert chaq.domain_bounds(ChaqDomain("reach", (3,), True)) == (3, 3)

    def test_help_not_asked_about_gives_a_range(self):
        assert chaq.index_bounds((ChaqDomain("reach", (0,), None),)) == (0, 2)
        result = chaq.score(Case(visit=visit(outcomes=Outcomes(chaq=(ChaqDomain("reach", (0,), None),)))))
        assert result.state is State.INDETERMINATE

    def test_no_answer_is_no_zero(self):
        result = chaq.score(Case(visit=visit()))
        assert result.state is State.INDETERMINATE
        assert result.value is None

    def test_documented_index(self):
        assert chaq.score(Case(visit=visit(outcomes=outcomes(chaq=0.125)))).value == 0.125


class TestCdas:
    def test_worked_examples(self):
        assert cdas.from_parts(4, 3, 2).value == 9
        assert cdas.from_parts(0, 0, 0).value == 0
        missing = cdas.from_parts(None, 3, 2)
        assert missing.state is State.INDETERMINATE
        assert (missing.low, missing.high, missing.value) == (5, 15, None)

    def test_a_missing_count_has_no_upper_end(self):
        assert cdas.from_parts(4, 3, None).high is None

    def test_counts_sites_that_were_judged(self):
        sites = (PainfulSite("knee_left", True), PainfulSite("ankle_left", False))
        v = visit(painful_sites=sites, outcomes=outcomes(4, 3))
        assert cdas.score(Case(visit=v)).value == 8
        unjudged = visit(painful_sites=(PainfulSite("knee_left"),), outcomes=outcomes(4, 3))
        assert cdas.score(Case(visit=unjudged)).state is State.INDETERMINATE


INVENTED_MDA = """
system = "mda_2025"
citation = "INVENTED FOR TESTS"
place = "nowhere"
entered_by = "A. Tester"
entered_on = 2026-01-31
[items.limits]
any_of = [{pain = 99, physician_global = 5}, {chaq = 2}]
"""


class TestMdaAndFlare:
    def test_worked_example(self):
        result = mda_flare_2025.minimal_disease_activity({"pain": 0, "physician_global": 0})
        assert result.answer == "not computable: thresholds unpublished in our sources"
        assert result.value is None
        assert [i.text for i in result.items] == ["0", "0"]

    def test_flare_shows_rises_and_no_verdict(self):
        result = mda_flare_2025.flare(
            Case(visit=visit(outcomes=outcomes(5)), earlier_visit=visit(id="a", outcomes=outcomes(2)))
        )
        assert result.state is State.NOT_COMPUTABLE
        assert result.items[0].text == "3"

    def test_with_a_site_table(self):
        rules = Rulebook(tables={"mda_2025": parse_table(INVENTED_MDA)})
        known = Case(visit=visit(outcomes=outcomes(3, None, 6, 1)))
        assert mda_flare_2025.mda(known, rules).answer == "met"
        assert mda_flare_2025.mda(Case(visit=visit(outcomes=outcomes(3, None, 6))), rules).answer == (
            "indeterminate"
        )
        result = mda_flare_2025.mda(known, rules)
        assert "A. Tester" in result.sentences[-1]


class TestGenant:
    @pytest.mark.parametrize(
        ("anterior", "posterior", "expected"), [(14, 20, 2), (15, 20, 1), (16.1, 20, 0), (16, 20, 1),
                                                (12, 20, 2), (11.9, 20, 3), (20, 20, 0), (21, 20, 0)]
    )  # fmt: skip
    def test_grades(self, anterior, posterior, expected):
        loss = genant.height_loss(VertebralHeights(anterior, None, posterior))
        assert genant.grade(loss.largest) == expected

    @pytest.mark.parametrize(
        ("loss", "expected"), [(19.9, 0), (20, 1), (25, 1), (25.1, 2), (40, 2), (40.1, 3)]
    )
    def test_shared_end_points(self, loss, expected):
        assert genant.grade(loss) == expected

    def test_a_crushed_vertebra_is_measured_against_its_neighbours(self):
        loss = genant.height_loss(VertebralHeights(10, 10, 10, 20))
        assert (loss.largest, loss.shape) == (50, "crush")

    @pytest.mark.parametrize(("middle", "shape"), [(19, "wedge"), (10, "biconcave")])
    def test_shapes(self, middle, shape):
        assert genant.height_loss(VertebralHeights(14, middle, 20)).shape == shape

    def test_unmeasured_vertebrae_keep_the_upper_end_open(self):
        measured = lesion("vertebra_t6", heights=VertebralHeights(14, None, 20), height_loss=P)
        result = genant.score(case(reading(measured)))
        assert (result.value, result.state) == (2, State.COMPUTED)
        result = genant.score(case(reading(measured, lesion("vertebra_t8"))))
        assert (result.low, result.high, result.state) == (2, 3, State.INDETERMINATE)
        assert genant.score(case(reading(lesion("ilium_left")))).state is State.NOT_APPLICABLE

    def test_grade_1_asks_for_an_endplate_change(self):
        slight = VertebralHeights(15.5, None, 20)
        loose = genant.score(case(reading(lesion("vertebra_t6", heights=slight, height_loss=A))))
        stated = genant.score(case(reading(lesion("vertebra_t6", heights=slight, height_loss=P))))
        assert "physiological" in loose.items[0].note
        assert stated.items[0].note == ""
