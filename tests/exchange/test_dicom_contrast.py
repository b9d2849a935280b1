"""The contrast from acquisition values, as several makers write them; names where values are silent."""

import pytest

from marrowmap.core.volume import Contrast
from marrowmap.exchange.dicom_contrast import decide, fat_suppressed
from marrowmap.exchange.dicom_header import Settings

ORIGINAL = ("ORIGINAL", "PRIMARY", "M")
SE, IR, GR, EP = ("SE",), ("SE", "IR"), ("GR",), ("EP",)


def _of(**values) -> Settings:
    return Settings(**{"image_type": ORIGINAL, **values})


@pytest.mark.parametrize(
    ("contrast", "settings"),
    [
        # STIR by its inversion time at 1.5 T and 3 T, whatever it is called and however it is weighted
        (Contrast.STIR, {"scanning_sequence": IR, "tr_ms": 4800, "te_ms": 60, "ti_ms": 150, "description": "t1 bone"}),
        (Contrast.STIR, {"scanning_sequence": IR, "tr_ms": 5400, "te_ms": 42, "ti_ms": 220, "description": ""}),
        (Contrast.STIR, {"scanning_sequence": SE, "tr_ms": 3500, "te_ms": 30, "ti_ms": 140}),
        (Contrast.STIR, {"scanning_sequence": IR, "tr_ms": 4000, "te_ms": 60, "description": "t2_tirm_cor"}),
        (Contrast.STIR, {"image_type": (*ORIGINAL[:2], "R_IR", "R", "IR"), "component": "R",
                         "scanning_sequence": ("IR",), "tr_ms": 4000, "te_ms": 60, "ti_ms": 165}),
        # other inversions
        (Contrast.OTHER, {"scanning_sequence": IR, "tr_ms": 9000, "te_ms": 90, "ti_ms": 2500}),
        (Contrast.T1, {"scanning_sequence": IR, "tr_ms": 2000, "te_ms": 12, "ti_ms": 860}),
        (Contrast.T1, {"scanning_sequence": ("GR", "IR"), "sequence_variant": ("SK", "SP", "MP"), "tr_ms": 2300,
                       "te_ms": 2.9, "ti_ms": 900, "flip_degrees": 9}),
        # spin echoes
        (Contrast.T1, {"scanning_sequence": SE, "tr_ms": 520, "te_ms": 11, "description": "STIR"}),
        (Contrast.T2, {"scanning_sequence": SE, "tr_ms": 4300, "te_ms": 101}),
        (Contrast.PD, {"scanning_sequence": SE, "tr_ms": 2600, "te_ms": 15}),
        (Contrast.T2FS, {"scanning_sequence": SE, "tr_ms": 4000, "te_ms": 80, "scan_options": ("FS",)}),
        (Contrast.T2FS, {"scanning_sequence": SE, "tr_ms": 3000, "te_ms": 40, "scan_options": ("PFP", "FS")}),
        (Contrast.PD, {"scanning_sequence": SE, "tr_ms": 3000, "te_ms": 12, "scan_options": ("FS",)}),
        (Contrast.T2FS, {"scanning_sequence": SE, "tr_ms": 4000, "te_ms": 80, "fat_suppression": "FAT"}),
        # gradient echoes
        (Contrast.T1, {"scanning_sequence": GR, "tr_ms": 4.1, "te_ms": 1.9, "flip_degrees": 10}),
        (Contrast.PD, {"scanning_sequence": GR, "tr_ms": 800, "te_ms": 1.5, "flip_degrees": 14}),
        (Contrast.OTHER, {"scanning_sequence": GR, "tr_ms": 500, "te_ms": 25, "flip_degrees": 20}),
        # Dixon
        (Contrast.DIXON_WATER, {"image_type": ("DERIVED", "PRIMARY", "DIXON", "WATER"), "scanning_sequence": GR}),
        (Contrast.DIXON_FAT, {"image_type": ("ORIGINAL", "PRIMARY", "F", "NORM"), "scanning_sequence": GR}),
        (Contrast.OTHER, {"image_type": ("ORIGINAL", "PRIMARY", "OPP_PHASE"), "scanning_sequence": GR}),
        (Contrast.OTHER, {"image_type": ("DERIVED", "PRIMARY", "FAT_FRACTION"), "scanning_sequence": GR}),
        # diffusion
        (Contrast.DWI, {"image_type": ("ORIGINAL", "PRIMARY", "DIFFUSION", "NONE"), "scanning_sequence": EP,
                        "b_value": 0.0}),
        (Contrast.DWI, {"scanning_sequence": EP, "b_value": 800.0, "tr_ms": 6000, "te_ms": 60}),
        (Contrast.DWI, {"scanning_sequence": EP, "sequence_name": "*ep_b800t"}),
        (Contrast.ADC, {"image_type": ("DERIVED", "PRIMARY", "DIFFUSION", "ADC"), "b_value": 800.0}),
        (Contrast.ADC, {"image_type": ("DERIVED", "PRIMARY", "ADC_UNSPECIFIED"), "scanning_sequence": EP}),
        (Contrast.OTHER, {"image_type": ("DERIVED", "PRIMARY", "DIFFUSION", "FA"), "scanning_sequence": EP}),
        (Contrast.OTHER, {"scanning_sequence": EP, "tr_ms": 3000, "te_ms": 30, "b_value": 0.0}),
        # a b-value alone does not make a diffusion image: GE writes b 0 everywhere
        (Contrast.T1, {"scanning_sequence": SE, "tr_ms": 500, "te_ms": 10, "b_value": 0.0}),
        # others
        (Contrast.LOCALIZER, {"image_type": ("ORIGINAL", "PRIMARY", "LOCALIZER"), "scanning_sequence": GR}),
        (Contrast.OTHER, {"image_type": ("DERIVED", "SECONDARY", "MIP"), "scanning_sequence": IR, "ti_ms": 150}),
        (Contrast.OTHER, {"component": "P", "scanning_sequence": GR, "tr_ms": 5, "te_ms": 2}),
        # nothing but a name
        (Contrast.STIR, {"image_type": (), "description": "COR STIR WB"}),
        (Contrast.T2FS, {"image_type": (), "description": "t2 tse fs sag"}),
        (Contrast.OTHER, {"image_type": (), "description": "unnamed"}),
    ],
)  # fmt: skip
def test_contrast(contrast, settings):
    decision = decide(_of(**settings))
    assert decision.contrast is contrast, decision.why
    assert decision.why


