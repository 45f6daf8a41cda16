"""Prints the input contracts, from the YAML that dbt enforces."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from ingestion.contracts import ConfigurationError, Contract, read_contracts


def print_contracts(console: Console, name: str | None) -> None:
    """Print all contracts, or the one called `name`. Raises ConfigurationError if there is none."""
    contracts = read_contracts()
    if name is not None and name not in contracts:
        raise ConfigurationError(f"There is no contract '{name}'; contracts are {', '.join(sorted(contracts))}.")
    for contract in [contracts[name]] if name else contracts.values():
        _print_contract(console, contract)


def _print_contract(console: Console, contract: Contract) -> None:
    console.print(f"[bold]{contract.name}[/bold]  (landing/files/{contract.name}/*.csv, .jsonl, .parquet; .gz too)")
    console.print(f"  {contract.description}")
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for heading in ("  column", "type", "required", "unit", "example"):
        table.add_column(heading, no_wrap=True)
    table.add_column("meaning")
    for column in contract.columns:
        table.add_row(
            f"  {column.name}",
            column.data_type,
            "yes" if column.required else "",
            column.unit or "",
            column.example or "",
            column.description + (" (personal data)" if column.personal else ""),
        )
    console.print(table)
    console.print()
