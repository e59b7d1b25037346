import os
import subprocess
import sys

import orjson
import pytest

from tests.benchmarks.servers import FOLDER
from tests.database import ROOT, addresses, beside


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("transactional_db")
def test_every_subject_is_still_measured_and_every_answer_is_right():
    with beside("_bench"):
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks", "--quick"],
            cwd=ROOT,
            env=os.environ | addresses(),
            capture_output=True,
            text=True,
            check=False,
        )

    assert done.returncode == 0, done.stdout + done.stderr
    measured = orjson.loads((FOLDER / "latest.json").read_bytes())["figures"]
    assert "WRONG" not in {figure["verdict"] for figures in measured.values() for figure in figures}
