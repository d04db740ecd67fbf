"""`muang flood`: forecasts of arrival, their skill, travel times; what a level floods."""

import typer

from ops import flood_skill


def register(app: typer.Typer) -> None:
    """Add the group `flood`; each `ops/flood_*.py` brings its own commands."""
    group = typer.Typer(
        help="น้ำ: คาดการณ์น้ำมาถึง ผลย้อนหลัง · Water: arrival forecasts and what they are worth",
        no_args_is_help=True,
    )
    group.command("skill")(flood_skill.skill)
    app.add_typer(group, name="flood")
