"""A stand-in of a HubSpot account: deals with their line items, contacts and companies, over the CRM API."""

from sandbox.hubspot.platform import HubSpotSandbox
from sandbox.hubspot.settings import Settings

__all__ = ["HubSpotSandbox", "Settings"]
