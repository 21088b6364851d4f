"""Asks the learner that decides what each feature adds to the lift of every user."""

from functools import partial

import pyarrow as pa

from causalyn import engine, explanations, model_store, uplift

SCHEMA = pa.schema(
    [("user_id", pa.string()), ("account_id", pa.string()), ("feature", pa.string()), ("contribution", pa.float64())]
)


def model(dbt, session):
    inputs = dbt.ref("int_uplift__inputs")
    parameters = uplift.Parameters.from_frame(engine.to_pandas(dbt.ref("learner_parameters")))
    learner = model_store.from_frame(
        engine.to_pandas(dbt.ref("int_uplift__models")), inputs.columns, uplift.training_users(inputs, parameters)
    )
    return engine.map_batches(
        inputs, inputs.columns, partial(explanations.contributions, learner, parameters=parameters), SCHEMA
    )
