"""What SQL cannot say, as pure functions from tables to tables; they know neither dbt nor Dagster."""
