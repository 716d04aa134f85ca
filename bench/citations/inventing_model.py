"""A language model that invents: the sandbox's answers, with sentences planted among them that no evidence bears out.

POST /v1/chat/completions -> the sandbox's answer; a ResearchAnswer with inventions.csv's sentences on true quotes
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from csv import DictReader
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.server import served

_FILE = Path(__file__).with_name("inventions.csv")
_SUBJECT = re.compile(r"<company>(.*?)</company>", re.DOTALL)
_PIECE = re.compile(r'<evidence id="(v\d+)"[^>]*>\n(.*?)\n</evidence>', re.DOTALL)
_MOST = {"findings": 8, "people": 4, "recommendations": 4}
_EACH = 2


@dataclass(frozen=True, slots=True)
class Invention:
    """said: a statement or a reason that no quote bears out. quotes: the true ones given for it. company: its name."""

    said: str
    quotes: tuple[str, ...]
    company: str


@dataclass
class InventingModel:
    """sandbox: its address. A seed's inventions are the same for the same answers in the same order."""

    sandbox: str
    seed: int
    planted: list[Invention] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = Random(self.seed)
        with _FILE.open(encoding="utf-8", newline="") as file:
            rows = list(DictReader(file))
        self._said = {name: [row["said"] for row in rows if row["list"] == name] for name in _MOST}

    @contextmanager
    def served(self) -> Iterator[str]:
        """Serves the model; yields its base URL."""
        with served(Starlette(routes=[Route("/v1/chat/completions", self._chat, methods=["POST"])])) as url:
            yield f"{url}/v1"

    async def _chat(self, request: Request) -> JSONResponse:
        body, key = await request.json(), request.headers.get("authorization", "")
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
            path = f"{self.sandbox}/openai/v1/chat/completions"
            reply = await client.post(path, json=body, headers={"authorization": key})
        answer = reply.json()
        if (
            reply.status_code == 200
            and body["response_format"]["json_schema"]["schema"].get("title") == "ResearchAnswer"
        ):
            message = answer["choices"][0]["message"]
            shown = "\n".join(one["content"] for one in body["messages"])
            message["content"] = json.dumps(self.with_inventions(json.loads(message["content"]), shown))
        return JSONResponse(answer, status_code=reply.status_code)

    def with_inventions(self, answer: dict[str, Any], prompt: str) -> dict[str, Any]:
        """The answer with inventions added, which cite quotes that are in the prompt."""
        true = [item for name in ("findings", "people") for item in answer[name]]
        if not true:
            return answer
        subject = _SUBJECT.search(prompt)
        name = "It" if subject is None else subject[1].strip()
        offers = _PIECE.findall(prompt)
        new = {
            "findings": [self._finding(item, name) for item in self._some(true)],
            "people": [self._person(item, name) for item in self._some(answer["people"])],
            "recommendations": [self._advice(item, name, *offers[0]) for item in self._some(true) if offers],
        }
        kept = {field: answer[field][: _MOST[field] - len(items)] for field, items in new.items()}
        kept["people"] = [
            one for one in kept["people"] if one["full_name"] not in {p["full_name"] for p in new["people"]}
        ]
        return {**answer, **{field: [*items, *kept[field]] for field, items in new.items()}}

    def _some(self, items: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        return self._chance.sample(list(items), min(_EACH, len(items)))

    def _said_of(self, field_: str, name: str, *quotes: str) -> str:
        said = self._chance.choice(self._said[field_]).format(company=name)
        self.planted.append(Invention(said, quotes, name))
        return said

    def _finding(self, item: Mapping[str, Any], name: str) -> dict[str, Any]:
        said = self._said_of("findings", name, item["quote"])
        return {"evidence_id": item["evidence_id"], "quote": item["quote"], "statement": said}

    def _person(self, item: Mapping[str, Any], name: str) -> dict[str, Any]:
        return {**item, "why": self._said_of("people", name, item["quote"])}

    def _advice(self, item: Mapping[str, Any], name: str, vendor_id: str, offered: str) -> dict[str, Any]:
        offer = offered.partition("\n")[0]
        return {
            "evidence_id": item["evidence_id"],
            "quote": item["quote"],
            "recommendation": self._said_of("recommendations", name, item["quote"], offer),
            "why": self._said_of("findings", name, item["quote"]),
            "vendor_evidence_id": vendor_id,
            "vendor_quote": offer,
        }
