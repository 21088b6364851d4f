"""Finds the files of each exported table, and builds the SQL by which DuckDB reads every row exactly as written.

A table is one file, part files side by side (`users_raw-00001.csv`), or a directory of them, partitioned or not. A
directory's name is data only if it lies inside such a directory and no file has the column.
"""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import duckdb

from causalyn.warehouse.raw_contract import ACTIVITY, TEXT_LENGTH, USER_EVENTS, Table
from causalyn.warehouse.sql_text import identifier, literal, pattern

SUFFIXES = (".parquet", ".csv", ".csv.gz")
# Errors that reading a broken file raises; Python's readers of compressed files have their own.
UNREADABLE = (duckdb.Error, OSError, EOFError, zlib.error, UnicodeError, csv.Error)
_PART = r"(?:[-_. ]*(?:part|of|\d+))+"
_PARTITION = re.compile(r"([^/=]+)=[^/]*")
# In letters, each of which takes four bytes at most: DuckDB reads lines of 2 MB.
_LINE_LENGTH = 500_000
_EXAMPLE_LENGTH = 40
# The column that names the file of a row, in a table that is partitioned.
_FILE = "file of the row"


class RawContractError(ValueError):
    """Files that break the raw contract; each of `problems` says what is wrong, where, and what to do."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Files:
    """The files of a table in a directory: size and time of each, what messages call them, the SQL of their rows, the types of
    the columns by name in lower case, and the number of rows by the files' own account.
    """

    directory: Path
    table: Table
    written: dict[Path, tuple[int, int]]
    name: str
    relation: str
    types: dict[str, str]
    n_rows: int


@contextmanager
def unchanged(*opened: Files) -> Iterator[None]:
    """Raises RawContractError where files are not what they were when they were opened, whatever came of reading them."""
    failure = None
    try:
        yield
    except Exception as error:  # but not an interruption
        failure = error
    changed = [files.table.name for files in opened if not _are_as_opened(files)]
    if changed:
        raise RawContractError(
            [
                f"{table}: files changed while they were read; load them once nothing is writing to them"
                for table in changed
            ]
        ) from failure
    if failure:
        raise failure


def _are_as_opened(files: Files) -> bool:
    try:
        return _written(files.directory, files.table) == files.written
    except (OSError, RawContractError):
        return False


def _written(directory: Path, table: Table) -> dict[Path, tuple[int, int]]:
    """The files of a table, in the order of their names, with size and time of each."""
    states = {path: path.stat() for path in _find(directory, table)}
    return {path: (state.st_size, state.st_mtime_ns) for path, state in states.items()}


def open_files(connection: duckdb.DuckDBPyConnection, directory: Path, table: Table) -> Files | None:
    """The files of a table; none only if an export need not have it. Raises RawContractError, or one of `UNREADABLE`."""
    written = _written(directory, table)
    if not written:
        return None
    found = list(written)
    partitions = {
        key for path in found for key in _PARTITION.findall("/".join(path.relative_to(directory).parts[1:-1]))
    }
    read = _read_parquet if found[0].suffix.lower() == ".parquet" else _read_csv
    relation, n_rows = read(connection, table, found, f", filename = {literal(_FILE)}" if partitions else "")
    described = connection.execute(f"describe from {relation}").fetchall()
    types = {name.lower(): kind for name, kind, *_ in described if name != _FILE}
    values = []
    for key in sorted(partitions.difference(types)):
        inside = f"substr({identifier(_FILE)}, {len(str(directory.absolute())) + 1})"
        value = f"url_decode(regexp_extract({inside}, {literal(f'/{re.escape(key)}=([^/]*)/')}, 1))"
        values.append(f"nullif({value}, '__HIVE_DEFAULT_PARTITION__') as {identifier(key)}")
        types[key.lower()] = "VARCHAR"
    if values:
        relation = f"(select *, {', '.join(values)} from {relation})"
    name = found[0].name if len(found) == 1 else f"{found[0].name} and {len(found) - 1} other files"
    return Files(directory, table, written, name, relation, types, n_rows)


def _find(directory: Path, table: Table) -> list[Path]:
    """The files of a table in the order of their names. Raises RawContractError if it is unclear which they are."""
    shape = re.compile(rf"{table.name}(?P<part>{_PART})?(?P<suffix>\.parquet|\.csv|\.csv\.gz)?", re.IGNORECASE)
    claims: dict[str, list[Path]] = defaultdict(list)
    entries = sorted(directory.iterdir())
    for path in entries:
        named = shape.fullmatch(path.name)
        if named and path.is_dir() and not named["part"]:
            claims[path.name] = _parts(path, table)
        elif named and path.is_file() and named["suffix"]:
            claims[f"parts in {named['suffix'].lower()}" if named["part"] else path.name].append(path)
    # Nobody would notice if a file that looks like the right one were not read.
    meant = table.name if claims else table.name.removesuffix("_raw")
    read = {path.relative_to(directory).parts[0] for paths in claims.values() for path in paths}
    others = [path.name for path in entries if path.name.lower().startswith(meant) and path.name not in read]
    if claims:
        others = [name for name in others if name.lower().endswith(SUFFIXES) or (directory / name).is_dir()]
    if len(claims) > 1 or (claims and others):
        names = " and ".join(
            sorted({paths[0].relative_to(directory).parts[0] for paths in claims.values()} | {*others})
        )
        raise RawContractError([f"{table.name}: {directory} has {names}; keep one of them"])
    needs = f"{table.name}: table missing; {directory} needs {' or '.join(table.name + suffix for suffix in SUFFIXES)}"
    if others:
        raise RawContractError([f"{needs}, and {shown(others[0])} is none of these"])
    # An event log may replace daily activity.
    if claims or table.optional or (table == ACTIVITY and _find(directory, USER_EVENTS)):
        return [path for paths in claims.values() for path in paths]
    raise RawContractError([needs])


def _parts(directory: Path, table: Table) -> list[Path]:
    """The files in a table's own directory, except hidden ones."""
    parts = sorted(
        path
        for path in directory.rglob("*")
        if path.is_file() and not any(part.startswith((".", "_")) for part in path.relative_to(directory).parts)
    )
    suffixes = {suffix for path in parts for suffix in SUFFIXES if path.name.lower().endswith(suffix)}
    strange = [path.name for path in parts if not path.name.lower().endswith(SUFFIXES)]
    if strange or len(suffixes) != 1:
        holds = shown(strange[0]) if strange else " and ".join(sorted(suffixes)) or "nothing"
        raise RawContractError(
            [
                f"{table.name}: the directory {directory.name} holds {holds}; keep only Parquet files or only CSV files in it"
            ]
        )
    return parts


