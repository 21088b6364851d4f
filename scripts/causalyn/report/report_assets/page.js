const data = JSON.parse(document.getElementById("data").textContent);
const files = JSON.parse(document.getElementById("files").textContent);
const rows = data.rows;
// One object per row: an account, or a group of n_accounts without an id.
const accounts = rows.n_users.map((n_users, i) => ({
  place: i, account_id: rows.account_id[i], n_accounts: rows.n_accounts?.[i] ?? 1, n_users, n_scored_users: rows.n_scored_users[i],
  n_nudged_users: rows.n_nudged_users[i], sum_lift: rows.sum_lift[i], value_per_conversion_usd: rows.value_per_conversion_usd?.[i],
  expected_churn_cost_usd: rows.expected_churn_cost_usd?.[i], published: data.decisions[rows.published[i]].id, hours: rows.success_hours[i],
  name: (rows.account_name[i] ?? "").trim(), owner: rows.owner[i] ?? "", plan: rows.plan_tier[i] ?? "", revenue: rows.annual_recurring_revenue_usd[i],
  renewal: rows.renewal_date[i] ?? "", users: [], ids: "",
  features: rows.reasons[rows.reason[i]] ?? [], feature_values: rows.reason_values[i], contributions: rows.contributions[i],
  dogs: rows.profiles[rows.profile[i]][0], dog_admins: rows.profiles[rows.profile[i]][1],
  unsupported_admins: rows.profiles[rows.profile[i]][2],
}));
// The same accounts if all their users were nudged.
accounts.forEach((a, i) => {
  a.everybody = {
    ...a, is_everybody: true, n_nudged_users: a.n_scored_users, sum_lift: rows.sum_lift_of_everybody[i],
    expected_churn_cost_usd: rows.expected_churn_cost_of_everybody_usd?.[i],
  };
});
// Net value at prices that include renewals, regardless of the list's own prices.
const risk = data.choices.find(({ policy_id }) => policy_id === data.risk_policy_id);
const with_risk = (a) => a.n_accounts * netValue({
  ...a, value_per_conversion_usd: risk.value_per_conversion_usd[a.place],
  expected_churn_cost_usd: (a.is_everybody ? risk.expected_churn_cost_of_everybody_usd : risk.expected_churn_cost_usd)[a.place],
}, { ...risk, value_per_conversion_usd: null, value_factor: 1 });
data.users.place.forEach((place, i) => {
  const share = (name) => (data.users[name][i] === null ? null : data.users[name][i] / 1e4);
  accounts[place].users.push({
    id: data.users.user_id[i], role: data.users.roles[data.users.role_type[i]], reason: data.users.reasons[data.users.reason[i]],
    lift: share("lift"), lower: share("lift_lower"), upper: share("lift_upper"),
  });
});
for (const a of accounts) {
  if (a.account_id !== undefined) a.ids = [a.account_id, a.name, a.owner, a.plan, ...a.users.map(({ id }) => id)].join(" ").toLowerCase();
}
const n_all = accounts.reduce((n, a) => n + a.n_accounts, 0);
const all_hours = Math.ceil(accounts.reduce((sum, a) => sum + a.n_accounts * a.hours, 0));
const shipped = Math.max(0, data.thresholds.indexOf(data.policy.sleeping_dog_lift_threshold));
const as_published = { ...data.policy, policy: data.policy_id, value_factor: 1, place: shipped, budget: n_all, hours: all_hours };
const current = { ...as_published };
// A decision that the warehouse does not have: accounts that pass every guardrail, but exceed the budget or the hours.
const decisions = [...data.decisions.slice(0, -1), { id: "beyond_budget", label: "Beyond the budget" }, data.decisions.at(-1)];
const labels = Object.fromEntries(decisions.map(({ id, label }) => [id, label]));

const byId = (id) => document.getElementById(id);
const whole = (x) => Math.round(x).toLocaleString("en");
const dollars = (x, digits = 0) => (x < 0 ? "−$" : "$") + Math.abs(x).toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
const points = (x) => `${(+(100 * x).toFixed(2)).toString().replace("-", "−")} points`;
const signed = (x) => { const written = (100 * x).toFixed(1); return written.replace("-", "") === "0.0" ? "0.0" : `${x > 0 ? "+" : ""}${written}`.replace("-", "−"); };
const plural = (n, one) => `${whole(n)} ${one}${n === 1 ? "" : "s"}`;
const element = (name, text, className = "") => Object.assign(document.createElement(name), { textContent: text, className });

