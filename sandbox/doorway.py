"""What the door takes: bodies, checked; unknown names are refused."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Text = Annotated[str, Field(min_length=1, max_length=200)]
Units = Annotated[int, Field(ge=1, le=1_000)]
Quantity = Annotated[int, Field(ge=0, le=1_000_000)]


def _is_address(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError("not an http address")
    return text


Address = Annotated[str, Field(max_length=2_000), AfterValidator(_is_address)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class NewShop(_Body):
    channel: str
    shop: Name
    webhook_url: Address | None = None


class Webhook(_Body):
    url: Address


class NewListing(_Body):
    """`product`: any word; listings with the same one are variants of one product."""

    title: Text
    merchant_sku: Annotated[str, Field(max_length=200)] = ""
    quantity: Quantity
    price: Annotated[int, Field(ge=0, le=10_000_000_000)] = 100_000
    product: Text | None = None


class NewListings(_Body):
    listings: Annotated[list[NewListing], Field(min_length=1, max_length=1_000)]


class Amount(_Body):
    listing: Text
    quantity: Units


class NewOrder(_Body):
    lines: Annotated[list[Amount], Field(min_length=1, max_length=100)]
    paid: bool = False
    cod: bool = False


class Change(_Body):
    """`lines` None: all units for which it makes sense. `by`: who cancels, in the marketplace's words."""

    lines: Annotated[list[Amount], Field(min_length=1, max_length=100)] | None = None
    restock: bool | None = None
    by: Annotated[str, Field(max_length=100)] = "buyer"


class Promotion(_Body):
    listing: Text
    units: Quantity
    ends_in_s: Annotated[float, Field(gt=0, le=30 * 86_400)] | None = None


class PromotionEnd(_Body):
    listing: Text


class Inventory(_Body):
    listing: Text
    on_hand: Quantity


class Leap(_Body):
    seconds: Annotated[float, Field(gt=0, le=30 * 86_400)]


class Rotation(_Body):
    """`signs_with`: the key of pushes from now on; some marketplaces sign with the previous one for a while."""

    signs_with: Annotated[str, Field(pattern="^(current|previous)$")] = "current"
