"""Writes the example export of docs/example: `python scripts/research/example_company.py`.

A fictional company with its own words and files: roles Owner, Member and Viewer, plans free, pro and business, an event
log, and Berlin times. A nudge persuades users of quiet teams and puts off users of busy teams, who convert anyway.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

DIRECTORY = Path(__file__).resolve().parents[2] / "docs" / "example"
ZONE, UTC = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")
ACCOUNTS, SEED = 400, 7
FIRST_DAY, CAMPAIGN, LAST_DAY = datetime(2025, 3, 5), datetime(2025, 4, 7), datetime(2025, 5, 5)
PLANS = ("free", "pro", "business")
ACTIONS, SHARES = ("document.created", "comment.added", "template.opened", "page.viewed"), (0.5, 0.25, 0.1, 0.15)
# By whether a team is busy: P(conversion) of its users without and with the nudge.
BUSY = {True: (0.50, 0.15), False: (0.12, 0.50)}


def local(day: datetime, minutes: float = 0) -> str:
    """A Berlin time as the company writes it: midnight with its offset, any other time in UTC."""
    moment = (day + timedelta(minutes=minutes)).replace(tzinfo=ZONE)
    return moment.isoformat() if not minutes else f"{moment.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def events(rng: np.random.Generator, user: str, is_busy: bool) -> list[tuple[str, str, str]]:
    """A user's events in order of time."""
    rows = []
    for week in range(9):
        for day in sorted(rng.choice(7, min(rng.poisson(1.5 if is_busy else 0.9), 7), replace=False)):
            start = 60 * 9 + 60 * int(rng.integers(0, 8))
            at = FIRST_DAY + timedelta(days=7 * week + int(day))
            names = rng.choice(ACTIONS, rng.integers(2, 4) if is_busy else 1, p=SHARES)
            times = [start, *(start + 5 * (1 + place) for place in range(len(names)))]
            rows += [
                (user, name, local(at, time))
                for name, time in zip(("session.started", *names), times, strict=True)
                if at <= LAST_DAY
            ]
    return rows


def write(name: str, header: str, rows: Iterable[tuple]) -> None:
    """Writes a file of the export; the bytes are the same on every run."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header.split(), *rows])
    data = text.getvalue().encode()
    (DIRECTORY / name).write_bytes(gzip.compress(data, 9, mtime=0) if name.endswith(".gz") else data)


def main() -> None:
    """Generate the company and write its export."""
    rng = np.random.default_rng(SEED)
    accounts, users, log, surveys, nudges, outcomes = [], [], [], [], [], []
    for account in range(ACCOUNTS):
        is_busy = bool(rng.random() < 0.4)
        accounts.append((f"A{account:03}", rng.choice(PLANS, p=(0.5, 0.35, 0.15))))
        for place in range(int(rng.integers(4, 7))):
            user = f"{account:03}-{place}"
            role = "Owner" if place == 0 else "Member" if rng.random() < 0.6 else "Viewer"
            joined = datetime(2024, 1, 1) + timedelta(days=int(rng.integers(0, 400)))
            users.append((user, f"A{account:03}", f"{joined:%Y-%m-%d}", role))
            log += events(rng, user, is_busy)
            if rng.random() < 0.5:
                surveys.append((user, "NPS", int(rng.integers(0, 11)), f"{CAMPAIGN - timedelta(days=30):%Y-%m-%d}"))
            if rng.random() < 0.85:
                day = CAMPAIGN + timedelta(days=int(rng.integers(0, 7)))
                is_treated = int(rng.random() < (0.4 if is_busy else 0.55))
                nudges.append((f"N{user}", user, f"A{account:03}", local(day), 1, is_treated))
                outcomes.append((user, f"N{user}", int(rng.random() < BUSY[is_busy][is_treated]), 21))
    DIRECTORY.mkdir(exist_ok=True)
    write("accounts_raw.csv", "account_id plan_tier", accounts)
    write("users_raw.csv", "user_id account_id user_created_date role_type", users)
    write("user_events_raw.csv.gz", "user_id event_name event_time", log)
    write("user_features_raw.csv", "user_id feature value valid_from", surveys)
    write(
        "interventions_raw.csv",
        "intervention_id user_id account_id intervention_date eligibility_flag treatment_flag",
        nudges,
    )
    write("outcomes_raw.csv", "user_id intervention_id collab_activated_flag outcome_window_days", outcomes)


if __name__ == "__main__":
    main()
