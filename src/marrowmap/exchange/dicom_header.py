"""What one image says, as typed values.

Values that are alike in most images of a series (who, when, how it was acquired) lie in one shared
``Settings`` object; what differs from image to image (place, instance number, where its pixels are) lies in
an ``ImageHeader``. Units: millimetres, milliseconds, degrees, s/mm2. Missing or unreadable is None or "".
Source: DICOM PS3.3 C.8.3.1 (MR image), C.7.6.2 (image plane), C.8.13 (enhanced MR).
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from marrowmap.exchange.dicom_scan import Scan

Values = dict[int, bytes]


@dataclass(frozen=True, slots=True)
class Settings:
    """Values shared by the images of one acquisition."""

    sop_class: str = ""
    modality: str = ""
    patient_id: str = field(default="", repr=False)
    patient_name: str = field(default="", repr=False)
    birth_date: str = field(default="", repr=False)
    patient_comments: str = field(default="", repr=False)
    sex: str = ""
    age: str = ""
    size_m: float | None = None
    study_uid: str = ""
    study_date: str = ""
    series_uid: str = ""
    series_number: int | None = None
    description: str = ""
    protocol: str = ""
    manufacturer: str = ""
    model: str = ""
    field_tesla: float | None = None
    body_part: str = ""
    image_type: tuple[str, ...] = ()
    component: str = "M"
    scanning_sequence: tuple[str, ...] = ()
    sequence_variant: tuple[str, ...] = ()
    scan_options: tuple[str, ...] = ()
    acquisition_type: str = ""
    sequence_name: str = ""
    tr_ms: float | None = None
    te_ms: float | None = None
    ti_ms: float | None = None
    flip_degrees: float | None = None
    echo_train: int | None = None
    echo_number: int | None = None
    thickness_mm: float | None = None
    spacing_between_mm: float | None = None
    b_value: float | None = None
    fat_suppression: str = ""
    contrast_agent: bool = False
    frame_of_reference: str = ""
    rows: int = 0
    columns: int = 0
    pixel_spacing: tuple[float, float] | None = None
    orientation: tuple[float, ...] | None = None
    samples: int = 1
    photometric: str = ""
    bits_allocated: int = 16
    bits_stored: int = 16
    signed: bool = False
    syntax: str = ""
    mosaic_tiles: int = 0


class ImageHeader(NamedTuple):
    """One image: a classic file, a frame of a multi-frame file or a tile of a mosaic.

    file: index into the list of files. frame: 0 for a classic file. position: LPS mm of the first pixel.
    pixel_offset: bytes into the file, -1 when only a library finds the pixels; pixel_length -1: encapsulated.
    tile: (row, column) of the upper left pixel inside a mosaic.
    """

    settings: Settings
    file: int
    frame: int
    frames: int
    sop_uid: str
    instance: int | None
    position: tuple[float, float, float] | None
    acquisition: int | None
    temporal: int | None
    time: str
    trigger_ms: float | None
    slope: float
    intercept: float
    pixel_offset: int
    pixel_length: int
    tile: tuple[int, int] | None = None
    stack_label: str = ""


def text(raw: bytes | None, charset: bytes = b"") -> str:
    """Text without padding; a character that does not decode becomes U+FFFD."""
    if not raw:
        return ""
    encoding = "utf-8" if b"192" in charset else "latin-1"
    return raw.decode(encoding, "replace").strip(" \0")


@lru_cache(maxsize=4096)
def texts(raw: bytes | None) -> tuple[str, ...]:
    """Upper-case values of a code string, empty ones left out."""
    if not raw:
        return ()
    parts = (p.strip(" \0").upper() for p in raw.decode("latin-1").split("\\"))
    return tuple(p for p in parts if p)


@lru_cache(maxsize=65536)
def numbers(raw: bytes | None) -> tuple[float, ...] | None:
    """Finite numbers of a decimal or integer string; None when one of them is none."""
    if not raw:
        return None
    try:
        values = tuple(float(part) for part in raw.split(b"\\"))
    except ValueError:
        return None
    return values if all(map(math.isfinite, values)) else None


def number(raw: bytes | None) -> float | None:
    """First number of a decimal or integer string, None when there is none."""
    values = numbers(raw)
    return values[0] if values else None


def whole(raw: bytes | None) -> int | None:
    """First whole number of an integer string, None when there is none."""
    value = number(raw)
    return None if value is None else int(value)


def _unpacked(raw: bytes | None, form: str) -> float | None:
    if not raw or len(raw) < struct.calcsize(form):
        return None
    value = struct.unpack_from(form, raw)[0]
    return float(value) if math.isfinite(value) else None


def _count(raw: bytes | None, otherwise: int) -> int:
    value = _unpacked(raw, "<H")
    return otherwise if value is None else int(value)


_SHARED = (
    0x00080005, 0x00080008, 0x00080016, 0x00080020, 0x00080021, 0x00080022, 0x00080060, 0x00080070,
    0x0008103E, 0x00081090, 0x00100010, 0x00100020, 0x00100030, 0x00100040, 0x00101010, 0x00101020,
    0x00104000, 0x00180010, 0x00180015, 0x00180020, 0x00180021, 0x00180022, 0x00180023, 0x00180024,
    0x00180050, 0x00180080, 0x00180081, 0x00180082, 0x00180086, 0x00180087, 0x00180088, 0x00180091,
    0x00181030, 0x00181314, 0x00189087, 0x00190010, 0x0019100A, 0x0019100C, 0x0020000D, 0x0020000E,
    0x00200011, 0x00200037, 0x00200052, 0x00280002, 0x00280004, 0x00280010, 0x00280011, 0x00280030,
    0x00280100, 0x00280101, 0x00280103, 0x00430010, 0x0043102F, 0x00431039, 0x00650010, 0x00651009,
    0x20010010, 0x20011003, 0x00020010,
)  # fmt: skip


class HeaderReader:
    """Turns scans into headers; equal settings are parsed once and shared."""

    def __init__(self) -> None:
        self._known: dict[tuple[bytes | None, ...], Settings] = {}

    def settings(self, values: Values) -> Settings:
        """The shared part of a scan."""
        key = tuple(map(values.get, _SHARED))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = _parse_settings(values)
        return found

    def header(self, scan: Scan, file: int) -> ImageHeader:
        """The header of a file that holds one image."""
        get = scan.values.get
        place = numbers(get(0x00200032))
        slope, intercept = number(get(0x00281053)), number(get(0x00281052))
        return ImageHeader(
            settings=self.settings(scan.values),
            file=file,
            frame=0,
            frames=whole(get(0x00280008)) or 1,
            sop_uid=text(get(0x00080018)),
            instance=whole(get(0x00200013)),
            position=place if place is not None and len(place) == 3 else None,
            acquisition=whole(get(0x00200012)),
            temporal=whole(get(0x00200100)),
            time=text(get(0x00080032)),
            trigger_ms=number(get(0x00181060)),
            slope=1.0 if slope is None or slope == 0 else slope,
            intercept=0.0 if intercept is None else intercept,
            pixel_offset=scan.pixel_offset,
            pixel_length=scan.pixel_length,
        )


def _b_value(values: Values) -> float | None:
    """b-value in s/mm2 from the standard element, else from the vendor's private one.

    Sources: DICOM PS3.3 C.8.13.5.9; Siemens (0019,100C); GE (0043,1039) item 1, which newer software writes
    with 1e9 added; United Imaging (0065,1009); Philips (2001,1003).
    """
    get = values.get
    b = _unpacked(get(0x00189087), "<d")
    if b is None and b"SIEMENS" in (get(0x00190010) or b"").upper():
        b = number(get(0x0019100C))
    if b is None and b"GEMS" in (get(0x00430010) or b"").upper():
        b = number(get(0x00431039))
        if b is not None and b >= 1e9:
            b -= 1e9
    if b is None and get(0x00651009):
        raw = get(0x00651009)
        b = _unpacked(raw, "<d") if raw is not None and len(raw) == 8 else number(raw)
    if b is None and b"PHILIPS" in (get(0x20010010) or b"").upper():
        b = _unpacked(get(0x20011003), "<f")
    return b if b is not None and 0 <= b < 50_000 else None


_COMPONENTS = {
    "M": "M", "P": "P", "R": "R", "I": "I", "PHASE": "P", "REAL": "R",
    "IMAGINARY": "I", "PHASE MAP": "P", "M_FFE": "M", "M_SE": "M", "M_IR": "M", "P_FFE": "P",
    "P_SE": "P", "R_IR": "R", "R_FFE": "R", "I_FFE": "I", "MAGNITUDE": "M",
}  # fmt: skip


def component_of(image_type: tuple[str, ...], ge_code: float | None = None) -> str:
    """M magnitude, P phase, R real, I imaginary; M when nothing is said."""
    if ge_code is not None and 0 <= ge_code <= 3:
        return "MPRI"[int(ge_code)]
    for token in image_type[2:]:
        if token in _COMPONENTS:
            return _COMPONENTS[token]
    return "M"


def _parse_settings(values: Values) -> Settings:
    get = values.get
    charset = get(0x00080005) or b""
    image_type = texts(get(0x00080008))
    spacing, orientation = numbers(get(0x00280030)), numbers(get(0x00200037))
    echo_train = whole(get(0x00180091))
    is_ge = b"GEMS" in (get(0x00430010) or b"").upper()
    return Settings(
        sop_class=text(get(0x00080016)),
        modality=text(get(0x00080060)).upper(),
        patient_id=text(get(0x00100020), charset),
        patient_name=text(get(0x00100010), charset),
        birth_date=text(get(0x00100030)),
        patient_comments=text(get(0x00104000), charset),
        sex=text(get(0x00100040)).upper(),
        age=text(get(0x00101010)).upper(),
        size_m=number(get(0x00101020)),
        study_uid=text(get(0x0020000D)),
        study_date=text(get(0x00080020)) or text(get(0x00080021)) or text(get(0x00080022)),
        series_uid=text(get(0x0020000E)),
        series_number=whole(get(0x00200011)),
        description=text(get(0x0008103E), charset),
        protocol=text(get(0x00181030), charset),
        manufacturer=text(get(0x00080070), charset),
        model=text(get(0x00081090), charset),
        field_tesla=number(get(0x00180087)),
        body_part=text(get(0x00180015)).upper(),
        image_type=image_type,
        component=component_of(image_type, _unpacked(get(0x0043102F), "<h") if is_ge else None),
        scanning_sequence=texts(get(0x00180020)),
        sequence_variant=texts(get(0x00180021)),
        scan_options=texts(get(0x00180022)),
        acquisition_type=text(get(0x00180023)).upper(),
        sequence_name=text(get(0x00180024)),
        tr_ms=number(get(0x00180080)),
        te_ms=number(get(0x00180081)),
        ti_ms=number(get(0x00180082)) or None,
        flip_degrees=number(get(0x00181314)),
        echo_train=echo_train,
        echo_number=whole(get(0x00180086)),
        thickness_mm=number(get(0x00180050)),
        spacing_between_mm=number(get(0x00180088)),
        b_value=_b_value(values),
        contrast_agent=text(get(0x00180010)).upper() not in ("", "NO", "NONE", "N"),
        frame_of_reference=text(get(0x00200052)),
        rows=_count(get(0x00280010), 0),
        columns=_count(get(0x00280011), 0),
        pixel_spacing=(spacing[0], spacing[1])
        if spacing and len(spacing) >= 2 and min(spacing) > 0
        else None,
        orientation=orientation if orientation is not None and len(orientation) == 6 else None,
        samples=_count(get(0x00280002), 1),
        photometric=text(get(0x00280004)).upper(),
        bits_allocated=_count(get(0x00280100), 16),
        bits_stored=_count(get(0x00280101), 16),
        signed=_count(get(0x00280103), 0) == 1,
        syntax=text(get(0x00020010)),
        mosaic_tiles=_count(get(0x0019100A), 0) if "MOSAIC" in image_type else 0,
    )
