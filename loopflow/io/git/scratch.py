"""Objects that nobody will see: git writes them to a directory that is thrown away, and reads all others too."""

import os

from loopflow.io.git.repository import Git
from loopflow.io.git.shallow import common_directory
from loopflow.model import Repository


def scratch_objects(git: Git, repository: Repository, directory: str) -> dict[str, str]:
    """Return an environment in which git writes objects to `directory` (git(1), GIT_OBJECT_DIRECTORY)."""
    environ = git.surroundings.environ
    named = environ.get("GIT_OBJECT_DIRECTORY") or os.path.join(common_directory(repository), "objects")
    own = os.path.join(git.surroundings.here, named)
    others = environ.get("GIT_ALTERNATE_OBJECT_DIRECTORIES")
    return {
        "GIT_OBJECT_DIRECTORY": directory,
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": os.pathsep.join(filter(None, (_quote(own), others))),
    }


def _quote(path: str) -> str:
    """Return a path as it stands in a list of them."""
    if os.pathsep not in path and not path.startswith('"') and "\\" not in path:
        return path
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
