"""The head of a DICOM file, read once: only the wanted elements, as the bytes they are stored in.

pydicom is the reference. This scanner knows explicit and implicit little endian files with a preamble,
which is nearly everything a scanner or archive writes; whatever it does not understand (big endian,
deflated, no preamble, a strange element) is handed to pydicom, and both give the same values.
Source: DICOM PS3.5 section 7 (data elements), PS3.10 section 7 (file format).
"""

from __future__ import annotations

import logging
import os
import struct
import warnings
from dataclasses import dataclass
from pathlib import Path

PIXEL_DATA = 0x7FE00010
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"

WANTED: dict[int, str] = {
    0x00020010: "UI",  # TransferSyntaxUID
    0x00080005: "CS",  # SpecificCharacterSet
    0x00080008: "CS",  # ImageType
    0x00080016: "UI",  # SOPClassUID
    0x00080018: "UI",  # SOPInstanceUID
    0x00080020: "DA",  # StudyDate
    0x00080021: "DA",  # SeriesDate
    0x00080022: "DA",  # AcquisitionDate
    0x00080032: "TM",  # AcquisitionTime
    0x00080060: "CS",  # Modality
    0x00080070: "LO",  # Manufacturer
    0x0008103E: "LO",  # SeriesDescription
    0x00081090: "LO",  # ManufacturerModelName
    0x00100010: "PN",  # PatientName
    0x00100020: "LO",  # PatientID
    0x00100030: "DA",  # PatientBirthDate
    0x00100040: "CS",  # PatientSex
    0x00101010: "AS",  # PatientAge
    0x00101020: "DS",  # PatientSize
    0x00104000: "LT",  # PatientComments
    0x00180010: "LO",  # ContrastBolusAgent
    0x00180015: "CS",  # BodyPartExamined
    0x00180020: "CS",  # ScanningSequence
    0x00180021: "CS",  # SequenceVariant
    0x00180022: "CS",  # ScanOptions
    0x00180023: "CS",  # MRAcquisitionType
    0x00180024: "SH",  # SequenceName
    0x00180050: "DS",  # SliceThickness
    0x00180080: "DS",  # RepetitionTime
    0x00180081: "DS",  # EchoTime
    0x00180082: "DS",  # InversionTime
    0x00180086: "IS",  # EchoNumbers
    0x00180087: "DS",  # MagneticFieldStrength
    0x00180088: "DS",  # SpacingBetweenSlices
    0x00180091: "IS",  # EchoTrainLength
    0x00181030: "LO",  # ProtocolName
    0x00181060: "DS",  # TriggerTime
    0x00181314: "DS",  # FlipAngle
    0x00189087: "FD",  # DiffusionBValue
    0x00190010: "LO",  # private creator
    0x0019100A: "US",  # Siemens: NumberOfImagesInMosaic
    0x0019100C: "IS",  # Siemens: B_value
    0x0020000D: "UI",  # StudyInstanceUID
    0x0020000E: "UI",  # SeriesInstanceUID
    0x00200011: "IS",  # SeriesNumber
    0x00200012: "IS",  # AcquisitionNumber
    0x00200013: "IS",  # InstanceNumber
    0x00200032: "DS",  # ImagePositionPatient
    0x00200037: "DS",  # ImageOrientationPatient
    0x00200052: "UI",  # FrameOfReferenceUID
    0x00200100: "IS",  # TemporalPositionIdentifier
    0x00280002: "US",  # SamplesPerPixel
    0x00280004: "CS",  # PhotometricInterpretation
    0x00280008: "IS",  # NumberOfFrames
    0x00280010: "US",  # Rows
    0x00280011: "US",  # Columns
    0x00280030: "DS",  # PixelSpacing
    0x00280100: "US",  # BitsAllocated
    0x00280101: "US",  # BitsStored
    0x00280103: "US",  # PixelRepresentation
    0x00281052: "DS",  # RescaleIntercept
    0x00281053: "DS",  # RescaleSlope
    0x00430010: "LO",  # private creator
    0x0043102F: "SS",  # GE: image type 0 magnitude, 1 phase, 2 real, 3 imaginary
    0x00431039: "IS",  # GE: b-value and slop
    0x00650010: "LO",  # private creator
    0x00651009: "FD",  # United Imaging: b-value
    0x20010010: "LO",  # private creator
    0x20011003: "FL",  # Philips: b-value
}
"""Tag -> the representation its bytes are kept in (the one of the data dictionary)."""

