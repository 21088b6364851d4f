"""Scores past campaigns' and today's users by models that did not see their accounts."""

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
    # A refresh scores with the model behind the published lists, whatever was fitted since.
    if dbt.is_incremental:
        inputs, models = inputs.filter("population = 'today'"), dbt.source("published", "lift_models")
    else:
        models = dbt.ref("int_uplift__models")
    parameters = uplift.Parameters.from_frame(engine.to_pandas(dbt.ref("learner_parameters")))
    learner = model_store.from_frame(engine.to_pandas(models), inputs.columns, parameters)
    return engine.map_batches(inputs, inputs.columns, partial(learner.score, deciding=parameters.deciding), SCHEMA)
