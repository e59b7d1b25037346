import pytest
from celery import current_app


@pytest.fixture
def unreachable_broker():
    reachable = current_app.conf.broker_url
    nowhere = "amqp://guest:guest@127.0.0.1:1//"
    current_app.conf.update(broker_url=nowhere, broker_read_url=nowhere, broker_write_url=nowhere)
    yield
    current_app.conf.update(broker_url=reachable, broker_read_url=reachable, broker_write_url=reachable)
