const data = JSON.parse(document.getElementById("data").textContent);
const rows = data.rows;
// One object a row: an account, or n_accounts of a kind without an id.
const accounts = rows.n_users.map((n_users, i) => ({
  account_id: rows.account_id[i], n_accounts: rows.n_accounts?.[i] ?? 1, n_users, n_scored_users: rows.n_scored_users[i],
  n_nudged_users: rows.n_nudged_users[i], sum_lift: rows.sum_lift[i], value_per_conversion_usd: rows.value_per_conversion_usd?.[i],
  expected_churn_cost_usd: rows.expected_churn_cost_usd?.[i], published: data.decisions[rows.published[i]].id,
  features: rows.reasons[rows.reason[i]], feature_values: rows.reason_values[i],
  dogs: rows.profiles[rows.profile[i]][0], dog_admins: rows.profiles[rows.profile[i]][1],
  unsupported: rows.profiles[rows.profile[i]][2], unsupported_admins: rows.profiles[rows.profile[i]][3],
}));
// The same accounts if everybody in them were nudged.
accounts.forEach((a, i) => {
  a.everybody = {
    ...a, n_nudged_users: a.n_scored_users, sum_lift: rows.sum_lift_of_everybody[i],
    expected_churn_cost_usd: rows.expected_churn_cost_of_everybody_usd?.[i],
  };
});
const n_all = accounts.reduce((n, a) => n + a.n_accounts, 0);
const shipped = Math.max(0, data.thresholds.indexOf(data.policy.sleeping_dog_lift_threshold));
const as_published = { ...data.policy, value_factor: 1, place: shipped, budget: n_all };
const current = { ...as_published };
const labels = Object.fromEntries(data.decisions.map(({ id, label }) => [id, label]));

const byId = (id) => document.getElementById(id);
const whole = (x) => Math.round(x).toLocaleString("en");
const dollars = (x, digits = 0) => (x < 0 ? "−$" : "$") + Math.abs(x).toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
const points = (x) => `${(+(100 * x).toFixed(2)).toString().replace("-", "−")} points`;
const plural = (n, one) => `${whole(n)} ${one}${n === 1 ? "" : "s"}`;
const element = (name, text, className = "") => Object.assign(document.createElement(name), { textContent: text, className });

const why = (a, p) => ({
  suppress_unscored: () => {
    if (a.n_users === 0) return "No user counts, so nothing is known.";
    if (a.n_scored_users < a.n_users) return `${whole(a.n_scored_users)} of ${plural(a.n_users, "user")} have a score; all must.`;
    const unlike = a.n_unsupported_admins > 0 ? plural(a.n_unsupported_admins, "admin") : plural(a.n_unsupported_users, "user");
    return `${unlike} unlike anybody in the past campaigns, so that nobody knows what a nudge would do.`;
  },
  suppress_toxic_admin: () => `${plural(a.n_sleeping_dog_admins, "admin")} would be put off: ${a.n_sleeping_dog_admins === 1 ? "a predicted Sleeping Dog" : "predicted Sleeping Dogs"}. One is enough.`,
  suppress_toxic_users: () => `${whole(a.n_sleeping_dogs)} of ${plural(a.n_scored_users, "user")} (${((100 * a.n_sleeping_dogs) / a.n_scored_users).toFixed(0)}%) would be put off; at most ${+(100 * p.toxic_user_share_limit).toFixed(1)}% may.`,
  suppress_unprofitable: () => `Nudging is expected to earn ${dollars(revenue(a, p), 2)}: those whom it drives away outweigh those whom it wins.`,
  suppress_too_small: () => (netValue(a, p) <= 0
    ? `Expected to earn ${dollars(revenue(a, p), 2)}, which does not cover ${dollars(cost(a, p), 2)} of cost.`
    : `Only ${plural(a.n_scored_users, "scored user")}; at least ${p.min_scored_users} are needed.`),
  target: () => `Passed every guardrail: ${dollars(revenue(a, p), 2)} expected against ${dollars(cost(a, p), 2)} of cost.`,
}[a.decision]());

// What the model saw in the users who decided; told of the published decision only, since it explains no other.
const because = (a) => (a.decision !== a.published || a.features.length === 0 ? "" : `Mostly by ${a.features.map((feature, i) => (
  a.feature_values[i] === null ? feature : `${feature} (${a.feature_values[i].toLocaleString("en")})`)).join(" and ")}.`);

