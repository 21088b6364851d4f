"""In: published tables. Out: figures, and one page that needs no network. Never: a rule or a decision of its own."""
