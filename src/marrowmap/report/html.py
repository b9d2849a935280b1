"""The report of the main job: one HTML file that needs nothing beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from marrowmap.core.lesion import Candidate
from marrowmap.core.site import all_sites, site
from marrowmap.core.skeleton import Coverage
from marrowmap.core.study import VALIDATION, Study
from marrowmap.core.volume import Volume
from marrowmap.report import wording
from marrowmap.report.bodymap import NOT_COVERED, PALETTE, PARTLY_COVERED, Mark, bodymap_svg
from marrowmap.report.candidate_map import CandidateMap
from marrowmap.report.coverage_figure import body_scale, coverage_svg
from marrowmap.report.gallery import Gallery
from marrowmap.report.panels import MOST_CROPS, Panel, candidate_panels, native_panels, whole_body_panels

TEMPLATES = Path(__file__).parent / "templates"

LIMITS = (
    VALIDATION,
    "Candidates are suggestions to look at. They are no lesions until a radiologist has confirmed them; "
    "a place without a candidate is not thereby normal.",
    "Scores between 0 and 1 rank candidates against each other. They were calibrated on synthetic "
    "children and are "
    "no probability of disease in a patient.",
    "The list of bone units is this project's own (proposed); no published list could be read.",
    "Pictures here are reduced to 8 bits and compressed: read the exam on the original images.",
)


@dataclass(frozen=True)
class CandidateEntry:
    """One candidate as the page shows it. cells: of the table. details: name and text, below the pictures."""

    number: str
    candidate: Candidate
    bone: str
    side: str
    segment: str
    cells: dict[str, str]
    details: dict[str, str]
    panels: list[Panel]


def study_report(study: Study, *, stacks: Mapping[str, Volume] | None = None) -> str:
    """HTML text of the report, self-contained: style, pictures and drawings inside, no script, no name.

    stacks: further measured stacks to show in their own plane (sagittal spine, axial pelvis, ...), by title;
    they need not be in ``study.volumes``.
    """
    places = CandidateMap(study)
    gallery = Gallery(study.volumes, stacks)
    large, further = whole_body_panels(study, gallery, places)
    native = native_panels(gallery, places)
    scale = body_scale(study)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(["html", "j2"], default=True),
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["svg"] = _drawn
    environment.filters["signal_step"] = wording.signal_step
    return environment.get_template("report.html.j2").render(
        study=study,
        exam=study.exam,
        synthetic=study.exam.patient.synthetic,
        patient=wording.patient_line(study.exam),
        summary=summary_sentences(study),
        coverage=coverage_svg(study),
        coverage_how=scale.how
        if scale
        else "height in the body unknown: neither labels nor a whole-body stack",
        large=large,
        further=further,
        native=native,
        bodymap=bodymap_svg(
            candidate_marks(study),
            theme="auto",
            title="Body map of candidates and coverage",
            legend=_legend(study),
            background=False,
        ),
        entries=[_entry(gallery, c, places) for c in study.candidates],
        most_crops=MOST_CROPS,
        not_assessed=not_assessed(study),
        limits=LIMITS,
        css=_drawn((TEMPLATES / "report.css").read_text(encoding="utf-8")),
    )


def _drawn(svg: str) -> Markup:
    """A drawing made by this package, which escapes every text it writes into one."""
    return Markup(svg)  # noqa: S704


def candidate_marks(study: Study) -> dict[str, Mark]:
    """Body-map marks: candidates coloured and numbered, not covered hatched, partly covered dotted."""
    marks: dict[str, Mark] = {}
    coverage = study.skeleton.coverage if study.skeleton is not None else {}
    for unit in all_sites():
        state = coverage.get(unit.id, Coverage.NOT_COVERED if study.skeleton is None else None)
        if state is Coverage.NOT_COVERED:
            marks[unit.id] = NOT_COVERED
        elif state is Coverage.PARTIAL:
            marks[unit.id] = PARTLY_COVERED
    by_site: dict[str, list[tuple[int, Candidate]]] = defaultdict(list)
    for i, c in enumerate(study.candidates, start=1):
        by_site[c.site_id].append((i, c))
    for site_id, found in by_site.items():
        numbers = ", ".join(str(i) for i, _ in found[:3]) + (f" +{len(found) - 3}" if len(found) > 3 else "")
        every = ", ".join(str(i) for i, _ in found)
        told = f"candidate {every}" if len(found) == 1 else f"candidates {every}"
        marks[site_id] = Mark(
            fill=PALETTE["candidate"],
            label=numbers,
            value=f"{told}, highest score {max(c.score for _, c in found):.2f}",
        )
    return marks


def _legend(study: Study) -> list[tuple[str, Mark]]:
    items = (
        [("candidate (number as in the table)", Mark(fill=PALETTE["candidate"]))] if study.candidates else []
    )
    states = set(study.skeleton.coverage.values()) if study.skeleton is not None else {Coverage.NOT_COVERED}
    if Coverage.PARTIAL in states:
        items.append(("partly covered", PARTLY_COVERED))
    if Coverage.NOT_COVERED in states:
        items.append(("not covered: not assessed", NOT_COVERED))
    return [*items, ("no candidate (not the same as normal)", Mark())]


def summary_sentences(study: Study) -> list[str]:
    """What was found and what was seen of the body, in full sentences with denominators."""
    units = {c.site_id for c in study.candidates}
    found = wording.count(len(study.candidates), "candidate")
    first = f"{found[0].upper()}{found[1:]}" + (
        f" in {wording.count(len(units), 'bone unit')}." if units else "."
    )
    if study.skeleton is None:
        return [first, "The skeleton could not be labelled: no bone unit counts as assessed."]
    total = len(all_sites())
    states = list(study.skeleton.coverage.values())
    covered, partial = states.count(Coverage.COVERED), states.count(Coverage.PARTIAL)
    return [
        first,
        f"{covered} of {total} bone units covered, {partial} partly, {total - covered - partial} not "
        f"covered or not found.",
    ]


def not_assessed(study: Study) -> dict[str, list[str]]:
    """Region -> names of units that are not, or only partly, covered; nothing here counts as normal."""
    coverage = study.skeleton.coverage if study.skeleton is not None else {}
    out: dict[str, list[str]] = defaultdict(list)
    for unit in all_sites():
        state = coverage.get(unit.id)
        if state is Coverage.COVERED:
            continue
        words = {Coverage.PARTIAL: " (partly covered)", Coverage.NOT_COVERED: "", None: " (not found)"}[state]
        out[site(unit.id).region.value.replace("_", " ")].append(
            unit.name + (words if study.skeleton is not None else "")
        )
    return dict(out)


def _entry(gallery: Gallery, candidate: Candidate, places: CandidateMap) -> CandidateEntry:
    number = places.numbers[candidate.id]
    text = wording.measured_text
    cells: dict[str, Any] = {
        "volume": text(candidate.volume_ml, 2),
        "diameter": text(candidate.max_diameter_mm, 0),
        "extent": text(candidate.extent_percent),
        "si": text(candidate.si_ratio, 1, ""),
        "t1": text(candidate.t1_ratio, 1, ""),
        "adc": text(candidate.adc, 0, ""),
        "score": f"{candidate.score:.2f}",
    }
    panels = candidate_panels(gallery, candidate, places) if int(number) <= MOST_CROPS else []
    return CandidateEntry(
        number,
        candidate,
        wording.bone_text(candidate),
        candidate.site.side.value,
        wording.segment_text(candidate),
        cells,
        _details(candidate),
        panels,
    )


def _details(candidate: Candidate) -> dict[str, str]:
    found = {
        "Lies in": wording.units_text(candidate.units),
        "Next to the bone": wording.measured_text(candidate.periosteal_ratio, 1, "× muscle"),
        "Tissue beside it": wording.measured_text(candidate.soft_tissue_ratio, 1, "× muscle"),
    }
    if candidate.site.is_vertebra:
        found["Heights"] = wording.heights_text(candidate.heights)
    return found
