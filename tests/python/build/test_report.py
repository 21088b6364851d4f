"""The report page: made from marts only, self-contained, and deciding as the warehouse does."""

import html
import io
import json
import re
import shutil
import subprocess

import duckdb
import matplotlib
import pandas as pd
import pytest
from conftest import publish_as_it_is
from matplotlib.figure import Figure

import render_report
from causalyn.report import figures, policy_tree, report_page, what_if

FIGURES = {
    "policy_funnel", "profit_curve", "uplift_by_decile", "love_plot", "propensity_overlap", "lift_by_segment", "audit_matrix",
}  # fmt: skip
EVIDENCE = (
    "account_id, n_users, n_scored_users, n_unsupported_admins, n_sleeping_dogs, n_sleeping_dog_admins, "
    "n_nudged_users, sum_lift"
)
PROFILE = ("n_sleeping_dogs", "n_sleeping_dog_admins", "n_unsupported_admins")
DECIDE = """
const { decide } = require(process.argv[1]);
const { accounts, policy } = JSON.parse(require("fs").readFileSync(0));
console.log(JSON.stringify(accounts.map((account) => decide(account, policy))));
"""


@pytest.fixture(scope="module")
def report(built_world, tmp_path_factory):
    return render_report.render(built_world.warehouse, tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def decide():
    """Decides accounts under a policy by the page's own script."""
    if not (node := shutil.which("node") or shutil.which("nodejs")):
        pytest.skip("no Node.js to run the page's script with")

    def decide(accounts, policy):
        script = str(report_page.ASSETS / "decide.js")
        given = json.dumps({"accounts": accounts, "policy": policy})
        shown = subprocess.run([node, "-e", DECIDE, script], input=given, capture_output=True, text=True, check=True)
        return json.loads(shown.stdout)

    return decide


def page_data(page):
    return json.loads(re.search(r'id="data">(.*?)</script>', page.read_text(), re.S).group(1))


def test_every_figure_is_there_in_both_formats(report):
    names = {(path.stem, path.suffix) for path in report.parent.iterdir() if path.suffix in (".png", ".svg")}
    assert names == {(figure, suffix) for figure in FIGURES for suffix in (".png", ".svg")}


def test_the_page_asks_the_network_for_nothing(report):
    assert not re.search(
        r"""(src|href)\s*=\s*(?!["']?(data:|#))|@import|url\((?!#)|fetch\(|<link(?! rel="icon" href="data:,")""",
        re.sub(r"<script>.*?</script>", "", report.read_text(), flags=re.S),
    )


def test_the_same_warehouse_gives_the_same_bytes(report, built_world, tmp_path):
    again = render_report.render(built_world.warehouse, tmp_path)
    for path in report.parent.iterdir():
        assert (again.parent / path.name).read_bytes() == path.read_bytes(), path.name


def test_without_hidden_truth_the_page_says_so(built_world, tmp_path):
    warehouse = shutil.copy(built_world.warehouse, tmp_path / "no_truth.duckdb")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("drop schema audit cascade")
    page = render_report.render(warehouse, tmp_path / "report")
    assert "The audit needs hidden truth" in page.read_text()
    assert not (page.parent / "audit_matrix.svg").exists()


def test_the_page_decides_as_published(report, decide):
    data = page_data(report)
    shipped = data["thresholds"].index(data["policy"]["sleeping_dog_lift_threshold"])
    published = [data["decisions"][place]["id"] for place in data["rows"]["published"]]
    assert decide(accounts_at(data, shipped), data["policy"]) == published


def accounts_at(data, place):
    """The page's rows, with their Sleeping Dogs at an index of its thresholds."""
    columns = data["rows"]
    names = ("n_users", "n_scored_users", "n_nudged_users", "sum_lift", "profile")
    rows = [dict(zip(names, row, strict=True)) for row in zip(*(columns[name] for name in names), strict=True)]
    for row in rows:
        profile = columns["profiles"][row.pop("profile")]
        for count, counts in zip(PROFILE, profile, strict=True):
            row[count] = counts[place] if place < len(counts) else 0
    return rows


def test_the_grid_of_many_accounts_decides_as_published(report, built_world, decide):
    """Beyond the limit similar accounts share a row; none is lost, and each row decides as all of its accounts do."""
    with duckdb.connect(str(built_world.warehouse), read_only=True) as connection:
        decisions = [name for (name,) in connection.sql("select distinct decision from marts.policy_funnel").fetchall()]
        rows = what_if.rows(connection, decisions, max_listed=50)
        expected, value = connection.execute(
            """
            select map_from_entries(list((decision, n_accounts))), sum(value)
            from (
                select decision, count(*) as n_accounts, sum(net_value_usd) as value
                from marts.account_policy where is_shipped and population = 'today' group by decision
            )
            """
        ).fetchone()
    data = page_data(report)
    shipped = data["thresholds"].index(data["policy"]["sleeping_dog_lift_threshold"])
    accounts = accounts_at({"rows": rows}, shipped)
    decided = decide(accounts, data["policy"])
    assert len(rows["account_id"]) == 50 < len(accounts) < sum(rows["n_accounts"])
    assert decided == [decisions[place] for place in rows["published"]]
    counts = dict.fromkeys(expected, 0)
    for decision, n_accounts in zip(decided, rows["n_accounts"], strict=True):
        counts[decision] += n_accounts
    assert counts == expected
    policy = data["policy"]
    earned = sum(
        n * (account["sum_lift"] * policy["value_per_conversion_usd"] - policy["cost_per_account_usd"])
        for n, account in zip(rows["n_accounts"], accounts, strict=True)
        if account["sum_lift"] is not None
    )
    assert earned == pytest.approx(value)


def test_every_threshold_targets_as_the_warehouse_does(report, built_world, decide):
    data = page_data(report)
    with duckdb.connect(str(built_world.warehouse), read_only=True) as connection:
        expected = connection.execute(
            """
            select sleeping_dog_lift_threshold, count(*) filter (where is_target)
            from marts.account_safety_frontier
            group by 1
            order by 1 desc
            """
        ).fetchall()
    assert len(expected) > 5
    found = [
        (threshold, decide(accounts_at(data, place), data["policy"]).count("target"))
        for place, threshold in enumerate(data["thresholds"])
    ]
    assert found == expected


def rows_of(warehouse, query):
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(query).df().astype(object).pipe(lambda frame: frame.where(frame.notna(), None))


def test_the_page_decides_every_policy_as_the_warehouse(built_world, decide):
    rows = rows_of(built_world.warehouse, "select * from marts.account_policy")
    assert len(rows["policy_id"].unique()) > 1
    assert set(rows["population"]) == {"campaign", "today"}
    for _, policy in rows.groupby(["population", "policy_id"]):
        names = f"{EVIDENCE}, value_per_conversion_usd, expected_churn_cost_usd".split(", ")
        accounts = policy[names].to_dict("records")
        parameters = {name: policy[name].iloc[0] for name in render_report.POLICY} | {"value_factor": 1}
        if len(policy["value_per_conversion_usd"].unique()) > 1:
            parameters["value_per_conversion_usd"] = None
        assert decide(accounts, parameters) == policy["decision"].tolist()


def test_the_page_decides_other_parameters_as_sql_does(built_world, decide):
    policy = {
        "value_per_conversion_usd": 31, "cost_per_account_usd": 11.5, "cost_per_nudge_usd": 0.75,
        "toxic_user_share_limit": 0.2, "min_toxic_users": 2, "min_scored_users": 3,
    }  # fmt: skip
    rows = rows_of(
        built_world.warehouse,
        f"""
        select
            {EVIDENCE},
            case
                when n_scored_users < n_users or n_scored_users = 0 then 'suppress_unscored'
                when n_unsupported_admins > 0 then 'suppress_unscored'
                when n_sleeping_dog_admins > 0 then 'suppress_toxic_admin'
                when n_sleeping_dogs * 10 > 2 * n_scored_users and n_sleeping_dogs >= 2 then 'suppress_toxic_users'
                when round(sum_lift * 31, 6) <= 0 then 'suppress_unprofitable'
                when round(sum_lift * 31 - 11.5 - 0.75 * n_nudged_users, 6) <= 0 or n_scored_users < 3 then 'suppress_too_small'
                else 'target'
            end as decision
        from marts.account_policy
        where is_shipped and population = 'today'
        """,
    )
    assert decide(rows.to_dict("records"), policy) == rows["decision"].tolist()


@pytest.mark.parametrize(
    ("evidence", "limit", "decision"),
    [
        ({}, 0.1, "target"),
        ({"n_sleeping_dogs": 3}, 0.1, "target"),
        ({"n_sleeping_dogs": 4}, 0.1, "suppress_toxic_users"),
        ({"n_users": 180, "n_scored_users": 180, "n_sleeping_dogs": 63}, 0.35, "target"),
        ({"n_users": 180, "n_scored_users": 180, "n_sleeping_dogs": 64}, 0.35, "suppress_toxic_users"),
        ({"n_unsupported_admins": 1, "n_sleeping_dog_admins": 1}, 0.1, "suppress_unscored"),
        ({"n_nudged_users": 21}, 0.1, "suppress_too_small"),
    ],
)
def test_a_share_at_its_limit_passes_and_only_nudges_that_are_sent_cost(decide, evidence, limit, decision):
    """63 of 180 is 35%, although as floating-point numbers 63 > 0.35 * 180; the account earns $20 with 12 nudges of $1."""
    policy = {
        "value_per_conversion_usd": 10, "cost_per_account_usd": 0, "cost_per_nudge_usd": 1, "toxic_user_share_limit": limit,
        "min_toxic_users": 1, "min_scored_users": 1,
    }  # fmt: skip
    account = {
        "n_users": 30, "n_scored_users": 30, "n_nudged_users": 12, "sum_lift": 2.0, **dict.fromkeys(PROFILE, 0)
    }  # fmt: skip
    assert decide([account | evidence], policy) == [decision]


def test_the_page_tells_todays_decisions_from_the_backtest(report, built_world):
    page = report.read_text()
    with duckdb.connect(str(built_world.warehouse), read_only=True) as connection:
        today, then = (
            connection.execute(
                "select n_accounts from marts.policy_funnel inner join seeds.policy_parameters using (policy_id) "
                "where is_shipped and decision = 'target' and population = ?",
                [population],
            ).fetchone()[0]
            for population in ("today", "campaign")
        )
        unsupported = connection.execute(
            "select sum(n_unsupported_users) from marts.account_policy where is_shipped and population = 'today'"
        ).fetchone()[0]
    assert today != then
    assert f"<h1>Nudge {today} of 600 accounts." in page
    support = re.search(r'<p id="support">(.*?)</p>', page).group(1)
    assert support.startswith(
        f"Past campaigns say {f'too little about {unsupported}' if unsupported else 'enough about all'} of today's users"
    )


def text_of(page, start, end):
    """The page's words between two marks, without markup."""
    found = re.search(f"{re.escape(start)}(.*?){re.escape(end)}", page.read_text(), re.S).group(1)
    within_lines = re.sub(r"</?(strong|em|a|span|code)\b[^>]*>", "", found)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", within_lines)).split())


def test_the_headline_prices_the_list_with_risk_and_says_that_prices_are_placeholders(report, built_world):
    with duckdb.connect(str(built_world.warehouse), read_only=True) as connection:
        listed, everybody, of_ltv = connection.execute(
            """
            select
                (select sum(net_value_usd) from marts.account_policy where policy_id = 'ltv' and population = 'today'
                    and account_id in (select account_id from marts.target_accounts)),
                max(net_value_usd) filter (where strategy = 'everybody'),
                max(net_value_usd) filter (where strategy = 'ltv')
            from marts.policy_comparison where policy_id = 'ltv' and population = 'today'
            """
        ).fetchone()
    lead = text_of(report, '<p class="lead">', "</p>")
    verb = "earn" if listed >= 0 else "lose"
    assert f"this list is expected to {verb} {figures.dollars(abs(listed))}, and nudging everybody" in lead
    assert (
        everybody < 0
        and f"to lose {figures.dollars(-everybody)}: the list is better by {figures.dollars(listed - everybody)}."
        in lead
    )
    assert of_ltv > listed and f"is expected to earn {figures.dollars(of_ltv)}" in lead
    said = text_of(report, '<p id="placeholders">', "</p>")
    assert "placeholders" in said and all(seed in said for seed in render_report.PRICES)


def test_prices_of_ones_own_are_no_placeholders(built_world, tmp_path):
    warehouse = shutil.copy(built_world.warehouse, tmp_path / "own.duckdb")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("update seeds.plan_values set replacement_cost_usd = replacement_cost_usd + 1")
        assert render_report.placeholders(render_report.Marts(connection)) == ["seeds/policy_parameters.csv"]


def test_admins_are_told_as_predicted_and_as_expected_and_users_as_those_nudged(report, built_world):
    with duckdb.connect(str(built_world.warehouse), read_only=True) as connection:
        n_users, net, predicted, expected = connection.execute(
            """
            select n_nudged_users, net_value_usd, n_admins_at_risk, expected_admins_harmed
            from marts.policy_comparison inner join seeds.policy_parameters using (policy_id)
            where is_shipped and population = 'today' and strategy = policy_id
            """
        ).fetchone()
    tiles = text_of(report, '<dl class="tiles">', "</dl>")
    assert f"Users to nudge {n_users:,} " in tiles
    assert figures.dollars(net) in tiles and f"{predicted} predicted {report_page.number(expected)} expected" in tiles


def test_trust_is_one_sentence_and_unknown_is_said_in_words(report, built_world, tmp_path):
    said = text_of(report, '<p id="may-i">', "</p>")
    assert said.startswith("May I use it? Yes")
    warehouse = shutil.copy(built_world.warehouse, tmp_path / "unknown.duckdb")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "update marts.verdicts set value = null, verdict = 'unknown' where check_group <> 'delivery'"
        )
        connection.execute("update marts.verdicts set measure_before = null, measure_now = null")
        connection.execute(
            "update marts.verdicts set is_accepted = true, accepted_reason = 'It was drawn by lot', accepted_by = 'Ada', "
            "accepted_on = date '2025-07-01' where check_id = 'overlap'"
        )
        connection.execute(
            "update marts.findings set estimate = null, lower_95 = null, upper_95 = null, verdict = 'open'"
        )
        publish_as_it_is(connection)
    page = render_report.render(warehouse, tmp_path / "report")
    words = text_of(page, '<section id="trust">', '<section id="audit">')
    assert "Not measured;" in words and "It can't be estimated." in words
    assert words.count("Accepted by Ada on 2025-07-01: It was drawn by lot") == 1
    assert not re.search(r"unknown (times|to)|– to –|- to -|nan", words)


