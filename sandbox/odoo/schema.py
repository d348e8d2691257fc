"""The fields of every model, by version. One word a field: `name:type`, then `>model` and `.inverse` for relations,
`=a,b` for the values of a selection; `!` required, `~` computed by the server (what a caller gives is not used).

Names and types are those of Odoo 19.0 (tested against its own `fields_get` where that recording is at hand).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sandbox.odoo.settings import Settings, Traits


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a model."""

    name: str
    type: str
    relation: str = ""
    inverse: str = ""
    selection: tuple[str, ...] = ()
    required: bool = False
    computed: bool = False

    def facts(self) -> dict[str, Any]:
        """As `fields_get` answers it."""
        found: dict[str, Any] = {
            "type": self.type,
            "string": self.name.replace("_", " ").strip().capitalize(),
            "required": self.required,
            "readonly": self.computed,
            "store": True,
        }
        if self.relation:
            found["relation"] = self.relation
        if self.inverse:
            found["relation_field"] = self.inverse
        if self.selection:
            found["selection"] = [[key, key.replace("_", " ").capitalize()] for key in self.selection]
        return found


Fields = dict[str, Field]
_WORD = re.compile(r"(\w+):(\w+)(?:>([\w.]+?)(?:/(\w+))?)?(?:=([^!~]+))?([!~]*)")
_COMMON = (
    "id:integer~ display_name:char~ create_date:datetime~ create_uid:many2one>res.users~ "
    "write_date:datetime~ write_uid:many2one>res.users~"
)


def parsed(words: str) -> Fields:
    """Fields from their words.

    Raises:
        ValueError: a word that is none.
    """
    found: Fields = {}
    for word in words.split():
        match = _WORD.fullmatch(word)
        if match is None:
            raise ValueError(f"no field: {word}")
        name, kind, relation, inverse, selection, marks = match.groups()
        values = tuple(value.replace("+", " ") for value in (selection or "").split(",") if value)
        found[name] = Field(name, kind, relation or "", inverse or "", values, "!" in marks, "~" in marks)
    return found


def schema_of(settings: Settings) -> dict[str, Fields]:
    """Every model with its fields."""
    traits = settings.of_version
    models = {model: parsed(f"{_COMMON} {words}") for model, words in _MODELS.items()}
    for model, words in _of_version(traits).items():
        models[model].update(parsed(words))
    for model, words in settings.custom_fields.items():
        models[model].update(parsed(words))
    return models


def _of_version(traits: Traits) -> dict[str, str]:
    memo = traits.payment_memo
    states = ("draft", "in_process", "paid", "canceled", "rejected")
    orders = "" if "done" in traits.order_states else " locked:boolean"
    return {
        "account.account": f"{traits.archived_accounts}:boolean "
        + ("company_ids:many2many>res.company!" if traits.account_companies else "company_id:many2one>res.company!"),
        "account.tax": "price_include:boolean~ price_include_override:selection=tax_included,tax_excluded"
        if traits.tax_override
        else "price_include:boolean",
        "res.company": " ".join(f"{name}:date" for name in traits.lock_dates)
        + (" account_price_include:selection=tax_included,tax_excluded!" if traits.tax_override else ""),
        "account.payment": f"{memo}:char state:selection="
        + ",".join(states if traits.version >= 18 else traits.payment_states)
        + "!",
        "account.move.reversal": "refund_method:selection=refund,cancel,modify" if traits.refund_method else "",
        "sale.order": f"state:selection={','.join(traits.order_states)}~{orders}",
        "sale.order.line": f"{traits.order_taxes}:many2many>account.tax "
        f"state:selection={','.join(traits.order_states)}~",
    }


