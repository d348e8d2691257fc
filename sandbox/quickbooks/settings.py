"""What is limited, and every behaviour that is not published for certain: change it here when the platform shows
another.

Each field says where it comes from: [C] confirmed in a public source, [R] recalled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Settings:
    """How the platform behaves. Times are in seconds."""

    # Consent and tokens
    access_life: float = 3600  # [C] Intuit's SDK documents
    refresh_life: float = 100 * 86400  # [C] of non-use
    consent_life: float = 5 * 365 * 86400  # [C] policy of 2025: consent must be given anew
    rotation: float = 86400  # [C second hand] a refresh after this brings another refresh token
    old_refresh_grace: float = 0  # [R] how long the former refresh token still works after that
    code_life: float = 600  # [R]

    # Limits
    per_minute: int = 500  # [C] a company
    per_second: int = 10  # [C] a company and app
    batches_per_minute: int = 40  # [C] a company and app
    batch_items: int = 30  # [C]
    request_id_length: int = 50  # [C]
    batch_request_id_length: int = 36  # [C]
    batch_id_length: int = 10  # [C] when the batch has a requestid
    query_limit: int = 1000  # [R]
    query_default: int = 100  # [R]
    cdc_limit: int = 1000  # [C] over all entities of the answer
    cdc_window: float = 30 * 86400  # [C]
    search_lag: float = 0  # [R] a query shows a document only so long after it was created
    lag_of_fault: tuple[float, float] = (2.0, 30.0)  # the same for a query that meets the fault `lagging search`

    # Documents
    number_length: int = 21  # [C] Finance.xsd
    text_lengths: Mapping[str, int] = field(
        default_factory=lambda: {
            "PrivateNote": 4000,  # [R]
            "Description": 4000,  # [R] of a line
            "PaymentRefNum": 21,  # [R]
            "PONumber": 15,  # [C] Finance.xsd
            "StringValue": 31,  # [R] of a custom field
            "DisplayName": 100,  # [R]
        }
    )
    shared_numbers: bool = False  # [R] whether one number may not be used by two kinds of sales form
    customer_required: frozenset[str] = frozenset({"Invoice", "CreditMemo", "Payment"})  # [C] for Invoice; [R]
    deposit_required: frozenset[str] = frozenset({"RefundReceipt"})  # [R] must name the account money comes from
    deposit_types: frozenset[str] = frozenset({"Bank", "Other Current Asset"})  # [C] Finance.xsd
    item_required: bool = True  # [R] a sales line without an item is refused; else it is taken as Service
    amount_checked: bool = True  # [R] Amount must be Qty x UnitPrice, fault 6070
    negative_total: bool = False  # [R] a sales form below nothing is refused
    discounts: int = 1  # [R] discount lines on one sales form
    inactive_code: str = "610"  # [C] 610 and 2500 are both reported
    linked_void: str = "refuse"  # [R] voiding or deleting an invoice that has payments: `refuse` or `unlink`
    over_linked: str = "refuse"  # [R] lines of a payment above its total and credits: `refuse` or `cut`
    one_control_line: bool = True  # [R] a journal has one line at most on accounts receivable or payable
    journal_void: str = "nothing"  # [C second hand] 200 and nothing done; or `refuse` (500)

    # Tax
    tax_rounding: str = "document"  # [R] tax of a rate is rounded once a `document`, or by `line`
    inclusive_amount: str = "net"  # [R] what Amount is on a tax-inclusive line without TaxInclusiveAmt: net or gross
    ast_silent: str = "override"  # [C] TotalTax without UseAutomatedSalesTax is honoured; or `preference`
    ast_no_base: str = "drop"  # [R] TotalTax given, and no line is taxable: `drop` or `keep` it
    manual_override: bool = True  # [R] TotalTax is honoured in a US company without automated sales tax
    tax_lines_honoured: bool = True  # [R] outside the US, TaxLine amounts that cover every rate are taken as they are

    # requestid
    request_id_life: float | None = None  # not published; None: for ever
    refusals_kept: bool = False  # [R] whether a refusal is replayed too
    other_body: str = "replay"  # not published: same requestid, other body: `replay` or `refuse` (6000)

    also_filterable: frozenset[str] = frozenset()  # more fields a query may filter by, as "Invoice.PrivateNote"
