"""What people write on a certificate: names and notes, each on one line, in letters that can be printed.

A certificate is read by people: a note that breaks its line could put a line of its own among those of the signatures,
and one that turns the direction of writing could show another text than it holds.
"""

from __future__ import annotations

import unicodedata

from dealbooks.errors import UsageError

LONGEST_NOTE, LONGEST_NAME = 500, 100
_NO_LETTERS = ("Cc", "Cs", "Co", "Cn")  # control, half of a pair, private, not assigned (Unicode, general category)
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # Unicode annex 9: set the direction


def one_line(text: str, what: str, longest: int = LONGEST_NOTE) -> str:
    """A text of a person on one line; `what` it is, in words.

    Raises:
        UsageError: it is too long, or holds what is no letter, digit or sign.
    """
    line = " ".join(text.split())
    if len(line) > longest:
        raise UsageError(f"{what} has {len(line):,} characters; {longest} is the most.", fix="Say it in fewer words.")
    if any(unicodedata.category(one) in _NO_LETTERS or one in _TURNS for one in line):
        raise UsageError(
            f"{what} holds characters that cannot be printed.", fix="Type it anew, in letters, digits and signs only."
        )
    return line


def name_key(name: str) -> str:
    """What of a name is the same however it is typed: large or small letters, one blank or two, accents as one
    character or two, and characters that nobody sees."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return " ".join("".join(one for one in plain if unicodedata.category(one) != "Cf").split())
