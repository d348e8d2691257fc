"""A stand-in of an Adobe Acrobat Sign account: agreements and their events, as they are read over the API."""

from sandbox.adobe_sign.platform import AdobeSignSandbox, Settings

__all__ = ["AdobeSignSandbox", "Settings"]
