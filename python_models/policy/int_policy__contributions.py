"""Computes each feature's contribution to lift under the deciding learner, for the users who decide for their accounts."""

from functools import partial

import pyarrow as pa

from causalyn.engines import engine
from causalyn.learner import explanations, model_store, uplift

IDENTITY = [(name, pa.string()) for name in explanations.IDENTITY]


def model(dbt, session):
    inputs = dbt.ref("int_uplift__inputs")
    models = dbt.source("published", "lift_models") if dbt.is_incremental else dbt.ref("int_uplift__models")
    parameters = uplift.Parameters.from_frame(engine.to_pandas(dbt.ref("learner_parameters")))
    learner = model_store.from_frame(engine.to_pandas(models), inputs.columns, parameters)
    return engine.map_batches(
        dbt.ref("int_policy__deciding_users"),
        inputs.columns,
        partial(explanations.contributions, learner, parameters=parameters),
        pa.schema(IDENTITY + [(feature, pa.float64()) for feature in learner.features]),
    )
