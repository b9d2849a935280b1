"""The registry beside the pages: opened when first needed, kept open, and absent when none is configured."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from marrowmap.errors import MissingExtra
from marrowmap.web.problems import NotThere

if TYPE_CHECKING:
    from marrowmap.registry.database import Registry

BESIDE = "registry.db"
"""A file of this name in the data folder is the registry when no other is named."""


class RegistryLink:
    """A registry by file or URL; ``place`` is empty when there is none."""

    def __init__(self, data: Path, place: str = "") -> None:
        self.place = place or (str(data / BESIDE) if (data / BESIDE).is_file() else "")

    @property
    def configured(self) -> bool:
        """Whether there is one."""
        return bool(self.place)

    @cached_property
    def _opened(self) -> Registry:
        try:
            from marrowmap.registry.database import open_registry
        except ImportError as error:
            raise MissingExtra(
                "the registry", f"needs {error.name}", 'pip install "marrowmap[registry]"'
            ) from None
        return open_registry(self.place)

    def open(self) -> Registry:
        """The registry. Raises NotThere when none is configured."""
        if not self.configured:
            raise NotThere(
                "registry", "none is named", "Start with `marrowmap serve --registry FILE`, or make one"
            )
        return self._opened

    def head(self) -> int:
        """Number of the last event: changes exactly when anything in the registry did."""
        import sqlalchemy as sa

        from marrowmap.registry.schema import events

        with self.open().reading() as connection:
            return int(connection.execute(sa.select(sa.func.max(events.c.seq))).scalar() or 0)

    def close(self) -> None:
        """Let go of it, if it was opened."""
        if "_opened" in self.__dict__:
            self._opened.close()