// Decides every row at the parameters p; what it comes to, with the best targets first and no more of them than the budget.
function decide_all(p) {
  const count = Object.fromEntries(data.decisions.map(({ id }) => [id, 0]));
  const all = [], targets = [];
  for (const a of accounts) {
    a.n_sleeping_dogs = a.dogs[p.place] ?? 0;
    a.n_sleeping_dog_admins = a.dog_admins[p.place] ?? 0;
    a.n_unsupported_users = a.unsupported[p.place] ?? 0;
    a.n_unsupported_admins = a.unsupported_admins[p.place] ?? 0;
    a.decision = decide(a, p);
    a.net = netValue(a, p);
    count[a.decision] += a.n_accounts;
    if (a.decision === "target") targets.push(a);
    if (a.n_users > 0) {
      a.everybody.net = netValue(a.everybody, p);
      all.push(a.everybody);
    }
  }
  targets.sort((a, b) => b.net - a.net || (a.account_id < b.account_id ? -1 : 1));
  const total = (list, budget) => {
    const sum = { accounts: 0, users: 0, net: 0, cost: 0, admins: 0, dogs: 0 };
    for (const a of list) {
      const n = Math.min(a.n_accounts, budget - sum.accounts);
      if (n <= 0) break;
      sum.accounts += n;
      sum.users += n * a.n_nudged_users;
      if (a.sum_lift !== null) sum.net += n * a.net;
      sum.cost += n * cost(a, p);
      // Risk is judged by the published threshold, so that a laxer one can't define it away.
      sum.admins += n * (a.dog_admins[shipped] ?? 0);
      sum.dogs += n * (a.dogs[shipped] ?? 0);
    }
    return sum;
  };
  return { count, targets, nudged: total(targets, p.budget), everybody: total(all, Infinity) };
}

const published = decide_all(as_published);
const n_differing = accounts.filter((a) => a.decision !== a.published).length;
byId("parity").textContent = n_differing === 0
  ? `As published, this page decides all ${whole(n_all)} accounts just as the warehouse did.`
  : `Caution: as published, this page decides ${whole(n_differing)} accounts otherwise than the warehouse did.`;

const money = { written: (x) => dollars(x, x % 1 ? 2 : 0) };
const sliders = [
  data.policy.value_per_conversion_usd === null
    ? { id: "value_factor", text: "Value of a conversion, against each account's own", low: 0, high: 3, step: 0.05, written: (x) => `${whole(100 * x)}%` }
    : { id: "value_per_conversion_usd", text: "Value of a conversion", low: 0, high: Math.max(100, 3 * data.policy.value_per_conversion_usd), step: 1, ...money },
  { id: "cost_per_account_usd", text: "Cost of an account", low: 0, high: Math.max(30, 4 * data.policy.cost_per_account_usd), step: 0.5, ...money },
  { id: "cost_per_nudge_usd", text: "Cost of a nudge", low: 0, high: Math.max(10, 4 * data.policy.cost_per_nudge_usd), step: 0.25, ...money },
  { id: "place", text: "A user is a Sleeping Dog below a lift of", low: 0, high: data.thresholds.length - 1, step: 1, written: (x) => points(data.thresholds[x]) },
  { id: "toxic_user_share_limit", text: "Sleeping Dogs allowed among an account's users", low: 0, high: 1, step: 0.01, written: (x) => `${+(100 * x).toFixed(1)}%` },
  { id: "budget", text: "Budget: nudge at most", low: 0, high: n_all, step: Math.max(1, Math.round(n_all / 2400)), written: (x) => (x >= n_all ? "no limit" : plural(x, "account")) },
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
  slider.reset = () => { input.value = current[slider.id]; slider.show(); };
  input.addEventListener("input", () => { current[slider.id] = Number(input.value); slider.show(); redraw(); });
}
byId("reset").addEventListener("click", () => { Object.assign(current, as_published); sliders.forEach((slider) => slider.reset()); redraw(); });

const funnel = data.decisions.map(({ id, label }) => {
  const bar = element("div", "", id === "target" ? "bar target" : "bar");
  const mark = element("div", "", "mark");
  const track = element("div", "", "track");
  track.append(bar, mark);
  const shown = element("span", "", "amount");
  const line = element("li", "");
  line.append(element("span", label), track, shown);
  byId("funnel").append(line);
  mark.style.left = `${(100 * published.count[id]) / n_all}%`;
  return (count) => { bar.style.width = `${(100 * count[id]) / n_all}%`; shown.textContent = whole(count[id]); };
});

