"""What a Python model asks of its engine: a bounded sample of a relation, and a function over its batches.

Nothing else in the Python models may depend on where the tables live. DuckDB runs both in the process of dbt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

# dbt runs Python models in threads. Two that begin to import scikit-learn at once can see it half imported; every model imports
# this module first, and Python lets only one thread at a time do that.
import sklearn.ensemble
import sklearn.utils.parallel  # noqa: F401

BATCH_ROWS = 100_000


def sample(relation: Any, columns: Sequence[str], where: str, order_by: str, max_rows: int) -> pd.DataFrame:
    """At most `max_rows` rows of `relation` for which `where` holds, the first in the order of `order_by`.

    `order_by` must be a total order that does not depend on the engine (a hash of an id, then the id), so that every
    engine draws the same rows in the same order. `where` and `order_by` are SQL, written in the model.
    """
    chosen = relation.filter(where).order(order_by).limit(max_rows)
    return chosen.project(", ".join(columns)).df()


def map_batches(
    relation: Any,
    columns: Sequence[str],
    function: Callable[[pd.DataFrame], pd.DataFrame],
    schema: pa.Schema,
) -> pa.RecordBatchReader:
    """`function` over batches of `columns` of `relation`, as a stream of `schema`, never whole in memory."""
    batches = relation.project(", ".join(columns)).to_arrow_reader(BATCH_ROWS)
    scored = (pa.RecordBatch.from_pandas(function(batch.to_pandas()), schema=schema) for batch in batches)
    return pa.RecordBatchReader.from_batches(schema, scored)
