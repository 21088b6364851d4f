"""A month of mornings: late, missing, repeated, broken and changed exports, and operation in between."""

from __future__ import annotations

import datetime
import hashlib
import json
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest
from conftest import ENVIRONMENT

from causalyn.warehouse.raw_contract import TABLES

PLAIN_DAYS = range(10, 31)
PLANS = "seeds/mapping/plans.csv"


@dataclass
class Company:
    """A company with a project, a warehouse and a full history, part of which is in each morning's export."""

    project: Path
    warehouse: Path
    history: Path
    first_day: datetime.date
    export: Path
    remembered: dict[str, set[tuple]] = field(default_factory=dict)

    @property
    def lists(self) -> Path:
        return self.warehouse.parent / "lists"

    def day(self, n: int) -> datetime.date:
        """The n-th day after the first build."""
        return self.first_day + datetime.timedelta(days=n)

    def deliver(self, n: int, late: bool = False, lost: bool = False, plan: str = "growth") -> None:
        """A morning's export: activity until the day before, without some of the rows if they are late."""
        shutil.rmtree(self.export, ignore_errors=True)
        self.export.mkdir()
        known = {
            "user_activity_daily_raw": f"activity_date < '{self.day(n)}'"
            + f" and not (activity_date = '{self.day(n - 1)}' and hash(user_id) % 10 = 0)" * late
            + " and hash(user_id) % 3 = 0" * lost
        }
        with duckdb.connect(str(self.history), read_only=True) as connection:
            for table in TABLES:
                rows = f"select * from raw.{table.name} where {known.get(table.name, 'true')}"
                if table.name == "accounts_raw":
                    rows = rows.replace(
                        "*", f"* replace (replace(lower(trim(plan_tier)), 'growth', '{plan}') as plan_tier)"
                    )
                connection.execute(f"copy ({rows}) to '{self.export / table.name}.parquet'")

    def start(self, script: str, *options: str | Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, self.project / "scripts" / script, *options, "--warehouse", self.warehouse],
            cwd=self.project, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def run(self, script: str, *options: str | Path) -> tuple[int, str]:
        process = self.start(script, *options)
        printed, _ = process.communicate()
        return process.returncode, printed

    def load(self) -> tuple[int, str]:
        return self.run("load_raw.py", self.export)

    def refresh(self, n: int, deliveries: str = "compare") -> tuple[int, str]:
        return self.run("refresh.py", "--as-of", str(self.day(n)), "--deliveries", deliveries)

    def morning(self, n: int, **export: bool | str) -> str:
        """An ordinary day's delivery and decision; returns the published build."""
        self.deliver(n, **export)
        for command in (self.load(), self.refresh(n)):
            assert command[0] == 0, (n, command[1][-3000:])
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            alarms = (
                "select check_id from marts.verdicts where check_group in ('today', 'delivery') and verdict = 'fail'"
            )
            assert connection.execute(alarms).fetchall() == [], "an ordinary day is no alarm"
        return self.check_and_export()

    def build(self) -> str:
        status, printed = self.run("build.py", "--raw", self.export)
        assert status == 0, printed[-3000:]
        return self.check_and_export()

    def check_and_export(self) -> str:
        """What was just published can be exported; returns the published build."""
        build = self.check()
        status, printed = self.export_lists()
        assert status == 0, printed[-3000:]
        assert self.exported() == build
        return build

    def export_lists(self) -> tuple[int, str]:
        return self.run("export_lists.py", "--destination", self.lists)

    def exported(self) -> str:
        """The build of the files on disk, which are whole."""
        manifest = json.loads((self.lists / "manifest.json").read_text())
        for name, file in manifest["files"].items():
            assert hashlib.sha256((self.lists / name).read_bytes()).hexdigest() == file["sha256"], name
        return manifest["build_id"]

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.project / file
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new, 1))

    def check(self) -> str:
        """Invariants of every evening; returns the published build.

        The lists and the copy for readers are of one build; the ledger holds that build and all before; nobody was
        triggered twice within the cool-down; no trigger or arm is lost, no arm or wave has changed; the page shows that
        build or says that there is a newer one.
        """
        copy = self.warehouse.with_suffix(".published.duckdb")
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            connection.execute(f"attach '{copy}' as readers (read_only)")
            lists = connection.sql(
                "select table_name from duckdb_columns() where schema_name = 'marts' and column_name = 'build_id'"
                " and table_name not in ('policy_decisions_ledger', 'momentum_triggers') and database_name = current_database()"
            ).fetchall()
            found = {
                build
                for (name,) in lists
                for database in ("", "readers.")
                # A refresh leaves decisions about past campaigns.
                for (build,) in connection.sql(
                    f"select distinct build_id from {database}marts.{name}"
                    + " where population = 'today'" * (name == "account_policy")
                ).fetchall()
            }
            (build,) = found
            twice = connection.sql(
                "select a.user_id from marts.momentum_triggers as a"
                " inner join marts.momentum_triggers as b using (data_origin, user_id)"
                " where a.triggered_date < b.triggered_date and b.triggered_date - a.triggered_date < b.cool_down_days"
            ).fetchall()
            assert twice == []
            now = {
                "ledger": connection.sql(
                    "select build_number, build_id, count(*), sum(net_value_usd) from marts.policy_decisions_ledger group by 1, 2"
                ),
                "arms": connection.sql("select arm_id, arm, wave, dealt_date from marts.campaign_arms"),
                "triggers": connection.sql("select user_id, triggered_date from marts.momentum_triggers"),
            }
            now = {name: set(rows.fetchall()) for name, rows in now.items()}
            for_readers = connection.sql("select count(*) from readers.marts.policy_decisions_ledger").fetchall()
            moved = connection.sql(
                "select account_id from marts.campaign_arms as first inner join marts.campaign_assignments as dealt"
                " using (account_id, experiment) where (first.arm, first.wave) <> (dealt.arm, dealt.wave)"
            ).fetchall()
            ((accounts,),) = connection.sql("select count(*) from staging.stg_accounts").fetchall()
            ((policies,),) = connection.sql("select count(*) from seeds.policy_parameters").fetchall()
        for name, rows in self.remembered.items():
            assert rows <= now[name], name
        assert moved == []
        self.remembered = now
        sizes = {row[1]: row[2] for row in now["ledger"]}
        assert sizes[build] == accounts * policies
        assert for_readers == [(sum(sizes.values()),)]
        page = self.project / "target" / "report" / "index.html"
        if page.exists():
            written = page.read_text()
            assert build in written or re.search(r'<div id="banner" role="alert">[^<]', written)
        return build


