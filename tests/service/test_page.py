"""The page over HTTP: what a browser is given, and what it may keep."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from loopflow.charts.page import read_colours
from loopflow.service.auth import make_access
from loopflow.service.settings import Bounds, Model, ServiceSettings
from tests.support.asgi import Client, serving

TOKEN = b"t" * 32
PAGE = Path(__file__).parents[2] / "loopflow" / "service" / "page"


def ask(directory: Path, do: Callable[[Client], Awaitable[Any]], settings: ServiceSettings | None = None) -> Any:  # noqa: ANN401
    """Run `do` with a service that wants a token."""

    async def call() -> Any:  # noqa: ANN401
        access = make_access("127.0.0.1", (), TOKEN, proxy=False)
        async with serving(directory, settings, access, works=False) as client:
            return await do(client)

    return asyncio.run(call())


async def files_of(client: Client) -> tuple[str, dict[str, bytes]]:
    """Return the document, and all that it and its modules name."""
    document = (await client.get("/")).body.decode()
    wanted = re.findall(r'(?:href|src)="(static/[^"]+)"', document)
    found: dict[str, bytes] = {}
    while wanted:
        path = wanted.pop()
        if path in found:
            continue
        answered = await client.get(f"/{path}")
        assert answered.status == 200, path
        found[path] = answered.body
        if path.endswith(".js") and "vendor" not in path:
            folder = path.rpartition("/")[0]
            imported = re.findall(r'^(?:import|\}) .*?from "\./([^"]+)";$', answered.body.decode(), re.MULTILINE)
            wanted += [f"{folder}/{name}" for name in imported]
    return document, found


def test_all_that_is_named_is_there(tmp_path: Path) -> None:
    """Without a token; every module is used, and every file comes as it stands."""

    async def do(client: Client) -> None:
        _, found = await files_of(client)
        named = {path.split("/", 2)[2]: body for path, body in found.items()}
        there = {str(each.relative_to(PAGE)) for each in PAGE.rglob("*") if each.suffix in {".js", ".css", ".svg"}}
        assert set(named) == there | {"colours.css"}
        assert named.pop("colours.css").decode() == read_colours()
        assert all((PAGE / name).read_bytes() == body for name, body in named.items())

    ask(tmp_path, do)


def test_the_page_is_made_anew_and_its_files_are_kept(tmp_path: Path) -> None:
    """Its nonce is another one each time; what lies below the digest never changes."""

    async def do(client: Client) -> None:
        first, second = await client.get("/"), await client.get("/")
        assert first.headers["cache-control"] == "no-store"
        nonces = []
        for answered in (first, second):
            policy = answered.headers["content-security-policy"]
            [nonce] = re.findall(r"'nonce-([^']+)'", policy)
            assert f'nonce="{nonce}"' in answered.body.decode()
            assert policy.startswith("default-src 'none'; script-src 'self'; ")
            for rule in ("connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"):
                assert rule in policy
            assert "unsafe" not in policy
            nonces.append(nonce)
        assert nonces[0] != nonces[1]
        [script] = re.findall(r'src="(static/[^"]+)"', first.body.decode())
        answered = await client.get(f"/{script}")
        assert answered.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answered.headers["x-content-type-options"] == "nosniff"
        assert answered.headers["content-type"] == "text/javascript; charset=utf-8"

    ask(tmp_path, do)


def test_nothing_else_is_there(tmp_path: Path) -> None:
    """Neither other digests, nor what lies beside; and programs are told nothing of it."""

    async def do(client: Client) -> None:
        document = (await client.get("/")).body.decode()
        [script] = re.findall(r'src="/?(static/[^"]+)"', document)
        folder = f"/{script.rpartition('/')[0]}"
        for path in (
            f"{folder}/index.html",
            f"{folder}/..%2f..%2fhttp.py",
            f"{folder}/vendor/SHA256SUMS",
            f"{folder}/",
        ):
            assert (await client.get(path)).status == 404, path
        assert (await client.get("/static/0123456789abcdef/main.js")).status == 404
        described = (await client.get("/openapi.json", authorization=f"Bearer {TOKEN.decode()}")).json
        assert not [path for path in described["paths"] if path == "/" or path.startswith("/static")]

    ask(tmp_path, do)


def test_no_other_host_is_named(tmp_path: Path) -> None:
    """In nothing of ours; what the editor names is the namespace of SVG."""

    async def do(client: Client) -> None:
        document, found = await files_of(client)
        for path, body in {"/": document.encode(), **found}.items():
            addresses = set(re.findall(rb"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}[^\s\"'`)]*", body))
            assert addresses <= {b"http://www.w3.org/2000/svg"}, path

    ask(tmp_path, do)


def test_what_the_page_has_to_know(tmp_path: Path) -> None:
    """How large a request may be; from how many tokens on a window is near its end, rounded up."""
    settings = ServiceSettings(models=(Model("odd", 11, "o200k_base"),), bounds=Bounds(body=123_456))

    async def do(client: Client) -> None:
        assert 'data-most="123456"' in (await client.get("/")).body.decode()
        models = (await client.get("/v1/models", authorization=f"Bearer {TOKEN.decode()}")).json["models"]
        assert [model["near_from"] for model in models if model["name"] in {"gpt-4o", "odd"}] == [115_200, 10]

    ask(tmp_path, do, settings)
