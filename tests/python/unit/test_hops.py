"""The linter's path from a raw account to its decision: the longest one, which must neither be too long nor turn back."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

import lineage


@pytest.fixture
def lint(tmp_path, monkeypatch, capsys):
    """Lints a chain of models in these folders, with a shortcut from its first model to its last; returns what is printed."""

    def lint(*folders: str) -> str:
        names = [lineage.START, *(f"model.causalyn.m{place}" for place in range(len(folders) - 1)), lineage.END]
        parents = {name: [parent] for parent, name in pairwise(names)}
        parents[lineage.END] = [names[1], *parents[lineage.END]]
        models = {
            name: {"resource_type": "model", "original_file_path": f"models/{folder}/m.sql"}
            for name, folder in zip(names[1:], folders, strict=True)
        }
        sources = {lineage.START: {"resource_type": "source", "original_file_path": "models/input/_raw__sources.yml"}}
        manifest = tmp_path / "manifest.json"
        manifest.write_text(json.dumps({"nodes": models, "sources": sources, "parent_map": parents}))
        monkeypatch.setattr(lineage, "MANIFEST", manifest)
        lineage.main()
        return capsys.readouterr().out

    return lint


def test_the_longest_path_is_counted_up_to_its_limit(lint):
    most = lineage.MOST_HOPS
    assert f": {most} hops" in lint(*["staging"] * (most - 1), "marts/policy")
    with pytest.raises(SystemExit, match="1"):
        lint(*["staging"] * most, "marts/policy")


def test_a_path_may_not_return_to_a_folder_that_it_left(lint):
    forwards = ("staging/base", "staging", "intermediate/features", "intermediate/uplift")
    assert "0 returns" in lint(*forwards, "marts/policy", "marts/quality")
    with pytest.raises(SystemExit, match="1"):
        lint(*forwards, "intermediate/features", "marts/policy")
