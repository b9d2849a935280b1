"""A child's record becomes rows that the registry takes; what was not assessed stays empty, sides stay."""

from datetime import date

from marrowmap.core.exam import Sex
from marrowmap.core.lesion import Assessment, Features, Lesion, SiteExtent
from marrowmap.core.reading import Reading
from marrowmap.core.record.drugs import Drug, Response, Treatment
from marrowmap.core.record.patient import Complication, ComplicationKind, PatientRecord, YearMonth
from marrowmap.core.record.units import Analyte, LabValue
from marrowmap.core.record.visit import Outcomes, PainfulSite, Symptoms, Visit
from marrowmap.registry.core_records import rows_of
from marrowmap.registry.importing import import_rows
from marrowmap.registry.longfiles import RawRow
from marrowmap.registry.schema import LONG_TABLES
from marrowmap.registry.values import write_cell


def _record():
    visit = Visit(
        "v1",
        date(2020, 3, 1),
        symptoms=Symptoms(bone_pain=Assessment.PRESENT, fatigue=Assessment.ABSENT),
        painful_sites=(
            PainfulSite("knee_left", since=date(2020, 1, 1)),
            PainfulSite("clavicle_medial_right"),
        ),
        labs=(
            LabValue.of(Analyte.CRP, 1.2, "mg/dL", reference_high=0.5),
            LabValue.of(Analyte.ESR, 10, "mm/h", below=True),
        ),
        outcomes=Outcomes(pain=4),
    )
    return PatientRecord(
        "P7",
        sex=Sex.FEMALE,
        birth=YearMonth(2010, 5),
        onset=date(2020, 1, 1),
        diagnosed=date(2020, 3, 1),
        visits=(visit, Visit("v2", date(2020, 9, 1), painful_sites=(PainfulSite("knee_left"),))),
        treatments=(Treatment(Drug.NAPROXEN, date(2020, 3, 2), response=Response.IMPROVED),),
        complications=(Complication(ComplicationKind.LEG_LENGTH_DISCREPANCY, Assessment.ABSENT),),
    )


def _readings():
    def reading(name, day, *lesions):
        return Reading(name, f"exam-{name}", "P7", "dr", exam_date=day, lesions=lesions)

    knee = Lesion(
        "a",
        (SiteExtent("femur_distal_metaphysis_left"),),
        features=Features(periosteal_reaction=Assessment.PRESENT),
        tracking_uid="1.2.3",
    )
    spine = Lesion("b", (SiteExtent("vertebra_t6"),))
    return [reading("r1", date(2020, 3, 3), knee), reading("r2", date(2020, 9, 3), knee, spine)]


def test_rows_say_what_the_record_says():
    rows = rows_of(_record(), _readings())
    patient, visit = rows["patients"][0], rows["visits"][0]
    assert (patient["sex"], patient["birth_month"], patient["hla_b27"]) == ("F", "2010-05", None)
    assert (patient["leg_length_discrepancy"], patient["spine_surgery"]) == (False, None)
    assert (visit["bone_pain"], visit["fatigue"], visit["weight_loss"]) == (True, False, None)
    assert (visit["crp_mg_per_l"], visit["crp_upper_mg_per_l"], visit["crp_below"]) == (12.0, 5.0, None)
    assert (visit["esr_mm_per_h"], visit["esr_below"]) == (10.0, True)
    assert visit["any_pain"] is True
    assert rows["treatments"][0]["response"] == "improved"


def test_a_tracked_lesion_and_a_painful_place_count_once_and_pair_by_region():
    lesions = rows_of(_record(), _readings())["lesions"]
    assert [(r["kind"], r["site_id"], r["place"]) for r in lesions] == [
        ("clinical", None, "knee_left"),
        ("clinical", "clavicle_medial_right", None),
        ("imaging", "femur_distal_metaphysis_left", None),
        ("imaging", "vertebra_t6", None),
    ]
    assert [bool(r["pair_id"]) for r in lesions] == [True, False, True, False]
    assert lesions[0]["pair_id"] == lesions[2]["pair_id"]
    assert [r.get("at_onset") for r in lesions[:2]] == [True, None]
    assert (lesions[2]["mri_periosteal_reaction"], lesions[2]["mri_synovitis"]) == (True, None)


def test_the_registry_takes_the_rows(registry):
    raw = {
        table: [RawRow(table, n, {k: write_cell(v) for k, v in row.items()}) for n, row in enumerate(rows)]
        for table, rows in rows_of(_record(), _readings()).items()
    }
    assert import_rows(registry, raw, "anna").changes == 8
    assert import_rows(registry, raw, "anna").changes == 0
    stored = registry.rows(LONG_TABLES["lesions"])
    assert {r["site_id"] for r in stored if r["kind"] == "imaging"} == {
        "femur_distal_metaphysis_left",
        "vertebra_t6",
    }
