"""The tax of a deal: jurisdiction, how the car was acquired, the scheme it is sold in, and the tax of each line."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from dealbooks.determine.rules import Defaults, FeeRule, ProductRule
from dealbooks.determine.tax_rules import JurisdictionRule
from dealbooks.determine.work import Work, by_source
from dealbooks.money import MoneyError, exact


def fill_tax(work: Work, defaults: Defaults) -> None:
    """The tax block by jurisdiction; R005, R008, R020, R022 when it cannot be told or does not fit."""
    found = _jurisdiction(work, defaults)
    if found is None:
        return
    work.jurisdiction = found
    work.fill(work.deal, "", "tax", work.rules.tax_block(found), found.why)
    regime = work.deal["tax"].get("regime", found.regime)
    includes = work.said.get("price_includes_tax")
    if (regime == "inclusive" and includes is False) or (regime == "additive" and includes is True):
        work.found(
            "R022",
            "lines",
            "Y" if includes else "N",
            stated="include" if includes else "are without",
            expected="include" if regime == "inclusive" else "be without",
            jurisdiction=found.key,
        )


def _jurisdiction(work: Work, defaults: Defaults) -> JurisdictionRule | None:
    deal, rules, place = work.deal, work.rules, work.place
    deal_type = str(deal.get("deal_type") or "")
    own = rules.jurisdiction(place.jurisdiction, deal_type) if place else None
    if not defaults.address_decides:
        if own is None and place is not None:
            _none_found(work, place.jurisdiction, "", deal_type)
        return own
    customer = deal.get("customer") or {}
    address = customer.get("address") or {}
    stated = str(address.get("region") or customer.get("region") or "")
    country = str(address.get("country") or "")
    postcode = str(address.get("postcode") or "")
    region = rules.region(stated, country) if stated else ""
    if stated and not region:
        _none_found(work, stated, postcode, deal_type)
        return None
    at_address = rules.jurisdiction_at(region, postcode, deal_type) if region else None
    if at_address is not None:
        return at_address
    if (postcode and region) or own is None or (region and region not in own.regions):
        # An address outside every jurisdiction listed, or nothing to fall back on: never the wrong county's tax.
        if place is not None or region:
            _none_found(work, stated or (place.jurisdiction if place else ""), postcode, deal_type)
        return None
    work.found("R020", "customer.address", place.location if place else "", jurisdiction=own.key)
    return own


def _none_found(work: Work, place: str, postcode: str, deal_type: str) -> None:
    shown = f"{place} {postcode}".strip()
    for rule in work.rulebook.tax.jurisdictions:
        if rule.is_for(place, postcode, deal_type) and not rule.covers(work.day):
            work.found("R008", "tax", shown, section="tax.jurisdictions", date=work.day)
            return
    work.found("R005", "tax", shown, deal_type=deal_type.replace("_", " "))


def fill_scheme(work: Work) -> None:
    """How the car was acquired, and the scheme it is sold in; R001, R016, R021. Only where tax is in the price."""
    deal, jurisdiction = work.deal, work.jurisdiction
    if jurisdiction is None or jurisdiction.regime != "inclusive":
        return
    if jurisdiction.schemes:
        _scheme_of_every_car(work, jurisdiction)
        return
    vehicle, sale_class = work.part("vehicle"), str(deal.get("sale_class") or "")
    by_class = work.rules.acquisitions.get(sale_class)
    if by_class is not None:
        work.fill(vehicle, "vehicle", "tax_acquisition", by_class.acquisition, by_class.why)
    acquisition = vehicle.get("tax_acquisition")
    if acquisition is None:
        work.found("R001", "vehicle.tax_acquisition", "", sale_class=sale_class or "used")
        return
    if acquisition == "margin" and vehicle.get("stock_book_purchase_price") is None:
        work.found("R021", "vehicle.stock_book_purchase_price")
    rule = work.rules.schemes.get(acquisition)
    if rule is None:
        work.found("R032", "vehicle.tax_acquisition", f"vehicle, acquired as {acquisition}", scheme=" (tax.schemes)")
        return
    said = work.said.get("vat_scheme")
    if said and said not in rule.allowed:
        allowed = " or ".join(rule.allowed)
        work.found("R016", "vehicle.tax_acquisition", said, acquisition=acquisition, allowed=allowed)
        return
    work.scheme = str(said or rule.default)


def _scheme_of_every_car(work: Work, jurisdiction: JurisdictionRule) -> None:
    said, allowed = work.said.get("vat_scheme"), jurisdiction.schemes
    if said and said not in allowed:
        work.found("R016", "vehicle.tax_acquisition", said, acquisition="any", allowed=" or ".join(allowed))
        return
    work.scheme = str(said or allowed[0])


def fill_exemption(work: Work) -> None:
    """Whether the sale is exempt from additive tax, by the buyer's status or the kind of sale; R038."""
    customer = work.deal.get("customer") or {}
    status = customer.get("tax_status")
    for rule in work.rules.exemptions:
        if (status and status in rule.customer_statuses) or work.deal.get("sale_class") in rule.sale_classes:
            work.exempt = rule
            if rule.certificate and not customer.get("resale_certificate"):
                buyer = customer.get("name") or customer.get("id") or ""
                work.found("R038", "customer.resale_certificate", buyer, exemption=rule.key)
            return


def fill_tax_point(work: Work) -> None:
    """In schemes where a deposit makes a tax point: the earliest of deposit and delivery (deal-model.md section 1)."""
    jurisdiction, dates = work.jurisdiction, work.part("dates")
    if jurisdiction is None or work.scheme not in jurisdiction.deposit_tax_point:
        return
    days = [str(one["date"]) for one in work.deal.get("deposits") or () if one.get("date")]
    if days and min(days) < str(dates.get("delivery")):
        work.fill(dates, "dates", "tax_point", min(days), jurisdiction.why)


