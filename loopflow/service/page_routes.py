"""The live page: one document that is made for each who asks, and files that never change.

The files lie below a path that holds a digest of all of them: whoever has one may keep it for ever, modules find each
other by their plain names, and a new version is another path. No token is asked for; the page asks for it itself.
"""

import hashlib
import secrets
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from loopflow.charts.page import read_colours
from loopflow.service.errors import NoSuchThing
from loopflow.service.exchange import Exchange, Handler, Reply, Route

_FOLDER: Final = files("loopflow.service").joinpath("page")
_SHOWN: Final = "index.html"
_VENDORED: Final = "vendor/"
_MEDIA: Final = {
    "css": b"text/css; charset=utf-8", "js": b"text/javascript; charset=utf-8", "svg": b"image/svg+xml",
}  # fmt: skip
_KEPT: Final = (b"cache-control", b"public, max-age=31536000, immutable")
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; connect-src 'self'; img-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def page_routes(most: int) -> tuple[Route, ...]:
    """Return the routes of the page. `most` is how many bytes a request of it may have."""
    contents = {**_read_all(""), **_read_all(_VENDORED), "colours.css": read_colours().encode()}
    static = f"static/{_digest(contents)}/"
    document = _FOLDER.joinpath(_SHOWN).read_text("utf-8").replace("{static}", static).replace("{most}", str(most))

    async def show(_: Exchange) -> Reply:
        nonce = secrets.token_urlsafe(18)
        policy = (b"content-security-policy", _POLICY.format(nonce=nonce).encode())
        return Reply(document.replace("{nonce}", nonce).encode(), 200, (policy,), b"text/html; charset=utf-8")

    def give_from(folder: str) -> Handler:
        async def give(exchange: Exchange) -> Reply:
            name = folder + exchange.parameters["name"]
            if name not in contents:
                raise NoSuchThing("there is nothing at this path", "load the page again")
            return Reply(contents[name], 200, (_KEPT,), _MEDIA[name.rpartition(".")[2]])

        return give

    what = "A file of the page."
    return (
        Route("/", "GET", show, "The page.", is_open=True, is_page=True),
        Route(f"/{static}{{name}}", "GET", give_from(""), what, is_open=True, is_page=True),
        Route(f"/{static}{_VENDORED}{{name}}", "GET", give_from(_VENDORED), what, is_open=True, is_page=True),
    )


def _read_all(folder: str) -> dict[str, bytes]:
    """Return the files of a folder that a browser asks for, by their names below the page's own."""
    entries = _FOLDER.joinpath(folder).iterdir()
    return {folder + each.name: each.read_bytes() for each in entries if each.name.rpartition(".")[2] in _MEDIA}


def _digest(contents: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in sorted(contents.items()):
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]