_MODELS = {
    "res.users": "name:char login:char! company_id:many2one>res.company! company_ids:many2many>res.company",
    "res.currency": "name:char! symbol:char! active:boolean decimal_places:integer~ rounding:float",
    "res.currency.rate": "name:date! rate:float currency_id:many2one>res.currency! company_id:many2one>res.company",
    "res.country": "name:char! code:char",
    "res.company": "name:char! partner_id:many2one>res.partner currency_id:many2one>res.currency! active:boolean "
    "parent_id:many2one>res.company tax_calculation_rounding_method:selection=round_globally,round_per_line "
    "account_sale_tax_id:many2one>account.tax account_purchase_tax_id:many2one>account.tax",
    "res.partner": "name:char ref:char email:char phone:char street:char street2:char city:char zip:char vat:char "
    "country_id:many2one>res.country state_id:many2one>res.country.state is_company:boolean active:boolean "
    "company_id:many2one>res.company parent_id:many2one>res.partner comment:html complete_name:char~ "
    "customer_rank:integer supplier_rank:integer company_registry:char lang:selection "
    "property_account_receivable_id:many2one>account.account property_account_payable_id:many2one>account.account",
    "res.country.state": "name:char! code:char! country_id:many2one>res.country!",
    "account.account": "name:char! code:char account_type:selection=asset_receivable,asset_cash,asset_current,"
    "asset_non_current,asset_prepayments,asset_fixed,liability_payable,liability_credit_card,liability_current,"
    "liability_non_current,equity,equity_unaffected,income,income_other,expense,expense_other,expense_depreciation,"
    "expense_direct_cost,off_balance! reconcile:boolean currency_id:many2one>res.currency note:text "
    "tax_ids:many2many>account.tax",
    "account.journal": "name:char! code:char! type:selection=sale,purchase,cash,bank,credit,general! active:boolean "
    "sequence:integer company_id:many2one>res.company! currency_id:many2one>res.currency "
    "default_account_id:many2one>account.account refund_sequence:boolean payment_sequence:boolean "
    "restrict_mode_hash_table:boolean sequence_override_regex:text "
    "inbound_payment_method_line_ids:one2many>account.payment.method.line/journal_id",
    "account.payment.method.line": "name:char journal_id:many2one>account.journal "
    "payment_account_id:many2one>account.account",
    "account.payment.term": "name:char! active:boolean company_id:many2one>res.company",
    "account.fiscal.position": "name:char! active:boolean company_id:many2one>res.company",
    "account.tax": "name:char! amount:float! amount_type:selection=group,fixed,percent,division! active:boolean "
    "type_tax_use:selection=sale,purchase,none! company_id:many2one>res.company! sequence:integer! description:html "
    "include_base_amount:boolean is_base_affected:boolean analytic:boolean invoice_label:char "
    "children_tax_ids:many2many>account.tax",
    "account.analytic.plan": "name:char! parent_id:many2one>account.analytic.plan",
    "account.analytic.account": "name:char! code:char active:boolean plan_id:many2one>account.analytic.plan! "
    "company_id:many2one>res.company partner_id:many2one>res.partner",
    "account.move": "name:char ref:char date:date! state:selection=draft,posted,cancel~ "
    "move_type:selection=entry,out_invoice,out_refund,in_invoice,in_refund,out_receipt,in_receipt! "
    "journal_id:many2one>account.journal! company_id:many2one>res.company currency_id:many2one>res.currency! "
    "company_currency_id:many2one>res.currency~ partner_id:many2one>res.partner invoice_date:date "
    "commercial_partner_id:many2one>res.partner~ partner_shipping_id:many2one>res.partner "
    "invoice_date_due:date delivery_date:date invoice_payment_term_id:many2one>account.payment.term "
    "invoice_origin:char payment_reference:char "
    "narration:html fiscal_position_id:many2one>account.fiscal.position invoice_user_id:many2one>res.users "
    "invoice_currency_rate:float line_ids:one2many>account.move.line/move_id "
    "invoice_line_ids:one2many>account.move.line/move_id amount_untaxed:monetary~ amount_tax:monetary~ "
    "amount_total:monetary~ amount_residual:monetary~ amount_untaxed_signed:monetary~ amount_tax_signed:monetary~ "
    "amount_total_signed:monetary~ amount_total_in_currency_signed:monetary~ amount_residual_signed:monetary~ "
    "payment_state:selection=not_paid,in_payment,paid,partial,reversed,blocked,invoicing_legacy~ "
    "auto_post:selection=no,at_date,monthly,quarterly,yearly! posted_before:boolean "
    "reversed_entry_id:many2one>account.move reversal_move_ids:one2many>account.move/reversed_entry_id "
    "duplicated_ref_ids:many2many>account.move~ inalterable_hash:char~ "
    "origin_payment_id:many2one>account.payment matched_payment_ids:many2many>account.payment",
    "account.move.line": "move_id:many2one>account.move! name:char sequence:integer "
    "account_id:many2one>account.account "
    "display_type:selection=product,cogs,tax,discount,rounding,payment_term,line_section,line_subsection,line_note,epd,"
    "non_deductible_product_total,non_deductible_product,non_deductible_tax! partner_id:many2one>res.partner "
    "quantity:float price_unit:float discount:float price_subtotal:monetary~ price_total:monetary~ "
    "tax_ids:many2many>account.tax tax_line_id:many2one>account.tax~ tax_base_amount:monetary~ debit:monetary "
    "credit:monetary balance:monetary amount_currency:monetary currency_id:many2one>res.currency! "
    "amount_residual:monetary~ amount_residual_currency:monetary~ reconciled:boolean~ analytic_distribution:json "
    "product_id:many2one>product.product date_maturity:date date:date~ journal_id:many2one>account.journal~ "
    "company_id:many2one>res.company~ move_name:char~ parent_state:selection=draft,posted,cancel~ ref:char~ "
    "move_type:selection=entry,out_invoice,out_refund,in_invoice,in_refund,out_receipt,in_receipt~ "
    "payment_id:many2one>account.payment~ account_type:selection~ invoice_date:date~ "
    "company_currency_id:many2one>res.currency~",
    "account.partial.reconcile": "debit_move_id:many2one>account.move.line! credit_move_id:many2one>account.move.line! "
    "amount:monetary debit_amount_currency:monetary credit_amount_currency:monetary",
    "account.payment": "name:char~ amount:monetary date:date! payment_type:selection=outbound,inbound! "
    "partner_type:selection=customer,supplier! partner_id:many2one>res.partner journal_id:many2one>account.journal! "
    "company_id:many2one>res.company! currency_id:many2one>res.currency move_id:many2one>account.move "
    "payment_method_line_id:many2one>account.payment.method.line payment_reference:char "
    "destination_account_id:many2one>account.account outstanding_account_id:many2one>account.account~ "
    "is_reconciled:boolean~ is_matched:boolean~ is_sent:boolean "
    "reconciled_invoice_ids:many2many>account.move~ invoice_ids:many2many>account.move",
    "account.payment.register": "payment_date:date! amount:monetary journal_id:many2one>account.journal "
    "currency_id:many2one>res.currency communication:char group_payment:boolean "
    "payment_method_line_id:many2one>account.payment.method.line line_ids:many2many>account.move.line~ "
    "payment_difference_handling:selection=open,reconcile writeoff_account_id:many2one>account.account "
    "writeoff_label:char company_id:many2one>res.company~ partner_id:many2one>res.partner~ "
    "payment_difference:monetary~ source_amount:monetary~ payment_type:selection=outbound,inbound~",
    "account.move.reversal": "move_ids:many2many>account.move date:date reason:char "
    "journal_id:many2one>account.journal! company_id:many2one>res.company! new_move_ids:many2many>account.move",
    "ir.model.data": "module:char! name:char! model:char! res_id:many2one_reference noupdate:boolean "
    "complete_name:char~ reference:char~",
    "product.product": "name:char! default_code:char active:boolean lst_price:float "
    "property_account_income_id:many2one>account.account taxes_id:many2many>account.tax "
    "company_id:many2one>res.company",
    "sale.order": "name:char! date_order:datetime! partner_id:many2one>res.partner! "
    "partner_invoice_id:many2one>res.partner! client_order_ref:char origin:char amount_untaxed:monetary~ "
    "amount_tax:monetary~ amount_total:monetary~ currency_id:many2one>res.currency~ "
    "order_line:one2many>sale.order.line/order_id invoice_ids:many2many>account.move~ "
    "invoice_status:selection=upselling,invoiced,to+invoice,no~ signed_on:datetime signed_by:char "
    "require_signature:boolean note:html company_id:many2one>res.company! user_id:many2one>res.users",
    "sale.order.line": "order_id:many2one>sale.order! name:text! product_id:many2one>product.product "
    "product_uom_qty:float! price_unit:float! discount:float price_subtotal:monetary~ price_total:monetary~ "
    "price_tax:float~ qty_invoiced:float~ qty_delivered:float is_downpayment:boolean sequence:integer "
    "display_type:selection=line_section,line_subsection,line_note currency_id:many2one>res.currency~ "
    "company_id:many2one>res.company~ analytic_distribution:json",
    "ir.model": "model:char! name:char!",
    "ir.model.fields": "name:char! model_id:many2one>ir.model! model:char~ field_description:char! state:selection~ "
    "ttype:selection=char,text,integer,float,monetary,boolean,date,datetime,selection,many2one! copied:boolean "
    "required:boolean index:boolean",
    "res.users.apikeys": "name:char! user_id:many2one>res.users! expiration_date:datetime",
}
TRANSIENT = frozenset({"account.payment.register", "account.move.reversal"})
