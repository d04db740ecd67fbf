"""`muang flood`: forecasts of arrival, their skill, travel times; what a level floods."""

import typer

from ops import flood_forecast, flood_skill
from ops.commands import flood_library, flood_score


def register(app: typer.Typer) -> None:
    """Add the group `flood`; each `ops/flood_*.py` brings its own commands."""
    group = typer.Typer(
        help="น้ำ: คาดการณ์น้ำมาถึง แต่ละระดับท่วมแค่ไหน · Water: arrival, what each stage floods",
        no_args_is_help=True,
    )
    links = typer.Typer(
        help="เวลาเดินทางของน้ำระหว่างสถานี · Travel times between gauges", no_args_is_help=True
    )
    group.command("forecast")(flood_forecast.forecast)
    group.command("skill")(flood_skill.skill)
    links.command("estimate")(flood_forecast.estimate)
    group.add_typer(links, name="links")
    group.command("score")(flood_score.score)
    flood_library.add_to(group)
    app.add_typer(group, name="flood")
