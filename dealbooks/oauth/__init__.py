"""OAuth for ledgers and sources: grants by Authlib, tokens kept encrypted in the store, one refresher at a time."""

from dealbooks.oauth.grant import Client, DeadGrant, Token
from dealbooks.oauth.seal import Seal
from dealbooks.oauth.tokens import TokenSource

__all__ = ["Client", "DeadGrant", "Seal", "Token", "TokenSource"]
