"""What a printed reading is made from, and the words of its tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

from marrowmap.core.exam import Patient, Scanner
from marrowmap.core.lesion import Assessment, Lesion
from marrowmap.core.reading import Reading, UnitState
from marrowmap.core.scores.result import ScoreResult, State
from marrowmap.core.site import all_sites
from marrowmap.report.bodymap import NOT_COVERED, PALETTE, Mark

NOT_STATED = Mark(pattern="dots", value="nothing stated")


@dataclass(frozen=True)
class ReportPicture:
    """A picture of a lesion: an SVG text or the bytes of a JPEG or PNG, with the words for those who cannot see it."""

    title: str
    alt: str
    svg: str = ""
    data: bytes = b""

    @property
    def suffix(self) -> str:
        """File suffix of the picture."""
        if self.svg:
            return "svg"
        return "png" if self.data.startswith(b"\x89PNG") else "jpg"


@dataclass(frozen=True)
class ReadingReport:
    """Everything a printed reading shows; nothing is looked up elsewhere, so the same input gives the same pages.

    pictures: lesion id -> pictures. coverage, comparison, limitations: sentences. plain_text: the paragraph for
    the referring clinician, edited or not. source: where the scores' case came from, in words.
    """

    reading: Reading
    patient: Patient | None = None
    scanner: Scanner | None = None
    scores: tuple[ScoreResult, ...] = ()
    pictures: Mapping[str, tuple[ReportPicture, ...]] = field(default_factory=dict)
    coverage: tuple[str, ...] = ()
    comparison: tuple[str, ...] = ()
    limitations: tuple[str, ...] = ()
    plain_text: str = ""
    version: str = ""

    @property
    def synthetic(self) -> bool:
        """Whether any part of it is synthetic."""
        return self.reading.synthetic or (self.patient is not None and self.patient.synthetic)


def lesion_numbers(reading: Reading) -> dict[str, str]:
    """Lesion id -> number on the map and in the tables, in the reading's order."""
    return {lesion.id: str(i) for i, lesion in enumerate(reading.lesions, start=1)}


def reading_marks(reading: Reading) -> dict[str, Mark]:
    """Body map of a reading: lesions coloured and numbered, normal plain, not covered hatched, the rest dotted."""
    numbers = lesion_numbers(reading)
    marks: dict[str, Mark] = {}
    for unit in all_sites():
        if unit.id in reading.not_covered:
            marks[unit.id] = NOT_COVERED
        elif reading.unit_state(unit.id) is UnitState.NOT_ASSESSED:
            marks[unit.id] = NOT_STATED
    by_site: dict[str, list[Lesion]] = defaultdict(list)
    for lesion in reading.lesions:
        for unit in lesion.sites:
            by_site[unit.id].append(lesion)
    for name, lesions in by_site.items():
        own = [numbers[x.id] for x in lesions if x.site.id == name]
        every = ", ".join(numbers[x.id] for x in lesions)
        active = any(x.is_active for x in lesions)
        marks[name] = Mark(
            fill=PALETTE["lesion" if active else "inactive"], label=", ".join(own),
            value=f"{'active' if active else 'not active'} lesion {every}",
        )  # fmt: skip
    return marks


def reading_legend(reading: Reading) -> list[tuple[str, Mark]]:
    """Legend entries for what the map of this reading shows."""
    marks = reading_marks(reading).values()
    items = [
        ("active lesion", Mark(fill=PALETTE["lesion"])), ("lesion, not active", Mark(fill=PALETTE["inactive"])),
    ]  # fmt: skip
    shown = [item for item in items if any(m.fill == item[1].fill for m in marks)]
    if any(m.pattern == "hatch" for m in marks):
        shown.append(("not covered: not assessed", NOT_COVERED))
    if any(m.pattern == "dots" for m in marks):
        shown.append(("nothing stated: not assessed", NOT_STATED))
    return [*shown, ("stated normal", Mark())] if reading.normal else shown


