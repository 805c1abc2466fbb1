"""The control API: order faults and run outcomes, manage users, and read the journal."""

from __future__ import annotations

import dataclasses
import difflib
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict
from starlette.concurrency import run_in_threadpool

from ikigai_core.local.control.exchange import without_secrets
from ikigai_core.local.control.faults import ANY, Fault
from ikigai_core.local.control.faults import Order as FaultOrder
from ikigai_core.local.jobs.scripted_outcomes import EndStatus, Outcome
from ikigai_core.local.platform import Platform
from ikigai_core.local.problems import bad_request, conflict, not_found
from ikigai_core.local.server import seeding
from ikigai_core.local.server.routes.common import Answer, Email, Name, PlatformPart, sound
from ikigai_core.local.server.routes.data import receive_whole
from ikigai_core.local.server.routes.own import PREFIX
from ikigai_core.local.server.schemas.common import REFUSALS
from ikigai_core.local.server.users import add_user, remove_user, wipe
from ikigai_core.local.store import Store
from ikigai_core.local.store.flows import Flow

SOUND = BeforeValidator(sound)

router = APIRouter(prefix=PREFIX.rstrip("/"), tags=["control"], responses=REFUSALS)


class Reset(BaseModel):
    model_config = ConfigDict(extra="forbid")

    data: bool = False


class NewUser(BaseModel):
    model_config = ConfigDict(extra="forbid")

    user_email: Email


class NewKey(BaseModel):
    model_config = ConfigDict(extra="forbid")

    api_key: str | None = None


class NewRun(BaseModel):
    """A run that starts now, on behalf of a user."""

    model_config = ConfigDict(extra="forbid")

    user: Email
    outcome: Outcome


class EndOfRun(BaseModel):
    model_config = ConfigDict(extra="forbid")

    flow: str
    status: EndStatus = "SUCCESS"
    message: str = ""
    facet: str = ""


# Faults and the journal belong to the event loop, so their endpoints are coroutines.


@router.post("/faults")
async def order_fault(request: Request, platform: PlatformPart, fault: Annotated[Fault, SOUND]) -> Answer:
    """Order a fault."""
    _check_operation(request, fault.operation)
    return platform.faults.order(fault).report()


@router.get("/faults")
async def get_faults(platform: PlatformPart) -> Answer:
    """Return all ordered faults, oldest first."""
    return {"faults": [order.report() for order in platform.faults.all()]}


@router.get("/faults/{fault_id}")
async def get_fault(platform: PlatformPart, fault_id: str) -> Answer:
    """Return an ordered fault with its number of hits."""
    return _found(platform.faults.find(fault_id), fault_id).report()


@router.delete("/faults/{fault_id}")
async def cancel_fault(platform: PlatformPart, fault_id: str) -> Answer:
    """Cancel a fault."""
    return _found(platform.faults.cancel(fault_id), fault_id).report()


@router.post("/outcomes")
def order_outcome(platform: PlatformPart, outcome: Annotated[Outcome, SOUND]) -> Answer:
    """Order an outcome of runs."""
    return platform.outcomes.order(outcome).report()


@router.get("/outcomes")
def get_outcomes(platform: PlatformPart) -> Answer:
    """Return all ordered outcomes, oldest first."""
    return {"outcomes": [order.report() for order in platform.outcomes.all()]}


@router.delete("/outcomes/{outcome_id}")
def cancel_outcome(platform: PlatformPart, outcome_id: str) -> Answer:
    """Cancel an outcome."""
    order = platform.outcomes.cancel(outcome_id)
    if order is None:
        raise not_found("Outcome", outcome_id)
    return order.report()


@router.post("/runs")
def start_run(platform: PlatformPart, new: Annotated[NewRun, SOUND]) -> Answer:
    """Start a run of a flow as another user."""
    flow = _flow(platform.store, new.outcome.flow)
    platform.runner.start(flow, new.user, {}, new.outcome)
    return {"pipeline_id": flow.flow_id}


