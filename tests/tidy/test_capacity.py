"""The tables of docs/capacity.md are the program's, and the routing is as the model says."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


def program(root: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, root / "bench" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def test_the_document_has_the_programs_tables(root: Path) -> None:
    capacity = program(root, "capacity")
    document = (root / "docs" / "capacity.md").read_text(encoding="utf-8")
    assert document == capacity.written(document), "python bench/capacity.py --write"


def test_more_people_need_no_less_of_anything(root: Path) -> None:
    capacity = program(root, "capacity")
    needs = [capacity.need(accounts, by_bucket=True) for accounts in capacity.SIZES]
    for name in ("processes", "gateway_machines", "shards", "files_tib", "cost_eur", "log_mib_s"):
        values = [getattr(one, name) for one in needs]
        assert values == sorted(values), name


def test_the_buckets_are_the_servers(root: Path) -> None:
    assert program(root, "capacity").BUCKETS == program(root, "routing").BUCKETS


@pytest.mark.parametrize(("accounts", "gateways"), [(10**7, 130), (10**9, 13_000)])
def test_the_simulation_agrees_with_the_model(root: Path, accounts: int, gateways: int) -> None:
    capacity, routing = program(root, "capacity"), program(root, "routing")
    need = capacity.need(accounts, by_bucket=True)
    seen = routing.simulate(accounts, gateways, 3_000, bucketed=True)
    hearers = (seen.deliveries - seen.spread * gateways) / (seen.signals - seen.spread)
    model = need.heard_s * need.processes / need.messages_s
    simulated = seen.signals / seen.messages * hearers
    assert abs(simulated - model) < 0.25 * model
