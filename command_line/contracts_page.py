"""Prints the input contracts, from the YAML that dbt enforces."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

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
    for names in contract.one_of:
        console.print(f"  Required: one of {', '.join(names)}.")
    for column in contract.columns:
        facts = [column.data_type, "required" if column.required else "", column.unit or ""]
        line = Text(f"  {column.name:<24}", "bold").append(", ".join(fact for fact in facts if fact), "not bold")
        console.print(line.append(f"   e.g. {column.example}", "not bold"), soft_wrap=True)
        meaning = column.description + (" (personal data)" if column.personal else "")
        console.print(Padding(Text(meaning, "dim"), (0, 0, 0, 6)))
    console.print()
