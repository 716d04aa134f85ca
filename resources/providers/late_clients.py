"""Vendors' clients that are made with the first question: many requests are served from memory, and ask none.

name -> LateProvider, LateModel, which behave as the client does
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from enrichment.domain.json_values import Json
from enrichment.ports import BeforeSend, KeepHandle, ModelAnswer, SourceAnswer, SourceQuery

if TYPE_CHECKING:
    from resources.providers.openai import OpenAIModel
    from resources.providers.vendor_client import ProviderClient, VendorClient


class LateProvider:
    """Implements Provider. make: name -> the client; what gives it closes what was made."""

    def __init__(self, name: str, make: "Callable[[str], VendorClient]") -> None:
        self.name, self._make = name, make

    async def ask(self, question: SourceQuery, *, keep_handle: KeepHandle, before_send: BeforeSend) -> SourceAnswer:
        return await self.client.ask(question, keep_handle=keep_handle, before_send=before_send)

    @cached_property
    def client(self) -> "ProviderClient[Any]":
        return cast("ProviderClient[Any]", self._make(self.name))


class LateModel:
    """Implements LanguageModel; otherwise as LateProvider."""

    def __init__(self, name: str, make: "Callable[[str], VendorClient]") -> None:
        self.name, self._make = name, make

    async def answer(
        self,
        schema: Mapping[str, Json],
        *,
        model: str,
        instructions: str,
        evidence: str,
        max_output_tokens: int,
        before_send: BeforeSend,
    ) -> ModelAnswer:
        return await self.client.answer(
            schema,
            model=model,
            instructions=instructions,
            evidence=evidence,
            max_output_tokens=max_output_tokens,
            before_send=before_send,
        )

    @cached_property
    def client(self) -> "OpenAIModel":
        return cast("OpenAIModel", self._make(self.name))
