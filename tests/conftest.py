"""What every test gets: a home directory of its own, git without anybody's configuration, and repositories to read."""

import gc
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.support.builder import Repo
from tests.support.environment import isolate
from tests.support.examples import USUAL
from tests.support.run import COMMAND
from tests.support.sample import make_sample, write_settings

WITHOUT_PRIVILEGES = (
    "setpriv",
    "--bounding-set=-dac_override,-dac_read_search",
    "--inh-caps=-dac_override,-dac_read_search",
)

# The command turns the collector off, and tests call it within a process in which very much is alive.
gc.set_threshold(100_000, 20, 100)

# Where the tests are started in the background, Ctrl-C is ignored, and all that they start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile(  # no test asserts a time; fuzz/ looks for more than these examples
    "untimed", deadline=None, max_examples=USUAL, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(  # for runs of very many tests, most of which are to fail
    "few", settings.get_profile("untimed"), max_examples=20, phases=(Phase.explicit, Phase.generate)
)
settings.register_profile(  # for properties marked `examples`, where there is time
    "many", settings.get_profile("untimed"), max_examples=5 * USUAL
)
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def isolated(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    isolate(monkeypatch, tmp_path_factory.mktemp("home"))


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Return an empty repository."""
    return Repo(tmp_path / "repo")


@pytest.fixture
def make_repo(tmp_path: Path) -> Callable[..., Repo]:
    """Return a function that makes a repository at a path below the test's directory."""

    def make(name: str, *init: str) -> Repo:
        return Repo(tmp_path / name, init=init)

    return make


@pytest.fixture(scope="session", autouse=True)
def isolated_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Isolate what is shared between tests as each test is."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        isolate(monkeypatch, tmp_path_factory.mktemp("home"))
        yield


@pytest.fixture(scope="session")
def sample(isolated_session: None, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001
    """Return the root of the sample repository. Leave it as it is."""
    directory = tmp_path_factory.mktemp("sample")
    write_settings(directory)
    return make_sample(Repo(directory / "repo")).root


@pytest.fixture(scope="session")
def binary(isolated_session: None, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001
    """Return a repository without any text: profiling it counts nothing, which is quick. Leave it as it is."""
    return Repo(tmp_path_factory.mktemp("binary") / "repo").track({"a.png": b"\0"}).root


@pytest.fixture(scope="session")
def large(isolated_session: None, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001
    """Return a repository whose context and charts are larger than a pipe holds. Leave it as it is."""
    repo = Repo(tmp_path_factory.mktemp("large") / "repo")
    return repo.track({f"directory-number-{number}/file.py": "x = 1\n" * 50 for number in range(1000)}).root


@pytest.fixture
def unprivileged() -> tuple[str, ...]:
    """Return the command as somebody whom permissions hold for, even where the tests run as root."""
    if os.geteuid() != 0:
        return COMMAND
    if not shutil.which("setpriv") or subprocess.run([*WITHOUT_PRIVILEGES, "true"], check=False).returncode:
        pytest.skip("the tests run as root, and setpriv cannot change that")
    return (*WITHOUT_PRIVILEGES, *COMMAND)
