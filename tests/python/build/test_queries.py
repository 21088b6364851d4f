"""Every query of docs/queries.md is short and runs on the copy for readers, which has no private schema."""

import re

import duckdb
import pytest
from conftest import ROOT

QUERIES = dict(
    re.findall(r"^## ([^\n]*)\n\n```sql\n(.*?)```", (ROOT / "docs" / "queries.md").read_text(), flags=re.M | re.S)
)
# Empty without an earlier publication or a running campaign, or by chance.
MAY_BE_EMPTY = ("changed", "campaign", "renew")


def test_there_are_ten():
    assert len(QUERIES) == 10


@pytest.mark.parametrize("question", QUERIES)
def test_a_query_answers(built_world, question):
    query = QUERIES[question]
    assert len(query.splitlines()) <= 8
    assert set(re.findall(r"(?:from|join) (\w+)\.", query)) == {"marts"}
    published = built_world.warehouse.with_suffix(".published.duckdb")
    with duckdb.connect(str(published), read_only=True) as connection:
        example = connection.execute("select min(account_id) from marts.customer_success_handover").fetchall()[0][0]
        rows = connection.sql(query.replace("acct_000010", example)).fetchall()
    assert rows or any(word in question for word in MAY_BE_EMPTY)


def test_the_value_by_plan_adds_up(built_world):
    with duckdb.connect(str(built_world.warehouse), read_only=True) as connection:
        by_plan = connection.sql(QUERIES["What is the list worth, by plan?"]).fetchall()
        ((total,),) = connection.execute("select sum(net_value_usd) from marts.target_accounts").fetchall()
    assert sum(row[3] for row in by_plan) == pytest.approx(total)


def test_a_handed_over_account_comes_with_all_its_toxic_users(built_world):
    query = next(query for question, query in QUERIES.items() if "customer success" in question)
    with duckdb.connect(str(built_world.warehouse), read_only=True) as connection:
        ((n_dogs,),) = connection.execute("select sum(n_sleeping_dogs) from marts.customer_success_handover").fetchall()
        assert len(connection.sql(query).fetchall()) == n_dogs
