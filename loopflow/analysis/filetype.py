"""Which type a file has: its suffix, or its name where the name is the type.

The suffix is what follows the last dot, lower-cased and with the dot (`.py`). A name that begins with its only dot
(`.gitignore`) has no suffix and is a type of its own, and so are names that by convention stand for a format. All other
files without a suffix share one type.
"""

NO_TYPE = "(none)"
_NO_STEM = ("", "/", ".")

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
    if suffix and "/" not in suffix and stem[-1:] not in _NO_STEM:  # the usual case, decided without the rest
        return f".{suffix.lower()}"
    name = path.rpartition("/")[2]
    stem, dot, suffix = name.rpartition(".")
    if dot and suffix and stem.strip("."):
        return f".{suffix.lower()}"
    if name.startswith(".") and suffix:
        return name
    return _NAMES.get(name.lower(), NO_TYPE)
