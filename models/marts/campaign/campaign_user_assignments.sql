{{ gated(ref('int_campaign__user_assignments')) }}
