"""What every test may use: where the standards' vectors lie."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine makes a test slow, not wrong.
settings.register_profile("plausch", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("plausch")


@pytest.fixture(scope="session")
def vectors() -> Path:
    """The folder of conformance data: PLAUSCH_VECTORS, else shared/vectors beside the checkout."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "vectors"
    folder = Path(os.environ.get("PLAUSCH_VECTORS", beside))
    if not folder.is_dir():
        pytest.skip(
            f"conformance vectors are absent: {folder} does not exist; set PLAUSCH_VECTORS to the "
            "folder that holds mls/ and mimi-content/"
        )
    return folder
