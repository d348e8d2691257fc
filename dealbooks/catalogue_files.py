"""Rules that a reader of files checks: the file as a whole (F001..), what it flags (F030..), the rows (F101..) and the
field map that turns a row into a draft (F201..)."""

from __future__ import annotations

from dealbooks.findings import Finding, Severity
from dealbooks.rule import Rule

_E, _W = Severity.ERROR, Severity.WARNING
# A cell is quoted in a message up to this length; the archive keeps the whole.
_SHOWN = 80


def _rule(code: str, severity: Severity, title: str, text: str, source: str) -> Rule:
    return Rule(code, severity, title, "reader", text, source)


_WHOLE_FILE: tuple[Rule, ...] = (
    _rule(
        "F001", _E, "The file is empty",
        "{file} is empty (0 bytes). A day without sales still has a line of headings. Export the file again.",
        "csv_files.md section 7",
    ),
    _rule(
        "F002", _E, "The file's characters cannot be read",
        "{file} line {line}: these characters cannot be read as {tried}. Export the file as UTF-8, or name its "
        "encoding in the settings of this source.",
        "csv_files.md section 3, rule 2",
    ),
    _rule(
        "F003", _E, "The file holds null characters",
        "{file} line {line} holds a null character, which no text has: the transfer damaged the file, or it is UTF-16 "
        "without its mark. Export or copy it again.",
        "csv_files.md section 3, rule 4",
    ),
    _rule(
        "F004", _E, "No separator gives the columns that are needed",
        "{file} line {line}: whichever of comma, semicolon, tab or bar separates the columns, these are missing: "
        "{missing}. Found: {headings}. Check that this is the right export, or add its headings to "
        "the layout's aliases.",
        "csv_files.md section 3, rule 3",
    ),
    _rule(
        "F005", _E, "Columns are missing",
        "{file} line {line}: missing columns: {missing}. Found: {headings}.{hint} Export them too, or add the headings "
        "that this system uses to the layout's aliases.",
        "csv_files.md section 7",
    ),
    _rule(
        "F006", _E, "Two columns for the same thing",
        "{file} line {line}: more than one heading stands for {doubled}. Keep one of each in the export, or take the "
        "other out of the layout's aliases.",
        "csv_files.md section 2",
    ),
    _rule(
        "F007", _E, "Quotation marks do not match",
        "{file}: the quotation mark that opens in line {line} is not closed properly, so it is not certain where the "
        "rows after it begin. Nothing of the file was taken. Mend that line, or export the file again.",
        "csv_files.md section 3, rule 4",
    ),
    _rule(
        "F008", _E, "The file is cut off",
        "{file} seems cut off: {reason} (line {line}). Nothing of it was taken. Wait for the rest, or export it again.",
        "csv_files.md section 4",
    ),
    _rule(
        "F009", _E, "The trailer counts other rows than the file has",
        "{file} line {line}: the trailer says {value} rows, the file has {counted}. Rows were lost or added on the "
        "way: export it again.",
        "csv_files.md section 2",
    ),
    _rule(
        "F010", _E, "The trailer's control total differs",
        "{file} line {line}: the trailer says the column {column} adds up to {value}, the rows add up to {counted} "
        "(difference {difference}). Export it again.",
        "csv_files.md section 2",
    ),
    _rule(
        "F011", _E, "The manifest counts other rows than the file has",
        "{file}: its manifest says {value} rows, the file has {counted}. Export it again.",
        "csv_files.md section 4",
    ),
    _rule(
        "F012", _E, "The manifest's control total differs",
        "{file}: its manifest says the column {column} adds up to {value}, the rows add up to {counted} (difference "
        "{difference}). Export it again.",
        "csv_files.md section 4",
    ),
    _rule(
        "F013", _E, "Too many rows cannot be read",
        "{file}: {bad} of {rows} rows cannot be read, more than {share} %, so something is wrong with the whole file. "
        "The first is line {line}: {reason}",
        "csv_files.md section 3, rule 4",
    ),
    _rule(
        "F014", _E, "A line is too long",
        "{file} line {line}: {reason}. A quotation mark is probably not closed there. Mend that line, or export the "
        "file again.",
        "csv_files.md section 3, rule 4",
    ),
    _rule(
        "F015", _E, "The file is of another layout",
        "{file} line {line} says it is {value}; this source expects {expected}. Put the file where that layout is "
        "read, or change the layout of this source.",
        "csv_files.md section 7",
    ),
    _rule(
        "F016", _E, "Rows after the trailer",
        "{file} line {line}: there are rows after the trailer of line {trailer}; two files may have been joined. "
        "Export it again.",
        "csv_files.md section 2",
    ),
    _rule(
        "F017", _E, "The packed file cannot be opened",
        "{file} cannot be unpacked: {reason}. Send it again, or send it unpacked.",
        "csv_files.md section 1",
    ),
    _rule(
        "F018", _E, "The file is not what its manifest says",
        "{file}: {reason}. Nothing of it was taken. It may still be on its way; if not, send the file and its manifest "
        "again.",
        "csv_files.md section 4",
    ),
    _rule(
        "F019", _E, "The file has no headings",
        "{file} has no line of headings, only {value} lines without any. Export it again.",
        "csv_files.md section 7",
    ),
    _rule(
        "F020", _E, "The separator is not certain",
        "{file} line {line}: the headings fit with {value} as separator. Name the one that is right in the layout "
        "(csv: delimiter).",
        "csv_files.md section 3, rule 3",
    ),
    _rule(
        "F021", _E, "The trailer cannot be read",
        "{file} line {line}: the trailer reads '{value}'; it should be #TRL, the number of rows, and the sum of "
        "{column}. Export it again.",
        "csv_files.md section 2",
    ),
    _rule(
        "F022", _E, "The file is too large",
        "{file} is larger than {value}. Send it in several files.",
        "design.md section 7",
    ),
    _rule(
        "F030", _W, "Read with another encoding",
        "{file} is not UTF-8 (line {line}); it was read as {value}. Check names with accents, and export as UTF-8.",
        "csv_files.md section 3, rule 2",
    ),
    _rule(
        "F031", _W, "No sales in the file",
        "{file} has headings but no rows: a day without sales.",
        "csv_files.md section 7",
    ),
    _rule(
        "F032", _W, "A totals row was left out",
        "{file} line {line} has no key and adds up the rows above: taken as a totals row, not as a deal.",
        "csv_files.md section 10",
    ),
    _rule(
        "F033", _W, "The same row twice",
        "{file}: lines {lines} are the same row of {value}; the first was taken.",
        "csv_files.md section 5",
    ),
    _rule(
        "F034", _W, "An older revision in the same file",
        "{file}: lines {lines} are revisions of {value}; the highest, line {line}, was taken.",
        "csv_files.md section 5",
    ),
    _rule(
        "F035", _W, "Columns not read",
        "{file}: these columns are not in the layout, and were not read: {value}.",
        "csv_files.md section 3, rule 8",
    ),
    _rule(
        "F036", _W, "The header row names another day or shop",
        "{file} line {line}: the header row says {value}, the file's name says {expected}. The name was used.",
        "csv_files.md section 2",
    ),
    _rule(
        "F037", _W, "The control total could not be checked",
        "{file}: the control total of {column} could not be checked, as {value} rows do not state a readable one.",
        "csv_files.md section 2",
    ),
)  # fmt: skip

