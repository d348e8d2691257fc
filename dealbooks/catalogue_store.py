"""Rules that need what was posted before (codes S002 and up)."""

from __future__ import annotations

from dealbooks.findings import Severity
from dealbooks.rule import Rule

E, W = Severity.ERROR, Severity.WARNING


def _store(code: str, severity: Severity, title: str, text: str) -> Rule:
    return Rule(code, severity, title, "store", text, "history of the book")


STORE_RULES: tuple[Rule, ...] = (
    _store("S002", E, "The car was already sold",
           "VIN {value} was already sold in deal {other} on {on}, and that sale was not unwound; unwind it first"),
    _store("S003", E, "The stock number was already sold",
           "stock number {value} was already sold in deal {other} on {on}, and that sale was not unwound; "
           "check the stock number"),
    _store("S004", E, "A posted receipt has changed",
           "receipt {value} is posted with {posted}, but now reads {now}; money received is not changed afterwards: "
           "give the correction a receipt number of its own"),
    _store("S005", E, "Too many amendments at once",
           "this run would amend or reverse {value} posted deals, more than the {limit} allowed; look at them with "
           "dealbooks plan, and approve them with dealbooks sync --plan"),
    _store("S006", E, "The deal is from before go-live",
           "the deal is dated {value}, before the books were taken over on {start}; it is listed, and never posted"),
    _store("S007", W, "The period is closed",
           "the deal is dated {value}, but the book is closed through {closed}; it is posted in the next open period, "
           "on {moved}"),
    _store("S009", E, "The traded car was sold on",
           "the sale cannot be unwound by itself: the part-exchange {value} has been sold on in deal {other}; "
           "a person must decide"),
    _store("S010", E, "A correction cannot be used",
           "the correction of {field} to {value} cannot be used: {reason}"),
    _store("S011", E, "The deal cannot be posted as it stands", "the deal cannot be turned into entries: {reason}"),
    _store("S012", E, "A sale is taken back without a date",
           "the sale is to be taken back, but the day is missing or cannot be read ({value}); "
           "give the date of the void"),
    _store("S013", E, "A fact about a deal has changed",
           "{value} of deal {deal} was told with {before}, and is now told with {now}; money that moved is not changed "
           "afterwards: give the correction a reference of its own"),
    _store("S014", E, "A fact about a deal is not complete",
           "{place} tells of money paid or received, but {field} is missing"),
    _store("S015", E, "An opening balance cannot be used", "the opening balance {value} cannot be used: {reason}"),
    _store("S016", E, "An opening balance has changed",
           "the opening balance of stock number {value} was taken with {before}, and is now told with {now}; correct "
           "it in the ledger, not in the file"),
    _store("S017", E, "Store not mapped to a book",
           "store '{value}' belongs to no book of source {source}; add it in dealbooks.yaml, under sources: {source}: "
           "books"),
    _store("S018", E, "Another currency than the book's",
           "{place} is in {value}, but the book is kept in {currency}; give the amount in {currency}"),
    _store("S019", E, "Money that moved is not above zero",
           "{place} tells of money paid or received, but the amount is {value}; it must be above zero; money that "
           "was given back is told as refunded"),
    _store("S020", E, "An opening balance is dated in a closed period",
           "the opening balance of stock number {stock} is dated {value}, but the book is closed through {closed}; "
           "give a day in an open period, or reopen the period"),
    _store("S021", E, "An opening balance is dated in the future",
           "the opening balance of stock number {stock} is dated {value}, more than {days} days after today ({today}); "
           "correct the date"),
    _store("S022", E, "A sale is not complete any more at its source",
           "the source does not call this deal a completed sale any more: it was reopened or cancelled there after it "
           "was taken; look at it there, then set void_date to the day on which the sale is taken back, or to keep if "
           "it stands as it is"),
    _store("S023", E, "A sale is not there any more at its source",
           "the source does not have this deal any more: it was deleted or archived there after it was taken; ask why, "
           "then set void_date to the day on which the sale is taken back, or to keep if it stands as it is"),
    _store("S024", E, "Money that moved cannot be taken as it is told",
           "{place} tells of money paid or received, but {field} {value} cannot be taken: {reason}"),
)  # fmt: skip
