"""`make map` adds missing words to the seeds, marks its guesses, and leaves all other lines unchanged."""

from __future__ import annotations

import csv
import shutil
import sys
from pathlib import Path

import duckdb
import pytest

from causalyn.warehouse.word_maps import WORD_MAPS, draft

USERS = {
    "u1": "Owner",
    "u2": " owner",
    "u3": "MEMBER",
    "u4": "power_user",
    "u5": "астроном",
    "u6": 'Guest, "VIP"',
    "u7": None,
}


@pytest.fixture
def export(tmp_path) -> Path:
    directory = tmp_path / "export"
    directory.mkdir()
    values = ", ".join(f"('{user}', {'null' if role is None else repr(role)})" for user, role in USERS.items())
    tables = {
        "accounts_raw": "select 'a' as account_id, 'Business' as plan_tier",
        "users_raw": f"select user_id, 'a' as account_id, date '2024-01-01' as user_created_date, role_type "
        f"from (values {values}) as users (user_id, role_type)",
        "user_activity_daily_raw": "select 'u1' as user_id, date '2025-01-01' as activity_date, 1 as core_action_count, "
        "1 as time_spent_minutes",
        "interventions_raw": "select 'i' as intervention_id, 'u1' as user_id, 'a' as account_id, "
        "date '2025-01-02' as intervention_date, 1 as eligibility_flag, 1 as treatment_flag",
        "outcomes_raw": "select 'u1' as user_id, 'i' as intervention_id, 1 as collab_activated_flag, "
        "21 as outcome_window_days",
    }
    for table, select in tables.items():
        duckdb.sql(select).write_csv(str(directory / f"{table}.csv"))
    return directory


@pytest.fixture
def seeds(project_root, tmp_path) -> Path:
    return Path(shutil.copytree(project_root / "seeds" / "mapping", tmp_path / "seeds"))


def lines(path: Path) -> list[tuple[str, ...]]:
    with path.open(newline="") as file:
        return [tuple(line) for line in csv.reader(file)]


def test_words_that_are_missing_are_added_with_a_marked_guess(export, seeds):
    before = lines(seeds / "roles.csv")
    added = draft(export, seeds)
    assert added == {
        "roles": [("owner", "admin"), ('guest, "vip"', "basic"), ("member", "basic"), ("астроном", "?")],
        "plans": [("business", "enterprise")],
        "responses": [],
    }
    assert lines(seeds / "roles.csv") == [*before, *((*line, "yes") for line in added["roles"])]


def test_a_feature_of_their_own_is_added_to_be_described(export, seeds):
    duckdb.sql("select 'u1' as user_id, ' NPS' as feature, 7 as value, '2025-01-01' as valid_from").write_csv(
        str(export / "user_features_raw.csv")
    )
    assert draft(export, seeds)["user_features"] == [("nps", "?")]
    assert lines(seeds / "user_features.csv") == [("feature", "description"), ("nps", "?")]


def test_a_line_that_is_there_is_never_touched(export, seeds):
    roles = seeds / "roles.csv"
    roles.write_text("their_word,our_word,guessed\n OWNER,basic,\nmember,?,yes")  # without a final newline
    draft(export, seeds)
    assert roles.read_text().startswith("their_word,our_word,guessed\n OWNER,basic,\nmember,?,yes\n")
    assert [theirs for theirs, *_ in lines(roles)[3:]] == ['guest, "vip"', "power_user", "астроном"]
    again = roles.read_bytes()
    assert not any(draft(export, seeds).values())
    assert roles.read_bytes() == again


def test_the_command_says_what_it_guessed_or_why_it_did_nothing(export, seeds, run, project_root, listed):
    command = (sys.executable, project_root / "scripts" / "map_words.py", export, "--seeds", seeds)
    done = run(*command)
    assert done.returncode == 0, done.stderr
    assert "roles.csv: 4 words added" in done.stdout
    assert "owner -> admin" in done.stdout
    assert "empty its third column" in done.stdout

    (export / "users_raw.csv").unlink()
    refused = run(*command)
    assert refused.returncode == 1
    listed(refused.stderr.splitlines()[0])


def test_every_seed_of_words_has_a_draft(project_root):
    seeds = {path.stem for path in (project_root / "seeds" / "mapping").glob("*.csv")}
    assert {words.seed for words in WORD_MAPS} == seeds
