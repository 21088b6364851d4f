"""In: a preset and a seed. Out: raw tables, hidden truth apart, and what nudges do. Never: imported by what decides."""
