"""A build gives every bundle another name: what `--init` wrote stays green, and what `--window` said stays true."""

from random import Random

import pytest

from tests.support.builder import Repo
from tests.support.run import run

HEX = "0123456789abcdef"
BASE_64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
BUNDLES = 41
OWN = "export function handle{0}(event) {{\n  // Called when button {0} is pressed.\n  return event.target.value;\n}}\n"
FORMS = {
    "webpack": ("static/chunk{0}.{1}.js", HEX, 8),
    "webpack, longer": ("static/chunk{0}.{1}.bundle.js", HEX, 20),
    "Vite": ("dist/assets/view{0}-{1}.js", BASE_64, 8),
    "esbuild": ("out/chunk-{1}.js", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 8),
    "Next": ("_next/static/chunks/{0}-{1}.js", HEX, 16),
    "the hash alone": ("assets/{1}.js", HEX, 20),
    "directories": ("build/{1}/main.js", HEX, 12),
}


def build(repo: Repo, form: str, seed: int) -> None:
    """Replace all bundles by those of another build."""
    path, letters, length = FORMS[form]
    random = Random(seed)  # noqa: S311
    old = [name for name in repo.git("ls-files", "*.js").decode().splitlines() if "own" not in name]
    if old:
        repo.git("rm", "--quiet", "--force", *old)
    bundles = {}
    for number in range(BUNDLES):
        digits = "".join(random.choice(letters) for _ in range(length))
        calls = [
            f"!function(t,e){{t.a{each}={random.random()};for(;e;)e[n]&&(t=n)}}(window,{{}});" for each in range(60)
        ]
        bundles[path.format(number, digits)] = "".join(calls)
    repo.track(bundles)


@pytest.mark.parametrize("form", FORMS)
def test_a_rebuild_keeps_the_gate_green_and_the_plan_true(repo: Repo, form: str) -> None:
    """In fewer than ten lines, which leave alone what people wrote beside the bundles."""
    beside = FORMS[form][0].rpartition("/")[0].replace("{1}", "own")
    own = {f"{beside}/own.js": "".join(map(OWN.format, range(60))), "src/a.py": "def f(): return 1\n" * 200}
    repo.track(own)
    build(repo, form, 1)
    repo.commit()
    window = ("--profile", "--window", "9k", "--reserve", "0%", "--format", "json")
    plan = run(*window, cwd=repo.root).json["plan"]
    assert run("--init", cwd=repo.root).code == 0
    config = (repo.root / "loopflow.toml").read_text("utf-8")
    assert config.partition("]")[0].count("\n") < 10
    assert len(plan["exclude"]) < 10
    repo.git("add", "loopflow.toml")
    repo.commit()
    build(repo, form, 2)
    judged = run("--profile", "--staged", "--check", "--format", "json", cwd=repo.root)
    assert judged.code == 0, judged.out[:500]
    assert {*own, "loopflow.toml"} == {each["path"] for each in judged.json["files"]}
    repo.git("rm", "--quiet", "--force", "loopflow.toml")
    assert run(*window, cwd=repo.root).json["plan"]["exclude"] == plan["exclude"]