let chart;
const height = 280;
const width = () => Math.max(260, byId("value").clientWidth);
// Net value of the best targets by their number, at as many places as a screen can show.
function curve(targets, places) {
  const values = [];
  let n = 0, sum = 0, place = 0;
  for (const a of targets) {
    while (place < places.length && places[place] <= n + a.n_accounts) values.push(sum + a.net * (places[place++] - n));
    n += a.n_accounts;
    sum += a.n_accounts * a.net;
  }
  if (targets.length === 0) values.push(0);
  return places.map((_, i) => values[i] ?? null);
}
function draw_value({ targets, count }) {
  const most = Math.max(count.target, published.count.target, 1);
  const step = Math.max(1, Math.ceil(most / 400));
  const places = Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
  const now = curve(targets, places);
  const series = [places, curve(published.targets, places), now, now.map((y, i) => (places[i] <= current.budget ? y : null))];
  if (chart) return chart.setData(series);
  const axis = { stroke: "#55606e", grid: { stroke: "#eceff2", width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif" };
  chart = new uPlot({
    width: width(), height, scales: { x: { time: false } }, cursor: { drag: { x: false, y: false } }, legend: { show: false },
    series: [{}, { stroke: "#8a94a0", width: 2, dash: [6, 4] }, { stroke: "#9cc9e6", width: 2 }, { stroke: "#0072b2", width: 3 }],
    axes: [
      { ...axis, label: "targeted accounts, best first", size: 28, labelSize: 20, labelGap: 0 },
      { ...axis, size: 64, values: (_, ticks) => ticks.map((x) => dollars(x)) },
    ],
  }, series, byId("value"));
}
addEventListener("resize", () => chart.setSize({ width: width(), height }));

const compared = [
  ["Accounts nudged", "accounts", whole], ["Users nudged", "users", whole], ["Expected net value", "net", dollars], ["Cost", "cost", dollars],
  ["Admins at risk", "admins", whole], ["Sleeping Dogs in them", "dogs", whole],
].map(([text, name, written]) => {
  const line = element("tr", "");
  const cells = [0, 1, 2].map(() => element("td", "", "number"));
  line.append(Object.assign(element("th", text), { scope: "row" }), ...cells);
  byId("compared").append(line);
  return ({ everybody, nudged }) => {
    [everybody, published.nudged, nudged].forEach((sum, i) => { cells[i].textContent = written(sum[name]); });
    const change = nudged[name] - published.nudged[name];
    if (Math.abs(change) >= 0.5) cells[2].append(element("span", `${change > 0 ? "+" : "−"}${written(Math.abs(change))}`, "change"));
  };
});
function redraw() {
  const result = decide_all(current);
  funnel.forEach((show) => show(result.count));
  compared.forEach((show) => show(result));
  draw_value(result);
  const text = `${plural(result.nudged.accounts, "account")} nudged, expected net value ${dollars(result.nudged.net)}, `
    + `${plural(result.nudged.admins, "admin")} at risk.`;
  byId("outcome").textContent = text;
  byId("value").setAttribute("aria-label", `Net value by number of accounts nudged. ${text}`);
  search();
}

const page_size = 25;
let n_shown = page_size;
for (const { id, label } of data.decisions) byId("decision").append(Object.assign(element("option", label), { value: id }));
function search() {
  const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const decision = byId("decision").value;
  const found = accounts.filter((a) => a.account_id !== undefined && (decision === "" || a.decision === decision)
    && words.every((word) => a.account_id.toLowerCase().includes(word) || labels[a.decision].toLowerCase().includes(word)));
  byId("found").textContent = plural(found.length, "account") + (found.length > n_shown ? `, the first ${n_shown} are shown` : "")
    + (accounts.length > rows.account_id.length ? `. ${whole(n_all - rows.account_id.length)} more, those with the least at stake, count in the what-if but are not listed.` : "");
  byId("accounts").replaceChildren(...found.slice(0, n_shown).map((a) => {
    const row = element("tr", "");
    const decided = element("td", "");
    decided.append(element("span", labels[a.decision], a.decision === "target" ? "chip target" : "chip"));
    if (a.decision !== a.published) decided.append(element("span", `published: ${labels[a.published]}`, "change"));
    const reason = element("td", why(a, current));
    if (because(a)) reason.append(element("span", because(a), "because"));
    row.append(Object.assign(element("th", a.account_id), { scope: "row" }), decided, reason,
      element("td", whole(a.n_users), "number"), element("td", a.sum_lift === null ? "–" : dollars(a.net, 2), "number"));
    return row;
  }));
  byId("more").hidden = found.length <= n_shown;
}
const search_anew = () => { n_shown = page_size; search(); };
byId("search").addEventListener("input", search_anew);
byId("decision").addEventListener("input", search_anew);
byId("more").addEventListener("click", () => { n_shown += page_size; search(); });
sliders.forEach((slider) => slider.reset());
redraw();
