"""The main job as one line of steps: a folder of DICOM in, a study folder out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np

from marrowmap import __version__
from marrowmap.core.exam import Exam
from marrowmap.core.geometry import Plane
from marrowmap.core.protocol import ProtocolStatus
from marrowmap.core.skeleton import Skeleton
from marrowmap.core.structure_names import units_called
from marrowmap.core.study import Study
from marrowmap.core.volume import Contrast, Volume
from marrowmap.exchange.dicom_exam import ExamSource, open_exam
from marrowmap.exchange.label_maps import bone_map
from marrowmap.exchange.study_folder import new_folder, write_study
from marrowmap.imaging.candidates import CandidateSet, find_candidates
from marrowmap.imaging.compose import Composition, compose_exam
from marrowmap.imaging.coronal_copy import coronal_copy
from marrowmap.imaging.label import label_part, label_skeleton
from marrowmap.imaging.outside_labels import skeleton_from_outside
from marrowmap.imaging.protocol import assess_protocol
from marrowmap.report.html import study_report


class ProgressCall(Protocol):
    """Told what is being done; ``total`` 0 means that the length is unknown."""

    def __call__(self, step: str, done: int = 0, total: int = 0) -> None: ...


def silent(step: str, done: int = 0, total: int = 0) -> None:
    """Progress that nobody watches."""


Addition = Callable[[Study, ExamSource, Path, ProgressCall], None]
"""Writes something more into a study folder; sees the open exam."""


@dataclass(frozen=True)
class ReadRequest:
    """What to read and where to put it.

    patient, study: which child or exam to keep when the folder holds several.
    labels: a label map to use instead of ours; label_names: what its numbers mean, as ``bone_map`` takes it.
    command: what a person would type.
    """

    exam: Path
    out: Path
    patient: str | None = None
    study: str | None = None
    labels: Path | None = None
    overwrite: bool = False
    command: str = ""
    label_names: str | None = None


def read_study(
    request: ReadRequest, progress: ProgressCall = silent, *, additions: Sequence[Addition] = ()
) -> Study:
    """Read one exam and write its study folder, whole or not at all.

    additions: write more into the folder while the exam is still open. Raises InputError when the exam cannot
    be used, StationsDoNotMeet when no volume can be composed, OutputExists when the folder is there already.
    """
    headers = partial(progress, "reading image headers")
    with (
        new_folder(request.out, overwrite=request.overwrite) as folder,
        open_exam(request.exam, patient=request.patient, study=request.study, progress=headers) as source,
    ):
        study = analyse(source, request, progress)
        progress("writing volumes")
        write_study(study, folder)
        progress("drawing the report")
        report = study_report(study, stacks=native_stacks(study, source))
        (folder / "report.html").write_text(report, encoding="utf-8")
        for add in additions:
            add(study, source, folder, progress)
    return study


def analyse(source: ExamSource, request: ReadRequest, progress: ProgressCall = silent) -> Study:
    """Everything the machine does with an exam, in memory."""
    source.set_aside_unreadable()
    progress("composing volumes")
    composition = compose_exam(source.exam, source.array, progress)
    exam = _with_use(source.exam, composition.used)
    progress("checking coverage")
    protocol = assess_protocol(exam, composition)
    skeleton, found = _labels_and_candidates(composition, exam, request, progress)
    return Study(
        exam=exam,
        protocol=protocol,
        volumes=composition.volumes,
        seams=composition.seams,
        skeleton=skeleton,
        candidates=found.candidates,
        candidate_labels=found.labels,
        warnings=(*exam.warnings, *composition.warnings, *found.warnings),
        version=__version__,
        command=request.command,
    )


def _labels_and_candidates(
    composition: Composition, exam: Exam, request: ReadRequest, progress: ProgressCall
) -> tuple[Skeleton | None, CandidateSet]:
    """Bone units and candidates; neither for a regional exam whose labels are not trusted and that has no label map
    of its own: no label is better than a wrong one.
    """
    volumes = composition.volumes
    progress("labelling the skeleton")
    if composition.layout == "native" and request.labels is None:
        part, _ = label_part(volumes)
        if part is None:
            why = "Regional exam: bones are not labelled by the machine and no candidates were looked for."
            return None, CandidateSet((), np.zeros((0, 0, 0), np.uint16), (why,))
        skeleton = part
    elif request.labels is None:
        skeleton = label_skeleton(volumes, progress=progress)
    else:
        given = bone_map(request.labels, request.label_names)
        units = {value: units_called(name) for value, name in given.names.items()}
        own = partial(label_skeleton, volumes, progress=progress) if composition.layout != "native" else None
        skeleton = skeleton_from_outside(given.labels, given.grid, units, volumes, own)
    progress("looking for candidates")
    copy = coronal_copy(volumes, skeleton)
    if copy is None:
        return skeleton, find_candidates(volumes, skeleton, progress=progress)
    found = find_candidates(copy.volumes, copy.skeleton, progress=progress)
    return skeleton, copy.back(found, skeleton)


def native_stacks(study: Study, source: ExamSource) -> dict[str, Volume]:
    """Stacks worth showing in the plane they were measured in, by title.

    Beside composed coronal volumes these are the fluid-sensitive sagittal and axial ones (spine, feet, pelvis,
    knees); of a regional exam, which has no composed volumes, every stack but localizers.
    """
    regional = study.protocol.status is ProtocolStatus.REGIONAL
    shown = {}
    for stack in study.exam.stacks:
        beside = stack.contrast.is_fluid_sensitive and stack.plane is not Plane.CORONAL
        if beside or (regional and stack.contrast not in (Contrast.LOCALIZER, Contrast.OTHER)):
            region = "" if stack.body_region == "unknown" else f", {stack.body_region.replace('_', ' ')}"
            b = "" if stack.b_value is None else f" b {stack.b_value:g}"
            title = f"{stack.contrast}{b} {stack.plane}{region} ({stack.id})"
            shown[title] = Volume(source.array(stack), stack.grid, stack.contrast, b_value=stack.b_value)
    return shown


def _with_use(exam: Exam, used: dict[str, str]) -> Exam:
    """The exam with every stack saying what it was used for."""
    return replace(exam, stacks=tuple(replace(s, used_for=used[s.id]) for s in exam.stacks))