_BINARY = {"US": "<H", "SS": "<h", "FD": "<d", "FL": "<f"}
_LONG = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
_SHORT = frozenset(
    v.encode()
    for v in "AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split()  # noqa: SIM905
)


class NotDicom(Exception):
    """The file is no DICOM file, or nothing in it can be read."""


class _Odd(Exception):
    """Something this scanner does not know; pydicom decides."""


class _NeedMore(Exception):
    """The header goes on behind the bytes read so far."""


@dataclass(slots=True)
class Scan:
    """What was found in one file.

    values: tag -> stored bytes (little endian; text with its padding cut off).
    pixel_offset: where the pixel bytes begin in the file; -1 when not known (library decoding only).
    pixel_length: number of pixel bytes, -1 when encapsulated, 0 without pixels.
    truncated: the file ends before its pixels do.
    """

    values: dict[int, bytes]
    syntax: str
    pixel_offset: int
    pixel_length: int
    truncated: bool


def _swapped(tag: int) -> int:
    """A tag as one little-endian 32-bit number reads it from a file: element above group."""
    return (tag & 0xFFFF) << 16 | tag >> 16


_WANTED_SWAPPED = {_swapped(tag): tag for tag in WANTED}
_PIXEL_SWAPPED = _swapped(PIXEL_DATA)
_ITEM_S, _ITEM_END_S, _SEQUENCE_END_S = map(_swapped, (_ITEM, _ITEM_END, _SEQUENCE_END))
_explicit_head = struct.Struct("<I2sH").unpack_from
_implicit_head = struct.Struct("<II").unpack_from
_length32 = struct.Struct("<I").unpack_from


def _skip_sequence(data: bytes, pos: int, explicit: bool, depth: int = 0) -> int:
    """Position after a sequence of undefined length whose items begin at ``pos``."""
    if depth > 32:
        raise _Odd
    while True:
        if pos + 8 > len(data):
            raise _NeedMore
        tag, length = _implicit_head(data, pos)
        pos += 8
        if tag == _SEQUENCE_END_S:
            return pos
        if tag != _ITEM_S:
            raise _Odd
        pos = pos + length if length != _UNDEFINED else _skip_item(data, pos, explicit, depth + 1)


def _skip_item(data: bytes, pos: int, explicit: bool, depth: int) -> int:
    """Position after an item of undefined length whose elements begin at ``pos``."""
    while True:
        if pos + 12 > len(data):
            if pos + 8 <= len(data) and _implicit_head(data, pos)[0] == _ITEM_END_S:
                return pos + 8
            raise _NeedMore
        tag, length = _implicit_head(data, pos)
        if tag == _ITEM_END_S:
            return pos + 8
        inner_explicit = explicit
        if explicit:
            _, vr, length = _explicit_head(data, pos)
            if vr in _SHORT:
                pos += 8 + length
                continue
            if vr not in _LONG:
                raise _Odd
            length = _length32(data, pos + 8)[0]
            inner_explicit = vr != b"UN"  # PS3.5 6.2.2: UN of undefined length is implicit inside
            pos += 12
        else:
            pos += 8
        pos = pos + length if length != _UNDEFINED else _skip_sequence(data, pos, inner_explicit, depth)


