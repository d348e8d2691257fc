"""The close pack: the folder that a controller sends to an auditor, and the check that nothing in it was changed.

reconcile (one reading of the ledger) -> gather -> files (HTML, XLSX, CSV, JSON, Beancount) -> manifest, certificate
"""

from dealbooks.pack.make import Made, PackKeeper, close_with_pack, draft_pack
from dealbooks.pack.verify import Verdict, verify_pack

__all__ = ["Made", "PackKeeper", "Verdict", "close_with_pack", "draft_pack", "verify_pack"]
