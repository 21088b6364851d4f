"""Scores the users of past campaigns and of today by models that did not see their accounts."""

from functools import partial

import pyarrow as pa

from causalyn.engines import engine
from causalyn.learner import model_store, uplift

SCHEMA = pa.schema(
    [(name, pa.date32() if name == "as_of_date" else pa.string()) for name in (*uplift.IDENTITY, "learner_id")]
    + [(score, pa.float64()) for score in uplift.SCORES]
    + [("scoring_halves", pa.int64())]
)


def model(dbt, session):
    inputs = dbt.ref("int_uplift__inputs")
    if dbt.is_incremental:
        inputs = inputs.filter("population = 'today'")
    parameters = uplift.Parameters.from_frame(engine.to_pandas(dbt.ref("learner_parameters")))
    learner = model_store.from_frame(engine.to_pandas(dbt.ref("int_uplift__serving_model")), inputs.columns, parameters)
    return engine.map_batches(inputs, inputs.columns, partial(learner.score, deciding=parameters.deciding), SCHEMA)
