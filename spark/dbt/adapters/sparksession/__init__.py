"""dbt-spark's `session` method with Python models, which dbt-spark itself submits to Databricks only (dbt-adapters #510).

A Python model runs in dbt's process, with the Spark session that the SQL models use. Everything else is dbt-spark's.
"""

from __future__ import annotations

import os
import warnings
from typing import Any

from dbt.adapters.base import AdapterPlugin, PythonJobHelper
from dbt.adapters.contracts.connection import Connection
from dbt.adapters.spark.connections import SparkConnectionManager, SparkCredentials
from dbt.adapters.spark.impl import SparkAdapter
from dbt.adapters.spark.session import SessionConnectionWrapper
from pyspark.sql import SparkSession

from dbt.include import sparksession

NAME = "sparksession"
SETTINGS_OF_A_SESSION = ("spark.sql.session.", "spark.sql.shuffle.")


class SessionCredentials(SparkCredentials):
    """dbt-spark's credentials under the name of this adapter."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if "SPARK_REMOTE" in os.environ:
            # A Spark Connect server runs already, with its own master, memory and catalog: a client sets its session.
            settings = self.server_side_parameters.items()
            self.server_side_parameters = {k: v for k, v in settings if k.startswith(SETTINGS_OF_A_SESSION)}
            # dbt-spark asks for Hive in every statement; the server has a catalog, and would refuse with a warning each time.
            warnings.filterwarnings("ignore", message="Failed to set spark.sql.catalogImplementation")

    @property
    def type(self) -> str:
        return NAME


class SessionConnection(SessionConnectionWrapper):
    """dbt-spark's connection, with the values of seeds written as SQL means them."""

    @classmethod
    def _fix_binding(cls, value: Any) -> Any:
        if value is None:
            return "null"
        if isinstance(value, str):
            return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
        return super()._fix_binding(value)


class SessionConnectionManager(SparkConnectionManager):
    """dbt-spark's connections under the name of this adapter."""

    TYPE = NAME

    @classmethod
    def open(cls, connection: Connection) -> Connection:
        connection = super().open(connection)
        connection.handle = SessionConnection(connection.handle.handle)
        return connection


class InProcess(PythonJobHelper):
    """Runs a compiled Python model where dbt runs."""

    def __init__(self, parsed_model: dict, credential: SessionCredentials) -> None:
        self.place = f"<dbt model {parsed_model['unique_id']}>"

    def submit(self, compiled_code: str) -> None:
        # Executors can't import a module of this name, so that the model's functions travel to them by value.
        namespace = {"__name__": "dbt_python_model", "spark": SparkSession.builder.getOrCreate()}
        exec(compile(compiled_code, self.place, "exec"), namespace)


class SparkSessionAdapter(SparkAdapter):
    """dbt-spark's adapter, with Python models in process."""

    ConnectionManager = SessionConnectionManager

    @property
    def default_python_submission_method(self) -> str:
        return "in_process"

    @property
    def python_submission_helpers(self) -> dict[str, type[PythonJobHelper]]:
        return {"in_process": InProcess}

    def generate_python_submission_response(self, submission_result: Any) -> Any:
        return self.connections.get_response(None)


Plugin = AdapterPlugin(
    adapter=SparkSessionAdapter,
    credentials=SessionCredentials,
    include_path=sparksession.PACKAGE_PATH,
    dependencies=["spark"],
)
