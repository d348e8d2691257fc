"""Thresholds that the law sets: dated data with their sources, in `thresholds.yaml`."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from dealbooks.money import Amount
from dealbooks.yamlfile import read_yaml

_FILE = Path(__file__).with_name("thresholds.yaml")


class CashReport(BaseModel):
    """From `start` on, more than `above` in cash for one sale is reported on `form`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: date = Field(alias="from")
    above: Amount
    currency: str
    form: str
    file_within_days: int
    keep_years: int
    source: str


class _Thresholds(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    cash_report_us: tuple[CashReport, ...]


@lru_cache(maxsize=1)
def _thresholds() -> _Thresholds:
    return _Thresholds.model_validate(read_yaml(_FILE))


def cash_report_us(day: date) -> CashReport | None:
    """The duty to report cash in the United States that is in force on a day; None before there was one."""
    held = [one for one in _thresholds().cash_report_us if one.start <= day]
    return max(held, key=lambda one: one.start, default=None)
