"""Long bones of the body map: a profile along the bone, cut where a reader separates its segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from marrowmap.report.bodymap_curves import Knot, Point, ellipse, frame, knots, placed, smooth_profile, wave
from marrowmap.report.bodymap_kit import Sheet, Tone, View

PLATE_GAP = 1.9
"""Width of a growth plate, canvas units."""
CUT_GAP = 0.5
"""Gap at a border that is drawn but is no growth plate."""


@dataclass(frozen=True)
class Shaft:
    """A bone between its growth plates, in its own frame: u along, outer and inner offsets from the axis.

    plates: amplitude of the wave at the first and last u. cuts: where metaphyses end.
    """

    start: Point
    end: Point
    u: Sequence[float]
    outer: Sequence[float]
    inner: Sequence[float]
    cuts: tuple[float, float]
    plates: tuple[float, float] = (1.6, 1.6)

    def _side(self, u0: float, u1: float, which: Sequence[float]) -> list[Point]:
        at = np.linspace(u0, u1, max(5, round(abs(u1 - u0) / 12) + 2))
        return list(zip(at.tolist(), smooth_profile(at, self.u, which).tolist(), strict=True))

    def piece(self, u0: float, u1: float) -> list[Knot]:
        """Outline from u0 to u1 on the canvas; its ends follow the growth plates or the cuts."""
        lo = u0 + (PLATE_GAP / 2 if u0 == self.u[0] else CUT_GAP / 2)
        hi = u1 - (PLATE_GAP / 2 if u1 == self.u[-1] else CUT_GAP / 2)
        out, inn = self._side(lo, hi, self.outer), self._side(hi, lo, self.inner)
        top = self._border(inn[-1][1], out[0][1], lo, at_plate=u0 == self.u[0], which=0)
        low = self._border(out[-1][1], inn[0][1], hi, at_plate=u1 == self.u[-1], which=1)
        rim = [*_cornered(top), *out[1:-1], *_cornered(low), *inn[1:-1]]
        return placed(rim, frame(self.start, self.end))

    def _border(self, v0: float, v1: float, u: float, at_plate: bool, which: int) -> list[Point]:
        return wave(v0, v1, u, self.plates[which], 2) if at_plate else wave(v0, v1, u, 0.8, 1)

    def cap(self, knots: Sequence[Point], first: bool) -> list[Knot]:
        """Epiphysis: ``knots`` run around the joint side, from outer to inner edge of the plate."""
        u = self.u[0] - PLATE_GAP / 2 if first else self.u[-1] + PLATE_GAP / 2
        v_out, v_in = knots[0][1], knots[-1][1]
        plate = wave(v_in, v_out, u, self.plates[0 if first else 1], 2)
        rim = [*plate[1:-1], *((k[0], k[1]) for k in knots)]
        return placed(rim, frame(self.start, self.end))

    def at(self, *knots: Knot) -> list[Knot]:
        """Points of the bone's frame on the canvas."""
        return placed(knots, frame(self.start, self.end))


def _cornered(points: Sequence[Point]) -> list[Knot]:
    """A plate line whose ends are slightly rounded corners of the segment."""
    return [(*points[0], 1), *points[1:-1], (*points[-1], 1)]


FEMUR = Shaft(
    start=(87, 590),
    end=(56, 742),
    u=[0, 30, 70, 100, 122, 138, 148],
    outer=[8.6, 8.0, 7.6, 8.2, 11.5, 16.5, 19.5],
    inner=[-8.4, -7.8, -7.6, -8.6, -12.5, -17.5, -20.0],
    cuts=(0, 118),
    plates=(0.9, 1.8),
)
TIBIA = Shaft(
    start=(54.5, 778),
    end=(50.5, 948),
    u=[0, 10, 26, 50, 95, 135, 152, 160],
    outer=[20.5, 17.5, 11.8, 9.0, 7.4, 7.4, 10.2, 12.2],
    inner=[-20.5, -17.0, -11.2, -8.6, -7.2, -7.6, -11.0, -13.0],
    cuts=(30, 132),
)
FIBULA = Shaft(
    start=(77.5, 786),
    end=(69, 952),
    u=[0, 12, 30, 90, 135, 152, 160],
    outer=[5.4, 4.6, 3.3, 3.0, 3.4, 5.0, 5.4],
    inner=[-5.2, -4.4, -3.2, -3.0, -3.4, -4.8, -5.2],
    cuts=(26, 134),
    plates=(0.8, 0.8),
)
HUMERUS = Shaft(
    start=(117, 236),
    end=(143, 378),
    u=[0, 10, 26, 60, 96, 116, 128, 134],
    outer=[12.8, 11.0, 8.4, 7.0, 7.0, 10.0, 15.5, 16.0],
    inner=[-12.0, -10.0, -7.6, -6.6, -7.0, -10.2, -15.0, -17.0],
    cuts=(26, 108),
    plates=(1.8, 1.0),
)
RADIUS = Shaft(
    start=(154.6, 395.5),
    end=(179.5, 507),
    u=[0, 8, 18, 50, 82, 94, 101],
    outer=[5.6, 4.6, 4.4, 4.4, 5.0, 7.6, 9.2],
    inner=[-5.6, -4.6, -5.0, -3.8, -4.6, -7.0, -8.2],
    cuts=(19, 80),
    plates=(0.7, 1.0),
)
ULNA = Shaft(
    start=(140.8, 390.5),
    end=(163, 508),
    u=[0, 8, 22, 60, 90, 104, 109],
    outer=[7.2, 6.4, 4.8, 3.6, 3.2, 4.4, 5.0],
    inner=[-6.6, -6.2, -4.8, -3.8, -3.2, -4.2, -4.8],
    cuts=(22, 90),
    plates=(0.5, 0.7),
)