def test_findings_are_answered_as_their_intervals_say(report, built_world):
    with duckdb.connect(str(built_world.warehouse), read_only=True) as connection:
        findings = connection.execute("select answer, verdict from marts.findings").fetchall()
    words = text_of(report, '<section id="findings">', '<section id="audit">')
    assert all(f"{answer} {verdict}" in words for answer, verdict in findings)


def section(page, name):
    return text_of(page, f'<section id="{name}">', "</section>")


def test_before_the_first_wave_the_page_says_what_there_is_not(report):
    assert section(report, "changes").endswith("the first to be published, so there is nothing to compare them with.")
    words = section(report, "campaign")
    assert "No results yet" in words and "No wave has begun; wave 1" in words
    assert "Does the effect fade from campaign to campaign? Unknown: there was only one campaign." in words
    assert "will be known to ±" in words and "unknown to" not in words
    assert "Choosing the channel" not in words
    assert not (report.parent / "campaign_effect.svg").exists() and not (report.parent / "bandit_arms.svg").exists()


@pytest.fixture
def rendered_with(built_world, tmp_path):
    """The page of the small world after statements that change it."""

    def rendered_with(*statements):
        warehouse = shutil.copy(built_world.warehouse, tmp_path / "changed.duckdb")
        with duckdb.connect(str(warehouse)) as connection:
            for statement in statements:
                connection.execute(statement)
            publish_as_it_is(connection)
        return render_report.render(warehouse, tmp_path / "report")

    return rendered_with


