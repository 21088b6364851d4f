"""A build is identified by versions of its data, parameters and code; every list names its build."""

import duckdb
import pytest

PARTS = ("build_id", "data_fingerprint", "policy_version", "model_version", "code_version")
FINGERPRINTS = "intermediate.int_build__fingerprints"


def compiled(target, model: str) -> str:
    return (target / "compiled" / "causalyn" / "models" / "intermediate" / "build" / f"{model}.sql").read_text()


@pytest.fixture
def identify(built_world, tmp_path):
    """The identity of a copy of the built world after changes in its tables, by the SQL that dbt ran."""
    copy = tmp_path / built_world.warehouse.name
    copy.write_bytes(built_world.warehouse.read_bytes())

    def identify(*changes: str, target=built_world.target) -> dict[str, str]:
        with duckdb.connect(str(copy)) as connection:
            connection.begin()
            for change in changes:
                connection.execute(change)
            connection.execute(
                f"create or replace table {FINGERPRINTS} as {compiled(target, 'int_build__fingerprints')}"
            )
            connection.execute(f"select {', '.join(PARTS)} from ({compiled(target, 'int_build__identity')})")
            found = connection.fetchone()
            connection.rollback()
        return dict(zip(PARTS, found, strict=True))

    return identify


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {part for part in PARTS if before[part] != after[part]}


@pytest.mark.parametrize(
    ("change", "version"),
    [
        ("update staging.base_accounts set seat_count = seat_count + 1 where account_id = 'acct_000007'", "data_fingerprint"),
        ("update intermediate.int_features__users set minutes_30d = minutes_30d + 1", "data_fingerprint"),
        ("update intermediate.int_features__nudges set n_nudges_90d = n_nudges_90d + 1", "data_fingerprint"),
        ("update intermediate.int_policy__policies set toxic_user_share_limit = 0.11 where not is_shipped", "policy_version"),
        ("update seeds.learner_parameters set trees = trees + 1", "model_version"),
        ("update intermediate.int_uplift__models set library_version = 'newer'", "model_version"),
    ],
    ids=["an account", "activity", "a nudge that enters the quarter", "a limit of a candidate", "the learner", "the library"],
)  # fmt: skip
def test_a_change_makes_another_build_and_shows_in_its_own_version_alone(identify, change, version):
    assert changed(identify(), identify(change)) == {"build_id", version}


def test_a_changed_macro_makes_another_build(built_world, identify, project_copy, run_dbt):
    macro = project_copy / "macros" / "engine.sql"
    changed_text = macro.read_text().replace("as decimal(14, 4))", "as decimal(13, 4))")
    assert changed_text != macro.read_text()
    macro.write_text(changed_text)
    warehouse = project_copy / built_world.warehouse.name
    warehouse.write_bytes(built_world.warehouse.read_bytes())
    target = project_copy / "target"
    done = run_dbt(
        "compile",
        "--select",
        "path:models/intermediate/build",
        "--target-path",
        target,
        warehouse=warehouse,
        project=project_copy,
    )
    assert done.returncode == 0, done.stdout
    assert changed(identify(), identify(target=target)) == {"build_id", "code_version"}


def test_the_order_of_rows_makes_no_other_build(built_world, identify):
    with duckdb.connect(str(built_world.warehouse), read_only=True) as connection:
        published = connection.execute(f"select {', '.join(PARTS)} from marts.build_info").fetchone()
    reordered = identify(
        "create table staging.reversed as from staging.base_accounts order by all desc",
        "create or replace table staging.base_accounts as from staging.reversed",
    )
    assert tuple(reordered.values()) == published


def test_a_fingerprint_sees_what_looks_alike_in_text(identify):
    texts = [("null", "'a'"), ("''", "'a'"), ("'a'", "null"), ("'\",\"'", "''"), ("'a\",'", "'a'")]
    change = "update staging.base_accounts set industry = {}, plan_tier = {} where account_id = 'acct_000007'"
    fingerprints = {identify(change.format(*pair))["data_fingerprint"] for pair in texts}
    assert len(fingerprints) == len(texts)


def test_every_list_is_of_the_one_build(built_world):
    with duckdb.connect(str(built_world.warehouse), read_only=True) as connection:
        lists = connection.execute(
            "select distinct table_name from duckdb_columns() where schema_name = 'marts' and column_name = 'build_id'"
        ).fetchall()
        assert {"account_policy", "target_accounts", "nudge_list", "campaign_nudge_list"} < {name for (name,) in lists}
        found = [connection.sql(f"select distinct build_id from marts.{name}").fetchall() for (name,) in lists]
    assert len({build for builds in found for build in builds}) == 1
