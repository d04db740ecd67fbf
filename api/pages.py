"""Pages and files: the dashboard's build at `/`, its assets, and the description at `/docs`."""

from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, Request, Response

from api.assets import Folder
from api.routes import OPEN
from api.settings import ServerSettings
from layers.errors import NotFoundError, UnavailableError
from layers.text import Text


def router_for(settings: ServerSettings) -> APIRouter:
    """Routes of the pages; files are looked up on each request, so a new build shows at once."""
    router = APIRouter(include_in_schema=False)
    root = settings.dashboard
    page, assets = Folder(root), Folder(root / "assets", hashed=True)
    docs = Folder(Path(str(files("api"))) / "docs_page")

    async def built(request: Request, name: str) -> Response:
        try:
            return await page.answer(request, name)
        except NotFoundError as error:
            raise UnavailableError(
                Text(
                    th="ยังไม่ได้สร้างหน้าจอ สั่ง ./muang up ในโฟลเดอร์ของโครงการ",
                    en="The dashboard has not been built. Run ./muang up in the project's folder.",
                )
            ) from error

    @router.get("/", openapi_extra={OPEN: True})
    async def index(request: Request) -> Response:
        """The dashboard; what it shows is in its own query parameters, read by the page."""
        return await built(request, "index.html")

    @router.get("/login", openapi_extra={OPEN: True})
    async def login(request: Request) -> Response:
        """The sign-in page; `?next=` and `?error=` are read by the page."""
        return await built(request, "login.html")

    @router.get("/assets/{name:path}")
    async def asset(request: Request, name: str) -> Response:
        return await assets.answer(request, name)

    @router.get("/favicon.svg")
    @router.get("/favicon.ico")
    @router.get("/manifest.webmanifest")
    @router.get("/robots.txt")
    @router.get("/sw.js")
    async def root_file(request: Request) -> Response:
        return await page.answer(request, request.url.path.lstrip("/"))

    @router.get("/docs")
    async def docs_page(request: Request) -> Response:
        return await docs.answer(request, "docs.html")

    @router.get("/docs/{name}")
    async def docs_file(request: Request, name: str) -> Response:
        return await docs.answer(request, name)

    return router
