"use strict";
// The decision of macros/guardrails.sql, first match wins. An account is a row of account_policy's figures; unknown figures
// suppress. Dollars and shares are compared in millionths, as in the warehouse. A policy that prices each account by its
// own value has no value itself, but a factor on theirs.
const millionths = (x) => Math.round(x * 1e6);
const round6 = (x) => millionths(x) / 1e6;
const isAboveShare = (n, n_users, share) => n * 1e6 > millionths(share) * n_users;
const value = (a, p) => p.value_per_conversion_usd ?? a.value_per_conversion_usd * p.value_factor;
const revenue = (a, p) => round6(a.sum_lift * value(a, p));
const cost = (a, p) => p.cost_per_account_usd + p.cost_per_nudge_usd * a.n_nudged_users + (a.expected_churn_cost_usd ?? 0);
const netValue = (a, p) => round6(revenue(a, p) - cost(a, p));
function decide(a, p) {
  if (a.n_scored_users < a.n_users || a.n_scored_users === 0 || a.sum_lift === null) return "suppress_unscored";
  if (a.n_unsupported_admins > 0) return "suppress_unscored";
  if (a.n_sleeping_dog_admins > 0) return "suppress_toxic_admin";
  if (isAboveShare(a.n_sleeping_dogs, a.n_scored_users, p.toxic_user_share_limit) && a.n_sleeping_dogs >= p.min_toxic_users) return "suppress_toxic_users";
  if (!(revenue(a, p) > 0)) return "suppress_unprofitable";
  if (!(netValue(a, p) > 0) || a.n_scored_users < p.min_scored_users) return "suppress_too_small";
  return "target";
}
if (typeof module !== "undefined") module.exports = { decide, netValue };
