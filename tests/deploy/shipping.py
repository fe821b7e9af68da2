"""What each target is given, worked out from the files that say so."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy" / "container" / "Dockerfile"
DOCKERIGNORE = DOCKERFILE.with_name("Dockerfile.dockerignore")
SNOWFLAKE = ROOT / "snowflake.yml"


def checkout(root: Path = ROOT) -> set[Path]:
    """Return every file of a builder's folder that is the course's, or lies among them."""
    tops = (top for top in root.iterdir() if top.name == ".streamlit" or top.name[0] != ".")
    found = (path for top in tops for path in (top, *top.rglob("*")))
    return {path.relative_to(root) for path in found if path.is_file()}


def entity() -> dict[str, Any]:
    """Return the Streamlit app of `snowflake.yml`."""
    entities = yaml.safe_load(SNOWFLAKE.read_text("utf-8"))["entities"]
    app: dict[str, Any] = entities["course"]
    return app


def artifacts(root: Path = ROOT) -> dict[str, set[Path]]:
    """Return the files below ``root`` that each artifact of `snowflake.yml` names."""
    found = {}
    for artifact in entity()["artifacts"]:
        paths = [path for path in root.glob(artifact) if path.is_file()]
        found[artifact] = {path.relative_to(root) for path in paths}
    return found


def lets_through(patterns: Iterable[str], path: Path) -> bool:
    """Return whether a .dockerignore of these patterns leaves a file in the context.

    The last pattern that fits the file, or a folder it is in, decides:
    https://docs.docker.com/build/concepts/context/#dockerignore-files
    """
    kept = True
    names = [each.as_posix() for each in (path, *path.parents)]
    for pattern in patterns:
        expression = re.escape(pattern.removeprefix("!"))
        expression = expression.replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
        if any(re.fullmatch(expression, name) for name in names):
            kept = pattern.startswith("!")
    return kept


def ignore_patterns() -> list[str]:
    """Return the patterns of the image's .dockerignore."""
    lines = DOCKERIGNORE.read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@dataclass(frozen=True)
class Instruction:
    """One instruction of a Dockerfile, its lines joined."""

    name: str
    text: str


def instructions() -> list[Instruction]:
    """Return the instructions of the Dockerfile, in order."""
    text = re.sub(r"\\\n\s*", "", DOCKERFILE.read_text("utf-8"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [Instruction(*line.split(" ", 1)) for line in lines]


def copied(files: Iterable[Path]) -> Iterator[tuple[Path, Path]]:
    """Yield each of ``files`` that the image gets, and where it is put below /app."""
    patterns = ignore_patterns()
    context = [path for path in files if lets_through(patterns, path)]
    for instruction in instructions():
        if instruction.name != "COPY":
            continue
        *sources, target = shlex.split(instruction.text)
        for path in context:
            for source in map(Path, sources):
                if path == source:
                    yield path, Path(target, path.name)
                elif source in path.parents:
                    yield path, Path(target, path.relative_to(source))


def put(pairs: Iterable[tuple[Path, Path]], folder: Path, root: Path = ROOT) -> None:
    """Copy files of ``root`` into ``folder``."""
    for source, target in pairs:
        made = folder / target
        made.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / source, made)
