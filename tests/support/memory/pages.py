"""Reads pages to their end."""

from application.delivery.pages import Pages
from application.ports.push import Delivery


async def everything(pages: Pages) -> list[Delivery]:
    found: list[Delivery] = []
    is_last = False
    while not is_last:
        deliveries, is_last = await pages.next()
        found += deliveries
    return found