def _read_elements(data: bytes, pos: int, size: int, explicit: bool) -> tuple[dict[int, bytes], int, int]:
    """(values, pixel offset, pixel length or -1) of the elements from ``pos`` to the pixel data.

    size: length of the whole file; ``data`` may be only its head.
    """
    values: dict[int, bytes] = {}
    wanted, end = _WANTED_SWAPPED, len(data)
    while True:
        if pos + 12 > end:
            if pos >= size:
                return values, 0, 0
            if end < size:
                raise _NeedMore
            raise _Odd
        if explicit:
            tag, vr, length = _explicit_head(data, pos)
            if vr in _SHORT:
                body = pos + 8
            elif vr in _LONG:
                length = _length32(data, pos + 8)[0]
                body = pos + 12
            else:
                raise _Odd
        else:
            tag, length = _implicit_head(data, pos)
            body = pos + 8
        if tag == _PIXEL_SWAPPED:
            return values, body, -1 if length == _UNDEFINED else length
        if length == _UNDEFINED:
            if tag in wanted:
                raise _Odd
            pos = _skip_sequence(data, body, explicit and vr != b"UN")
            continue
        pos = body + length
        if tag in wanted:
            if pos > end:
                if end < size:
                    raise _NeedMore
                raise _Odd
            kept = wanted[tag]
            if explicit and WANTED[kept] in _BINARY and vr != b"UN" and vr.decode() != WANTED[kept]:
                raise _Odd
            values[kept] = data[body:pos].rstrip(b" \0") if WANTED[kept] not in _BINARY else data[body:pos]


def _meta(data: bytes) -> tuple[str, bytes, int]:
    """(transfer syntax, SOP class, position of the data set) of a file with a preamble."""
    if data[128:132] != b"DICM":
        raise _Odd
    pos, syntax, sop_class, end = 132, "", b"", len(data)
    while pos + 12 <= end and data[pos : pos + 2] == b"\x02\x00":
        tag, vr, length = _explicit_head(data, pos)
        body = pos + 8
        if vr in _LONG:
            length = _length32(data, pos + 8)[0]
            body = pos + 12
        elif vr not in _SHORT:
            raise _Odd
        if tag == 0x00100002:
            syntax = data[body : body + length].rstrip(b" \0").decode("ascii", "replace")
        elif tag == 0x00020002:
            sop_class = data[body : body + length].rstrip(b" \0")
        pos = body + length
    if not syntax:
        raise _Odd
    return syntax, sop_class, pos


def _fragments_are_whole(fd: int, pos: int, size: int) -> bool:
    """Whether the fragments of encapsulated pixels, which begin at ``pos``, all end within the file."""
    while pos + 8 <= size:
        tag, length = _implicit_head(os.pread(fd, 8, pos), 0)
        if tag == _SEQUENCE_END_S:
            return True
        if tag != _ITEM_S or length == _UNDEFINED:
            return False
        pos += 8 + length
    return pos == size  # without the delimiter, but with whole fragments: readable


class Scanner:
    """Scans files one after another; learns how long their headers are so that one read is enough."""

    def __init__(self, head_bytes: int = 16_384) -> None:
        self._head = head_bytes

    def scan(self, path: str | Path) -> Scan:
        """Read the head of ``path``. Raises NotDicom; OSError when the file cannot be opened."""
        fd = os.open(path, os.O_RDONLY)
        try:
            size = os.fstat(fd).st_size
            want = self._head
            while True:
                data = os.pread(fd, want, 0)
                try:
                    result = scan_bytes(data, size)
                except _NeedMore:
                    if want >= size:
                        break
                    want *= 4
                    self._head = min(max(self._head, want), 1 << 19)
                    continue
                except _Odd:
                    break
                if result.pixel_length == -1:
                    result.truncated = not _fragments_are_whole(fd, result.pixel_offset, size)
                return result
        finally:
            os.close(fd)
        return scan_with_pydicom(path)


def scan_bytes(data: bytes, size: int) -> Scan:
    """Scan the first bytes of a file of ``size`` bytes (the fast path alone)."""
    syntax, sop_class, pos = _meta(data)
    if syntax in (DEFLATED, EXPLICIT_BIG):
        raise _Odd
    values, offset, length = _read_elements(data, pos, size, syntax != IMPLICIT_LITTLE)
    values[0x00020010] = syntax.encode()
    values.setdefault(0x00080016, sop_class)  # a file cut off early still says what it was to be
    truncated = offset + max(length, 0) > size
    return Scan(values, syntax, offset, length, truncated)


