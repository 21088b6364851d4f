{{ config(materialized='view') }}

{{ unpivot_features(ref('int_uplift__inputs'), 'campaign') }}
