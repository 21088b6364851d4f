"""Computes the deciding learner's partial dependence on momentum and intensity."""

import pyarrow as pa

from causalyn.engines import engine
from causalyn.learner import explanations, model_store, uplift

DECILES = [("momentum_decile", pa.int32()), ("intensity_decile", pa.int32())]
SCHEMA = pa.schema(DECILES + [(name, pa.float64()) for name in ("momentum", "intensity", "lift", "lift_se")])


def model(dbt, session):
    inputs = dbt.ref("int_uplift__inputs")
    parameters = uplift.Parameters.from_frame(engine.to_pandas(dbt.ref("learner_parameters")))
    users = uplift.training_users(dbt.ref("int_uplift__training_users"))
    learner = model_store.from_frame(engine.to_pandas(dbt.ref("int_uplift__models")), inputs.columns, parameters, users)
    cells = engine.to_pandas(dbt.ref("int_uplift__dependence_cells"))
    return engine.from_pandas(inputs, explanations.dependence(learner, users, cells, parameters), SCHEMA)
