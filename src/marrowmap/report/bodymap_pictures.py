"""Pictures of the body map for the documentation: ``python -m marrowmap.report.bodymap_pictures FOLDER``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from marrowmap.errors import MissingExtra
from marrowmap.report.bodymap import NOT_COVERED, PALETTE, Mark, bodymap_svg


def svg_to_png(svg: str, width_px: int) -> bytes:
    """A drawing as PNG, ``width_px`` wide. Raises MissingExtra when Typst is not installed."""
    try:
        import typst
    except ImportError as error:
        raise MissingExtra("The picture", "typst is not installed", "pip install 'marrowmap[pdf]'") from error
    page = '#set page(width: 720pt, height: auto, margin: 0pt)\n#image("drawing.svg", width: 720pt)\n'
    with tempfile.TemporaryDirectory(prefix="marrowmap-png-") as name:
        folder = Path(name)
        (folder / "drawing.svg").write_text(svg, encoding="utf-8")
        (folder / "page.typ").write_text(page, encoding="utf-8")
        compiler = typst.Compiler(root=folder)
        made = compiler.compile(input=folder / "page.typ", format="png", ppi=width_px / 10)
    assert isinstance(made, bytes)
    return made


def example_marks() -> dict[str, Mark]:
    """Invented candidates, lesions and gaps that show what the map can say."""
    shown = (
        ("mandible_left", "lesion"),
        ("clavicle_medial_right", "candidate"),
        ("vertebra_t8", "lesion"),
        ("vertebra_t11", "inactive"),
        ("ilium_left", "candidate"),
        ("radius_distal_end_left", "candidate"),
        ("femur_distal_metaphysis_right", "lesion"),
        ("tibia_proximal_metaphysis_right", "candidate"),
        ("tibia_distal_metaphysis_left", "lesion"),
        ("calcaneus_right", "candidate"),
    )
    marks = {
        name: Mark(fill=PALETTE[kind], label=str(i), value=f"{kind} {i}")
        for i, (name, kind) in enumerate(shown, start=1)
    }
    return marks | {
        f"{bone}_left": NOT_COVERED for bone in ("toes", "metatarsal_1", "metatarsal_2", "fingers")
    }


LEGEND = (
    ("candidate", Mark(fill=PALETTE["candidate"])),
    ("active lesion", Mark(fill=PALETTE["lesion"])),
    ("lesion, not active", Mark(fill=PALETTE["inactive"])),
    ("not covered", NOT_COVERED),
)


def main(arguments: list[str]) -> int:
    """Write bodymap-light.png and bodymap-dark.png into a folder; exit code 2 without one."""
    if len(arguments) != 1:
        print("usage: python -m marrowmap.report.bodymap_pictures FOLDER", file=sys.stderr)
        return 2
    for theme in ("light", "dark"):
        svg = bodymap_svg(example_marks(), theme=theme, title="Body map, invented lesions", legend=LEGEND)
        (Path(arguments[0]) / f"bodymap-{theme}.png").write_bytes(svg_to_png(svg, 1600))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
