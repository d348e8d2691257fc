"""New Zealand: GST101A, worked by hand."""

from __future__ import annotations

from decimal import Decimal

from returns_support import amounts, assert_tied, case, returned, unwound

from dealbooks.returns import Span

D = Decimal


def test_second_hand_credit_enters_box_11_with_the_price_so_far_as_paid() -> None:
    made = returned("nz-gst101", "2026-06", "G20")
    # Box 5: 24,990 with GST; the exempt commission (350) and what is collected for others stand nowhere.
    # Box 8: 24,990 x 3/23 = 3,259.57. Box 11: allowance 8,500, of it 5,487.65 set off on the 15th and the payoff of
    # 3,012.35 paid on the 18th. Box 12: 8,500 x 3/23 = 1,108.70.
    assert amounts(made) == {
        "5": D(24990), "7": D(24990), "8": D("3259.57"), "10": D("3259.57"), "11": D(8500), "12": D("1108.70"),
        "14": D("1108.70"), "15": D("2150.87"),
    }  # fmt: skip
    assert_tied(made)
    assert made.net_by_form == made.net_by_books
    assert [(line.fact.entry.entry_id, line.amount) for line in made.lines_of("11")] == [
        ("sale-v1", D("5487.65")),
        ("payoff-UD310T", D("3012.35")),
    ]


def test_an_open_payoff_is_left_for_the_period_in_which_it_is_paid() -> None:
    data = case("G20")
    data["expected"]["entries"] = [
        {**one, "accounting_date": "2026-07-02"} if one["entry_id"] == "payoff-UD310T" else one
        for one in data["expected"]["entries"]
    ]
    assert returned("nz-gst101", "2026-06", data).box("11").amount == D("5487.65")
    july = returned("nz-gst101", "2026-07", data)
    assert amounts(july) == {
        "11": D("3012.35"), "12": D("392.92"), "14": D("392.92"), "15": D("-392.92"),
    }  # fmt: skip
    assert_tied(july)


def test_an_unwind_in_july_takes_back_the_sale_and_what_was_set_off() -> None:
    july = returned("nz-gst101", "2026-07", unwound(case("G20"), "2026-07-06"))
    assert july.box("5").amount == D(-24990)
    assert july.box("11").amount == D("-5487.65")
    assert_tied(july)
    assert Span.parse("2026-07").last.day == 31


def test_xero_lacks_the_part_exchange() -> None:
    made = returned("nz-gst101", "2026-06", "G20", ledger="xero")
    eleven = made.box("11").ledger
    assert eleven is not None
    assert (eleven.computes, eleven.adjustment) == (D(0), D(8500))
    assert "part-exchange" in eleven.reason
