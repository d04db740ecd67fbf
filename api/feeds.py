"""`/feeds`: how the sources of readings are, for the people whose work rests on them."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from api import access
from api.routes import CurrentHouse, CurrentViewer, problems
from db import feeds as register
from db.feeds import FeedState
from layers.errors import ForbiddenError
from layers.feed_health import Health, health
from layers.model import INTERNAL
from layers.text import Text

router = APIRouter(tags=["Status"])


class FeedNow(BaseModel):
    """One feed as it is now. Its address and its key are not told."""

    name: str
    title: str | None
    kind: str = Field(description="Shape of the source: thaiwater, usgs, mapper or gistda")
    exercise: bool = Field(description="True: it brings an exercise's invented readings")
    state: Health
    says: Text = Field(description="One sentence about the state")
    interval_s: int = Field(description="Seconds between two questions when all is well")
    succeeded_at: datetime | None = Field(description="Last good answer")
    newest_at: datetime | None = Field(description="Time of the newest reading it ever brought")
    tried_at: datetime | None = Field(description="Last question")
    next_try_at: datetime | None = Field(description="When it is asked next")
    failures: int = Field(description="Failures one after the other")
    error: Text | None = Field(description="Why the last question failed; null: it did not")
    doubt: Text | None = Field(description="What is odd about what it brings; null: nothing")
    report: dict[str, Any] | None = Field(
        description="What the last good answer held: read, kept, new, same, revised, flagged, "
        "and refused with reasons"
    )


class Feeds(BaseModel):
    """Every feed of the town, by name."""

    feeds: list[FeedNow]


@router.get("/feeds", summary="How the feeds are", responses=problems(400, 401, 503))
async def feeds(house: CurrentHouse, who: CurrentViewer, response: Response) -> Feeds:
    """State, age, last error and next try of each feed; `/live` tells when one changes.

    A feed nobody polls any more is stale by time alone, whatever was last written of it.
    """
    if who.role not in INTERNAL:
        raise ForbiddenError(
            Text(
                th="สถานะของฟีดเป็นข้อมูลภายใน ลงชื่อเข้าใช้ก่อน",
                en="How the feeds are is for people who sign in.",
            )
        )
    response.headers.update(
        {"Cache-Control": access.cache_control(private=True), "Vary": access.VARY}
    )
    async with house.service() as conn:
        found = await register.overview(conn)
    now = datetime.now(UTC)
    return Feeds(feeds=[_told(feed, state, now) for feed, state in found])


def _told(feed: register.Feed, state: FeedState, now: datetime) -> FeedNow:
    found, says = health(register.facts(feed, state), now)
    return FeedNow(
        name=feed.name,
        title=feed.title,
        kind=feed.kind,
        exercise=feed.exercise,
        state=found,
        says=says,
        interval_s=feed.interval_s,
        succeeded_at=state.succeeded_at,
        newest_at=state.newest_at,
        tried_at=state.tried_at,
        next_try_at=state.next_try_at,
        failures=state.failures,
        error=state.error,
        doubt=state.doubt,
        report=state.report,
    )
