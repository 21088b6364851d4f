"""In: a preset and a seed. Out: raw tables, hidden truth apart; nudges' effects. Never: imported by deciding code."""
