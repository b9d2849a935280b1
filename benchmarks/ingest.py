"""How fast an exam folder becomes arrays, beside other readers, as ratios measured in one run.

    python benchmarks/ingest.py EXAM [--repeat 5] [--only raw|jpegls|growth]

Every method reads the same files from a warm cache; methods take turns, and medians are compared. "In process"
counts from the call, without the start of Python; other programs are counted with their start. Trust the
ratios, not the seconds. Reading every byte is the limit no reader can pass.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from marrowmap.core.volume import Volume
from marrowmap.exchange.dicom_exam import open_exam
from marrowmap.exchange.nifti import write_volume

Method = Callable[[Path, Path], object]


def read_bytes(exam: Path, out: Path) -> int:
    """The limit: open and read every file."""
    total = 0
    for folder, _, names in os.walk(exam):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                total += len(file.read())
    return total


def ours(exam: Path, out: Path) -> int:
    """Folder to arrays in memory, in process."""
    with open_exam(exam) as source:
        arrays = [source.array(stack) for stack in source.exam.stacks]
        assert source.exam.images_in == source.exam.images_accounted
    return len(arrays)


def ours_written(exam: Path, out: Path) -> int:
    """Folder to compressed NIfTI files, in process."""
    with open_exam(exam) as source:
        for stack in source.exam.stacks:
            volume = Volume(source.array(stack), stack.grid, stack.contrast, b_value=stack.b_value)
            write_volume(out / f"{stack.id}.nii.gz", volume)
    return len(source.exam.stacks)


def ours_started(exam: Path, out: Path) -> None:
    """The same with the start of Python and all imports."""
    code = (
        "import sys; from pathlib import Path; from marrowmap.exchange.dicom_exam import open_exam\n"
        "with open_exam(Path(sys.argv[1])) as s: [s.array(k) for k in s.exam.stacks]"
    )
    subprocess.run([sys.executable, "-c", code, str(exam)], check=True)


def dcm2niix(level: str) -> Method:
    beside = Path(sys.executable).with_name("dcm2niix")
    program = str(beside) if beside.exists() else shutil.which("dcm2niix") or "dcm2niix"

    def run(exam: Path, out: Path) -> None:
        command = [program, "-z", level, "-d", "9", "-o", str(out), str(exam)]
        # It returns 8 when it converts all but a few odd series (localizers); that is no failure here.
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if not any(out.iterdir()):
            raise SystemExit(f"dcm2niix wrote nothing: {done.stdout[-300:]}")

    return run


def simpleitk(exam: Path, out: Path) -> int:
    """ImageSeriesReader, one image per series id and folder."""
    import SimpleITK as sitk  # noqa: N813

    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    count = 0
    for folder, _, names in os.walk(exam):
        if not names:
            continue
        for series in sitk.ImageSeriesReader.GetGDCMSeriesIDs(folder):
            reader = sitk.ImageSeriesReader()
            reader.SetFileNames(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(folder, series))
            try:
                reader.Execute()
                count += 1
            except RuntimeError:  # planes of different size in one series
                continue
    return count


def plain_pydicom(exam: Path, out: Path) -> int:
    """dcmread and pixel_array of every file, nothing sorted."""
    import pydicom

    pixels = []
    for folder, _, names in os.walk(exam):
        for name in names:
            try:
                pixels.append(pydicom.dcmread(os.path.join(folder, name)).pixel_array)
            except pydicom.errors.InvalidDicomError:
                continue
    return len(pixels)


def dicom2nifti(exam: Path, out: Path) -> None:
    import logging

    import dicom2nifti as package

    logging.disable(logging.CRITICAL)
    with contextlib.redirect_stderr(io.StringIO()):  # it prints a traceback for every localizer
        package.convert_directory(str(exam), str(out), compression=False, reorient=False)
    logging.disable(logging.NOTSET)


def measure(
    methods: dict[str, Method], exam: Path, repeat: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """Median seconds of each method; methods take turns, the first turn warms the cache and is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in methods}
    for turn in range(repeat + 1):
        for name, method in methods.items():
            if name in SLOW and turn > 1:
                continue
            with tempfile.TemporaryDirectory() as out, warnings.catch_warnings():
                warnings.simplefilter("ignore")
                start = clock()
                method(exam, Path(out))
                took = clock() - start
            if turn or name in SLOW:
                seconds[name].append(took)
    return {name: statistics.median(values) for name, values in seconds.items()}


