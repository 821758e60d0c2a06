"""The comment of the GitHub Action, over HTTP: one comment, its own, and no reason to fail."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from github_comment import Api, CommentError, fits, keep_comment, make_marker

from tests.support.builder import Repo
from tests.support.runner import Runner
from tests.support.servers import TOKEN, Comments, serve_comments

pytestmark = pytest.mark.server

MARKER = make_marker({"GITHUB_WORKFLOW": "Tokens", "GITHUB_JOB": "tokens"}, ".", "")


@pytest.fixture
def github() -> Iterator[Comments]:
    """Serve the API of a pull request without comments."""
    with serve_comments() as comments:
        yield comments


def keep(github: Comments, text: str) -> None:
    api = Api(github.address, f"{github.address}/graphql", "octo/project", TOKEN)
    keep_comment(api, 7, MARKER, text)


def test_one_comment_is_kept_up_to_date(github: Comments) -> None:
    """The first report makes a comment, the next one replaces what it says, the same one again changes nothing."""
    github.add("What about the tests?", "octocat", "User")
    keep(github, "first\n")
    assert github.bodies == ["What about the tests?", f"{MARKER}\nfirst\n"]
    keep(github, "second\n")
    assert github.bodies == ["What about the tests?", f"{MARKER}\nsecond\n"]
    github.comments[1]["body"] = f"{MARKER}\r\nsecond"  # as GitHub may give it back
    github.asked.clear()
    keep(github, "second\n")
    assert github.asked == ["POST /graphql", "GET /repos/octo/project/issues/7/comments"]
    assert github.tokens == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize("number", [99, 200])
def test_the_comment_is_found_on_any_page(github: Comments, number: int) -> None:
    """However many comments stand before it, it is found; where it is not there, one is made."""
    for _ in range(number):
        github.add("talk", "octocat", "User")
    for text in ("first", "second"):
        keep(github, text)
        assert len(github.comments) == number + 1
        assert github.bodies[-1] == f"{MARKER}\n{text}"


@pytest.mark.parametrize(
    ("body", "login", "kind"),
    [
        (f"{MARKER}\nnot ours", "octocat", "User"),
        (f"{MARKER}\nnot ours", "github-actions", "User"),
        (f"{MARKER}\nnot ours", "github-actions[bot]", "User"),
        (f"{MARKER}\nnot ours", "other[bot]", "Bot"),
        (f"> {MARKER}\nquoted", "github-actions[bot]", "Bot"),
        (f"{make_marker({}, 'other')}\nof another use", "github-actions[bot]", "Bot"),
    ],
)
def test_what_somebody_else_wrote_stays(github: Comments, body: str, login: str, kind: str) -> None:
    """Only what begins with the marker, and was written by the token's own account, is replaced."""
    github.add(body, login, kind)
    keep(github, "ours")
    assert github.bodies == [body, f"{MARKER}\nours"]


@pytest.mark.parametrize(("login", "kind"), [("octocat", "User"), ("tokens[bot]", "Bot")])
def test_a_token_of_somebody_else(github: Comments, login: str, kind: str) -> None:
    """With a person's token, or an app's, the comment is theirs; where the API does not tell, it is the workflow's."""
    github.login = login
    github.add(f"{MARKER}\nfirst", login, kind)
    keep(github, "second")
    assert github.bodies == [f"{MARKER}\nsecond"]
    github.refusals["GRAPHQL"] = 403
    github.add(f"{MARKER}\nfirst", "github-actions[bot]")
    keep(github, "third")
    assert github.bodies == [f"{MARKER}\nsecond", f"{MARKER}\nthird"]


@pytest.mark.parametrize(
    ("method", "status", "reason"),
    [
        ("POST", 403, "the token may not (status 403); it takes 'pull-requests: write', which forks do not get"),
        ("GET", 404, "the token may not (status 404); it takes 'pull-requests: write', which forks do not get"),
        ("GET", 500, "the API answered with status 500"),
        ("GET", 401, "the API answered with status 401"),
    ],
)
def test_a_refusal(github: Comments, method: str, status: int, reason: str) -> None:
    """What the API refuses is one error that says what is missing."""
    github.refusals[method] = status
    with pytest.raises(CommentError) as caught:
        keep(github, "text")
    assert str(caught.value) == reason
    assert github.comments == []


