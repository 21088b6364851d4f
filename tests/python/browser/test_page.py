"""The report page in a real browser: it needs no network, decides as the warehouse does, leads from accounts to users,
exports the lists, and keeps text as text."""

import csv
import shutil
from pathlib import Path

import duckdb
import pytest
from conftest import publish_as_it_is

import render_report
from causalyn.warehouse.list_exports import export_lists

HOSTILE = "<script>window.broken = true</script>"


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="make .venv/.installed-browser installs it")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine; on Debian: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def warehouse(built_world, tmp_path_factory):
    """The small world with markup in an account's id, name and owner and in the findings of cleaning."""
    copy = shutil.copy(built_world.warehouse, tmp_path_factory.mktemp("page") / "world.duckdb")
    with duckdb.connect(str(copy)) as connection:
        first = connection.execute("select min(account_id) from marts.account_policy").fetchone()[0]
        shown = ("account_policy", "account_safety_frontier", "account_users", "account_explanations")
        for table in (*shown, "target_accounts"):
            connection.execute(f"update marts.{table} set account_id = ? where account_id = ?", [HOSTILE, first])
        connection.execute(
            "update marts.account_policy set account_name = account_id, owner = account_id where account_id = ?",
            [HOSTILE],
        )
        connection.execute("update marts.data_quality_summary set description = ?", [HOSTILE])
        publish_as_it_is(connection)
    return copy


@pytest.fixture(scope="module")
def rendered(warehouse, tmp_path_factory):
    return render_report.render(warehouse, tmp_path_factory.mktemp("rendered"))


@pytest.fixture
def page(browser, rendered):
    """The page, opened from disk at desktop width; the test fails on any error or request."""
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
    """Accounts by decision as the page shows them now, without empty decisions."""
    shown = page.locator("#funnel .amount").all_text_contents()
    counts = zip(page.evaluate("decisions.map(({ id }) => id)"), shown, strict=True)
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
    assert "as the warehouse did" in page.locator("#parity").inner_text()


def test_what_strategies_come_to_is_the_warehouses(page, warehouse):
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        expected = connection.execute(
            """
            select n_accounts, n_nudged_users, net_value_usd, lifetime_net_value_usd, cost_usd, n_admins_at_risk
            from marts.policy_comparison inner join seeds.policy_parameters using (policy_id)
            where is_shipped and population = 'today' and strategy in ('everybody', policy_id)
            order by strategy = policy_id
            """
        ).fetchall()
    assert [compared(page, column) for column in range(4)] == 2 * [[round(value) for value in row] for row in expected]


def compared(page, column):
    """Results of the strategies: everybody and the list as published, then at the page's setting."""
    rows = page.evaluate(
        "[...document.querySelectorAll('#compared tr')].map((r) => [...r.cells].map((c) => c.firstChild.data))"
    )
    return [float(row[column + 1].replace("−", "-").replace("$", "").replace(",", "")) for row in rows[:6]]


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
    page.get_by_role("button", name="Reset to published").click()
    assert page.locator("#outcome").inner_text() != before


def test_a_budget_takes_the_best_accounts_first(page, warehouse):
    page.locator("#budget").fill("20")
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        best = connection.execute(
            "select sum(net_value_usd) from marts.target_accounts where value_rank <= 20"
        ).fetchone()
    assert page.locator("#outcome").inner_text().startswith(f"20 accounts nudged, expected net value ${best[0]:,.0f},")
    assert decided(page)["target"] == 20
    page.get_by_label("Decision", exact=True).select_option("Target")
    assert page.locator("#found").inner_text() == "20 accounts"
    page.get_by_label("Decision", exact=True).select_option("Beyond the budget")
    assert page.locator("#found").inner_text().startswith(f"{decided(page)['beyond_budget']} accounts")


