"""A folder tree, a .zip or a DICOMDIR in; an exam and its arrays out.

::

    with open_exam(Path("exam")) as source:
        for stack in source.exam.stacks:
            array = source.array(stack)        # [slice, row, column], rescaled
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from marrowmap.core.exam import Exam, Leftover, Stack
from marrowmap.core.volume import Contrast
from marrowmap.errors import InputError, NoImagesFound
from marrowmap.exchange import dicom_choice as choice
from marrowmap.exchange import dicom_enhanced as enhanced
from marrowmap.exchange import dicom_mosaic as mosaic
from marrowmap.exchange import dicom_pixels as pixels
from marrowmap.exchange.dicom_archive import Place, open_place
from marrowmap.exchange.dicom_group import Grouper, Pile
from marrowmap.exchange.dicom_header import HeaderReader, ImageHeader
from marrowmap.exchange.dicom_patient import describe_patient, describe_scanner, exam_date, scrubbed
from marrowmap.exchange.dicom_scan import NotDicom, Scan, Scanner
from marrowmap.exchange.dicom_stack import finish

Progress = Callable[[int, int], None]
"""Called with (files read so far, files in all)."""

DICOMDIR_CLASS = "1.2.840.10008.1.3.10"
IMAGE_CLASSES = enhanced.ENHANCED | {"1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.2"}
"""Objects that always hold pixels (MR, CT); one without was cut off."""


@dataclass
class _Aside:
    """Images set aside, by reason."""

    groups: dict[tuple[str, str], list[tuple[str, int]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, what: str, reason: str, file: str, images: int = 1) -> None:
        self.groups[what, reason].append((file, images))

    def leftovers(self) -> tuple[Leftover, ...]:
        return tuple(
            Leftover(what, sum(n for _, n in files), reason, tuple(dict.fromkeys(f for f, _ in files)))
            for (what, reason), files in sorted(self.groups.items())
        )


class ExamSource:
    """An exam and access to its pixels. Use as a context manager: a .zip lies unpacked until it is closed.

    exam: what was found. root: the folder that ``files`` of stacks and leftovers are relative to.
    """

    def __init__(self, place: Place, exam: Exam, piles: dict[str, Pile]) -> None:
        self._place = place
        self._piles = piles
        self._paths = [f"{place.root}/{name}" for name in place.files]
        self.root = place.root
        self.exam = exam
        self._decoded: dict[str, npt.NDArray[Any]] = {}

    def __enter__(self) -> ExamSource:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Removes what was unpacked."""
        self._place.close()

    def array(self, stack: Stack) -> npt.NDArray[Any]:
        """Signal of ``stack``, shape ``stack.grid.shape``, [slice, row, column].

        Rescale slope and intercept are applied: the stored integer type where they change nothing, int16 or
        int32 for a whole shift, float32 otherwise. Slices in ``stack.missing_slices`` hold 0.
        Raises InputError when the pixels of a file cannot be decoded.
        """
        if stack.id in self._decoded:
            return self._decoded[stack.id]
        pile = self._piles[stack.id]
        try:
            return pixels.read_stack(pile.headers, self._paths, pile.grid.shape[0], pile.missing)
        except (pixels.Undecodable, OSError) as error:
            raise InputError(
                f"stack {stack.id} (series {stack.series_number})",
                f"the pixels cannot be read: {error}",
                "Export the exam again, uncompressed if possible.",
            ) from None

    def set_aside_unreadable(self) -> None:
        """Decode every compressed stack once; what cannot be decoded is set aside with a warning.

        A slice that cannot be decoded is missing from its stack; a stack without a readable slice becomes a
        leftover. Afterwards ``array`` works for every stack of ``exam``.
        """
        for stack in self.exam.stacks:
            if all(pixels.is_raw(h) for h in self._piles[stack.id].headers):
                continue
            try:
                self._decoded[stack.id] = self.array(stack)
            except InputError:
                self._set_aside(stack)

    def _set_aside(self, stack: Stack) -> None:
        pile = self._piles[stack.id]
        missing = set(pile.missing)
        places = [k for k in range(pile.grid.shape[0]) if k not in missing]
        spoilt: dict[int, str] = {}
        picture = np.empty((pile.settings.rows, pile.settings.columns), pixels.stored_dtype(pile.settings))
        for place, header in zip(places, pile.headers, strict=True):
            try:
                pixels.read_into(header, self._paths[header.file], picture)
            except (pixels.Undecodable, OSError) as error:
                spoilt[place] = f"{Path(self._paths[header.file]).name}: {error}"
        kept = [(k, h) for k, h in zip(places, pile.headers, strict=True) if k not in spoilt]
        files = tuple(stack.files[i] for i, k in enumerate(places) if k in spoilt and i < len(stack.files))
        what = f"stack {stack.id} (series {stack.series_number})"
        reason = f"the pixels of {len(spoilt)} images cannot be decoded ({next(iter(spoilt.values()))})"
        self._piles[stack.id] = replace(
            pile, headers=[h for _, h in kept], missing=tuple(sorted(missing | set(spoilt)))
        )
        shown = replace(
            stack,
            n_images=len(kept),
            missing_slices=self._piles[stack.id].missing,
            files=tuple(f for f in stack.files if f not in files),
        )
        self.exam = replace(
            self.exam,
            stacks=tuple(
                shown if s.id == stack.id else s for s in self.exam.stacks if kept or s.id != stack.id
            ),
            leftovers=(*self.exam.leftovers, Leftover(what, len(spoilt), reason, files)),
            warnings=(
                *self.exam.warnings,
                f"{what}: {reason}. Export the exam again, uncompressed if possible.",
            ),
        )
        if kept:
            self._decoded[stack.id] = self.array(shown)