_ROW: tuple[Rule, ...] = (
    _rule(
        "F101", _E, "Too many or too few fields",
        "{file} line {line} has {value} fields where the headings have {expected}. Look for a separator inside a name "
        "without quotation marks.",
        "csv_files.md section 3, rule 4",
    ),
    _rule(
        "F102", _E, "Quotation marks in the middle of a field",
        "{file} line {line}: a quotation mark stands in the middle of a field. Double it, or leave it out.",
        "csv_files.md section 3, rule 4",
    ),
    _rule(
        "F103", _E, "A value is missing",
        "{file} line {line}: {column} is empty, and a deal needs it.",
        "csv_files.md section 2",
    ),
    _rule(
        "F104", _E, "An amount cannot be read",
        "{file} line {line}, column {column}: '{value}' is not an amount: {reason}.",
        "csv_files.md section 3, rule 5",
    ),
    _rule(
        "F105", _E, "An amount with too many decimals",
        "{file} line {line}, column {column}: '{value}' has more decimals than {currency} allows ({digits}). Round it "
        "at its source, or set numbers: extra_decimals: round in the layout.",
        "csv_files.md section 3, rule 5",
    ),
    _rule(
        "F106", _E, "A rate cannot be read",
        "{file} line {line}, column {column}: '{value}' is not a rate: {reason}.",
        "csv_files.md section 3, rule 5",
    ),
    _rule(
        "F107", _E, "A date cannot be read",
        "{file} line {line}, column {column}: '{value}' is not a date in the form {reason}.",
        "csv_files.md section 3, rule 6",
    ),
    _rule(
        "F108", _E, "A whole number cannot be read",
        "{file} line {line}, column {column}: '{value}' is not a whole number.",
        "csv_files.md section 3, rule 5",
    ),
    _rule(
        "F109", _E, "Neither yes nor no",
        "{file} line {line}, column {column}: '{value}' is neither yes (Y) nor no (N).",
        "csv_files.md section 2",
    ),
    _rule(
        "F110", _E, "A number that a spreadsheet has damaged",
        "{file} line {line}, column {column}: '{value}' was once a number or code, which a spreadsheet shortened. "
        "Export it again without opening it in a spreadsheet.",
        "csv_files.md section 3, rule 5",
    ),
    _rule(
        "F111", _E, "A value that the layout does not know",
        "{file} line {line}, column {column}: '{value}' is not one of {reason}. Correct it, or add it to the layout's "
        "values.",
        "csv_files.md section 2",
    ),
    _rule(
        "F112", _E, "An amount with the wrong sign",
        "{file} line {line}, column {column}: '{value}' is negative, but this column is written as a positive number. "
        "Correct it, or set negative: flip for this column in the layout.",
        "csv_files.md section 10",
    ),
    _rule(
        "F114", _E, "The same deal twice with different content",
        "{file}: lines {lines} state {value} differently, with the same revision. None was taken: correct the file, or "
        "give the right one a higher revision.",
        "csv_files.md section 5",
    ),
    _rule(
        "F115", _E, "The total is not the sum of its parts",
        "{file} line {line}: total is {value}, but price, discount, accessories, fees, products and tax come to "
        "{computed}: a difference of {difference}.",
        "csv_files.md section 2, row identities",
    ),
    _rule(
        "F116", _E, "The settlement does not match the total",
        "{file} line {line}: total {total} less part-exchanges {allowance} plus their settlements {payoff} leaves "
        "{value} to be paid, but deposit, payments, rebate, finance and balance due come to {computed}: a difference "
        "of {difference}.",
        "csv_files.md section 2, row identities",
    ),
    _rule(
        "F117", _E, "The tax total is not the sum of the taxes",
        "{file} line {line}: tax_total is {value}, the taxes add up to {computed}: a difference of {difference}.",
        "csv_files.md section 2, row identities",
    ),
    _rule(
        "F118", _E, "Not a currency",
        "{file} line {line}, column {column}: '{value}' is not a currency code of three letters, such as GBP.",
        "csv_files.md section 2",
    ),
    _rule(
        "F119", _E, "Rows of one deal disagree",
        "{file} line {line}: {column} is '{value}', but an earlier row of the same deal (line {first}) says '{other}'.",
        "csv_files.md section 2, completed_sale_lines",
    ),
    _rule(
        "F120", _E, "A settlement without its part-exchange",
        "{file} line {line}: this part-exchange settlement cannot be matched to one car taken in. Give both rows the "
        "stock number of the car as code.",
        "csv_files.md section 2, completed_sale_lines",
    ),
)  # fmt: skip

