"""A stand-in of a DocuSign account: tokens for signed assertions, and envelopes as they are read over the API."""

from sandbox.docusign.platform import DocuSignSandbox, Settings

__all__ = ["DocuSignSandbox", "Settings"]
