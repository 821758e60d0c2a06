"""Draw every screen of the program, so that somebody can look at each: terminals and pages, wide, narrow, light, dark.

Usage: python docs/pictures/screens.py DIRECTORY

Makes the repositories that it shows, runs the command in them on terminals of 60 to 200 columns, and writes the
pictures as SVG, with index.html to look through them. The pages of `--format html` are drawn as PNG, by a Chromium if
there is one. Nothing is compared: what is wrong with a screen is for eyes to see.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from terminal import LIGHT, Screen, draw

WIDTHS = (60, 80, 120, 200)
PROFILE = ("code-context", "--profile")
GIT = ("git", "-c", "user.name=Author", "-c", "user.email=author@example.invalid")
CONFIG = '[budget]\ngrowth = "2%"\n\n[[rule]]\nname = "api"\npaths = ["src/api/"]\ntotal = "2k"\nfile = "800"\n'
LANGUAGES = {
    "שלום/עולם.py": "hebrew = 1\n" * 40,
    "مرحبا/بالعالم.md": "text\n" * 30,
    "日本語/とても長いファイル名のドキュメント.md": "text\n" * 90,
    "émoji/👩‍👩‍👧 family.txt": "x\n" * 20,
    "combining/é̂.txt": "y\n" * 10,
    "tab\there/line\nbreak.py": "z = 1\n" * 15,
}


def make(below: Path, name: str, files: dict[str, str]) -> Path:
    """Make a repository with one commit of `files`."""
    root = below / name
    root.mkdir()
    git(root, "init", "--quiet", "--initial-branch=main")
    write(root, files)
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--allow-empty", "--message", "Begin")
    return root


def write(root: Path, files: dict[str, str]) -> None:
    """Write files, with their directories."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")


def git(root: Path, *arguments: str) -> None:
    """Run git there."""
    subprocess.run([*GIT, *arguments], cwd=root, check=True)


def lines(text: str, number: int) -> str:
    """Return `text` so many times, with the number of each line in it."""
    return "".join(text.format(n) for n in range(number))


def make_shop(below: Path) -> Path:
    """Make a small project with a budget, things that could go, and a change that is too large."""
    files = {f"src/api/part_{n}.py": lines("def price_{0}(item): return item * {0}\n", 20 + 5 * n) for n in range(6)}
    files |= {f"src/web/view_{n}.ts": lines("export const view{0} = () => {0};\n", 30 * n + 5) for n in range(5)}
    files |= {
        "README.md": "# Shop\n\n" + "It sells things, and says what they cost.\n" * 20,
        "third_party/fruit/LICENSE": "Everybody may use this.\n",
        "third_party/fruit/pear.c": lines("int pear_{0}(void) {{ return {0}; }}\n", 300),
        "package-lock.json": '{\n  "name": "shop",\n  "lockfileVersion": 3,\n'
        + lines('  "p{0}": "{0}.0.0",\n', 300)
        + "}\n",
        "loopflow.toml": CONFIG,
    }
    shop = make(below, "shop", files)
    write(shop, {"src/api/part_9.py": lines("def tax_{0}(item): return item / {0}\n", 120)})
    git(shop, "add", ".")
    return shop


