"""Was the exam complete? The protocol of whole-body MRI in CNO as items that are present, partial or missing.

Sources: items, their planes and sequences: Nico et al. Insights Imaging 2022;13:149; status rules: definitions of
this project (section 7.3), where mandible, clavicles and hands are our own proposal.
What was not covered is *not assessed*; it is never counted as free of lesions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from marrowmap.core.exam import BodyRegion
from marrowmap.core.geometry import Plane
from marrowmap.core.volume import Contrast

SEED_SOURCE = "Nico 2022"
PROPOSED = "proposed by this project, not published"


class ProtocolStatus(StrEnum):
    """complete: coronal fluid-sensitive head to feet, sagittal spine and feet. limited: the coronal alone of
    these three, or with one other. regional: anything else."""

    COMPLETE = "complete"
    LIMITED = "limited"
    REGIONAL = "regional"


class ItemState(StrEnum):
    """How far an item of the protocol was met."""

    PRESENT = "present"
    PARTIAL = "partial"
    MISSING = "missing"


@dataclass(frozen=True)
class ProtocolItem:
    """One item. required: the status depends on it; otherwise it is recommended.

    consequence: what cannot be said because of it, in words; "" when it is present.
    source: where the item comes from.
    """

    name: str
    state: ItemState
    required: bool
    consequence: str = ""
    source: str = SEED_SOURCE


@dataclass(frozen=True)
class SeriesSeen:
    """One stack as the protocol sees it. regions: what it shows.

    sides: "L", "R" of those parts of it that come in pairs (feet). whole: whether it shows all of its regions
    (a spine from end to end); False makes the item partial.
    """

    contrast: Contrast
    plane: Plane
    regions: frozenset[BodyRegion] = frozenset()
    sides: frozenset[str] = frozenset({"L", "R"})
    whole: bool = True
    b_value: float | None = None


@dataclass(frozen=True)
class CoronalReach:
    """How far the coronal fluid-sensitive images reach along the body.

    vertex, soles: whether the top of the head and the end of the feet lie inside the field; None when it could
    not be judged, which counts as not reached. gaps_mm: LPS z ranges (low, high) between stations that were not
    measured. cut_sides_mm: z ranges where the body touches the left or right edge of the field.
    z_mm: lowest and highest z measured; None when there are no such images.
    """

    vertex: bool | None
    soles: bool | None
    z_mm: tuple[float, float] | None = None
    gaps_mm: tuple[tuple[float, float], ...] = ()
    cut_sides_mm: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class ProtocolReport:
    """status and items with their consequences; sentences: what a reader should be told, most important first.

    vertex_reached, soles_reached: of the coronal fluid-sensitive images; None when not judged.
    covered_z_mm: per volume, the lowest and highest LPS z that was measured, millimetres.
    """

    status: ProtocolStatus
    items: tuple[ProtocolItem, ...]
    vertex_reached: bool | None = None
    soles_reached: bool | None = None
    covered_z_mm: dict[str, tuple[float, float]] = field(default_factory=dict)
    sentences: tuple[str, ...] = ()

    def item(self, name: str) -> ProtocolItem:
        """The item of that name. Raises KeyError when there is none."""
        for item in self.items:
            if item.name == name:
                return item
        raise KeyError(name)


CORONAL = "coronal fluid-sensitive, head to feet"
SPINE = "sagittal fluid-sensitive, whole spine"
FEET = "sagittal fluid-sensitive, ankles and feet"
PELVIS = "axial fluid-sensitive, pelvis"
KNEES = "axial fluid-sensitive, knees"
T1 = "T1, coronal or sagittal"
DWI = "axial diffusion with ADC"
FIELD_OF_VIEW = "mandible, clavicles and hands inside the field of view"

RELIABLE_B_SPAN = 300.0
"""s/mm2 between smallest and largest b-value under which an ADC is not reliable (ours; b 0 and 50 must fail)."""


def assess(
    series: Sequence[SeriesSeen],
    reach: CoronalReach,
    covered_z_mm: dict[str, tuple[float, float]] | None = None,
) -> ProtocolReport:
    """Judge an exam from its stacks and from how far its coronal fluid-sensitive images reach."""
    items = (
        coronal_item(reach),
        spine_item(series),
        feet_item(series),
        axial_item(series, BodyRegion.PELVIS, PELVIS),
        axial_item(series, BodyRegion.KNEES, KNEES),
        t1_item(series),
        dwi_item(series),
        field_item(reach),
    )
    states = {item.name: item.state for item in items}
    present = ItemState.PRESENT
    if states[CORONAL] is not present:
        status = ProtocolStatus.REGIONAL
    elif states[SPINE] is present and states[FEET] is present:
        status = ProtocolStatus.COMPLETE
    else:
        status = ProtocolStatus.LIMITED
    return ProtocolReport(
        status, items, reach.vertex, reach.soles, dict(covered_z_mm or {}), sentences(status, items)
    )


def sentences(status: ProtocolStatus, items: Iterable[ProtocolItem]) -> tuple[str, ...]:
    """What to tell a reader: the status, then each consequence, required items first."""
    first = {
        ProtocolStatus.COMPLETE: "Complete exam: coronal fluid-sensitive images from head to feet, "
        "sagittal spine and sagittal feet.",
        ProtocolStatus.LIMITED: "Limited exam: coronal fluid-sensitive images from head to feet, "
        "but not both sagittal spine and sagittal feet.",
        ProtocolStatus.REGIONAL: "Regional exam: no coronal fluid-sensitive images from head to feet; "
        "scores over the whole body are not computed for what was not covered.",
    }[status]
    told = []
    for item in sorted(items, key=lambda i: not i.required):
        if item.state is not ItemState.PRESENT:
            kind = "" if item.required else " (recommended)"
            told.append(f"{item.name}: {item.state}{kind}; {item.consequence}.")
    return (first, *told)


def coronal_item(reach: CoronalReach) -> ProtocolItem:
    """Head to feet without a gap, or what is not assessed."""
    if reach.z_mm is None:
        why = "no bone unit can be searched for active lesions on coronal images"
        return ProtocolItem(CORONAL, ItemState.MISSING, True, why)
    lacking = []
    if not reach.vertex:
        lacking.append("the top of the head is not covered: skull units outside the field not assessed")
    if not reach.soles:
        lacking.append("feet not covered: foot units not assessed")
    for low, high in reach.gaps_mm:
        lacking.append(f"a gap of {high - low:.0f} mm between stations: units inside it not assessed")
    if lacking:
        return ProtocolItem(CORONAL, ItemState.PARTIAL, True, "; ".join(lacking))
    return ProtocolItem(CORONAL, ItemState.PRESENT, True)


def fluid(series: Sequence[SeriesSeen], plane: Plane, region: BodyRegion) -> list[SeriesSeen]:
    """Fluid-sensitive stacks of a plane that show a region."""
    return [s for s in series if s.contrast.is_fluid_sensitive and s.plane is plane and region in s.regions]


def spine_item(series: Sequence[SeriesSeen]) -> ProtocolItem:
    """Sagittal STIR of the whole spine."""
    found = fluid(series, Plane.SAGITTAL, BodyRegion.SPINE)
    if not found:
        why = "vertebral lesions and loss of height are judged on coronal images alone"
        return ProtocolItem(SPINE, ItemState.MISSING, True, why)
    if not any(s.whole for s in found):
        why = "part of the spine is not on sagittal images: its vertebrae are judged on coronal images alone"
        return ProtocolItem(SPINE, ItemState.PARTIAL, True, why)
    return ProtocolItem(SPINE, ItemState.PRESENT, True)


def feet_item(series: Sequence[SeriesSeen]) -> ProtocolItem:
    """Sagittal STIR of both ankles and feet."""
    found = fluid(series, Plane.SAGITTAL, BodyRegion.FEET)
    sides = frozenset().union(*(s.sides for s in found)) if found else frozenset()
    if not found:
        why = "small tarsal lesions may be missed: foot units are judged on coronal images alone, if they cover them"
        return ProtocolItem(FEET, ItemState.MISSING, True, why)
    if sides != {"L", "R"}:
        missing = "left" if "L" not in sides else "right"
        why = f"the {missing} foot is not on sagittal images: its units are judged on coronal images alone"
        return ProtocolItem(FEET, ItemState.PARTIAL, True, why)
    return ProtocolItem(FEET, ItemState.PRESENT, True)


def axial_item(series: Sequence[SeriesSeen], region: BodyRegion, name: str) -> ProtocolItem:
    """Axial fluid-sensitive images of a region (recommended)."""
    if fluid(series, Plane.AXIAL, region):
        return ProtocolItem(name, ItemState.PRESENT, False)
    plain = [
        s for s in series if s.contrast is Contrast.T2 and s.plane is Plane.AXIAL and region in s.regions
    ]
    if plain:
        why = "T2 without fat suppression only: marrow oedema is less conspicuous"
        return ProtocolItem(name, ItemState.PARTIAL, False, why)
    part = {BodyRegion.PELVIS: "sacroiliac and acetabular", BodyRegion.KNEES: "periphyseal"}.get(
        region, "its"
    )
    why = f"{part} lesions of the {region} are judged without an axial plane"
    return ProtocolItem(name, ItemState.MISSING, False, why)


def t1_item(series: Sequence[SeriesSeen]) -> ProtocolItem:
    """T1 in any plane but axial."""
    t1 = [s for s in series if s.contrast in (Contrast.T1, Contrast.DIXON_FAT)]
    if any(s.plane in (Plane.CORONAL, Plane.SAGITTAL) for s in t1):
        return ProtocolItem(T1, ItemState.PRESENT, False)
    if t1:
        why = "T1 in axial planes only: compared with fluid-sensitive images where they meet"
        return ProtocolItem(T1, ItemState.PARTIAL, False, why)
    why = "lesions cannot be told from normal marrow conversion by T1"
    return ProtocolItem(T1, ItemState.MISSING, False, why)


def dwi_item(series: Sequence[SeriesSeen]) -> ProtocolItem:
    """Diffusion with b-values that give a reliable ADC."""
    b_values = sorted({s.b_value for s in series if s.contrast is Contrast.DWI and s.b_value is not None})
    if not b_values:
        return ProtocolItem(DWI, ItemState.MISSING, False, "no ADC; conspicuity on STIR alone")
    names = ", ".join(f"{b:g}" for b in b_values)
    if b_values[-1] - b_values[0] < RELIABLE_B_SPAN:
        why = f"ADC not reliable: b-values {names} s/mm2 lie too close together"
        return ProtocolItem(DWI, ItemState.PARTIAL, False, why)
    return ProtocolItem(DWI, ItemState.PRESENT, False)


def field_item(reach: CoronalReach) -> ProtocolItem:
    """Head, shoulders and arms inside the coronal field; a check of our own."""
    if reach.z_mm is None or not reach.vertex:
        why = "the upper body is not known to lie in the field: mandible, clavicle and hand units may be not assessed"
        state = ItemState.MISSING if reach.z_mm is None else ItemState.PARTIAL
        return ProtocolItem(FIELD_OF_VIEW, state, False, why, PROPOSED)
    if reach.cut_sides_mm:
        spans = ", ".join(f"z {low:.0f} to {high:.0f} mm" for low, high in reach.cut_sides_mm)
        why = (
            f"the body touches the side of the field ({spans}): arm and hand units there may be not assessed"
        )
        return ProtocolItem(FIELD_OF_VIEW, ItemState.PARTIAL, False, why, PROPOSED)
    return ProtocolItem(FIELD_OF_VIEW, ItemState.PRESENT, False, "", PROPOSED)
