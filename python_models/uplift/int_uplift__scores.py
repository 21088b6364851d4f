"""Fits the learners of lift on the users whose outcome was observed, and scores every user out of fold."""

import pyarrow as pa

from causalyn import engine, uplift

IDENTITY = [("user_id", pa.string()), ("account_id", pa.string()), ("as_of_date", pa.date32()), ("fold", pa.int32())]
SCHEMA = pa.schema(IDENTITY + [(score, pa.float64()) for score in uplift.SCORES])


def model(dbt, session):
    inputs = dbt.ref("int_uplift__inputs")
    parameters = uplift.Parameters.from_frame(engine.to_pandas(dbt.ref("learner_parameters")))
    # Without a model nobody gets a score, so every account is suppressed and the verdicts stop publication.
    learner = uplift.learn(uplift.training_users(inputs, parameters), parameters)
    return engine.map_batches(inputs, inputs.columns, learner.score, SCHEMA)
