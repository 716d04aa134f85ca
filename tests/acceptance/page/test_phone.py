"""On a phone's window."""

import httpx
from playwright.sync_api import Page, expect

from tests.acceptance.service.test_reports import bought

WIDTH, HEIGHT = 360, 700


def test_a_values_provenance_and_the_form_in_it_lie_within_the_window(page: Page, client: httpx.Client) -> None:
    bought(client)
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    page.goto("/companies/tesla.com")
    page.locator("main button.value").first.click()
    page.locator(".provenance:popover-open").get_by_role("link", name="This is wrong").click()
    say = page.get_by_role("button", name="Say so")
    expect(say).to_be_visible()
    say.scroll_into_view_if_needed()
    box = page.locator(".provenance:popover-open").bounding_box()
    assert box is not None
    assert box["x"] >= 8
    assert box["x"] + box["width"] <= WIDTH - 8
    assert box["y"] + box["height"] <= HEIGHT
    expect(say).to_be_in_viewport()
