"""What an import says about rows it cannot take."""

from __future__ import annotations

from dataclasses import dataclass, field

from marrowmap.errors import InputError


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason to refuse one row. line: of the file, the header being 1; 0 when it is the whole file."""

    source: str
    line: int
    column: str
    why: str
    remedy: str = ""

    def __str__(self) -> str:
        where = self.source if self.line == 0 else f"{self.source} line {self.line}"
        if self.column:
            where += f", {self.column}"
        return f"{where}: {self.why}." + (f" {self.remedy}." if self.remedy else "")


class ImportRefused(InputError):
    """Nothing was stored, because some rows cannot be taken; ``problems`` lists every one of them."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        shown = "\n".join(f"  {p}" for p in problems[:20])
        more = f"\n  ... and {len(problems) - 20} more" if len(problems) > 20 else ""
        super().__init__(
            "import",
            f"{len(problems)} problem(s), nothing was stored:\n{shown}{more}\n",
            "Mend these rows and run the import again",
        )


@dataclass(frozen=True)
class ImportReport:
    """Rows per table that were new, changed, or already there with the same values."""

    added: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    unchanged: dict[str, int] = field(default_factory=dict)

    @property
    def changes(self) -> int:
        """Rows that were written."""
        return sum(self.added.values()) + sum(self.changed.values())

    def lines(self) -> list[str]:
        """One line per table."""
        return [
            f"{t}: {self.added.get(t, 0)} new, {self.changed.get(t, 0)} changed, "
            f"{self.unchanged.get(t, 0)} unchanged"
            for t in sorted({*self.added, *self.changed, *self.unchanged})
        ]
