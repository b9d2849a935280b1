"""``python -m marrowmap.training STEP ...``: see docs/concepts/training.md."""

from __future__ import annotations

import importlib
import sys

STEPS = ("cases", "units", "exams", "outlines", "namings", "shapes", "lesions", "ranker")

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in STEPS:
        sys.exit(
            f"usage: python -m marrowmap.training {'|'.join(STEPS)} [options]; --help after a step shows its own"
        )
    importlib.import_module(f"marrowmap.training.{sys.argv[1]}").main(sys.argv[2:])