def test_the_top_of_the_page_tells_of_the_list_below(page, warehouse):
    parts = "[...document.querySelectorAll('h1, .lead, .tiles dd')].map((part) => part.textContent)"
    as_published = page.evaluate(parts)
    page.locator("#budget").fill("20")
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        priced, everybody, users, value = connection.execute(
            """
            select
                sum(priced.net_value_usd),
                (select net_value_usd from marts.policy_comparison
                    where policy_id = 'ltv' and population = 'today' and strategy = 'everybody'),
                sum(targets.n_nudged_users), sum(targets.net_value_usd)
            from marts.target_accounts as targets
            inner join marts.account_policy as priced using (account_id)
            where value_rank <= 20 and priced.policy_id = 'ltv' and population = 'today'
            """
        ).fetchone()
    title, lead, *tiles = page.evaluate(parts)
    assert title.startswith("Your setting nudges 20 of 600 accounts.")
    assert everybody < 0
    verb = "earn" if priced >= 0 else "lose"
    assert f"to {verb} ${abs(priced):,.0f}, and nudging everybody to lose ${-everybody:,.0f}" in lead
    assert tiles[:6:2] == ["20", f"{users:,.0f}", f"${value:,.0f}"] and tiles[1] == f"published: {as_published[2]}"
    page.get_by_role("button", name="Show the published list").click()
    assert page.evaluate(parts) == as_published


def test_nothing_but_the_pages_own_script_runs_and_nothing_is_asked_for(browser, rendered):
    page = browser.new_page()
    refused = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    page.goto(rendered.as_uri())
    assert refused == []
    page.evaluate(
        """() => {
            document.body.append(Object.assign(document.createElement("script"), { textContent: "window.broken = true" }));
            document.body.append(Object.assign(new Image(), { src: "https://example.com/pixel.png" }));
            return fetch("https://example.com/").catch(() => null);
        }"""
    )
    assert page.evaluate("() => window.broken") is None
    policy = " ".join(text for text in refused if "Content Security Policy" in text)
    assert all(directive in policy for directive in ("script-src", "img-src data:", "connect-src"))
    page.close()


def test_hours_of_customer_success_are_spent_as_the_warehouse_does(page, warehouse):
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        expected = connection.execute(
            """
            select success_hours_limit, count(*) filter (where is_chosen_greedily)
            from marts.account_allocation
            inner join seeds.allocation_limits using (scenario_id)
            inner join seeds.policy_parameters using (policy_id)
            where is_shipped and budget_usd is null
            group by all
            """
        ).fetchall()
    for limit, n_accounts in expected:
        page.evaluate(f"current.hours = {limit}; redraw()")
        assert decided(page)["target"] == n_accounts
    assert expected


def test_another_policy_is_decided_as_the_warehouse_does(page, warehouse):
    page.get_by_label("Policy", exact=True).select_option("ltv")
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        counts = connection.execute(
            "select decision, count(*) from marts.account_policy where policy_id = 'ltv' and population = 'today' group by 1"
        ).fetchall()
        net = connection.execute(
            "select net_value_usd from marts.policy_comparison "
            "where policy_id = 'ltv' and population = 'today' and strategy in ('everybody', 'ltv') order by strategy = 'ltv'"
        ).fetchall()
    assert decided(page) == dict(counts)
    assert [compared(page, column)[2] for column in (2, 3)] == [round(value) for (value,) in net]


def test_as_published_never_moves(page):
    page.locator("#value svg, #value canvas").first.wait_for()
    before = page.evaluate("JSON.stringify(chart.data[1].slice(0, 200))"), compared(page, 0), compared(page, 1)
    page.locator("#value_per_conversion_usd").fill("54")
    assert (
        page.evaluate("JSON.stringify(chart.data[1].slice(0, 200))"),
        compared(page, 0),
        compared(page, 1),
    ) == before
    assert page.evaluate("JSON.stringify(chart.data[2].slice(0, 200))") != before[0]
    worse = page.locator("#compared tr", has_text="Expected net value").locator(".change").all()
    assert {change.get_attribute("class") for change in worse} == {"change worse"}


