"""The project's statements about itself are true."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import duckdb

from causalyn.warehouse import list_exports, raw_contract


def documented_rows(project_root: Path) -> dict[str, str]:
    """Rows of the documentation's tables whose first cell is the id of a guardrail or an invariant, by id."""
    text = "\n".join(page.read_text() for page in [project_root / "README.md", *(project_root / "docs").rglob("*.md")])
    rows = re.findall(r"^\| *`?(POL-\d+)`? *\|(.*)$", text, re.MULTILINE)
    assert len(rows) == len(dict(rows)), "two rows for one id"
    return dict(rows)


def test_every_invariant_has_an_id_and_a_row_in_the_documentation(project_root):
    """An invariant is a test that begins with its id, or an instance of a generic test that is named by it."""
    singular = [path.read_text()[:9] for path in (project_root / "tests" / "policy").glob("*.sql")]
    generic = [
        name
        for path in (project_root / "models").rglob("*.yml")
        for name in re.findall(r"name: (POL-\d\d)_", path.read_text())
    ]
    assert all(re.fullmatch(r"-- POL-\d\d", start) for start in singular)
    ids = [start[3:] for start in singular] + generic
    assert len(set(ids)) == len(ids), "two invariants share an id"
    assert documented_rows(project_root).keys() == set(ids)


def test_every_guardrail_has_a_rule_a_check_and_a_row_in_the_documentation(project_root):
    with (project_root / "seeds" / "guardrail_rules.csv").open() as file:
        rules = {rule["guardrail_id"]: rule for rule in csv.DictReader(file)}
    checks = re.findall(r"^        '(\w+)': ", (project_root / "macros" / "guardrails.sql").read_text(), re.MULTILINE)
    assert [rule["guardrail"] for rule in rules.values()] == checks

    rows = documented_rows(project_root)
    assert [key for key, rule in rules.items() if rule["decision"] not in rows[key]] == []


def test_the_contract_has_the_outcome_windows_that_cleaning_keeps(project_root):
    (shortest, longest) = {column.name: column for column in raw_contract.OUTCOMES.columns}["outcome_window_days"].range
    assert (
        f"{{{{ days }}}} between {shortest} and {longest}\n" in (project_root / "macros" / "cleaning.sql").read_text()
    )
    assert f"not {shortest} to {longest} days" in (project_root / "seeds" / "cleaning_rules.csv").read_text()


def described_columns(manifest: dict) -> Iterator[tuple[tuple[str, str], set[str]]]:
    """Schema and table of everything that dbt leaves in the warehouse, with the described columns."""
    for node in manifest["nodes"].values():
        if node["resource_type"] in ("model", "seed") and node["config"]["materialized"] != "ephemeral":
            columns = {name for name, column in node["columns"].items() if column["description"].strip()}
            yield (node["schema"], node["alias"]), columns
            if node["schema"].startswith("candidate_"):
                yield (node["schema"].removeprefix("candidate_"), node["alias"]), columns


