"""What an image shows, decided from how it was acquired; names count only where values are silent.

A pure decision on one ``Settings``. The bounds on TR, TE and TI are ours (PROPOSED), set around the
usual whole-body protocols (coronal STIR: TI 140-170 ms at 1.5 T, 200-230 ms at 3 T; T1 TSE: TR 400-700 ms,
TE 8-15 ms).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from marrowmap.core.volume import Contrast
from marrowmap.exchange.dicom_header import Settings

STIR_TI_MS = (80.0, 300.0)
"""Inversion times that null fat, with room on both sides."""
T1_TR_MAX_MS, T1_TE_MAX_MS = 1200.0, 40.0
T2_TE_MIN_MS = 50.0
FLUID_TE_MIN_MS = 30.0
"""With fat suppressed and a long TR, fluid is bright from about this echo time on."""
REFERENCE_T1_MS = 1000.0
"""T1 of muscle, roughly: the flip angle of a gradient echo is compared with its Ernst angle."""

_ADC = frozenset(("ADC", "ADC_UNSPECIFIED", "APPARENT DIFFUSION COEFFICIENT", "ADC MAP"))
_OTHER_DIFFUSION = frozenset(("EADC", "FA", "TENSOR", "TENSOR_B0", "RA", "LA", "EXP_ADC", "IVIM"))
_DIFFUSION = frozenset(("DIFFUSION", "TRACEW", "TRACE", "ISOTROPIC", "DIFFUSION_ANISO", "CALC_BVALUE"))
_COMPUTED = ("CALC_BVAL", "CALC_B", "COMPUTED_B", "SYNTHETIC_B", "CDWI", "SDWI")
_WATER = frozenset(("W", "WATER", "DIXON_WATER", "DIXON_W"))
_FAT = frozenset(("F", "FAT", "DIXON_FAT", "DIXON_F"))
_OPPOSED = frozenset(("OP", "OPP", "OPP_PHASE", "OUT_PHASE", "OPPOSED", "OUT_OF_PHASE", "OPPOSED_PHASE"))
_FRACTION = frozenset(
    ("FF", "FAT_FRACTION", "FAT_FRAC", "PDFF", "WATER_FRACTION", "R2_STAR", "T2_STAR", "R2*", "T2*")
)
_MAPS = frozenset(
    ("T1 MAP", "T2 MAP", "T2_STAR MAP", "T1_MAP", "T2_MAP", "B0", "B0 MAP", "B1", "FIELD_MAP", "VELOCITY")
)
_PROJECTION = frozenset(("MIP", "MINIP", "MNIP", "PROJECTION IMAGE", "MAX_IP", "VOLUME_RENDER", "CPR"))
_SUBTRACTION = frozenset(("SUB", "SUBTRACTION", "SUBTRACT"))
_FAT_SUPPRESSION = frozenset(
    "FS FATSAT FAT_SAT FSAT SPIR SPAIR PROSET WE WATER_EXC FS_GEMS FATSAT_GEMS ASPIR CHESS".split()  # noqa: SIM905
)
_NAMES: tuple[tuple[str, Contrast], ...] = (
    (r"(^|[^a-z])(loc|localizer|localiser|scout|survey|topogram|3[- ]?plane)", Contrast.LOCALIZER),
    (r"(^|[^a-z])e?adc([^a-z]|$)", Contrast.ADC),
    (r"dwi|diff|dwibs|(^|[^a-z])ep_b\d|trace", Contrast.DWI),
    (r"stir|tirm", Contrast.STIR),
    (r"(dixon|lava|vibe|ideal|flex).*(water|[_ -]w([^a-z]|$))|^water", Contrast.DIXON_WATER),
    (r"(dixon|lava|vibe|ideal|flex).*(fat(?!.?s)|[_ -]f([^a-z]|$))|^fat(?!.?s)", Contrast.DIXON_FAT),
    (r"flair", Contrast.OTHER),
    (r"t2.*(fs|fat.?sat|spair|spir|fatsupp)|(fs|fat.?sat|spair).*t2", Contrast.T2FS),
    (r"(^|[^a-z])t2", Contrast.T2),
    (r"(^|[^a-z])t1|mprage|bravo", Contrast.T1),
    (r"(^|[^a-z])pd([^a-z]|$)|proton", Contrast.PD),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decision:
    """The contrast of one image and why.

    derived: made from other images. A trace image of a measured b-value is tagged DERIVED by scanners and is
    derived here too; ``b_computed`` tells a b-value that was never measured.
    """

    contrast: Contrast
    why: str
    derived: bool
    b_value: float | None = None
    b_computed: bool = False


def decide(s: Settings) -> Decision:
    """Contrast of an image with these settings."""
    tokens = set(s.image_type)
    derived = "DERIVED" in tokens
    special = _from_image_type(s, tokens)
    if special is not None:
        contrast, why = special
        return Decision(contrast, why, derived or contrast is Contrast.ADC)
    diffusion = _diffusion(s, tokens)
    if diffusion is not None:
        b, why = diffusion
        computed = _is_computed(s)
        if computed:
            why += "; the b-value was computed by the scanner, not measured"
        return Decision(Contrast.DWI, why, derived or computed, b, computed)
    dixon = _dixon(s, tokens)
    if dixon is not None:
        return Decision(*dixon, derived)
    contrast, why = _from_timing(s)
    return Decision(contrast, why, derived or bool(tokens & {"MPR", "REFORMATTED", "RESAMPLED"}))


def fat_suppressed(s: Settings) -> bool | None:
    """Whether fat was suppressed by saturation, water excitation or inversion; None when nothing is said."""
    if s.fat_suppression:
        return s.fat_suppression not in ("NONE", "NO")
    if set(s.scan_options) & _FAT_SUPPRESSION or _is_stir_inversion(s):
        return True
    return False if s.scan_options or s.scanning_sequence else None


def _from_image_type(s: Settings, tokens: set[str]) -> tuple[Contrast, str] | None:
    """What the image type alone settles: localizers, maps, projections, phase images."""
    if "LOCALIZER" in tokens or "SURVEY" in tokens:
        return Contrast.LOCALIZER, "image type says localizer"
    if tokens & _PROJECTION:
        return Contrast.OTHER, "a projection (MIP or alike), not a stack of slices"
    if tokens & _SUBTRACTION:
        return Contrast.OTHER, "a subtraction"
    if tokens & _OTHER_DIFFUSION:
        return Contrast.OTHER, "a diffusion map other than ADC"
    if tokens & _ADC or any(t.startswith("ADC_") for t in tokens):
        return Contrast.ADC, "image type says ADC map" + _tagged_b(s)
    if tokens & _FRACTION or tokens & _MAPS:
        return Contrast.OTHER, f"a map ({', '.join(sorted(tokens & (_FRACTION | _MAPS)))})"
    if s.component in ("P", "I"):
        return Contrast.OTHER, "phase or imaginary image"
    if "DERIVED" in tokens and _is_echo_planar(s) and re.search(r"(^|[^a-z])adc([^a-z]|$)", _name(s)):
        return Contrast.ADC, "derived from echo-planar images, and named ADC" + _tagged_b(s)
    return None


def _tagged_b(s: Settings) -> str:
    return "" if s.b_value is None else f" (the scanner tags it with b {s.b_value:g})"


def _is_echo_planar(s: Settings) -> bool:
    return "EP" in s.scanning_sequence or s.sequence_name.lower().lstrip("*").startswith("ep")


def _diffusion(s: Settings, tokens: set[str]) -> tuple[float | None, str] | None:
    """(b-value, reason) of a diffusion-weighted image. A b-value alone does not make one: GE and others
    write b 0 into every image."""
    named = re.search(r"_b(\d+)", s.sequence_name.lower())
    b = s.b_value if s.b_value is not None else (float(named.group(1)) if named else None)
    if tokens & _DIFFUSION:
        return (
            b,
            f"image type says diffusion, b {b:g}"
            if b is not None
            else "image type says diffusion, b unknown",
        )
    if not _is_echo_planar(s) or b is None:
        return None
    if b > 0 or named or re.search(r"dwi|diff|trace", _name(s)):
        return b, f"echo-planar with b {b:g}"
    return None


def _is_computed(s: Settings) -> bool:
    """A b-value made from others: the sequence names several, or image type or name say so."""
    if re.search(r"_b\d+_\d+", s.sequence_name.lower()):
        return True
    if any(word in token for token in s.image_type for word in _COMPUTED):
        return True
    return "DERIVED" in s.image_type and bool(
        re.search(r"calc[_ ]?b|computed|synth|(^|[^a-z])[cs]dwi", _name(s))
    )


def _dixon(s: Settings, tokens: set[str]) -> tuple[Contrast, str] | None:
    if tokens & _WATER:
        return Contrast.DIXON_WATER, "image type says water image (Dixon)"
    if tokens & _FAT:
        return Contrast.DIXON_FAT, "image type says fat image (Dixon)"
    if tokens & _OPPOSED:
        return Contrast.OTHER, "image type says opposed-phase image (Dixon)"
    return None


def _is_stir_inversion(s: Settings) -> bool:
    spin_echo = "GR" not in s.scanning_sequence
    return spin_echo and s.ti_ms is not None and STIR_TI_MS[0] <= s.ti_ms <= STIR_TI_MS[1]


def _from_timing(s: Settings) -> tuple[Contrast, str]:
    tr, te, ti = s.tr_ms, s.te_ms, s.ti_ms
    times = f"TR {_ms(tr)}, TE {_ms(te)}" + (f", TI {_ms(ti)}" if ti else "")
    if _is_stir_inversion(s) and (tr is None or tr >= 1000):
        return Contrast.STIR, f"inversion time {ti:g} ms nulls fat ({times})"
    if _is_echo_planar(s):
        return Contrast.OTHER, f"echo-planar without diffusion weighting ({times})"
    inverted = "IR" in s.scanning_sequence
    if inverted and not ti and re.search(r"stir|tirm", _name(s)):
        return Contrast.STIR, f"inversion recovery without a recorded inversion time, named STIR ({times})"
    if tr is None or te is None:
        return _from_names(s)
    if ti and (inverted or "MP" in s.sequence_variant) and "GR" not in s.scanning_sequence:
        if tr >= 4000:
            return Contrast.OTHER, f"inversion recovery that nulls fluid (FLAIR-like; {times})"
        return Contrast.T1, f"inversion recovery, T1-weighted ({times})"
    if "GR" in s.scanning_sequence or (not s.scanning_sequence and (s.flip_degrees or 90) < 60):
        return _gradient_echo(s, times)
    return _spin_echo(s, tr, te, times)


def _spin_echo(s: Settings, tr: float, te: float, times: str) -> tuple[Contrast, str]:
    suppressed = bool(fat_suppressed(s))
    with_fat = "fat suppressed" if suppressed else "fat not suppressed"
    if tr < T1_TR_MAX_MS and te < T1_TE_MAX_MS:
        return Contrast.T1, f"spin echo with short TR and TE, {with_fat} ({times})"
    if suppressed and te >= FLUID_TE_MIN_MS:
        return Contrast.T2FS, f"spin echo with long TR, fat suppressed ({times})"
    if te >= T2_TE_MIN_MS:
        return Contrast.T2, f"spin echo with long TE, {with_fat} ({times})"
    return Contrast.PD, f"spin echo with long TR and short TE, {with_fat} ({times})"


def _gradient_echo(s: Settings, times: str) -> tuple[Contrast, str]:
    flip, tr, te = s.flip_degrees, s.tr_ms, s.te_ms
    if s.ti_ms and ("MP" in s.sequence_variant or "IR" in s.scanning_sequence) and s.ti_ms >= 300:
        return Contrast.T1, f"magnetisation-prepared gradient echo ({times})"
    if tr is None or te is None or flip is None:
        return _from_names(s)
    if te > 15:
        return Contrast.OTHER, f"gradient echo with long TE, T2*-weighted ({times})"
    if "SS" in s.sequence_variant and "SP" not in s.sequence_variant and flip >= 30:
        return Contrast.OTHER, f"balanced gradient echo, T2/T1-weighted ({times})"
    ernst = math.degrees(math.acos(math.exp(-tr / REFERENCE_T1_MS)))
    relation = f"flip {flip:g} degrees against an Ernst angle of {ernst:.0f}"
    if flip <= 0.5 * ernst:
        return Contrast.PD, f"gradient echo with little T1 weighting: {relation} ({times})"
    return Contrast.T1, f"spoiled gradient echo, T1-weighted: {relation} ({times})"


def _from_names(s: Settings) -> tuple[Contrast, str]:
    """Last resort: series description and protocol name."""
    name = _name(s)
    for pattern, contrast in _NAMES:
        if re.search(pattern, name):
            return contrast, "by name only: the files hold no acquisition times"
    return Contrast.OTHER, "neither acquisition times nor a telling name"


def _name(s: Settings) -> str:
    return f"{s.description} {s.protocol}".lower()


def _ms(value: float | None) -> str:
    return "unknown" if value is None else f"{value:g} ms"