def open_exam(
    path: Path, *, patient: str | None = None, study: str | None = None, progress: Progress | None = None
) -> ExamSource:
    """Read the headers of every file of an exam and sort its images into stacks.

    path: a folder tree, a .zip, a DICOMDIR or a single file.
    patient: pseudonym (or id) to choose one of several patients. study: UID (or its end) of one of several.
    Raises NoImagesFound, NotMagneticResonance, SeveralPatients, SeveralExams, UnsafeArchive, InputError.
    """
    place = open_place(Path(path))
    try:
        return _Reading(place, Path(path).name or str(path)).run(patient, study, progress)
    except BaseException:
        place.close()
        raise


class _Reading:
    """One pass over the files of a place."""

    def __init__(self, place: Place, name: str) -> None:
        self.place = place
        self.name = name
        self.aside = _Aside()
        self.images_in = 0
        self.warnings = list(place.warnings)
        self.reader = HeaderReader()
        self._digests: dict[tuple[int, int], bytes] = {}
        self._is_rotation = lru_cache(maxsize=4096)(_is_rotation)

    def run(self, patient: str | None, study: str | None, progress: Progress | None) -> ExamSource:
        headers = self._read_headers(progress)
        if not headers:
            raise self._nothing_found()
        chosen = choice.choose(headers, self.name, patient, study)
        for what, reason, header in chosen.set_aside:
            self._set_aside(what, reason, header)
        self.warnings.extend(chosen.warnings)
        placed = [h for h in chosen.headers if self._is_placeable(h)]
        grouper = Grouper(self._alike)
        piles = grouper.piles(placed)
        for copy in grouper.doubled:
            self._set_aside("doubled image", "the same image is there twice; one is used", copy.header)
        if not piles:
            raise self._nothing_found()
        return self._source(finish(piles, self.place.files), chosen.headers)

    def _read_headers(self, progress: Progress | None) -> list[ImageHeader]:
        scanner, headers, total = Scanner(), [], len(self.place.files)
        root = f"{self.place.root}/"
        for index, name in enumerate(self.place.files):
            try:
                scan = scanner.scan(root + name)
            except (NotDicom, OSError) as error:
                self._no_dicom(name, error)
            else:
                headers.extend(self._images_of(scan, index, name))
            if progress is not None and (index % 64 == 0 or index + 1 == total):
                progress(index + 1, total)
        return headers

    def _no_dicom(self, name: str, error: Exception) -> None:
        if isinstance(error, OSError):
            self.aside.add("unreadable file", "it cannot be opened; check its permissions", name, 1)
        elif name.lower().endswith((".dcm", ".ima", ".dicom")):
            self.aside.add("file named like DICOM", "it is no DICOM file or its beginning is lost", name, 1)
            self.images_in += 1
            self.warnings.append(f"{name}: named like DICOM, but no DICOM file or damaged at its beginning; "
                                 "export it again if it belongs to the exam.")  # fmt: skip
            return
        else:
            self.aside.add("other file", "no DICOM file", name, 0)
        if isinstance(error, OSError):
            self.images_in += 1

    def _images_of(self, scan: Scan, index: int, name: str) -> list[ImageHeader]:
        """The images of one file that may be used; what cannot is set aside with its reason."""
        try:
            header = self.reader.header(scan, index)
        except (ValueError, OverflowError):
            self.images_in += 1
            self.aside.add("damaged file", "its header holds values that cannot be read", name)
            return []
        s = header.settings
        pixelless = scan.pixel_length == 0 and not s.rows and s.sop_class not in IMAGE_CLASSES
        if s.sop_class == DICOMDIR_CLASS or pixelless:
            self.aside.add("DICOM file without images", "a directory, report or other object", name, 0)
            return []
        images = header.frames
        headers = [header]
        if s.sop_class in enhanced.ENHANCED or header.frames > 1:
            headers = self._frames(scan, header, index, name)
        elif s.mosaic_tiles:
            headers = self._tiles(header, name)
            images = len(headers) or 1
        self.images_in += len(headers) or images
        if not headers:
            self.aside.add("multi-frame file", "its frames hold no positions", name, images)
            return []
        if scan.truncated or scan.pixel_length == 0:
            self.aside.add("truncated file", "the file ends before its pixels do", name, len(headers))
            self.warnings.append(f"{name}: the file is cut off before the end of its pixels and was left "
                                 "out; copy or export it again.")  # fmt: skip
            return []
        expected = pixels.frame_bytes(s) * header.frames
        if pixels.is_raw(header) and scan.pixel_length < expected and s.samples == 1:
            self.aside.add(
                "damaged file", "it holds fewer pixels than rows and columns say", name, len(headers)
            )
            return []
        return headers

    def _frames(self, scan: Scan, header: ImageHeader, index: int, name: str) -> list[ImageHeader]:
        try:
            return enhanced.frame_headers(self.place.root / name, scan, header.settings, index)
        except enhanced.NoFrames:
            return []
        except Exception as error:  # pydicom raises many kinds on damaged files
            self.warnings.append(
                f"{name}: its frames cannot be read ({type(error).__name__}); export it again."
            )
            return []

    def _tiles(self, header: ImageHeader, name: str) -> list[ImageHeader]:
        try:
            return mosaic.tile_headers(header, self.place.root / name)
        except mosaic.NoMosaic as error:
            self.warnings.append(f"{name}: a mosaic whose slices cannot be placed: {error}.")
            return []

    def _is_placeable(self, h: ImageHeader) -> bool:
        s = h.settings
        if s.samples != 1:
            self._set_aside("colour picture", "a colour picture is no measurement", h)
        elif (
            h.position is None
            or s.orientation is None
            or s.pixel_spacing is None
            or not s.rows
            or not s.columns
        ):
            self._set_aside("image without a place", "position, orientation or pixel spacing is missing", h)
        elif not self._is_rotation(s.orientation):
            self._set_aside(
                "image without a place", "its orientation is no pair of perpendicular directions", h
            )
        else:
            return True
        return False

    def _set_aside(self, what: str, reason: str, h: ImageHeader) -> None:
        self.aside.add(what, reason, self.place.files[h.file])

    def _alike(self, a: ImageHeader, b: ImageHeader) -> bool:
        """Whether two images store the same pixels."""
        try:
            return self._digest(a) == self._digest(b)
        except (pixels.Undecodable, OSError):
            return False

    def _digest(self, h: ImageHeader) -> bytes:
        key = (h.file, h.frame)
        if h.tile is not None:
            return pixels.pixel_digest(h, f"{self.place.root}/{self.place.files[h.file]}")
        if key not in self._digests:
            path = f"{self.place.root}/{self.place.files[h.file]}"
            self._digests[key] = pixels.pixel_digest(h, path)
        return self._digests[key]

    def _nothing_found(self) -> InputError:
        found = self.aside.leftovers()
        if not self.place.files:
            return NoImagesFound(
                self.name, "the folder is empty", "Give the folder that holds the DICOM files."
            )
        reasons = "; ".join(f"{len(rest.files)} x {rest.what}: {rest.reason}" for rest in found)
        return NoImagesFound(
            self.name,
            f"none of its {len(self.place.files)} files holds an MR image that can be used ({reasons})",
            "Give the folder that holds the DICOM files, or export the exam again.",
        )

    def _source(self, made: list[tuple[Stack, Pile]], headers: list[ImageHeader]) -> ExamSource:
        stacks = tuple(stack for stack, _ in made)
        settings = list({id(h.settings): h.settings for h in headers}.values())
        day = exam_date(settings)
        self.warnings.extend(_stack_warnings(stacks))
        leftovers = self.aside.leftovers()
        self.warnings.extend(_leftover_warnings(leftovers))
        exam = Exam(
            patient=describe_patient(settings, day),
            scanner=describe_scanner(settings),
            exam_date=day,
            study_uid=settings[0].study_uid,
            stacks=stacks,
            leftovers=leftovers,
            images_in=self.images_in,
            warnings=tuple(dict.fromkeys(scrubbed(w, settings) for w in self.warnings)),
        )
        return ExamSource(self.place, exam, {stack.id: pile for stack, pile in made})