def test_a_setting_lives_in_the_address_and_in_a_row_of_the_seed(page, browser, warehouse):
    page.get_by_label("Policy", exact=True).select_option("ltv")
    page.locator("#cost_per_account_usd").fill("12")
    page.locator("#budget").fill("20")
    outcome = page.locator("#outcome").inner_text()
    assert page.url.endswith("#whatif?policy=ltv&cost_per_account_usd=12&budget=20")
    sent = browser.new_page()
    sent.goto(page.url)
    assert sent.locator("#outcome").inner_text() == outcome
    sent.close()
    header, row = page.locator("#row").text_content().split("\n")
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        columns = [name for (name, *_) in connection.execute("describe seeds.policy_parameters").fetchall()]
    assert header.split(",") == columns
    written = dict(zip(columns, row.split(","), strict=True))
    assert (written["value_per_conversion_usd"], written["cost_per_account_usd"]) == ("", "12")
    page.get_by_role("button", name="Reset to published").click()
    assert page.url.endswith("#whatif")


SEARCH = "Search by name, account, user id or owner"


def test_search_finds_accounts_and_shows_markup_as_text(page):
    page.get_by_label(SEARCH).fill("<script>")
    assert page.locator("#accounts .account").count() == 1
    assert page.locator("#accounts .open").inner_text() == HOSTILE
    assert page.locator("#quality td").get_by_text(HOSTILE).count() > 0
    assert page.evaluate("window.broken") is None
    page.get_by_label(SEARCH).fill("nobody is called so")
    assert page.locator("#found").inner_text() == "No account matches. Remove a word or a filter."


def test_search_finds_a_user_and_shows_who_else_is_in_the_account(page, warehouse):
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        user, account = connection.execute(
            "select user_id, account_id from marts.account_users where not is_nudged and is_admin order by lift, user_id limit 1"
        ).fetchone()
        expected = connection.execute(
            """
            select user_id, replace(role_type, '_', ' '), round(100 * lift, 1), reason
            from marts.account_users where account_id = ?
            order by user_id
            """,
            [account],
        ).fetchall()
    page.get_by_label(SEARCH).fill(user)
    cells = page.evaluate(
        "[...document.querySelectorAll('.users tbody tr')].map((r) => [...r.cells].map((c) => c.textContent))"
    )
    shown = [(id, role, float(lift.split(" ")[0].replace("−", "-")), reason) for id, role, lift, reason in cells]
    assert [(row[0], row[1], row[3]) for row in sorted(shown)] == [(row[0], row[1], row[3]) for row in expected]
    assert [row[2] for row in sorted(shown)] == pytest.approx([row[2] for row in expected], abs=0.11)
    assert page.locator(".users .found th").all_inner_texts() == [user]


def test_accounts_are_filtered_sorted_and_shown_on_demand(page, warehouse):
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        n, n_of_plan, owner = connection.execute(
            """
            select count(*), count(*) filter (where plan_tier = 'starter' and n_users between 6 and 20), min(owner)
            from marts.account_policy where is_shipped and population = 'today' and decision = 'suppress_toxic_users'
            """
        ).fetchone()
    assert page.locator("#accounts .chip").first.inner_text() == "Target"
    page.get_by_label("Decision", exact=True).select_option("Toxic users")
    assert page.locator("#found").inner_text() == f"{n} accounts, the first 25 are shown"
    page.get_by_role("button", name="Show more").click()
    assert page.locator("#accounts .account").count() == 50
    assert set(page.locator("#accounts .chip").all_inner_texts()) == {"Toxic users"}
    page.get_by_role("button", name="Revenue per year").click()
    revenues = page.evaluate("found.map(({ revenue }) => revenue ?? -1)")
    assert revenues == sorted(revenues, reverse=True)
    page.get_by_label("Plan", exact=True).select_option("starter")
    page.get_by_label("Users", exact=True).select_option("6 to 20")
    assert page.evaluate("found.length") == n_of_plan
    page.get_by_label("Owner", exact=True).select_option(owner)
    assert set(page.evaluate("found.map(({ owner }) => owner)")) <= {owner}


