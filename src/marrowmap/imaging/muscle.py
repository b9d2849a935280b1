"""Muscle as the yardstick of signal: its median in each station of each sequence.

Coil sensitivity differs from station to station, so a lesion is compared with muscle of its own station
(definitions, section 9.2; the choice of the same station is PROPOSED there).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.imaging.normalise import POOL, pool
from marrowmap.imaging.working import Working, distance_to

MIN_VOXELS = 200


@dataclass(frozen=True)
class MuscleReference:
    """Median muscle signal by sequence and station.

    level, spread: (sequence, station) -> median and robust standard deviation; a pair that is missing had too
    little muscle in view, and then the whole exam's value stands under station -1 (with ``borrowed`` set).
    """

    level: dict[tuple[str, int], float] = field(default_factory=dict)
    spread: dict[tuple[str, int], float] = field(default_factory=dict)

    def of(self, sequence: str, station: int) -> tuple[float, float, bool] | None:
        """(median, spread, borrowed from the whole exam); None when no muscle was found at all."""
        for key, borrowed in (((sequence, station), False), ((sequence, -1), True)):
            if key in self.level:
                return self.level[key], self.spread[key], borrowed
        return None


def muscle_mask(work: Working, bone: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Voxels that look like muscle: near bone, deep, dark on T1, neither dark nor bright on STIR."""
    mask = work.body & (work.depth_mm > 5)
    if bone.any():
        near = distance_to(bone, work.grid.spacing)
        mask &= (near > 4) & (near < 35)
    if "T1" in work.signal:
        mask &= _below_fat(work, mask)
    if work.main and work.main != "T1":
        mask &= _around_mode(work.signal[work.main], work.station, mask)
    return mask


def muscle_reference(work: Working, muscle: npt.NDArray[np.bool_]) -> MuscleReference:
    """Medians of every sequence in every station; station -1 is the whole exam."""
    reference = MuscleReference()
    for name, signal in work.signal.items():
        if name == "ADC":
            continue
        usable = muscle & work.covered[name]
        for station in (-1, *np.unique(work.station[usable])):
            values = signal[usable & (work.station == station)] if station >= 0 else signal[usable]
            if values.size >= MIN_VOXELS:
                middle = float(np.median(values))
                if middle <= 0:
                    continue
                reference.level[(name, int(station))] = middle
                reference.spread[(name, int(station))] = float(1.4826 * np.median(np.abs(values - middle)))
    return reference


def local_muscle(
    work: Working, muscle: npt.NDArray[np.bool_], name: str, sigma_mm: float = 45.0
) -> np.ndarray:
    """Slowly varying muscle signal at every voxel (float32), from a Gaussian-weighted mean of muscle voxels.

    Where no muscle is near, the whole exam's median. Works per station, so steps between stations stay.
    """
    signal = work.signal[name]
    usable = muscle & work.covered[name]
    overall = float(np.median(signal[usable])) if usable.any() else float(np.median(signal[work.body]) or 1.0)
    sigma = [sigma_mm / (s * k) for s, k in zip(work.grid.spacing, (1, POOL, POOL), strict=True)]
    out = np.full(signal.shape, overall, dtype=np.float32)
    stations = [s for s in np.unique(work.station) if s >= 0] or [0]
    for station in stations:
        rows = np.flatnonzero((work.station == station).any(axis=(0, 2)))
        slab = np.s_[:, rows[0] : rows[-1] + 1]
        here = work.station[slab] == station
        use = usable[slab] & here
        own = signal[slab][use]
        level = float(np.median(own)) if own.size >= MIN_VOXELS else overall
        weight = ndimage.gaussian_filter(pool(use), sigma, truncate=2.5)
        total = ndimage.gaussian_filter(pool(np.where(use, signal[slab], 0)), sigma, truncate=2.5)
        smooth = np.repeat(np.repeat((total + 0.002 * level) / (weight + 0.002), POOL, axis=1), POOL, axis=2)
        np.copyto(out[slab], smooth[:, : here.shape[1], : here.shape[2]], where=here)
    return np.maximum(out, 0.05 * overall)


def _below_fat(work: Working, mask: np.ndarray) -> np.ndarray:
    """T1 signal under 0.6 of fat, fat being the 90th percentile of the same station."""
    t1 = work.signal["T1"]
    out = np.zeros(mask.shape, dtype=bool)
    for station in np.unique(work.station):
        here = mask & (work.station == station) & work.covered["T1"]
        body = work.body & (work.station == station) & work.covered["T1"]
        if here.any():
            out |= here & (t1 < 0.6 * np.percentile(t1[body], 92))
    return out | (mask & ~work.covered["T1"])


def _around_mode(signal: np.ndarray, station: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Within 35 % of the commonest signal of the station, leaving out the darkest tenth."""
    out = np.zeros(mask.shape, dtype=bool)
    for value in np.unique(station):
        here = mask & (station == value)
        values = signal[here]
        if values.size < MIN_VOXELS:
            continue
        low, high = np.percentile(values, [2, 98])
        counts, edges = np.histogram(values, bins=96, range=(low, high))
        counts = ndimage.gaussian_filter1d(counts.astype(float), 2)
        start = 96 // 10
        mode = edges[start + int(np.argmax(counts[start:]))]
        out |= here & (np.abs(signal - mode) < 0.35 * mode)
    return out
