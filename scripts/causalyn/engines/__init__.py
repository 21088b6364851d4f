"""In: relations of DuckDB or Spark. Out: frames, relations and files of the same rows. Never: what the rows mean."""
