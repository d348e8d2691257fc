"""A month that one of two people has signed is shown as waiting, until the second has signed too."""

from __future__ import annotations

from pathlib import Path

from cli_support import Cli
from close_support import BOOK, PERIOD, copy_of, september

from dealbooks.closing.keys import new_key
from dealbooks.closing.signers import identify
from dealbooks.pipeline.close import close
from dealbooks.pipeline.status import status


def test_a_month_that_waits_for_a_second_signature_is_named(tmp_path: Path) -> None:
    shop = copy_of(september(tmp_path / "template"), tmp_path / "shop", close={"four_eyes": True})
    names = ("Ann Lee", "Bo Ray")
    shop.settings["signers"] = {name: {"key": new_key(shop.folder / f"{name[:2]}.key").public} for name in names}
    shop.write_config()
    with shop.open() as house:
        codes = sorted({one.code for one in close(house, BOOK, PERIOD).obstacles})
        before = status(house).books[0]
        assert before.half_signed == ()
        ann = identify(house.config.signers, "Ann Lee", key_file=shop.folder / "An.key")
        assert not close(house, BOOK, PERIOD, sign=ann, note="seen", accept=codes).closed
        found = status(house).books[0]
    assert [(one.period, one.who) for one in found.half_signed] == [(PERIOD, "Ann Lee")]
    assert found.needs_person == before.needs_person + 1
    shop.close()
    told = " ".join(Cli(shop.folder).run("status").output.split())
    assert f"{PERIOD} of {BOOK} waits for a second signature (Ann Lee signed it" in told
    assert f"dealbooks close {BOOK} {PERIOD} --sign 'NAME' --key FILE" in told
    with shop.open() as house:
        bo = identify(house.config.signers, "Bo Ray", key_file=shop.folder / "Bo.key")
        assert close(house, BOOK, PERIOD, sign=bo).closed
        assert status(house).books[0].half_signed == ()
    shop.close()
