"""dbt asks every adapter for its version; this one goes with dbt-spark's."""

from dbt.adapters.spark.__version__ import version  # noqa: F401
