"""Re-estimates the nuisances for each refutation of the average effect."""

import pyarrow as pa

from causalyn.engines import engine
from causalyn.learner import refutations, uplift

IDENTITY = [("refutation_id", pa.string()), ("observation_id", pa.string()), ("account_id", pa.string())]
OBSERVED = [("is_treated", pa.int32()), ("outcome", pa.float64())]
SCHEMA = pa.schema(IDENTITY + OBSERVED + [(nuisance, pa.float64()) for nuisance in refutations.NUISANCES])


def model(dbt, session):
    inputs = dbt.ref("int_uplift__inputs")
    parameters = uplift.Parameters.from_frame(engine.to_pandas(dbt.ref("learner_parameters")))
    training = uplift.training_users(dbt.ref("int_uplift__training_users"))
    earlier_activity = engine.to_pandas(dbt.ref("int_uplift__earlier_activity"))
    return engine.from_pandas(inputs, refutations.refute(training, earlier_activity, parameters), SCHEMA)
