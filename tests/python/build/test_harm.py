"""If the nudge harms everybody, empty lists replace the earlier ones, and the build says so instead of failing."""

import shutil
import sys
from pathlib import Path

import duckdb

import render_report


def test_a_nudge_that_harms_everybody_has_no_target(built_world, run, run_dbt, tmp_path, project_root):
    warehouse = Path(shutil.copy(built_world.warehouse, tmp_path))
    listed = "select count(*) from marts.target_accounts"
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        assert connection.execute(listed).fetchone()[0] > 0, "the earlier lists must hold something"
    generator = project_root / "scripts" / "generate_world.py"
    options = ["--accounts", "1600", "--preset", "harm", "--warehouse", warehouse]
    assert run(sys.executable, generator, *options).returncode == 0
    ignored = ("--vars", "deliveries: ignore")
    build = run_dbt("build", "--exclude-resource-type", "unit_test", *ignored, warehouse=warehouse)
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
        ((why,),) = connection.execute("select why_nobody from marts.build_info").fetchall()
        hidden = connection.execute(
            "select check_id, verdict from marts.verdicts"
            " where check_id in ('assignment_explained', 'robustness_value') order by all"
        ).fetchall()
        decisive = connection.execute("select user_group from marts.sensitivity where is_decisive").fetchall()
    assert funnel["target"] == 0
    assert lists == [0, 0, 0]
    assert lift < upper < 0, "the average harm must be significant"
    assert why.startswith(f"On average a nudge adds {round(lift, 4)} conversions")
    assert hidden == [("assignment_explained", "pass"), ("robustness_value", "pass")]
    assert decisive == [("everybody",)]

    summary = run(sys.executable, project_root / "scripts" / "summarise.py", "--warehouse", warehouse)
    assert summary.returncode == 0, summary.stderr
    assert "target                           0" in summary.stdout
    assert f"Nobody is to be nudged. {why}." in summary.stdout

    page = render_report.render(warehouse, tmp_path / "report").read_text()
    assert "Nudge none of 1,600 accounts" in page
