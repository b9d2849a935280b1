"""Which images belong to the exam when a folder holds several patients, exams or modalities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from marrowmap.errors import InputError, NotMagneticResonance, SeveralExams, SeveralPatients
from marrowmap.exchange.dicom_header import ImageHeader, Settings
from marrowmap.exchange.dicom_patient import parse_date, patient_key

STRAY_SHARE = 0.05
"""Up to this share of the images (and at most 50) another patient's or exam's images are strays, set aside
with a warning; more is a decision for a person (our choice)."""
STRAY_MOST = 50


@dataclass
class Choice:
    """headers: the images of the chosen exam. set_aside: (what, reason, image)."""

    headers: list[ImageHeader]
    set_aside: list[tuple[str, str, ImageHeader]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def choose(headers: list[ImageHeader], name: str, patient: str | None, study: str | None) -> Choice:
    """The images of one MR exam of one patient.

    Raises NotMagneticResonance, SeveralPatients, SeveralExams, InputError (the wanted one is not there).
    """
    result = Choice(headers)
    _keep_magnetic_resonance(result, name)
    _keep_patient(result, name, patient)
    _keep_study(result, name, study)
    return result


def _keep_magnetic_resonance(result: Choice, name: str) -> None:
    modalities = Counter(h.settings.modality for h in result.headers)
    others = {m: n for m, n in modalities.items() if m not in ("MR", "")}
    if not others:
        return
    if sum(others.values()) == len(result.headers):
        kinds = ", ".join(f"{m} ({n} images)" for m, n in sorted(others.items()))
        raise NotMagneticResonance(name, f"the images are no MR: {kinds}", "Give the folder of an MR exam.")
    rest = [h for h in result.headers if h.settings.modality in others]
    for h in rest:
        result.set_aside.append(
            (f"{h.settings.modality} image", f"another modality than MR ({h.settings.modality})", h)
        )
    result.headers = [h for h in result.headers if h.settings.modality not in others]
    kinds = ", ".join(f"{n} of modality {m}" for m, n in sorted(others.items()))
    result.warnings.append(f"Images of another modality were set aside: {kinds}.")


def _parts(headers: list[ImageHeader], of: Callable[[Settings], str]) -> dict[str, list[ImageHeader]]:
    parts: dict[str, list[ImageHeader]] = {}
    names: dict[int, str] = {}
    for h in headers:
        key = names.get(id(h.settings))
        if key is None:
            key = names[id(h.settings)] = of(h.settings)
        parts.setdefault(key, []).append(h)
    return dict(sorted(parts.items(), key=lambda item: (-len(item[1]), item[0])))


def _is_stray(part: list[ImageHeader], total: int) -> bool:
    return len(part) <= min(STRAY_MOST, STRAY_SHARE * total)


def _keep_patient(result: Choice, name: str, wanted: str | None) -> None:
    parts = _parts(result.headers, patient_key)
    listed = ", ".join(f"{key} ({len(part)} images)" for key, part in parts.items())
    if wanted is not None:
        named = {
            k for k, p in parts.items() if k == wanted or any(h.settings.patient_id == wanted for h in p)
        }
        if len(named) != 1:
            raise InputError("--patient", f"{name} holds no such patient", f"It holds: {listed}.")
        key = named.pop()
    else:
        key = next(iter(parts))
        rest = [part for other, part in parts.items() if other != key]
        if not all(_is_stray(part, len(result.headers)) for part in rest):
            raise SeveralPatients(
                name,
                f"it holds images of {len(parts)} patients: {listed}",
                "Choose one with --patient and its key, or separate the folders.",
            )
    others = [h for other, part in parts.items() if other != key for h in part]
    for h in others:
        result.set_aside.append(("image of another patient", "it carries another patient's identity", h))
    if others:
        result.warnings.append(
            f"{len(others)} images of {len(parts) - 1} other patient(s) lie among the images and were set "
            "aside; remove them from the folder (they are listed among the leftovers)."
        )
    result.headers = parts[key]


def _keep_study(result: Choice, name: str, wanted: str | None) -> None:
    parts = _parts(result.headers, lambda s: s.study_uid)
    if len(parts) == 1 and wanted is None:
        return
    listed = "; ".join(
        f"{uid or 'without UID'} of {_day(part)} ({len(part)} images)" for uid, part in parts.items()
    )
    if wanted is not None:
        named = [uid for uid in parts if uid == wanted] or [uid for uid in parts if uid.endswith(wanted)]
        if len(named) != 1:
            raise InputError("--study", f"{name} holds no such exam, or several", f"It holds: {listed}.")
        key = named[0]
    else:
        key = next(iter(parts))
        rest = [part for other, part in parts.items() if other != key]
        if not all(_is_stray(part, len(result.headers)) for part in rest):
            raise SeveralExams(
                name,
                f"it holds {len(parts)} exams of one patient: {listed}",
                "Choose one with --study and its UID (its last digits are enough), or separate the folders.",
            )
    others = [h for other, part in parts.items() if other != key for h in part]
    for h in others:
        result.set_aside.append(("image of another exam", "it carries another study's UID", h))
    if others:
        result.warnings.append(f"{len(others)} images of {len(parts) - 1} other exam(s) were set aside.")
    result.headers = parts[key]


def _day(part: list[ImageHeader]) -> str:
    day = parse_date(part[0].settings.study_date)
    return day.isoformat() if day else "an unknown date"
