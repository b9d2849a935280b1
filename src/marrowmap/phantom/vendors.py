"""Habits of three makers: names, image types and private places of the b-value, as met in real exams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from marrowmap.core.volume import Contrast

Vendor = Literal["siemens", "philips", "ge"]


@dataclass(frozen=True)
class Style:
    """How one maker writes an exam.

    descriptions: by (stack key without side, contrast); "" stands for an empty description.
    new_frame_per_station:
    the frame of reference changes when the table moves. names_b: where the b-value is written.
    """

    manufacturer: str
    model: dict[float, str]
    software: str
    descriptions: dict[tuple[str, Contrast], str]
    image_type: dict[Contrast, tuple[str, ...]]
    sequence_name: dict[Contrast, str]
    new_frame_per_station: bool
    coronal_back_to_front: bool
    coil: str


COMMON_TYPES = {
    Contrast.STIR: ("ORIGINAL", "PRIMARY", "M", "ND"),
    Contrast.T1: ("ORIGINAL", "PRIMARY", "M", "ND"),
    Contrast.LOCALIZER: ("ORIGINAL", "PRIMARY", "M", "ND"),
}

STYLES: dict[str, Style] = {
    "siemens": Style(
        "SIEMENS",
        {1.5: "Aera", 3.0: "Skyra"},
        "syngo MR E11",
        {
            ("coronal", Contrast.STIR): "t2_tirm_cor_WB",
            ("coronal", Contrast.T1): "t1_tse_cor_WB",
            ("dwi", Contrast.DWI): "ep2d_diff_b50_b800_tra_TRACEW",
            ("dwi", Contrast.ADC): "ep2d_diff_b50_b800_tra_ADC",
            ("spine", Contrast.STIR): "t2_tirm_sag_wirbelsaeule",
            ("foot", Contrast.STIR): "t2_tirm_sag",
            ("pelvis", Contrast.STIR): "t2_tirm_tra",
            ("knees", Contrast.STIR): "t2_tirm_tra",
            ("localizer", Contrast.LOCALIZER): "localizer",
        },
        COMMON_TYPES
        | {
            Contrast.STIR: ("ORIGINAL", "PRIMARY", "M", "NORM", "DIS2D"),
            Contrast.T1: ("ORIGINAL", "PRIMARY", "M", "NORM", "DIS2D"),
            Contrast.DWI: ("DERIVED", "PRIMARY", "DIFFUSION", "TRACEW", "NORM", "DIS2D"),
            Contrast.ADC: ("DERIVED", "PRIMARY", "DIFFUSION", "ADC", "NORM", "DIS2D"),
        },
        {
            Contrast.STIR: "*tir2d1_17",
            Contrast.T1: "*tse2d1_3",
            Contrast.DWI: "*ep_b50_800",
            Contrast.ADC: "*ep_b50_800",
            Contrast.LOCALIZER: "*fl2d1",
        },
        True,
        False,
        "Body_18",
    ),
    "philips": Style(
        "Philips Medical Systems",
        {1.5: "Ingenia", 3.0: "Ingenia Elition X"},
        "5.7.1",
        {
            ("coronal", Contrast.STIR): "WB STIR",
            ("coronal", Contrast.T1): "WB T1",
            ("dwi", Contrast.DWI): "DWIBS",
            ("dwi", Contrast.ADC): "dDWIBS ADC",
            ("spine", Contrast.STIR): "STIR SAG",
            ("foot", Contrast.STIR): "STIR SAG",
            ("pelvis", Contrast.STIR): "STIR TRA",
            ("knees", Contrast.STIR): "STIR TRA",
            ("localizer", Contrast.LOCALIZER): "Survey",
        },
        {
            Contrast.STIR: ("ORIGINAL", "PRIMARY", "M_IR", "M", "IR"),
            Contrast.T1: ("ORIGINAL", "PRIMARY", "M_SE", "M", "SE"),
            Contrast.DWI: ("ORIGINAL", "PRIMARY", "M_SE", "M", "SE"),
            Contrast.ADC: ("ORIGINAL", "PRIMARY", "ADC", "UNSPECIFIED", "UNSPECIFIED"),
            Contrast.LOCALIZER: ("ORIGINAL", "PRIMARY", "M_FFE", "M", "FFE"),
        },
        {},
        True,
        True,
        "SENSE-XL-Torso",
    ),
    "ge": Style(
        "GE MEDICAL SYSTEMS",
        {1.5: "Optima MR450w", 3.0: "DISCOVERY MR750w"},
        "DV26.0",
        {
            ("coronal", Contrast.STIR): "COR STIR",
            ("coronal", Contrast.T1): "",
            ("dwi", Contrast.DWI): "AX DWI b50,800",
            ("dwi", Contrast.ADC): "Apparent Diffusion Coefficient (mm2/s)",
            ("spine", Contrast.STIR): "SAG STIR",
            ("foot", Contrast.STIR): "SAG STIR",
            ("pelvis", Contrast.STIR): "AX STIR",
            ("knees", Contrast.STIR): "",
            ("localizer", Contrast.LOCALIZER): "3-PL LOC",
        },
        {
            Contrast.STIR: ("ORIGINAL", "PRIMARY", "OTHER"),
            Contrast.T1: ("ORIGINAL", "PRIMARY", "OTHER"),
            Contrast.DWI: ("ORIGINAL", "PRIMARY", "OTHER"),
            Contrast.ADC: ("DERIVED", "PRIMARY", "ADC"),
            Contrast.LOCALIZER: ("ORIGINAL", "PRIMARY", "OTHER"),
        },
        {Contrast.STIR: "fir", Contrast.T1: "fse-xl", Contrast.DWI: "epi", Contrast.ADC: "epi"},
        False,
        False,
        "GEM Body",
    ),
}
"""Names and types follow habits seen in public exams; a real site's names vary without end."""
