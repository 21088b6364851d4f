"""Checks an export's files against the raw contract, and reports what was repaired. Writes nothing.

Each check is a rule over the contract's columns, types, keys and references, not over the tables by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import duckdb

from causalyn.warehouse.raw_contract import (
    ACTIVITY,
    FIRST_DATE,
    LAST_DATE,
    TABLES,
    TEXT_LENGTH,
    USER_EVENTS,
    Column,
    Table,
)
from causalyn.warehouse.raw_files import Files, shown, too_long
from causalyn.warehouse.sql_text import identifier, literal

# Losses up to this share of a table are reported; larger ones are refused where the export is certainly at fault.
LOST_SHARE = 0.02
EXPECTED = {
    "varchar": "text",
    "integer": "0 or 1",
    "bigint": "a whole number",
    "double": "a finite number such as 1008.46",
    "id": "an id in text or whole numbers, none of them rounded or a word for nothing",
    "timestamp": f"a time such as 2025-03-01 14:30:00, from {FIRST_DATE} to {LAST_DATE}",
    "date": f"a date such as 2025-03-01, from {FIRST_DATE} to {LAST_DATE}",
}
_BLANKS = "".join(map(chr, [*range(1, 33), 127]))
_BLANK = r"[\s\p{Z}\p{Cc}\p{Cf}]+"
_MOMENT = r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?( ?(Z|UTC|[+-]\d{2}(:?\d{2})?))?)?"
# By type, the largest whole number up to which all whole numbers are exact.
_EXACT = {"DOUBLE": 2**53, "FLOAT": 2**24}
# What people, spreadsheets and data frames write for a missing value; read as an id, it would belong to somebody.
_NOTHING = ("null", "(null)", "<null>", "none", "nil", "nan", "nat", "na", "n/a", "#n/a", "undefined", "-", "--", "?")
# Ways in which two systems write the same id.
_WAYS = {
    "in case": "lower({0})",
    "in spaces": "replace({0}, ' ', '')",
    "in leading zeros": "ltrim({0}, '0')",
    "in having 15 or 18 characters": "case when length({0}) in (15, 18) then left({0}, 15) else {0} end",
}

# Text without invisible characters or surrounding space; an id that was a number with decimals loses them.
# Most ids are plain letters and skip the expressions.
MACROS = f"""
    create or replace temp macro without_spaces(t) as
        case
            when strlen(t) = length(t) then trim(t, {literal(_BLANKS)})
            else regexp_replace(nfc_normalize(t), '^{_BLANK}|{_BLANK}$|\\p{{Cf}}', '', 'g')
        end;
    create or replace temp macro clean_id(t) as
        case
            when contains(t, '.0') then regexp_replace(without_spaces(t), '^(-?\\d{{1,15}})\\.0+$', '\\1')
            else without_spaces(t)
        end;
    -- What a spreadsheet makes of a long number, whose last digits are lost.
    create or replace temp macro is_rounded(t) as contains(t, '+') and regexp_full_match(t, '-?\\d(\\.\\d+)?[eE]\\+\\d+');
    create or replace temp macro is_nothing(t) as strlen(t) < 10 and lower(t) in {_NOTHING};
    create or replace temp macro is_moment(t) as regexp_full_match(t, {literal(_MOMENT)});
    create or replace temp macro has_offset(t) as regexp_matches(t, ':.*(Z|UTC|[+-].*)$');
    create or replace temp macro instant(t) as try_cast(replace(replace(t, ' +', '+'), ' -', '-') as timestamptz);
    create or replace temp macro finite(t) as case when isfinite(t) then cast(t as timestamp) end;
