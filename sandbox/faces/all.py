"""The faces by channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.faces.haravan import Haravan
from sandbox.faces.lazada import Lazada
from sandbox.faces.shopee import Shopee
from sandbox.faces.shopify import Shopify
from sandbox.faces.tiki import Tiki
from sandbox.faces.tiktok_shop import TiktokShop
from sandbox.faces.woocommerce import WooCommerce

if TYPE_CHECKING:
    from sandbox.faces.face import Face

FACES: dict[str, Face] = {
    face.channel: face
    for face in (
        Shopee(),
        Lazada(),
        TiktokShop(),
        Tiki(),
        Haravan(),
        Shopify(),
        WooCommerce(),
    )
}