def _is_rotation(orientation: tuple[float, ...]) -> bool:
    row, column = orientation[:3], orientation[3:]
    lengths = (sum(v * v for v in row), sum(v * v for v in column))
    across = sum(a * b for a, b in zip(row, column, strict=True))
    return all(0.9 < n < 1.1 for n in lengths) and abs(across) < 0.05


def _stack_warnings(stacks: tuple[Stack, ...]) -> list[str]:
    found = []
    for stack in stacks:
        if stack.missing_slices:
            which = ", ".join(str(k + 1) for k in stack.missing_slices[:8])
            found.append(
                f"Series {stack.series_number} ({stack.contrast}, {stack.plane}): "
                f"{len(stack.missing_slices)} of {stack.grid.shape[0]} slices are missing (number {which}); "
                "what they showed is not assessed. Export the series again if it is complete in the archive."
            )
    frames = Counter(s.frame_of_reference for s in stacks if s.contrast is not Contrast.LOCALIZER)
    if len(frames) > 1:
        found.append(
            f"The exam has {len(frames)} frames of reference; positions are taken as comparable between "
            "them, as on scanners that open a new one when the table moves."
        )
    pieces = Counter(
        (s.series_number, s.contrast, s.b_value, s.plane, s.acquisition.te_ms)
        for s in stacks
        if s.n_images == 1
    )
    for (series, contrast, _, plane, _), count in pieces.items():
        if count >= 3 and contrast is not Contrast.LOCALIZER:
            found.append(
                f"Series {series} ({contrast}, {plane}): {count} slices stand alone, unevenly spaced."
            )
    return found


def _leftover_warnings(leftovers: tuple[Leftover, ...]) -> list[str]:
    """What was set aside and nobody would expect; ``truncated`` and foreign files have their own warnings."""
    told = ("doubled image", "image without a place", "damaged file", "multi-frame file")
    return [
        f"{rest.n_images} images set aside ({rest.what}): {rest.reason}; first: {rest.files[0]}."
        for rest in leftovers
        if rest.what in told
    ]
