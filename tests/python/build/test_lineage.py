"""Hidden truth reaches the audit and nothing else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

HIDDEN_TABLES = ("latent_uplift_groups_hidden", "latent_uplift_today_hidden")
NAMES_THE_TRUTH = re.compile(
    rf"{'|'.join(HIDDEN_TABLES)}|\btruth\.main\b|\btruth\.duckdb|attach_truth|truth_path", re.IGNORECASE
)

LEAK = "with final as (select * from {{ %s }})\n\nselect * from final\n"


def is_audit(node: dict) -> bool:
    return node["original_file_path"].startswith("models/audit/")


def ancestors(manifest: dict, unique_id: str) -> set[str]:
    """Every node and source that `unique_id` reads, directly or not."""
    found, waiting = set(), [unique_id]
    while waiting:
        for parent in manifest["parent_map"].get(waiting.pop(), ()):
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return found


def leaks(manifest: dict) -> set[str]:
    """The names of models, seeds and snapshots outside the audit that hidden truth or an audit model can reach."""
    secret = {key for key, source in manifest["sources"].items() if source["source_name"] == "truth"}
    secret |= {key for key, node in manifest["nodes"].items() if is_audit(node)}
    return {
        node["name"]
        for key, node in manifest["nodes"].items()
        if node["resource_type"] != "test" and not is_audit(node)
        if ancestors(manifest, key) & secret
        or NAMES_THE_TRUTH.search(node["raw_code"])
        or NAMES_THE_TRUTH.search(node.get("compiled_code") or "")
        or NAMES_THE_TRUTH.search(json.dumps(node["config"]))
    }


def test_the_audit_reads_hidden_truth(built_world):
    audit = {key for key, node in built_world.manifest["nodes"].items() if is_audit(node)}
    reached = {parent for key in audit for parent in ancestors(built_world.manifest, key)}
    assert {f"source.causalyn.truth.{table}" for table in HIDDEN_TABLES} <= reached


def test_nothing_outside_the_audit_is_reached_by_hidden_truth(built_world):
    assert leaks(built_world.manifest) == set()


def test_what_python_models_import_knows_no_hidden_truth(project_root):
    list_modules = (
        "import runpy, sys; runpy.run_path(sys.argv[1]);"
        "print(*(module.__file__ for name, module in sys.modules.items() if name.startswith('causalyn.')), sep='\\n')"
    )
    for model in (project_root / "python_models").rglob("*.py"):
        printed = subprocess.run(
            [sys.executable, "-c", list_modules, model],
            cwd=project_root / "scripts",
            check=True,
            capture_output=True,
            text=True,
        )
        imported = printed.stdout.splitlines()
        assert imported, f"{model.name} computes something itself"
        for module in imported:
            source = Path(module).read_text()
            assert not re.search(r"TRUTH|truth_path|\.truth\b|latent_uplift", source), f"{model.name} imports {module}"


def test_a_leak_is_found_in_whatever_way_it_comes(built_world, project_copy, run_dbt, tmp_path):
    staging = project_copy / "models" / "staging"
    (staging / "leaks_source.sql").write_text(LEAK % f"source('truth', '{HIDDEN_TABLES[1]}')")
    (staging / "leaks_indirectly.sql").write_text(LEAK % "ref('leaks_source')")
    (staging / "leaks_audit.sql").write_text(LEAK % "ref('claims')")
    (staging / "leaks_by_name.sql").write_text(f"select * from truth.main.{HIDDEN_TABLES[0]}\n")
    (staging / "leaks_by_path.sql").write_text("select * from read_duckdb('causalyn.truth.duckdb', table_name='a')\n")
    (staging / "leaks_by_hook.sql").write_text("{{ config(pre_hook='{{ attach_truth() }}') }}\n\nselect 1 as final\n")
    parsed = run_dbt("parse", warehouse=tmp_path / "causalyn.duckdb", project=project_copy)
    assert parsed.returncode == 0, parsed.stdout
    found = leaks(json.loads((tmp_path / "target" / "manifest.json").read_text()))
    assert found == {f"leaks_{way}" for way in ("source", "indirectly", "audit", "by_name", "by_path", "by_hook")}
    # Nor is there anything to read by name, unless the audit runs too.
    for file in built_world.warehouse.parent.glob("*.duckdb"):
        shutil.copy(file, tmp_path)
    attacked = run_dbt("run", "--select", "leaks_by_name", warehouse=tmp_path / "causalyn.duckdb", project=project_copy)
    assert attacked.returncode != 0
    assert 'schema "truth.main" does not exist' in attacked.stdout


@pytest.mark.fault("killed between the raw tables and their hidden truth", "the audit refuses the truth of others")
def test_hidden_truth_of_other_raw_tables_is_refused(built_world, run_dbt, seen, listed, tmp_path):
    warehouse = Path(shutil.copy(built_world.warehouse, tmp_path))
    truth = Path(shutil.copy(built_world.warehouse.with_suffix(".truth.duckdb"), tmp_path))
    audit = ("run", "--select", "failure_matrix")
    assert run_dbt(*audit, warehouse=warehouse).returncode == 0
    with duckdb.connect(str(truth)) as connection:
        connection.execute("update origin set loaded_at = loaded_at - interval 1 day")
    refused = run_dbt(*audit, warehouse=warehouse)
    assert refused.returncode != 0
    said = re.search(r"The hidden truth in .*?generate them again", refused.stdout, flags=re.S)
    message = " ".join(said[0].split())
    seen(message)
    listed(message)
