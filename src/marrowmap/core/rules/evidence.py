"""A fact drawn from a case, with what it rests on. Facts are PRESENT, ABSENT or NOT_ASSESSED."""

from __future__ import annotations

from dataclasses import dataclass

from marrowmap.core.lesion import Assessment, Lesion


@dataclass(frozen=True)
class Evidence:
    """One entry a fact rests on. kind: lesion, unit, laboratory, visit, patient, radiograph, biopsy, drug."""

    kind: str
    id: str
    text: str


@dataclass(frozen=True)
class Fact:
    """Whether something holds, what that rests on, and why it is open when it is."""

    state: Assessment
    evidence: tuple[Evidence, ...] = ()
    note: str = ""

    @property
    def holds(self) -> bool | None:
        """True, False, or None when open."""
        return self.state.as_bool()


def open_fact(note: str) -> Fact:
    """A fact that nothing is known about, and why."""
    return Fact(Assessment.NOT_ASSESSED, note=note)


def of_lesion(lesion: Lesion, detail: str = "") -> Evidence:
    """A lesion as evidence."""
    name = lesion.site.name + (" (level uncertain)" if lesion.level_uncertain else "")
    return Evidence("lesion", lesion.id, f"{name}: {detail}" if detail else name)


def of_lesions(lesions: tuple[Lesion, ...]) -> tuple[Evidence, ...]:
    """Lesions as evidence."""
    return tuple(of_lesion(lesion) for lesion in lesions)
