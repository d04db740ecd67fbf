"""`muang notebook`: Jupyter learns the address of the town, no secret, and stays on the machine."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from ops.commands.notebook import jupyter_command, jupyter_environment


def test_a_notebook_never_gets_the_secret() -> None:
    given = {
        "PATH": "/bin",
        "MUANG_TOKEN": "t",
        "MUANG_SECRET": "s",
        "MUANG_SECRET_FILE": "/secret",
        "MUANG_DATABASE_URL": "postgresql://",
        "MUANG_DB_PASSWORD": "p",
        "MUANG_PUBLIC_URL": "http://old",
    }
    assert jupyter_environment(given, "http://127.0.0.1:1", "new") == {
        "PATH": "/bin",
        "MUANG_TOKEN": "new",
        "MUANG_PUBLIC_URL": "http://127.0.0.1:1",
    }


@pytest.mark.notebook
def test_jupyter_understands_what_it_is_told(tmp_path: Path) -> None:
    told = [*jupyter_command(tmp_path, browser=False), "--show-config-json"]
    settings = {"HOME": str(tmp_path), "JUPYTER_CONFIG_DIR": str(tmp_path)}
    said = subprocess.run(
        told, capture_output=True, text=True, check=True, timeout=120, env=os.environ | settings
    ).stdout
    config = json.loads(said)
    assert config["ServerApp"]["ip"] == "127.0.0.1"
    assert config["LabApp"]["news_url"] == "None"
    assert config["LabApp"]["check_for_updates_class"] == "jupyterlab.NeverCheckForUpdate"
    assert config["LabApp"]["extension_manager"] == "readonly"
