"""Pages of the site that are generated: the project's own files, `make help`, and tables and seeds from dbt's manifest."""

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
ROOT_PAGES = {"README.md": "index.md", **{name: name for name in ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")}}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for name, text in pages():
        files.append(File.generated(config, name, content=text))
    files.append(File.generated(config, CATALOGUE, abs_src_path=str(TARGET / "static_index.html")))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Links as they are on the site, where the root's files are beside those of docs. The licence has no page."""
    markdown = re.sub(r"\]\((?:docs/|\.\./((?:\.\./)*)(?=[A-Z]+\.md))", lambda link: f"]({link[1] or ''}", markdown)
    return re.sub(r"(\]\([./]*)README\.md", r"\1index.md", markdown).replace("[LICENSE](LICENSE)", "LICENSE")


def pages() -> Iterator[tuple[str, str]]:
    """Each generated page: its path below docs, and its Markdown."""
    for name, page in ROOT_PAGES.items():
        yield page, (ROOT / name).read_text()
    yield "reference/commands.md", _commands()
    nodes = json.loads((TARGET / "manifest.json").read_text())["nodes"].values()
    yield "reference/tables.md", _tables(list(nodes))
    yield "reference/seeds.md", _seeds(list(nodes))


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
    lines = ["# Seeds", "", "The parameters and mappings behind every decision, as CSV files that you edit.", ""]
    for node in sorted((node for node in nodes if node["resource_type"] == "seed"), key=lambda node: node["name"]):
        lines += [f"## `{node['original_file_path']}`", "", _cell(node["description"]), *_columns(node)]
    return "\n".join(lines)