"""


@dataclass
class Source:
    """A table of the export, ready to query on a connection that knows `MACROS`.

    `utc` names the date columns whose times without an offset are instants in UTC, since they are not all midnights.
    """

    table: Table
    files: Files
    utc: set[str] = field(default_factory=set)

    def kind(self, column: Column) -> str:
        """The type of a column in the files: that of the contract if it is not there, and then null."""
        kind = self.files.types.get(column.name, column.type.upper())
        return "VARCHAR" if kind.startswith("ENUM") else kind

    @property
    def recorded(self) -> str:
        """SQL of what the files say, null if empty. Ids are stripped of invisible characters, and also returned as written."""
        columns = []
        for column in self.table.columns:
            name, kind = identifier(column.name), self.kind(column)
            if column.name not in self.files.types:
                said = f"cast(null as {column.type})"
            elif kind == "VARCHAR" and column.is_id:
                said = f"nullif(clean_id(cast({name} as varchar)), '')"
                columns.append(f"cast({name} as varchar) as {self.exported(column)}")
            elif kind == "VARCHAR":
                said = (
                    f"nullif(trim({name}), '')"
                    if column.type != "varchar"
                    else f"case when trim({name}) <> '' then {name} end"
                )
            else:
                # Data frame libraries write NaN for missing.
                said = f"nullif({name}, 'nan')" if kind in _EXACT else name
            columns.append(f"{said} as {name}")
        return f"(select {', '.join(columns)} from {self.files.relation})"

    @staticmethod
    def exported(column: Column) -> str:
        """The name of an id as it is in the files."""
        return identifier(f"exported {column.name}")

    def converted(self, column: Column) -> str:
        """SQL of a recorded column in the contract's type: null where it can't be converted."""
        name, kind = identifier(column.name), self.kind(column)
        if column.is_id:
            return self._id(name, kind)
        if column.type == "varchar":
            return f"cast({name} as varchar)"
        if column.type == "timestamp":
            moment = self._moment(name, kind)
            return (
                f"case when cast({moment} as date) between date '{FIRST_DATE}' and date '{LAST_DATE}' then {moment} end"
            )
        if column.type == "date":
            day = self._day(name, kind, column.name in self.utc)
            return f"case when {day} between date '{FIRST_DATE}' and date '{LAST_DATE}' then {day} end"
        if column.is_flag and kind == "VARCHAR":
            said = f"lower({name})"
            name = f"case when {said} in ('t', 'true') then '1' when {said} in ('f', 'false') then '0' else {name} end"
        number = f"try_cast({name} as double)"
        sound = {
            "double": f"isfinite({number})",
            "bigint": f"{number} = floor({number})",
            "integer": f"{number} in (0, 1)",
        }
        return f"case when {sound[column.type]} then try_cast({name} as {column.type}) end"

    @staticmethod
    def _id(name: str, kind: str) -> str:
        if kind == "VARCHAR":
            return f"case when not is_rounded({name}) and not is_nothing({name}) then {name} end"
        if kind in _EXACT:
            return f"case when abs({name}) < {_EXACT[kind]} and {name} = floor({name}) then cast({name}::bigint as varchar) end"
        if kind.startswith("DECIMAL"):
            return f"case when {name} = floor({name}) then cast({name}::hugeint as varchar) end"
        return f"cast({name} as varchar)" if "INT" in kind or kind == "UUID" else "cast(null as varchar)"

    @staticmethod
    def _day(name: str, kind: str, is_utc: bool) -> str:
        """SQL of a day: as written, or where a time is an instant its day in the time zone of the connection."""
        without_offset = f"cast(finite({{}}) {'at time zone ' + literal('UTC') if is_utc else ''} as date)"
        if kind == "VARCHAR":
            return (
                f"case when not is_moment({name}) then null"
                f" when has_offset({name}) then cast(instant({name}) as date)"
                f" when length({name}) = 10 then try_cast({name} as date)"
                f" else {without_offset.format(f'try_cast({name} as timestamp)')} end"
            )
        if kind == "DATE" or kind.startswith("TIMESTAMP WITH"):
            return f"try_cast({name} as date)"
        return without_offset.format(name) if kind.startswith("TIMESTAMP") else "cast(null as date)"

    @staticmethod
    def _moment(name: str, kind: str) -> str:
        """SQL of a time in the time zone of the connection; without an offset it is in UTC."""
        without_offset = f"cast(finite({{}}) at time zone {literal('UTC')} as timestamp)"
        if kind == "VARCHAR":
            return (
                f"case when not is_moment({name}) then null when has_offset({name}) then finite(instant({name}))"
                f" else {without_offset.format(f'try_cast({name} as timestamp)')} end"
            )
        if kind.startswith("TIMESTAMP WITH"):
            return f"finite({name})"
        return without_offset.format(name) if kind.startswith(("TIMESTAMP", "DATE")) else "cast(null as timestamp)"

    def times(self, column: Column) -> tuple[str, str]:
        """SQL of the times of a date column that are instants, as timestamps in UTC, and of those without an offset."""
        name, kind, none = identifier(column.name), self.kind(column), "cast(null as timestamp)"
        if kind == "VARCHAR":
            time = f"case when length({name}) > 10 and is_moment({name}) and {{}} has_offset({name}) then {{}} end"
            return (
                time.format("", f"instant({name}) at time zone 'UTC'"),
                time.format("not", f"try_cast({name} as timestamp)"),
            )
        if kind.startswith("TIMESTAMP WITH"):
            return f"finite({name} at time zone 'UTC')", none
        return none, f"finite({name})" if kind.startswith("TIMESTAMP") else none

    @property
    def select(self) -> str:
        """SQL of the whole table in the contract's columns and types."""
        columns = (f"cast({self.converted(column)} as {column.type}) as {column.name}" for column in self.table.columns)
        return f"select {', '.join(columns)} from {self.recorded}"


