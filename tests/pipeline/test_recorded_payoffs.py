"""A payoff belongs to the version that stood when it was recorded; a version that is posted later knows of it."""

from __future__ import annotations

from datetime import timedelta

from pipeline_support import Dealership, financed

from dealbooks.pipeline.recorded import facts_of, recorded, sales_of
from dealbooks.returns import Span


def test_a_version_knows_the_payoffs_that_were_recorded_before_it(shop: Dealership) -> None:
    first = financed(1)
    shop.sales(11, first)
    shop.sync()
    shop.clock.now += timedelta(hours=1)
    shop.events(15, ("N-1", "payoff_paid", "3000.00", "", "U1P"))
    shop.sync()
    shop.clock.now += timedelta(hours=1)
    shop.sales(16, first | {"trade1_allowance": "4200.00", "vehicle_price": "10200.00", "total": "10200.00"})
    shop.sync()
    assert shop.entry_ids(1) == ["payoff-U1P", "reversal-v1", "sale-v1", "sale-v2"]
    with shop.open() as house:
        found = recorded(house, "northgate", Span.parse("2026-09"))
        facts = {fact.entry.entry_id: fact for fact in facts_of(house, found)}
        allowances = [sale.figures.trades[0].trade.allowance for sale in sales_of(house, found)]
    known = {name: [paid.entry.entry_id for paid in fact.paid_off] for name, fact in facts.items()}
    assert known == {"sale-v1": [], "reversal-v1": [], "payoff-U1P": [], "sale-v2": ["payoff-U1P"]}
    payoff = facts["payoff-U1P"].version
    assert payoff is not None and str(payoff.trade_ins[0].allowance) == "4000.00"
    assert facts["sale-v2"].paid_off[0].version == payoff
    assert [str(amount) for amount in allowances] == ["4000.00", "4000.00", "4200.00"]