def test_a_name_is_admitted_to_be_a_name():
    assert "by name only" in decide(_of(image_type=(), description="cor stir")).why
    assert "inversion time 150 ms" in decide(_of(scanning_sequence=IR, tr_ms=4000, te_ms=60, ti_ms=150)).why


def test_measured_and_computed_b_values_are_told_apart():
    trace = ("DERIVED", "PRIMARY", "DIFFUSION", "TRACEW", "DIS2D")
    measured = decide(_of(image_type=trace, sequence_name="*ep_b50t", b_value=50.0))
    computed = decide(_of(image_type=trace, sequence_name="*ep_b50_800", b_value=1000.0))
    assert (measured.b_value, measured.b_computed, measured.derived) == (50.0, False, True)
    assert (computed.b_value, computed.b_computed, computed.derived) == (1000.0, True, True)
    named = decide(_of(image_type=trace, b_value=1400.0, description="DWI calc_bval 1400"))
    assert named.b_computed


def test_fat_suppression_is_unknown_when_nothing_is_said():
    assert fat_suppressed(Settings()) is None
    assert fat_suppressed(_of(scanning_sequence=SE)) is False
    assert fat_suppressed(_of(scanning_sequence=SE, scan_options=("FS",))) is True
    assert fat_suppressed(_of(scanning_sequence=IR, ti_ms=150)) is True
    assert fat_suppressed(_of(fat_suppression="NONE")) is False