_MAP: tuple[Rule, ...] = (
    _rule(
        "F201", _E, "An amount that is not exact",
        "'{value}' from {origin} cannot be used as the amount {field}: {reason}.",
        "csv_files.md section 3, rule 5",
    ),
    _rule(
        "F202", _E, "A value that does not fit its field",
        "'{value}' from {origin} cannot be used as {field}: {reason}.",
        "design.md section 5, field maps",
    ),
    _rule(
        "F203", _E, "The field map does not fit the record",
        "The field map cannot work out {field} from {origin}: {reason}.",
        "design.md section 5, field maps",
    ),
    _rule(
        "F204", _E, "Something in the record cannot be used",
        "{reason}. Correct it at its source; the next sync takes it.",
        "design.md section 5, field maps",
    ),
)  # fmt: skip

FILE_RULES: tuple[Rule, ...] = (*_WHOLE_FILE, *_ROW, *_MAP)

_BY_CODE = {rule.code: rule for rule in FILE_RULES}


def file_finding(code: str, field: str = "", value: object = "", **words: object) -> Finding:
    """A finding of one of these rules; a long value is cut so that a message stays readable.

    Raises:
        KeyError: when no such rule is here, or its text names a word that was not given.
    """
    text = str(value)
    shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
    return _BY_CODE[code].found(field, shown, **words)
