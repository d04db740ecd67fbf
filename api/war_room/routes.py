"""The war room's addresses."""

from fastapi import APIRouter

from api.war_room import boards, events, exercise, incidents, tasks

router = APIRouter()
for part in (events.router, incidents.router, tasks.router, boards.router, exercise.router):
    router.include_router(part)
