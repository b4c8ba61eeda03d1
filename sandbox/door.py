"""The door: how a test, a demo or a person shops in the sandbox, looks behind the counter, and asks for faults."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import doorway, shown
from sandbox.faces.face import Event, What
from sandbox.trade import MOST_LISTINGS
from sandbox.world import JOINER, Listing, NotPossible, SoldOut, Unit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request

    from sandbox.booth import Booth
    from sandbox.fair import Fair
    from sandbox.webhooks import Office
    from sandbox.world import Order

Body = TypeVar("Body", bound=BaseModel)
MOST_BODY = 1_000_000


class NotThere(Exception):
    """No such shop, listing or order."""


class Door:
    """`office` None: nothing is delivered, `settle` only applies what waits."""

    def __init__(self, fair: Fair, office: Office | None) -> None:
        self._fair = fair
        self._office = office

    def app(self) -> Starlette:
        shop = "/shops/{channel}/{shop}"
        order = shop + "/orders/{order:path}"
        return Starlette(
            routes=[
                Route("/health", _guarded(self.health), methods=["GET"]),
                Route("/settle", _guarded(self.settle), methods=["POST"]),
                Route("/leap", _guarded(self.leap), methods=["POST"]),
                Route("/reset", _guarded(self.reset), methods=["POST"]),
                Route("/shops", _guarded(self.open_shop), methods=["POST"]),
                Route(shop + "/webhook", _guarded(self.set_webhook), methods=["PUT"]),
                Route(shop + "/secret", _guarded(self.show_secret), methods=["GET"]),
                Route(shop + "/secret/rotate", _guarded(self.rotate), methods=["POST"]),
                Route(shop + "/tokens/expire", _guarded(self.expire_tokens), methods=["POST"]),
                Route(shop + "/listings", _guarded(self.add_listings), methods=["POST"]),
                Route(shop + "/listings", _guarded(self.show_listings), methods=["GET"]),
                Route(shop + "/orders", _guarded(self.buy), methods=["POST"]),
                Route(shop + "/orders", _guarded(self.show_orders), methods=["GET"]),
                Route(order + "/pay", _guarded(self.pay), methods=["POST"]),
                Route(order + "/ship", _guarded(self.ship), methods=["POST"]),
                Route(order + "/cancel", _guarded(self.cancel), methods=["POST"]),
                Route(order + "/return", _guarded(self.take_back), methods=["POST"]),
                Route(shop + "/promotions", _guarded(self.promote), methods=["POST"]),
                Route(shop + "/promotions/end", _guarded(self.end_promotion), methods=["POST"]),
                Route(shop + "/inventory", _guarded(self.edit_inventory), methods=["POST"]),
                Route(shop + "/faults", _guarded(self.set_faults), methods=["PUT"]),
                Route(shop + "/faults", _guarded(self.show_faults), methods=["GET"]),
                Route(shop + "/calls", _guarded(self.show_calls), methods=["GET"]),
            ]
        )

    # -- the sandbox --------------------------------------------------------------------------------------------------

    async def health(self, _request: Request) -> Response:
        return JSONResponse({"status": "ok", "shops": len(self._fair.all()), "waiting": len(self._fair.waiting)})

    async def settle(self, _request: Request) -> Response:
        released = await self._office.settle() if self._office else self._fair.waiting.release()
        return JSONResponse({"released": released, "waiting": len(self._fair.waiting)})

    async def leap(self, request: Request) -> Response:
        asked = await _read(request, doorway.Leap)
        if self._fair.leap is None:
            raise NotPossible("the clocks of this sandbox are not its own")
        self._fair.leap(asked.seconds)
        return JSONResponse({"happened": self._fair.waiting.run_due(), "now": self._fair.now().isoformat()})

    async def reset(self, _request: Request) -> Response:
        self._fair.reset()
        return JSONResponse({})

    # -- shops --------------------------------------------------------------------------------------------------------

    async def open_shop(self, request: Request) -> Response:
        asked = await _read(request, doorway.NewShop)
        if asked.channel not in self._fair.faces:
            raise NotThere(f"no marketplace {asked.channel}; there are {', '.join(sorted(self._fair.faces))}")
        return self._opened(self._fair.open(asked.channel, asked.shop, asked.webhook_url), status=201)

    async def set_webhook(self, request: Request) -> Response:
        booth = self._booth(request)
        self._fair.subscribe(booth, (await _read(request, doorway.Webhook)).url)
        return self._opened(booth)

    async def show_secret(self, request: Request) -> Response:
        return self._opened(self._booth(request))

    async def rotate(self, request: Request) -> Response:
        booth, asked = self._booth(request), await _read(request, doorway.Rotation)
        self._fair.rotate_key(booth, signs_with_previous=asked.signs_with == "previous")
        return self._opened(booth)

    async def expire_tokens(self, request: Request) -> Response:
        booth = self._booth(request)
        if booth.tokens is None:
            raise NotPossible(f"{booth.channel} has no tokens that expire")
        booth.tokens.expire()
        return JSONResponse({})

    # -- listings and stock -------------------------------------------------------------------------------------------

    async def add_listings(self, request: Request) -> Response:
        booth, asked = self._booth(request), await _read(request, doorway.NewListings)
        if len(booth.shop.listings) + len(asked.listings) > MOST_LISTINGS:
            raise NotPossible(f"a shop has at most {MOST_LISTINGS} listings")
        return JSONResponse({"listings": [self._list(booth, each).key for each in asked.listings]}, status_code=201)

    async def show_listings(self, request: Request) -> Response:
        booth = self._booth(request)
        return JSONResponse({"listings": [shown.listing(each) for each in booth.shop.listings.values()]})

    async def promote(self, request: Request) -> Response:
        booth, asked = self._booth(request), await _read(request, doorway.Promotion)
        listing, now = _listing(booth, asked.listing), self._fair.now()
        before = listing.locked
        booth.shop.lock(listing.key, asked.units, now)
        if asked.ends_in_s is not None:
            self._fair.waiting.later(asked.ends_in_s, lambda: self._end(booth, listing), settles=False)
        started = Event(what=What.PROMOTION_STARTED, at=now, listing=listing, locked_before=before)
        self._fair.happened(booth, started)
        return JSONResponse(shown.listing(listing), status_code=201)

    async def end_promotion(self, request: Request) -> Response:
        booth, asked = self._booth(request), await _read(request, doorway.PromotionEnd)
        listing = _listing(booth, asked.listing)
        return JSONResponse({"given_back": self._unlock(booth, listing), **shown.listing(listing)})

    async def edit_inventory(self, request: Request) -> Response:
        booth, asked = self._booth(request), await _read(request, doorway.Inventory)
        if not self._fair.faces[booth.channel].home:
            raise NotPossible(f"merchants keep no stock on hand in {booth.channel}")
        listing, now = _listing(booth, asked.listing), self._fair.now()
        booth.shop.set_on_hand(listing.key, asked.on_hand, now)
        self._fair.happened(booth, Event(what=What.STOCK, at=now, listing=listing))
        return JSONResponse(shown.listing(listing))

    # -- orders -------------------------------------------------------------------------------------------------------

    async def buy(self, request: Request) -> Response:
        booth, asked = self._booth(request), await _read(request, doorway.NewOrder)
        face, now = self._fair.faces[booth.channel], self._fair.now()
        wanted = [(_listing(booth, line.listing).key, line.quantity) for line in asked.lines]
        order = booth.shop.buy(
            face.order_id(booth, now),
            wanted,
            cod=asked.cod,
            now=now,
            unit_id=lambda: face.unit_id(booth),
        )
        self._tell(booth, What.PLACED, order, order.units)
        if asked.paid:
            booth.shop.pay(order, now)
            self._tell(booth, What.PAID, order, order.units)
        return JSONResponse({"order_id": order.id}, status_code=201)

    async def show_orders(self, request: Request) -> Response:
        booth = self._booth(request)
        return JSONResponse({"orders": [shown.order(each) for each in booth.shop.orders.values()]})

    async def pay(self, request: Request) -> Response:
        booth, order = self._order(request)
        booth.shop.pay(order, self._fair.now())
        self._tell(booth, What.PAID, order, order.units)
        return JSONResponse(shown.order(order))

    async def ship(self, request: Request) -> Response:
        booth, order = self._order(request)
        asked = await _read(request, doorway.Change)
        units = booth.shop.ship(order, _wanted(asked), self._fair.now())
        self._tell(booth, What.SHIPPED, order, units)
        return JSONResponse(shown.order(order))

    async def cancel(self, request: Request) -> Response:
        booth, order = self._order(request)
        asked = await _read(request, doorway.Change)
        restock = self._fair.faces[booth.channel].restocks_cancelled(asked.restock)
        units = booth.shop.cancel(order, _wanted(asked), restock=restock, by=asked.by, now=self._fair.now())
        self._tell(booth, What.CANCELLED, order, units)
        return JSONResponse(shown.order(order))

    async def take_back(self, request: Request) -> Response:
        booth, order = self._order(request)
        asked = await _read(request, doorway.Change)
        restock = self._fair.faces[booth.channel].restocks_returned(asked.restock)
        units = booth.shop.take_back(order, _wanted(asked), restock=restock, now=self._fair.now())
        self._tell(booth, What.RETURNED, order, units)
        return JSONResponse(shown.order(order))

    # -- faults and counts --------------------------------------------------------------------------------------------

    async def set_faults(self, request: Request) -> Response:
        booth = self._booth(request)
        part = await request.json()
        if not isinstance(part, dict):
            raise NotPossible("faults are a JSON object")
        settings = booth.faults.change(part)
        if booth.tokens is not None and settings.token_expiry_s is not None:
            booth.tokens.shorten(self._fair.now() + timedelta(seconds=settings.token_expiry_s))
        return JSONResponse(settings.model_dump(mode="json"))

    async def show_faults(self, request: Request) -> Response:
        return JSONResponse(self._booth(request).faults.settings.model_dump(mode="json"))

    async def show_calls(self, request: Request) -> Response:
        return JSONResponse(shown.counts(self._booth(request)))

    # -- inside -------------------------------------------------------------------------------------------------------

    def _booth(self, request: Request) -> Booth:
        channel, shop = request.path_params["channel"], request.path_params["shop"]
        booth = self._fair.find(channel, shop)
        if booth is None:
            raise NotThere(f"no shop {shop} in {channel}")
        return booth

    def _order(self, request: Request) -> tuple[Booth, Order]:
        booth = self._booth(request)
        order = booth.shop.orders.get(request.path_params["order"])
        if order is None:
            raise NotThere(f"no order {request.path_params['order']}")
        return booth, order

    def _opened(self, booth: Booth, *, status: int = 200) -> Response:
        document = {"secret": self._fair.secret(booth), "locations": list(booth.locations)}
        return JSONResponse(document, status_code=status)

    def _list(self, booth: Booth, asked: doorway.NewListing) -> Listing:
        products: dict[str, str] = booth.kept.setdefault("products", {})
        product = products.get(asked.product) if asked.product else None
        key = self._fair.faces[booth.channel].listing_key(booth, product, alone=asked.product is None)
        if asked.product:
            products.setdefault(asked.product, key.split(JOINER)[0])
        listing = Listing(
            key=key,
            title=asked.title,
            merchant_sku=asked.merchant_sku,
            price=asked.price,
            on_hand=asked.quantity,
            updated_at=self._fair.now(),
        )
        booth.shop.add(listing)
        return listing

    def _unlock(self, booth: Booth, listing: Listing) -> int:
        before, now = listing.locked, self._fair.now()
        given_back = booth.shop.unlock(listing.key, now)
        if before:
            ended = Event(what=What.PROMOTION_ENDED, at=now, listing=listing, locked_before=before)
            self._fair.happened(booth, ended)
        return given_back

    def _end(self, booth: Booth, listing: Listing) -> None:
        self._unlock(booth, listing)

    def _tell(self, booth: Booth, what: What, order: Order, units: tuple[Unit, ...]) -> None:
        self._fair.happened(booth, Event(what=what, at=order.updated_at, order=order, units=units))


def _listing(booth: Booth, key: str) -> Listing:
    if key not in booth.shop.listings:
        raise NotThere(f"no listing {key}")
    return booth.shop.listings[key]


def _wanted(asked: doorway.Change) -> Mapping[str, int] | None:
    if asked.lines is None:
        return None
    wanted: dict[str, int] = {}
    for line in asked.lines:
        wanted[line.listing] = wanted.get(line.listing, 0) + line.quantity
    return wanted


async def _read(request: Request, model: type[Body]) -> Body:
    body = await request.body()
    if len(body) > MOST_BODY:
        raise NotPossible(f"a body has at most {MOST_BODY} bytes")
    return model.model_validate_json(body or b"{}")


def _guarded(answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Turns what the sandbox refuses into an answer; anything else is a fault of its own and stays loud."""

    async def guarded(request: Request) -> Response:
        try:
            return await answer(request)
        except SoldOut as no:
            return _no(409, "sold_out", str(no), listing=no.listing, wanted=no.wanted, left=no.left)
        except NotPossible as no:
            return _no(409, "not_possible", str(no))
        except NotThere as no:
            return _no(404, "not_found", str(no))
        except ValidationError as no:
            fields = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in no.errors()]
            return _no(422, "invalid", "; ".join(fields))
        except ValueError as no:
            return _no(422, "invalid", str(no))

    return guarded


def _no(status: int, code: str, detail: str, **more: Any) -> Response:
    return JSONResponse({"code": code, "detail": detail, **more}, status_code=status)