const why = (a, p) => ({
  suppress_unscored: () => {
    if (a.n_users === 0) return "It has no users to count, so nothing is known.";
    if (a.n_scored_users < a.n_users) return `${whole(a.n_scored_users)} of ${plural(a.n_users, "user")} have a score; all must.`;
    return `Past campaigns say too little about ${plural(a.n_unsupported_admins, "admin")}, so the effect of a nudge is unknown.`;
  },
  suppress_toxic_admin: () => `${plural(a.n_sleeping_dog_admins, "admin")} would be put off: ${a.n_sleeping_dog_admins === 1 ? "a predicted Sleeping Dog" : "predicted Sleeping Dogs"}. One is enough.`,
  suppress_toxic_users: () => `${whole(a.n_sleeping_dogs)} of ${plural(a.n_scored_users, "user")} (${((100 * a.n_sleeping_dogs) / a.n_scored_users).toFixed(0)}%) would be put off; at most ${+(100 * p.toxic_user_share_limit).toFixed(1)}% may.`,
  suppress_unprofitable: () => `Nudging is expected to earn ${dollars(revenue(a, p), 2)}: the users driven away outweigh the users won.`,
  suppress_too_small: () => (netValue(a, p) <= 0
    ? `Expected to earn ${dollars(revenue(a, p), 2)}, which does not cover the cost of ${dollars(cost(a, p), 2)}.`
    : `Only ${plural(a.n_scored_users, "scored user")}; at least ${p.min_scored_users} are needed.`),
  beyond_budget: () => `Passes every guardrail, but others are worth more: ${dollars(revenue(a, p), 2)} expected against ${dollars(cost(a, p), 2)} of cost.`,
  target: () => `Passed every guardrail: ${dollars(revenue(a, p), 2)} expected against ${dollars(cost(a, p), 2)} of cost.`,
}[a.decision]());

// The best targets first, up to the limits of accounts and customer success hours. Hours are spent where they earn most.
function within(targets, p) {
  const worth = (a) => (a.hours > 0 ? round6(a.net / (a.hours / p.hours)) : Infinity);
  const limits_hours = p.hours < all_hours;
  const ordered = limits_hours ? [...targets].sort((a, b) => worth(b) - worth(a) || b.net - a.net || (a.account_id < b.account_id ? -1 : 1)) : targets;
  let n = 0, hours = 0;
  const taken = [];
  for (const a of ordered) {
    hours += a.n_accounts * a.hours;
    if (n + a.n_accounts > p.budget || (limits_hours && hours > p.hours)) break;
    n += a.n_accounts;
    taken.push(a);
  }
  return taken;
}

// Decides every row at the parameters p, with totals.
function decide_all(p) {
  const count = Object.fromEntries(decisions.map(({ id }) => [id, 0]));
  const all = [], targets = [];
  for (const a of accounts) {
    a.n_sleeping_dogs = a.dogs[p.place] ?? 0;
    a.n_sleeping_dog_admins = a.dog_admins[p.place] ?? 0;
    a.n_unsupported_admins = a.unsupported_admins[p.place] ?? 0;
    a.decision = decide(a, p);
    a.net = netValue(a, p);
    if (a.decision === "target") targets.push(a);
    if (a.n_users > 0) {
      a.everybody.net = netValue(a.everybody, p);
      all.push(a.everybody);
    }
  }
  targets.sort((a, b) => b.net - a.net || (a.account_id < b.account_id ? -1 : 1));
  const taken = within(targets, p);
  for (const a of targets) a.decision = "beyond_budget";
  for (const a of taken) a.decision = "target";
  for (const a of accounts) count[a.decision] += a.n_accounts;
  const total = (list) => {
    const sum = { accounts: 0, users: 0, net: 0, priced: 0, cost: 0, admins: 0, dogs: 0 };
    for (const a of list) {
      const n = a.n_accounts;
      sum.accounts += n;
      sum.users += n * a.n_nudged_users;
      if (a.sum_lift !== null) sum.net += n * a.net;
      if (risk) sum.priced += with_risk(a);
      sum.cost += n * cost(a, p);
      // Risk uses the published threshold, so that a laxer one can't define it away.
      sum.admins += n * (a.dog_admins[shipped] ?? 0);
      sum.dogs += n * (a.dogs[shipped] ?? 0);
    }
    return sum;
  };
  // Cumulative value of the best accounts; kept as numbers, since another setting prices the accounts again.
  return { count, values: targets.map((a) => [a.n_accounts, a.net]), targets, taken, all, nudged: total(taken), everybody: total(all) };
}

