"""In: raw files, a warehouse. Out: tables that keep the raw contract, a readers' copy, exports. Never: a fit or a decision."""