@pytest.fixture
def company(run, project_root, copy_project, tmp_path) -> Company:
    """600 accounts whose users repeat the last week's activity for six more weeks."""
    history = tmp_path / "history.duckdb"
    generated = run(
        sys.executable, project_root / "scripts" / "generate_world.py", "--accounts", "600", "--warehouse", history
    )
    assert generated.returncode == 0, generated.stderr
    with duckdb.connect(str(history)) as connection:
        ((first_day,),) = connection.sql(
            "select max(activity_date) + 1 from raw.user_activity_daily_raw where activity_date < '2030-01-01'"
        ).fetchall()
        connection.execute(
            "insert into raw.user_activity_daily_raw "
            "select * exclude (week) replace (activity_date + cast(7 * week as int) as activity_date) "
            "from raw.user_activity_daily_raw cross join range(1, 7) as weeks (week) "
            f"where activity_date >= date '{first_day}' - 7 and activity_date < date '{first_day}'"
        )
    return Company(
        copy_project(tmp_path / "project"), tmp_path / "causalyn.duckdb", history, first_day, tmp_path / "export"
    )


@pytest.mark.long
@pytest.mark.fault(
    "a month of late, missing, repeated, broken and changed exports, failed builds, changes and a restored backup",
    "after each: lists and files of one build, nobody triggered twice, the ledger complete, the page true",
)
def test_a_month_of_mornings(company, seen, tmp_path):
    company.deliver(0)
    published = company.build()

    def stays(*results: tuple[int, str], because: str) -> None:
        """A command refuses, for this reason, and yesterday's lists stay, whatever an export then says."""
        assert results[-1][0] != 0
        assert because in results[-1][1], results[-1][1][-3000:]
        assert company.check() == published
        company.export_lists()
        assert company.exported() == published

    published = company.morning(1)
    published = company.morning(2, late=True)
    # No export arrives on the third day; the next one has three days' rows.
    status, printed = company.refresh(3)
    assert status == 0 and "Activity ends on" in printed
    company.check_and_export()
    published = company.morning(4)
    # The same export again, and the same day decided again.
    assert company.morning(4) == published
    # Truncated: nothing is loaded.
    company.deliver(6)
    whole = company.export / "users_raw.parquet"
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    stays(company.load(), because="file cannot be read")
    # Two thirds of the users' activity is missing: loaded, but held back.
    company.deliver(7, lost=True)
    stays(company.load(), company.refresh(7), because="because the data changed too much")
    published = company.morning(8)
    # A plan is renamed, until somebody maps the new name.
    company.deliver(9, plan="scale")
    stays(company.load(), company.refresh(9), because='"scale",?,')
    with (company.project / PLANS).open("a") as seed:
        seed.write("scale,growth,\n")
    # Nearly half the accounts now have a word that none had yesterday: held back until somebody accepts it.
    stays(company.refresh(9), because="because the data changed too much")
    assert company.refresh(9, "accept")[0] == 0
    published = company.check_and_export()
    # By the end, the model is a month old.
    for n in PLAIN_DAYS:
        published = company.morning(n, plan="scale")
    # Another policy or another version of the project: a refresh asks for a build.
    company.deliver(31, plan="scale")
    company.edit("seeds/policy_parameters.csv", "precision,true,55,7,0,,0.5,0.10,", "precision,true,55,7,0,,0.5,0.20,")
    stays(company.load(), company.refresh(31), because="the published lists used other parameters for these policies")
    published = company.build()
    # Two builds fail: by a guardrail that somebody broke, and by an export that lacks most of the activity.
    rule = "'toxic_admin': '{0}.n_sleeping_dog_admins > 0'.format(evidence)", "'toxic_admin': 'false'"
    company.edit("macros/guardrails.sql", *rule)
    stays(company.run("build.py", "--raw", company.export), because="stay as they were")
    company.edit("macros/guardrails.sql", *reversed(rule))
    company.deliver(31, lost=True, plan="scale")
    stays(company.run("build.py", "--raw", company.export), because="because the data changed too much")
    company.deliver(31, plan="scale")
    published = company.build()
    company.edit("scripts/causalyn/learner/uplift.py", "\nimport ", "\n# Another version of it.\nimport ")
    stays(company.refresh(31), because="the published model was fitted by another version")
    # A backup copies the readers' file, even while a command runs.
    company.deliver(32, plan="scale")
    building = company.start("build.py", "--raw", company.export)
    time.sleep(10)
    backup = tmp_path / "backup"
    backup.mkdir()
    shutil.copy(company.warehouse.with_suffix(".published.duckdb"), backup)
    shutil.copytree(company.warehouse.with_suffix(".ledger"), backup / "causalyn.ledger")
    assert building.poll() is None
    printed, _ = building.communicate()
    assert building.returncode == 0, printed[-3000:]
    at_backup = {name: set(rows) for name, rows in company.remembered.items()}
    published = company.check()
    # The machine is lost, with everything published since.
    for left in (company.warehouse, company.warehouse.with_suffix(".published.duckdb")):
        left.unlink()
    shutil.rmtree(company.warehouse.with_suffix(".ledger"))
    with duckdb.connect(str(company.warehouse)) as connection:
        connection.execute(
            f"attach '{backup / 'causalyn.published.duckdb'}' as backup (read_only); copy from database backup to causalyn;"
            "drop view marts.policy_decisions_ledger; create table marts.policy_decisions_ledger as"
            f" from read_parquet('{backup / 'causalyn.ledger'}/*.parquet', union_by_name = true)"
        )
    company.remembered = at_backup
    company.deliver(33, plan="scale")
    published = company.build()
    company.morning(34, plan="scale")
    seen(f"{len({n for n, *_ in company.remembered['ledger']})} builds, {len(company.remembered['triggers'])} triggers")
