"""Signatures as their provider has them: the protocol that every e-signature provider keeps."""

from dealbooks.signatures.reader import Signature, SignatureReader, State, UnreadableSignature

__all__ = ["Signature", "SignatureReader", "State", "UnreadableSignature"]
