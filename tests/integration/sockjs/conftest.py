"""One service with the endpoints of the public SockJS protocol tests, on both servers."""

from collections.abc import Iterator

import pytest

from tests.support.postgres.databases import Databases
from tests.support.service.service_process import ServiceProcess
from tests.support.service.shared_service import shared_service


@pytest.fixture(scope="package", params=["granian", "uvicorn"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, databases: Databases
) -> Iterator[ServiceProcess]:
    home = tmp_path_factory.mktemp("sockjs")
    with shared_service(home, databases, CHAT_PROFILE="test", CHAT_SERVER=request.param) as service:
        yield service


@pytest.fixture
def echo(server: ServiceProcess) -> str:
    return f"{server.url}/echo"


@pytest.fixture
def wsoff(server: ServiceProcess) -> str:
    return f"{server.url}/disabled_websocket_echo"


@pytest.fixture
def cookie(server: ServiceProcess) -> str:
    return f"{server.url}/cookie_needed_echo"


@pytest.fixture
def close(server: ServiceProcess) -> str:
    return f"{server.url}/close"
