"""Frames of an enhanced multi-frame MR file, each as if it were an image of its own.

Geometry and acquisition values lie in functional groups, shared or per frame; frames of several stacks,
echoes, b-values or time points stand in one file. Source: DICOM PS3.3 C.7.6.16 and C.8.13 (enhanced MR).
"""

from __future__ import annotations

import dataclasses
import warnings
from pathlib import Path
from typing import Any

from marrowmap.exchange.dicom_header import ImageHeader, Settings, component_of
from marrowmap.exchange.dicom_scan import Scan

ENHANCED = frozenset(
    ("1.2.840.10008.5.1.4.1.1.4.1", "1.2.840.10008.5.1.4.1.1.4.3", "1.2.840.10008.5.1.4.1.1.4.4")
)
"""Enhanced MR, enhanced MR colour, legacy converted enhanced MR."""


class NoFrames(Exception):
    """A multi-frame file without functional groups."""


def frame_headers(path: Path, scan: Scan, base: Settings, file: int) -> list[ImageHeader]:
    """One header per frame. Raises NoFrames when the file has no functional groups."""
    import pydicom

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path, stop_before_pixels=True, force=True)
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence")
    if not per_frame:
        raise NoFrames
    shared = (dataset.get("SharedFunctionalGroupsSequence") or [pydicom.Dataset()])[0]
    known: dict[Settings, Settings] = {}
    headers = []
    for index, own in enumerate(per_frame):
        groups = _Groups(own, shared)
        settings = _settings(base, groups, dataset)
        settings = known.setdefault(settings, settings)
        headers.append(_header(settings, groups, scan, file, index, len(per_frame), dataset))
    return headers


class _Groups:
    """Looks a value up in the functional groups of one frame, then in the shared ones."""

    def __init__(self, own: Any, shared: Any) -> None:
        self._own, self._shared = own, shared

    def get(self, sequence: str, name: str) -> Any:
        for source in (self._own, self._shared):
            items = source.get(sequence)
            if items and name in items[0]:
                value = items[0].get(name)
                if value is not None and value != "":
                    return value
        # Legacy converted files keep the classic elements in one unassigned group.
        for source, kind in ((self._own, "UnassignedPerFrameConvertedAttributesSequence"),
                             (self._shared, "UnassignedSharedConvertedAttributesSequence")):  # fmt: skip
            items = source.get(kind)
            if items and name in items[0]:
                return items[0].get(name)
        return None

    def number(self, sequence: str, name: str) -> float | None:
        value = self.get(sequence, name)
        try:
            return None if value is None else float(value)
        except (TypeError, ValueError):
            try:
                return float(value[0])
            except (TypeError, ValueError, IndexError):
                return None

    def numbers(self, sequence: str, name: str) -> tuple[float, ...] | None:
        value = self.get(sequence, name)
        try:
            return None if value is None else tuple(float(v) for v in value)
        except (TypeError, ValueError):
            return None


def _or(value: Any, otherwise: Any) -> Any:
    return otherwise if value is None else value


