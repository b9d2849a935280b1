"""A reading made of machine candidates, to compare exams that nobody has read yet. It says so everywhere."""

from __future__ import annotations

from marrowmap.core.lesion import Activity, Candidate, Lesion, Origin, SiteExtent
from marrowmap.core.protocol import ProtocolStatus
from marrowmap.core.reading import Reading
from marrowmap.core.site import all_sites
from marrowmap.core.skeleton import Coverage
from marrowmap.core.study import Study

READER = "no reader: machine candidates"


def reading_of_candidates(study: Study, least_score: float = 0.0) -> Reading:
    """Every candidate of at least ``least_score`` as an active lesion. No unit is called normal."""
    coverage = study.skeleton.coverage if study.skeleton is not None else {}
    lesions = tuple(_lesion(c) for c in study.candidates if c.score >= least_score)
    seen = {x.site.id for x in lesions}
    hidden = {s.id for s in all_sites() if coverage.get(s.id, Coverage.NOT_COVERED) is Coverage.NOT_COVERED}
    return Reading(
        id=f"{study.exam.study_uid}.candidates",
        exam_uid=study.exam.study_uid,
        patient_key=study.exam.patient.key,
        reader=READER,
        exam_date=study.exam.exam_date,
        lesions=lesions,
        not_covered=frozenset(hidden - seen),
        contrasts=frozenset(str(v.contrast) for v in study.volumes.values()),
        whole_body=study.protocol.status is not ProtocolStatus.REGIONAL,
        synthetic=study.exam.patient.synthetic,
    )


def partly_covered(study: Study) -> frozenset[str]:
    """Units that the exam shows only in part."""
    coverage = study.skeleton.coverage if study.skeleton is not None else {}
    return frozenset(k for k, v in coverage.items() if v is Coverage.PARTIAL)


def _lesion(candidate: Candidate) -> Lesion:
    percent = candidate.extent_percent.value
    return Lesion(
        id=candidate.id,
        extents=(SiteExtent(candidate.site_id, percent),),
        activity=Activity.ACTIVE,
        origin=Origin.CANDIDATE,
        candidate_id=candidate.id,
        centre_mm=candidate.centre_mm,
        volume_ml=candidate.volume_ml.value,
        max_diameter_mm=candidate.max_diameter_mm.value,
        si_ratio=candidate.si_ratio.value,
        adc=candidate.adc.value,
        level_uncertain=candidate.level_uncertain,
    )
