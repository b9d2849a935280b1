"""A short paragraph for the referring clinician, made from the structured reading and open to editing.

It repeats what the reader stated and what was not seen; it draws no conclusion of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from marrowmap.core.lesion import Assessment, Lesion
from marrowmap.core.reading import Reading
from marrowmap.core.site import Region, Segment, Side, Site, site

BONES = {
    "skull": "skull vault", "mandible": "lower jaw", "clavicle": "collarbone", "scapula": "shoulder blade",
    "sternum": "breastbone", "ribs": "ribs", "sacrum": "sacrum", "ilium": "ilium (wing of the pelvis)",
    "ischium": "ischium (seat bone)", "pubis": "pubic bone", "humerus": "humerus (upper arm)",
    "radius": "radius (forearm)", "ulna": "ulna (forearm)", "femur": "femur (thigh bone)", "tibia": "tibia (shin bone)",
    "fibula": "fibula (calf bone)", "patella": "kneecap", "talus": "talus (ankle bone)", "calcaneus": "heel bone",
    "carpus": "wrist bones", "tarsals": "bones of the midfoot", "fingers": "finger bones", "toes": "toe bones",
}  # fmt: skip
_ENDS = {
    "humerus": ("shoulder", "elbow"), "radius": ("elbow", "wrist"), "ulna": ("elbow", "wrist"),
    "femur": ("hip", "knee"), "tibia": ("knee", "ankle"), "fibula": ("knee", "ankle"),
}  # fmt: skip
_ORDINALS = ("first", "second", "third", "fourth", "fifth")
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
MOST_NAMED = 8
"""Places named one by one; more are counted."""


def plain_site(unit: Site) -> str:
    """A unit in plain words with its side: "left tibia (shin bone), at the ankle, beside the growth plate"."""
    if unit.level is not None:
        return f"vertebra {unit.level}"
    side = "" if unit.side is Side.MIDLINE else f"{unit.side.value} "
    return f"{side}{_bone(unit)}{_part(unit)}"


def _bone(unit: Site) -> str:
    if unit.id.startswith("greater_trochanter"):
        return "greater trochanter (outer hip)"
    for stem in ("metacarpal", "metatarsal"):
        if unit.bone.startswith(stem):
            return f"{_ORDINALS[int(unit.bone[-1]) - 1]} {stem} bone"
    return BONES[unit.bone]


def _part(unit: Site) -> str:
    ends = _ENDS.get(unit.bone)
    words = {
        Segment.MEDIAL: ", inner part", Segment.LATERAL: ", outer part", Segment.MANUBRIUM: ", upper part",
        Segment.BODY: ", main part", Segment.S1: ", first segment", Segment.S2_S5: ", second to fifth segment",
    }  # fmt: skip
    if ends is None or unit.segment is Segment.APOPHYSIS:
        return words.get(unit.segment, "")
    if unit.segment in (Segment.DIAPHYSIS, Segment.SHAFT):
        return ", shaft"
    joint = ends[0] if unit.segment.value.startswith("proximal") else ends[1]
    where = ", beside the growth plate" if unit.segment.is_metaphyseal else ""
    return f", at the {joint}{where}"


def plain_language(reading: Reading, *, comparison: Sequence[str] = ()) -> str:
    """The paragraph, plain text. comparison: sentences about change since an earlier reading, made elsewhere."""
    sentences = [_exam(reading), *_lesions(reading), *_features(reading), *_unseen(reading), *comparison]
    if reading.synthetic:
        sentences.insert(0, "This is a synthetic exam of a digital child.")
    return " ".join(sentences)


def _exam(reading: Reading) -> str:
    when = f" of {reading.exam_date.isoformat()}" if reading.exam_date else ""
    reach = "covered the body from head to feet" if reading.whole_body else "covered only a part of the body"
    return f"The MRI{when} {reach}."


def _number(n: int) -> str:
    return _NUMBERS[n] if n < len(_NUMBERS) else str(n)


def _joined(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{'; '.join(words[:-1])}; and {words[-1]}"


def _named(lesions: Sequence[Lesion]) -> str:
    return _joined([f"the {plain_site(lesion.site)}" for lesion in lesions]).replace(
        "the vertebra", "vertebra"
    )


def _lesions(reading: Reading) -> list[str]:
    active = reading.active_lesions
    quiet = [lesion for lesion in reading.lesions if lesion.activity.value == "inactive"]
    open_ = [lesion for lesion in reading.lesions if lesion.activity.value == "not_assessed"]
    if not reading.lesions:
        return [f"The reader states no bone lesion in the {len(reading.normal)} bone units marked normal."
                if reading.normal else "The reader states no bone lesion."]  # fmt: skip
    out = []
    if active:
        places = "place" if len(active) == 1 else "places"
        first = f"The reader found active bone lesions in {_number(len(active))} {places}"
        out.append(
            f"{first}: {_named(active)}." if len(active) <= MOST_NAMED else f"{first}. {_regions(active)}"
        )
    else:
        out.append("The reader found no active bone lesion.")
    if quiet:
        many = "older lesions" if len(quiet) > 1 else "older lesion"
        out.append(f"{_number(len(quiet)).capitalize()} {many} without active signal: {_named(quiet)}.")
    if open_:
        out.append(f"Whether {_named(open_)} {'is' if len(open_) == 1 else 'are'} active was not assessed.")
    return out


def _regions(lesions: Sequence[Lesion]) -> str:
    counts: dict[Region, int] = {}
    for lesion in lesions:
        counts[lesion.site.region] = counts.get(lesion.site.region, 0) + 1
    told = [f"{_number(n)} in the {region.value.replace('_', ' ')}" for region, n in counts.items()]
    return f"{_joined(told).capitalize()}."


def _features(reading: Reading) -> list[str]:
    out = []
    collapsed = [x for x in reading.lesions if x.features.height_loss is Assessment.PRESENT]
    if collapsed:
        out.append(f"Loss of height: {_named(collapsed)}.")
    physis = [x for x in reading.lesions if x.features.physis_crossed is Assessment.PRESENT]
    if physis:
        out.append(f"A lesion crosses the growth plate: {_named(physis)}.")
    silent = [x for x in reading.active_lesions if x.symptomatic is Assessment.ABSENT]
    if silent:
        verb = "is" if len(silent) == 1 else "are"
        out.append(f"{_number(len(silent)).capitalize()} of the active lesions {verb} not painful.")
    return out


def _unseen(reading: Reading) -> list[str]:
    if not reading.not_covered:
        return []
    regions = sorted({site(name).region.value.replace("_", " ") for name in reading.not_covered})
    n = len(reading.not_covered)
    units = "bone unit lies" if n == 1 else "bone units lie"
    where = f"outside the pictures ({', '.join(regions)})"
    return [
        f"{_number(n).capitalize()} {units} {where}; nothing can be said about {'it' if n == 1 else 'them'}."
    ]
