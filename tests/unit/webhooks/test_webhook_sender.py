"""Webhooks on names that nothing answers for keep neither the service's other connections nor its stop waiting."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
import uvloop

from resources.webhooks.host_names import HostNames
from resources.webhooks.webhook_sender import Outcome, WebhookSender, new_secret
from tests.support.manual_clock import NOON

AT_ONCE = 3


class SilentNames:
    """A resolver that answers for no name until it may. looking: look-ups under way; most: at any moment so far."""

    def __init__(self) -> None:
        self.may_answer = threading.Event()
        self.looking = self.most = 0
        self._lock = threading.Lock()

    def look(self, host: str, _port: int) -> list[str]:
        with self._lock:
            self.looking += 1
            self.most = max(self.most, self.looking)
        self.may_answer.wait()
        with self._lock:
            self.looking -= 1
        raise OSError(f"no such name: {host}")


@pytest.fixture
def silent() -> Iterator[SilentNames]:
    names = SilentNames()
    yield names
    names.may_answer.set()


def sent_to_all(silent: SilentNames) -> list[Outcome]:
    async def sent() -> list[Outcome]:
        names = HostNames(at_once=AT_ONCE, seconds=0.05, look=silent.look)
        sender = WebhookSender(loopback=False, names=names)
        urls = [f"https://hooks{number}.example.com/" for number in range(20)]
        outcomes = await asyncio.gather(*(sender.send(url, new_secret(), "msg_1", "{}", at=NOON) for url in urls))
        for _ in range(4):  # as many as the event loop has threads for names
            await asyncio.get_running_loop().getaddrinfo("localhost", 80)
        return outcomes

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(sent())


def test_names_that_nothing_answers_for_are_given_up_in_time_and_leave_the_loop_its_own_look_ups(
    silent: SilentNames,
) -> None:
    outcomes = sent_to_all(silent)

    assert outcomes == [
        Outcome(None, f"hooks{number}.example.com was not found within 0.05 s: check the name") for number in range(20)
    ]


def test_look_ups_that_were_given_up_still_count_as_under_way(silent: SilentNames) -> None:
    sent_to_all(silent)

    assert silent.most == AT_ONCE


def test_a_name_without_an_address_is_a_sentence() -> None:
    def unknown(_host: str, _port: int) -> list[str]:
        raise OSError("Name or service not known")

    sender = WebhookSender(loopback=False, names=HostNames(look=unknown))
    outcome = asyncio.run(sender.send("https://hooks.example.com/", new_secret(), "msg_1", "{}", at=NOON))

    assert outcome == Outcome(None, "hooks.example.com has no address: check the name")