def reached(edges: dict[str, list[str]], start: str) -> set[str]:
    """The nodes on the way from one, without it."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        waiting += (new := set(edges[waiting.pop()]) - found)
        found |= new
    return found


def test_every_column_of_the_warehouse_is_described(built_world):
    with duckdb.connect(str(built_world.warehouse), read_only=True) as connection:
        columns = connection.sql(
            "select schema_name, table_name, list(column_name) from duckdb_columns() "
            "where not internal and schema_name not in ('raw', 'builds') group by all"
        ).fetchall()
    actual = {(schema, table): set(names) for schema, table, names in columns}
    described = dict(described_columns(built_world.manifest))
    # Between input and marts, a column needs no description if its name has a doc block or is in an input or mart of its lineage.
    nodes, words = built_world.manifest["nodes"], {doc["name"] for doc in built_world.manifest["docs"].values()}
    known = {table: set(words) if table[0] in ("staging", "intermediate") else set() for table in described}
    for unique_id, shown in nodes.items():
        lineage = {"input": "child_map", "candidate_marts": "parent_map"}.get(shown["schema"])
        if lineage and shown["resource_type"] == "model":
            for node in (nodes[name] for name in reached(built_world.manifest[lineage], unique_id) if name in nodes):
                known.get((node["schema"], node["alias"]), set()).update(
                    described[shown["schema"].removeprefix("candidate_"), shown["alias"]]
                )
    assert actual.keys() == described.keys()
    assert {table: rest for table, names in actual.items() if (rest := names - described[table] - known[table])} == {}
    assert {table: names - actual[table] for table, names in described.items() if names - actual[table]} == {}


DBT_TYPES = {
    "varchar": "string",
    "integer": "int",
    "bigint": "bigint",
    "double": "double",
    "date": "date",
    "timestamp": "timestamp",
}


def test_the_contracts_of_the_input_layer_are_the_raw_contract(built_world):
    nodes = built_world.manifest["nodes"]
    for table in raw_contract.TABLES:
        model = nodes[f"model.causalyn.input_{table.name.removesuffix('_raw')}"]
        assert model["contract"]["enforced"]
        found = [(name, column["data_type"]) for name, column in model["columns"].items()]
        assert found == [(column.name, DBT_TYPES[column.type]) for column in table.columns], table.name


def test_every_column_of_hidden_truth_is_described(built_world):
    truth = built_world.manifest["sources"][f"source.causalyn.truth.{raw_contract.TRUTH.name}"]
    described = [name for name, column in truth["columns"].items() if column["description"].strip()]
    assert described == [column.name for column in raw_contract.TRUTH.columns]


def test_exposures_name_the_tables_that_are_read(project_root, built_world):
    scripts = project_root / "scripts"
    report = "".join((scripts / name).read_text() for name in ("render_report.py", "causalyn/report/what_if.py"))
    exports = (scripts / "causalyn" / "warehouse" / "list_exports.py").read_text()
    read = {
        "report": set(re.findall(r"\b(?:marts|audit)\.([a-z_]+)", report)),
        "exports": set(re.findall(r"\bmarts\.([a-z_]+)", exports)) | {one.name for one in list_exports.LISTS},
    }
    models = {name.split(".")[-1] for name in built_world.manifest["nodes"] if name.startswith("model.")}
    named = {
        exposure["name"]: {unique_id.split(".")[-1] for unique_id in exposure["depends_on"]["nodes"]}
        for exposure in built_world.manifest["exposures"].values()
    }
    assert named == {name: tables & models for name, tables in read.items()}


def test_the_documentation_is_one_file(built_world, run_dbt, tmp_path):
    warehouse = Path(shutil.copy(built_world.warehouse, tmp_path / "causalyn.duckdb"))
    done = run_dbt("docs", "generate", "--quiet", "--static", warehouse=warehouse)
    assert done.returncode == 0, done.stdout
    page = (tmp_path / "target" / "static_index.html").read_text()
    assert "What the policy does with the account, first match wins" in page
    assert not re.search(r"""<(script|link)[^>]+(src|href)=["']?(https?:)?//""", page)


def test_no_description_is_cut_short_by_a_comma(built_world):
    """In YAML `{description: Minutes, at most}` describes "Minutes" and adds a key "at most", which dbt accepts."""
    columns = [
        (node["name"], column)
        for node in [*built_world.manifest["nodes"].values(), *built_world.manifest["sources"].values()]
        for column in node.get("columns", {}).values()
    ]
    keys_of_dbt = set.intersection(*(set(column) for _, column in columns))
    assert {
        (name, column["name"], *column.keys() - keys_of_dbt) for name, column in columns if column.keys() > keys_of_dbt
    } == set()


def test_the_median_sql_file_is_short(project_root):
    files = [path for folder in ("models", "tests") for path in (project_root / folder).rglob("*.sql")]
    assert median(len(path.read_text().splitlines()) for path in files) <= 40