def _read_parquet(
    connection: duckdb.DuckDBPyConnection, table: Table, paths: list[Path], options: str
) -> tuple[str, int]:
    """SQL of the rows of Parquet files, and how many there are as their footers say."""
    files = f"[{', '.join(pattern(path) for path in paths)}]"
    columns = ", ".join(literal(column.name) for column in table.columns)
    lacking = connection.execute(
        f"""
        select name, n_files, sizes.longest from (
            select lower(name) as name, count(distinct file_name) as n_files
            from parquet_schema({files}) where num_children is null group by all
        ) left join (
            select lower(path_in_schema) as name, max(total_uncompressed_size / num_values) as longest
            from parquet_metadata({files}) where num_values > 0 group by all
        ) as sizes using (name)
        where name in ({columns})
        """
    ).fetchall()
    problems = []
    for name, n_files, longest in lacking:
        if n_files < len(paths):
            problems.append(
                f"{table.name}.{name}: column missing in {len(paths) - n_files} of {len(paths)} files; add it"
            )
        # Refused on the footer's word, since DuckDB unpacks 2,048 values at once.
        if longest and longest > TEXT_LENGTH:
            problems.append(too_long(f"{table.name}.{name}"))
    if problems:
        raise RawContractError(problems)
    ((n_rows,),) = connection.execute(f"select sum(num_rows)::bigint from parquet_file_metadata({files})").fetchall()
    # Some writers mark text as bytes.
    return (
        f"read_parquet({files}, hive_partitioning = false, union_by_name = true, binary_as_string = true{options})",
        n_rows,
    )


