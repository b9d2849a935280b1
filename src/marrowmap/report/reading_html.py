"""A reading as one HTML file that needs nothing beside it; the same content as the PDF."""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from marrowmap.report.bodymap import bodymap_svg
from marrowmap.report.pdf import reading_data
from marrowmap.report.reading_view import (
    ReadingReport,
    ReportPicture,
    lesion_numbers,
    reading_legend,
    reading_marks,
)

TEMPLATES = Path(__file__).parent / "templates"


def reading_html(report: ReadingReport) -> str:
    """HTML text of one reading; depends on ``report`` alone, no script, no name."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html", "j2"], default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    with tempfile.TemporaryDirectory(prefix="marrowmap-html-") as name:
        data = reading_data(report, Path(name))
    drawing = bodymap_svg(
        reading_marks(report.reading),
        theme="auto",
        title="Body map of the reading",
        legend=reading_legend(report.reading),
        background=False,
    )
    numbers = lesion_numbers(report.reading)
    pictures = [
        {
            "number": numbers[x.id],
            "site": x.site.name,
            "pictures": [_inline(p) for p in report.pictures[x.id]],
        }
        for x in report.reading.lesions
        if report.pictures.get(x.id)
    ]
    css = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    return environment.get_template("reading.html.j2").render(
        d={**data, "pictures": pictures}, bodymap=_drawn(drawing), css=_drawn(css)
    )


def _drawn(svg: str) -> Markup:
    """A drawing made by this package, which escapes every text it writes into one."""
    return Markup(svg)  # noqa: S704


def _inline(picture: ReportPicture) -> dict[str, str | Markup]:
    if picture.svg:
        return {"title": picture.title, "alt": picture.alt, "svg": _drawn(picture.svg), "uri": ""}
    kind = "png" if picture.suffix == "png" else "jpeg"
    uri = f"data:image/{kind};base64,{base64.b64encode(picture.data).decode('ascii')}"
    return {"title": picture.title, "alt": picture.alt, "svg": "", "uri": uri}