LOOK = """
    insert into marts.experiment_readout by name
    select
        'rollout' as experiment, metric, look_date, 90 as n_treatment, {n} as n_control, 0.02 as mean_treatment,
        0.01 as mean_control, effect, effect - error as sequential_lower, effect + error as sequential_upper,
        {n} >= 30 as has_enough_accounts, error < effect as is_conclusive,
        90 * effect as total_effect, 90 * sequential_lower as total_effect_lower, 90 * sequential_upper as total_effect_upper,
        if(metric = 'revenue_usd', 40, null) as expected_effect,
        0.0004 as sample_ratio_p_value, {is_lost} as has_sample_ratio_mismatch
    from (values ('revenue_usd', date '2025-08-25', 50, 60), ('revenue_usd', date '2025-09-01', 50, 20),
        ('admin_churn_rate', date '2025-09-01', 0.01, 0.02)) as looks (metric, look_date, effect, error)
"""


def test_the_campaign_is_read_out_with_intervals_guardrail_and_sample_ratio(rendered_with):
    waves = (
        "update marts.rollout_status set begun_date = '2025-08-04', n_nudged_users = 100, n_reacting_users = 9, "
        "log_e_value = ln(25), status = 'pause' where wave = 1"
    )
    page = rendered_with(LOOK.format(n=80, is_lost=True), waves)
    words = section(page, "campaign")
    assert (
        "Yes Does it pay? $50 per account ($30 to $70), $4,500 in all ($2,700 to $6,300); the forecast was $40" in words
    )
    assert "Open Do admins stay? 2.0% of the admins left" in words and "+1.0 points (−1.0 to +3.0)" in words
    assert "No Are the arms as assigned? Accounts are missing from one arm: trust no effect." in words
    assert "So far nudging pays: $50 per account ($30 to $70), against a forecast of $40" in words
    assert (
        "The campaign is paused" in words and "1 of 10 waves have begun. Of 100 users nudged, 9 reacted badly" in words
    )
    assert "strongest in wave 1, 25 to 1" in words
    assert "25 August: $50 (−$10 to $110), 90 accounts nudged, 80 held out" in page.read_text()


