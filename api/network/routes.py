"""The routes of answers about roads, gathered for the application."""

from fastapi import APIRouter

from api.network import coverage, evacuation, rounds, shelters

router = APIRouter()
for each in (shelters.router, evacuation.router, rounds.router, coverage.router):
    router.include_router(each)
