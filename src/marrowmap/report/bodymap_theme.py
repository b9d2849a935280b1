"""Colours of the body map. Every colour that carries meaning also has a word or a pattern beside it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Theme:
    """Colours of one appearance, as #rrggbb."""

    background: str
    skin: str
    skin_line: str
    bone: str
    bone_light: str
    bone_dark: str
    far: str
    outline: str
    line: str
    shade: str
    hole: str
    cartilage: str
    tooth: str
    text: str
    muted_text: str
    hatch_base: str
    hatch_line: str
    lift: float
    """How strongly coloured units are shaded, 0 to 1."""


THEMES: dict[str, Theme] = {
    "dark": Theme(
        background="#101b26",
        skin="#1b2936",
        skin_line="#33475a",
        bone="#ddd3bd",
        bone_light="#f8f1e1",
        bone_dark="#a09478",
        far="#7d7768",
        outline="#3f3a2e",
        line="#8f8469",
        shade="#7f7458",
        hole="#0d151d",
        cartilage="#6f8496",
        tooth="#fbf7ec",
        text="#e8eef4",
        muted_text="#9fb1c2",
        hatch_base="#22303d",
        hatch_line="#566b7e",
        lift=0.30,
    ),
    "light": Theme(
        background="#ffffff",
        skin="#edf1f5",
        skin_line="#c6d0da",
        bone="#f1ede3",
        bone_light="#fffefb",
        bone_dark="#c9c2b0",
        far="#cfcabe",
        outline="#5d6470",
        line="#a39c8b",
        shade="#a8a08d",
        hole="#5a6470",
        cartilage="#c3d2de",
        tooth="#ffffff",
        text="#17212b",
        muted_text="#5b6b7b",
        hatch_base="#e4e9ee",
        hatch_line="#9aa8b5",
        lift=0.24,
    ),
    "print": Theme(
        background="#ffffff",
        skin="#f6f7f8",
        skin_line="#c4c8cc",
        bone="#fbfbfa",
        bone_light="#ffffff",
        bone_dark="#e2e1de",
        far="#dcdcda",
        outline="#4a4f55",
        line="#a5a5a5",
        shade="#b4b4b2",
        hole="#6d7278",
        cartilage="#e3e8ec",
        tooth="#ffffff",
        text="#000000",
        muted_text="#444b52",
        hatch_base="#ededed",
        hatch_line="#8c959d",
        lift=0.14,
    ),
}

PALETTE: dict[str, str] = {
    "candidate": "#ee7733",
    "lesion": "#cc3311",
    "inactive": "#0077bb",
    "new": "#ee3377",
    "resolved": "#009988",
    "uncertain": "#ddaa33",
    "normal": "#8fc9a8",
}
"""Paul Tol's "vibrant" scheme, distinct for readers with red-green or blue-yellow blindness."""


def mix(colour: str, other: str, share: float) -> str:
    """``colour`` moved towards ``other`` by ``share``, as #rrggbb."""
    a, b = (tuple(int(c[i : i + 2], 16) for i in (1, 3, 5)) for c in (colour, other))
    return "#" + "".join(f"{round(p + (q - p) * share):02x}" for p, q in zip(a, b, strict=True))