def test_a_campaign_whose_power_is_unknown_is_planned_without_it(rendered_with):
    words = section(rendered_with("update marts.experiment_plan set power_at_expected_effect = null"), "campaign")
    assert "the campaign can detect an effect of" in words and "with a chance of" not in words


def test_looks_at_few_accounts_decide_nothing(rendered_with):
    words = section(rendered_with(LOOK.format(n=29, is_lost=False)), "campaign")
    assert "Too few Does it pay?" in words and "Too few Do admins stay?" in words
    assert "Yes Are the arms as assigned? No sample ratio mismatch." in words


def test_the_bandit_is_read_out_with_its_regret_and_the_arms_it_gave(rendered_with):
    page = rendered_with(
        "insert into marts.bandit_rounds values (1, 'none', 50, 0.5, 0, 0.5, 100), (1, 'in_app', 50, 0.5, 0, 0.5, 300),"
        " (2, 'in_app', 100, 1, 0, 0.98, 1000)",
        "insert into marts.off_policy_evaluation values ('none', 'dr', 200, 90, 4, 1, 2.04, 5.96),"
        " ('best_by_segment', 'dr', 200, 90, 7.5, 0.5, 6.52, 8.48), ('best_by_segment', 'ips', 200, 90, 9, 0.5, 8.02, 9.98)",
    )
    words = section(page, "campaign")
    assert "In 2 rounds the bandit made 200 decisions and earned $1,400, $7.00 per decision." in words
    assert "would have earned $7.50 ($6.52 to $8.48): an estimated regret of $100 (−$96 to $296)." in words
    assert "No contact $4.00 ($2.04 to $5.96)" in words and "$9.00" not in words
    assert "The most frequent arm in round 2 was “in app”, chosen for 100.0% of users" in words
    assert "round 2: none for 0.0% of users" in page.read_text()


