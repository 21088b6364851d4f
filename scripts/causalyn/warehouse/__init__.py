"""In: raw files, a warehouse. Out: tables that fulfil the raw contract, a readers' copy, exports. Never: a fit or a decision."""
