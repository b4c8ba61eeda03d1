"""Keys of shops, listings and pushes; `keys` has the table of all."""

from holdfast.domain.listing import ListingKey
from holdfast.domain.shop import ShopKey

from .keys import MAX_SK
from .table import Key


def shop_partition(shop: ShopKey) -> str:
    return f"SHOP#{shop.channel}#{shop.shop}"


def shop(key: ShopKey) -> Key:
    return Key(shop_partition(key), "SETTINGS")


def shop_of(pk: str) -> ShopKey:
    _, channel, name = pk.split("#", 2)
    return ShopKey(channel, name)


def shop_health(key: ShopKey) -> Key:
    return Key(shop_partition(key), "HEALTH")


def shop_token(key: ShopKey) -> Key:
    return Key(shop_partition(key), "TOKEN")


def shop_delays(key: ShopKey, week: int) -> Key:
    return Key(shop_partition(key), f"DELAYS#{week:05d}")


def waiting_partition(key: ShopKey) -> str:
    return f"WAITING#{key.channel}#{key.shop}"


def waiting(key: ShopKey, listing: str, reservation_id: str) -> Key:
    return Key(waiting_partition(key), f"{listing}#{reservation_id}")


def listings_partition(key: ShopKey) -> str:
    return f"LISTING#{key.channel}#{key.shop}"


def listing(key: ListingKey) -> Key:
    return Key(listings_partition(key.shop), key.listing)


def listings_of_sku_partition(sku: str) -> str:
    return f"LISTINGS_OF#{sku}"


def listing_of_sku(sku: str, key: ListingKey) -> Key:
    return Key(listings_of_sku_partition(sku), f"{key.shop.channel}#{key.shop.shop}#{key.listing}")


def listing_in_row(sk: str) -> ListingKey:
    channel, name, its = sk.split("#", 2)
    return ListingKey(ShopKey(channel, name), its)


def shop_sync(key: ShopKey) -> Key:
    return Key(shop_partition(key), "SYNC")


def shop_pushing(key: ShopKey) -> Key:
    return Key(shop_partition(key), "PUSHING")


def pushes_partition(key: ShopKey) -> str:
    return f"PUSH#{key.channel}#{key.shop}"


def push(key: ListingKey) -> Key:
    return Key(pushes_partition(key.shop), key.listing)


def push_of(pk: str, sk: str) -> ListingKey:
    _, channel, shop = pk.split("#", 2)
    return ListingKey(ShopKey(channel, shop), sk)


def passports_partition(key: ListingKey) -> str:
    return f"PASSPORT#{key.shop.channel}#{key.shop.shop}#{key.listing}"


def passport(key: ListingKey, sent_ms: int, fence: int) -> Key:
    return Key(passports_partition(key), f"{sent_ms:013d}#{fence:010d}")


def passports_up_to(at_ms: int) -> str:
    """The largest sort key of what was sent at or before this time."""
    return f"{at_ms:013d}{MAX_SK}"
