"""Scores every user of the past campaign out of fold, by the learners that were fitted on it."""

import pyarrow as pa

from causalyn.engines import engine
from causalyn.learner import model_store, uplift

IDENTITY = [("user_id", pa.string()), ("account_id", pa.string()), ("as_of_date", pa.date32()), ("fold", pa.int32())]
SCHEMA = pa.schema(IDENTITY + [(score, pa.float64()) for score in uplift.SCORES])


def model(dbt, session):
    inputs = dbt.ref("int_uplift__inputs")
    training = uplift.training_users(dbt.ref("int_uplift__training_users"))
    learner = model_store.from_frame(engine.to_pandas(dbt.ref("int_uplift__models")), inputs.columns, training)
    return engine.map_batches(inputs, inputs.columns, learner.score, SCHEMA)