@dataclass
class Findings:
    """An export's problems, and notes on one that is not refused."""

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def check_columns(source: Source, findings: Findings) -> None:
    """Problems with a table's columns, regardless of their values."""
    for column in source.table.columns:
        where, kind = f"{source.table.name}.{column.name}", source.kind(column)
        if column.name not in source.files.types and not column.optional:
            findings.problems.append(
                f"{where}: column missing in {source.files.name}; add it as {EXPECTED[column.type]}"
            )
        elif kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION")):
            findings.problems.append(
                f"{where}: {source.files.name} holds {shown(kind)}; export plain values: {EXPECTED[column.type]}"
            )
    # An unused column may be the missing one under another name.
    if ignored := sorted(set(source.files.types) - {column.name for column in source.table.columns}):
        told = findings.problems or findings.notes
        told.append(f"{source.table.name}: unused columns: {', '.join(map(shown, ignored))}")


def check_values(
    connection: duckdb.DuckDBPyConnection, source: Source, timezone: str | None, findings: Findings
) -> None:
    """Problems with a table's values, found in one pass over its files."""
    table, name = source.table, source.files.name
    measures = {"rows": "count(*)"} | {
        (column.name, measure): sql for column in table.columns for measure, sql in _measures(source, column).items()
    }
    (values,) = connection.execute(f"select {', '.join(measures.values())} from {source.recorded}").fetchall()
    found = dict(zip(measures, values, strict=True))
    rows = found["rows"]
    if rows != source.files.n_rows:
        findings.problems.append(
            f"{table.name}: {rows:,} rows were read from {name}, which holds {source.files.n_rows:,};"
            " export it again, as Parquet if it is CSV"
        )
    if not rows and not table.optional:
        findings.problems.append(f"{table.name}: {name} has no rows; export at least one")
    for column in table.columns:
        if rows and column.name in source.files.types:
            measured = {measure: found[column.name, measure] for measure in _measures(source, column)}
            _judge(source, column, rows, timezone, measured, findings)


