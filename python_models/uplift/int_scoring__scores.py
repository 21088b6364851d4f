"""Scores the users active of late by the published learner; who has not changed since it was last scored keeps its scores."""

import pyarrow as pa

from causalyn.engines import engine
from causalyn.learner import model_store, uplift

IDENTITY = [("user_id", pa.string()), ("account_id", pa.string()), ("as_of_date", pa.date32()), ("fold", pa.int32())]
VERSION = {"model_build_id": pa.string(), "features_hash": pa.int64()}
SCHEMA = pa.schema(IDENTITY + [(score, pa.float64()) for score in uplift.LIFT_SCORES] + list(VERSION.items()))


def model(dbt, session):
    inputs = dbt.ref("int_scoring__inputs")
    published = engine.to_pandas(dbt.ref("int_uplift__published_models"))
    learner = model_store.from_frame(published, [c for c in inputs.columns if c not in VERSION])
    # Without a model there is no learner, and nobody to score.
    deciding = next(iter(published["deciding_learner"]), "")
    return engine.map_new_batches(
        inputs,
        engine.previous(inputs, session, str(dbt.this), SCHEMA.names),
        key=["user_id", *VERSION],
        columns=inputs.columns,
        function=lambda frame: learner.score_lift(frame, deciding).join(frame[list(VERSION)]),
        schema=SCHEMA,
    )
