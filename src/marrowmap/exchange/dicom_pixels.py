"""Stored pixels into arrays, as pydicom would give them.

Uncompressed little-endian pixels are read straight into their place in the array; everything else is decoded
by dicomsdl, and by pydicom's decoders where dicomsdl declines.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from marrowmap.exchange.dicom_header import ImageHeader, Settings
from marrowmap.exchange.dicom_scan import EXPLICIT_LITTLE, IMPLICIT_LITTLE

Array = npt.NDArray[Any]
_RAW = (IMPLICIT_LITTLE, EXPLICIT_LITTLE)


class Undecodable(Exception):
    """Pixels that no decoder reads."""


def stored_dtype(s: Settings) -> np.dtype[Any]:
    """Type of the stored pixel values."""
    width = 1 if s.bits_allocated <= 8 else 2 if s.bits_allocated <= 16 else 4
    return np.dtype(f"{'i' if s.signed else 'u'}{width}")


def is_raw(h: ImageHeader) -> bool:
    """Whether the pixels of this image lie in the file as they lie in memory."""
    return h.pixel_offset > 0 and h.pixel_length > 0 and h.settings.syntax in _RAW and h.tile is None


def frame_bytes(s: Settings) -> int:
    """Bytes of one uncompressed frame."""
    return s.rows * s.columns * stored_dtype(s).itemsize


def read_into(h: ImageHeader, path: str | Path, out: Array) -> None:
    """Stored pixel values of one image into ``out`` (shape (rows, columns)). Raises Undecodable, OSError."""
    if (
        is_raw(h)
        and out.flags.c_contiguous
        and out.dtype == stored_dtype(h.settings)
        and not _big_endian_host()
    ):
        size = frame_bytes(h.settings)
        fd = os.open(path, os.O_RDONLY)
        try:
            got = os.preadv(fd, [memoryview(out).cast("B")], h.pixel_offset + h.frame * size)
        finally:
            os.close(fd)
        if got != size:
            raise Undecodable(f"{size - got} of {size} pixel bytes are missing")
        return
    picture = decoded(path, h.frame, h.settings)
    if h.tile is not None:
        top, left = h.tile
        picture = picture[top : top + h.settings.rows, left : left + h.settings.columns]
    if picture.shape != out.shape:
        raise Undecodable(f"decoded to shape {picture.shape}, the header says {out.shape}")
    out[...] = picture


def _big_endian_host() -> bool:
    import sys

    return sys.byteorder == "big"


def decoded(path: str | Path, frame: int, s: Settings) -> Array:
    """One frame through dicomsdl, else through pydicom, as stored values."""
    try:
        return _with_dicomsdl(path, frame)
    except Exception:
        return _with_pydicom(path, frame)


def _with_dicomsdl(path: str | Path, frame: int) -> Array:
    import dicomsdl

    _quiet()
    dataset = dicomsdl.open(str(path))
    info = dataset.getPixelDataInfo()
    if info["SamplesPerPixel"] != 1:
        raise Undecodable("colour picture")
    out = np.empty((info["Rows"], info["Cols"]), dtype=info["dtype"])
    dataset.copyFrameData(frame, out)
    return out


_silenced = False


def _quiet() -> None:
    """dicomsdl writes its remarks to the standard error stream; what matters is raised."""
    global _silenced
    if not _silenced:
        import dicomsdl

        dicomsdl.set_loglevel(dicomsdl.LogLevel.ERROR if hasattr(dicomsdl.LogLevel, "ERROR") else 5)
        _silenced = True


def _with_pydicom(path: str | Path, frame: int) -> Array:
    import pydicom

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            dataset = pydicom.dcmread(path, force=True)
            picture = dataset.pixel_array
        except Exception as error:
            raise Undecodable(str(error).split("\n")[0][:200]) from None
    array: Array = np.asarray(picture)
    if array.ndim == 3 and int(getattr(dataset, "NumberOfFrames", 1) or 1) > 1:
        array = array[frame]
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def pixel_digest(h: ImageHeader, path: str | Path) -> bytes:
    """Digest of the stored pixel bytes of one image, to tell doubled images from repetitions."""
    digest = hashlib.blake2b(digest_size=16)
    if is_raw(h):
        out = np.empty((h.settings.rows, h.settings.columns), dtype=stored_dtype(h.settings))
        read_into(h, path, out)
        digest.update(memoryview(out).cast("B"))
    elif h.pixel_offset > 0 and h.tile is None and h.frames == 1:
        with open(path, "rb") as file:
            file.seek(h.pixel_offset)
            digest.update(file.read())
    else:
        picture = decoded(path, h.frame, h.settings)
        digest.update(np.ascontiguousarray(picture).tobytes() + repr(h.tile).encode())
    return digest.digest()


def stack_dtype(headers: Sequence[ImageHeader]) -> np.dtype[Any]:
    """Type of a stack after rescaling: stored type when nothing is rescaled, int16 or int32 for whole shifts,
    float32 otherwise."""
    stored = stored_dtype(headers[0].settings)
    scales = {(h.slope, h.intercept) for h in headers}
    if scales == {(1.0, 0.0)}:
        return stored
    if all(slope == 1.0 and shift == round(shift) for slope, shift in scales):
        top = 2 ** min(headers[0].settings.bits_stored, 8 * stored.itemsize)
        low = -top // 2 if headers[0].settings.signed else 0
        shifts = [shift for _, shift in scales]
        if min(shifts) + low >= -32768 and max(shifts) + top + low <= 32768:
            return np.dtype(np.int16)
        return np.dtype(np.int32)
    return np.dtype(np.float32)


def read_stack(
    headers: Sequence[ImageHeader], paths: Sequence[str | Path], n_slices: int, missing: tuple[int, ...]
) -> Array:
    """Array [slice, row, column] of rescaled values; a missing slice holds 0."""
    s = headers[0].settings
    stored, wanted = stored_dtype(s), stack_dtype(headers)
    out = np.zeros((n_slices, s.rows, s.columns), wanted) if missing else np.empty(
        (n_slices, s.rows, s.columns), wanted
    )  # fmt: skip
    places = [k for k in range(n_slices) if k not in set(missing)] if missing else range(n_slices)
    scratch = None if wanted == stored else np.empty((s.rows, s.columns), stored)
    cache: tuple[tuple[int, int], Array] | None = None
    for k, h in zip(places, headers, strict=True):
        target = out[k] if scratch is None else scratch
        try:
            if h.tile is not None:
                if cache is None or cache[0] != (h.file, h.frame):
                    cache = ((h.file, h.frame), decoded(paths[h.file], h.frame, s))
                top, left = h.tile
                target[...] = cache[1][top : top + s.rows, left : left + s.columns]
            else:
                read_into(h, paths[h.file], target)
        except Undecodable as error:
            raise Undecodable(f"{Path(paths[h.file]).name}: {error}") from None
        if scratch is not None:
            if wanted.kind == "f":
                np.multiply(scratch, np.float32(h.slope), out=out[k], casting="unsafe")
                out[k] += np.float32(h.intercept)
            else:
                np.add(scratch, int(h.intercept), out=out[k], casting="unsafe", dtype=wanted)
    return out
