const data = JSON.parse(document.getElementById("data").textContent);
const columns = data.accounts;
const accounts = columns.account_id.map((account_id, i) => ({
  account_id, n_users: columns.n_users[i], n_scored_users: columns.n_scored_users[i], sum_lift: columns.sum_lift[i],
  dogs: columns.dogs[i], dog_admins: columns.dog_admins[i],
}));
const shipped = data.thresholds.indexOf(data.policy.sleeping_dog_lift_threshold);
function count_sleeping_dogs(place) {
  for (const a of accounts) {
    a.n_sleeping_dogs = a.dogs[place] ?? 0;
    a.n_sleeping_dog_admins = a.dog_admins[place] ?? 0;
  }
}
const byId = (id) => document.getElementById(id);
const dollars = (x) => (x < 0 ? "-$" : "$") + Math.abs(x).toLocaleString("en", { maximumFractionDigits: 2 });
const element = (name, text) => Object.assign(document.createElement(name), { textContent: text });
const why = (a, p) => ({
  suppress_unscored: `${a.n_scored_users} of ${a.n_users} users have a score; all must, and at least one.`,
  suppress_toxic_admin: `${a.n_sleeping_dog_admins} admin(s) are predicted Sleeping Dogs.`,
  suppress_toxic_users: `${a.n_sleeping_dogs} of ${a.n_scored_users} users are predicted Sleeping Dogs; the limit is ${(100 * p.toxic_user_share_limit).toFixed(0)}%.`,
  suppress_unprofitable: `The summed lift of ${a.sum_lift} earns nothing.`,
  suppress_too_small: `The net value is ${dollars(netValue(a, p))} and ${a.n_scored_users} user(s) are scored; it must be above zero with at least ${p.min_scored_users}.`,
  target: `Passed every question; expected to earn ${dollars(netValue(a, p))} net.`,
}[decide(a, p)]);

const sliders = {
  value_per_conversion_usd: ["Value per conversion, $", 0, 3, 1], cost_per_account_usd: ["Cost per account, $", 0, 4, 0.5],
  cost_per_nudge_usd: ["Cost per nudge, $", 0, 4, 0.25], toxic_user_share_limit: ["Sleeping Dogs allowed, share of users", 0, null, 0.01],
};
const current = { ...data.policy };
let budget = Infinity;
let chart;
function draw_value(targets) {
  const steps = Math.min(targets.length, 400);
  const x = [0], y = [0];
  let sum = 0;
  targets.forEach((a, i) => {
    sum += netValue(a, current);
    if (Math.floor(((i + 1) * steps) / targets.length) > Math.floor((i * steps) / targets.length)) { x.push(i + 1); y.push(sum); }
  });
  const series = [x, y, x.map((n, i) => (n <= budget ? y[i] : null))];
  if (chart) return chart.setData(series);
  const axis = { grid: { stroke: "#e5e7eb" } };
  chart = new uPlot({
    width: Math.max(280, byId("value").clientWidth), height: 260, scales: { x: { time: false } }, cursor: { drag: { x: false } },
    series: [{ label: "accounts, best first" }, { label: "net value, $", stroke: "#9ca3af", width: 2 }, { label: "within budget, $", stroke: "#0072b2", width: 3 }],
    axes: [{ ...axis, label: "targeted accounts, best first" }, { ...axis, label: "expected net value, $", size: 80 }],
  }, series, byId("value"));
}
addEventListener("resize", () => chart?.setSize({ width: Math.max(280, byId("value").clientWidth), height: 260 }));
function redraw() {
  const count = {};
  const targets = [];
  for (const a of accounts) {
    const decision = decide(a, current);
    count[decision] = (count[decision] || 0) + 1;
    if (decision === "target") targets.push(a);
  }
  targets.sort((a, b) => netValue(b, current) - netValue(a, current) || (a.account_id < b.account_id ? -1 : 1));
  const nudged = targets.slice(0, budget);
  const sum = (f) => nudged.reduce((total, a) => total + f(a), 0);
  byId("outcome").textContent = `${nudged.length.toLocaleString("en")} accounts within budget, expected net value `
    + `${dollars(sum((a) => netValue(a, current)))}, ${sum((a) => a.n_sleeping_dogs).toLocaleString("en")} predicted Sleeping Dogs among their users.`;
  byId("counts").replaceChildren(...data.decisions.map((decision) => {
    const bar = element("div", "");
    bar.className = decision === "target" ? "bar target" : "bar";
    bar.style.width = `${(100 * (count[decision] || 0)) / Math.max(accounts.length, 1)}%`;
    const line = element("div", `${decision.replaceAll("_", " ")}: ${(count[decision] || 0).toLocaleString("en")}`);
    line.append(bar);
    return line;
  }));
  draw_value(targets);
  search();
}
function slider(name, text, low, high, step, value, apply, written = (x) => x) {
  const box = element("label", text + " ");
  const shown = element("output", written(value));
  const input = Object.assign(document.createElement("input"), { type: "range", min: low, max: high, step, id: name });
  input.value = value;
  input.addEventListener("input", () => { shown.textContent = written(input.value); apply(Number(input.value)); redraw(); });
  box.append(shown, input);
  byId("sliders").append(box);
}
function reset() {
  Object.assign(current, data.policy);
  budget = Infinity;
  byId("sliders").replaceChildren();
  for (const [name, [text, low, factor, step]] of Object.entries(sliders)) {
    const high = factor ? Math.max(data.policy[name] * factor, 10) : 1;
    slider(name, text, low, high, step, data.policy[name], (x) => { current[name] = x; });
  }
  count_sleeping_dogs(shipped);
  if (data.thresholds.length > 1) {
    slider("sleeping_dog_lift_threshold", "Sleeping Dog if lift is below", 0, data.thresholds.length - 1, 1, shipped, count_sleeping_dogs,
      (place) => `${+(100 * data.thresholds[place]).toFixed(2)} points`);
  }
  slider("budget", "Budget, accounts at most", 0, accounts.length, 1, accounts.length, (x) => { budget = x; });
  redraw();
}
function search() {
  const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = accounts.filter((a) => {
    const text = `${a.account_id} ${decide(a, current).replaceAll("_", " ")}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  byId("found").textContent = `${found.length.toLocaleString("en")} accounts${found.length > 100 ? ", the first 100 are shown" : ""}`;
  byId("accounts").replaceChildren(...found.slice(0, 100).map((a) => {
    const row = document.createElement("tr");
    row.append(...[a.account_id, decide(a, current).replaceAll("_", " "), why(a, current)].map((text) => element("td", text)));
    return row;
  }));
}
byId("search").addEventListener("input", search);
byId("reset").addEventListener("click", reset);
reset();
