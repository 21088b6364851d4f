"""What the publication gate says when it refuses, from its SQL on frames."""

import duckdb
import pandas as pd
import pytest


def test_a_policy_that_has_not_paid_is_refused_with_its_gain(evaluate_model, listed):
    verdict = {"check_id": "qini_z", "check_group": "model", "subject": "model", "objection": "no ranking"}
    remark = {"needs_ranking": False, "effect_upper": 0.1, "what_is_known": "little", "objection": None}
    remark["objection_to_nudging"] = None
    given = {
        "int_build__identity": pd.DataFrame([{"build_id": "this"}]),
        "int_evaluation__verdicts": pd.DataFrame(
            [verdict | {"verdict": "fail", "is_accepted": False, "accepted_reason": "", "is_blocking": True}]
        ),
        "int_policy__account_decisions": pd.DataFrame(
            [{"population": "today", "is_shipped": True, "decision": "target"}]
        ),
    }
    assert len(evaluate_model("int_build__publication_gate", int_build__remarks=pd.DataFrame([remark]), **given)) == 1
    pays_not = remark | {
        "objection": "p has not shown that it pays: gain in the past campaigns 6 dollars (95% interval -6 to 18), "
        "needed above 0 at its lower end. What to do about it: ship another policy in seeds/policy_parameters.csv, "
        "or learn from a larger campaign"
    }
    with pytest.raises(duckdb.Error) as refused:
        evaluate_model("int_build__publication_gate", int_build__remarks=pd.DataFrame([pays_not]), **given)
    listed(str(refused.value).partition("stay as they were, ")[2])


@pytest.mark.parametrize("decision", ["suppress_unprofitable", "target"])
def test_where_only_harm_is_known_nobody_may_be_nudged(evaluate_model, listed, decision):
    objection = (
        "p would nudge users although a nudge harms on average and those expected to benefit have not shown that they do. "
        "What to do about it: learn from a larger campaign before nudging anybody"
    )
    remark = {"needs_ranking": True, "effect_upper": -0.1, "what_is_known": "it harms", "objection": None}
    verdict = {"check_id": "qini_z", "check_group": "model", "subject": "model", "objection": None}
    given = {
        "int_build__identity": pd.DataFrame([{"build_id": "this"}]),
        "int_build__remarks": pd.DataFrame([remark | {"objection_to_nudging": objection}]),
        "int_evaluation__verdicts": pd.DataFrame(
            [verdict | {"verdict": "pass", "is_accepted": False, "accepted_reason": "", "is_blocking": False}]
        ),
        "int_policy__account_decisions": pd.DataFrame(
            [{"population": "today", "is_shipped": True, "decision": decision}]
        ),
    }
    if decision == "target":
        with pytest.raises(duckdb.Error) as refused:
            evaluate_model("int_build__publication_gate", **given)
        listed(str(refused.value).partition("stay as they were, ")[2])
    else:
        assert evaluate_model("int_build__publication_gate", **given)["why_nobody"].tolist() == ["it harms"]
