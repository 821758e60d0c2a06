"""Surveys of small repositories, as the command makes them, in JSON."""

from typing import Any

from loopflow.cli.agents import agents
from loopflow.tokens import count
from tests.support.builder import Repo
from tests.support.run import Result, run

WORDS = "Keep to the words that are here, and say what was measured, with its number and its date.\n"


def call(repo: Repo, *arguments: str, **env: str) -> Result:
    """Call `loopflow agents` in a repository."""
    return run(*arguments, cwd=repo.root, env=env, command=agents)


def survey(repo: Repo, *arguments: str) -> dict[str, Any]:
    """Return the survey of a repository."""
    result = call(repo, "--format", "json", *arguments)
    assert result.code == 0, result.err
    return result.json


def places(document: dict[str, Any], agent: str) -> dict[str, dict[str, Any]]:
    """Return the places of one agent by directory."""
    [found] = [each for each in document["agents"] if each["name"] == agent]
    return {place["directory"]: place for place in found["places"]}


def loaded(document: dict[str, Any], agent: str, directory: str = ".", when: str = "start") -> list[str]:
    """Return the paths of what an agent loads in a place, in order; descriptions by their names."""
    loads = places(document, agent)[directory]["loads"]
    return [
        load["path"] + (f"#{load['name']}" if load["kind"] == "description" else "")
        for load in loads
        if load["when"] == when
    ]


def skill(name: str, description: str = "Does it.", more: str = "") -> str:
    """Return the text of a skill."""
    return f"---\nname: {name}\ndescription: {description}\n{more}---\n\n# {name}\n\nBody of {name}.\n"


def described(name: str, description: str = "Does it.") -> int:
    """Return what the description of a skill costs."""
    return count(f"- {name}: {description}")