def test_an_account_opens_by_keyboard_with_its_reason_value_and_features(page):
    page.locator("#accounts .open").first.focus()
    page.keyboard.press("Enter")
    opened = page.locator("#accounts .more")
    assert opened.locator("> td > .details > p").inner_text().startswith("Passed every guardrail: $")
    assert "Net value" in opened.inner_text()
    assert "usual" in opened.locator(".seen").inner_text()
    steps = [float(text.split()[0].replace("−", "-")) for text in opened.locator(".seen .amount").all_inner_texts()]
    assert sum(steps[:-1]) == pytest.approx(steps[-1], abs=0.4)
    lifts = page.evaluate("found[0].users.map(({ lift }) => lift)")
    assert steps[-1] == pytest.approx(100 * sum(lifts) / len(lifts), abs=0.11)
    assert "All other features" in opened.locator(".seen").inner_text()
    assert page.evaluate("document.activeElement.className") == "open"
    page.keyboard.press("Enter")
    assert opened.count() == 0


def downloaded(page, button):
    with page.expect_download() as waiting:
        page.get_by_role("button", name=button).click()
    return Path(waiting.value.path()).read_text(encoding="utf-8")


def test_downloads_are_the_exported_lists(page, warehouse, tmp_path):
    rows = export_lists(warehouse, tmp_path / "lists")
    for name, (title, unit) in render_report.DOWNLOADS.items():
        assert downloaded(page, f"{title} (CSV)") == (tmp_path / "lists" / f"{name}.csv").read_text(encoding="utf-8")
        said = page.locator(".downloads li", has_text=f"{title} (CSV)").inner_text()
        assert f"{rows[name]:,} {unit}" in said
    handed = list(csv.DictReader((tmp_path / "lists" / "customer_success_handover.csv").read_text().splitlines()))
    assert handed and all(
        len(row["sleeping_dog_user_ids"].split(", ")) == int(row["n_sleeping_dogs"]) for row in handed
    )
    headline = page.evaluate("published.nudged.accounts")
    assert f"released of {headline:,}" in page.locator(".downloads li").first.inner_text()


def test_the_accounts_found_are_downloaded_and_no_formula_is(page, warehouse):
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        targets = {row[0] for row in connection.execute("select account_id from marts.target_accounts").fetchall()}
    page.get_by_label("Decision", exact=True).select_option("Target")
    rows = list(csv.DictReader(downloaded(page, "Download these accounts").splitlines()))
    assert targets - {row["account_id"] for row in rows} <= {min(targets)} and len(rows) == len(targets)
    assert page.evaluate("cell_of('=1+1,\"x\"')") == '"\'=1+1,""x"""'


def test_print_shows_the_first_accounts_and_nothing_that_wants_a_screen(page):
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 794, "height": 1123})  # A4
    assert page.locator("#accounts > tr:visible").count() == 10
    for part in ("nav", "#whatif", "#downloads", "#more"):
        assert not page.locator(part).is_visible(), part
    for part in ("#decision-section .figures", "#held-back", "#trust", "#findings"):
        assert page.locator(part).first.is_visible(), part
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_page_fits_a_phone_and_is_used_by_keyboard(page):
    page.set_viewport_size({"width": 390, "height": 800})
    # The browser resizes the chart after laying out the page.
    page.wait_for_function("document.documentElement.scrollWidth <= window.innerWidth", timeout=5000)
    page.locator("#cost_per_account_usd").focus()
    before = page.locator("#cost_per_account_usd").input_value()
    page.keyboard.press("ArrowRight")
    assert page.locator("#cost_per_account_usd").input_value() != before
    page.locator("#accounts .open").first.click()
    assert page.locator("#accounts .more .details").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
