"""Faulty or unusual campaigns: the right check raises the alarm, and no check does on sound campaigns.

Nothing is published: models are built up to the verdicts, without tests.
"""

import sys

import duckdb
import pytest

ACCOUNTS = "600"
# By fault: the world's options, the checks that must fail, and those that must at least warn or be unknown.
FAULTS = {
    "converters_leave": (["--campaigns", "3"], {"campaign_gap"}, set()),
    "dates_late": ([], {"converted_before_share"}, set()),
    "unseen_accounts": ([], {"mixed_account_share"}, {"assignment_explained", "robustness_value"}),
    "treated_lost": (["--declared"], {"declared_ratio_gap"}, set()),
    "converted_before": ([], set(), {"converted_before_share"}),
    "spill_over": ([], {"spill_over_effect"}, set()),
    "tiny_arm": ([], {"clipped_share"}, {"smaller_arm_share", "assignment_explained"}),
    "tiny_control": ([], {"clipped_share"}, {"smaller_arm_share", "assignment_explained"}),
    "randomised_constant": ([], set(), {"qini_z", "gain_over_response_model_z", "assignment_explained"}),
}
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def judge(run, run_dbt, tmp_path_factory, project_root):
    """Verdicts on a generated world by check, and as a second set those that block."""

    def judge(*options: str) -> tuple[dict[str, str], set[str]]:
        warehouse = tmp_path_factory.mktemp("fault") / "causalyn.duckdb"
        generator = project_root / "scripts" / "generate_world.py"
        generated = run(sys.executable, generator, "--accounts", ACCOUNTS, "--warehouse", warehouse, *options)
        assert generated.returncode == 0, generated.stderr
        without = ("--exclude-resource-type", "unit_test", "--exclude-resource-type", "test")
        built = run_dbt("build", "--select", "+int_evaluation__verdicts", *without, warehouse=warehouse)
        assert built.returncode == 0, built.stdout[-3000:]
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            rows = connection.execute(
                "select check_id, verdict, is_blocking from intermediate.int_evaluation__verdicts"
                " where check_group in ('data', 'identification', 'model')"
            ).fetchall()
        return {check: verdict for check, verdict, _ in rows}, {check for check, _, blocks in rows if blocks}

    return judge


@pytest.mark.parametrize(
    "fault", [pytest.param(name, marks=pytest.mark.fault(name, "its checks speak")) for name in FAULTS]
)
def test_the_check_of_a_fault_speaks(judge, seen, fault):
    options, failing, doubtful = FAULTS[fault]
    verdicts, blocking = judge("--fault", fault, *options)
    speaking = {check: verdict for check, verdict in verdicts.items() if verdict != "pass"}
    seen(", ".join(f"{check} {verdict}" for check, verdict in sorted(speaking.items())))
    assert {check for check in failing if verdicts[check] != "fail"} == set(), speaking
    assert failing <= blocking
    assert doubtful <= speaking.keys(), speaking


@pytest.mark.parametrize("fault", ["tiny_arm", "tiny_control"])
def test_a_design_that_declares_its_probabilities_is_no_fault(judge, fault):
    verdicts, blocking = judge("--fault", fault, "--declared")
    assert verdicts["clipped_share"] == verdicts["effective_share"] == verdicts["robustness_value"] == "pass", verdicts
    assert blocking <= {"qini_z", "gain_over_response_model_z"}, "few users of an arm rank nobody"


@pytest.mark.parametrize("preset", ["default", "hard", "smooth"])
def test_nothing_is_wrong_with_data_or_identification_where_nothing_is(judge, preset):
    verdicts, blocking = judge("--preset", preset)
    ranking = {"qini_z", "gain_over_response_model_z", "calibration_slope"}
    assert {check for check, verdict in verdicts.items() if verdict in ("fail", "unknown")} <= ranking
    # So few accounts can't tell a smooth lift from a response.
    assert preset == "smooth" or blocking == set()
