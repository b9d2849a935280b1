"""From composed volumes to candidates: wall time and peak memory on the largest exam of the test set.

    python benchmarks/labels_and_candidates.py [--cache DIR] [--repeat 3]

The exam is simulated first (or read from DIR, which ``marrowmap bench --cache DIR`` fills); every run is a process of
its own and the median is printed. No other program does both, so there is nothing to compare with.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from marrowmap.bench.exams import exam_of
from marrowmap.imaging.candidates import find_candidates
from marrowmap.imaging.label import label_skeleton
from marrowmap.phantom.sets import bench_set

GOAL_SECONDS, GOAL_GIB = 30, 3
LARGEST = 90002


def run_once(cache: Path) -> None:
    """Label the exam of most voxels of the first 22 test exams, find candidates, print seconds and GiB as JSON."""
    request = next(r for r in bench_set("test", 22) if r.seed == LARGEST)
    exam = exam_of(request, cache)
    begun = time.perf_counter()
    skeleton = label_skeleton(exam.volumes)
    labelled = time.perf_counter()
    find_candidates(exam.volumes, skeleton)
    done = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    told = {"shape": exam.grid.shape, "age": request.age_years, "labels": labelled - begun}
    print(json.dumps({**told, "candidates": done - labelled, "peak_gib": peak}))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        run_once(args.cache)
        return
    with tempfile.TemporaryDirectory() as folder:
        cache = args.cache or Path(folder)
        command = [sys.executable, __file__, "--one", "--cache", str(cache)]
        runs = []
        for k in range(
            args.repeat + (args.cache is None)
        ):  # the first run of an empty folder simulates the exam
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            if k or args.cache:
                runs.append(json.loads(done.stdout.splitlines()[-1]))
    labels, candidates, peak = (
        statistics.median(r[key] for r in runs) for key in ("labels", "candidates", "peak_gib")
    )
    print(
        f"age {runs[0]['age']:.0f}, {' x '.join(map(str, runs[0]['shape']))} voxels, median of {len(runs)} runs"
    )
    print(
        f"labels {labels:.1f} s + candidates {candidates:.1f} s = {labels + candidates:.1f} s (goal {GOAL_SECONDS} s)"
    )
    print(f"peak memory with the volumes {peak:.2f} GiB (goal {GOAL_GIB} GiB)")


if __name__ == "__main__":
    main()
