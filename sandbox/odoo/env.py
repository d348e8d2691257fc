"""One call's view of the server: who calls, when, with which context, and what the call has done so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sandbox.odoo.database import Database, Record
from sandbox.odoo.errors import missing_error
from sandbox.odoo.schema import Fields
from sandbox.odoo.settings import Settings, Traits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.odoo.model import Model


@dataclass(slots=True)
class Env:
    """What the models work with. `marks` are deeds of this call that the write log names (post, void, allocate)."""

    database: Database
    schema: Mapping[str, Fields]
    models: Mapping[str, type[Model]]
    settings: Settings
    now: datetime
    uid: int
    context: Mapping[str, Any] = field(default_factory=dict)
    marks: list[tuple[str, str, int]] = field(default_factory=list)

    def __getitem__(self, model: str) -> Model:
        return self.models.get(model, self.models[""])(self, model)

    @property
    def traits(self) -> Traits:
        """The version's traits."""
        return self.settings.of_version

    @property
    def today(self) -> date:
        """The date, in UTC."""
        return self.now.date()

    @property
    def stamp(self) -> str:
        """The moment as it is kept in a datetime field."""
        return self.now.strftime("%Y-%m-%d %H:%M:%S.%f")

    @property
    def company(self) -> int:
        """The company that the caller works for: the first allowed one, else the user's own."""
        allowed = self.context.get("allowed_company_ids")
        return int(allowed[0] if allowed else self.record("res.users", self.uid)["company_id"])

    def record(self, model: str, number: Any) -> Record:
        """One record.

        Raises:
            OdooError: it is not there.
        """
        found = self.database.get(model, number) if number else None
        if found is None:
            raise missing_error(model, number, self.uid)
        return found

    def places(self, currency: Any) -> int:
        """The decimals of a currency."""
        return int(self.record("res.currency", currency)["decimal_places"])

    def mark(self, action: str, model: str, number: int) -> None:
        """Name what this call did to a record."""
        self.marks.append((action, model, number))
