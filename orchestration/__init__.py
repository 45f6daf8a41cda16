"""Dagster and only Dagster: thin assets around dbt, the landing and the release. `python -m orchestration` starts the UI."""
