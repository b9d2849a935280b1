"""What the lesion network sees of an exam, channel by channel, on the working grid."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from marrowmap.core.site import all_sites
from marrowmap.imaging.candidates_zscore import Unusual
from marrowmap.imaging.normalise import normalise
from marrowmap.imaging.working import Working

CHANNELS = ("stir", "stir_z", "t1", "t1_z", "dwi", "dwi_z", "adc", "bone", "strict", "vertebra")
Float16 = npt.NDArray[np.float16]


def lesion_inputs(work: Working, labels: npt.NDArray[np.uint8], values: Unusual) -> Float16:
    """float16, shape (len(CHANNELS), slices, rows, columns); channels of missing sequences are 0.

    Ratios are to local muscle, z-values to the child's own marrow at the same kind of place, both compressed;
    T1 is normalised by its surroundings; ADC in 1e-3 mm2/s.
    """
    out = np.zeros((len(CHANNELS), *work.grid.shape), dtype=np.float16)
    put = {name: i for i, name in enumerate(CHANNELS)}
    for part in ("stir", "t1", "dwi"):
        if part not in values.z:
            continue
        out[put[f"{part}_z"]] = np.clip(values.z[part] / 4, -2, 3)
        if part != "t1":
            out[put[part]] = np.log1p(np.clip(values.ratio[part], 0, 20))
    if "T1" in work.signal:
        out[put["t1"]] = normalise(work.signal["T1"], work.grid.spacing)
    if "ADC" in work.signal:
        out[put["adc"]] = np.clip(work.signal["ADC"] / 1000, 0, 3)
    out[put["bone"]] = labels > 0
    strict = np.zeros(256, dtype=np.float16)
    spine = np.zeros(256, dtype=np.float16)
    for unit in all_sites():
        strict[unit.label] = unit.strict_threshold
        spine[unit.label] = unit.is_vertebra
    out[put["strict"]] = strict[labels]
    out[put["vertebra"]] = spine[labels]
    return out
