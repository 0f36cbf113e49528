"""Texts that a spreadsheet would compute, and how they are kept from it."""

# What makes a spreadsheet compute a cell instead of showing it (OWASP "CSV injection"), full-width forms too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# Signs a spreadsheet overlooks before it looks for a formula: spaces of all kinds, quotes, invisible marks.
_OVERLOOKED = "\u200b\u200c\u200d\u2060\ufeff\u00ad\"'`\u2018\u2019\u201c\u201d"
# For RE2: what may begin a formula, or be overlooked before one. A letter or a digit is neither.
MAYBE = r"^[^\p{L}\p{N}]"


def is_formula(text: str) -> bool:
    """Would a spreadsheet compute this?"""
    for sign in text:
        if sign in _FORMULA:
            return True
        if not sign.isspace() and sign.isprintable() and sign not in _OVERLOOKED:
            return False
    return False


def inert(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would compute it."""
    return f"'{text}" if is_formula(text) else text


def plain(cell: str) -> str:
    """The cell without the apostrophe that made it inert."""
    return cell[1:] if cell.startswith("'") and is_formula(cell[1:]) else cell
