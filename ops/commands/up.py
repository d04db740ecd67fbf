"""`muang up`: from a fresh checkout to a town on a map."""

import json
from typing import Annotated

import typer

from layers.text import Text
from ops.checkout import Checkout
from ops.progress import Progress
from ops.running import Serving, only_up, serving


def register(app: typer.Typer) -> None:
    """Add `up`."""
    app.command("up")(up)


def up(
    *,
    town: Annotated[str, typer.Option(help="รหัสเมือง · town id")] = "phibun",
    port: Annotated[int, typer.Option(min=0, max=65535, help="TCP port; 0 = any")] = 8000,
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    no_demo: Annotated[bool, typer.Option("--no-demo", help="load no demo data")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="return once it serves")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """เปิดระบบ · Install what is missing, load the demo town, serve, print the address."""
    from ops.processes import free_port
    from ops.serve import detach as leave
    from ops.serve import prepared, serve
    from ops.server import Address

    checkout = Checkout.here()
    progress = Progress()

    served = False

    def ready(record: Serving) -> None:
        nonlocal served
        served = True
        _print(record, progress, as_json=as_json, detached=detach)

    with only_up(checkout) as lock:
        if lock is None:
            _already(checkout, progress, as_json=as_json)
            return
        address = Address(host, port or free_port())
        try:
            with prepared(checkout, town, address, progress, demo=not no_demo) as server:
                if not detach:
                    serve(checkout, server, town, address, progress, ready=ready)
                with progress.step(Text(th="เปิดระบบ", en="Starting the server")):
                    record = leave(checkout, town, address, lock)
        except KeyboardInterrupt:
            progress.say(Text(th="ปิดระบบแล้ว", en="Stopped."))
            raise typer.Exit(0 if served else 1) from None
        ready(record)


def _print(record: Serving, progress: Progress, *, as_json: bool, detached: bool) -> None:
    progress.summary()
    if as_json:
        print(json.dumps(record.public(), ensure_ascii=False), flush=True)
        return
    end = "./muang down" if detached else "Ctrl-C"
    print(f"\n    {record.url}/\n", flush=True)
    progress.say(
        Text(
            th=f"เปิดที่อยู่นี้ในเบราว์เซอร์ (เมือง {record.town}) ปิดระบบด้วย {end}",
            en=f"Open this address in a browser (town {record.town}). To stop: {end}",
        )
    )
    _print_users(record, progress)


def _print_users(record: Serving, progress: Progress) -> None:
    if not record.demo_users:
        progress.say(
            Text(
                th="ผู้ที่ยังไม่ลงชื่อเข้าใช้เห็นเฉพาะข้อมูลสาธารณะ เพิ่มผู้ใช้ด้วย ./muang user add",
                en="Without signing in one sees public data only. Add people: ./muang user add",
            )
        )
        return
    progress.say(
        Text(
            th="บัญชีสาธิต ใช้ได้เฉพาะในเครื่องนี้และจนกว่าจะเปิดระบบครั้งต่อไป:",
            en="Sign-ins of the demo, good on this machine only and until the next start:",
        )
    )
    for user in record.demo_users:
        print(f"    {user['role']:<12} {user['username']:<18} {user['password']}", flush=True)


def _already(checkout: Checkout, progress: Progress, *, as_json: bool) -> None:
    record = serving(checkout)
    if record is None or record.server is None:
        progress.say(
            Text(
                th="คำสั่ง up อื่นของโฟลเดอร์นี้กำลังเตรียมระบบอยู่ รอสักครู่",
                en="Another up of this checkout is still getting ready.",
            )
        )
    else:
        progress.say(
            Text(
                th=f"เปิดอยู่แล้ว: เมือง {record.town} (โปรเซส {record.pid})",
                en=f"Already serving {record.town} (process {record.pid}).",
            )
        )
    if as_json:
        print(json.dumps(record.public() if record else {"url": None}))
    elif record:
        print(f"{record.url}/")
        _print_users(record, progress)
