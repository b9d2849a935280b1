"""Tables and figures of the cohort in the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Response

from marrowmap.cohort.choices import RemissionChoice, RemissionReading, TimeOrigin
from marrowmap.web.access import Person, may_see_cohort, person_of
from marrowmap.web.blinded import BlindableShelf
from marrowmap.web.problems import NotThere
from marrowmap.web.registry_link import RegistryLink

if TYPE_CHECKING:
    from marrowmap.cohort.cohort import Cohort
    from marrowmap.cohort.figures import Figure
    from marrowmap.cohort.table import Table

Asker = Annotated[Person, Depends(person_of)]


class CohortPage:
    """What the pages show of one state of the registry; made anew when anything in it changed."""

    def __init__(self, link: RegistryLink) -> None:
        self._link = link
        self._head = -1
        self._cohort: Cohort | None = None
        self._figures: dict[tuple[str, RemissionChoice], Figure] = {}

    def cohort(self) -> Cohort:
        """The cohort as the registry stands."""
        from marrowmap.cohort.cohort import Cohort
        from marrowmap.cohort.extract import extract_in_memory
        from marrowmap.cohort.source import rows_of_registry

        head = self._link.head()
        if self._cohort is None or head != self._head:
            self._cohort = Cohort(extract_in_memory(*rows_of_registry(self._link.open())))
            self._head, self._figures = head, {}
        return self._cohort

    def tables(self, choice: RemissionChoice) -> tuple[Table, ...]:
        """Every table."""
        from marrowmap.cohort.tables import TableChoices, all_tables

        return all_tables(self.cohort(), TableChoices(choice))

    def figure(self, name: str, choice: RemissionChoice) -> Figure:
        """One figure; drawn when first asked for. Raises NotThere for an unknown name."""
        from marrowmap.cohort.figures import FIGURES

        if name not in FIGURES:
            raise NotThere(f"figure {name}", "there is none of this name", f"Known: {', '.join(FIGURES)}")
        cohort = self.cohort()
        if (name, choice) not in self._figures:
            self._figures[name, choice] = FIGURES[name](cohort, choice)
        return self._figures[name, choice]


def cohort_routes(link: RegistryLink, shelf: BlindableShelf) -> APIRouter:
    """The routes below ``/api/cohort``."""
    router = APIRouter(prefix="/api/cohort")
    page = CohortPage(link)

    @router.get("")
    def tables(
        person: Asker,
        remission: RemissionReading = RemissionReading.EITHER,
        origin: TimeOrigin = TimeOrigin.DIAGNOSIS,
    ) -> dict[str, Any]:
        from marrowmap.cohort.figures import FIGURES

        may_see_cohort(shelf, person)
        if not link.configured:
            return {"configured": False}
        choice = RemissionChoice(remission, origin)
        cohort = page.cohort()
        return {
            "configured": True,
            "synthetic": cohort.extract.synthetic,
            "patients": cohort.n_patients,
            "remission": remission.words,
            "tables": [_shown(t) for t in page.tables(choice)] if cohort.n_patients else [],
            "figures": list(FIGURES) if cohort.n_patients else [],
        }

    @router.get("/tables/{table}.{form}")
    def table_file(
        table: str,
        form: str,
        person: Asker,
        remission: RemissionReading = RemissionReading.EITHER,
        origin: TimeOrigin = TimeOrigin.DIAGNOSIS,
    ) -> Response:
        from marrowmap.cohort.write import table_csv, table_latex

        may_see_cohort(shelf, person)
        made = next((t for t in page.tables(RemissionChoice(remission, origin)) if t.id == table), None)
        writers = {"csv": (table_csv, "text/csv"), "tex": (table_latex, "application/x-latex")}
        if made is None or form not in writers:
            raise NotThere(f"table {table}.{form}", "there is none of this name", "Forms: csv, tex")
        write, kind = writers[form]
        headers = {"Content-Disposition": f'attachment; filename="{table}.{form}"'}
        return Response(write(made), media_type=f"{kind}; charset=utf-8", headers=headers)

    @router.get("/figures/{figure}.pdf")
    def figure_pdf(
        figure: str,
        person: Asker,
        remission: RemissionReading = RemissionReading.EITHER,
        origin: TimeOrigin = TimeOrigin.DIAGNOSIS,
    ) -> Response:
        import vl_convert

        may_see_cohort(shelf, person)
        made = page.figure(figure, RemissionChoice(remission, origin))
        if not made.svg:
            raise NotThere(f"figure {figure}", made.why_missing)
        return Response(vl_convert.svg_to_pdf(made.svg), media_type="application/pdf")

    @router.get("/figures/{figure}")
    def figure_of(
        figure: str,
        person: Asker,
        remission: RemissionReading = RemissionReading.EITHER,
        origin: TimeOrigin = TimeOrigin.DIAGNOSIS,
    ) -> dict[str, Any]:
        may_see_cohort(shelf, person)
        made = page.figure(figure, RemissionChoice(remission, origin))
        return {
            "id": made.id,
            "title": made.title,
            "caption": made.caption,
            "svg": made.svg,
            "why_missing": made.why_missing,
            "synthetic": made.synthetic,
            "data": list(made.data),
        }

    return router


def _shown(table: Table) -> dict[str, Any]:
    """A table for JSON, each cell also as a paper prints it."""
    from marrowmap.cohort.table import cell_text, interval_text, table_data

    data = table_data(table)
    data["columns"] = [{"id": c, "heading": h} for c, h in table.columns]
    for row, shown in zip(table.rows, data["rows"], strict=True):
        for (column, _), cell in zip(table.columns, row.cells, strict=True):
            shown["cells"][column] |= {"text": cell_text(cell), "interval": interval_text(cell)}
    return data
