"""In: frames that passed the guardrails. Out: a choice of accounts or arms. Never: a guardrail, hidden truth."""
