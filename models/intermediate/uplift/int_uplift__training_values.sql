{{ config(materialized='view') }}

{{ followed_quantities(ref('int_uplift__training_users'), 'campaign', ref('int_uplift__user_scores')) }}
