"""The routes of answers about roads, gathered for the application."""

from fastapi import APIRouter

from api.network import shelters

router = APIRouter()
for each in (shelters.router,):
    router.include_router(each)
