"""The server: pages, images and readings on localhost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, Field

from marrowmap import __version__
from marrowmap.core.geometry import PointMm
from marrowmap.registry.journal import Journal, State
from marrowmap.web import printed, problems
from marrowmap.web.access import Person, may_change, may_open, person_of
from marrowmap.web.blinded import BlindableShelf, Blinding
from marrowmap.web.cohort_routes import cohort_routes
from marrowmap.web.demo_exam import DemoExam
from marrowmap.web.desk import BESIDE, COMPARED, Desk
from marrowmap.web.filing import Filing
from marrowmap.web.follow_up_routes import follow_up_routes
from marrowmap.web.growing import Grower, genant_of
from marrowmap.web.problems import NotThere
from marrowmap.web.registry_link import RegistryLink
from marrowmap.web.study_routes import study_routes
from marrowmap.web.unit_centres import unit_centres

Asker = Annotated[Person, Depends(person_of)]
_FOREVER = {"Cache-Control": "private, max-age=86400, immutable"}
_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"
)


class NewState(BaseModel):
    """A changed reading. base: the state it was made from; what: the change in words."""

    base: int = Field(ge=0)
    what: str = Field(min_length=1, max_length=300)
    content: dict[str, Any]


class Outline(BaseModel):
    """A mask: the box it lies in ([slice, row, column] of STIR) and one bit per voxel, base64."""

    origin: tuple[int, int, int]
    shape: tuple[int, int, int]
    bits: str


class Heights(BaseModel):
    """Heights of a vertebral body and of its neighbours, mm; None: not measured."""

    anterior_mm: float | None = Field(None, ge=0)
    middle_mm: float | None = Field(None, ge=0)
    posterior_mm: float | None = Field(None, ge=0)
    reference_mm: float | None = Field(None, ge=0)


class Click(BaseModel):
    """A place in the patient, LPS millimetres."""

    point_mm: tuple[float, float, float]


def create_app(data: Path, registry: str = "") -> FastAPI:
    """The app over one data folder: studies directly below it, readings below ``readings/``.

    registry: file or URL; "" takes ``registry.db`` of the data folder where there is one.
    """
    link = RegistryLink(data, registry)
    shelf = BlindableShelf(data, Blinding(link))
    demo = DemoExam(shelf)

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        yield
        demo.stop()
        link.close()

    app = FastAPI(
        title="marrowmap",
        version=__version__,
        docs_url="/api/docs",
        openapi_url="/api/openapi.json",
        lifespan=running,
    )
    problems.install(app)
    grower = Grower(shelf)
    desk = Desk(shelf, Journal(data / "readings"))
    filing = Filing(link, shelf, desk)
    app.state.shelf = shelf
    app.include_router(study_routes(link, shelf))
    app.include_router(cohort_routes(link, shelf))
    app.include_router(follow_up_routes(shelf, desk, Journal(data / "follow-up")))

    @app.middleware("http")
    async def harden(request: Request, call_next: Any) -> Response:
        answer: Response = await call_next(request)
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Referrer-Policy"] = "no-referrer"
        if not request.url.path.startswith("/api/docs"):
            answer.headers["Content-Security-Policy"] = _POLICY
        return answer

    @app.get("/api/studies")
    def studies(person: Asker) -> dict[str, Any]:
        lines = [desk.line(name, person) for name in shelf.names() if may_open(shelf, person, name)]
        return {"version": __version__, "studies": lines}

    @app.get("/api/studies/{name}")
    def study(name: str, person: Asker) -> dict[str, Any]:
        pack = shelf.pack(name)
        series = [s.to_json(f"api/studies/{name}/series/{s.name}") for s in pack.series.values()]
        record = shelf.study(name)
        same = [n for n in shelf.of_patient(record["exam"]["patient"]["key"]) if n != name]
        others = [{"name": n, "date": shelf.study(n)["exam"]["date"]} for n in same]
        return {"name": name, "study": record, "series": series, "others": others, **pack.extras}

    @app.get("/api/studies/{name}/centres")
    def centres(name: str, person: Asker) -> dict[str, Any]:
        return {"centres": unit_centres(shelf.folder(name))}

    @app.get("/api/studies/{name}/report.html")
    def study_report(name: str, person: Asker) -> Response:
        path = shelf.folder(name) / "report.html"
        if not path.is_file():
            raise NotThere(f"report of {name}", "was not written", "Run `marrowmap read` again")
        return Response(path.read_bytes(), media_type="text/html; charset=utf-8")

    @app.get("/api/patients/{key}")
    def patient(key: str, person: Asker) -> dict[str, Any]:
        names = shelf.of_patient(key)
        if not names:
            raise NotThere(f"patient {key}", "has no exam in the data folder", "Go back to the worklist")
        exams = [{**desk.line(n, person), "readings": _readings(desk, n, person)} for n in names]
        return {"key": key, "exams": exams}

    @app.get("/api/demo")
    def demo_state(person: Asker) -> dict[str, Any]:
        return demo.state()

    @app.post("/api/demo")
    def demo_start(person: Asker) -> dict[str, Any]:
        return demo.start()

    @app.get("/api/studies/{name}/series/{series}/slices/{index}")
    def one_slice(name: str, series: str, index: int, person: Asker) -> Response:
        pack = shelf.pack(name)
        if series not in pack.series:
            raise NotThere(f"series {series}", "is not in this study")
        try:
            content = pack.slice(series, index)
        except IndexError as error:
            raise NotThere(f"slice {index}", str(error)) from None
        return Response(content, media_type="application/octet-stream", headers=_FOREVER)

    @app.get("/api/studies/{name}/series/{series}/volume")
    def whole(name: str, series: str, request: Request, person: Asker) -> Response:
        pack = shelf.pack(name)
        if series not in pack.series:
            raise NotThere(f"series {series}", "is not in this study")
        encoding = "zstd" if "zstd" in request.headers.get("accept-encoding", "") else "gzip"
        headers = {**_FOREVER, "Content-Encoding": encoding, "Vary": "Accept-Encoding"}
        return Response(pack.whole(series, encoding), media_type="application/octet-stream", headers=headers)

    @app.get("/api/studies/{name}/series/{series}/depth")
    def depth(name: str, series: str, person: Asker) -> Response:
        pack = shelf.pack(name)
        if series not in pack.series or pack.series[series].kind != "mip":
            raise NotThere(f"depth of {series}", "only a projection has one")
        return Response(pack.depth(series), media_type="application/octet-stream", headers=_FOREVER)

    @app.get("/api/studies/{name}/reading")
    def reading(name: str, person: Asker) -> dict[str, Any]:
        shelf.folder(name)
        return _state(desk.reading(name, person))

    @app.get("/api/studies/{name}/reading/history")
    def history(name: str, person: Asker) -> dict[str, Any]:
        shelf.folder(name)
        return {"readings": _readings(desk, name, person)}

    @app.get("/api/studies/{name}/reading/history/{reading}/{version}")
    def earlier(name: str, reading: str, version: int, person: Asker) -> dict[str, Any]:
        shelf.folder(name)
        if reading not in desk.chain(name, person):
            raise NotThere(f"reading {reading}", "is not one of yours of this exam")
        return _state(desk.journal.at(reading, version))

    @app.post("/api/studies/{name}/reading/amend")
    def amend(name: str, person: Asker) -> dict[str, Any]:
        shelf.folder(name)
        return _state(desk.amend(name, may_change(person)))

    @app.get("/api/studies/{name}/reading/plain")
    def plain(name: str, person: Asker) -> dict[str, Any]:
        return {"text": printed.suggested_text(desk.as_reading(desk.reading(name, person).content))}

    def report(make: Any, name: str, person: Person) -> Any:
        content = desk.reading(name, person).content
        reading = desk.as_reading(content)
        beside = {key: content.get(key) for key in BESIDE if content.get(key)}
        beside[COMPARED] = content.get(COMPARED) or desk.comparison(name, person, reading)
        return make(reading, shelf.study(name), shelf.pack(name), beside)

    @app.get("/api/studies/{name}/reading/report")
    def report_json(name: str, person: Asker) -> dict[str, Any]:
        found: dict[str, Any] = report(printed.json_of, name, person)
        return found

    @app.get("/api/studies/{name}/reading/report.html")
    def report_html(name: str, person: Asker) -> Response:
        page = report(printed.html_of, name, person)
        return Response(page, media_type="text/html; charset=utf-8")

    @app.get("/api/studies/{name}/reading/report.pdf")
    def report_pdf(name: str, person: Asker) -> Response:
        file = f'inline; filename="{desk.reading(name, person).content["id"]}.pdf"'
        made = report(printed.pdf_of, name, person)
        return Response(made, media_type="application/pdf", headers={"Content-Disposition": file})

    @app.put("/api/studies/{name}/reading")
    def save(name: str, new: NewState, person: Asker) -> dict[str, Any]:
        return _state(desk.save(name, may_change(person), new.content, base=new.base, what=new.what))

    @app.get("/api/studies/{name}/reading/answers")
    def answers(name: str, person: Asker) -> dict[str, Any]:
        return desk.answers(name, person)

    @app.post("/api/studies/{name}/reading/sign")
    def sign(name: str, new: NewState, person: Asker) -> dict[str, Any]:
        state = desk.sign(name, may_change(person), new.content, base=new.base)
        return {**_state(state), "registry": filing.signed(name, state)}

    @app.get("/api/studies/{name}/site")
    def site_at(name: str, x: float, y: float, z: float, person: Asker) -> dict[str, Any]:
        return grower.unit_at(name, PointMm(x, y, z))

    @app.post("/api/studies/{name}/grow")
    def grow(name: str, click: Click, person: Asker) -> dict[str, Any]:
        return grower.grow(name, PointMm(*click.point_mm))

    @app.get("/api/studies/{name}/heights")
    def heights(name: str, site: str, person: Asker) -> dict[str, Any]:
        return grower.heights(name, site)

    @app.post("/api/genant")
    def genant(given: Heights, person: Asker) -> dict[str, Any]:
        return genant_of(given.model_dump())

    @app.post("/api/studies/{name}/measure")
    def measure(name: str, outline: Outline, person: Asker) -> dict[str, Any]:
        return grower.measure(name, outline.model_dump())

    @app.get("/api/{rest:path}", include_in_schema=False)
    def unknown(rest: str) -> Response:
        raise NotThere(f"/api/{rest}", "there is no such address", "See /api/docs")

    static = Path(str(resources.files("marrowmap.web").joinpath("static")))
    if (static / "index.html").is_file():
        app.mount("/", StaticFiles(directory=static, html=True), name="pages")
    return app


def _readings(desk: Desk, name: str, person: Person) -> list[dict[str, Any]]:
    """The person's readings of a study with their states in short, oldest first."""
    return [
        {
            "id": reading,
            "states": [
                {k: v for k, v in _state(s).items() if k != "content"} for s in desk.journal.history(reading)
            ],
        }
        for reading in desk.chain(name, person)
    ]


def _state(state: State) -> dict[str, Any]:
    return {
        "version": state.version,
        "who": state.who,
        "when": state.when.isoformat() if state.when else None,
        "what": state.what,
        "signed": state.signed,
        "content": state.content,
    }