def _read_csv(connection: duckdb.DuckDBPyConnection, table: Table, paths: list[Path], options: str) -> tuple[str, int]:
    """SQL of the rows of CSV files, all text, and how many there are by another reader's count.

    Nothing is guessed: a guessed header could skip broken lines. Snowflake, MySQL and PostgreSQL write \\N for nothing.
    """
    alike: dict[tuple[tuple[str, ...], bool], list[Path]] = defaultdict(list)
    n_rows = 0
    for path in paths:
        header, rows, line_ends = _scan(table, path)
        # DuckDB reads lines that end in more ways than one only if it is not strict; the scan is.
        alike[header, isinstance(line_ends, str)].append(path)
        n_rows += rows
    relations = []
    for (header, is_strict), files in alike.items():
        columns = ", ".join(f"{literal(name)}: 'varchar'" for name in header)
        relations.append(
            f"from read_csv([{', '.join(pattern(path) for path in files)}], auto_detect = false, header = true, delim = ',',"
            " quote = '\"', escape = '\"', allow_quoted_nulls = true, nullstr = ['', '\\N'],"
            f" hive_partitioning = false, strict_mode = {is_strict},"
            f" columns = {{{columns}}}{options})"
        )
    return f"({' union all by name '.join(relations)})", n_rows


def _scan(table: Table, path: Path) -> tuple[tuple[str, ...], int, str | tuple[str, ...] | None]:
    """Reads a CSV file to its end: the names in its header, the number of its rows, and how its lines end."""
    csv.field_size_limit(TEXT_LENGTH)
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
        _check_delimiter(table, path, file.readline(_LINE_LENGTH))
        file.seek(0)
        lines = csv.reader(_lines(file), strict=True)
        try:
            names = (name.strip().lower() for name in next(lines, []))
            header = tuple(name or f"unnamed_{position}" for position, name in enumerate(names))
            _check_header(table, path, header)
            n_rows = 0
            for cells in lines:
                if cells and len(cells) != len(header):
                    raise csv.Error(f"{len(cells)} cells, and {len(header)} in the header")
                n_rows += bool(cells)
        except csv.Error as error:
            raise csv.Error(f"{path.name}, line {lines.line_num:,}: {error}") from error
        return header, n_rows, file.newlines


def _lines(file: TextIO) -> Iterator[str]:
    while line := file.readline(_LINE_LENGTH + 1):
        if len(line) > _LINE_LENGTH:
            raise csv.Error(f"a line of more than {_LINE_LENGTH:,} letters")
        yield line


def _check_delimiter(table: Table, path: Path, header: str) -> None:
    """Without commas, the header shows what separates columns; Excel may say so in a line of its own."""
    for delimiter in (";", "\t", "|"):
        if delimiter in header and "," not in header:
            raise RawContractError(
                [f"{table.name}: {path.name} separates columns by {delimiter!r}; export it separated by commas"]
            )


def _check_header(table: Table, path: Path, header: tuple[str, ...]) -> None:
    if not header:
        raise RawContractError([f"{table.name}: {path.name} is empty; export it with a header line"])
    if repeated := [name for name in header if header.count(name) > 1]:
        raise RawContractError([f"{table.name}: column {shown(repeated[0])} repeated in {path.name}; keep one of them"])


def too_long(where: str) -> str:
    return f"{where}: texts longer than {TEXT_LENGTH:,} characters; shorten them in the export"


def shown(text: str) -> str:
    """A file's text, safe to show in one line of a message."""
    return repr(text if len(text) <= _EXAMPLE_LENGTH else f"{text[:_EXAMPLE_LENGTH]}...")