def draw_limbs(sheet: Sheet) -> None:
    """All long bones with patella and trochanter."""
    _femur(sheet)
    _lower_leg(sheet)
    _humerus(sheet)
    _forearm(sheet)


def _femur(sheet: Sheet) -> None:
    back = sheet.view is View.BACK
    cx, cy, r = 65.0, 541.0, 14.2
    turn = np.deg2rad(np.array([-58, -90, -125, -160, 165, 130, 110]))
    head = [(cx + r * float(np.cos(a)), cy + r * float(np.sin(a))) for a in turn]
    plate_low, plate_high = (cx + 0.6, cy + 14.6), (cx + 12.0, cy - 9.8)
    bulge = (cx + 8.6, cy + 3.4)
    sheet.pair(
        "femur_proximal_epiphysis_left",
        [(*plate_high, 1), *head[1:-1], (*plate_low, 1), (cx + 6.2, cy + 8.4), bulge, (cx + 10.4, cy - 3.6)],
        z=27,
        tone=Tone.ROUND,
    )
    neck = knots(
        """79.2,530.6! 83.2,535.6 87,543.6 91,548.4 95.2,552.6! 101.2,560.2 104,566.6! 103,574 97.6,584
           95.6,591.2! 87,590.4 78.6,588! 76.6,582 72.8,577.6 74.2,570.6 74.6,565 71.8,560.2 67,557!
           73,550.2 75.4,545 77.2,537.6"""
    )
    sheet.pair("femur_proximal_metaphysis_left", neck, z=26, tone=Tone.TUBE)
    trochanter = knots(
        """93.4,547.8! 94.4,541.4 99.4,538.6 104.6,543.2 107,552.4 105.4,564.2! 102.8,558.4 98.4,552.6"""
    )
    sheet.pair("greater_trochanter_left", trochanter, z=27, tone=Tone.ROUND)
    shaft = Shaft(FEMUR.start, FEMUR.end, FEMUR.u, FEMUR.outer, FEMUR.inner, FEMUR.cuts, FEMUR.plates)
    sheet.pair("femur_diaphysis_left", shaft.piece(0, 118), z=25)
    sheet.pair("femur_distal_metaphysis_left", shaft.piece(118, 148), z=25)
    if back:
        condyles = shaft.cap(
            knots(
                """149,19.5 155,20.6 163,18.6 168.5,12 167,5.6 160,2.2 158,0 160,-2.4 168.5,-6.2
                   170.5,-12.6 165,-19.4 156,-21.4 149,-20"""
            ),
            first=False,
        )
        sheet.pair(
            None, shaft.at((20, -1), (60, 0.4), (100, 0), (122, 6)), z=25.5, tone=Tone.LINE, open_=True
        )
    else:
        condyles = shaft.cap(
            knots(
                """149,19.5 155,20.8 163,18.8 167.5,12 165.5,5 162.4,0 166,-5 169.5,-12.6 165,-19.6
                   156,-21.4 149,-20"""
            ),
            first=False,
        )
    sheet.pair("femur_distal_epiphysis_left", condyles, z=25, tone=Tone.ROUND)
    if not back:
        px, py = 55.0, 752.0
        patella = [
            (px, py - 12.5),
            (px + 8.5, py - 10),
            (px + 11, py - 2),
            (px + 7, py + 7.5),
            (px + 0.6, py + 12.5),
            (px - 7, py + 7),
            (px - 10.6, py - 2),
            (px - 8, py - 10),
        ]
        sheet.pair("patella_left", patella, z=33, tone=Tone.ROUND)


