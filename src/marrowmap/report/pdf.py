"""A reading on paper: a tagged PDF (PDF/UA-1) set by Typst, byte for byte the same when made again."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from marrowmap.core.reading import ReadingState
from marrowmap.core.site import all_sites
from marrowmap.core.study import VALIDATION
from marrowmap.errors import MissingExtra
from marrowmap.report import wording
from marrowmap.report.bodymap import bodymap_svg
from marrowmap.report.plain_language import plain_language
from marrowmap.report.reading_view import (
    ReadingReport,
    lesion_numbers,
    lesion_rows,
    not_applicable_scores,
    reading_legend,
    reading_marks,
    score_rows,
    units_by_region,
)

TEMPLATE = Path(__file__).parent / "templates" / "reading.typ"

LIMITS = (
    "This report repeats what the reader stated. Software measured and counted; it made no diagnosis.",
    "A bone unit that is not named normal and holds no lesion was not assessed; it is not thereby normal.",
    "Scores whose definition could not be read in the source are marked so and need checking before use.",
    VALIDATION,
)


def reading_pdf(report: ReadingReport) -> bytes:
    """PDF of one reading. The bytes depend on ``report`` alone: no clock, no fonts of the machine.

    Raises MissingExtra when Typst is not installed.
    """
    try:
        import typst
    except ImportError as error:
        raise MissingExtra(
            "The PDF report", "typst is not installed", "pip install 'marrowmap[pdf]'"
        ) from error
    with tempfile.TemporaryDirectory(prefix="marrowmap-pdf-") as name:
        folder = Path(name)
        shutil.copyfile(TEMPLATE, folder / "reading.typ")
        data = reading_data(report, folder)
        (folder / "data.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        compiler = typst.Compiler(root=folder, ignore_system_fonts=True)
        made = compiler.compile(
            input=folder / "reading.typ", format="pdf", pdf_standards=["ua-1"], timestamp=_moment(report)
        )
    assert isinstance(made, bytes)
    return made


def _moment(report: ReadingReport) -> int:
    """Seconds of the signature, or 0: the file's date is the reading's date, never the clock's."""
    signed = report.reading.signed_at
    return int(signed.timestamp()) if signed is not None and signed.tzinfo is not None else 0


def reading_data(report: ReadingReport, folder: Path) -> dict[str, Any]:
    """What the template shows, all of it text; pictures are written into ``folder``."""
    reading = report.reading
    unseen = {s.id for s in all_sites()} - reading.not_covered - reading.normal
    unstated = unseen - {s.id for lesion in reading.lesions for s in lesion.sites}
    map_svg = bodymap_svg(
        reading_marks(reading),
        theme="print",
        title="Body map of the reading",
        legend=reading_legend(reading),
        background=False,
    )
    (folder / "map.svg").write_text(map_svg, encoding="utf-8")
    return {
        "title": _title(report),
        "synthetic": report.synthetic,
        "state": _state(report),
        "patient": _patient(report),
        "reader": reading.reader,
        "plain": report.plain_text or plain_language(reading, comparison=report.comparison),
        "map_alt": "Body map. " + _map_words(report),
        "lesions": lesion_rows(reading),
        "pictures": _pictures(report, folder),
        "scores": score_rows(report.scores),
        "not_applicable": not_applicable_scores(report.scores),
        "normal": units_by_region(reading.normal),
        "not_covered": units_by_region(reading.not_covered),
        "unstated": units_by_region(unstated),
        "counts": {
            "all": len(all_sites()),
            "normal": len(reading.normal),
            "not_covered": len(reading.not_covered),
            "unstated": len(unstated),
        },
        "coverage": list(report.coverage),
        "comparison": list(report.comparison),
        "waived": [{"question": q, "reason": r} for q, r in reading.waived.items()],
        "comment": reading.comment,
        "limits": [*report.limitations, *LIMITS],
        "footer": " · ".join(
            x
            for x in (
                f"reading {reading.id}",
                f"exam {reading.exam_uid}",
                f"marrowmap {report.version}".strip(),
            )
            if x
        ),
    }


def _title(report: ReadingReport) -> str:
    scope = "Whole-body MRI" if report.reading.whole_body else "Regional MRI"
    return f"{scope}: structured reading of bone-marrow lesions"


def _state(report: ReadingReport) -> str:
    reading = report.reading
    if reading.state is ReadingState.DRAFT:
        return "DRAFT, not signed"
    when = f" on {reading.signed_at.isoformat(sep=' ', timespec='minutes')}" if reading.signed_at else ""
    amends = f"; amends reading {reading.amends}" if reading.amends else ""
    return f"Signed by {reading.reader}{when}{amends}"


def _patient(report: ReadingReport) -> list[str]:
    parts = [f"patient {report.reading.patient_key}"]
    if report.patient is not None:
        parts += [wording.age_text(report.patient.age_years), wording.sex_text(report.patient.sex)]
    parts.append(f"exam of {wording.date_text(report.reading.exam_date)}")
    if report.scanner is not None:
        parts.append(wording.scanner_text(report.scanner))
    if report.reading.contrasts:
        parts.append(", ".join(sorted(report.reading.contrasts)))
    return parts


def _map_words(report: ReadingReport) -> str:
    rows = lesion_rows(report.reading)
    told = "; ".join(f"lesion {r['number']}: {r['site']}, {r['activity']}" for r in rows) or "no lesion"
    return f"{told}. {len(report.reading.not_covered)} bone units not covered."


def _pictures(report: ReadingReport, folder: Path) -> list[dict[str, Any]]:
    numbers = lesion_numbers(report.reading)
    out = []
    for lesion in report.reading.lesions:
        shown = []
        for i, picture in enumerate(report.pictures.get(lesion.id, ())):
            name = f"lesion-{numbers[lesion.id]}-{i}.{picture.suffix}"
            (folder / name).write_bytes(picture.svg.encode("utf-8") if picture.svg else picture.data)
            shown.append({"file": name, "title": picture.title, "alt": picture.alt})
        if shown:
            out.append({"number": numbers[lesion.id], "site": lesion.site.name, "pictures": shown})
    return out
