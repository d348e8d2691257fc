"""What a controller reads about each class of exception: the likely cause, and what mends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """`title` names the class, `cause` and `cure` may use {deal} and {ref}."""

    title: str
    cause: str
    cure: str


WORDS: Mapping[str, Words] = {
    "missing_in_ledger": Words(
        "Not in the ledger",
        "The sale was never sent, or the ledger lost it before it was read back.",
        "dealbooks sync posts it (never twice); dealbooks trace {deal} shows where it stopped.",
    ),
    "missing_in_source": Words(
        "In the ledger, but no deal behind it",
        "Somebody typed a vehicle sale by hand, or the store was restored from an older copy.",
        "Enter the deal at the source and reverse {ref} in the ledger, or reverse {ref} if there was no such sale.",
    ),
    "amount_mismatch": Words(
        "Amounts differ",
        "The ledger computed or rounded the document differently from what was sent.",
        "dealbooks trace {deal} shows both sides; correct {ref} in the ledger, then reconcile again.",
    ),
    "duplicate": Words(
        "In the ledger more than once",
        "The document was copied or imported again, or the same car was typed a second time by hand.",
        "Reverse {ref} in the ledger: it is the later one. dealbooks trace {deal} shows the one that stands.",
    ),
    "wrong_period": Words(
        "In another period",
        "Somebody changed the date in the ledger, or the ledger moved it by itself.",
        "Set the date of {ref} back in the ledger, or accept it with a note when closing.",
    ),
    "wrong_location": Words(
        "At another location",
        "The location (class, tracking) was changed in the ledger.",
        "Set the location of {ref} back in the ledger.",
    ),
    "wrong_tax_code": Words(
        "With another tax code",
        "The tax code was changed in the ledger; the tax return would differ, even where the amount does not.",
        "Set the tax code of {ref} back in the ledger.",
    ),
    "wrong_account": Words(
        "On another account",
        "The account was changed in the ledger, or the chart was changed after posting.",
        "Move the line of {ref} back to its account in the ledger.",
    ),
    "edited_after_posting": Words(
        "Edited after posting",
        "It was read back and agreed when it was posted; somebody has edited it in the ledger since.",
        "Undo the edit of {ref} in the ledger; if the deal itself was wrong, correct it at the source: "
        "dealbooks sync reverses and reposts it.",
    ),
    "deleted_in_ledger": Words(
        "Deleted in the ledger",
        "It stood in the ledger when it was posted; somebody has deleted or voided it since.",
        "Restore {ref} in the ledger, or have it made again: dealbooks issue-again {deal} --who NAME --why TEXT. It is "
        "never posted again by itself.",
    ),
    "voided_in_ledger": Words(
        "Voided in the ledger",
        "It stood in the ledger when it was posted; somebody has voided or cancelled it since, and it counts for "
        "nothing.",
        "If the sale stands, have it made again: dealbooks issue-again {deal} --who NAME --why TEXT; if it does not, "
        "cancel it at the source. It is never posted again by itself.",
    ),
    "reversed_without_repost": Words(
        "Reversed, but not posted again",
        "The corrected version is held, waits, or was refused.",
        "dealbooks trace {deal} shows what the new version waits for; then dealbooks sync.",
    ),
    "unwind_incomplete": Words(
        "Unwound, but not all of it came back",
        "Facts had moved on before the unwind: the lender or the lienholder was paid, or a line was not mirrored.",
        "Collect what is open from that party, or correct the entry in the ledger (dealbooks trace {deal}).",
    ),
    "sold_in_stock": Words(
        "Sold, but still in stock",
        "The cost of the deal is not what the car stood in stock with (reconditioning or fees booked late).",
        "Correct the cost at the source and run dealbooks sync, or book the rest in the ledger with its stock number.",
    ),
    "negative_stock": Words(
        "Stock below nothing",
        "The purchase of the car is not in the ledger, or with a lower value than the cost of the deal.",
        "Book the purchase of the car in the ledger with its stock number, or correct the cost at the source.",
    ),
    "customer_balance": Words(
        "The customer's account is not at what the deal states",
        "A payment was not entered, was entered on another deal, or the customer still owes.",
        "Enter the receipt at the source and run dealbooks sync, or collect it (dealbooks trace {deal}).",
    ),
    "cit_unpaid": Words(
        "The lender has not paid",
        "The contract waits for a stipulation, or the funding was not entered.",
        "Ask the lender; when the funding reaches the source, dealbooks sync books it.",
    ),
    "cit_over": Words(
        "The lender has paid more than was booked",
        "The amount financed was changed after the contract, or a payment belongs to another deal.",
        "Correct the amount financed at the source and run dealbooks sync, or give the difference back.",
    ),
    "payoff_late": Words(
        "Settlement on a part-exchange not paid in time",
        "The lienholder was not paid by the date the settlement figure holds; the customer may be charged.",
        "Pay the lienholder and enter it at the source; dealbooks sync books it.",
    ),
    "deposit_held": Words(
        "A deposit is held for long",
        "The car is not delivered yet, or the deal was cancelled and the deposit was not given back.",
        "Ask the salesperson of deal {deal}; give it back and enter the refund at the source, or leave it.",
    ),
    "intercompany_unmatched": Words(
        "Not the same in the other company's books",
        "The transfer of the car is not posted, was edited or is gone in the other company's ledger.",
        "Reconcile the other book: it names the document. dealbooks trace {deal} shows both.",
    ),
    "unexplained_ledger_entry": Words(
        "Typed by hand on an account we keep",
        "Somebody booked on a control account directly.",
        "Ask who booked {ref}; reverse it, or accept it with a note when closing.",
    ),
    "unpaid": Words(
        "Booked, and not at the bank",
        "It was booked on the word of the source: a card was declined, a transfer was announced and not made, or it "
        "went to an account whose statements are not imported.",
        "Look for it at the bank; if it never came, take the payment out at the source and run dealbooks sync.",
    ),
    "overpaid": Words(
        "More at the bank than was booked",
        "It was paid twice, or paid with another amount than was entered.",
        "Give the surplus back, or enter what came at the source and run dealbooks sync.",
    ),
    "cit_short": Words(
        "The lender has paid less than was booked",
        "The lender kept a fee, a stipulation is missing, or the rate was changed.",
        "Ask the lender for the difference, or correct the funding at the source and run dealbooks sync.",
    ),
    "unexplained_bank_line": Words(
        "At the bank, and not booked",
        "Money moved that no deal and no record of the ledger has.",
        "Find what it is for; enter it at the source and run dealbooks sync, or book it in the ledger.",
    ),
    "statement_missing": Words(
        "Days without a bank statement",
        "The statement was not imported, or it was held.",
        "Export it from the bank and run dealbooks bank import.",
    ),
    "fx_residual": Words(
        "Currency rounding above a few minor units",
        "The lines of a foreign-currency deal, each turned into the book's currency, do not add up to its total.",
        "Look at the exchange rate of deal {deal} (dealbooks trace {deal}); the rest stands on the account for "
        "currency rounding.",
    ),
    "list_difference": Words(
        "A list from outside says something else",
        "It is booked in another month, with another amount, or only on one side.",
        "Ask who made the list; then correct it at the source, or import the corrected list with dealbooks lists "
        "import.",
    ),
    "floorplan_unpaid": Words(
        "Sold, and still on the floorplan",
        "The lender of the stock was not paid off when the car was sold.",
        "Pay the car off, and import the next statement with dealbooks lists import.",
    ),
}

# Of a car that is `sold_in_stock` by the word of a stock count: the books hold nothing for it any more.
COUNTED_BUT_SOLD = Words(
    "Sold, but still in stock",
    "The car was counted and had left already, it has not been fetched yet, or the count names another car wrongly.",
    "Look whether it stands there; then import the corrected count with dealbooks lists import, or correct the sale at "
    "the source.",
)
