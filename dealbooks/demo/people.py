"""Invented buyers for the demo. No person, company, street or number here is a real one."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

_UK_FIRST = (
    "Amelia", "Bilal", "Carys", "Declan", "Eilidh", "Farah", "Gareth", "Harriet", "Imran", "Jess", "Keir", "Lowri",
    "Marek", "Niamh", "Owain", "Priya", "Rhys", "Saoirse", "Tomasz", "Una", "Zoë", "Renée",
)  # fmt: skip
_UK_LAST = (
    "Ashworth", "Brankin", "Calvert", "Dewhirst", "Ecclestone", "Fairclough", "Greenhalgh", "Hebblethwaite", "Iqbal",
    "Jagger", "Kershaw", "Lofthouse", "Murgatroyd", "Nowak", "Ogden", "Pickles", "Ramsden", "Sutcliffe", "Thackray",
    "Wadsworth", "O'Hanlon", "Béranger",
)  # fmt: skip
_UK_COMPANIES = (
    "Calder Roofing Ltd", "Aire Valley Florists Ltd", "Ouse Plumbing & Heating Ltd", "Harewood Catering Ltd",
    "Wharfe Scaffolding Ltd", "Derwent Électrique Ltd", "Minster Joinery Ltd", "Nidd Couriers Ltd",
)  # fmt: skip
_UK_TRADERS = ("Pennine Vehicle Auctions Ltd", "Humber Trade Cars Ltd", "Ridings Motor Trade Ltd")
_UK_PLACES = {
    "LEEDS": (("Leeds", "LS6 2QT"), ("Leeds", "LS17 8AB"), ("Wakefield", "WF1 3TR"), ("Harrogate", "HG2 7NL")),
    "YORK": (("York", "YO24 1HB"), ("York", "YO31 9DL"), ("Selby", "YO8 4QP"), ("Malton", "YO17 7LL")),
}
_UK_STREETS = ("Orchard Row", "Chapel Lane", "Mill Bank", "Station Parade", "Beck Side", "Abbey Close")

_US_FIRST = (
    "Alicia", "Brandon", "Carmen", "Darnell", "Elena", "Frank", "Gloria", "Hector", "Imani", "Joel", "Kayla", "Luis",
    "Monique", "Nate", "Olivia", "Patrice", "Quentin", "Rosa", "Sheldon", "Tamika", "Victor", "Yolanda",
)  # fmt: skip
_US_LAST = (
    "Abernathy", "Batista", "Castellano", "Delacroix", "Espinoza", "Fontaine", "Gallagher", "Hollis", "Ibarra",
    "Jessup", "Kowalczyk", "Langford", "Mendoza", "Norwood", "Ocasio", "Peralta", "Quiñones", "Rutledge", "Sandoval",
    "Tillman", "Villanueva", "Whitaker",
)  # fmt: skip
_US_COMPANIES = (
    "Gulf Breeze Landscaping LLC", "Bay Crest Plumbing Inc", "Ybor Catering LLC", "Alafia Roofing Inc",
    "Davis Shores Electric LLC",
)  # fmt: skip
_US_AUCTIONS = ("Central Peninsula Auto Auction", "Gulfside Dealer Exchange")
_US_PLACES = {
    "TAMPA": (
        ("Tampa", "33602"),
        ("Tampa", "33611"),
        ("Lutz", "33549"),
        ("Temple Terrace", "33617"),
        ("St. Petersburg", "33704"),
    ),
    "BRANDON": (("Brandon", "33511"), ("Riverview", "33569"), ("Valrico", "33594"), ("Plant City", "33563")),
}
_US_STREETS = ("Palmetto Dr", "Cypress Trace", "Heron Key Ct", "Live Oak Ave", "Mangrove Way", "Bayshore Ter")


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who buys a car; `kind` is person, company or trade (an auction or another dealer)."""

    customer_id: str
    kind: str
    name: str
    address: str
    city: str
    region: str
    postal_code: str
    country: str
    tax_number: str = ""


def uk_buyer(rng: Random, number: int, kind: str, store: str) -> Buyer:
    """A buyer who lives near a store of the UK group."""
    city, postal_code = rng.choice(_UK_PLACES[store])
    name, tax_number = f"{rng.choice(_UK_FIRST)} {rng.choice(_UK_LAST)}", ""
    if kind != "person":
        name = rng.choice(_UK_COMPANIES if kind == "company" else _UK_TRADERS)
        tax_number = uk_vat_number(rng)
    address = f"{rng.randrange(1, 120)} {rng.choice(_UK_STREETS)}"
    return Buyer(f"N-{number:05d}", kind, name, address, city, "", postal_code, "GB", tax_number)


def us_buyer(rng: Random, number: int, kind: str, store: str) -> Buyer:
    """A buyer who registers the car near a store of the US group."""
    city, postal_code = rng.choice(_US_PLACES[store])
    name, tax_number = f"{rng.choice(_US_FIRST)} {rng.choice(_US_LAST)}", ""
    if kind != "person":
        name = rng.choice(_US_COMPANIES if kind == "company" else _US_AUCTIONS)
    if kind == "trade":
        tax_number = f"RC-{rng.randrange(10**6):06d}"
    address = f"{rng.randrange(100, 9900)} {rng.choice(_US_STREETS)}"
    return Buyer(f"S-{number:05d}", kind, name, address, city, "FL", postal_code, "US", tax_number)


def uk_vat_number(rng: Random) -> str:
    """A UK VAT number whose two check digits are right (97 less the weighted sum, modulo 97)."""
    digits = [rng.randrange(1, 10) for _ in range(7)]
    left = sum(digit * weight for digit, weight in zip(digits, range(8, 1, -1), strict=True)) % 97
    return "GB" + "".join(map(str, digits)) + f"{97 - left:02d}"
