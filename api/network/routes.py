"""The routes of answers about roads, gathered for the application."""

from fastapi import APIRouter

from api.network import coverage, evacuation, rounds, run_lists, shelters

router = APIRouter()
for each in (shelters.router, evacuation.router, rounds.router, coverage.router, run_lists.router):
    router.include_router(each)
