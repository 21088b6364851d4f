"""Pages of the site that are made of what the project says elsewhere: README, CONTRIBUTING, `make help`, dbt's manifest."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / os.environ.get("DBT_TARGET_PATH", "target")
CATALOGUE = "catalogue.html"
FOLDERS = {"marts": "Published tables", "audit": "Compared with hidden truth"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for name, text in pages():
        files.append(File.generated(config, name, content=text))
    files.append(File.generated(config, CATALOGUE, abs_src_path=str(TARGET / "static_index.html")))
    return files


def on_page_markdown(markdown: str, files: Files, **_: object) -> str:
    """Links to a section of the README lead to the page that was made of it; sections of results are on one page."""

    def page(link: re.Match[str]) -> str:
        whole = f"guide/{link[1]}.md"
        return f"]({whole})" if files.get_file_from_path(whole) else f"](guide/results.md#{link[1]})"

    return re.sub(r"\]\(\.\./README\.md#([\w-]+)\)", page, markdown)


def pages() -> Iterator[tuple[str, str]]:
    """Each generated page: its path below docs, and its Markdown."""
    for name in ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"):
        yield name, _linked((ROOT / name).read_text())
    start, *sections = re.split(r"^## ", _linked((ROOT / "README.md").read_text()), flags=re.M)
    yield "index.md", start + "".join(f"## {section}" for section in sections if section.startswith("Two commands"))
    for section in sections:
        title, _, text = section.partition("\n")
        if title in ("Two commands", "Licence"):
            continue
        yield f"guide/{_slug(title)}.md", f"# {title}\n{text}".replace("](", "](../").replace("](../http", "](http")
    yield "reference/commands.md", _commands()
    nodes = json.loads((TARGET / "manifest.json").read_text())["nodes"].values()
    yield "reference/tables.md", _tables(list(nodes))
    yield "reference/seeds.md", _seeds(list(nodes))


def _slug(title: str) -> str:
    return re.sub(r"\W+", "-", title.lower()).strip("-")


def _linked(text: str) -> str:
    """Links as they are from the site's root; what is not on the site is named without one."""
    text = text.replace("](docs/", "](")
    return re.sub(r"\[([^\]]+)\]\(LICENSE\)", r"\1", text)


def _commands() -> str:
    told = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return f"# Commands\n\n```text\n{told}```\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _columns(node: dict[str, Any]) -> list[str]:
    rows = [f"| `{name}` | {_cell(column['description'])} |" for name, column in node["columns"].items()]
    return ["", "| column | meaning |", "|---|---|", *rows, ""]


def _tables(nodes: list[dict[str, Any]]) -> str:
    lines = ["# Tables", "", f"Every table and column, with lineage and SQL: [dbt's catalogue](../{CATALOGUE}).", ""]
    for folder, title in FOLDERS.items():
        lines += [f"## {title}", ""]
        models = [
            node
            for node in nodes
            if node["resource_type"] == "model"
            and node["schema"] == f"candidate_{folder}"
            and node["config"]["materialized"] != "ephemeral"
        ]
        for node in sorted(models, key=lambda node: node["name"]):
            lines += [f"### `{folder}.{node['name']}`", "", _cell(node["description"]), *_columns(node)]
    return "\n".join(lines)


def _seeds(nodes: list[dict[str, Any]]) -> str:
    lines = ["# Seeds", "", "What is decided by, as CSV files that a person edits.", ""]
    for node in sorted((node for node in nodes if node["resource_type"] == "seed"), key=lambda node: node["name"]):
        lines += [f"## `{node['original_file_path']}`", "", _cell(node["description"]), *_columns(node)]
    return "\n".join(lines)