def _settings(base: Settings, g: _Groups, dataset: Any) -> Settings:
    spacing = g.numbers("PixelMeasuresSequence", "PixelSpacing")
    orientation = g.numbers("PlaneOrientationSequence", "ImageOrientationPatient")
    frame_type = g.get("MRImageFrameTypeSequence", "FrameType") or g.get(
        "MRImageFrameTypeSequence", "ImageType"
    )
    image_type = tuple(str(t).upper() for t in frame_type) if frame_type else base.image_type
    complex_part = str(g.get("MRImageFrameTypeSequence", "ComplexImageComponent") or "").upper()
    te = _or(g.number("MREchoSequence", "EffectiveEchoTime"), g.number("MREchoSequence", "EchoTime"))
    ti = _or(
        g.number("MRModifierSequence", "InversionTimes"), g.number("MRModifierSequence", "InversionTime")
    )
    suppression = str(
        g.get("MRModifierSequence", "SpectrallySelectedSuppression")
        or dataset.get("SpectrallySelectedSuppression")
        or ""
    ).upper()
    fat = {"FAT": "FAT", "FAT_AND_WATER": "FAT", "NONE": "NONE", "WATER": "NONE"}.get(suppression, "")
    b = _or(g.number("MRDiffusionSequence", "DiffusionBValue"), base.b_value)
    return dataclasses.replace(
        base,
        image_type=image_type,
        component=_enhanced_component(complex_part, image_type),
        scanning_sequence=base.scanning_sequence or _scanning_sequence(g, dataset),
        sequence_variant=base.sequence_variant or _variant(g, dataset),
        sequence_name=base.sequence_name or str(dataset.get("PulseSequenceName") or ""),
        acquisition_type=base.acquisition_type,
        tr_ms=_or(g.number("MRTimingAndRelatedParametersSequence", "RepetitionTime"), base.tr_ms),
        te_ms=_or(te, base.te_ms),
        ti_ms=_or(ti, base.ti_ms) or None,
        flip_degrees=_or(g.number("MRTimingAndRelatedParametersSequence", "FlipAngle"), base.flip_degrees),
        echo_train=base.echo_train,
        thickness_mm=_or(g.number("PixelMeasuresSequence", "SliceThickness"), base.thickness_mm),
        spacing_between_mm=_or(
            g.number("PixelMeasuresSequence", "SpacingBetweenSlices"), base.spacing_between_mm
        ),
        b_value=b,
        fat_suppression=fat,
        body_part=base.body_part or str(g.get("FrameAnatomySequence", "BodyPartExamined") or "").upper(),
        pixel_spacing=(spacing[0], spacing[1]) if spacing and len(spacing) == 2 else base.pixel_spacing,
        orientation=orientation if orientation and len(orientation) == 6 else base.orientation,
    )


def _enhanced_component(part: str, image_type: tuple[str, ...]) -> str:
    return {"MAGNITUDE": "M", "PHASE": "P", "REAL": "R", "IMAGINARY": "I"}.get(part) or component_of(
        image_type
    )


def _scanning_sequence(g: _Groups, dataset: Any) -> tuple[str, ...]:
    """The classic codes from enhanced attributes: echo pulse sequence, inversion recovery, echo-planar."""
    kind = str(dataset.get("EchoPulseSequence") or "").upper()
    codes = {"SPIN": ["SE"], "GRADIENT": ["GR"], "BOTH": ["SE", "GR"]}.get(kind, [])
    inverted = str(g.get("MRModifierSequence", "InversionRecovery") or dataset.get("InversionRecovery") or "")
    if inverted.upper() == "YES":
        codes.append("IR")
    if str(dataset.get("EchoPlanarPulseSequence") or "").upper() == "YES":
        codes.append("EP")
    return tuple(codes)


def _variant(g: _Groups, dataset: Any) -> tuple[str, ...]:
    variant = []
    if str(dataset.get("SteadyStatePulseSequence") or "NONE").upper() not in ("NONE", ""):
        variant.append("SS")
    if str(dataset.get("Spoiling") or "NONE").upper() not in ("NONE", ""):
        variant.append("SP")
    return tuple(variant)


def _header(
    s: Settings, g: _Groups, scan: Scan, file: int, index: int, frames: int, dataset: Any
) -> ImageHeader:
    place = g.numbers("PlanePositionSequence", "ImagePositionPatient")
    slope = g.number("PixelValueTransformationSequence", "RescaleSlope")
    intercept = g.number("PixelValueTransformationSequence", "RescaleIntercept")
    temporal = g.number("FrameContentSequence", "TemporalPositionIndex")
    position = g.number("FrameContentSequence", "InStackPositionNumber")
    acquisition = g.number("FrameContentSequence", "FrameAcquisitionNumber")
    return ImageHeader(
        settings=s,
        file=file,
        frame=index,
        frames=frames,
        sop_uid=str(dataset.get("SOPInstanceUID") or ""),
        instance=index + 1 if position is None else int(position),
        position=place if place is not None and len(place) == 3 else None,  # type: ignore[arg-type]
        acquisition=None if acquisition is None else int(acquisition),
        temporal=None if temporal is None else int(temporal),
        time=str(g.get("FrameContentSequence", "FrameAcquisitionDateTime") or ""),
        trigger_ms=g.number("CardiacSynchronizationSequence", "NominalCardiacTriggerDelayTime"),
        slope=slope or 1.0,
        intercept=intercept or 0.0,
        pixel_offset=scan.pixel_offset,
        pixel_length=scan.pixel_length,
        stack_label=str(g.get("FrameContentSequence", "StackID") or ""),
    )
