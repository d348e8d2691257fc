"""Payments as their provider has them: the protocol that every payment provider keeps."""

from dealbooks.payments.reader import Payment, PaymentReader, State, UnreadablePayment, from_minor

__all__ = ["Payment", "PaymentReader", "State", "UnreadablePayment", "from_minor"]
