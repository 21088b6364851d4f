"""If the nudge harms everybody, nobody is nudged, and the build says so instead of failing."""

import sys

import duckdb

import render_report


def test_a_nudge_that_harms_everybody_has_no_target(run, run_dbt, tmp_path, project_root):
    warehouse = tmp_path / "causalyn.duckdb"
    generator = project_root / "scripts" / "generate_world.py"
    options = ["--accounts", "1600", "--preset", "harm", "--warehouse", warehouse]
    assert run(sys.executable, generator, *options).returncode == 0
    build = run_dbt("build", "--exclude", "resource_type:unit_test", warehouse=warehouse)
    assert build.returncode == 0, build.stdout[-3000:]

    with duckdb.connect(str(warehouse), read_only=True) as connection:
        funnel = dict(
            connection.execute("select decision, sum(n_accounts) from marts.policy_funnel group by 1").fetchall()
        )
        lists = [
            connection.execute(f"select count(*) from marts.{table}").fetchone()[0]
            for table in ("target_accounts", "nudge_list", "budget_curve")
        ]
        lift, upper = connection.execute(
            "select estimate, upper_95 from marts.findings where finding_id = 'average_lift'"
        ).fetchone()
    assert funnel["target"] == 0
    assert lists == [0, 0, 0]
    assert lift < upper < 0, "the average harm must be significant"

    summary = run(sys.executable, project_root / "scripts" / "summarise.py", "--warehouse", warehouse)
    assert summary.returncode == 0, summary.stderr
    assert "target                           0" in summary.stdout

    page = render_report.render(warehouse, tmp_path / "report").read_text()
    assert "Nudge none of 1,600 accounts" in page
