"""What changed in numbers: volume, signal ratio, ADC, extramedullary signs, vertebral height."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from marrowmap.core.lesion import Assessment, Lesion
from marrowmap.core.scores import genant

SIGNS = {
    "soft_tissue_oedema": "soft-tissue signal",
    "periosteal_reaction": "periosteal signal",
    "height_loss": "height loss",
}
"""Signs whose appearance makes a lesion worse (definitions, 9.1)."""


@dataclass(frozen=True)
class Measure:
    """One number at both times; None: not measured. corrected_percent: volume after
    correction for growth, signal against muscle close by."""

    name: str
    unit: str
    before: float | None
    after: float | None
    corrected_percent: float | None = None

    @property
    def percent(self) -> float | None:
        """(after - before) / before in percent; None when a value is missing or was 0 before."""
        return percent_change(self.before, self.after)

    @property
    def deciding_percent(self) -> float | None:
        """What the limit is applied to: the corrected percentage where that is known."""
        return self.percent if self.corrected_percent is None else self.corrected_percent


def percent_change(before: float | None, after: float | None) -> float | None:
    """Relative change in percent; None when a value is missing or was 0 before."""
    if before is None or after is None or before == 0:
        return None
    # Nine digits, so that exactly 30 % stays 30 % for values without an exact binary form.
    return round((after - before) / before * 100, 9)


def volume(old: Sequence[Lesion], new: Sequence[Lesion], growth: float | None) -> Measure:
    """Summed volume in ml. growth: how many times its earlier volume the bone has now; None: not known."""
    before, after = _total(old), _total(new)
    corrected = None if growth is None or after is None else percent_change(before, after / growth)
    return Measure("volume", "ml", before, after, corrected)


def si_ratio(
    old: Sequence[Lesion],
    new: Sequence[Lesion],
    near: tuple[Mapping[str, float], Mapping[str, float]] = ({}, {}),
) -> Measure:
    """Signal over muscle of the same station, mean weighted by volume.

    near: lesion id -> signal over muscle close by in the earlier and the later exam; where all lesions have one
    it gives the percentage that decides.
    """
    first, then = _weighted(old, near[0]), _weighted(new, near[1])
    return Measure(
        "signal ratio", "", _mean(old, "si_ratio"), _mean(new, "si_ratio"), percent_change(first, then)
    )


def adc(old: Sequence[Lesion], new: Sequence[Lesion]) -> Measure:
    """ADC in 1e-6 mm2/s, mean weighted by volume."""
    return Measure("ADC", "1e-6 mm2/s", _mean(old, "adc"), _mean(new, "adc"))


def genant_grade(lesions: Sequence[Lesion]) -> int | None:
    """Highest Genant grade of the lesions' vertebrae; None when no height was measured."""
    losses = [genant.height_loss(x.features.heights).largest for x in lesions if x.site.is_vertebra]
    known = [genant.grade(loss) for loss in losses if loss is not None]
    return max(known, default=None)


def height_loss_percent(lesions: Sequence[Lesion]) -> float | None:
    """Greatest loss of vertebral height in percent; None when no height was measured."""
    losses = [genant.height_loss(x.features.heights).largest for x in lesions if x.site.is_vertebra]
    return max((loss for loss in losses if loss is not None), default=None)


def signs(old: Sequence[Lesion], new: Sequence[Lesion]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(signs that appeared, signs that went), in words; a sign not assessed at one time is in neither."""
    came, went = [], []
    for name, words in SIGNS.items():
        before, now = _joined(old, name), _joined(new, name)
        if before is Assessment.ABSENT and now is Assessment.PRESENT:
            came.append(words)
        if before is Assessment.PRESENT and now is Assessment.ABSENT:
            went.append(words)
    return tuple(came), tuple(went)


def _joined(lesions: Sequence[Lesion], name: str) -> Assessment:
    states = [getattr(x.features, name) for x in lesions]
    if Assessment.PRESENT in states:
        return Assessment.PRESENT
    return Assessment.NOT_ASSESSED if not states or Assessment.NOT_ASSESSED in states else Assessment.ABSENT


def _total(lesions: Sequence[Lesion]) -> float | None:
    values = [x.volume_ml for x in lesions]
    known = [v for v in values if v is not None]
    return None if not known or len(known) < len(values) else float(sum(known))


def _mean(lesions: Sequence[Lesion], name: str) -> float | None:
    return _weighted(lesions, {x.id: v for x in lesions if (v := getattr(x, name)) is not None})


def _weighted(lesions: Sequence[Lesion], values_by_id: Mapping[str, float]) -> float | None:
    """Mean weighted by volume; None when one is missing."""
    values = [values_by_id.get(x.id) for x in lesions]
    known = [v for v in values if v is not None]
    if not known or len(known) < len(values):
        return None
    weights = [x.volume_ml or 0.0 for x in lesions]
    if not all(weights):
        return sum(known) / len(known)
    return sum(v * w for v, w in zip(known, weights, strict=True)) / sum(weights)
