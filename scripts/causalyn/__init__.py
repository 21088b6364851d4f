"""What SQL can't express, one package per purpose: `warehouse` <- `engines` <- `learner`, `decision` <- `simulation`, `report`.

In: relations that dbt's Python models pass through `engines`, raw files, and published tables, opened read-only. Out: relations
and frames of a stated schema, raw tables, the report and the exports. SQL, not this library, decides on accounts. Hidden
truth is known only to `simulation`, and to the loader and the copy for Spark, which keep it apart from the raw tables; nothing
that fits, scores, explains or allocates may read it.
"""
