"""In: frames of what the guardrails let pass. Out: a choice among accounts or arms. Never: a guardrail, hidden truth."""
