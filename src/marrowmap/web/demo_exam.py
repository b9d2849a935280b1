"""The demo exam, made in a process of its own: ``python -m marrowmap.web.demo_exam DATA NAME`` does the work.

A digital child is scanned and read into the data folder. Everything is marked synthetic.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from marrowmap.web.problems import NotAllowed
from marrowmap.web.shelf import Shelf

SEED = 7
AGE_YEARS = 10.0
NAME = f"demo-child-{SEED}"


class DemoExam:
    """Starts the making at most once at a time, and tells how far it is."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._worker: subprocess.Popen[str] | None = None
        self._log: Path | None = None

    def state(self) -> dict[str, Any]:
        """state: "none", "running", "done" or "failed"; step, done, total: progress; total 0 means unknown."""
        if NAME in self._shelf.names():
            return {"state": "done", "name": NAME, "step": "", "done": 0, "total": 0}
        if self._worker is None:
            return {"state": "none", "name": NAME, "step": "", "done": 0, "total": 0}
        lines = self._log.read_text("utf-8").splitlines() if self._log else []
        steps = [json.loads(line) for line in lines if line.startswith("{")]
        last = steps[-1] if steps else {"step": "starting", "done": 0, "total": 0}
        if self._worker.poll() is None:
            return {"state": "running", "name": NAME, **last}
        why = lines[-1] if lines else "it ended without a word"
        return {"state": "failed", "name": NAME, "step": why, "done": 0, "total": 0}

    def start(self) -> dict[str, Any]:
        """Start making it. Raises NotAllowed when it is there already; while it runs, tells how far it is."""
        now = self.state()
        if now["state"] == "done":
            raise NotAllowed("demo exam", "it is in the worklist already", "Open it there")
        if now["state"] != "running":
            self._shelf.root.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix="marrowmap-demo-", suffix=".log")
            self._log = Path(name)
            command = [sys.executable, "-m", "marrowmap.web.demo_exam", str(self._shelf.root), NAME]
            self._worker = subprocess.Popen(  # noqa: S603 - our own module, no shell
                command, stdout=handle, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True
            )
        return self.state()

    def stop(self) -> None:
        """End the making, if it runs; a half-made study never shows in the worklist."""
        if self._worker is not None and self._worker.poll() is None:
            self._worker.terminate()
            self._worker.wait(timeout=10)
        if self._log is not None:
            self._log.unlink(missing_ok=True)


def make(data: Path, name: str) -> None:
    """Make the exam of a digital child and read it into ``data/name``; progress as JSON lines on stdout."""
    from marrowmap.phantom.exam import ExamRequest, write_exam
    from marrowmap.pipeline import ReadRequest, read_study
    from marrowmap.web.pages_of_study import write_pages

    def tell(step: str, done: int = 0, total: int = 0) -> None:
        print(json.dumps({"step": step, "done": done, "total": total}), flush=True)

    with tempfile.TemporaryDirectory(prefix="marrowmap-demo-") as folder:
        exam = Path(folder) / "exam"
        tell("painting and scanning a digital child")
        write_exam(ExamRequest(seed=SEED, age_years=AGE_YEARS, body="mesh"), exam)
        request = ReadRequest(exam / "dicom", data / name, command="marrowmap demo")
        read_study(request, tell, additions=[write_pages])


if __name__ == "__main__":
    make(Path(sys.argv[1]), sys.argv[2])
