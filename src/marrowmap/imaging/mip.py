"""Maximum intensity projection along the slices, with the slice each value came from."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from marrowmap.core.volume import Volume


def mip(volume: Volume) -> tuple[npt.NDArray, npt.NDArray[np.uint16]]:
    """Brightest signal along each line through the slices.

    Returns (image [row, column] of the volume's type, depth: uint16 index of the slice it came from). Where
    nothing was measured both are 0. Inverting the greys is left to the display.
    """
    depth = volume.array.argmax(axis=0)
    image = np.take_along_axis(volume.array, depth[None], axis=0)[0]
    depth = depth.astype(np.uint16)
    if volume.covered is not None:
        seen = volume.covered.any(axis=0)
        image = np.where(seen, image, np.zeros((), dtype=image.dtype))
        depth[~seen] = 0
    return image, depth
