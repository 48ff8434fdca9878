"""Properties of AMQP messages that a clumsy producer may write, each by its name."""

from lab.rabbitmq import RabbitNode
from tests.support.rabbitmq.raw_amqp import nested, nested_arrays, raw_producer, short, table

LATEST = b"\xff" * 8

ODD: dict[str, dict[str, bytes]] = {
    "nothing": {},
    "texts that are no UTF-8": {
        "content_type": short(b"\xff\xfe"),
        "content_encoding": short(b"\xff"),
        "message_id": short(b"\xff" * 255),
        "app_id": short(b"\xc0\x80"),
        "correlation_id": short(b"\xff"),
    },
    "an encoding": {"content_encoding": short(b"gzip")},
    "a time beyond the calendar": {"timestamp": LATEST},
    "an odd number": {"priority": b"\xff"},
    "a header that is no UTF-8": {"headers": table((b"a", b"S\0\0\0\x02\xff\xfe"), (b"\xff", b"V"))},
    "a header with a time beyond the calendar": {"headers": table((b"when", b"T" + LATEST))},
    "headers of all types": {
        "headers": table(
            (b"t", b"t\x01"),
            (b"b", b"b\xff"),
            (b"s", b"s\xff\xff"),
            (b"I", b"I\xff\xff\xff\xff"),
            (b"l", b"l" + LATEST),
            (b"f", b"f\0\0\0\0"),
            (b"d", b"d\x3f\xf0\0\0\0\0\0\0"),
            (b"D", b"D\x02\0\0\0\x01"),
            (b"x", b"x\0\0\0\x02\xff\xfe"),
            (b"A", b"A\0\0\0\x02t\x01"),
            (b"F", b"F" + table((b"V", b"V"))),
        )
    },
    "a decimal": {"headers": table((b"decimal", b"D\xff\xff\xff\xff\xff"), (b"x-held-since", b"D\0\0\0\0\x01"))},
    "doubles": {
        "headers": table(
            (b"largest", b"d\x7f\xef" + b"\xff" * 6),
            (b"minus nothing", b"d\x80" + bytes(7)),
            (b"x-held-since", b"d\x7f\xef" + b"\xff" * 6),
            (b"x-delivery-count", b"d\x7f\xef" + b"\xff" * 6),
        )
    },
    "held since the end of numbers": {"headers": table((b"x-held-since", b"l\x7f" + b"\xff" * 7))},
    "held since before numbers": {"headers": table((b"x-held-since", b"l\x80" + b"\0" * 7))},
    "arrays within arrays": {"headers": nested_arrays(5_000)},
    "our headers with other types": {
        "headers": table(
            (b"x-held-since", b"S\0\0\0\x01a"),
            (b"x-delivery-count", b"A\0\0\0\0"),
            (b"x-chat-signature", b"t\x01"),
            (b"x-chat-signed-at", b"F" + table()),
            (b"x-death", b"S\0\0\0\x01a"),
        )
    },
    "tables within tables": {"headers": nested(5_000)},
    "huge headers": {"headers": table(*((b"%d" % n, b"S\0\0\x03\xe8" + b"x" * 1_000) for n in range(125)))},
}


def publish(node: RabbitNode, exchange: str, routing_key: str, body: bytes, properties: dict[str, bytes]) -> None:
    with raw_producer(node.port) as producer:
        producer.publish(exchange, routing_key, body, **properties)
