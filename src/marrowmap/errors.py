"""Every exception a caller may want to catch.

::

    MarrowmapError
    ├── InputError              what came in cannot be used            exit code 2
    │   ├── NoImagesFound       nothing readable in the given place
    │   ├── UnsafeArchive       a path climbs out, or it unpacks without end
    │   ├── NotMagneticResonance  another modality
    │   ├── SeveralPatients     images of more than one person
    │   ├── SeveralExams        more than one exam of one person
    │   └── InvalidRecord       a field of a reading, visit or table is wrong
    ├── StationsDoNotMeet       volumes cannot be composed             exit code 3
    ├── OutputExists            the target is there already            exit code 4
    └── MissingExtra            an optional dependency is not installed exit code 5

Each carries ``what`` (the file, series or field), ``why`` and ``remedy``; ``str()`` joins the three.
"""

from __future__ import annotations


class MarrowmapError(Exception):
    """Base of all errors of this package; the message names the thing, the reason and the remedy."""

    exit_code = 1

    def __init__(self, what: str, why: str, remedy: str = "") -> None:
        self.what = what
        self.why = why
        self.remedy = remedy
        super().__init__(what, why, remedy)

    def __str__(self) -> str:
        text = f"{self.what}: {self.why}"
        return f"{text}. {self.remedy}" if self.remedy else f"{text}."


class InputError(MarrowmapError):
    """What came in cannot be used."""

    exit_code = 2


class NoImagesFound(InputError):
    """Nothing readable in the given place."""


class UnsafeArchive(InputError):
    """An archive whose paths climb out of it, or that unpacks without end."""


class NotMagneticResonance(InputError):
    """Images of another modality than MR."""


class SeveralPatients(InputError):
    """Images of more than one person where one was expected."""


class SeveralExams(InputError):
    """More than one exam of one person where one was expected."""


class InvalidRecord(InputError):
    """A field of a reading, a visit or a table holds a value that is not accepted."""


class StationsDoNotMeet(MarrowmapError):
    """Stations of one contrast cannot be brought onto one grid."""

    exit_code = 3


class OutputExists(MarrowmapError):
    """The place to write to is taken already."""

    exit_code = 4


class MissingExtra(MarrowmapError):
    """An optional dependency is not installed."""

    exit_code = 5