def _measures(source: Source, column: Column) -> dict[str, str]:
    """SQL of a column's measures."""
    name, converted = identifier(column.name), source.converted(column)
    text = f"cast({name} as varchar)"

    def rows_where(what: str, condition: str, example: str = text) -> dict[str, str]:
        return {
            what: f"count(*) filter (where {condition})",
            f"{what} example": f"min({example}) filter (where {condition})",
        }

    measures = {"nulls": f"count(*) filter (where {name} is null)"}
    measures |= rows_where("inconvertible", f"{name} is not null and {converted} is null")
    if column.type == "varchar":
        measures["long"] = f"count(*) filter (where length({text}) > {TEXT_LENGTH})"
    if column.is_id and source.kind(column) == "VARCHAR" and column.name in source.files.types:
        measures |= rows_where("changed", f"{name} <> {source.exported(column)}", source.exported(column))
    if column.type in ("bigint", "double") and source.kind(column) == "VARCHAR":
        # Thousands as much of Europe writes them. If only some numbers have decimals, these rarely all have three digits, and
        # amounts are rarely all given to a tenth of a cent.
        measures |= rows_where("in thousands", f"regexp_full_match({name}, '-?[1-9]\\d{{0,2}}[.]\\d{{3}}')")
        measures["with a point"] = f"count(*) filter (where contains({name}, '.'))"
    if column.range:
        measures |= rows_where("outside", f"{converted} not between {column.range[0]} and {column.range[1]}")
    if column.type in ("date", "timestamp") and source.kind(column) == "VARCHAR":
        measures |= rows_where("moved", f"has_offset({name}) and strftime({converted}, '%Y-%m-%d') <> left({name}, 10)")
    if column.type == "date":
        instants, local = source.times(column)
        moment = f"coalesce({instants}, {local})"
        measures |= {
            "all midnights": f"bool_and(date_trunc('day', {local}) = {local})",
            "times": f"count({moment})",
            "shifted": f"count(*) filter (where cast({local} at time zone 'UTC' as date) <> cast({local} as date))",
            "seconds": f"max(extract(second from {moment}))",
            "minutes": f"list(distinct 60 * extract(hour from {moment}) + extract(minute from {moment}))"
            f" filter (where {moment} is not null)",
        }
    return measures


def _judge(
    source: Source, column: Column, rows: int, timezone: str | None, measured: dict[str, Any], findings: Findings
) -> None:
    """Findings from a column's measures."""
    where, problems = f"{source.table.name}.{column.name}", findings.problems
    nulls = measured["nulls"]
    # A column that may be missing may as well be empty.
    is_fault = (nulls < rows or not column.optional) if column.not_null else column.needed and nulls > rows / 2
    if nulls and is_fault:
        problems.append(f"{where}: {nulls:,} of {rows:,} rows are null; fill them in or leave these rows out")
    if measured["inconvertible"]:
        expected = EXPECTED["id" if column.is_id else column.type]
        problems.append(
            f"{where}: {measured['inconvertible']:,} of {rows:,} rows are not {expected}, for example"
            f" {shown(measured['inconvertible example'])}; correct them in the export"
        )
    if measured.get("in thousands") and (
        measured["in thousands"] == measured["with a point"]
        and (column.name.endswith("_usd") or measured["with a point"] < rows - nulls)
    ):
        example = shown(measured["in thousands example"])
        problems.append(
            f"{where}: every number with a point has three digits after it, for example {example}, as if it stood for"
            " thousands; export numbers without separators of thousands, such as 1008.46"
        )
    if measured.get("long"):
        problems.append(too_long(where))
    if column.range and measured["outside"] > (rows - nulls) / 2:
        problems.append(
            f"{where}: {measured['outside']:,} of {rows:,} rows are not {column.range[0]:,} to {column.range[1]:,}, for example"
            f" {shown(measured['outside example'])}; check the unit of the column"
        )
    if changed := measured.get("changed"):
        example = measured["changed example"]
        findings.notes.append(
            f"{where}: {changed:,} of {rows:,} ids were stripped of surrounding spaces, invisible characters or '.0',"
            f" for example {example!a:.60}"
        )
    if column.type == "date":
        if measured["all midnights"] is False:
            source.utc.add(column.name)
            if measured["shifted"]:
                findings.notes.append(
                    f"{where}: {measured['shifted']:,} of {rows:,} times without an offset, read as UTC, have another day in"
                    f" {timezone}; if they are local, export them with their offset"
                )
        minutes = sorted(measured["minutes"] or [])
        if not timezone and measured["times"] > 1 and not measured["seconds"] and _are_midnights_elsewhere(minutes):
            times = " or ".join(f"{minute // 60:02}:{minute % 60:02}" for minute in minutes)
            problems.append(
                f"{where}: all times are {times} UTC, like midnights in another time zone; name it, for example"
                " TIMEZONE=Europe/Berlin (load_raw.py: --timezone), or export plain dates"
            )
            return
    if not timezone and measured.get("moved"):
        problems.append(
            f"{where}: {measured['moved']:,} of {rows:,} times have another day where they were written than in UTC, for example"
            f" {shown(measured['moved example'])}; name the time zone of the days, for example TIMEZONE=Europe/Berlin, or"
            " TIMEZONE=UTC (load_raw.py: --timezone)"
        )


