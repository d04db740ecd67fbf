"""The environment maker: when it makes anew, when it leaves alone, and what it says."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.ops.conftest import ROOT, THAI, environment


@pytest.fixture(scope="module")
def bootstrap() -> ModuleType:
    """The script as a module; it may only use the standard library."""
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "ops" / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def made(tmp_path: Path, bootstrap: ModuleType) -> Path:
    """A checkout whose environment says that it is finished."""
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    for name in bootstrap.LOCKS:
        (tmp_path / name).write_text("a==1\n")
    held = {"requirements.lock": bootstrap.lock_hash(tmp_path, "requirements.lock")}
    bootstrap.write_stamp(tmp_path / ".venv", {"place": bootstrap.place(tmp_path), "locks": held})
    return tmp_path


def test_a_finished_environment_is_left_alone(made: Path, bootstrap: ModuleType) -> None:
    assert bootstrap.fits(made, dev=False)
    assert not bootstrap.fits(made, dev=True)


def test_a_changed_lock_an_interrupted_make_or_a_move_are_noticed(
    made: Path, bootstrap: ModuleType
) -> None:
    stamp = made / ".venv" / bootstrap.STAMP
    whole = stamp.read_text()

    (made / "requirements.lock").write_text("a==2\n")
    assert not bootstrap.fits(made, dev=False)
    assert bootstrap.is_usable(made, bootstrap.read_stamp(made))
    (made / "requirements.lock").write_text("a==1\n")
    assert bootstrap.fits(made, dev=False)

    stamp.unlink()
    assert not bootstrap.fits(made, dev=False)
    stamp.write_text(whole[: len(whole) // 2])
    assert not bootstrap.fits(made, dev=False)

    facts = json.loads(whole)
    facts["place"]["root"] = "/somewhere/else"
    stamp.write_text(json.dumps(facts))
    assert not bootstrap.is_usable(made, bootstrap.read_stamp(made))

    stamp.write_text(whole)
    (made / ".venv" / "bin" / "python").unlink()
    assert not bootstrap.fits(made, dev=False)


@pytest.mark.slow
def test_an_unfinished_environment_is_made_anew_below_any_path(
    tmp_path: Path, bootstrap: ModuleType
) -> None:
    root = tmp_path / THAI / ("ยาว" * 20)
    (root / ".venv" / "bin").mkdir(parents=True)
    (root / ".venv" / "bin" / "python").write_text("half of something")
    (root / "ops").mkdir()
    (root / "ops" / "__main__.py").write_text("import sys; print(sys.argv[1:])")
    for name in bootstrap.LOCKS:
        (root / name).write_text("")
    command = [sys.executable, "-I", str(ROOT / "ops" / "bootstrap.py"), str(root), "up", "a b"]
    env = environment() | {"LC_ALL": "C.UTF-8"}
    first = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert first.returncode == 0, first.stderr
    assert first.stdout.strip() == "['up', 'a b']"
    assert "Making the Python environment" in first.stderr
    second = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert second.stdout == first.stdout
    assert second.stderr == ""
    # what is made works without the launcher too, in a locale that cannot spell the path
    env |= {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    python = root / ".venv" / "bin" / "python"
    plain = subprocess.run(
        [python, "-P", "-m", "ops"], capture_output=True, text=True, env=env, check=False
    )
    assert (plain.stdout.strip(), plain.stderr) == ("[]", "")


def launcher(path: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(ROOT / "muang"), *arguments],
        capture_output=True,
        text=True,
        env=environment() | {"PATH": path},
        check=False,
    )


def tools(folder: Path, *names: str) -> str:
    """A PATH with nothing but these programs of the machine."""
    folder.mkdir()
    for name in names:
        found = next(p for p in ("/usr/bin", "/bin") if (Path(p) / name).exists())
        (folder / name).symlink_to(Path(found) / name)
    return str(folder)


def test_without_python_it_says_what_to_do(tmp_path: Path) -> None:
    done = launcher(tools(tmp_path / "bin", "dirname", "readlink"), "up")
    assert done.returncode == 1
    assert "Python 3.11" in done.stderr
    assert "ต้องมี Python" in done.stderr
    assert done.stdout == ""


def test_an_old_python_is_named_and_not_used(tmp_path: Path) -> None:
    path = tools(tmp_path / "bin", "dirname", "readlink")
    old = Path(path) / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 && exit 0\nexit 1\n')
    old.chmod(0o755)
    done = launcher(path, "up")
    assert done.returncode == 1
    assert "Python 3.9.2" in done.stderr


def test_the_launcher_works_through_links_and_passes_arguments_on(tmp_path: Path) -> None:
    link = tmp_path / "เมือง"
    link.symlink_to(ROOT / "muang")
    fake = tmp_path / "python"
    fake.write_text('#!/bin/sh\n[ "$1" = -c ] && exit 0\nprintf "%s\\n" "$@" "$LC_ALL"\n')
    fake.chmod(0o755)
    done = subprocess.run(
        [str(link), "import", "a b", "", "ค"],
        capture_output=True,
        text=True,
        env=environment() | {"MUANG_PYTHON": str(fake)},
        check=False,
    )
    script, root = str(ROOT / "ops" / "bootstrap.py"), os.path.realpath(ROOT)
    assert done.stdout.split("\n")[:8] == ["-I", script, root, "import", "a b", "", "ค", "C.UTF-8"]
