"""The FROC curve as SVG: sensitivity against false marks per exam, one line per method."""

from __future__ import annotations

from math import log2
from typing import Any

PRODUCT = "#0b6e4f"
COLOURS = ("#b3446c", "#c9a227", "#3d5a80", "#0096c7", "#7a7f85", "#8d5524", "#6a4c93")
LEFT, TOP, WIDTH, HEIGHT = 60, 52, 460, 300


def froc_figure(result: dict[str, Any]) -> str:
    """SVG text from the answer of ``bench_candidates``."""
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 215} {TOP + HEIGHT + 60}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{LEFT}" y="18" font-weight="bold">Share of lesions of 0.5 ml or more that were found</text>',
        f'<text x="{LEFT}" y="35" fill="#555">SYNTHETIC children, difficulty clinical, and healthy ones; set '
        f"{result['set']} of {result['n_exams']} exams</text>",
    ]
    rates = [float(r) for r in next(iter(result["froc"].values()))]
    low, high = log2(min(rates)), log2(max(rates))

    def across(rate: float) -> float:
        return LEFT + WIDTH * (log2(rate) - low) / (high - low)

    for k in range(6):
        y = TOP + HEIGHT - HEIGHT * k / 5
        lines.append(f'<line x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{y}" y2="{y}" stroke="#ddd"/>')
        lines.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{k / 5:.1f}</text>')
    for rate in rates:
        lines.append(
            f'<text x="{across(rate):.1f}" y="{TOP + HEIGHT + 16}" text-anchor="middle">{rate:g}</text>'
        )
    lines.append(
        f'<text x="{LEFT + WIDTH / 2}" y="{TOP + HEIGHT + 40}" text-anchor="middle">false marks per exam outside '
        "hands and feet</text>"
    )
    for i, (method, curve) in enumerate(result["froc"].items()):
        points = [
            f"{across(float(r)):.1f},{TOP + HEIGHT * (1 - v):.1f}" for r, v in curve.items() if v is not None
        ]
        colour = PRODUCT if i == 0 else COLOURS[(i - 1) % len(COLOURS)]
        style = 'stroke-width="3.5"' if i == 0 else 'stroke-width="2"'
        style += ' stroke-dasharray="5 4"' if method.startswith("without") else ""
        lines.append(f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" {style}/>')
        y, x = TOP + 10 + 18 * i, LEFT + WIDTH + 14
        lines.append(f'<line x1="{x}" x2="{x + 22}" y1="{y - 4}" y2="{y - 4}" stroke="{colour}" {style}/>')
        lines.append(f'<text x="{x + 28}" y="{y}">{method}</text>')
    return "\n".join([*lines, "</svg>\n"])
