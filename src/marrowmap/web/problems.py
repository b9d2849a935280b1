"""One shape for everything that goes wrong: ``{"error": {"status", "what", "why", "remedy"}}``."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from marrowmap.errors import InputError, MarrowmapError
from marrowmap.registry.journal import EditConflict, Frozen


class NotThere(MarrowmapError):
    """The thing asked for does not exist."""


class NotAllowed(MarrowmapError):
    """This person may not see or do it."""


class NotComplete(MarrowmapError):
    """Something must be answered first."""


_STATUS: tuple[tuple[type[MarrowmapError], int], ...] = (
    (NotThere, 404),
    (NotAllowed, 403),
    (NotComplete, 422),
    (EditConflict, 409),
    (Frozen, 409),
    (InputError, 422),
    (MarrowmapError, 400),
)


def problem(status: int, what: str, why: str, remedy: str = "") -> JSONResponse:
    """An answer that is no success."""
    body = {"error": {"status": status, "what": what, "why": why, "remedy": remedy}}
    return JSONResponse(body, status_code=status)


def install(app: FastAPI) -> None:
    """Make every error of the app answer in the one shape."""

    @app.exception_handler(MarrowmapError)
    async def ours(_: Request, error: MarrowmapError) -> JSONResponse:
        status = next(code for kind, code in _STATUS if isinstance(error, kind))
        return problem(status, error.what, error.why, error.remedy)

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, "request", str(error.detail))

    @app.exception_handler(Exception)
    async def unexpected(_: Request, error: Exception) -> JSONResponse:
        return problem(
            500, "the server", f"failed ({type(error).__name__}); nothing was stored by this request",
            "Try again; the window of `marrowmap serve` says more",
        )  # fmt: skip

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        return problem(
            422, ".".join(str(p) for p in first["loc"]), first["msg"], "Send what the API describes"
        )
