"""Signal of a region over muscle of the same station, in it and beside it, and its ADC. Uncertainties are one standard
deviation and PROPOSED."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from marrowmap.core.geometry import Grid
from marrowmap.core.lesion import Measured
from marrowmap.core.volume import Volume
from marrowmap.imaging.muscle import MuscleReference
from marrowmap.imaging.working import on_grid, prepare_main

Bool = npt.NDArray[np.bool_]
Box = tuple[slice, slice, slice]
FLUID = ("STIR", "T2FS", "DIXON_WATER")
SYSTEMATIC = 0.05
"""Relative standard deviation of a signal ratio left after noise: where muscle is sampled (PROPOSED)."""


class Signals:
    """Signals of one exam at one region. region: bool inside ``box`` of ``grid``, the one labels lie on."""

    def __init__(
        self, volumes: dict[str, Volume], region: Bool, box: Box, grid: Grid, muscle: MuscleReference
    ) -> None:
        self._volumes, self._region, self._box, self._grid, self._muscle = volumes, region, box, grid, muscle

    def ratio(self, names: tuple[str, ...]) -> Measured:
        """Mean of the region over median of muscle, of the first of the sequences that the exam has."""
        name = next((n for n in names if n in self._volumes), None)
        if name is None:
            return Measured(None, "ratio", None, f"the exam has no {names[0]}")
        signal, covered = self._read(self._volumes[name])
        values = signal[self._region & covered]
        if values.size == 0:
            return Measured(None, "ratio", None, f"{name} does not cover the region")
        reference = self._reference(name)
        if reference is None:
            return Measured(None, "ratio", None, "no muscle found to compare with")
        level, spread, borrowed = reference
        ratio = float(values.mean()) / level
        noise = float(values.std()) / max(float(values.mean()), 1e-6) / np.sqrt(max(values.size / 4, 1))
        relative = np.sqrt(noise**2 + (spread / level / 10) ** 2 + (SYSTEMATIC * (3 if borrowed else 1)) ** 2)
        return Measured(ratio, "ratio", float(ratio * relative))

    def adc(self) -> tuple[Measured, Measured]:
        """Mean and 10th percentile, 1e-6 mm2/s."""
        unit = "1e-6 mm2/s"
        volume = self._volumes.get("ADC")
        if volume is None:
            missing = Measured(None, unit, None, "the exam has no ADC map")
            return missing, missing
        signal, covered = self._read(volume)
        inner = ndimage.binary_erosion(self._region)
        use = inner if inner.sum() >= 8 else self._region
        values = signal[use & covered]
        values = values[values > 0]
        if values.size < 4:
            missing = Measured(None, unit, None, "ADC does not cover the region")
            return missing, missing
        error = float(values.std()) / np.sqrt(max(values.size / 16, 1))
        mean = Measured(float(values.mean()), unit, float(np.hypot(error, 0.03 * values.mean())))
        return mean, Measured(float(np.percentile(values, 10)), unit, 1.7 * error)

    def beside(self, labels: np.ndarray, ring_mm: tuple[float, float]) -> Measured:
        """Upper quartile of fluid-sensitive signal over muscle in a ring outside all bone, next to the region."""
        name = next((n for n in FLUID if n in self._volumes), None)
        if name is None:
            return Measured(None, "ratio", None, "the exam has no fluid-sensitive sequence")
        spacing = self._grid.spacing
        from_bone = ndimage.distance_transform_edt(~((labels > 0) | self._region), sampling=spacing)
        from_region = ndimage.distance_transform_edt(~self._region, sampling=spacing)
        ring = (
            (from_bone > ring_mm[0])
            & (from_bone <= max(ring_mm[1], 1.2 * spacing[0]))
            & (from_region <= ring_mm[1] + 1.5 * max(spacing))
        )
        signal, covered = self._read(self._volumes[name])
        values = signal[ring & covered]
        reference = self._reference(name)
        if values.size < 20 or reference is None:
            return Measured(None, "ratio", None, "too little tissue in view beside the bone")
        ratio = float(np.percentile(values, 75)) / reference[0]
        return Measured(ratio, "ratio", ratio * (SYSTEMATIC + 1 / np.sqrt(values.size / 4)))

    def _read(self, volume: Volume) -> tuple[np.ndarray, Bool]:
        """Signal and coverage of a volume inside the box."""
        if volume.grid == self._grid:
            covered = np.ones(1, bool) if volume.covered is None else volume.covered[self._box]
            signal = np.asarray(volume.array[self._box], dtype=np.float32)
            return signal, np.broadcast_to(covered, signal.shape)
        return on_grid(volume, self._grid.part(self._box))

    def _reference(self, name: str) -> tuple[float, float, bool] | None:
        """(median, spread, borrowed from the whole exam) of the muscle of the region's station: the main volume's where
        a volume lies on a grid of its own, for ``muscle_reference`` sorts all muscle by it."""
        own = self._volumes[name]
        volume = own if own.grid == self._grid else prepare_main(self._volumes)
        station = self._station(volume) if volume.grid == self._grid else -1
        found = self._muscle.of(name, station)
        return None if found is None else (found[0], found[1], found[2] or station < 0)

    def _station(self, volume: Volume) -> int:
        """Station most of the region lies in; -1 when it lies in none."""
        if volume.station is None:
            return 0
        where = np.argwhere(self._region)
        if volume.station.ndim == 1:
            values = volume.station[where[:, 1] + self._box[1].start]
        else:
            values = volume.station[self._box][self._region]
        values = values[values >= 0]
        return int(np.bincount(values).argmax()) if values.size else -1
