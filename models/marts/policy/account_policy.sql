{{ gated_accounts() }}
