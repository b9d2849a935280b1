"""The worked example: records in, every printed figure beside the recomputed one out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marrowmap.cohort.cohort import Cohort
from marrowmap.cohort.demo.compare import Comparison, compare, inconsistencies
from marrowmap.cohort.demo.published import published_figures
from marrowmap.cohort.demo.records import record_files, records
from marrowmap.cohort.extract import extract_in_memory
from marrowmap.cohort.table import Table, table_data
from marrowmap.cohort.tables import all_tables
from marrowmap.cohort.write import SYNTHETIC, write_tables
from marrowmap.registry.longfiles import new_folder

_ORDER = 0
"""The order of the made-up children hides nobody; a fixed one gives the same files each time."""


@dataclass(frozen=True)
class DemoResult:
    """Everything the worked example shows."""

    figures: tuple[Comparison, ...]
    inconsistencies: tuple[dict[str, Any], ...]
    tables: tuple[Table, ...]
    citation: str
    written: tuple[str, ...]

    @property
    def all_agree(self) -> bool:
        """Whether every printed figure was met."""
        return all(f.agrees for f in self.figures)

    def data(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "synthetic": True,
            "note": f"{SYNTHETIC} They were made to agree with the printed figures of: {self.citation}",
            "all_agree": self.all_agree,
            "figures": [f.data() for f in self.figures],
            "inconsistencies": list(self.inconsistencies),
            "tables": [table_data(t) for t in self.tables],
            "written": list(self.written),
        }

    def words(self) -> str:
        """For a terminal."""
        width = max(len(f.id) for f in self.figures)
        lines = [SYNTHETIC, f"Printed figures of: {self.citation}", ""]
        lines.append(f"{'figure':<{width}}  {'published':<26} {'recomputed':<26} agrees")
        for figure in self.figures:
            mark = "yes" if figure.agrees else "NO"
            mark += f" (misprint {figure.known_misprint})" if figure.known_misprint else ""
            lines.append(f"{figure.id:<{width}}  {figure.published:<26} {figure.recomputed:<26} {mark}")
        agreeing = sum(f.agrees for f in self.figures)
        lines += [
            "",
            f"{agreeing} of {len(self.figures)} figures agree.",
            "",
            "What does not fit in the paper:",
        ]
        for item in self.inconsistencies:
            lines.append(f"  {item['id']} ({item['weight']}): {item['text']}")
            lines += [f"      recomputed {at}: {text}" for at, text in item["recomputed"].items()]
        return "\n".join([*lines, *(f"written: {w}" for w in self.written)])


def run_demo(out: Path | None = None, registry: str = "") -> DemoResult:
    """Compute all tables from the records and compare. out: also write tables and figures; registry: fill it."""
    cohort = Cohort(extract_in_memory(records(), synthetic=True, shuffle_seed=_ORDER))
    tables = all_tables(cohort)
    published = published_figures()
    written = []
    if registry:
        from marrowmap.registry.database import open_registry
        from marrowmap.registry.importing import import_rows

        opened = open_registry(registry)
        try:
            report = import_rows(opened, record_files(), "marrowmap cohort demo")
        finally:
            opened.close()
        written.append(f"{registry}: {report.changes} rows")
    if out is not None:
        written += _write(out, cohort, tables)
    return DemoResult(
        tuple(compare(tables, published)),
        tuple(inconsistencies(tables, published)),
        tables,
        published.citation,
        tuple(written),
    )


def _write(out: Path, cohort: Cohort, tables: tuple[Table, ...]) -> list[str]:
    from marrowmap.cohort.figures import all_figures, write_figures

    with new_folder(out) as fresh:
        write_tables(fresh / "tables", tables)
        write_figures(fresh / "figures", all_figures(cohort))
    return [str(out / "tables"), str(out / "figures")]
