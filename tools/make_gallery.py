"""Pictures of digital children for the documentation: `python tools/make_gallery.py [--out
docs/images/gallery]`.

Six children of different ages, with and without lesions: coronal STIR and T1, inverted diffusion, the two
parts
of the sagittal spine, a foot and the knees. Every picture says that it is synthetic; together under 1.5 MB.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from marrowmap.core.site import site
from marrowmap.phantom.acquire import measure
from marrowmap.phantom.exam import ExamRequest, make_scanner, make_scene
from marrowmap.phantom.plan import Resolution, Timing, plan_exam
from marrowmap.phantom.scene import Scene
from marrowmap.phantom.volumes import Simulated, simulate_volumes

CHILDREN = (
    ("six_years_cno", ExamRequest(189, 6.2, "M", difficulty="easy", field_t=1.5)),
    ("eight_years_healthy", ExamRequest(12, 8.4, "F", lesions="none", field_t=1.5)),
    ("ten_years_cno", ExamRequest(391, 10.3, "F", difficulty="clinical", field_t=1.5)),
    ("twelve_years_cno_3t", ExamRequest(31, 12.1, "F", difficulty="clinical", field_t=3.0)),
    ("fourteen_years_faint", ExamRequest(44, 14.0, "M", difficulty="hard", field_t=1.5)),
    ("sixteen_years_analytic", ExamRequest(57, 16.4, "M", difficulty="easy", field_t=1.5, body="analytic")),
)
GAP = 6


@dataclass(frozen=True)
class Panel:
    """One grey picture (rows, columns), 0 to 255, and its title."""

    title: str
    pixels: np.ndarray


def shade(array: np.ndarray, high: float) -> np.ndarray:
    """Grey values with ``high`` as white and everything below a twentieth of it as black."""
    return (np.clip(array / max(high, 1e-6) * 1.06 - 0.06, 0, 1) ** 0.9 * 255).astype(np.uint8)


def whole_body(sim: Simulated, scene: Scene) -> list[Panel]:
    """Coronal STIR and T1 through the lesions or knees, inverted greatest diffusion signal, lesions on the
    skeleton."""
    stir, t1, dwi = (sim.volumes[name].array for name in ("STIR", "T1", "DWI_800"))
    weight = (sim.lesions > 0).sum(axis=(1, 2)) + 1e-3 * (sim.sites > 0).sum(axis=(1, 2))
    k = int(np.argmax(ndimage.gaussian_filter1d(weight.astype(float), 1.0)))
    second = weight.copy()
    second[max(0, k - 3) : k + 4] = 0
    j = int(np.argmax(second))
    bones = (sim.sites > 0).sum(axis=0) / 6
    marked = np.clip(70 * np.clip(bones, 0, 1) + 185 * (sim.lesions > 0).any(axis=0), 0, 255).astype(np.uint8)
    white = float(np.percentile(stir[stir > np.percentile(stir, 60)], 98.0))
    return [
        Panel("STIR", shade(stir[k], white)),
        Panel("STIR", shade(stir[j], white)),
        Panel("T1", shade(t1[k], float(np.percentile(t1, 99.3)))),
        Panel(
            "DWI b 800, inverted MIP",
            255 - shade(dwi.max(axis=0), float(np.percentile(dwi.max(axis=0), 97.5))),
        ),
        Panel("truth: lesions", marked),
    ]


def regions(scene: Scene, request: ExamRequest) -> list[Panel]:
    """Sagittal spine, one foot, knees, measured as in the exam."""
    rng = np.random.default_rng([request.seed, 82, 0])
    assert request.field_t is not None
    timing = Timing.draw(request.field_t, rng)
    stacks = plan_exam(scene.body, timing, Resolution(subsamples=2), rng)
    scanner = make_scanner(request)
    found = []
    for key, title in (
        ("spine", "sagittal STIR, spine"),
        ("foot_right", "sagittal STIR, foot"),
        ("knees", "axial STIR, knees"),
        ("pelvis", "axial STIR, pelvis"),
    ):
        parts = []
        for stack in (s for s in stacks if s.key == key):
            image = measure(scene, stack, scanner, [request.seed, 83, 0])[0].array
            lesions = (scene.paint(stack.grid, fine=False).lesions > 0).sum(axis=(1, 2))
            middle = len(image) // 2
            k = int(np.argmax(lesions)) if key != "spine" and lesions.max() > 0 else middle
            step = stack.grid.spacing
            parts.append(
                ndimage.zoom(
                    shade(image[k], float(np.percentile(image, 99.2))),
                    (step[1] / 1.5, step[2] / 1.5),
                    order=1,
                )
            )
        width = min(p.shape[1] for p in parts)
        found.append(Panel(title, np.vstack([p[:, :width] for p in parts])))
    return found


def sheet(panels: list[Panel], rows: list[Panel], caption: str) -> Image.Image:
    """All panels side by side, the regional ones in a column block, with the caption above."""
    high = max(p.pixels.shape[0] for p in panels)
    right = _stack_right(rows, high)
    width = sum(p.pixels.shape[1] + GAP for p in panels) + sum(c[0] + GAP for c in right)
    canvas = Image.new("L", (width, high + 40), 0)
    draw = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(13)
    draw.text((6, 3), caption, fill=255, font=font)
    x = 0
    for panel in panels:
        canvas.paste(Image.fromarray(panel.pixels), (x, 40))
        draw.text((x + 4, 22), panel.title, fill=190, font=font)
        x += panel.pixels.shape[1] + GAP
    for column_width, column in right:
        y = 22
        for panel in column:
            draw.text((x + 4, y), panel.title, fill=190, font=font)
            canvas.paste(Image.fromarray(panel.pixels), (x, y + 18))
            y += panel.pixels.shape[0] + 22
        x += column_width + GAP
    return canvas


def _stack_right(panels: list[Panel], high: int) -> list[tuple[int, list[Panel]]]:
    columns: list[tuple[int, list[Panel]]] = []
    filled = high
    for panel in panels:
        need = panel.pixels.shape[0] + 22
        if filled + need > high or not columns:
            columns.append((0, []))
            filled = 0
        width, column = columns[-1]
        columns[-1] = (max(width, panel.pixels.shape[1]), [*column, panel])
        filled += need
    return columns


def picture(request: ExamRequest) -> Image.Image:
    """The sheet of one child."""
    request = request.settled()
    scene = make_scene(request)
    sim = simulate_volumes(scene.body, scene.findings, (5.0, 2.3, 2.3), make_scanner(request))
    lesions = [f for f in scene.findings if f.kind.is_lesion]
    names = list(dict.fromkeys(site(f.sites[0]).name for f in lesions))
    places = "; ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "") or "no lesion"
    child = f"{request.age_years:.1f} years, {request.sex}, {request.field_t:g} T, {request.body} body"
    caption = f"SYNTHETIC digital child, {child}. {places}"
    return sheet(whole_body(sim, scene), regions(scene, request), caption)


def main() -> None:
    """Write all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/images/gallery"))
    parser.add_argument("--only", default="", help="name of one child")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for name, request in CHILDREN:
        if args.only in ("", name):
            image = picture(request)
            image.quantize(24).save(args.out / f"{name}.png", optimize=True)
            print(name, image.size, (args.out / f"{name}.png").stat().st_size // 1024, "kB")


if __name__ == "__main__":
    main()