def _are_midnights_elsewhere(minutes: list[int]) -> bool:
    """Whether times of day, in minutes, are those of one time other than midnight, or of two that differ by summer time."""
    return (
        minutes not in ([], [0]) and len(minutes) <= 2 and (minutes[-1] - minutes[0]) % 1440 in (0, 30, 60, 1380, 1410)
    )


def check_references(connection: duckdb.DuckDBPyConnection, sources: dict[str, Source], findings: Findings) -> None:
    """Ids missing from the table they refer to, ambiguous keys, and user-days with several rows."""
    parents = {table.key[0]: table.name for table in TABLES if len(table.key) == 1}
    for name, source in sources.items():
        ids = [column.name for column in source.table.columns if column.name in parents]
        connection.execute(
            f"create temp table {name} as select {', '.join(ids)}, count(*) as n_rows from ({source.select}) group by all"
        )
    for name, source in sources.items():
        for column in source.table.columns:
            parent = parents.get(column.name, name)
            if parent != name and parent in sources:
                _check_strangers(connection, name, parent, column.name, findings)
                if len(source.table.key) == 1 and source.table.key[0] in parents:
                    _check_shared_keys(connection, name, source.table.key[0], column.name, findings)
    if ACTIVITY.name in sources:
        _check_repeated_days(connection, sources[ACTIVITY.name], findings)
    if USER_EVENTS.name in sources:
        _check_repeated_events(connection, sources[USER_EVENTS.name], findings)
        if ACTIVITY.name in sources:
            _check_days_of_both(connection, sources[ACTIVITY.name], sources[USER_EVENTS.name], findings)


def _check_strangers(
    connection: duckdb.DuckDBPyConnection, table: str, parent: str, key: str, findings: Findings
) -> None:
    connection.execute(
        f"create or replace temp table ids as select {key} as id, sum(n_rows)::bigint as n_rows,"
        f" id not in (select {key} from {parent} where {key} is not null) as is_strange"
        f" from {table} where {key} is not null group by 1"
    )
    n_ids, n_strangers, n_rows, n_lost, stranger, known = connection.execute(
        "select count(*), count(*) filter (where is_strange), sum(n_rows), coalesce(sum(n_rows) filter (where is_strange), 0),"
        f" min_by(id, (-n_rows, id)) filter (where is_strange), (select min({key}) from {parent}) from ids"
    ).fetchall()[0]
    n_meant, how = 0, ""
    for way, same in _WAYS.items() if n_strangers else ():
        alike, *example = connection.execute(
            f"select count(distinct id), min(id), min_by({key}, id) from (from ids where is_strange)"
            f" inner join {parent} on {same.format('id')} = {same.format(key)}"
            f" and (length(id) <> length({key}) or {way == 'in case'})"
        ).fetchall()[0]
        if alike > n_meant:
            n_meant, how, (stranger, known) = alike, f", which differs {way}", example
    if not n_meant and n_strangers <= LOST_SHARE * n_ids and n_lost <= LOST_SHARE * (n_rows or 0):
        return
    said = (
        f"{table}.{key}: {n_strangers:,} of {n_ids:,} ids are not in {parent}, for example {shown(stranger)} beside"
        f" {shown(known)}{how}"
    )
    if n_strangers == n_ids or n_meant > LOST_SHARE * n_ids:
        findings.problems.append(f"{said}; export both tables with the same ids")
    else:
        findings.notes.append(f"{said}; {n_lost:,} of {n_rows:,} rows are ignored")


