"""Says which library fitted the scores: its own code, and that of scikit-learn."""

import pyarrow as pa

from causalyn.engines import engine
from causalyn.learner import uplift

SCHEMA = pa.schema([("version", pa.string())])


def model(dbt, session):
    scores = dbt.ref("int_uplift__scores")
    return engine.from_pandas(scores, uplift.library_version(), SCHEMA)
