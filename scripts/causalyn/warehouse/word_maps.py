"""Drafts the lines of seeds/mapping missing for an export: each unmapped word, with a guess at its meaning.

Guesses match parts of words, the first that fits, and are marked: a line takes effect once a person has emptied the mark.
Existing lines are never touched.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from causalyn.warehouse.raw_contract import ACCOUNTS, INTERVENTIONS, USER_EVENTS, USER_FEATURES, USERS, Table
from causalyn.warehouse.raw_loader import check_raw, connect

UNKNOWN = "?"
GUESSED = "yes"


@dataclass(frozen=True)
class WordMap:
    """A seed of words: the raw column that holds theirs, and ours with the parts of a word by which each is guessed."""

    seed: str
    table: Table
    column: str
    hints: dict[str, tuple[str, ...]]

    def guess(self, word: str) -> str:
        """Our word whose hint comes first, or a question mark."""
        return next((ours for ours, hints in self.hints.items() if any(hint in word for hint in hints)), UNKNOWN)


# Mistaking an owner for an admin costs some nudges; mistaking an admin for a user could cost the account.
WORD_MAPS = (
    WordMap(
        "roles",
        USERS,
        "role_type",
        {
            "admin": ("admin", "owner", "root", "billing", "super"),
            "power_user": ("power", "manager", "editor", "lead", "creator", "developer", "champion"),
            "basic": ("basic", "member", "viewer", "user", "guest", "reader", "collaborator"),
        },
    ),
    WordMap(
        "plans",
        ACCOUNTS,
        "plan_tier",
        {
            "enterprise": ("enterprise", "ultimate", "premium", "business", "corporate"),
            "growth": ("growth", "pro", "team", "plus", "standard"),
            "starter": ("starter", "free", "trial", "basic", "solo", "hobby"),
        },
    ),
    WordMap(
        "events",
        USER_EVENTS,
        "event_name",
        {
            "login": ("login", "log in", "logged in", "sign in", "signed in", "session"),
            "collab_action": ("collab", "share", "comment", "invite", "mention", "assign"),
            "core_action": (
                "core",
                "create",
                "edit",
                "save",
                "run",
                "export",
                "upload",
                "submit",
                "complete",
                "send",
                "sent",
            ),
            "feature": ("feature", "open", "filter", "search"),
            "ignore": ("ignore", "view", "page", "heartbeat", "error", "impression"),
        },
    ),
    WordMap(
        "responses",
        INTERVENTIONS,
        "prev_nudge_response",
        {
            "negative": ("negative", "unsubscribe", "complain", "spam", "dismiss", "opt-out", "opted out"),
            "ignored": ("ignore", "no response", "unopened", "not opened", "unread", "seen"),
            "positive": ("positive", "click", "convert", "accept", "engage", "open"),
            "none": ("none", "never", "n/a"),
        },
    ),
    # Features can't be guessed: their lines have no mark, and take effect once a description replaces the question mark.
    WordMap("user_features", USER_FEATURES, "feature", {}),
)


def draft(directory: Path, seeds: Path, timezone: str | None = None) -> dict[str, list[tuple[str, str]]]:
    """Append to each seed in `seeds` the words of an export that it lacks; what was added, with the guesses, by seed.

    Raises RawContractError, and writes nothing, if the files of the directory don't fulfil the raw contract.
    """
    sources, _ = check_raw(directory, timezone)
    added = {}
    with connect(":memory:", timezone) as connection:
        for words in (words for words in WORD_MAPS if words.table.name in sources):
            path = seeds / f"{words.seed}.csv"
            with path.open(newline="") as file:
                header, *lines = csv.reader(file)
            known = {theirs.strip(" ").lower() for theirs, *_ in filter(None, lines)}
            found = connection.execute(
                f"select lower(trim({words.column})) as word from ({sources[words.table.name].select}) group by 1"
                " having word <> '' order by count(*) desc, word"
            ).fetchall()
            added[words.seed] = [(word, words.guess(word)) for (word,) in found if word not in known]
            if added[words.seed]:
                _append(path, [(*line, GUESSED)[: len(header)] for line in added[words.seed]])
    return added


def _append(path: Path, lines: list[tuple[str, ...]]) -> None:
    is_ended = path.read_bytes().endswith(b"\n")
    with path.open("a", newline="") as file:
        file.write("" if is_ended else "\n")
        csv.writer(file, lineterminator="\n").writerows(lines)