def _check_shared_keys(
    connection: duckdb.DuckDBPyConnection, table: str, key: str, reference: str, findings: Findings
) -> None:
    """Ambiguous keys, such as users counted from 1 in each account."""
    ((n_keys, n_shared, example),) = connection.execute(
        "select count(*), count(*) filter (where first <> last), min([id, first, last]) filter (where first <> last)"
        f" from (select {key} as id, min({reference}) as first, max({reference}) as last from {table} group by all)"
    ).fetchall()
    if n_shared > LOST_SHARE * n_keys:
        shared, first, last = map(shown, example)
        findings.problems.append(
            f"{table}.{key}: {n_shared:,} of {n_keys:,} ids have more than one {reference}, for example {shared} those of"
            f" {first} and {last}; make ids unique in every table, for example by combining the two"
        )


def _check_repeated_days(connection: duckdb.DuckDBPyConnection, source: Source, findings: Findings) -> None:
    """Contradictory rows of one user and day, which could be parts or versions."""
    key = [*source.table.key, "source"]
    others = ", ".join(column.name for column in source.table.columns if column.name not in key)
    ((n_days, n_repeated, example),) = connection.execute(
        "select count(*), count(*) filter (where first <> last),"
        " min([user_id, cast(activity_date as varchar)]) filter (where first <> last) from ("
        f"select {', '.join(key)}, min(hash({others})) as first, max(hash({others})) as last from ({source.select})"
        " where user_id is not null and activity_date is not null group by all)"
    ).fetchall()
    if not n_repeated:
        return
    user, day = example
    said = (
        f"{source.table.name}: {n_repeated:,} of {n_days:,} user-days have contradictory rows, for example that of {shown(user)}"
        f" on {day}"
    )
    if n_repeated > LOST_SHARE * n_days:
        findings.problems.append(
            f"{said}; export one row per user and day, or name each row's origin in a column `source`, so that they are added up"
        )
    else:
        findings.notes.append(f"{said}; the fullest row is used")


def _check_days_of_both(
    connection: duckdb.DuckDBPyConnection, activity: Source, events: Source, findings: Findings
) -> None:
    """Days that are exported both added up and as events, of which one would count."""
    ((n_both, user, day),) = connection.execute(
        f"select count(*), min(user_id), min_by(cast(day as varchar), user_id) from ("
        f"select user_id, activity_date as day from ({activity.select})"
        f" intersect select user_id, cast(event_time as date) from ({events.select})) where day is not null"
    ).fetchall()
    if n_both:
        findings.problems.append(
            f"{events.table.name}: {n_both:,} user-days are in {activity.table.name}, too, for example that of {shown(user)} on"
            f" {day}; export each day in one of the two"
        )


def _check_repeated_events(connection: duckdb.DuckDBPyConnection, source: Source, findings: Findings) -> None:
    """Copies of an event, which count once, unless times are too coarse to tell them from repetitions."""
    ((n_events, n_copies, coarse),) = connection.execute(
        "select count(*), count(*) - count(distinct hash(user_id, lower(trim(event_name)), event_time)), case"
        " when bool_and(event_time = date_trunc('day', event_time)) then 'days'"
        " when bool_and(event_time = date_trunc('minute', event_time)) then 'minutes' end"
        f" from ({source.select}) where event_time is not null"
    ).fetchall()
    said = f"{source.table.name}: {n_copies:,} of {n_events:,}"
    if coarse == "days" or (coarse and n_copies > LOST_SHARE * n_events):
        findings.problems.append(
            f"{said} events have the same user, name and time as others, and all times are whole {coarse}, so that copies"
            " can't be told from repetitions; export times to the second, or add the events up to user_activity_daily_raw"
        )
    elif n_copies:
        findings.notes.append(f"{said} events have the same user, name and time as others; each counts once")
