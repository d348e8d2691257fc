"""Agreements of an Adobe Acrobat Sign account."""
