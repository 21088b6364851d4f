"""Fits the learners of lift on the users whose outcome was observed, and keeps them."""

from causalyn.engines import engine
from causalyn.learner import model_store, uplift


def model(dbt, session):
    inputs = dbt.ref("int_uplift__inputs")
    parameters = uplift.Parameters.from_frame(engine.to_pandas(dbt.ref("learner_parameters")))
    training = uplift.training_users(dbt.ref("int_uplift__training_users"))
    try:
        learner = uplift.fit(training, parameters)
    except uplift.LearnerError as error:
        # Nobody gets a score, so every account is suppressed and the verdicts stop publication.
        print(f"No lift was estimated: {error}")
        learner = uplift.UpliftModel((), {})
    return engine.from_pandas(inputs, model_store.to_frame(learner, training), model_store.SCHEMA)
