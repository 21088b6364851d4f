"""Fits the learners of lift on the users whose outcome was observed, and scores every user out of fold."""

import pyarrow as pa

from causalyn import engine, uplift

IDENTITY = [("user_id", pa.string()), ("account_id", pa.string()), ("as_of_date", pa.date32()), ("fold", pa.int32())]
SCHEMA = pa.schema(IDENTITY + [(score, pa.float64()) for score in uplift.SCORES])


def model(dbt, session):
    inputs = dbt.ref("int_uplift__inputs")
    parameters = uplift.Parameters.from_frame(engine.to_pandas(dbt.ref("learner_parameters")))
    training = engine.sample(
        inputs,
        columns=inputs.columns,
        where="is_converted is not null and is_treated is not null",
        order_by=["md5(account_id)", "account_id", "user_id"],
        max_rows=parameters.max_training_rows,
    )
    try:
        learner = uplift.fit(training, parameters)
    except uplift.LearnerError as error:
        # Nobody gets a score, so every account is suppressed and the verdicts stop publication.
        print(f"No lift was estimated: {error}")
        features = tuple(column for column in inputs.columns if column not in uplift.KEYS)
        learner = uplift.UpliftModel(features, {})
    return engine.map_batches(inputs, inputs.columns, learner.score, SCHEMA)
