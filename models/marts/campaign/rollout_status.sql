{{ gated(ref('int_campaign__rollout_status')) }}
