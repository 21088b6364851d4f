"""Chooses the most valuable accounts within the limits of each scenario and policy."""

import pyarrow as pa

from causalyn.decision import allocation
from causalyn.engines import engine

KEYS = [("scenario_id", pa.string()), ("policy_id", pa.string()), ("account_id", pa.string())]
SCHEMA = pa.schema([*KEYS, ("is_chosen", pa.bool_()), ("upper_bound_usd", pa.float64())])


def model(dbt, session):
    candidates = dbt.ref("int_policy__allocation_greedy")
    return engine.from_pandas(candidates, allocation.allocate(engine.to_pandas(candidates)), SCHEMA)
