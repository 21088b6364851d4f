"""What SQL can't say well: fitting learners, generating and loading data, drawing, writing files.

In: relations that dbt's Python models pass through `engine`, raw files, and published tables, opened read-only. Out: relations
and frames of a stated schema, raw tables, the report and the exports. Decisions are not taken here, they are SQL. Hidden truth
is known to the generator, the loader and the copy for Spark, which keep it apart from the raw tables, and to the worlds that play
a campaign or a bandit; nothing that fits, scores, explains or allocates may read it.
"""
