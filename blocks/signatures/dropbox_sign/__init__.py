"""Signature requests of a Dropbox Sign account."""
