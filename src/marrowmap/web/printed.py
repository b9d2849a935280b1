"""A reading on paper: everything the PDF shows, gathered from the study and the reading."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from marrowmap import __version__
from marrowmap.core.exam import Patient, Scanner
from marrowmap.core.reading import Reading
from marrowmap.core.rules.case import Case
from marrowmap.core.scores.catalogue import CATALOGUE
from marrowmap.exchange.score_tables import rulebook
from marrowmap.report.pdf import reading_data, reading_pdf
from marrowmap.report.plain_language import plain_language
from marrowmap.report.reading_html import reading_html
from marrowmap.report.reading_view import ReadingReport
from marrowmap.web.lesion_pictures import lesion_pictures
from marrowmap.web.packs import Pack


def suggested_text(reading: Reading) -> str:
    """The paragraph for the referring clinician as the structured data give it; the reader may edit it."""
    return plain_language(reading)


def report_of(reading: Reading, study: dict[str, Any], pack: Pack, beside: dict[str, Any]) -> ReadingReport:
    """The printed reading. beside: what is kept beside the reading (outlines, edited paragraph, comparison)."""
    case, rules = Case(reading=reading), rulebook()
    shown = [row for row in CATALOGUE if row.group in ("burden", "distribution")]
    child, scanner = study["exam"]["patient"], study["exam"]["scanner"]
    return ReadingReport(
        reading=reading,
        patient=Patient(
            child["key"], child["age_years"], child["sex"], child.get("size_m"), study["synthetic"]
        ),
        scanner=Scanner(scanner["manufacturer"], scanner["model"], scanner["field_tesla"]),
        scores=tuple(row.compute(case, rules) for row in shown),
        pictures=lesion_pictures(reading, pack, beside.get("outlines", {})),
        comparison=tuple(beside.get("comparison", ())),
        coverage=tuple(study["protocol"]["sentences"]),
        limitations=tuple(study["warnings"]),
        plain_text=beside.get("plain_text", "") or plain_language(reading),
        version=__version__,
    )


def pdf_of(reading: Reading, study: dict[str, Any], pack: Pack, beside: dict[str, Any]) -> bytes:
    """PDF of a reading, the same bytes each time. Raises MissingExtra without Typst."""
    return reading_pdf(report_of(reading, study, pack, beside))


def html_of(reading: Reading, study: dict[str, Any], pack: Pack, beside: dict[str, Any]) -> str:
    """The same report as one HTML file."""
    return reading_html(report_of(reading, study, pack, beside))


def json_of(reading: Reading, study: dict[str, Any], pack: Pack, beside: dict[str, Any]) -> dict[str, Any]:
    """The same report as JSON: every text that HTML and PDF show, without the pictures."""
    with tempfile.TemporaryDirectory(prefix="marrowmap-json-") as folder:
        return reading_data(report_of(reading, study, pack, beside), Path(folder))
