"""What changed in numbers: volume, signal ratio, ADC, extramedullary signs, vertebral height."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from marrowmap.core.lesion import Assessment, Lesion
from marrowmap.core.scores import genant

SIGNS = {
    "soft_tissue_oedema": "soft-tissue signal",
    "periosteal_reaction": "periosteal signal",
    "height_loss": "height loss",
}
"""Signs whose appearance makes a lesion worse (definitions, 9.1)."""


BRAIN_SHARE = 0.6
"""How much of the change of the brain's signal, as a power, marrow lesions follow when the scanner changes.

Ours: fitted on digital children that no bench uses (of 0.3 to 1.0, 0.6 left the least spread).
"""


@dataclass(frozen=True)
class ExamSignals:
    """What the images of one exam say of signal.

    near_muscle: lesion id -> signal over muscle close by. brain: signal of the brain over muscle of the exam; None:
    not in view, or not measured.
    """

    near_muscle: Mapping[str, float] = field(default_factory=dict)
    brain: float | None = None


NO_SIGNALS = ExamSignals()


def contrast(first: ExamSignals, then: ExamSignals) -> float | None:
    """How many times brighter, against muscle, the later exam shows an unchanged lesion; None: brain not in both."""
    if not first.brain or not then.brain:
        return None
    return float((then.brain / first.brain) ** BRAIN_SHARE)


@dataclass(frozen=True)
class Measure:
    """One number at both times; None: not measured. corrected_percent: volume after
    correction for growth, signal against muscle close by and the brain."""

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
    seen: tuple[ExamSignals, ExamSignals] = (NO_SIGNALS, NO_SIGNALS),
) -> Measure:
    """Signal over muscle of the same station, mean weighted by volume.

    seen: signals of the earlier and the later exam; where all lesions were measured there, they give the percentage
    that decides: against muscle close by, and free of what the brain says is the scanner's.
    """
    first, then = _weighted(old, seen[0].near_muscle), _weighted(new, seen[1].near_muscle)
    if then is not None:
        then /= contrast(*seen) or 1.0
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