def test_what_changed_names_who_flipped_and_by_which_guardrail(rendered_with):
    page = rendered_with(
        "update marts.publication_changes set from_build_id = 'before', n_flips = 2, n_new_accounts = 0, from_n_targets = 9, "
        "from_data_fingerprint = 'other', from_model_version = to_model_version, from_policy_version = to_policy_version, "
        "from_code_version = to_code_version, from_value_usd = to_value_usd",
        """
        insert into marts.policy_diff by name
        select
            true as is_shipped, 'publications' as comparison, 'before' as from_build_id, 'now' as to_build_id,
            'p' as from_policy_id, 'p' as to_policy_id, account_id, account_id as account_name, from_decision, to_decision,
            guardrail as flipping_guardrail, moved as value_moved_usd, 'because' as reason
        from (values ('One Ltd', 'suppress_toxic_users', 'target', 'toxic_users', 70), ('Two Ltd', 'target', null, null, -30))
            as flips (account_id, from_decision, to_decision, guardrail, moved)
        """,
    )
    words = section(page, "changes")
    assert words.startswith(
        "What changed since the last publication 2 accounts have a different decision than in the previous lists."
    )
    assert "Changed: data." in words and "Accounts to nudge 9 " in words and " Data other " in words
    assert "Toxic users 1 0 0 $70" in words and "Came or went 0 1 0 −$30" in words and "list changed by −$40." in words
    assert (
        "One Ltd – Toxic users Target Toxic users because $70 Two Ltd – Target gone Came or went because −$30" in words
    )


