"""`muang doctor`: looks for what would stop the platform, and says what to do about it."""

import json
from typing import Annotated

import typer

from layers.errors import UnavailableError
from layers.text import Text
from ops.progress import both


def register(app: typer.Typer) -> None:
    """Add `doctor`."""
    app.command("doctor")(doctor)


def doctor(
    *, as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False
) -> None:
    """ตรวจเครื่อง · Check this machine and checkout; starts, installs and changes nothing."""
    from ops.checkup import checkup

    findings = checkup()
    if as_json:
        rows = [{"name": f.name, "ok": f.ok, "says": f.says.model_dump()} for f in findings]
        print(json.dumps({"ok": all(f.ok for f in findings), "checks": rows}, ensure_ascii=False))
    else:
        for finding in findings:
            print("✓" if finding.ok else "✗", both(finding.says))
    bad = sum(not finding.ok for finding in findings)
    if bad:
        raise UnavailableError(
            Text(th=f"พบปัญหา {bad} ข้อ", en=f"{bad} of {len(findings)} checks need attention.")
        )
