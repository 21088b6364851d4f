select cast(cast('2020-01-01' as date) + cast(days.day_number as int) as date) as event_date
from range(10000) as days (day_number)
