"""The FROC curve as SVG: sensitivity against false marks per exam, one line per method."""

from __future__ import annotations

from typing import Any

COLOURS = ("#0b6e4f", "#8f2d56", "#c9a227", "#3d5a80", "#98c1d9", "#6c757d")
LEFT, TOP, WIDTH, HEIGHT = 60, 30, 460, 300


def froc_figure(result: dict[str, Any]) -> str:
    """SVG text from the answer of ``bench_candidates``."""
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 190} {TOP + HEIGHT + 60}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{LEFT}" y="18">Lesions found per false mark, set {result["set"]}, {result["n_exams"]} synthetic '
        "exams (clinical and healthy)</text>",
    ]
    rates = [float(r) for r in next(iter(result["froc"].values()))]
    top_rate = max(rates)
    for k in range(6):
        y = TOP + HEIGHT - HEIGHT * k / 5
        lines.append(f'<line x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{y}" y2="{y}" stroke="#ddd"/>')
        lines.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{k / 5:.1f}</text>')
    for rate in rates:
        x = LEFT + WIDTH * rate / top_rate
        lines.append(f'<text x="{x}" y="{TOP + HEIGHT + 16}" text-anchor="middle">{rate:g}</text>')
    lines.append(
        f'<text x="{LEFT + WIDTH / 2}" y="{TOP + HEIGHT + 40}" text-anchor="middle">false marks per exam outside '
        "hands and feet</text>"
    )
    for i, (method, curve) in enumerate(result["froc"].items()):
        points = [
            f"{LEFT + WIDTH * float(r) / top_rate:.1f},{TOP + HEIGHT * (1 - v):.1f}"
            for r, v in curve.items()
            if v is not None
        ]
        colour = COLOURS[i % len(COLOURS)]
        lines.append(
            f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
        y = TOP + 14 + 18 * i
        lines.append(f'<rect x="{LEFT + WIDTH + 14}" y="{y - 9}" width="14" height="4" fill="{colour}"/>')
        lines.append(f'<text x="{LEFT + WIDTH + 34}" y="{y - 3}">{method}</text>')
    return "\n".join([*lines, "</svg>\n"])
