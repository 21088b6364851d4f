"""Fits the learners of lift on past campaigns' users with an observed outcome, and stores them."""

from causalyn.engines import engine
from causalyn.learner import model_store, uplift


def model(dbt, session):
    users = dbt.ref("int_uplift__training_users")
    parameters = uplift.Parameters.from_frame(engine.to_pandas(dbt.ref("learner_parameters")))
    training = uplift.training_users(users)
    try:
        learner = uplift.fit(training, parameters)
    except uplift.LearnerError as error:
        # Nobody gets a score then, so every account is suppressed and the verdicts stop publication.
        print(f"No lift was estimated: {error}")
        learner = uplift.UpliftModel()
    return engine.from_pandas(users, model_store.to_frame(learner, training, parameters), model_store.SCHEMA)
