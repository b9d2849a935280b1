"""Write ``contract/reading.schema.json`` and ``contract/visit.schema.json`` from the records they describe.

Run ``python -m marrowmap.exchange.contract contract`` after a field of a record has changed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from marrowmap.exchange.reading_json import reading_schema
from marrowmap.exchange.visit_json import visit_schema


def write_schemas(folder: Path) -> None:
    """Write both schemas into ``folder``."""
    for name, schema in (("reading", reading_schema()), ("visit", visit_schema())):
        text = json.dumps(schema, indent=1, ensure_ascii=False)
        (folder / f"{name}.schema.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1] if len(sys.argv) > 1 else "contract"))
