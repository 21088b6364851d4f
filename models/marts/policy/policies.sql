select * from {{ ref('int_policy__policies') }}