def test_the_token_goes_to_no_other_server(github: Comments) -> None:
    """A redirect is not followed: whoever is behind it would get the token."""
    with serve_comments() as other:
        github.redirect = other.address
        with pytest.raises(CommentError, match="status 302"):
            keep(github, "text")
        assert other.asked == []


@pytest.mark.parametrize("address", ["", "file:///etc", "http://127.0.0.1:1"])
def test_no_api(address: str) -> None:
    """Where there is no API, or none answers, there is no comment."""
    with pytest.raises(CommentError):
        keep_comment(Api(address, address, "octo/project", TOKEN), 7, MARKER, "text")


def test_what_the_api_may_answer(github: Comments, monkeypatch: pytest.MonkeyPatch) -> None:
    """Comments without a user or a text, as of deleted accounts, are not ours; anything but a list is an error."""
    github.comments += [{"id": 1, "user": None, "body": MARKER}, {"id": 2, "user": {}, "body": None}]
    keep(github, "text")
    assert github.bodies[2:] == [f"{MARKER}\ntext"]
    monkeypatch.setattr(Comments, "reply", lambda *_: (200, {"message": "moved"}))
    with pytest.raises(CommentError, match="list of comments"):
        keep(github, "text")


def test_how_long_a_comment_may_be() -> None:
    """GitHub counts as UTF-16 does, and takes 65,536 with the marker."""
    assert fits("x" * 65_000)
    assert not fits("x" * 65_001)
    assert not fits("\U0001f600" * 32_501)
    assert 65_000 + len(MARKER) + 1 <= 65_536


def test_uses_have_markers_of_their_own() -> None:
    """A workflow, a job, a directory and a config have a comment each; the marker says nothing and ends in its line."""
    jobs = [{"GITHUB_WORKFLOW": "a", "GITHUB_JOB": job} for job in ("b", "c")]
    markers = {make_marker(jobs[0], ".", ""), make_marker(jobs[1], ".", ""), make_marker(jobs[0], "-->\n", "")}
    assert len(markers) == 3
    assert all(marker.startswith("<!-- code-context ") and len(marker) == len(MARKER) for marker in markers)


@pytest.fixture
def project(repo: Repo) -> Repo:
    """Return a checkout of a pull request."""
    repo.track({"loopflow.toml": '[budget]\ntotal = "1k"\n', "a.md": "one\n"}).commit()
    repo.track({"b.md": "two\n"}).commit()
    return repo


def use(project: Repo, tmp_path: Path, github: Comments, event_name: str) -> Runner:
    base, head = project.git("rev-parse", "HEAD^", "HEAD").decode().split()
    event = {"pull_request": {"number": 7, "base": {"sha": base}, "head": {"sha": head}}}
    runner = Runner(tmp_path / "job", project.root, event_name, event, github.variables)
    runner.put_venv()
    return runner


def test_the_action_comments(project: Repo, tmp_path: Path, github: Comments) -> None:
    """With `comment: true` the comment says what the summary says; where it may not, a notice says so, and no more."""
    runner = use(project, tmp_path, github, "pull_request")
    inputs = {"comment": "true", "html": "false"}
    ended = runner.use(inputs)
    assert (ended.code, ended.log) == (0, "")
    assert github.bodies == [f"{MARKER}\n{ended.summary}"]
    github.refusals["PATCH"] = 403
    project.track({"loopflow.toml": "[budget]\ntotal = 1\n", "c.md": "more than before\n"}).commit()
    ended = use(project, tmp_path / "again", github, "pull_request").use(inputs)
    assert ended.code == 1
    assert ended.summary
    assert [message.partition(":")[0] for message in ended.told("notice")] == [
        "no comment was written, the summary says the same"
    ]
    assert len(github.comments) == 1


def test_only_pull_requests_get_a_comment(project: Repo, tmp_path: Path, github: Comments) -> None:
    """Without `comment`, and without a pull request, the API is not asked."""
    assert use(project, tmp_path, github, "pull_request").use({"html": "false"}).code == 0
    assert use(project, tmp_path / "b", github, "merge").use({"html": "false", "comment": "true"}).code == 0
    assert github.asked == []