def fill_line_tax(
    work: Work, index: int, line: dict[str, Any], rule: FeeRule | ProductRule | None, said_taxable: object, column: str
) -> None:
    """The tax code (inclusive) or taxability and group (additive) of one line; R017, R032."""
    jurisdiction = work.jurisdiction
    kind = line.get("kind")
    if jurisdiction is None or kind is None or jurisdiction.regime == "none":
        return
    path = f"lines[{index}]"
    region = jurisdiction.regions[0] if jurisdiction.regions else ""
    general = work.rules.line_tax(kind, work.scheme, region, str(work.deal.get("deal_type") or ""))
    if jurisdiction.regime == "inclusive":
        _fill_code(work, path, line, rule, general, said_taxable)
        return
    own = rule if rule is not None and rule.taxable is not None else None
    taxable, why = (own.taxable, own.why) if own else (general.taxable, general.why) if general else (None, "")
    if work.exempt is not None:
        taxable, why = False, work.exempt.why
    stated = line.get("taxable") if line.get("taxable") is not None else said_taxable
    if stated is None and taxable is None:
        work.found("R032", f"{path}.taxable", _shown(kind), scheme="")
        return
    if isinstance(stated, bool):
        if taxable is not None and stated != taxable:
            what = f"'{line.get('description') or _shown(kind)}'"
            work.differs(f"{path}.taxable", what, _taxable(taxable=stated), _taxable(taxable=taxable))
        work.fill(line, path, "taxable", stated, by_source(column))
    work.fill(line, path, "taxable", taxable, why)
    for one in (rule, general):
        if one is not None and one.tax_group is not None:
            work.fill(line, path, "tax_group", one.tax_group, one.why)


def _fill_code(work: Work, path: str, line: dict[str, Any], rule: Any, general: Any, said_taxable: object) -> None:
    found = rule if rule is not None and rule.tax_code is not None else general
    expected = found.tax_code if found is not None else None
    stated = line.get("tax_code")
    if stated is None and expected is None:
        # Without a scheme a finding already says why the car's own lines wait for their code.
        if work.scheme or work.rules.line_tax(line["kind"], "standard", "", "") is None:
            scheme = f" under the {work.scheme} scheme" if work.scheme else ""
            work.found("R032", f"{path}.tax_code", _shown(line["kind"]), scheme=scheme)
        return
    if stated is not None and expected is not None and stated != expected:
        work.differs(
            f"{path}.tax_code", f"the tax code of '{line.get('description') or line['kind']}'", stated, expected
        )
    if found is not None:
        work.fill(line, path, "tax_code", expected, found.why)
    rate = (work.deal["tax"].get("rates") or {}).get(line["tax_code"])
    if isinstance(said_taxable, bool) and rate not in (None, "margin") and said_taxable != (Decimal(rate) > 0):
        what = f"'{line.get('description') or line['kind']}'"
        work.differs(f"{path}.tax_code", what, _taxable(taxable=said_taxable), f"{line['tax_code']} ({rate})")


def _taxable(*, taxable: bool) -> str:
    return "taxable" if taxable else "not taxable"


def _shown(kind: str) -> str:
    return kind.replace("_", " ")


def compare_rates(work: Work) -> None:
    """Each tax rate that the source states must be one of the rulebook's, or their sum; R009.

    A file may write 6 % as 6.000 or as 0.06: either is understood. Rates are compared only, never taken.
    """
    tax = work.deal.get("tax")
    if not tax or not work.said.get("taxes") or any(one.get("rate") is None for one in tax.get("components") or ()):
        return  # a rate that could not be told has its own finding
    known = {str(one["code"]): exact(one["rate"]) for one in tax.get("components") or ()}
    known |= {code: exact(rate) for code, rate in (tax.get("rates") or {}).items() if rate != "margin"}
    if tax.get("margin_rate") is not None:
        known["margin"] = exact(tax["margin_rate"])
    if tax.get("lct") is not None:
        known["AU-LCT"] = exact(tax["lct"]["rate"])
    allowed: set[Decimal] = set()
    for index, stated in enumerate(work.said.get("taxes") or ()):
        try:
            rate = exact(stated["rate"]) if stated.get("rate") is not None else None
        except MoneyError:
            rate = Decimal(-1)
        if rate is None:
            continue
        code = stated.get("code")
        if code in known:
            expected = {known[code]}
        elif rate in known.values():
            continue
        else:
            # The whole rate of a group of lines is worked out only for a rate that is none of the known ones.
            allowed = expected = allowed or {*known.values(), *_sums(tax.get("components") or ())}
        if rate not in expected and rate / 100 not in expected:
            text = " or ".join(sorted({format(one.normalize(), "f") for one in expected})) or "no rate"
            name = stated.get("name") or code or "tax"
            work.found("R009", f"taxes[{index}].rate", stated["rate"], name=name, expected=text, date=work.day)


def _sums(components: Any) -> set[Decimal]:
    """The whole rate of each group of lines: a source often states state and county tax as one."""
    groups = {one.get("tax_groups") and tuple(one["tax_groups"]) for one in components}
    sums = set()
    for group in groups | {("vehicle",)}:
        wanted = set(group or ())
        rates = [
            exact(one["rate"]) for one in components if not one.get("tax_groups") or wanted & set(one["tax_groups"])
        ]
        sums.add(sum(rates, Decimal(0)))
    return sums
