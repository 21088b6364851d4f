"""Measures the report page at growing numbers of accounts: its size, and the time from moving a slider to the redraw.

The accounts of a built warehouse are copied, each copy with its own lift, and decided again. The page opens in the
system's Chromium (`make .venv/.installed-browser`); times are medians of twenty moves of the threshold slider.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from pathlib import Path

import duckdb
from playwright.sync_api import Browser, sync_playwright

import render_report
from causalyn.warehouse.sql_text import exceeds_share

ROOT = Path(__file__).resolve().parents[2]

COPIES = f"""
create table copies as
select
    policies.* replace (
        account_id || '-' || copy as account_id,
        round(sum_lift * (0.7 + 0.6 * hash(account_id, copy) / 18446744073709551615.0), 9) as sum_lift
    ),
    account_id as original_id
from marts.account_policy as policies
cross join range($n_copies) as copies (copy)
where is_shipped and population = 'today';

create table decided as
select
    copies.* exclude (original_id) replace (
        case
            when n_scored_users < n_users or n_scored_users = 0 or n_unsupported_admins > 0 then 'suppress_unscored'
            when n_sleeping_dog_admins > 0 then 'suppress_toxic_admin'
            when
                {exceeds_share("n_sleeping_dogs", "n_scored_users", "toxic_user_share_limit")}
                and n_sleeping_dogs >= min_toxic_users
                then 'suppress_toxic_users'
            when round(sum_lift * value_per_conversion_usd, 6) <= 0 then 'suppress_unprofitable'
            when round(sum_lift * value_per_conversion_usd - cost_usd, 6) <= 0 or n_scored_users < min_scored_users
                then 'suppress_too_small'
            else 'target'
        end as decision,
        round(sum_lift * value_per_conversion_usd - cost_usd, 6) as net_value_usd
    )
from copies;

create table frontier as
select copies.account_id, grid.* exclude (account_id)
from copies inner join marts.account_safety_frontier as grid on copies.original_id = grid.account_id;

create table explained as
select copies.account_id, explanations.* exclude (account_id)
from copies inner join marts.account_explanations as explanations on copies.original_id = explanations.account_id;

create table people as
select users.* replace (copies.account_id as account_id, user_id || '-' || split_part(copies.account_id, '-', 2) as user_id)
from copies inner join marts.account_users as users on copies.original_id = users.account_id;

create table policies as
select others.* replace (copies.account_id as account_id)
from copies inner join marts.account_policy as others
    on copies.original_id = others.account_id and others.population = 'today' and not others.is_shipped;

drop table marts.account_policy; create table marts.account_policy as from decided union all by name from policies;
drop table marts.account_safety_frontier; create table marts.account_safety_frontier as from frontier;
drop table marts.account_users; create table marts.account_users as from people;
drop table marts.account_explanations; create table marts.account_explanations as from explained;
drop table if exists builds.fingerprints;
"""

MOVE = """
async () => {
  const input = document.getElementById("place");
  const times = [];
  for (let i = 0; i < 20; i++) {
    input.value = i % (Number(input.max) + 1);
    const started = performance.now();
    input.dispatchEvent(new Event("input"));
    const decided = performance.now() - started;
    // A frame is on the screen when the one after it begins.
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    times.push([decided, performance.now() - started]);
  }
  const median = (place) => times.map((t) => t[place]).sort((a, b) => a - b)[10];
  return [median(0), median(1)];
}
"""


def measured(warehouse: Path, n_copies: int, browser: Browser, folder: Path) -> str:
    """One line on the cost of a page with `n_copies` of every account."""
    copy = shutil.copy(warehouse, folder / "copies.duckdb")
    with duckdb.connect(str(copy)) as connection:
        for statement in COPIES.split(";"):
            if statement.strip():
                connection.execute(statement, {"n_copies": n_copies} if "$n_copies" in statement else None)
        n_accounts = connection.execute("select count(*) from marts.account_policy where is_shipped").fetchall()[0][0]
    started = time.perf_counter()
    path = render_report.render(Path(copy), folder / "report")
    rendered = time.perf_counter() - started
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    started = time.perf_counter()
    page.goto(path.as_uri())
    parity = page.locator("#parity").inner_text()
    opened = time.perf_counter() - started
    n_rows = page.evaluate("accounts.length")
    decided, shown = page.evaluate(MOVE)
    page.close()
    return (
        f"{n_accounts:>9,}  {n_rows:>8,}  {path.stat().st_size / 1e6:>6.1f}  {rendered:>8.1f}  {opened:>6.1f}  "
        f"{decided:>11.0f}  {shown:>14.0f}  {parity}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("CAUSALYN_WAREHOUSE") or ROOT / "warehouse" / "causalyn.duckdb"
    parser.add_argument("--warehouse", type=Path, default=Path(default))
    parser.add_argument("--copies", type=int, nargs="*", default=[1, 10, 104, 400])
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    print("accounts      rows      MB  render s  open s  decided, ms  on screen, ms")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for n_copies in options.copies:
            print(measured(options.warehouse, n_copies, browser, Path(folder)), flush=True)
        browser.close()


if __name__ == "__main__":
    main()
