"""Everything dbt does with the warehouse file besides running SQL in it (`plugins` in profiles.yml).

A process that writes a DuckDB file locks out all others, so readers who can't wait for a build open a copy of the published
tables beside the warehouse. It is replaced by a rename, so that open connections keep the tables of one build. The
ledger is beside it, one file per build.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.adapters.duckdb.utils import TargetConfig
from dbt.flags import get_flags
from dbt_common.exceptions import DbtRuntimeError

from causalyn.warehouse import file_name, opening
from causalyn.warehouse.opening import reason
from causalyn.warehouse.publication import EditedListsError, mark_page, refuse_edited
from causalyn.warehouse.sql_text import identifier, literal, pattern

# Files of dbt that describe a project, its parameters and its mappings, written before this plugin runs or by an earlier run.
LEFT_BY_DBT = (
    *("manifest.json", "semantic_manifest.json", "partial_parse.msgpack", "graph.gpickle", "graph_summary.json"),
    *("run_results.json", "compiled", "run"),
)
LEDGER = "policy_decisions_ledger"


def _keep_to_owner() -> None:
    """Files that exist keep their permissions when they are overwritten, so the umask alone is not enough."""
    flags = get_flags()
    target = Path(flags.PROJECT_DIR, flags.TARGET_PATH or "target")
    for left in (*(target / name for name in LEFT_BY_DBT), Path(flags.PROJECT_DIR, flags.LOG_PATH, "dbt.log")):
        if left.exists():
            left.chmod(left.stat().st_mode & ~0o077)


class Plugin(BasePlugin):
    """Refuses a warehouse that can't be opened in words that say what to do, and writes the copy for readers."""

    @property
    def warehouse(self) -> Path:
        assert self.creds, "dbt gives every plugin the credentials of the profile"
        return Path(self.creds.path)

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        os.umask(0o077)  # the warehouse and its copy describe customers: only their owner may read them
        _keep_to_owner()
        path = self.warehouse
        objection = file_name.objection(path)
        if objection:
            raise DbtRuntimeError(objection)
        try:
            # Kept until dbt has its own connection: a reader could come in between.
            self.opened = opening.connect(path)
        except duckdb.Error as error:
            if opening.is_held(path):
                raise DbtRuntimeError(
                    f"Nothing was built: another process has the warehouse {path} open, a build perhaps, or a reader. Wait"
                    f" for it to finish, then run this again; nothing was changed. ({reason(error)})"
                ) from error
            if not path.exists():
                raise DbtRuntimeError(
                    f"Nothing was built: there is no warehouse {path}, and it can't be created. scripts/generate_world.py or"
                    f" scripts/load_raw.py creates one; CAUSALYN_WAREHOUSE sets its path. ({reason(error)})"
                ) from error
            raise DbtRuntimeError(
                f"Nothing was built: the warehouse {path} can't be opened. ({reason(error)})"
            ) from error

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        self.connection = conn
        self.opened.close()

    def store(self, target_config: TargetConfig) -> None:
        """What the macros of publication ask for: refuse an edited history, mark the page, or replace the copy for readers."""
        if "refuse_edited_history" in target_config.config:
            return self._refuse_edited_history()
        assert target_config.location, "the macros name a file"
        place = Path(target_config.location.path)
        if "banner" in target_config.config:
            return mark_page(place, self.warehouse, **target_config.config)
        unfinished = place.with_name(f"{place.name}.unfinished")
        try:
            unfinished.unlink(missing_ok=True)
            ledger = place.with_name(f"{self.warehouse.name.removesuffix('.duckdb')}.ledger")
            self._copy_tables(target_config.config["schemas"], unfinished, ledger)
            unfinished.replace(place)
        except (duckdb.Error, OSError) as error:
            raise DbtRuntimeError(
                f"The lists are published in {self.warehouse}, but their copy for readers, {place}, is still that of an"
                f" earlier build: it can't be written. Make room for it, then run this again. ({reason(error)})"
            ) from error

    def _refuse_edited_history(self) -> None:
        with self.connection.cursor() as cursor:
            try:
                refuse_edited(cursor, only_history=True)
            except EditedListsError as error:
                raise DbtRuntimeError(f"Nothing was built: {error}.") from error

    def _copy_tables(self, schemas: list[str], file: Path, ledger: Path) -> None:
        with self.connection.cursor() as cursor:
            # Readers' clients may be older than ours; DuckDB 1.2 and later can read it.
            cursor.execute(f"attach {literal(file)} as copied (storage_version 'v1.2.0')")
            try:
                tables = cursor.execute(
                    "select table_schema, table_name from information_schema.tables"
                    " where table_catalog = current_database() and list_contains(?, table_schema) order by all",
                    [schemas],
                ).fetchall()
                for schema, name in tables:
                    schema, table = identifier(schema), identifier(name)
                    cursor.execute(f"create schema if not exists copied.{schema}")
                    kind, rows = "table", f"from {schema}.{table}"
                    if name == LEDGER:
                        kind, rows = "view", ledger_in_parts(cursor, f"{schema}.{table}", ledger)
                    cursor.execute(f"create {kind} copied.{schema}.{table} as {rows}")
            finally:
                cursor.execute("detach copied")


def ledger_in_parts(cursor: duckdb.DuckDBPyConnection, ledger: str, directory: Path) -> str:
    """SQL of the ledger as a file per build, written once: a table that only grows is not copied again by every build.

    The files are named one by one, so that a copy shows the builds up to its own, whatever is published later.
    """
    directory.mkdir(exist_ok=True)
    parts = []
    for number, build_id in cursor.execute(
        f"select distinct build_number, build_id from {ledger} order by all"
    ).fetchall():
        part = directory / f"{number}-{build_id}.parquet"
        if not part.exists():
            unfinished = part.with_suffix(".unfinished")
            rows = f"from {ledger} where build_number = {number} and build_id = {literal(build_id)}"
            cursor.execute(f"copy ({rows}) to {literal(unfinished)} (format parquet, compression zstd)")
            unfinished.replace(part)
        parts.append(pattern(part))
    columns = ", ".join(identifier(name) for name, *_ in cursor.execute(f"describe {ledger}").fetchall())
    return f"select {columns} from read_parquet([{', '.join(parts)}], union_by_name = true)"
