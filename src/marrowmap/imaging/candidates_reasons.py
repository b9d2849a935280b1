"""Why a place is proposed, in words a radiologist can check on the images."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from marrowmap.core.lesion import Candidate
from marrowmap.core.site import Site, mirror, site, site_of_label
from marrowmap.imaging.candidates_zscore import Unusual
from marrowmap.imaging.measure import RegionMeasures

HEALTHY_CHILDREN = 196
# Healthy children of 5 to 19 years, areas of raised signal (of these major) and children with a major one;
# definitions 6.4 [S09, S10]. Knee, foot, hand, proximal humerus: named as main places, not counted apart.
_LIMB = (
    "raised signal is common here in healthy children: {areas} areas ({major} major) in the {limb} limbs of 196;"
    " 58.7 % had a major one in a limb"
)
_AXIAL = (
    "raised signal occurs here in healthy children: 415 areas (75 major) in the axial skeleton of 196;"
    " 29.6 % had a major one"
)
PREVALENCE: dict[str, str] = {
    "knee": _LIMB.format(areas=675, major=340, limb="lower"),
    "foot": _LIMB.format(areas=675, major=340, limb="lower"),
    "hand": _LIMB.format(areas=366, major=79, limb="upper"),
    "proximal_humerus": _LIMB.format(areas=366, major=79, limb="upper"),
    "axial": _AXIAL,
    "pelvis": _AXIAL + ", 54 of the 75 in the pelvis",
}


def prevalence_of(site_id: str) -> str:
    """What is known of bright spots at this place in healthy children; "" where the series names nothing."""
    return PREVALENCE.get(site(site_id).healthy_group, "")


def reasons(
    candidate: Candidate,
    measures: RegionMeasures,
    values: Unusual,
    mask: npt.NDArray[np.bool_],
    labels: npt.NDArray[np.uint8],
) -> tuple[str, ...]:
    """Findings in order of weight. mask, labels: on the working grid."""
    said: list[str] = []
    if candidate.si_ratio.value is not None:
        said.append(f"{candidate.si_ratio.value:.1f} times muscle on STIR")
    if "t1" in values.z:
        z = float(np.median(values.z["t1"][mask]))
        said.append(
            "dark on T1"
            if z < -1
            else ("slightly dark on T1" if z < -0.3 else "not darker than its surroundings on T1")
        )
    if "dwi" in values.z:
        z = float(np.median(values.z["dwi"][mask]))
        adc = f", ADC {candidate.adc.value / 1000:.1f}" if candidate.adc.value is not None else ""
        said.append(f"{'high' if z > 1.5 else 'not high'} on DWI{adc}")
    said.append(_twin(candidate.site, values, labels))
    if measures.periosteal_ratio.value is not None and measures.periosteal_ratio.value > 2.0:
        said.append(f"signal beside the bone {measures.periosteal_ratio.value:.1f} times muscle")
    return tuple(s for s in said if s)


def _twin(unit: Site, values: Unusual, labels: npt.NDArray[np.uint8]) -> str:
    """How the same unit of the other side, or the neighbouring vertebrae, look."""
    other = mirror(unit)
    if other is not None:
        inside = labels == other.label
        if not inside.any():
            return f"its twin on the {other.side} was not assessed"
        share = float((values.multi[inside] > 3.5).mean())
        return f"its twin on the {other.side} is {'bright too' if share > 0.05 else 'normal'}"
    beside = [s for s in (site_of_label(unit.label - 1), site_of_label(min(unit.label + 1, 129))) if s]
    near = [s for s in beside if s.region is unit.region and (labels == s.label).any()]
    if not near:
        return ""
    bright = [s for s in near if float((values.multi[labels == s.label] > 3.5).mean()) > 0.05]
    names = " and ".join(s.level or s.name for s in (bright or near))
    return f"{names} {'look alike' if bright else ('is normal' if len(near) == 1 else 'are normal')}"
