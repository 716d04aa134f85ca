"""The base of all views: frozen, with times that state their zone."""

from pydantic import BaseModel, ConfigDict

from enrichment.domain.json_values import Json


class View(BaseModel):
    model_config = ConfigDict(frozen=True)


def as_json(view: View) -> Json:
    return view.model_dump(mode="json")
