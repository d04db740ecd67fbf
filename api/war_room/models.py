"""War-room records as they travel. Answers are derived from the layers' declarations."""

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, create_model

from api.impact_models import Latitude, Longitude
from layers import (
    evacuation_runs,
    event_log,
    events,
    incidents,
    resources,
    shelter_stays,
    tasks,
)
from layers.model import SYSTEM_FIELDS, FieldType, Layer


def _no_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("text holds no NUL")
    return text


Words = Annotated[str, AfterValidator(_no_nul), Field(min_length=1, max_length=500)]
Long = Annotated[str, AfterValidator(_no_nul), Field(max_length=4000)]
Short = Annotated[str, AfterValidator(_no_nul), Field(min_length=1, max_length=100)]
LonLat = tuple[Longitude, Latitude]
RecordNo = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]

_TYPES: dict[FieldType, Any] = {
    FieldType.TEXT: str,
    FieldType.INTEGER: int,
    FieldType.NUMBER: float,
    FieldType.BOOLEAN: bool,
    FieldType.DATE: str,
    FieldType.DATETIME: datetime,
    FieldType.TEXT_LIST: list[str],
}


def _model(name: str, layer: Layer, **more: Any) -> type[BaseModel]:
    """A record as it is answered: fields the caller may not see are absent."""
    fields: dict[str, Any] = {
        field.name: (
            _TYPES[field.type] | None,
            Field(default=None, description=f"{field.title.th} · {field.title.en}"),
        )
        for field in (*SYSTEM_FIELDS, *layer.fields)
        if field.name not in ("id", "dataset_id")
    }
    fields |= {
        "id": (int, ...),
        "version": (str, Field(description="For If-Match, in quotes")),
        **more,
    }
    if layer.geometry is not None:
        # a pair is described as a list: not every reader of the description knows `prefixItems`
        fields["at"] = (
            list[float],
            Field(min_length=2, max_length=2, description="Longitude and latitude"),
        )
    made: type[BaseModel] = create_model(
        name, __doc__=layer.description.en, __base__=BaseModel, **fields
    )
    return made


class Standing(BaseModel):
    """What one authority said last: its step of the log."""

    step: int = Field(description="Id of the step, to take it back by")
    value: str
    said: str = Field(description="In the caller's language")
    at: datetime
    signer: str | None = None
    seat: str | None = None
    document_no: str | None = None
    signed_at: datetime | None = None
    area: str | None = None
    note: str | None = None
    by_name: str | None = None


EventOut = _model(
    "Event",
    events.LAYER,
    lines=(
        dict[str, Standing] | None,
        Field(
            default=None,
            description="Who said what, by line: flag, eoc, ddpm_level, disaster_area, "
            "relief_zone, evacuation_advice, evacuation_order; absent for the public",
        ),
    ),
)
IncidentOut = _model(
    "Incident",
    incidents.LAYER,
    duplicates=(
        list[int] | None,
        Field(default=None, description="Ids of incidents that may be the same; when raised"),
    ),
)
TaskOut = _model("Task", tasks.LAYER)
RunOut = _model("EvacuationRunRecord", evacuation_runs.LAYER)
StayOut = _model("ShelterStay", shelter_stays.LAYER)
ResourceOut = _model("Resource", resources.LAYER)
StepOut = _model(
    "EventStep",
    event_log.LAYER,
    pos=(int, Field(description="Place in the order of changes")),
    words=(str, Field(description="The step as a sentence in the caller's language")),
)


class Events(BaseModel):
    """Events, newest first."""

    events: list[EventOut]  # type: ignore[valid-type]


class Incidents(BaseModel):
    """Incidents, newest first; `before` asks for the next page."""

    incidents: list[IncidentOut]  # type: ignore[valid-type]
    next: int | None = Field(description="`before` of the next page; null: there is none")


class EventSteps(BaseModel):
    """Steps of an event in their order; `after` asks for the next page."""

    steps: list[StepOut]  # type: ignore[valid-type]
    next: str | None = Field(description="`after` of the next page; null: there is none yet")


class IncidentSteps(BaseModel):
    """Steps of one incident in their order."""

    steps: list[StepOut]  # type: ignore[valid-type]


class Likely(BaseModel):
    """Incidents that may be the same as one."""

    incident: int
    metres: float
    code: str


class Duplicates(BaseModel):
    """Incidents of the same kind near one, nearest first."""

    duplicates: list[Likely]


class HomeWithoutPower(BaseModel):
    """A home whose people hang on power."""

    care_code: str
    household: str | None
    needs: list[str] | None


class Homes(BaseModel):
    """Homes the caller may see now."""

    homes: list[HomeWithoutPower]


class TownWord(BaseModel):
    """A flag or a seat."""

    list: Literal["flag", "seat"]
    code: str
    word_th: str
    word_en: str | None = None
    color: str | None = None
    meaning_th: str | None = None
    meaning_en: str | None = None
    seq: int | None = None
    default: bool


class RuleOut(BaseModel):
    """A rule that raises incidents, or how soon they must be acknowledged."""

    code: str
    rule: str
    enabled: bool | None = None
    threshold: float | None = None
    dead_band: float | None = None
    delay_s: int | None = None
    severity: str | None = None
    shift_from: str | None = None
    shift_to: str | None = None
    within_s: int | None = None
    note: str | None = None
    default: bool


class WarRoomSettings(BaseModel):
    """Flags, seats and rules in force; those of the layers `event_words` and `incident_rules`."""

    flags: list[TownWord]
    seats: list[TownWord]
    rules: list[RuleOut] | None = Field(default=None, description="Absent for the public")


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid")

    by: Short | None = Field(
        default=None, description="Name of the person, where several share one sign-in"
    )


