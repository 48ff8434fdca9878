"""Ports for servers of the tests, the benchmark and the chaos runs."""

import socket

from lab.ports import FIRST, LAST, free_port


def test_each_call_gives_another_port_below_those_of_outgoing_connections() -> None:
    ports = [free_port() for _ in range(100)]
    assert len(set(ports)) == 100
    assert all(FIRST <= port <= LAST for port in ports)


def test_a_port_that_is_listened_on_is_passed_over() -> None:
    with socket.socket() as taken:
        port = free_port() + 1
        while taken.connect_ex(("127.0.0.1", port)) == 0:
            port += 1
        taken.bind(("127.0.0.1", port))
        taken.listen()
        assert port not in {free_port() for _ in range(20)}
