"""The pages of a service: complete, readable by everyone, and served without another host.

Invariant: what is asked is the real application of each service, without anything behind it.
"""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

import httpx
import pytest
from fastapi import FastAPI

from contracts.catalogue import ALL_TOPICS, EVENT_MODELS
from services.metrics import app as metrics
from services.recruitment import app as recruitment
from services.retention import app as retention
from tests.contract.every_field import EVENT_TYPES

DATABASE = "postgresql://postgres@/nothing"
APPS = {
    "recruitment": recruitment.create(recruitment.ServiceSettings(database_url=DATABASE)),
    "retention": retention.create(retention.ServiceSettings(database_url=DATABASE)),
    "metrics": metrics.create(metrics.ServiceSettings(database_url=DATABASE)),
}
each_app = pytest.mark.parametrize("app", APPS.values(), ids=APPS.keys())
VOID = {"meta", "link", "br", "img", "input"}


@dataclass
class Page(HTMLParser):
    """A page as its elements: each tag with its attributes, those left open, and the text."""

    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of this kind."""
        return [attributes for name, attributes in self.elements if name == tag]

    def loaded(self) -> list[str]:
        """What a browser loads with it."""
        links = [link.get("href") for link in self.all("link")]
        return [address for address in [*links, *(script.get("src") for script in self.all("script"))] if address]


async def ask(app: FastAPI, path: str) -> httpx.Response:
    """What the application answers."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
        return await client.get(path)


async def page(app: FastAPI, path: str) -> Page:
    """A page that the application answers."""
    answer = await ask(app, path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    parsed = Page()
    parsed.feed(answer.text)
    return parsed


@each_app
async def test_the_page_of_events_has_every_topic_and_every_event_type(app: FastAPI) -> None:
    text = (await page(app, "/asyncapi")).text
    assert len(ALL_TOPICS) == 14
    assert len(EVENT_MODELS) == len(EVENT_TYPES)
    for topic in ALL_TOPICS:
        assert topic.name in text
        assert topic.purpose in text
    for name, model in EVENT_MODELS.items():
        assert name in text
        for known in model.model_fields:
            assert known in text
    assert "one of newly-qualified-social-worker, social-worker, advanced-social-worker" in text
    assert "None" not in text
    assert "$ref" not in text


@each_app
async def test_the_page_of_events_can_be_read_by_everyone(app: FastAPI) -> None:
    loaded_page = await page(app, "/asyncapi")
    assert loaded_page.all("html") == [{"lang": "en"}]
    assert len(loaded_page.all("h1")) == 1
    assert len(loaded_page.all("title")) == len(loaded_page.all("main")) == 1
    assert loaded_page.open == []
    assert loaded_page.all("th")
    assert {header["scope"] for header in loaded_page.all("th")} == {"col", "row"}
    assert len(loaded_page.all("caption")) == len(loaded_page.all("table")) == 1 + len(EVENT_MODELS)
    headings = [int(tag[1]) for tag, _ in loaded_page.elements if tag in ("h1", "h2", "h3")]
    assert all(after - before <= 1 for before, after in pairwise(headings))
    identifiers = [attributes["id"] for _, attributes in loaded_page.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    for link in loaded_page.all("a"):
        target = link["href"] or ""
        assert target.removeprefix("#") in identifiers or (await ask(app, f"/{target}")).status_code == 200


@each_app
@pytest.mark.parametrize("path", ["/asyncapi", "/docs"])
async def test_the_pages_load_nothing_from_another_host(app: FastAPI, path: str) -> None:
    for address in (await page(app, path)).loaded():
        assert address.startswith("/")
        assert not address.startswith("//")
        answer = await ask(app, address)
        assert answer.status_code == 200
        assert answer.content


@each_app
async def test_there_is_no_page_that_would_load_its_makers_logo(app: FastAPI) -> None:
    assert (await ask(app, "/redoc")).status_code == 404


@each_app
async def test_the_documents_for_machines_are_what_they_say(app: FastAPI) -> None:
    assert (await ask(app, "/asyncapi.json")).json()["asyncapi"] == "3.0.0"
    described = (await ask(app, "/openapi.json")).json()
    assert described["openapi"].startswith("3.")
    assert "/health/ready" in described["paths"]
