"""Which type a file has: its suffix, or its name where the name is the type.

The suffix is what follows the last dot, lower-cased and with the dot (`.py`). A name that begins with its only dot
(`.gitignore`) has no suffix and is a type of its own, and so are names that by convention stand for a format. All other
files without a suffix share one type.
"""

from functools import lru_cache

NO_TYPE = "(none)"

_NAMES = {
    name.lower(): name
    for name in (
        "BUILD",
        "Brewfile",
        "Caddyfile",
        "Containerfile",
        "Dockerfile",
        "Earthfile",
        "GNUmakefile",
        "Gemfile",
        "Jenkinsfile",
        "Justfile",
        "Kbuild",
        "Kconfig",
        "Makefile",
        "Podfile",
        "Procfile",
        "Rakefile",
        "Vagrantfile",
        "WORKSPACE",
    )
}


def file_type(path: str) -> str:
    """Return the type of the file at `path`: ".py", "Makefile", ".gitignore" or "(none)"."""
    stem, dot, suffix = path.rpartition(".")
    if stem and suffix and stem[-1] not in "./" and "/" not in suffix:  # the usual case, decided without the rest
        return _of_suffix(suffix)
    name = path.rpartition("/")[2]
    stem, dot, suffix = name.rpartition(".")
    if dot and suffix and stem.strip("."):
        return _of_suffix(suffix)
    if name.startswith(".") and suffix:
        return name
    return _NAMES.get(name.lower(), NO_TYPE)


@lru_cache(1_000)  # a tree has many files and few suffixes
def _of_suffix(suffix: str) -> str:
    return f".{suffix.lower()}"
