"""Siemens mosaics: all slices of a volume tiled into one picture.

The header's position belongs to a picture of the mosaic's size that is centred on the first slice; direction
and number of the slices stand in Siemens' private header. Source: nibabel's notes on Siemens mosaics, checked
against it in the tests.
"""

from __future__ import annotations

import dataclasses
import math
import struct
import warnings
from pathlib import Path

import numpy as np

from marrowmap.exchange.dicom_header import ImageHeader


class NoMosaic(Exception):
    """The tiles cannot be placed; the message says why."""


def tile_headers(header: ImageHeader, path: Path) -> list[ImageHeader]:
    """One header per slice. Raises NoMosaic."""
    s = header.settings
    n, normal = _count_and_normal(path, s.mosaic_tiles)
    if n < 1 or s.orientation is None or s.pixel_spacing is None or header.position is None:
        raise NoMosaic("number of tiles or geometry is missing")
    per_side = math.ceil(math.sqrt(n))
    if s.rows % per_side or s.columns % per_side:
        raise NoMosaic(f"{s.rows} x {s.columns} pixels do not divide into {per_side} x {per_side} tiles")
    rows, columns = s.rows // per_side, s.columns // per_side
    along_row, along_column = np.array(s.orientation[:3]), np.array(s.orientation[3:])
    if normal is None:
        normal = np.cross(along_row, along_column)
    step = s.spacing_between_mm or s.thickness_mm
    if not step:
        raise NoMosaic("the distance between slices is missing")
    corner = (
        np.array(header.position)
        + along_row * s.pixel_spacing[1] * (s.columns - columns) / 2
        + along_column * s.pixel_spacing[0] * (s.rows - rows) / 2
    )
    tile = dataclasses.replace(s, rows=rows, columns=columns, mosaic_tiles=n)
    headers = []
    for k in range(n):
        place = corner + normal * step * k
        headers.append(
            header._replace(
                settings=tile,
                position=(float(place[0]), float(place[1]), float(place[2])),
                tile=(k // per_side * rows, k % per_side * columns),
                sop_uid=f"{header.sop_uid}#{k}" if header.sop_uid else "",
            )
        )
    return headers


def _count_and_normal(path: Path, tiles: int) -> tuple[int, np.ndarray | None]:  # type: ignore[type-arg]
    """Number of tiles and slice direction from Siemens' private (CSA) header, where it is present."""
    import pydicom

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from nibabel.nicom import csareader
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = pydicom.dcmread(path, stop_before_pixels=True, force=True)
            csa = csareader.get_csa_header(dataset)
            if csa is None:
                return tiles, None
            count = csareader.get_n_mosaic(csa)
            normal = csareader.get_slice_normal(csa)
    except (csareader.CSAReadError, struct.error, KeyError, ValueError, AttributeError, IndexError):
        return tiles, None
    direction = None if normal is None or np.linalg.norm(normal) < 0.5 else np.asarray(normal, dtype=float)
    return int(count or tiles), direction
