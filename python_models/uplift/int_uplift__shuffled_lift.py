"""Computes lift with each feature permuted among users, under the deciding learner."""

import pyarrow as pa

from causalyn.engines import engine
from causalyn.learner import explanations, model_store, uplift

SCHEMA = pa.schema(
    [("observation_id", pa.string()), ("account_id", pa.string()), ("feature", pa.string()), ("lift", pa.float64())]
)


def model(dbt, session):
    inputs = dbt.ref("int_uplift__inputs")
    parameters = uplift.Parameters.from_frame(engine.to_pandas(dbt.ref("learner_parameters")))
    users = uplift.training_users(dbt.ref("int_uplift__training_users"))
    learner = model_store.from_frame(engine.to_pandas(dbt.ref("int_uplift__models")), inputs.columns, parameters, users)
    return engine.from_pandas(inputs, explanations.shuffled_lift(learner, users, parameters), SCHEMA)