def _lower_leg(sheet: Sheet) -> None:
    back = sheet.view is View.BACK
    t, f = TIBIA, FIBULA
    plateau = knots(
        """-1,20.4 -8,21.2 -11.6,17 -10.6,9 -10.2,4.2 -13.6,2.2 -10.6,0 -13.4,-2.6 -10.2,-5 -10.8,-10
           -11.6,-17.4 -8,-21.4 -1,-20.4"""
    )
    sheet.pair("tibia_proximal_epiphysis_left", t.cap(plateau, first=True), z=25, tone=Tone.ROUND)
    sheet.pair("tibia_proximal_metaphysis_left", t.piece(0, 30), z=25)
    sheet.pair("tibia_diaphysis_left", t.piece(30, 132), z=25)
    sheet.pair("tibia_distal_metaphysis_left", t.piece(132, 160), z=25)
    plafond = knots("161,12 166,12.6 169.2,10 168.6,0 169.6,-5.6 175.4,-8.4 177,-12.4 170,-14.4 161,-13")
    sheet.pair("tibia_distal_epiphysis_left", t.cap(plafond, first=False), z=25, tone=Tone.ROUND)
    if not back:
        sheet.pair(None, t.at((13, -1), (19, 2.2), (27, 1.2)), z=25.5, tone=Tone.LINE, open_=True)
    head = f.cap(knots("-1,5.4 -6,5.6 -10,1.6 -8,-3.6 -1,-5.2"), first=True)
    malleolus = f.cap(knots("161,5.4 169,5.8 178,3.4 182,0 176,-4.4 168,-5.2 161,-5.2"), first=False)
    z = 26 if back else 24
    sheet.pair("fibula_proximal_end_left", head, f.piece(0, 26), z=z)
    sheet.pair("fibula_shaft_left", f.piece(26, 134), z=z)
    sheet.pair("fibula_distal_end_left", f.piece(134, 160), malleolus, z=z + 2)


def _humerus(sheet: Sheet) -> None:
    back = sheet.view is View.BACK
    h = HUMERUS
    head = knots(
        """-1.5,13.2 -8.6,14.6 -14.6,11 -17.4,5 -20.4,-2 -19.4,-10.4 -13.4,-16.6 -6,-16.8 -0.8,-12.4"""
    )
    sheet.pair("humerus_proximal_epiphysis_left", h.cap(head, first=True), z=34, tone=Tone.ROUND)
    sheet.pair("humerus_proximal_metaphysis_left", h.piece(0, 26), z=33)
    sheet.pair("humerus_diaphysis_left", h.piece(26, 108), z=33)
    sheet.pair("humerus_distal_metaphysis_left", h.piece(108, 134), z=33)
    capitulum = knots(
        """135,15.6 141,15.6 146.6,11.8 146.4,6 143.6,1.4 145.4,-3 149.6,-9.4 146,-14.4 141,-14.6
           138.4,-19.6 135,-17.2"""
    )
    sheet.pair("humerus_distal_epiphysis_left", h.cap(capitulum, first=False), z=33, tone=Tone.ROUND)
    fossa = ellipse(126.5, -1.5, 3.6 if back else 2.8, 5.4 if back else 4.0)
    sheet.pair(None, h.at(*fossa), z=33.5, tone=Tone.SHADE)


def _forearm(sheet: Sheet) -> None:
    back = sheet.view is View.BACK
    r, u = RADIUS, ULNA
    r_head = r.cap(
        knots("-0.6,5.6 -4.6,6 -6.4,3.4 -5.6,0 -6.4,-3.6 -4.6,-6 -0.6,-5.6"),
        first=True,
    )
    r_epi = r.cap(knots("102,9.2 107,10.6 111.6,9.6 110,3 109.6,-3 109.4,-8 102,-8.4"), first=False)
    sheet.pair("radius_proximal_end_left", r_head, r.piece(0, 19), z=32)
    sheet.pair("radius_shaft_left", r.piece(19, 80), z=32)
    sheet.pair("radius_distal_end_left", r.piece(80, 101), r_epi, z=32)
    if back:
        tip = knots("-0.6,7 -8,7.6 -17,7.2 -22,3 -22.4,-3 -17,-7 -8,-7 -0.6,-6.6")
    else:
        tip = knots("-0.6,7 -3.4,7.2 -4.4,3.4 -3.4,0 -5.4,-4.6 -3.6,-7.2 -0.6,-6.6")
    u_head = u.cap(knots("110,5 114,5.4 117,2.8 116,-1 119,-4 115,-5.4 110,-4.8"), first=False)
    sheet.pair("ulna_proximal_end_left", u.cap(tip, first=True), u.piece(0, 22), z=34 if back else 31)
    sheet.pair("ulna_shaft_left", u.piece(22, 90), z=31)
    sheet.pair("ulna_distal_end_left", u.piece(90, 109), u_head, z=31)
