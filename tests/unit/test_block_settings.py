"""Checking settings: every mistake is named in plain words, with what the setting is, and no value is repeated."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from blocks.payments.gocardless.factory import build as build_gocardless
from blocks.payments.stripe.factory import build as build_stripe
from blocks.settings import checked, needed
from blocks.sources.api.sales import TimeZone
from dealbooks.errors import ConfigError

SECRET = "canary-of-a-setting"


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    site: str = Field("", description="Its site.")


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: str = Field(description="Address of the server.")
    user: str = Field("", description="Who calls.")
    key: SecretStr = Field(SecretStr(""), description="The key.")
    grant: Literal["code", "secret", "jwt"] = Field("code", description="How we are let in.")
    page: int = Field(100, ge=1, le=500, description="Rows of a page.")
    pause: float = Field(1.0, gt=0, lt=9, description="Seconds.")
    live: bool = Field(True, description="Whether it is.")
    stages: tuple[str, ...] = Field((), description="Stages.")
    words: tuple[str, ...] = Field(("won",), min_length=1, description="Words.")
    place: str = Field("ref", min_length=1, description="Place.")
    kinds: dict[str, int] = Field({}, description="Kinds.")
    inner: Inner = Field(Inner(), description="Its parts.")
    zone: TimeZone | Literal[""] = Field("", description="Time zone.")
    code: Annotated[str, Field(pattern="^[a-z]*$")] = Field("", description="Small letters.")


RIGHT = {"url": "https://books.example.com"}


@pytest.mark.parametrize(
    ("given", "said", "fix"),
    [
        ({"page": 0}, "page must be 1 or more", "page: Rows of a page."),
        ({"page": 501}, "page must be 500 or less", "page: Rows of a page."),
        ({"page": SECRET}, "page must be a whole number", "page: Rows of a page."),
        ({"page": 1.5}, "page must be a whole number", "page: Rows of a page."),
        ({"pause": 0}, "pause must be more than 0.0", "pause: Seconds."),
        ({"pause": 9}, "pause must be less than 9.0", "pause: Seconds."),
        ({"pause": SECRET}, "pause must be a number", "pause: Seconds."),
        ({"live": SECRET}, "live must be true or false", "live: Whether it is."),
        ({"user": 123}, "user must be text; put it in quotes", "user: Who calls."),
        ({"key": 123}, "key must be text; put it in quotes", "key: The key."),
        ({"grant": SECRET}, "grant must be code or secret or jwt", "grant: How we are let in."),
        ({"stages": SECRET}, "stages must be a list", "stages: Stages."),
        ({"stages": ["a", 2]}, "stages.1 must be text; put it in quotes", "stages: Stages."),
        ({"words": []}, "words must not be empty", "words: Words."),
        ({"place": ""}, "place must not be empty", "place: Place."),
        ({"kinds": SECRET}, "kinds must be names with a value each", "kinds: Kinds."),
        ({"kinds": {"a": SECRET}}, "kinds.a must be a whole number", "kinds: Kinds."),
        ({"inner": SECRET}, "inner must be names with a value each", "inner: Its parts."),
        ({"inner": {"site": 1}}, "inner.site must be text; put it in quotes", "inner.site: Its site."),
        ({"inner": {"colour": 1}}, "inner.colour is not known", "The settings of inner are: site."),
        ({"zone": SECRET}, "zone is not a time zone; use an IANA name such as Europe/London", "zone: Time zone."),
        ({"code": SECRET}, "code is not written as it should be", "code: Small letters."),
        ({"colour": SECRET}, "colour is not known", f"The settings are: {', '.join(Settings.model_fields)}."),
        ({1: SECRET}, "1 is not known", f"The settings are: {', '.join(Settings.model_fields)}."),
    ],
    ids=str,
)  # fmt: skip
def test_a_mistake_is_named_in_plain_words(given: dict[Any, Any], said: str, fix: str) -> None:
    with pytest.raises(ConfigError) as caught:
        checked(Settings, "sources.crm", RIGHT | given)
    assert caught.value.message == f"sources.crm: {said}."
    assert caught.value.fix == fix
    assert SECRET not in f"{caught.value!r}{caught.value.fix}{caught.value.__context__!r}{caught.value.__cause__!r}"


def test_every_mistake_is_named_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        checked(Settings, "books.north.ledger", {"page": 0, "colour": "red", "size": 1})
    said = "url is missing; page must be 1 or more; colour is not known; size is not known"
    assert caught.value.message == f"books.north.ledger: {said}."
    names = ", ".join(Settings.model_fields)
    assert caught.value.fix == f"url: Address of the server. page: Rows of a page. The settings are: {names}."


def test_what_is_right_comes_back_and_an_address_is_checked() -> None:
    assert checked(Settings, "sources.crm", RIGHT | {"page": 7}, ("url",)).page == 7
    for wrong in ("books.example.com", f"admin:{SECRET}@books", "ftp://books.example.com", ""):
        assert checked(Settings, "sources.crm", {"url": wrong}).url == wrong
        with pytest.raises(ConfigError, match=r"sources\.crm\.url is not the address of a server") as caught:
            checked(Settings, "sources.crm", {"url": wrong}, ("url",))
        assert SECRET not in f"{caught.value!r}{caught.value.fix}{caught.value.__context__!r}"


def test_what_is_needed_comes_back_without_blanks() -> None:
    found = Settings(url="https://x", user=" ada ", key=SecretStr(f"\t{SECRET}\n"))
    assert needed("sources.crm", found, "user", "key", fix="") == ("ada", SECRET)


@pytest.mark.parametrize(
    ("user", "key", "said"),
    [
        ("ada", "", "payments.cards has no key, or it is blank."),
        (" ", "k", "payments.cards has no user, or it is blank."),
        ("", " \n", "payments.cards has no user and no key, or they are blank."),
    ],
)
def test_what_is_needed_and_not_there_is_named(user: str, key: str, said: str) -> None:
    found = Settings(url="https://x", user=user, key=SecretStr(key))
    with pytest.raises(ConfigError) as caught:
        needed("payments.cards", found, "user", "key", fix="They are yours.", variable="CARDS_KEY")
    assert caught.value.message == said
    how = (
        " Put the secret into an environment variable and write key: ${CARDS_KEY}, or use the Prefect block."
        if not key.strip()
        else ""
    )
    assert caught.value.fix == f"They are yours.{how}"


@pytest.mark.parametrize("build", [build_stripe, build_gocardless])
def test_the_address_of_a_payment_provider_is_checked(build: Any) -> None:
    with pytest.raises(ConfigError, match=r"payments\.cards\.base_url is not the address") as caught:
        build("cards", {"api_key": "k", "base_url": f"admin:{SECRET}@api"})
    assert SECRET not in f"{caught.value!r}{caught.value.fix}"
