"""Hold a pack against the store that it came from: the audit chain, and the certificate that the period was locked
with."""

from __future__ import annotations

import json
from dataclasses import replace

from dealbooks.house import House
from dealbooks.pack.files import CERTIFICATE
from dealbooks.pack.verify import Problem, Verdict
from dealbooks.periods import Period, PeriodState
from dealbooks.pipeline.heads import heads_in_file, prove
from dealbooks.pipeline.periods import find


def held_against_store(house: House, verdict: Verdict) -> Verdict:
    """A verdict with what the store says added: the chain holds the head of the certificate, and the period is locked
    with this very certificate. A draft is held against nothing.

    Raises:
        UsageError: the certificate holds no head, or the book is not in this configuration.
    """
    if verdict.draft or not verdict.certificate:
        return verdict
    house.book(verdict.book)
    kept = heads_in_file(verdict.folder / CERTIFICATE)
    problems = [Problem(one.where, one.message) for one in prove(house.store, kept).breaks]
    with house.store.read() as conn:
        row = find(conn, verdict.book, Period.parse(verdict.period))
    sealed = json.loads(row.certificate) if row.certificate else {}
    if not sealed:
        problems.append(Problem(CERTIFICATE, f"the store knows no certificate of {verdict.period}"))
    elif sealed["sha256"] != verdict.certificate:
        number = sealed["number"]
        problems.append(Problem(CERTIFICATE, f"is not certificate {number}, with which the store holds the period"))
    elif row.state is not PeriodState.LOCKED:
        problems.append(Problem(CERTIFICATE, f"no longer holds: {verdict.period} is {row.state.value}"))
    said = (*verdict.checked, "the audit chain and the period of the store")
    return replace(verdict, problems=(*verdict.problems, *problems), checked=said)
