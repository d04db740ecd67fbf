"""The war room's addresses."""

from fastapi import APIRouter

from api.war_room import events, incidents

router = APIRouter()
for part in (events.router, incidents.router):
    router.include_router(part)
