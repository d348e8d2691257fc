"""One deal that the ledger refuses stops none of the others."""

from __future__ import annotations

import json

from conformance.deals import postings_of
from conformance.rig import Rig


def test_one_that_is_refused_stops_none_of_the_others(rig: Rig) -> None:
    deals = [postings_of("G11", number=f"UK-8{n}", customer=f"C-8{n}", name=f"Customer {n}") for n in range(5)]
    for postings in deals:
        rig.put(*postings)
    bad = deals[2][0].key.deal
    name = rig.first_of_journal
    with rig.store.transaction("conformance", "spoil") as tx:
        row = rig.row(name, bad)
        tx.update("effects", [row], payload=json.dumps(rig.spoiled(json.loads(row["payload"]))))
    rig.settled(rounds=3)
    rows = rig.rows()
    assert {row["state"] for row in rows if row["deal_id"] != bad} == {"posted"}
    refused = [row for row in rows if row["state"] == "refused"]
    assert [(row["deal_id"], row["name"]) for row in refused] == [(bad, name)]
    assert refused[0]["reason"]
    (rest,) = {row["deal_id"] for row in rows if row["state"] != "posted"}
    assert rest == bad
    standing = rig.standing()
    again = rig.drain()
    assert (again.posted, rig.standing()) == (0, standing)