def feature_words(lesion: Lesion) -> tuple[list[str], list[str]]:
    """Names of features that are present, and of those that are absent; the rest was not assessed."""
    present, absent = [], []
    for item in fields(lesion.features):
        value = getattr(lesion.features, item.name)
        words = item.name.replace("_", " ").replace("t1", "T1")
        if value is Assessment.PRESENT:
            present.append(words)
        elif value is Assessment.ABSENT:
            absent.append(words)
    return present, absent


def number_text(value: float | None, digits: int = 1) -> str:
    """The number, or "not measured"."""
    return "not measured" if value is None else f"{value:.{digits}f}"


def percent_text(value: float) -> str:
    """ "35 %"; a share that is there but rounds to nothing is "below 1 %"."""
    return "below 1 %" if 0 < value < 0.5 else f"{value:.0f} %"


def lesion_rows(reading: Reading) -> list[dict[str, str]]:
    """The lesion table, every cell a text; "not measured" and "not assessed" are said."""
    numbers = lesion_numbers(reading)
    rows = []
    for lesion in reading.lesions:
        present, absent = feature_words(lesion)
        percent = [percent_text(e.percent) for e in lesion.extents if e.percent is not None]
        grade = lesion.features.signal_grade
        rows.append(
            {
                "number": numbers[lesion.id],
                "site": "; ".join(s.name for s in lesion.sites)
                + (" (level may be wrong by one)" if lesion.level_uncertain else ""),
                "activity": lesion.activity.value.replace("_", " "),
                "grade": "not assessed" if grade is None else str(grade),
                "extent": ", ".join(percent) or "not assessed",
                "volume": number_text(lesion.volume_ml, 2),
                "diameter": number_text(lesion.max_diameter_mm, 0),
                "si": number_text(lesion.si_ratio, 1),
                "adc": number_text(lesion.adc, 0),
                "symptomatic": {"present": "yes", "absent": "no"}.get(
                    lesion.symptomatic.value, "not assessed"
                ),
                "present": ", ".join(present) or "none stated",
                "absent": ", ".join(absent) or "none stated",
                "comment": lesion.comment,
            }
        )
    return rows


MOST_MISSING = 4
"""Missing items named on paper for one score; the rest is counted."""


def not_applicable_scores(scores: Iterable[ScoreResult]) -> list[str]:
    """ "CDAS: no visit is given" for each score that does not apply to this case."""
    return [
        f"{s.system.name}: {s.answer.removeprefix('not applicable: ')}"
        for s in scores
        if s.state is State.NOT_APPLICABLE
    ]


def score_rows(scores: Iterable[ScoreResult]) -> list[dict[str, str]]:
    """One row for each score that applies: what came out, and how far its definition can be trusted."""
    trust = {
        "verified": "read in the source",
        "unverified": "not verified in the source",
        "components_only": "components only",
    }
    rows = []
    for score in (s for s in scores if s.state is not State.NOT_APPLICABLE):
        sentence = " ".join(score.sentences)
        missing = () if "Missing:" in sentence else score.missing
        shown = score.range_text if score.range_text else score.answer
        rows.append(
            {
                "name": score.system.name,
                "result": shown if shown == score.answer or not score.answer else f"{shown} ({score.answer})",
                "state": score.state.value.replace("_", " "),
                "sentence": sentence,
                "source": f"{score.system.citation}"
                + (f" doi:{score.system.doi}" if score.system.doi else ""),
                "trust": f"{trust[score.system.state.value]} ({score.system.confidence.value})"
                if score.table is None
                else f"table {score.table.sha256[:12]} of your site, not checked by this project",
                "missing": "; ".join(missing[:MOST_MISSING])
                + (f"; and {len(missing) - MOST_MISSING} more" if len(missing) > MOST_MISSING else ""),
                "ours": "; ".join(score.ours),
            }
        )
    return rows


def units_by_region(names: Iterable[str]) -> list[dict[str, str]]:
    """Unit names grouped by body region, in the order of the list of units."""
    chosen = set(names)
    groups: dict[str, list[str]] = {}
    for unit in all_sites():
        if unit.id in chosen:
            groups.setdefault(unit.region.value.replace("_", " "), []).append(unit.name)
    return [{"region": region, "units": "; ".join(units)} for region, units in groups.items()]
