"""The HubSpot sandbox, judged by hubspot-api-client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hubspot import HubSpot
from hubspot.crm.associations.v4 import BatchInputPublicFetchAssociationsBatchRequest
from hubspot.crm.deals import (
    BatchReadInputSimplePublicObjectId,
    Filter,
    FilterGroup,
    PublicObjectSearchRequest,
    SimplePublicObjectInput,
)
from hubspot.crm.deals.exceptions import ApiException
from hubspot_support import Account, account

from sandbox.hubspot.wire import milliseconds
from sandbox.kit import Fault
from sandbox.kit.server import serving


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Account, str]]:
    office = account()
    with serving(office.box) as address:
        yield office, address


@pytest.fixture
def office(shared: tuple[Account, str]) -> Iterator[Account]:
    made = shared[0]
    made.clock.sleep(86_400)
    settings = made.box.settings
    kept = {name: getattr(settings, name) for name in settings.__slots__}
    yield made
    for name, value in kept.items():
        setattr(settings, name, value)
    for ref in made.hand.deals():
        made.hand.archive(ref)


@pytest.fixture
def client(shared: tuple[Account, str]) -> HubSpot:
    return HubSpot(access_token=shared[0].box.settings.private_token, host=shared[1])


def found(client: HubSpot, **how: Any) -> Any:
    """A search for deals."""
    return client.crm.deals.search_api.do_search(public_object_search_request=PublicObjectSearchRequest(**how))


def test_a_search_filters_sorts_and_pages(office: Account, client: HubSpot) -> None:
    start = milliseconds(office.clock.now())
    keys = [office.deal(number) for number in range(1, 6)]
    office.clock.sleep(10)
    rule = Filter(property_name="hs_lastmodifieddate", operator="GTE", value=str(start))
    how: dict[str, Any] = {
        "filter_groups": [FilterGroup(filters=[rule])], "properties": ["dealname", "vin"], "limit": 2,
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
    }  # fmt: skip
    first = found(client, **how)
    assert first.total == 5
    assert [one.id for one in first.results] == keys[:2]
    assert first.results[0].properties["dealname"] == "Octavia for Customer 1"
    office.clock.sleep(10)
    assert [one.id for one in found(client, **how, after=first.paging.next.after).results] == keys[2:4]


def test_searches_run_behind_and_never_show_what_is_archived(office: Account, client: HubSpot) -> None:
    key = office.deal(1)
    how = {"filter_groups": [FilterGroup(filters=[Filter(property_name="deal_no", operator="EQ", value="HS-1")])]}
    assert found(client, **how).total == 0
    assert client.crm.deals.basic_api.get_by_id(key, properties=["deal_no"]).properties["deal_no"] == "HS-1"
    office.clock.sleep(6)
    assert found(client, **how).total == 1
    office.hand.archive(key)
    office.clock.sleep(6)
    assert found(client, **how).total == 0
    listed = client.crm.deals.basic_api.get_page(limit=100, archived=True)
    assert key in [one.id for one in listed.results]


def test_a_search_cannot_be_paged_past_its_end(office: Account, client: HubSpot) -> None:
    with pytest.raises(ApiException) as refused:
        found(client, limit=100, after="9950")
    assert refused.value.status == 400
    office.clock.sleep(2)
    with pytest.raises(ApiException, match="limit must be"):
        found(client, limit=201)
    office.clock.sleep(2)
    with pytest.raises(ApiException, match="longer than 3000"):
        found(client, query="x" * 3100)
    office.clock.sleep(2)
    rules = [Filter(property_name="vin", operator="HAS_PROPERTY")] * 7
    with pytest.raises(ApiException, match="too many filter"):
        found(client, filter_groups=[FilterGroup(filters=rules)])


def test_a_batch_of_which_some_are_not_there_is_207(office: Account, client: HubSpot) -> None:
    key, gone = office.deal(1), office.deal(2)
    office.hand.archive(gone)
    wanted = BatchReadInputSimplePublicObjectId(
        properties=["vin", "nothing_of_that_name"], inputs=[{"id": key}, {"id": gone}, {"id": "999999"}],
        properties_with_history=[],
    )  # fmt: skip
    answer, status, _ = client.crm.deals.batch_api.read_with_http_info(batch_read_input_simple_public_object_id=wanted)
    assert status == 207
    assert [one.id for one in answer.results] == [key]
    assert answer.errors[0].category == "OBJECT_NOT_FOUND"
    assert answer.errors[0].context["ids"] == [gone, "999999"]
    assert "nothing_of_that_name" not in answer.results[0].properties


def test_a_list_shows_all_properties_that_are_asked_for(office: Account, client: HubSpot) -> None:
    keys = [office.deal(number) for number in range(1, 4)]
    page = client.crm.deals.basic_api.get_page(limit=2, properties=["vin", "make"])
    assert [one.id for one in page.results] == keys[:2]
    assert page.results[0].properties["make"] == "Skoda"
    assert page.results[0].properties["vin"].startswith("TMB")
    rest = client.crm.deals.basic_api.get_page(limit=2, after=page.paging.next.after)
    assert [one.id for one in rest.results] == keys[2:]


def test_associations_come_in_pages_with_their_labels(office: Account, client: HubSpot) -> None:
    key, bare = office.deal(1), office.hand.make("deals", dealname="Bare")
    lines = [office.hand.lines(key)[0], *(office.hand.add_line(key, name=f"{n}", price="1") for n in range(3))]
    spouse = office.contact(7)
    office.hand.link(key, spouse, "Co-buyer")
    office.box.settings.association_page = 3
    wanted = BatchInputPublicFetchAssociationsBatchRequest(inputs=[{"id": key}, {"id": bare}])
    batch = client.crm.associations.v4.batch_api
    answer = batch.get_page("deals", "line_items", batch_input_public_fetch_associations_batch_request=wanted)
    assert [str(one.to_object_id) for one in answer.results[0].to] == lines[:3]
    assert answer.results[0].to[0].association_types[0].type_id == 19
    assert answer.errors[0].sub_category.endswith("NO_ASSOCIATIONS_FOUND")
    more = [{"id": key, "after": answer.results[0].paging.next.after}]
    wanted = BatchInputPublicFetchAssociationsBatchRequest(inputs=more)
    answer = batch.get_page("deals", "line_items", batch_input_public_fetch_associations_batch_request=wanted)
    assert [str(one.to_object_id) for one in answer.results[0].to] == lines[3:]
    people = client.crm.associations.v4.basic_api.get_page("deals", key, "contacts")
    assert {kind.label for one in people.results for kind in one.association_types} == {None, "Co-buyer"}


def test_pipelines_and_properties_are_described(office: Account, client: HubSpot) -> None:
    first = client.crm.pipelines.pipelines_api.get_all("deals").results[0]
    assert [(stage.id, stage.metadata["probability"]) for stage in first.stages][1] == ("closedwon", "1.0")
    names = {one.name: one.type for one in client.crm.properties.core_api.get_all("deals").results}
    assert (names["vin"], names["vehicle_cost"], names["closedate"]) == ("string", "number", "datetime")


def test_a_change_moves_the_time_and_a_line_only_by_its_price(office: Account, client: HubSpot) -> None:
    key = office.deal(1)
    line, before = office.hand.lines(key)[0], office.hand.look(key)["hs_lastmodifieddate"]
    office.clock.sleep(60)
    office.hand.edit(line, name="Another")
    assert office.hand.look(key)["hs_lastmodifieddate"] == before
    office.hand.edit(line, price="9000.00")
    assert office.hand.look(key)["hs_lastmodifieddate"] != before
    assert office.hand.look(key)["amount"] == "9000.00"
    changed = SimplePublicObjectInput(properties={"dealstage": "presentationscheduled"})
    answer = client.crm.deals.basic_api.update(key, simple_public_object_input=changed)
    assert answer.properties["dealstage"] == "presentationscheduled"
    assert office.hand.look(key)["hs_is_closed_won"] == "false"


def test_merged_ones_answer_with_the_survivor(office: Account, client: HubSpot) -> None:
    kept, gone = office.deal(1), office.deal(2)
    office.hand.merge(kept, gone)
    assert client.crm.deals.basic_api.get_by_id(gone).id == kept
    assert office.hand.look(kept)["hs_merged_object_ids"] == gone


def test_what_is_refused_says_why(office: Account, client: HubSpot, shared: tuple[Account, str]) -> None:
    with pytest.raises(ApiException) as missing:
        client.crm.deals.basic_api.get_by_id("424242")
    assert (missing.value.status, "OBJECT_NOT_FOUND" in missing.value.body) == (404, True)
    with pytest.raises(ApiException) as stranger:
        HubSpot(access_token="pat-wrong", host=shared[1]).crm.deals.basic_api.get_page()
    assert (stranger.value.status, "INVALID_AUTHENTICATION" in stranger.value.body) == (401, True)
    office.box.settings.scopes = frozenset({"oauth"})
    with pytest.raises(ApiException) as scope:
        client.crm.deals.basic_api.get_page()
    assert (scope.value.status, "crm.objects.deals.read" in scope.value.body) == (403, True)


def test_limits_and_what_answers_say_of_them(office: Account, client: HubSpot) -> None:
    _, _, headers = client.crm.deals.basic_api.get_page_with_http_info()
    assert headers["X-HubSpot-RateLimit-Max"] == "190"
    for _ in range(5):
        _, _, headers = client.crm.deals.search_api.do_search_with_http_info(
            public_object_search_request=PublicObjectSearchRequest(limit=1)
        )
    assert "X-HubSpot-RateLimit-Max" not in headers
    with pytest.raises(ApiException) as many:
        found(client, limit=1)
    assert (many.value.status, "SECONDLY" in many.value.body) == (429, True)
    office.box.settings.per_ten_seconds = 1
    with pytest.raises(ApiException, match="TEN_SECONDLY_ROLLING"):
        client.crm.deals.basic_api.get_page()
    office.faults.order([Fault.LIMIT_DAY], "read")
    with pytest.raises(ApiException, match="DAILY"):
        client.crm.deals.basic_api.get_page()


def test_a_public_app_gets_tokens_by_code_and_refresh(office: Account, client: HubSpot) -> None:
    api, how = client.oauth.tokens_api, {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}
    code = office.box.identity.code("https://app.test/back")
    first = api.create(grant_type="authorization_code", code=code, redirect_uri="https://app.test/back", **how)
    assert first.expires_in == 1800
    second = api.create(grant_type="refresh_token", refresh_token=first.refresh_token, **how)
    assert second.refresh_token == first.refresh_token
    with pytest.raises(Exception, match="BAD_AUTH_CODE"):
        api.create(grant_type="authorization_code", code=code, redirect_uri="https://app.test/back", **how)