def _encoded(value: object, vr: str) -> bytes:
    """A pydicom value as the bytes the fast scanner would have kept. ``vr`` is the dictionary's."""
    if value is None or value == "":
        return b""
    items = value if isinstance(value, (list, tuple)) or hasattr(value, "append") else [value]
    if vr in _BINARY:
        return b"".join(struct.pack(_BINARY[vr], v) for v in items)
    if isinstance(value, bytes):
        return value.rstrip(b" \0")
    texts = [getattr(v, "original_string", None) or str(v) for v in items]
    return "\\".join(str(t) for t in texts).encode("utf-8", "replace").rstrip(b" \0")


def scan_with_pydicom(path: str | Path) -> Scan:
    """The reference: the same values through pydicom, which also reads what the fast scanner refuses.

    Pixels are then decoded by a library (``pixel_offset`` -1). Raises NotDicom.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("pydicom").setLevel(logging.CRITICAL)
        try:
            return _through_pydicom(Path(path))
        except NotDicom:
            raise
        except Exception as error:  # pydicom raises many kinds on damaged files
            raise NotDicom(str(error)) from None


def _through_pydicom(path: Path) -> Scan:
    import pydicom

    dataset = pydicom.dcmread(path, force=_looks_like_dicom(path))
    values = _values_of(dataset)
    values.setdefault(0x00080016, str(dataset.file_meta.get("MediaStorageSOPClassUID", "")).encode())
    if not values[0x00080016] and 0x00080060 not in values:
        raise NotDicom("no DICOM elements")
    syntax = str(getattr(dataset.file_meta, "TransferSyntaxUID", "")) or IMPLICIT_LITTLE
    values[0x00020010] = syntax.encode()
    pixels = dataset.get_item(PIXEL_DATA)
    if pixels is None:
        return Scan(values, syntax, 0, 0, False)
    if getattr(pixels, "is_undefined_length", False) or getattr(pixels, "length", 0) == _UNDEFINED:
        return Scan(values, syntax, -1, -1, False)
    found = len(pixels.value or b"")
    expected = _expected_length(values)
    return Scan(values, syntax, -1, expected, found < expected)


def _expected_length(values: dict[int, bytes]) -> int:
    def number(tag: int, otherwise: int) -> int:
        raw = values.get(tag, b"")
        return struct.unpack("<H", raw[:2])[0] if len(raw) >= 2 else otherwise

    try:
        frames = max(int(values.get(0x00280008, b"1") or b"1"), 1)
    except ValueError:
        frames = 1
    samples, bits = number(0x00280002, 1), number(0x00280100, 16)
    return number(0x00280010, 0) * number(0x00280011, 0) * samples * frames * ((bits + 7) // 8)


def _values_of(dataset: object) -> dict[int, bytes]:
    from pydicom.dataset import Dataset

    assert isinstance(dataset, Dataset)
    values: dict[int, bytes] = {}
    for tag, vr in WANTED.items():
        if tag >> 16 == 2 or tag not in dataset:
            continue
        raw = dataset.get_item(tag)
        try:
            if raw.VR in (None, vr, "UN", "OB") and isinstance(raw.value, bytes):  # type: ignore[union-attr]
                values[tag] = _little(raw.value, vr, bool(getattr(raw, "is_little_endian", True)))  # type: ignore[union-attr]
            else:
                values[tag] = _encoded(dataset[tag].value, vr)
        except (ValueError, TypeError, struct.error, NotImplementedError, KeyError):
            continue
    return values


def _little(raw: bytes, vr: str, is_little: bool) -> bytes:
    """Stored bytes in little endian."""
    if vr not in _BINARY:
        return raw.rstrip(b" \0")
    if is_little:
        return raw
    width = struct.calcsize(_BINARY[vr])
    return b"".join(raw[i : i + width][::-1] for i in range(0, len(raw) - width + 1, width))


def _looks_like_dicom(path: Path) -> bool:
    """Whether a file without a preamble begins with an element of group 0002 or 0008."""
    with path.open("rb") as file:
        head = file.read(132)
    if head[128:132] == b"DICM":
        return True
    group, element = struct.unpack("<HH", head[:4]) if len(head) >= 8 else (0, 0)
    return group in (0x0002, 0x0008) and element <= 0x0100
