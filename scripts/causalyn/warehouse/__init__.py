"""In: raw files, a warehouse. Out: tables in the raw contract, a copy for readers, exports. Never: a fit or a decision."""
