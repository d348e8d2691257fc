"""The signature schemes: one small module of pure functions a provider."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.schemes import (
    adobe_sign,
    docusign,
    dropbox_sign,
    gocardless,
    hubspot,
    odoo,
    salesforce,
    signed,
    standard,
    stripe,
)
from gateway.schemes.base import Answer, Headers, Malformed, Parsed, Refused, Scheme

__all__ = ["SCHEMES", "Answer", "Headers", "Malformed", "Parsed", "Refused", "Scheme"]

# By the name that dealbooks.yaml has (dealbooks.config.HookConfig.scheme).
SCHEMES: Mapping[str, Scheme] = {
    "standard": Scheme(standard.verify, standard.parse, standard.sign, standard.sample),
    "signed": Scheme(signed.verify, signed.parse, signed.sign, signed.sample),
    "hubspot": Scheme(hubspot.verify, hubspot.parse, hubspot.sign, hubspot.sample, retry_after=hubspot.retry_after),
    "salesforce": Scheme(
        salesforce.verify, salesforce.parse, salesforce.sign, salesforce.sample,
        answer=salesforce.answer, by_address=True, content_type="text/xml; charset=utf-8",
    ),
    "odoo": Scheme(odoo.verify, odoo.parse, odoo.sign, odoo.sample, by_address=True),
    "docusign": Scheme(docusign.verify, docusign.parse, docusign.sign, docusign.sample),
    "adobe_sign": Scheme(
        adobe_sign.verify, adobe_sign.parse, adobe_sign.sign, adobe_sign.sample,
        answer=adobe_sign.answer, by_address=True, registers=True,
    ),
    "dropbox_sign": Scheme(
        dropbox_sign.verify, dropbox_sign.parse, dropbox_sign.sign, dropbox_sign.sample,
        answer=dropbox_sign.answer, content_type=f"multipart/form-data; boundary={dropbox_sign.BOUNDARY}",
    ),
    "stripe": Scheme(stripe.verify, stripe.parse, stripe.sign, stripe.sample),
    "gocardless": Scheme(gocardless.verify, gocardless.parse, gocardless.sign, gocardless.sample),
}  # fmt: skip
