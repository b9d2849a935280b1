"""Who, when and on what: patient, date and scanner from the headers of one exam."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from datetime import date

from marrowmap.core.exam import Patient, Scanner, Sex
from marrowmap.exchange.dicom_header import Settings

SYNTHETIC_MARK = "SYNTHETIC DIGITAL CHILD"
DEFAULT_SALT = b"marrowmap patient key 1"
"""Fixed, so that exams of one child link to each other everywhere. It hides ids from a casual reader only:
who holds a list of ids can test them. Give a secret salt where that matters."""


def patient_key(s: Settings, salt: bytes = DEFAULT_SALT) -> str:
    """Pseudonym of 12 hexadecimal digits from the patient id, else from name and birth date.

    "unknown" when the files name nobody.
    """
    identity = s.patient_id or (f"{s.patient_name}|{s.birth_date}" if s.patient_name else "")
    if not identity:
        return "unknown"
    return hashlib.blake2b(identity.encode(), key=salt[:64], digest_size=6).hexdigest()


def parse_date(value: str) -> date | None:
    """Date of a DICOM DA value; None when it is empty, blanked or impossible (``***``, ``00010101``)."""
    digits = value.replace(".", "").replace("-", "").strip()
    if not re.fullmatch(r"\d{8}", digits):
        return None
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
    return day if day.year >= 1970 else None


def age_years(s: Settings, on: date | None) -> float | None:
    """Age in years from the age string (``009Y``, ``108M``, ``030W``, ``012D``), else from the birth date."""
    match = re.fullmatch(r"(\d{1,3})([DWMY])", s.age)
    if match:
        per_year = {"D": 365.25, "W": 52.1775, "M": 12.0, "Y": 1.0}[match.group(2)]
        years = int(match.group(1)) / per_year
        if years > 0:
            return round(years, 2)
    born = parse_birth(s.birth_date)
    if born is not None and on is not None and born <= on:
        return round((on - born).days / 365.25, 2)
    return None


def parse_birth(value: str) -> date | None:
    """Birth date; dates before 1900 are taken as blanked."""
    digits = value.replace(".", "").strip()
    if not re.fullmatch(r"\d{8}", digits) or int(digits[:4]) < 1900:
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def exam_date(settings: Iterable[Settings]) -> date | None:
    """Earliest readable date of the exam."""
    return min((d for s in settings if (d := parse_date(s.study_date))), default=None)


def describe_patient(settings: list[Settings], on: date | None, salt: bytes = DEFAULT_SALT) -> Patient:
    """The patient of an exam whose images all carry the same identity."""
    first = settings[0]
    sexes = Counter(s.sex for s in settings if s.sex)
    sex = sexes.most_common(1)[0][0] if sexes else ""
    marks = (f"{s.patient_name} {s.patient_id} {s.patient_comments} {s.manufacturer}" for s in settings)
    sizes = [s.size_m for s in settings if s.size_m and 0.3 < s.size_m < 2.5]
    return Patient(
        key=patient_key(first, salt),
        age_years=next((a for s in settings if (a := age_years(s, on)) is not None), None),
        sex=Sex(sex) if sex in ("F", "M", "O") else Sex.UNKNOWN,
        size_m=sizes[0] if sizes else None,
        synthetic=any(SYNTHETIC_MARK in re.sub(r"[\^_\s]+", " ", mark.upper()) for mark in marks),
    )


def describe_scanner(settings: list[Settings]) -> Scanner:
    """The scanner that made most of the images."""
    machines = Counter((s.manufacturer, s.model, s.field_tesla) for s in settings)
    manufacturer, model, tesla = machines.most_common(1)[0][0]
    if tesla is not None and tesla > 20:  # some files give gauss
        tesla /= 10_000
    return Scanner(manufacturer, model, tesla)


def scrubbed(path: str, settings: Iterable[Settings]) -> str:
    """A path for messages, with every part of a patient's name or id in it replaced."""
    words: set[str] = set()
    for s in settings:
        words.update(w for w in re.split(r"[\^\s,_=]+", s.patient_name) if len(w) > 2)
        if len(s.patient_id) > 2:
            words.add(s.patient_id)
    for word in sorted(words, key=len, reverse=True):
        path = re.sub(re.escape(word), "***", path, flags=re.IGNORECASE)
    return path
