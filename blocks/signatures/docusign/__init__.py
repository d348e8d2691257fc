"""Envelopes of a DocuSign account."""
