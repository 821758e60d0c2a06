"""One comment on a pull request, kept up to date through GitHub's REST API.

The comment is found by a hidden marker at its very beginning, and only among those of the account that the token is
for: anybody can write the marker, and whoever wrote a comment can edit it. The token goes to the API and nowhere else,
so a redirect is an error.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

_MOST_CHARACTERS = 65_000  # GitHub takes 65,536, and the marker is one of them
_PAGE = 100
_MOST_PAGES = 100
_PATIENCE_SECONDS = 20
_WORKFLOW_BOT = "github-actions[bot]"


class CommentError(Exception):
    """The comment cannot be written; the text says why."""


@dataclass(frozen=True, slots=True)
class Api:
    """GitHub's API for one repository."""

    url: str
    graphql_url: str
    repository: str
    token: str

    def call(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401  JSON
        """Return the answer to a request about the repository's issues. Raises CommentError."""
        return self._ask(method, f"{self.url}/repos/{quote(self.repository)}/issues/{path}", body)

    def find_account(self) -> str:
        """Return the login that the token is for. Where that is not told, it is the bot that workflows have."""
        try:
            answer = self._ask("POST", self.graphql_url, {"query": "query { viewer { login } }"})
            login = answer["data"]["viewer"]["login"]
        except (CommentError, LookupError, TypeError):
            return _WORKFLOW_BOT
        return login if isinstance(login, str) else _WORKFLOW_BOT

    def _ask(self, method: str, url: str, body: object) -> Any:  # noqa: ANN401
        if not url.startswith(("https://", "http://")):
            raise CommentError("there is no address of the API in GITHUB_API_URL")
        data = None if body is None else json.dumps(body).encode()
        request = Request(url, data=data, method=method)  # noqa: S310  the scheme was looked at
        request.add_header("Accept", "application/vnd.github+json")
        request.add_header("Authorization", f"Bearer {self.token}")
        request.add_header("Content-Type", "application/json")
        request.add_header("User-Agent", "code-context")
        request.add_header("X-GitHub-Api-Version", "2022-11-28")
        try:
            with _opener().open(request, timeout=_PATIENCE_SECONDS) as response:
                return json.load(response)
        except HTTPError as error:
            with error:
                raise CommentError(_explain(error.code)) from error
        except URLError as error:
            raise CommentError(f"no answer from the API: {error.reason}") from error
        except (OSError, HTTPException, ValueError, RecursionError) as error:
            raise CommentError(f"no answer from the API: {type(error).__name__}") from error


class _NoRedirect(HTTPRedirectHandler):
    """urllib would take the token along to wherever it is sent."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Follow nothing."""


def _opener() -> OpenerDirector:
    return build_opener(_NoRedirect)


def _explain(status: int) -> str:
    if status in {403, 404}:
        return f"the token may not (status {status}); it takes 'pull-requests: write', which forks do not get"
    return f"the API answered with status {status}"


def make_marker(environment: Mapping[str, str], *what: str) -> str:
    """Return the hidden line that tells this step's comment from that of another workflow, job or directory."""
    where = [environment.get("GITHUB_WORKFLOW", ""), environment.get("GITHUB_JOB", ""), *what]
    return f"<!-- code-context {hashlib.sha256(json.dumps(where).encode()).hexdigest()[:16]} -->"


def keep_comment(api: Api, number: int, marker: str, text: str) -> None:
    """Write the comment of a pull request, or replace what it says. Raises CommentError where that is not possible."""
    body = {"body": f"{marker}\n{text}"}
    account = api.find_account()
    for comment in _list_comments(api, number):
        if _is_ours(comment, account, marker):
            if comment["body"].replace("\r\n", "\n").rstrip() != body["body"].rstrip():
                api.call("PATCH", f"comments/{comment['id']}", body)
            return
    api.call("POST", f"{number}/comments", body)


def _list_comments(api: Api, number: int) -> Iterator[dict[str, Any]]:
    for page in range(1, _MOST_PAGES + 1):
        found = api.call("GET", f"{number}/comments?per_page={_PAGE}&page={page}")
        if not isinstance(found, list):
            raise CommentError("the API did not answer with a list of comments")
        yield from (comment for comment in found if isinstance(comment, dict))
        if len(found) < _PAGE:
            return


def _is_ours(comment: Mapping[str, Any], account: str, marker: str) -> bool:
    """Whether the account wrote it and it begins with the marker. Only a bot may be called something[bot]."""
    user, body = comment.get("user"), comment.get("body")
    if not isinstance(user, dict) or not isinstance(body, str) or not isinstance(comment.get("id"), int):
        return False
    wants_bot = account.endswith("[bot]")
    return user.get("login") == account and (user.get("type") == "Bot") is wants_bot and body.startswith(marker)


def fits(text: str) -> bool:
    """Whether GitHub takes a comment of this length, which it counts as UTF-16 does."""
    return len(text.encode("utf-16-le", "replace")) // 2 <= _MOST_CHARACTERS
