"""The control API for outputs of facets: stand-ins, recordings, and the specs that they need."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict

from ikigai_core.local.jobs.recorded_versions import RecordedVersion, add_recorded_versions
from ikigai_core.local.jobs.recordings import Recording
from ikigai_core.local.jobs.stand_ins import Order, StandIn
from ikigai_core.local.problems import bad_request, not_found
from ikigai_core.local.server.routes.common import Answer, PlatformPart, sound
from ikigai_core.local.server.routes.data import receive_whole
from ikigai_core.local.server.routes.own import PREFIX
from ikigai_core.local.server.schemas.common import REFUSALS

SOUND = BeforeValidator(sound)

router = APIRouter(prefix=PREFIX.rstrip("/"), tags=["control"], responses=REFUSALS)


class MoreSpecs(BaseModel):
    model_config = ConfigDict(extra="forbid")

    specs: dict[str, Any]
    permanent: bool = False


class RecordedVersions(BaseModel):
    model_config = ConfigDict(extra="forbid")

    app_id: str
    model: str
    versions: list[RecordedVersion]


@router.put("/tables")
async def put_table(request: Request, platform: PlatformPart) -> Answer:
    """Receive a CSV file for a stand-in."""
    path = await receive_whole(request, platform)
    return {"table": path.name}


@router.post("/stand-ins")
def order_stand_in(platform: PlatformPart, stand_in: Annotated[StandIn, SOUND]) -> Answer:
    """Set the output of a facet."""
    try:
        return platform.stand_ins.order(stand_in).report()
    except ValueError as error:
        raise bad_request(str(error)) from None


@router.get("/stand-ins")
def get_stand_ins(platform: PlatformPart) -> Answer:
    """Return all stand-ins, oldest first."""
    return {"stand_ins": [order.report() for order in platform.stand_ins.all()]}


@router.get("/stand-ins/{stand_in_id}")
def get_stand_in(platform: PlatformPart, stand_in_id: str) -> Answer:
    """Return a stand-in with its number of uses."""
    return _ordered(platform.stand_ins.find(stand_in_id), stand_in_id).report()


@router.delete("/stand-ins/{stand_in_id}")
def cancel_stand_in(platform: PlatformPart, stand_in_id: str) -> Answer:
    """Cancel a stand-in."""
    return _ordered(platform.stand_ins.cancel(stand_in_id), stand_in_id).report()


@router.post("/recordings")
def order_recording(platform: PlatformPart, recording: Annotated[Recording, SOUND]) -> Answer:
    """Let the runs of a flow replay a recording."""
    try:
        platform.recordings.order(recording)
    except ValueError as error:
        raise bad_request(str(error)) from None
    return {}


@router.post("/model-versions")
def add_model_versions(platform: PlatformPart, recorded: Annotated[RecordedVersions, SOUND]) -> Answer:
    """Add the missing versions of a recording to a model. They contain no trained model."""
    models = platform.store.models.all(app_id=recorded.app_id)
    model = next((model for model in models if model.name == recorded.model), None)
    if model is None:
        raise not_found("Model", recorded.model)
    add_recorded_versions(platform.store, model, recorded.versions)
    return {}


@router.post("/specs")
def add_specs(platform: PlatformPart, more: Annotated[MoreSpecs, SOUND]) -> Answer:
    """Serve additional facet and model types."""
    try:
        platform.add_specs(more.specs, permanent=more.permanent)
    except ValueError as error:
        raise bad_request(str(error)) from None
    return {}


def _ordered(order: Order | None, stand_in_id: str) -> Order:
    if order is None:
        raise not_found("Stand-in", stand_in_id)
    return order
