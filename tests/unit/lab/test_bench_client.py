"""The frames that the load generator writes and reads."""

import msgspec
import pytest

from bench.clients.client import LAST_NUMBER, client_message_id, message_number, subscribe_frame
from bench.clients.contents import LONGEST, SHORTEST, contents
from bench.clients.refusals import read_refusal


@pytest.mark.parametrize("number", [0, 1, LAST_NUMBER])
def test_a_message_is_known_by_its_number(number: int) -> None:
    frame = b'MESSAGE\n\n{"seq":1,"clientMessageId":"%s","content":"x"}\0' % client_message_id(7, number)
    assert message_number(frame, b"00000007") == number


@pytest.mark.parametrize("frame", [b"", b"MESSAGE\n\n{}", b'{"clientMessageId":"' + client_message_id(8, 1)])
def test_messages_of_other_runs_and_other_people_have_none(frame: bytes) -> None:
    assert message_number(frame, b"00000007") is None


def test_contents_are_text_of_all_lengths() -> None:
    lengths = {len(msgspec.json.decode(b'"' + content + b'"', type=str)) for content in contents()}
    assert min(lengths) >= SHORTEST
    assert max(lengths) <= LONGEST
    assert len(lengths) > 100
    assert contents() == contents()


def test_a_refusal_says_its_code_and_when_to_try_again() -> None:
    head = b"MESSAGE\ndestination:/user/queue/error\n"
    assert read_refusal(head + b'retry-after:0.75\n\n{"code":"unavailable"}\0') == ("unavailable", 0.75)
    assert read_refusal(head + b'\n{"code":"rate-limited","status":429}\0') == ("rate-limited", None)


def test_a_subscription_has_the_headers_it_was_given() -> None:
    assert b"\nresume-after:3\n" in subscribe_frame("/topic/session.x", "resume-after:3")
