"""The report page in a real browser: it loads alone, decides as the warehouse does, searches, and keeps text as text."""

import shutil

import duckdb
import pytest
from conftest import publish_as_it_is

import render_report

HOSTILE = "<script>window.broken = true</script>"


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (the extra `browser`)")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine; on Debian: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def warehouse(built_world, tmp_path_factory):
    """The small world with markup for the id of an account and for what cleaning found."""
    copy = shutil.copy(built_world.warehouse, tmp_path_factory.mktemp("page") / "world.duckdb")
    with duckdb.connect(str(copy)) as connection:
        first = connection.execute("select min(account_id) from marts.account_policy").fetchone()[0]
        for table in ("marts.account_policy", "marts.account_safety_frontier"):
            connection.execute(f"update {table} set account_id = ? where account_id = ?", [HOSTILE, first])
        connection.execute("update marts.data_quality_summary set description = ?", [HOSTILE])
        publish_as_it_is(connection)
    return copy


@pytest.fixture(scope="module")
def rendered(warehouse, tmp_path_factory):
    return render_report.render(warehouse, tmp_path_factory.mktemp("rendered"))


@pytest.fixture
def page(browser, rendered):
    """The page, opened from disk at a desktop's width; the test fails on any error or request."""
    troubles = []
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda request: troubles.append(request.url) if request.url.startswith("http") else None)
    page.goto(rendered.as_uri())
    yield page
    page.close()
    assert troubles == []


def decided(page):
    """Accounts by decision as the page shows them now, without decisions that no account got."""
    shown = page.locator("#funnel .amount").all_inner_texts()
    counts = zip(page.evaluate("data.decisions.map(({ id }) => id)"), shown, strict=True)
    return {decision: int(text.replace(",", "")) for decision, text in counts if text != "0"}


def by_sql(warehouse, value, cost, threshold, share):
    """Accounts by decision at other parameters, from the marts."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        rows = connection.execute(
            """
            select
                case
                    when n_scored_users < n_users or n_scored_users = 0 or grid.n_unsupported_admins > 0
                        then 'suppress_unscored'
                    when grid.n_sleeping_dog_admins > 0 then 'suppress_toxic_admin'
                    when round(grid.n_sleeping_dogs / n_scored_users, 9) > $share and grid.n_sleeping_dogs >= min_toxic_users
                        then 'suppress_toxic_users'
                    when round(sum_lift * $value, 6) <= 0 then 'suppress_unprofitable'
                    when round(sum_lift * $value - $cost, 6) <= 0 then 'suppress_too_small'
                    else 'target'
                end as decision,
                count(*)
            from marts.account_policy as policy
            inner join marts.account_safety_frontier as grid on policy.account_id = grid.account_id
            where policy.is_shipped and policy.population = 'today' and grid.sleeping_dog_lift_threshold = $threshold
            group by 1
            """,
            {"value": value, "cost": cost, "threshold": threshold, "share": share},
        ).fetchall()
    return dict(rows)


def test_the_page_shows_the_published_decision(page, warehouse):
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        query = (
            "select decision, count(*) from marts.account_policy where is_shipped and population = 'today' group by 1"
        )
        assert decided(page) == dict(connection.execute(query).fetchall())
    assert page.locator("#value canvas").count() == 1
    assert "just as the warehouse did" in page.locator("#parity").inner_text()


def test_what_strategies_come_to_is_the_warehouses(page, warehouse):
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        expected = connection.execute(
            """
            select n_accounts, n_nudged_users, net_value_usd, cost_usd, n_admins_at_risk
            from marts.policy_comparison inner join seeds.policy_parameters using (policy_id)
            where is_shipped and population = 'today' and strategy in ('everybody', policy_id)
            order by strategy = policy_id
            """
        ).fetchall()
    rows = [row.split("\t") for row in page.locator("#compared tr").all_inner_texts()]
    for column, strategy in enumerate(expected, start=1):
        shown = [float(rows[row][column].replace("−", "-").replace("$", "").replace(",", "")) for row in range(5)]
        assert shown == [round(value) for value in strategy]


@pytest.mark.parametrize(
    ("value", "cost", "threshold", "share"), [(30, 12, -0.02, 0.1), (80, 2, -0.12, 0.25), (55, 7, 0.0, 0.0)]
)
def test_sliders_decide_as_sql_does(page, warehouse, value, cost, threshold, share):
    place = page.evaluate("data.thresholds").index(threshold)
    sliders = {
        "value_per_conversion_usd": value, "cost_per_account_usd": cost,
        "place": place, "toxic_user_share_limit": share,
    }  # fmt: skip
    for name, position in sliders.items():
        page.locator(f"#{name}").fill(str(position))
    assert decided(page) == by_sql(warehouse, value, cost, threshold, share)
    before = page.locator("#outcome").inner_text()
    page.get_by_role("button", name="Back to as published").click()
    assert page.locator("#outcome").inner_text() != before


def test_a_budget_takes_the_best_accounts_first(page, warehouse):
    page.locator("#budget").fill("20")
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        best = connection.execute(
            "select sum(net_value_usd) from marts.target_accounts where value_rank <= 20"
        ).fetchone()
    assert page.locator("#outcome").inner_text().startswith(f"20 accounts nudged, expected net value ${best[0]:,.0f},")


def test_search_finds_accounts_and_shows_markup_as_text(page):
    page.get_by_label("Search by account or decision").fill("<script>")
    assert page.locator("#accounts tr").count() == 1
    assert page.locator("#accounts th").inner_text() == HOSTILE
    assert page.locator("#quality td").get_by_text(HOSTILE).count() > 0
    assert page.evaluate("window.broken") is None


def test_accounts_are_found_by_decision_and_more_are_shown_on_demand(page, warehouse):
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        n = connection.execute(
            "select count(*) from marts.account_policy "
            "where is_shipped and population = 'today' and decision = 'suppress_toxic_users'"
        ).fetchone()[0]
    page.get_by_label("Decision", exact=True).select_option("Toxic users")
    assert page.locator("#found").inner_text() == f"{n} accounts, the first 25 are shown"
    page.get_by_role("button", name="Show more").click()
    assert page.locator("#accounts tr").count() == 50
    assert set(page.locator("#accounts .chip").all_inner_texts()) == {"Toxic users"}


def test_the_page_fits_a_phone_and_is_used_by_keyboard(page):
    page.set_viewport_size({"width": 390, "height": 800})
    # The chart takes its new width once the browser has laid the page out anew.
    page.wait_for_function("document.documentElement.scrollWidth <= window.innerWidth", timeout=5000)
    page.locator("#cost_per_account_usd").focus()
    before = page.locator("#cost_per_account_usd").input_value()
    page.keyboard.press("ArrowRight")
    assert page.locator("#cost_per_account_usd").input_value() != before
