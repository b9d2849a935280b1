"""A figure as SVG with the numbers it shows, and how it is written as SVG, PDF and HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from marrowmap.errors import MissingExtra
from marrowmap.registry.longfiles import new_folder

SYNTHETIC = "Synthetic: made-up records, no patients."
INK, MUTED, GRID = "#1c2430", "#5a6675", "#e3e7ec"
BLUE, YELLOW, GREEN, ORANGE, RED, GREY, PURPLE, CYAN = (
    "#0077bb",
    "#ddaa33",
    "#2e8b57",
    "#ee7733",
    "#cc3311",
    "#9aa5b1",
    "#7d4f9e",
    "#33bbee",
)
"""Most from Paul Tol's "vibrant" scheme, distinct for readers with colour blindness."""
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"


@dataclass(frozen=True)
class Figure:
    """One figure.

    svg: "" when it could not be drawn; ``why_missing`` then says why. caption: unit, denominator, method.
    data: the numbers shown, one dict a mark. synthetic: made from made-up records.
    """

    id: str
    title: str
    caption: str
    svg: str
    data: tuple[dict[str, Any], ...]
    synthetic: bool
    why_missing: str = ""


def draw(chart: Any, title: str, subtitle: str, synthetic: bool) -> str:
    """An Altair chart in the house style, as SVG."""
    try:
        import altair as alt
        import vl_convert
    except ImportError:
        raise MissingExtra("altair", "is needed to draw figures", "pip install 'marrowmap[cohort]'") from None
    below = [subtitle, SYNTHETIC] if synthetic else [subtitle]
    styled = chart.properties(
        title=alt.TitleParams(title, subtitle=below, anchor="start", offset=14), background="white", padding=16
    ).configure(
        font=FONT,
        title=alt.TitleConfig(fontSize=16, subtitleFontSize=12, color=INK, subtitleColor=MUTED, subtitlePadding=5),
        axis=alt.AxisConfig(
            labelColor=INK, titleColor=INK, labelFontSize=11, titleFontSize=12, gridColor=GRID,
            titleFontWeight="normal", domainColor=MUTED, tickColor=MUTED,
        ),
        legend=alt.LegendConfig(labelFontSize=11, titleFontSize=11, labelColor=INK, titleColor=INK),
        view=alt.ViewConfig(stroke=None),
    )  # fmt: skip
    return str(vl_convert.vegalite_to_svg(styled.to_dict()))


def not_drawn(figure_id: str, title: str, why: str, synthetic: bool) -> Figure:
    """A figure for which the records do not suffice."""
    return Figure(figure_id, title, "", "", (), synthetic, why)


def write_figures(folder: Path, figures: Sequence[Figure]) -> list[str]:
    """Write each figure as SVG, PDF and HTML (with its numbers) into a new folder; returns the file names."""
    import vl_convert

    with new_folder(folder) as fresh:
        for figure in figures:
            (fresh / f"{figure.id}.html").write_text(figure_html(figure), encoding="utf-8")
            if figure.svg:
                (fresh / f"{figure.id}.svg").write_text(figure.svg, encoding="utf-8")
                (fresh / f"{figure.id}.pdf").write_bytes(vl_convert.svg_to_pdf(figure.svg))
        return sorted(p.name for p in fresh.iterdir())


def figure_html(figure: Figure) -> str:
    """A page of its own: the drawing, what it shows, and the numbers as a table."""
    drawing = figure.svg or f"<p>Not drawn: {escape(figure.why_missing)}</p>"
    names = list(dict.fromkeys(k for row in figure.data for k in row))
    head = "".join(f'<th scope="col">{escape(n.replace("_", " "))}</th>' for n in names)
    lines = "".join(
        "<tr>" + "".join(f"<td>{_plain(r.get(n))}</td>" for n in names) + "</tr>" for r in figure.data
    )
    numbers = (
        f"<details><summary>Numbers</summary><table><tr>{head}</tr>{lines}</table></details>" if names else ""
    )
    banner = f'<p class="synthetic">{SYNTHETIC}</p>' if figure.synthetic else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(figure.title)}</title>'
        '<meta name="viewport" content="width=device-width"><style>'
        f"body{{font:15px/1.45 {FONT};color:{INK};max-width:70rem;margin:2rem auto;padding:0 1rem;background:#fff}}"
        "svg{max-width:100%;height:auto}table{border-collapse:collapse}td,th{padding:.15rem .6rem;text-align:left;"
        "border-bottom:1px solid #e3e7ec}.synthetic{background:#fff1c9;border:1px solid #d9a400;padding:.4rem .8rem;"
        "font-weight:600}</style></head>"
        f"<body><h1>{escape(figure.title)}</h1>{banner}<figure>{drawing}"
        f"<figcaption>{escape(figure.caption)}</figcaption></figure>{numbers}</body></html>\n"
    )


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return escape("" if value is None else str(value))
