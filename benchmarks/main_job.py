"""The whole main job, folder to report with candidates: wall time, peak memory, and ratio to dcm2niix.

    python benchmarks/main_job.py EXAM [--repeat 3]

EXAM is a folder of DICOM (``marrowmap phantom --seed 7 --age 10 --out DIR`` makes one: DIR/dicom). Runs of both
programs alternate, each as a process of its own; medians are printed. dcm2niix only converts, it composes and
labels nothing: the ratio says what the rest costs.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import dcm2niix

GOAL_SECONDS = 60
GOAL_GIB = 4


def timed(command: list[str]) -> tuple[float, float]:
    """Wall seconds and peak resident memory in GiB of one command."""
    probe = (
        "import resource, subprocess, sys; code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode; "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(code)"
    )
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", probe, *command], check=True, capture_output=True, text=True)
    return time.perf_counter() - start, int(done.stdout.split()[-1]) / 2**20


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("exam", type=Path)
    parser.add_argument("--repeat", type=int, default=3)
    asked = parser.parse_args()
    files = sum(1 for p in asked.exam.rglob("*") if p.is_file())
    marrowmap = str(Path(sys.executable).with_name("marrowmap"))
    ours, theirs, peaks = [], [], []
    for _ in range(asked.repeat):
        with tempfile.TemporaryDirectory() as folder:
            seconds, peak = timed([marrowmap, "read", str(asked.exam), "--out", f"{folder}/study"])
            ours.append(seconds)
            peaks.append(peak)
            converted = Path(folder) / "converted"
            converted.mkdir()
            theirs.append(timed([dcm2niix.bin, "-z", "y", "-o", str(converted), str(asked.exam)])[0])
            shutil.rmtree(converted)
    ours_median, theirs_median = statistics.median(ours), statistics.median(theirs)
    print(f"{files} files, median of {asked.repeat} runs")
    print(f"main job, folder to report: {ours_median:.1f} s (goal under {GOAL_SECONDS} s)")
    print(f"peak memory: {max(peaks):.2f} GiB (goal under {GOAL_GIB} GiB)")
    print(f"dcm2niix -z y, only converting: {theirs_median:.1f} s; ratio {ours_median / theirs_median:.2f}")


if __name__ == "__main__":
    main()