def find_screens(below: Path) -> Iterator[Screen]:
    """Yield the screens, each with the repository that it needs."""
    shop = make_shop(below)
    for width in WIDTHS:
        yield Screen(f"profile-{width}", PROFILE, shop, width)
        yield Screen(f"staged-check-{width}", (*PROFILE, "--staged", "--check"), shop, width, may_fail=True)
        yield Screen(f"files-{width}", (*PROFILE, "--files", "--cuts", "-v", "src/api"), shop, width)
    yield Screen("light", PROFILE, shop, theme=LIGHT)
    yield Screen("light-check", (*PROFILE, "--staged", "--check"), shop, theme=LIGHT, may_fail=True)
    yield Screen("no-colour", PROFILE, shop, environment={"NO_COLOR": "1"})
    yield Screen(
        "ascii", (*PROFILE, "--staged", "--check"), shop, environment={"PYTHONIOENCODING": "ascii"}, may_fail=True
    )
    yield Screen("against", (*PROFILE, "--staged", "--against", "HEAD"), shop, 100)
    yield Screen("window", (*PROFILE, "--depth", "1", "--window", "5k", "--keep", "README.md"), shop)
    yield Screen("fit", ("code-context", "--fit", "300", "--raw", "src"), shop)
    yield Screen("show-config", ("code-context", "--show-config"), shop)
    yield Screen("csv", (*PROFILE, "--format", "csv"), shop, 120)
    yield Screen("github", (*PROFILE, "--staged", "--check", "--format", "github"), shop, 120, may_fail=True)
    yield Screen("markdown", (*PROFILE, "--staged", "--check", "--format", "markdown"), shop, 120, may_fail=True)
    for width in (60, 100):
        yield Screen(f"help-{width}", ("code-context", "--help"), shop, width)
    for name, words in {
        "option": ["--stagd"],
        "path": ["src/apo"],
        "size": ["--profile", "--window", "lots"],
        "clash": ["--profile", "--raw"],
        "revision": ["--profile", "--rev", "nowhere"],
    }.items():
        yield Screen(f"wrong-{name}", ("code-context", *words), shop, may_fail=True)
    languages = make(below, "languages", LANGUAGES)
    for width in (60, 100):
        yield Screen(f"languages-{width}", (*PROFILE, "--files"), languages, width)
    yield Screen("languages-ascii", (*PROFILE, "--files"), languages, environment={"PYTHONIOENCODING": "ascii"})
    yield Screen("empty", PROFILE, make(below, "empty", {}))
    yield Screen("empty-context", ("code-context",), below / "empty")
    yield Screen("one-file", PROFILE, make(below, "one", {"main.py": "print(1)\n"}))
    yield Screen("one-file-context", ("code-context",), below / "one")
    yield Screen("init", ("code-context", "--init"), below / "one", 100)
    million = make(below, "million", {"data/words.txt": "word " * 1_000_000, "main.py": "print(1)\n"})
    yield Screen("million", PROFILE, million)
    many = {f"area_{n % 50:02}/part_{n % 500:03}/unit_{n}/code.py": f"x = {n}\n" * (n % 7 + 1) for n in range(4_450)}
    yield Screen("directories-1", (*PROFILE, "--depth", "1"), make(below, "many", many))
    yield Screen("directories", PROFILE, below / "many")


def draw_pages(below: Path, to: Path) -> Iterator[str]:
    """Draw the HTML pages of the repositories, in a wide and a narrow window, and both colour schemes."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not browser:
        sys.stderr.write("no Chromium here: the HTML pages are not drawn\n")
        return
    for name in ("shop", "languages", "empty", "million", "many"):
        page = to / f"{name}.html"
        staged = ("--staged", "--check") if name == "shop" else ()
        report = [*PROFILE, *staged, "--quiet", "--report", f"html:{page}"]
        subprocess.run(report, cwd=below / name, check=not staged, stdout=subprocess.DEVNULL)
        for width in (390, 1280, 2400):
            for scheme in ("light", "dark"):
                picture = to / f"page-{name}-{width}-{scheme}.png"
                dark = ["--blink-settings=preferredColorScheme=0"] if scheme == "dark" else []
                command = [browser, "--headless", "--no-sandbox", "--hide-scrollbars", *dark]
                command += [f"--window-size={width},1400", f"--screenshot={picture}", page.as_uri()]
                subprocess.run(command, check=True, capture_output=True)
                yield picture.name


def main() -> None:
    """Draw all, and a page to look through them."""
    [directory] = sys.argv[1:]
    to = Path(directory).resolve()
    to.mkdir(parents=True, exist_ok=True)
    names = []
    with tempfile.TemporaryDirectory() as work:
        for screen in find_screens(Path(work)):
            name = f"{screen.name}.svg"
            (to / name).write_text(draw(screen), "utf-8")
            names.append(name)
        names += draw_pages(Path(work), to)
    figures = "\n".join(f'<figure><figcaption>{name}</figcaption><img src="{name}"></figure>' for name in names)
    (to / "index.html").write_text(f"<!doctype html><meta charset=utf-8><title>Screens</title>\n{figures}\n", "utf-8")
    sys.stdout.write(f"{len(names)} pictures, and {to / 'index.html'}\n")


if __name__ == "__main__":
    main()
