{{ gated(ref('int_campaign__assignments')) }}