def test_whom_the_list_nudges_is_said_in_words():
    users = pd.DataFrame(
        {
            "role_rank": [0, 1, 2] * 200,
            "momentum": [None, None, None, *[0.5, 0.5, 0.5] * 99, *[1.5, 1.5, 1.5] * 100],
            "tenure_days": [3, 8, 5, 9, 7, 3] * 100,
        }
    )
    users["is_nudged"] = (users["role_rank"] < 2) & ~(users["momentum"] > 1)
    found = policy_tree.groups(users)
    assert [(group["words"], group["n_users"], group["share"]) for group in found] == [
        ("momentum at most 1, or unknown; basic users or power users", 200, 1.0),
        ("momentum above 1", 300, 0.0),
        ("momentum at most 1, or unknown; admins", 100, 0.0),
    ]
    assert sum(group["n_right"] for group in found) == len(users)
    users["is_nudged"] = users["tenure_days"].between(5, 7)
    assert (
        policy_tree.groups(users[["tenure_days", "is_nudged"]])[0]["words"] == "days as a user at least 5 and at most 7"
    )
    assert policy_tree.groups(users.assign(is_nudged=False)) == []


def test_the_run_that_publishes_nothing_says_so_on_the_page_and_the_next_takes_it_back(built_world, run_dbt, tmp_path):
    for suffix in (".duckdb", ".truth.duckdb", ".published.duckdb"):
        shutil.copy(built_world.warehouse.with_suffix(suffix), tmp_path / f"causalyn{suffix}")
    warehouse = tmp_path / "causalyn.duckdb"
    page = render_report.render(warehouse, tmp_path / "target" / "report")
    assert text_of(page, '<div id="banner" role="alert">', "</div>") == ""
    run_dbt("run", "--select", "findings", warehouse=warehouse)
    banner = text_of(page, '<div id="banner" role="alert">', "</div>")
    since = r"The lists that were published on \d{4}-\d\d-\d\d at \d\d:\d\d stay as they were\.$"
    assert re.match(rf"The build of .* published nothing: .*claims \(older than findings\).* {since}", banner)
    again = render_report.render(warehouse, tmp_path / "again")
    assert text_of(again, '<div id="banner" role="alert">', "</div>").startswith("The last build published nothing: ")
    assert "No list can be taken along: the last build published nothing" in again.read_text()
    run_dbt("build", "--select", "findings+", "--exclude-resource-type", "unit_test", warehouse=warehouse)
    assert text_of(page, '<div id="banner" role="alert">', "</div>") == ""


