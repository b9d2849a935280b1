"""Where the files of an exam are: a folder tree, a .zip or the files a DICOMDIR lists."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import warnings
import zipfile
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath

from marrowmap.errors import InputError, NoImagesFound, UnsafeArchive

MAX_FILES = 200_000
MAX_BYTES = 20 * 1024**3
MAX_RATIO = 100
"""A member that unpacks to more than this many times its packed size is refused (once above 64 MiB);
DICOM shrinks by 2 to 10 times."""
RATIO_FREE_BYTES = 64 * 1024**2


@dataclass
class Place:
    """The files of an exam. ``temporary`` is removed by ``close``."""

    root: Path
    files: list[str]
    temporary: Path | None = None
    warnings: list[str] = field(default_factory=list)

    def close(self) -> None:
        if self.temporary is not None:
            shutil.rmtree(self.temporary, ignore_errors=True)


def open_place(path: Path) -> Place:
    """Files under ``path``, relative to it and sorted. Raises NoImagesFound, UnsafeArchive, InputError."""
    if not path.exists():
        raise NoImagesFound(path.name, "there is no such file or folder", "Check the path.")
    if path.is_dir():
        return Place(path, files_below(path))
    if zipfile.is_zipfile(path):
        return _unpacked(path)
    if path.suffix.lower() == ".zip":
        raise InputError(path.name, "it is named .zip but is no zip archive, or it is cut off",
                         "Copy or export it again.")  # fmt: skip
    if _is_dicomdir(path):
        return _listed(path)
    return Place(path.parent, [path.name])


def files_below(root: Path) -> list[str]:
    """Relative paths of all plain files below ``root``, sorted; links to folders are not followed."""
    found: list[str] = []
    pending = [""]
    while pending:
        below = pending.pop()
        with os.scandir(os.path.join(root, below) if below else root) as entries:
            for entry in entries:
                relative = f"{below}/{entry.name}" if below else entry.name
                if entry.is_dir(follow_symlinks=False):
                    pending.append(relative)
                elif entry.is_file():
                    found.append(relative)
    found.sort()
    return found


def _is_dicomdir(path: Path) -> bool:
    if path.name.upper() == "DICOMDIR":
        return True
    with path.open("rb") as file:
        head = file.read(1024)
    return head[128:132] == b"DICM" and b"1.2.840.10008.1.3.10" in head


def _listed(path: Path) -> Place:
    """The files a DICOMDIR refers to. Paths that climb out of its folder are not followed."""
    import pydicom

    root = path.parent
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = pydicom.dcmread(path)
            records = dataset.DirectoryRecordSequence
    except Exception as error:
        raise NoImagesFound(
            path.name,
            f"the DICOMDIR cannot be read ({type(error).__name__})",
            "Give the folder instead; its files are then found without it.",
        ) from None
    files, missing, outside = [], 0, 0
    for record in records:
        parts = record.get("ReferencedFileID")
        if not parts:
            continue
        names = [parts] if isinstance(parts, str) else [str(p) for p in parts]
        relative = "/".join(names).replace("\\", "/")
        if _climbs(relative):
            outside += 1
            continue
        actual = _existing(root, relative)
        if actual is None:
            missing += 1
        else:
            files.append(actual)
    place = Place(root, sorted(set(files)))
    if missing:
        place.warnings.append(
            f"The DICOMDIR lists {missing} files that are not there; copy the medium completely."
        )
    if outside:
        place.warnings.append(
            f"The DICOMDIR lists {outside} files outside its own folder; they were not read."
        )
    return place


def _existing(root: Path, relative: str) -> str | None:
    """The path as it is written on disk: media name files in capitals, copies often do not."""
    for candidate in (relative, relative.lower()):
        if (root / candidate).is_file():
            return candidate
    at = root
    for part in relative.split("/"):
        if not at.is_dir():
            return None
        match = [e for e in os.listdir(at) if e.lower() == part.lower() or e.lower() == part.lower() + ".dcm"]
        if not match:
            return None
        at = at / match[0]
    return at.relative_to(root).as_posix() if at.is_file() else None


def _climbs(name: str) -> bool:
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    return posix.is_absolute() or bool(windows.drive or windows.root) or ".." in windows.parts or "\0" in name


def _unpacked(path: Path) -> Place:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if not m.is_dir()]
            _check(path, members)
            temporary = Path(tempfile.mkdtemp(prefix="marrowmap-"))
            try:
                _extract(path, archive, members, temporary)
            except BaseException:
                shutil.rmtree(temporary, ignore_errors=True)
                raise
    except zipfile.BadZipFile as error:
        raise InputError(path.name, f"the archive is damaged ({error})", "Copy or export it again.") from None
    return Place(temporary, files_below(temporary), temporary)


def _check(path: Path, members: list[zipfile.ZipInfo]) -> None:
    """Refuses an archive by its directory alone, before a byte is unpacked."""
    trusted = "Unpack it yourself if you trust it, and give the folder."
    refuse = "Do not use this archive; ask for a new export."
    if len(members) > MAX_FILES:
        raise UnsafeArchive(path.name, f"it holds {len(members)} files, more than {MAX_FILES}", trusted)
    if sum(m.file_size for m in members) > MAX_BYTES:
        raise UnsafeArchive(path.name, f"it would unpack to more than {MAX_BYTES >> 30} GiB", trusted)
    for number, member in enumerate(members, start=1):
        # Named by number: the name of a member may hold the name of a patient.
        which = f"member {number}"
        if _climbs(member.filename):
            raise UnsafeArchive(path.name, f"the path of {which} climbs out of the archive", refuse)
        if stat.S_ISLNK(member.external_attr >> 16):
            raise UnsafeArchive(path.name, f"{which} is a link", refuse)
        if member.flag_bits & 1:
            raise InputError(
                path.name, "it is protected by a password", "Unpack it with the password and give the folder."
            )
        ratio = member.file_size / max(member.compress_size, 1)
        if member.file_size > RATIO_FREE_BYTES and ratio > MAX_RATIO:
            raise UnsafeArchive(path.name, f"{which} unpacks to {ratio:.0f} times its size", refuse)


def _extract(path: Path, archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], target: Path) -> None:
    """Unpacks, counting real bytes: what the directory promises may be a lie."""
    total = 0
    for number, member in enumerate(members):
        # Own names: a member's name may be too long, taken twice or differ in case only.
        folder = target / _folder(member.filename)
        folder.mkdir(parents=True, exist_ok=True)
        out = folder / (PurePosixPath(member.filename.replace("\\", "/")).name[:120] or f"member{number}")
        if out.exists():
            out = out.with_name(f"{number}_{out.name}")
        written = 0
        with archive.open(member) as source, out.open("wb") as sink:
            while block := source.read(1 << 20):
                written += len(block)
                total += len(block)
                if written > member.file_size or total > MAX_BYTES:
                    raise UnsafeArchive(
                        path.name,
                        f"member {number + 1} unpacks to more than it promises",
                        "Do not use this archive; ask for a new export.",
                    )
                sink.write(block)


def _folder(name: str) -> str:
    parts = PurePosixPath(name.replace("\\", "/")).parent.parts
    return "/".join(part[:80] for part in parts[:12])
