"""`muang flood`: forecasts of arrival, their skill, travel times; what a level floods."""

import typer

from ops import flood_forecast, flood_skill


def register(app: typer.Typer) -> None:
    """Add the group `flood`; each `ops/flood_*.py` brings its own commands."""
    group = typer.Typer(
        help="น้ำ: คาดการณ์น้ำมาถึง ผลย้อนหลัง · Water: arrival forecasts and what they are worth",
        no_args_is_help=True,
    )
    links = typer.Typer(
        help="เวลาเดินทางของน้ำระหว่างสถานี · Travel times between gauges", no_args_is_help=True
    )
    group.command("forecast")(flood_forecast.forecast)
    group.command("skill")(flood_skill.skill)
    links.command("estimate")(flood_forecast.estimate)
    group.add_typer(links, name="links")
    app.add_typer(group, name="flood")