def test_text_of_the_data_stays_text():
    name = "</script><script>alert(1)</script>"
    assert "<" not in report_page.script_data({"account": name})
    assert json.loads(report_page.script_data([name])) == [name]


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (1234.4, "accounts", "1,234"), (-0.4, "usd", "$0"), (-1234.5, "usd", "−$1,234"), (-0.0425, "share", "−4.2%"),
        (2.5, "ratio", "2.5"), (None, "ratio", "unknown"), (float("nan"), "usd", "–"), (12345.6, "ratio", "12,346"),
    ],
)  # fmt: skip
def test_figures_are_written_with_their_units(value, unit, written):
    assert report_page.measure(value, unit) == written


@pytest.mark.parametrize(("share", "written"), [(0.1234, "+12.3"), (-0.04, "−4.0"), (0.0004, "0.0"), (-0.0004, "0.0")])
def test_points_have_a_sign_unless_they_are_none(share, written):
    assert figures.points(share) == written


def a_funnel(**counts):
    rows = [
        {
            "decision": name,
            "precedence": place,
            "n_accounts": n,
            "n_accounts_entering": sum(list(counts.values())[place:]),
        }
        for place, (name, n) in enumerate(counts.items())
    ]
    return pd.DataFrame(rows)


def test_a_title_says_what_was_found_whichever_way_it_came_out():
    accounts = pd.DataFrame({"is_target": [True, False], "net_value_usd": [-5.0, 20.0]})
    assert figures.profit_curve(accounts).title == (
        "Priced with the risk to renewals, the only target loses $5; nudging everybody in the other account adds $20"
    )


def test_dollars_in_a_drawn_title_are_no_formula():
    written = io.StringIO()
    with figures.style(), matplotlib.rc_context({"svg.fonttype": "none"}):
        figures.Drawn("It earns $1 and loses $2", Figure()).titled().savefig(written, format="svg")
    assert "It earns $1 and loses $2" in written.getvalue()


@pytest.mark.parametrize(
    ("share", "written"),
    [(0, "0%"), (0.004, "<1%"), (0.0049, "<1%"), (0.3, "30%"), (0.996, ">99%"), (1, "100%")],
)
def test_rounding_makes_neither_nothing_nor_all(share, written):
    assert figures.rounded_share(share) == written


def test_a_policy_that_targets_nobody_is_drawn_too():
    assert figures.policy_funnel(a_funnel(suppress_toxic_users=3, target=0)).title == (
        "0 of 3 accounts pass every guardrail (0%); “toxic users” holds back most, 3"
    )
    assert figures.policy_funnel(a_funnel(suppress_toxic_users=0, target=0)) is None