const published = decide_all(as_published);
const n_differing = accounts.filter((a) => a.decision !== a.published).length;
byId("parity").textContent = n_differing === 0
  ? `As published, this page decides all ${whole(n_all)} accounts as the warehouse did.`
  : `Caution: as published, this page decides ${whole(n_differing)} accounts differently from the warehouse.`;

// Other policies with other prices for the same accounts.
const own_prices = accounts.map((a) => [a.value_per_conversion_usd, a.expected_churn_cost_usd, a.everybody.expected_churn_cost_usd]);
const policies = [data.policy_id, ...data.choices.map(({ policy_id }) => policy_id)];
function choose(policy) {
  const other = data.choices.find(({ policy_id }) => policy_id === policy);
  accounts.forEach((a, i) => {
    const [value, churn, churn_of_everybody] = other
      ? [other.value_per_conversion_usd[i], other.expected_churn_cost_usd[i], other.expected_churn_cost_of_everybody_usd[i]] : own_prices[i];
    Object.assign(a, { value_per_conversion_usd: value, expected_churn_cost_usd: churn });
    Object.assign(a.everybody, { value_per_conversion_usd: value, expected_churn_cost_usd: churn_of_everybody });
  });
  current.policy = other ? policy : data.policy_id;
  for (const name of Object.keys(data.policy)) if (other?.[name] !== undefined) current[name] = other[name];
  if (!other) Object.assign(current, data.policy);
  else current.value_per_conversion_usd = other.is_by_account ? null : other.value_per_conversion_usd[0];
}
for (const policy of policies) byId("policy").append(Object.assign(element("option", policy === data.policy_id ? `${policy} (published)` : policy), { value: policy }));
byId("choice").hidden = policies.length < 2;
byId("policy").addEventListener("input", () => { choose(byId("policy").value); show_all(); });

const money = { written: (x) => dollars(x, x % 1 ? 2 : 0) };
const sliders = [
  { id: "value_factor", text: "Value of a conversion, relative to each account's own", low: 0, high: 3, step: 0.05, written: (x) => `${whole(100 * x)}%`, is_for: () => current.value_per_conversion_usd === null },
  { id: "value_per_conversion_usd", text: "Value of a conversion", low: 0, high: Math.max(100, 3 * data.policy.value_per_conversion_usd), step: 1, ...money, is_for: () => current.value_per_conversion_usd !== null },
  { id: "cost_per_account_usd", text: "Cost per account", low: 0, high: Math.max(30, 4 * data.policy.cost_per_account_usd), step: 0.5, ...money },
  { id: "cost_per_nudge_usd", text: "Cost per nudge", low: 0, high: Math.max(10, 4 * data.policy.cost_per_nudge_usd), step: 0.25, ...money },
  { id: "place", text: "A user is a Sleeping Dog below a lift of", low: 0, high: data.thresholds.length - 1, step: 1, written: (x) => points(data.thresholds[x]) },
  { id: "toxic_user_share_limit", text: "Sleeping Dogs allowed among an account's users", low: 0, high: 1, step: 0.01, written: (x) => `${+(100 * x).toFixed(1)}%` },
  { id: "budget", text: "Budget: nudge at most", low: 0, high: n_all, step: Math.max(1, Math.round(n_all / 2400)), written: (x) => (x >= n_all ? "no limit" : plural(x, "account")) },
  { id: "hours", text: "Customer success hours", low: 0, high: all_hours, step: Math.max(1, Math.round(all_hours / 2400)), written: (x) => (x >= all_hours ? "no limit" : plural(x, "hour")) },
].filter(({ low, high }) => high > low);
for (const slider of sliders) {
  const shown = element("output", "");
  const input = Object.assign(document.createElement("input"), { type: "range", id: slider.id, min: slider.low, max: slider.high, step: slider.step });
  const name = element("label", slider.text);
  name.htmlFor = shown.htmlFor = slider.id;
  const box = element("div", "", "slider");
  box.append(name, shown, input);
  byId("sliders").append(box);
  slider.show = () => { shown.textContent = slider.written(current[slider.id]); input.setAttribute("aria-valuetext", shown.textContent); };
  slider.reset = () => { box.hidden = slider.is_for ? !slider.is_for() : false; input.value = current[slider.id]; slider.show(); };
  input.addEventListener("input", () => { current[slider.id] = Number(input.value); slider.show(); redraw(); });
}
const show_all = () => { byId("policy").value = current.policy; sliders.forEach((slider) => slider.reset()); redraw(); };
byId("reset").addEventListener("click", () => { choose(data.policy_id); Object.assign(current, as_published); show_all(); });