@router.get("/runs")
def get_runs(platform: PlatformPart, user: str | None = None) -> Answer:
    """Return all runs ever started, oldest first, including those of deleted flows."""
    runs = [dataclasses.asdict(run) for run in platform.store.runs.history.all(user)]
    return {"runs": [{**run, "variables": without_secrets(run["variables"])} for run in runs]}


@router.post("/runs/finish")
def finish_run(platform: PlatformPart, end: Annotated[EndOfRun, SOUND]) -> Answer:
    """End an ordered run now."""
    flow = _flow(platform.store, end.flow)
    if not platform.outcomes.finish(flow, end.status, end.message, end.facet):
        raise conflict(f"Flow {flow.name!r} has no run under way that was ordered")
    return {"pipeline_id": flow.flow_id}


@router.get("/journal")
async def get_journal(
    platform: PlatformPart,
    operation: str | None = None,
    user: str | None = None,
    after: Annotated[int, Query(ge=0)] = 0,
) -> Answer:
    """Return the latest requests, oldest first."""
    return {"requests": [entry.report() for entry in platform.journal.entries(operation, user, after)]}


@router.delete("/journal")
async def clear_journal(platform: PlatformPart) -> Answer:
    """Clear the journal."""
    platform.journal.clear()
    return {}


@router.post("/reset")
async def reset(platform: PlatformPart, wanted: Reset | None = None) -> Answer:
    """Cancel all orders and clear the journal. With `data`, also delete everything that users created."""
    platform.faults.clear()
    platform.journal.clear()
    await run_in_threadpool(_reset, platform, data=wanted is not None and wanted.data)
    return {}


@router.post("/users")
def create_user(platform: PlatformPart, new: NewUser) -> Answer:
    """Add a user; return the user's key."""
    return {"user_email": new.user_email, "api_key": add_user(platform, new.user_email)}


@router.post("/users/{user_email}/key")
def rotate_key(platform: PlatformPart, user_email: str, new: NewKey) -> Answer:
    """Replace a user's key. The old key stops working."""
    try:
        api_key = platform.credentials.rotate_key(user_email, new.api_key)
    except ValueError as error:
        raise bad_request(f"api_key: {error}") from None
    if api_key is None:
        raise not_found("User", user_email)
    return {"user_email": user_email, "api_key": api_key}


@router.delete("/users/{user_email:path}")
def delete_user(platform: PlatformPart, user_email: str) -> Answer:
    """Remove a user and everything that the user owns."""
    if not platform.credentials.remove_user(user_email):
        raise not_found("User", user_email)
    remove_user(platform, user_email)
    return {}


@router.put("/datasets")
async def seed(request: Request, platform: PlatformPart, app: Name, dataset: Name, user: str | None = None) -> Answer:
    """Replace the data of a dataset with the given CSV. Create the dataset and its app if they do not exist."""
    owner = platform.credentials.known_as(user) if user else platform.credentials.user_email
    if owner is None:
        raise not_found("User", str(user))
    path = await receive_whole(request, platform)
    made = await run_in_threadpool(seeding.seed, platform, owner, app, dataset, path)
    return {"project_id": made.app_id, "dataset_id": made.dataset_id}


def _reset(platform: Platform, *, data: bool) -> None:
    platform.outcomes.clear()
    platform.stand_ins.clear()
    platform.recordings.clear()
    platform.reset_specs()
    if data:
        wipe(platform)


def _found(order: FaultOrder | None, fault_id: str) -> FaultOrder:
    if order is None:
        raise not_found("Fault", fault_id)
    return order


def _check_operation(request: Request, operation: str) -> None:
    """Refuse a fault that can never hit."""
    known: frozenset[str] = request.app.state.operations
    if operation != ANY and operation not in known:
        similar = difflib.get_close_matches(operation, known, 1)
        hint = f": did you mean {similar[0]!r}?" if similar else ""
        raise bad_request(f"operation: there is no operation {operation!r}{hint}")


def _flow(store: Store, wanted: str) -> Flow:
    flow = store.flows.find(wanted)
    named = [flow] if flow is not None else store.flows.all(name=wanted)
    if not named:
        raise not_found("Flow", wanted)
    if len(named) > 1:
        raise conflict(f"There are {len(named)} flows named {wanted!r}: give the id of one")
    return named[0]
