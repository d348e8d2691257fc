"""A stand-in of a Dropbox Sign account: signature requests, as they are read over the API."""

from sandbox.dropbox_sign.platform import DropboxSignSandbox, Settings

__all__ = ["DropboxSignSandbox", "Settings"]