SLOW = ("SimpleITK ImageSeriesReader", "dicom2nifti", "plain pydicom")
MEMORY, BASE = "marrowmap, folder to arrays, in process", "dcm2niix -z n"
WRITTEN, BASE_GZ = "marrowmap, folder to .nii.gz, in process", "dcm2niix -z y"


def table(title: str, found: dict[str, float], files: int) -> None:
    print(f"\n{title} ({files} files)")
    print(f"{'':46s} {'seconds':>8s} {'x dcm2niix -z n':>16s}")
    for name, value in sorted(found.items(), key=lambda item: item[1]):
        print(f"{name:46s} {value:8.3f} {value / found[BASE]:16.2f}")
    print(f"folder to arrays / dcm2niix -z n: {found[MEMORY] / found[BASE]:.2f} (goal <= 1.0)")
    if BASE_GZ in found:
        print(f"folder to .nii.gz / dcm2niix -z y: {found[WRITTEN] / found[BASE_GZ]:.2f} (goal <= 0.5)")


def as_jpegls(exam: Path, target: Path) -> int:
    """The exam with every image re-encoded as lossless JPEG-LS."""
    import pydicom
    from pydicom.uid import JPEGLSLossless

    count = 0
    for path in sorted(p for p in exam.rglob("*") if p.is_file()):
        try:
            ds = pydicom.dcmread(path)
        except pydicom.errors.InvalidDicomError:
            continue
        ds.compress(JPEGLSLossless, generate_instance_uid=False)
        out = target / path.relative_to(exam)
        out.parent.mkdir(parents=True, exist_ok=True)
        ds.save_as(out)
        count += 1
    return count


def grown(exam: Path, target: Path, files: int) -> None:
    """``files`` files: the exam again and again, each round with series and instances of its own."""
    import pydicom

    folders = sorted(p for p in exam.rglob("*") if p.is_dir()) or [exam]
    random.Random(7).shuffle(folders)  # any number of files holds large and small series alike
    sources = [p for folder in folders for p in sorted(folder.iterdir()) if p.is_file()]
    made, turn = 0, 0
    while made < files:
        for path in sources[: files - made]:
            ds = pydicom.dcmread(path)
            ds.SOPInstanceUID = f"{ds.SOPInstanceUID[:60]}.{turn}"
            ds.SeriesInstanceUID = f"{ds.SeriesInstanceUID[:60]}.{turn}"
            out = target / str(turn) / path.relative_to(exam)
            out.parent.mkdir(parents=True, exist_ok=True)
            ds.save_as(out)
            made += 1
        turn += 1


def growth(exam: Path, repeat: int) -> None:
    print("\nGrowth with the number of files (folder to arrays, in process; processor time)")
    rates = []
    for files in (500, 1000, 2000):
        with tempfile.TemporaryDirectory() as folder:
            grown(exam, Path(folder), files)
            found = measure({"ours": ours, "bytes": read_bytes}, Path(folder), repeat, time.process_time)
        rates.append(found["ours"] / files)
        print(f"{files:6d} files {found['ours']:7.3f} s {1e6 * rates[-1]:6.0f} us/file "
              f"({found['ours'] / found['bytes']:.1f} x reading the bytes)")  # fmt: skip
    print(f"cost per file at 2,000 / at 500: {rates[-1] / rates[0]:.2f} (1.00 is linear)")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("exam", type=Path)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--only", choices=("raw", "jpegls", "growth"))
    options = parser.parse_args()
    files = sum(1 for p in options.exam.rglob("*") if p.is_file())
    methods: dict[str, Method] = {
        "reading the bytes (limit)": read_bytes,
        MEMORY: ours,
        "marrowmap, the same with the start of Python": ours_started,
        WRITTEN: ours_written,
        BASE: dcm2niix("n"),
        BASE_GZ: dcm2niix("y"),
        "plain pydicom": plain_pydicom,
        "SimpleITK ImageSeriesReader": simpleitk,
    }
    if importlib.util.find_spec("dicom2nifti"):
        methods["dicom2nifti"] = dicom2nifti
    if options.only in (None, "raw"):
        table("Uncompressed", measure(methods, options.exam, options.repeat), files)
    if options.only in (None, "jpegls"):
        with tempfile.TemporaryDirectory() as folder:
            count = as_jpegls(options.exam, Path(folder))
            table("JPEG-LS", measure(methods, Path(folder), min(options.repeat, 3)), count)
    if options.only in (None, "growth"):
        growth(options.exam, options.repeat)


if __name__ == "__main__":
    main()
