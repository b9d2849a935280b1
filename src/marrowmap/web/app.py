"""The server: pages, images and readings on localhost."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, Field

from marrowmap import __version__
from marrowmap.core.geometry import PointMm
from marrowmap.registry.journal import Journal, State
from marrowmap.web import problems
from marrowmap.web.access import Person, may_change, person_of, reading_name
from marrowmap.web.desk import Desk
from marrowmap.web.growing import Grower
from marrowmap.web.problems import NotThere
from marrowmap.web.shelf import Shelf

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


class Click(BaseModel):
    """A place in the patient, LPS millimetres."""

    point_mm: tuple[float, float, float]


def create_app(data: Path) -> FastAPI:
    """The app over one data folder: studies directly below it, readings below ``readings/``."""
    app = FastAPI(
        title="marrowmap", version=__version__, docs_url="/api/docs", openapi_url="/api/openapi.json"
    )
    problems.install(app)
    shelf = Shelf(data)
    grower = Grower(shelf)
    desk = Desk(shelf, Journal(data / "readings"))

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
        return {"version": __version__, "studies": [desk.line(name, person) for name in shelf.names()]}

    @app.get("/api/studies/{name}")
    def study(name: str, person: Asker) -> dict[str, Any]:
        pack = shelf.pack(name)
        series = [s.to_json(f"api/studies/{name}/series/{s.name}") for s in pack.series.values()]
        return {"name": name, "study": shelf.study(name), "series": series, **pack.extras}

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
        states = desk.journal.history(reading_name(name, person))
        return {"states": [{k: v for k, v in _state(s).items() if k != "content"} for s in states]}

    @app.put("/api/studies/{name}/reading")
    def save(name: str, new: NewState, person: Asker) -> dict[str, Any]:
        return _state(desk.save(name, may_change(person), new.content, base=new.base, what=new.what))

    @app.get("/api/studies/{name}/reading/answers")
    def answers(name: str, person: Asker) -> dict[str, Any]:
        return desk.answers(name, person)

    @app.post("/api/studies/{name}/reading/sign")
    def sign(name: str, new: NewState, person: Asker) -> dict[str, Any]:
        return _state(desk.sign(name, may_change(person), new.content, base=new.base))

    @app.get("/api/studies/{name}/site")
    def site_at(name: str, x: float, y: float, z: float, person: Asker) -> dict[str, Any]:
        unit = grower.unit_at(name, PointMm(x, y, z))
        return {"site": unit.id if unit else None}

    @app.post("/api/studies/{name}/grow")
    def grow(name: str, click: Click, person: Asker) -> dict[str, Any]:
        return grower.grow(name, PointMm(*click.point_mm))

    @app.get("/api/{rest:path}", include_in_schema=False)
    def unknown(rest: str) -> Response:
        raise NotThere(f"/api/{rest}", "there is no such address", "See /api/docs")

    static = Path(str(resources.files("marrowmap.web").joinpath("static")))
    if (static / "index.html").is_file():
        app.mount("/", StaticFiles(directory=static, html=True), name="pages")
    return app


def _state(state: State) -> dict[str, Any]:
    return {
        "version": state.version,
        "who": state.who,
        "when": state.when.isoformat() if state.when else None,
        "what": state.what,
        "signed": state.signed,
        "content": state.content,
    }
