"""Asks the learner that decides what each feature adds to the lift of every user."""

from functools import partial

import pyarrow as pa

from causalyn.engines import engine
from causalyn.learner import explanations, model_store, uplift

IDENTITY = [("user_id", pa.string()), ("account_id", pa.string())]


def model(dbt, session):
    inputs = dbt.ref("int_uplift__inputs")
    parameters = uplift.Parameters.from_frame(engine.to_pandas(dbt.ref("learner_parameters")))
    training = uplift.training_users(dbt.ref("int_uplift__training_users"))
    learner = model_store.from_frame(engine.to_pandas(dbt.ref("int_uplift__models")), inputs.columns, training)
    return engine.map_batches(
        inputs,
        inputs.columns,
        partial(explanations.contributions, learner, parameters=parameters),
        pa.schema(IDENTITY + [(feature, pa.float64()) for feature in learner.features]),
    )