// The setting lives in the address: #whatif?policy=ltv&budget=200.
const start_of_setting = "#whatif?";
function write_address() {
  const changed = new URLSearchParams();
  if (current.policy !== data.policy_id) changed.set("policy", current.policy);
  const other = data.choices.find(({ policy_id }) => policy_id === current.policy);
  for (const { id, is_for } of sliders) {
    const from = other && id === "value_per_conversion_usd" ? other.value_per_conversion_usd[0] : other?.[id] ?? as_published[id];
    if ((is_for?.() ?? true) && current[id] !== from) changed.set(id, current[id]);
  }
  const is_changed = [...changed].length > 0;
  if (is_changed || location.hash.startsWith(start_of_setting)) {
    try { history.replaceState(null, "", is_changed ? `${start_of_setting}${changed}` : "#whatif"); } catch { /* too many moves a second: the next one writes it */ }
  }
  return is_changed;
}
function read_address() {
  if (!location.hash.startsWith(start_of_setting)) return;
  const given = new URLSearchParams(location.hash.slice(start_of_setting.length));
  Object.assign(current, as_published);
  choose(given.get("policy") ?? data.policy_id);
  for (const { id, low, high } of sliders) {
    const value = Number(given.get(id));
    if (given.has(id) && value >= low && value <= high) current[id] = value;
  }
  byId("whatif").scrollIntoView();
}
addEventListener("hashchange", () => { if (location.hash.startsWith(start_of_setting)) { read_address(); show_all(); } });

// The seed row with this setting.
function write_seed() {
  const row = { ...data.seed, policy_id: "what_if", is_shipped: false, value_per_conversion_usd: current.value_per_conversion_usd ?? "" };
  for (const name of Object.keys(row)) if (name in current && !["policy_id", "value_per_conversion_usd"].includes(name)) row[name] = current[name];
  if (current.place !== shipped) row.sleeping_dog_lift_threshold = data.thresholds[current.place];
  byId("row").textContent = `${Object.keys(row).join(",")}\n${Object.values(row).map((value) => value ?? "").join(",")}`;
  byId("unwritten").textContent = [
    current.budget < n_all || current.hours < all_hours ? "Budget and hours are not policy parameters: set limits in seeds/allocation_limits.csv." : "",
    data.is_in_revenue && current.value_per_conversion_usd !== null ? "The value per conversion is measured from revenue, whatever the seed says." : "",
    current.value_per_conversion_usd === null && current.value_factor !== 1 ? "The factor on the accounts' values is not one either: set the values in seeds/plan_values.csv." : "",
  ].join(" ");
}

const funnel = decisions.map(({ id, label }) => {
  const bar = element("div", "", id === "target" ? "bar target" : "bar");
  const mark = element("div", "", "mark");
  const track = element("div", "", "track");
  track.append(bar, mark);
  const shown = element("span", "", "amount");
  const line = element("li", "");
  line.append(element("span", label), track, shown);
  byId("funnel").append(line);
  mark.style.left = `${(100 * published.count[id]) / n_all}%`;
  return (count) => {
    line.hidden = id === "beyond_budget" && count[id] === 0;
    bar.style.width = `${(100 * count[id]) / n_all}%`;
    shown.textContent = whole(count[id]);
  };
});

