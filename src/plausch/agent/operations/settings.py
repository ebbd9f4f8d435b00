"""Operations on the business itself: what it is, and how its people set it."""

from dataclasses import replace

from plausch.agent.operations import params as p
from plausch.agent.operations.business_form import (
    calendar_of,
    checked,
    dates_from,
    floor_of,
    services_of,
    shown,
    shown_opening,
    words_of,
)
from plausch.agent.operations.executor import Scene
from plausch.agent.operations.premises import keep_business
from plausch.agent.operations.views import BusinessView, OpeningView
from plausch.domain.business import Business


async def get(scene: Scene, _: p.Empty) -> BusinessView:
    """All that the agent knows of its business."""
    return shown(scene.business)


async def preview_hours(scene: Scene, wanted: p.PreviewHours) -> tuple[OpeningView, ...]:
    """What dates would look like with these hours."""
    calendar = calendar_of(wanted.hours, scene.business.calendar.zone)
    return tuple(
        shown_opening(calendar.opening_day(day), scene.business.language)
        for day in dates_from(wanted.from_, wanted.days)
    )


async def set_hours(scene: Scene, wanted: p.SetHours) -> BusinessView:
    """New opening hours. Bookings that there are stay as they are."""
    calendar = calendar_of(wanted.hours, scene.business.calendar.zone)
    return await _set(scene, replace(scene.business, calendar=calendar))


async def set_tables(scene: Scene, wanted: p.SetTables) -> BusinessView:
    """New tables and combinations. Bookings that there are stay where they are."""
    floor = floor_of(wanted.resources, wanted.combinations)
    # What served a service and is no more serves it no longer: named, it would be no table.
    kept = {one.identifier for one in floor.resources}
    services = tuple(
        replace(one, resources=tuple(name for name in one.resources if name in kept))
        for one in scene.business.services
    )
    return await _set(scene, replace(scene.business, floor=floor, services=services))


async def set_services(scene: Scene, wanted: p.SetServices) -> BusinessView:
    """New services and their rules."""
    services = services_of(wanted.services, scene.business.floor)
    return await _set(scene, replace(scene.business, services=services))


async def set_words(scene: Scene, wanted: p.SetWords) -> BusinessView:
    """New words that the house says by itself: the greeting, and the away text."""
    greeting, away = words_of(wanted.greeting, wanted.away)
    return await _set(scene, replace(scene.business, greeting=greeting, away=away))


async def _set(scene: Scene, business: Business) -> BusinessView:
    await keep_business(scene.transaction, checked(business))
    return shown(business)
