"""What a Python model asks of its engine: a relation's rows in pandas, and a function applied to its batches.

Nothing else in the Python models may depend on where the tables live. DuckDB does both in dbt's process; Spark applies
the function on its executors.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

# dbt runs Python models in threads. Two that import scikit-learn at once can see it half imported; every model imports
# this module first, and Python lets only one thread at a time do that.
import sklearn.ensemble
import sklearn.utils.parallel  # noqa: F401

BATCH_ROWS = 100_000
_SENDING = threading.Lock()

Function = Callable[[pd.DataFrame], pd.DataFrame]


def to_pandas(relation: Any) -> pd.DataFrame:
    """All rows of a small `relation`."""
    return relation.df() if _is_duckdb(relation) else relation.toPandas()


def map_batches(relation: Any, columns: Sequence[str], function: Function, schema: pa.Schema) -> Any:
    """`function` applied to batches of `columns` of `relation`, as a relation of `schema`; never all in memory."""
    if _is_duckdb(relation):
        batches = relation.project(", ".join(columns)).to_arrow_reader(BATCH_ROWS)
        scored = (pa.RecordBatch.from_pandas(function(batch.to_pandas()), schema=schema) for batch in batches)
        return pa.RecordBatchReader.from_batches(schema, scored)
    from pyspark.sql.pandas.types import from_arrow_schema

    def over(frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for frame in frames:
            yield function(frame)[schema.names]

    _send_library(relation.sparkSession)
    # Rows are small and `function` is slow: spread files that would make one task over all executors.
    tasks = int(relation.sparkSession.conf.get("spark.sql.shuffle.partitions"))
    return relation.select(*columns).repartition(tasks).mapInPandas(over, from_arrow_schema(schema))


def from_pandas(beside: Any, frame: pd.DataFrame, schema: pa.Schema) -> Any:
    """`frame` as a relation of `schema` on the engine of the relation `beside`."""
    table = pa.Table.from_pandas(frame, schema, preserve_index=False)
    return table if _is_duckdb(beside) else beside.sparkSession.createDataFrame(table)


def _is_duckdb(relation: Any) -> bool:
    return isinstance(relation, duckdb.DuckDBPyRelation)


def _send_library(session: Any) -> None:
    """Sends this library, which fitted models need, to Spark's executors."""
    with _SENDING:
        session.addArtifacts(str(_library()), pyfile=True)


@cache
def _library() -> Path:
    """This library as an archive; Spark accepts a file of the same name again only from the same path."""
    library = Path(__file__).parents[1]
    folder = Path(tempfile.mkdtemp(prefix="causalyn_"))
    atexit.register(shutil.rmtree, folder)
    archive = folder / "causalyn.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for module in sorted(library.rglob("*.py")):
            file.write(module, module.relative_to(library.parent))
    return archive
