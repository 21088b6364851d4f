"""Prints the path from a raw account to its decision: `python scripts/research/lineage.py`, after `dbt parse`.

The path is the longest one in the manifest from `accounts_raw` to `account_policy`. Fails if it has more than MOST_HOPS
hops or returns to a folder that it has left.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = ROOT / "target" / "lint" / "manifest.json"
START, END = "source.causalyn.raw.accounts_raw", "model.causalyn.account_policy"
MOST_HOPS = 20
"""The aim, which the way reaches."""


def longest_way(parents: dict[str, list[str]]) -> list[str]:
    """The nodes of the longest path from START to END, both included; ties go to the first by name."""

    @cache
    def to(node: str) -> tuple[str, ...]:
        if node == START:
            return (node,)
        ways = [way for parent in sorted(parents.get(node, [])) if (way := to(parent))]
        return (*max(ways, key=len), node) if ways else ()

    return list(to(END))


def folder(node: dict) -> str:
    """The folder a node counts towards: a Python model's is that of its SQL neighbours, a mart's is the marts."""
    parts = [part for part in Path(node["original_file_path"]).parent.parts if part != "base"]
    if node["resource_type"] != "model":
        return node["resource_type"]
    return "marts" if "marts" in parts else parts[-1]


def main() -> None:
    """Print the path and its length; exit with 1 if it is too long or turns back."""
    manifest = json.loads(MANIFEST.read_text())
    nodes = manifest["nodes"] | manifest["sources"]
    way = longest_way(manifest["parent_map"])
    folders = [folder(nodes[name]) for name in way]
    stays = [name for place, name in enumerate(folders) if place == 0 or folders[place - 1] != name]
    returns = len(stays) - len(set(stays))
    print(
        f"From accounts_raw to account_policy: {len(way) - 1} hops (at most {MOST_HOPS}), {returns} returns to a folder left"
    )
    if len(way) - 1 > MOST_HOPS or returns:
        print(" -> ".join(name.rsplit(".", 1)[-1] for name in way))
        sys.exit(1)


if __name__ == "__main__":
    main()