class _Signed(_Said):
    signer: Words | None = Field(default=None, description="Name of who signed")
    seat: Words | None = Field(default=None, description="As what they signed, such as a seat")
    document_no: Words | None = None
    signed_at: AwareDatetime | None = None
    area: Words | None = Field(default=None, description="Where it is in force, in words")
    note: Long | None = None


class EventIn(_Signed):
    """An event to be opened."""

    name: Words
    kind: Literal["flood", "flash_flood", "storm", "tide", "other"] = "flood"
    exercise: bool | None = Field(
        default=None,
        description="Whether it is played. Unsaid: while an exercise is on; false: it is real",
    )


class EventAct(_Signed):
    """What is done with an event: `announce` needs `line`, `value`, `signer`; `undo` a `step`."""

    line: (
        Literal[
            "flag",
            "eoc",
            "ddpm_level",
            "disaster_area",
            "relief_zone",
            "evacuation_advice",
            "evacuation_order",
        ]
        | None
    ) = None
    value: Short | None = Field(
        default=None,
        description="flag: a code of the town's flags; eoc: open, closed; ddpm_level: 1 to 4, "
        "ended; the others: in_force, ended",
    )
    step: RecordNo | None = Field(default=None, description="Id of the step to take back")


class ExerciseEnd(_Said):
    """Which exercise is meant, and why it ends."""

    started_at: AwareDatetime | None = Field(
        default=None,
        description="When the one that is meant began, as `/me` tells it: another is not ended",
    )
    note: Long | None = None


class ExerciseEnded(BaseModel):
    """What ended with an exercise."""

    name: str
    started_at: datetime
    ended_at: datetime
    ended_by: str
    incidents: int = Field(description="Incidents of it that were left and got the all-clear")
    event: str | None = Field(
        description="Code of its event, which was closed; null: none was open"
    )


EVENT_ACTIONS = ("announce", "close", "reopen", "note", "undo")

Severity = Literal["low", "moderate", "high", "critical"]
PersonKind = Literal[
    "rescue",
    "medical",
    "threshold",
    "levee",
    "road_cut",
    "shelter_full",
    "power_out",
    "feed_silent",
    "supplies",
    "other",
]


class IncidentIn(_Said):
    """An incident somebody raises."""

    kind: PersonKind
    severity: Severity
    title: Words
    at: LonLat = Field(description="Longitude and latitude")
    description: Long | None = None
    place: Words | None = Field(default=None, description="Where it is, in words")
    source: Words | None = Field(default=None, description="Who or what told of it")
    exercise: bool | None = Field(
        default=None,
        description="Whether it is played. Unsaid: while an exercise is on; false: it is real",
    )


class IncidentAct(_Said):
    """What is done with an incident.

    `assign` needs `unit`, `shelve` needs `until`, `merge` needs `into`, `note` needs `note`;
    `change` changes what is given of kind, severity, title, description, place and at.
    """

    unit: Short | None = None
    note: Long | None = None
    until: AwareDatetime | None = None
    into: RecordNo | None = Field(default=None, description="Id of the incident it is the same as")
    kind: PersonKind | None = None
    severity: Severity | None = None
    title: Words | None = None
    description: Long | None = None
    place: Words | None = None
    at: LonLat | None = None


class Tasks(BaseModel):
    """Tasks, newest first."""

    tasks: list[TaskOut]  # type: ignore[valid-type]


class TaskIn(_Said):
    """A task for a crew; `care_code` is the home of somebody in care it is about."""

    team: Short
    words: Long | None = Field(default=None, description="What to do")
    incident: RecordNo | None = Field(default=None, description="Id of the incident it is for")
    care_code: Short | None = None


class TaskAct(_Said):
    """What became of a task; `fail` needs a reason."""

    reason: Long | None = None


class StayIn(_Said):
    """A household that is counted in; `shelter` is the code of one."""

    household: Short
    place: Literal["shelter", "camping", "relatives"] = "shelter"
    shelter: Short | None = None
    people: int = Field(ge=0, le=500)
    note: Long | None = None


class StayAct(_Said):
    """A household that leaves, or is counted again."""

    people: int | None = Field(default=None, ge=0, le=500)
    note: Long | None = None


class PlannedRun(BaseModel):
    """A run of an answer, by its team and number."""

    model_config = ConfigDict(extra="forbid")

    team: Short
    number: int = Field(ge=1, le=100_000)


class RunsIn(_Said):
    """Runs to be accepted from an evacuation answer."""

    answer: uuid.UUID
    runs: list[PlannedRun] | None = Field(
        default=None, min_length=1, max_length=1000, description="All not under way when not given"
    )


class RunAct(_Said):
    """What became of a run; `fail` needs a reason."""

    reason: Long | None = None
    vehicle_failed: bool = Field(default=False, description="Its boat or vehicle is out of order")


class Runs(BaseModel):
    """Runs just accepted."""

    runs: list[RunOut]  # type: ignore[valid-type]


class WaitingHousehold(BaseModel):
    """A household a failed run has returned to the list, and why it failed."""

    household: str
    run: str
    reason: str | None


class Waiting(BaseModel):
    """Households that wait to be fetched after all."""

    waiting: list[WaitingHousehold]


class ResourceAct(_Said):
    """Who takes a boat or vehicle, and where it is."""

    crew: Short | None = None
    at: LonLat | None = None
    due_at: AwareDatetime | None = Field(
        default=None, description="When it is to be back; for check_out"
    )
    note: Long | None = None