let chart;
const height = 280;
const width = () => Math.max(260, byId("value").clientWidth);
// Net value by number of targets, best first, at as many points as a screen can show.
function curve(targets, places) {
  const values = [];
  let n = 0, sum = 0, place = 0;
  for (const [n_accounts, net] of targets) {
    while (place < places.length && places[place] <= n + n_accounts) values.push(sum + net * (places[place++] - n));
    n += n_accounts;
    sum += n_accounts * net;
  }
  if (targets.length === 0) values.push(0);
  return places.map((_, i) => values[i] ?? null);
}
function draw_value({ values, nudged }) {
  const n_of = (targets) => targets.reduce((n, [n_accounts]) => n + n_accounts, 0);
  const most = Math.max(n_of(values), n_of(published.values), 1);
  const step = Math.max(1, Math.ceil(most / 400));
  const places = Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
  const now = curve(values, places);
  const series = [places, curve(published.values, places), now, now.map((y, i) => (places[i] <= nudged.accounts ? y : null))];
  if (chart) return chart.setData(series);
  const compact = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD", notation: "compact", minimumFractionDigits: 0, maximumFractionDigits: 1 });
  const axis = { stroke: "#55606e", grid: { stroke: "#eceff2", width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif" };
  chart = new uPlot({
    width: width(), height, scales: { x: { time: false } }, cursor: { drag: { x: false, y: false } }, legend: { show: false },
    series: [{}, { stroke: "#8a94a0", width: 2, dash: [6, 4] }, { stroke: "#9cc9e6", width: 2 }, { stroke: "#0072b2", width: 3 }],
    axes: [
      { ...axis, label: "targeted accounts, best first", size: 28, labelSize: 20, labelGap: 0 },
      { ...axis, size: 64, values: (_, ticks) => ticks.map((x) => compact.format(x).replace("-", "−")) },
    ],
  }, series, byId("value"));
}
addEventListener("resize", () => chart.setSize({ width: width(), height }));

// Whether more is better (1), worse (-1), or neither (0).
const compared = [
  ["Accounts nudged", "accounts", whole, 0], ["Users nudged", "users", whole, 0], ["Expected net value", "net", dollars, 1],
  ...(risk ? [["Net value with renewal risk", "priced", dollars, 1]] : []), ["Cost", "cost", dollars, -1],
  ["Admins at risk", "admins", whole, -1], ["Sleeping Dogs in these accounts", "dogs", whole, -1],
].map(([text, name, written, better]) => {
  const line = element("tr", "");
  const cells = [published.everybody, published.nudged, null, null].map((sum) => element("td", sum ? written(sum[name]) : "", "number"));
  line.append(Object.assign(element("th", text), { scope: "row" }), ...cells);
  byId("compared").append(line);
  return (result) => [["everybody", cells[2]], ["nudged", cells[3]]].forEach(([side, cell]) => {
    const change = result[side][name] - published[side][name];
    cell.textContent = written(result[side][name]);
    const kind = better * change > 0 ? "better" : better * change < 0 ? "worse" : "";
    if (Math.abs(change) >= 0.5) cell.append(element("span", `${change > 0 ? "+" : "−"}${written(Math.abs(change))}`, `change ${kind}`));
  });
});
// The top of the page describes the list below it: as published, or at another setting.
const headline = [...document.querySelectorAll("h1, .lead, .tiles > div > dd")];
const as_written = headline.map((part) => part.innerHTML);
function show_headline(is_changed) {
  headline.forEach((part, i) => { part.innerHTML = as_written[i]; });
  document.querySelector("header").classList.toggle("changed", is_changed);
  for (const part of document.querySelectorAll("#may-i, .facts")) part.hidden = is_changed;
  if (!is_changed) return;
  const { accounts: n, users, net, admins } = result.nudged;
  const earn = (x) => `${x < 0 ? "lose" : "earn"} ${dollars(Math.abs(x))}`;
  const [list, everybody] = risk ? [result.nudged.priced, result.everybody.priced] : [net, result.everybody.net];
  const back = Object.assign(element("button", "Show the published list"), { type: "button" });
  back.addEventListener("click", () => byId("reset").click());
  headline[0].textContent = `Your setting nudges ${n ? whole(n) : "none"} of ${plural(n_all, "account")}. It is not the published list.`;
  headline[1].textContent = `${risk ? `At the prices of the policy “${risk.policy_id}”, with the risk to renewals` : data.risk_policy_id === current.policy ? "Priced with the risk to renewals" : "At these prices"}, this list is expected to ${earn(list)}, `
    + `and nudging everybody to ${earn(everybody)}: the list is ${list >= everybody ? "better" : "worse"} by ${dollars(Math.abs(list - everybody))}. `;
  headline[1].append(back);
  const shown = [whole(n), whole(users), dollars(net), `${whole(admins)} predicted`];
  shown.forEach((text, i) => {
    const [figure, note] = headline.slice(2 + 2 * i, 4 + 2 * i);
    note.textContent = `published: ${figure.textContent}`;
    figure.textContent = text;
  });
}

let result = published;
function redraw() {
  result = decide_all(current);
  funnel.forEach((show) => show(result.count));
  compared.forEach((show) => show(result));
  draw_value(result);
  const text = `${plural(result.nudged.accounts, "account")} nudged, expected net value ${dollars(result.nudged.net)}, `
    + `${plural(result.nudged.admins, "admin")} at risk.`;
  byId("outcome").textContent = text;
  byId("value").setAttribute("aria-label", `Net value by number of accounts nudged. ${text}`);
  write_seed();
  show_headline(write_address());
  search();
}

// From the lift without any feature to that of the users who decided: each feature starts where the previous one ended.
function waterfall(a) {
  const [base, mean] = a.contributions.slice(-2);
  const written = (x) => (+x.toPrecision(3)).toLocaleString("en");
  const steps = a.features.map((feature, i) => {
    const usual = data.usual[feature];
    const text = a.feature_values[i] === null ? feature[0].toUpperCase() + feature.slice(1)
      : `${written(a.feature_values[i])} ${feature}${usual === undefined ? "" : `, usual ${written(usual)}`}`;
    return [text, a.contributions[i]];
  });
  steps.push(["All other features", mean - base - steps.reduce((sum, [, by]) => sum + by, 0)]);
  let at = base;
  const bars = [["Lift if nothing were known", 0, base, "total"]];
  for (const [text, by] of steps) bars.push([text, at, at += by, by > 0 ? "raises" : "lowers"]);
  bars.push(["Mean lift of the users who decided", 0, mean, "total"]);
  const ends = bars.flatMap(([, from, to]) => [from, to]);
  const low = Math.min(0, ...ends), span = Math.max(0, ...ends) - low || 1;
  const list = element("ul", "", "seen");
  for (const [text, from, to, kind] of bars) {
    const line = element("li", "", kind);
    const track = element("span", "", "track");
    const bar = element("span", "", `pull ${kind}`);
    Object.assign(bar.style, { left: `${(100 * (Math.min(from, to) - low)) / span}%`, width: `${(100 * Math.abs(to - from)) / span}%` });
    const zero = element("span", "", "zero");
    zero.style.left = `${(-100 * low) / span}%`;
    track.append(bar, zero);
    line.append(element("span", text), track, element("span", `${signed(to - from)} points`, "amount"));
    line.title = kind === "total" ? `${text}: ${signed(to)} points` : `${text}: ${kind} lift from ${signed(from)} to ${signed(to)} points`;
    list.append(line);
  }
  return list;
}

// The details below an account: its guardrail, features, value and cost, and users.
function details(a) {
  const box = element("div", "", "details");
  box.append(element("p", why(a, current)));
  const money_of = [["Expected revenue", revenue(a, current)], ["Cost of account and nudges", cost(a, current) - (a.expected_churn_cost_usd ?? 0)],
    ["Contracts at risk", a.expected_churn_cost_usd ?? 0], ["Net value", a.net]];
  const list = element("dl", "", "money");
  for (const [name, amount] of money_of) {
    const item = element("div", "");
    item.append(element("dt", name), element("dd", a.sum_lift === null ? "unknown" : dollars(amount, 2)));
    list.append(item);
  }
  box.append(list);
  if (a.features.length > 0) {
    box.append(element("h4", a.decision === a.published ? "The features of the users who decided" : "The features when the list was published"));
    box.append(waterfall(a));
  }
  if (a.users.length === 0) box.append(element("p", a.n_users === 0 ? "It has no users." : "Its users are in marts.account_users; this page holds only those of the first accounts.", "note"));
  else {
    const table = element("table", "", "users");
    const head = element("tr", "");
    head.append(...["User", "Role", "Lift, points (interval)", "As published"].map((text, i) => Object.assign(element("th", text, i === 2 ? "number" : ""), { scope: "col" })));
    table.append(Object.assign(document.createElement("thead"), {}), document.createElement("tbody"));
    table.tHead.append(head);
    for (const user of a.users) {
      const line = element("tr", "");
      line.append(Object.assign(element("th", user.id), { scope: "row" }), element("td", user.role.replace("_", " ")),
        element("td", user.lift === null ? "unknown" : `${signed(user.lift)} (${signed(user.lower)} to ${signed(user.upper)})`, "number"), element("td", user.reason));
      line.children[2].dataset.label = "Lift, points";
      line.children[3].dataset.label = "As published";
      if (words().some((word) => user.id.toLowerCase().includes(word))) line.className = "found";
      table.tBodies[0].append(line);
    }
    box.append(table);
  }
  return box;
}

const page_size = 25;
let n_shown = page_size;
let found = [];
let order = null;
const opened = new Set();
const words = () => byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
const fill = (id, values) => byId(id).append(...[...new Set(values)].filter(Boolean).sort().map((value) => element("option", value)));
for (const { id, label } of decisions) byId("decision").append(Object.assign(element("option", label), { value: id }));
fill("plan", accounts.map(({ plan }) => plan));
fill("owner", accounts.map(({ owner }) => owner));
const columns = [
  ["Account", (a) => (a.name || a.account_id).toLowerCase(), 1], ["Plan", (a) => a.plan, 1], ["Revenue per year", (a) => a.revenue ?? -1, -1, "number"], ["Renewal", (a) => a.renewal || "9", 1],
  ["Owner", (a) => a.owner || "~", 1], ["Decision and why", (a) => decisions.findIndex(({ id }) => id === a.decision), -1],
  ["Users nudged", (a) => (a.decision === "target" ? a.n_nudged_users : 0), -1, "number"], ["Net value", (a) => (a.sum_lift === null ? -Infinity : a.net), -1, "number"],
];
byId("columns").append(...columns.map(([text, key, direction, kind = ""]) => {
  const cell = Object.assign(element("th", "", kind), { scope: "col" });
  const button = Object.assign(element("button", text, "sort"), { type: "button" });
  button.addEventListener("click", () => {
    order = order?.key === key ? { key, direction: -order.direction } : { key, direction };
    for (const other of byId("columns").children) other.removeAttribute("aria-sort");
    cell.setAttribute("aria-sort", order.direction > 0 ? "ascending" : "descending");
    search_anew();
  });
  cell.append(button);
  return cell;
}));
const n_without_users = accounts.filter((a) => a.account_id !== undefined && a.n_users > 0 && a.users.length === 0).length;
function search() {
  const [decision, plan, owner] = ["decision", "plan", "owner"].map((id) => byId(id).value);
  const [fewest, most] = byId("size").value === "" ? [0, Infinity] : byId("size").value.split("-").map((x) => Number(x) || Infinity);
  const asked = words();
  const fits = (a) => a.account_id !== undefined && (decision === "" || a.decision === decision) && (plan === "" || a.plan === plan)
    && (owner === "" || a.owner === owner) && a.n_users >= fewest && a.n_users <= most
    && asked.every((word) => a.ids.includes(word) || labels[a.decision].toLowerCase().includes(word));
  // Targets first, best first.
  found = [...result.targets.filter((a) => a.decision === "target" && fits(a)), ...accounts.filter((a) => a.decision !== "target" && fits(a))];
  if (order) {
    const keys = new Map(found.map((a) => [a, order.key(a)]));
    found.sort((a, b) => { const [x, y] = [keys.get(a), keys.get(b)]; return order.direction * (x < y ? -1 : x > y ? 1 : 0); });
  }
  byId("found").textContent = (found.length === 0 ? "No account matches. Remove a word or a filter." : plural(found.length, "account"))
    + (found.length > n_shown ? `, the first ${n_shown} are shown` : "")
    + (asked.length && n_without_users ? `. Ids of users were searched in all but ${plural(n_without_users, "account")}: the others are in marts.account_users` : "")
    + (accounts.length > rows.account_id.length ? `. ${whole(n_all - rows.account_id.length)} more, with the least at stake, count in the what-if but are not listed.` : "");
  byId("accounts").replaceChildren(...found.slice(0, n_shown).flatMap(lines));
  byId("more").hidden = found.length <= n_shown;
  byId("take").hidden = found.length === 0;
}
function lines(a) {
  const is_open = opened.has(a) || (found.length === 1 && words().length > 0);
  const row = element("tr", "", "account");
  const name = Object.assign(element("th", ""), { scope: "row" });
  const button = Object.assign(element("button", a.name || a.account_id, "open"), { type: "button" });
  button.setAttribute("aria-expanded", is_open);
  button.addEventListener("click", () => {
    opened.has(a) ? opened.delete(a) : opened.add(a);
    search();
    [...document.querySelectorAll("#accounts .open")].find((other) => other.dataset.id === a.account_id)?.focus();
  });
  button.dataset.id = a.account_id;
  name.append(button);
  if (a.name) name.append(element("span", a.account_id, "because"));
  const decided = element("td", "", "decided");
  decided.append(element("span", labels[a.decision], a.decision === "target" ? "chip target" : "chip"));
  if (a.decision !== a.published) decided.append(element("span", `published: ${labels[a.published]}`, "change"));
  decided.append(element("span", why(a, current), "because"));
  row.append(name, element("td", a.plan), element("td", a.revenue == null ? "–" : dollars(a.revenue), "number"), element("td", a.renewal || "–", "date"), element("td", a.owner || "–"),
    decided, element("td", `${whole(a.decision === "target" ? a.n_nudged_users : 0)} of ${whole(a.n_users)}`, "number"), element("td", a.sum_lift === null ? "–" : dollars(a.net, 2), "number"));
  ["", "Plan", "Revenue", "Renewal", "Owner", "", "Users nudged", "Net value"].forEach((text, i) => { if (text) row.children[i].dataset.label = text; });
  if (!is_open) return [row];
  const more = element("tr", "", "more");
  const cell = Object.assign(element("td", ""), { colSpan: columns.length });
  cell.append(details(a));
  more.append(cell);
  return [row, more];
}
const search_anew = () => { n_shown = page_size; search(); };
for (const id of ["search", "decision", "plan", "owner", "size"]) byId(id).addEventListener("input", search_anew);
byId("more").addEventListener("click", () => { n_shown += page_size; search(); });

function save(name, text) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
for (const button of document.querySelectorAll("[data-file]")) button.addEventListener("click", () => save(`${button.dataset.file}.csv`, files[button.dataset.file]));
// A spreadsheet would run text that begins like a formula; escaped as in the exports.
const cell_of = (value) => {
  const text = typeof value === "string" && /^[=+\-@\t\r\n'＝＋－＠]/.test(value) ? `'${value}` : `${value ?? ""}`;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
byId("take").addEventListener("click", () => save("accounts.csv", [
  ["account_id", "account_name", "plan_tier", "annual_recurring_revenue_usd", "renewal_date", "owner", "decision", "published_decision", "reason", "n_users", "n_nudged_users", "net_value_usd"],
  ...found.map((a) => [a.account_id, a.name, a.plan, a.revenue, a.renewal, a.owner, a.decision, a.published, why(a, current), a.n_users,
    a.decision === "target" ? a.n_nudged_users : 0, a.sum_lift === null ? null : a.net]),
].map((line) => `${line.map(cell_of).join(",")}\n`).join("")));
// On paper nothing can be opened.
let closed = [];
addEventListener("beforeprint", () => { closed = [...document.querySelectorAll("details:not([open])")]; for (const part of closed) part.open = true; });
addEventListener("afterprint", () => { for (const part of closed) part.open = false; });
read_address();
show_all();
