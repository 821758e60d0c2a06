"""Names of the kind that tools give to their lock files, whichever tool it is."""

import re

_DATA = r"(?:json[5c]?|ya?ml|toml|hcl|xml|txt|edn|cfg|conf|ini|properties|cmake|nix|lock|in)"
_NAME = re.compile(
    rf"(?:.*[._-])?lock(?:file|s|ed)?(?:\.{_DATA})?|.*\.(?:lock|resolved|freeze|frozen|pinned)(?:\.{_DATA})?|"
    rf"(?:.*[._-])?(?:shrinkwrap|checksums?|integrity|pins|pinned|resolved)\.{_DATA}|"
    r"go(?:\.work)?\.sum|cpanfile\.snapshot|manifest\.toml",
    re.IGNORECASE,
)


def is_lock_name(path: str) -> bool:
    """Whether a file is called like a lock file. Source never is, and not all that is called so is one."""
    return _NAME.fullmatch(path, path.rfind("/") + 1) is not None
