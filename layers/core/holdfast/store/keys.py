"""Every key of the table, in one place. `docs/table-design.md` prints the access patterns.

| item                  | pk                     | sk                                    |
|-----------------------|------------------------|---------------------------------------|
| SKU settings          | SKU#{sku}              | SETTINGS                              |
| level                 | SKU#{sku}              | LEVEL#{location}#{shard}              |
| announced receipt     | SKU#{sku}              | INCOMING#{announcement}               |
| movement              | MOVEMENTS#{sku}        | {movement id}                         |
| reservation           | RESERVATION#{id}       | RESERVATION                           |
| its row per SKU       | SKU_RESERVATIONS#{sku} | {created, ms}#{id}                    |
| its row per day       | DAY#{day}              | {created, ms}#{id}                    |
| due minute            | DUE#{bucket}           | {epoch s}#LEVEL#{location}#{sku}      |
| unpaid order          | DUE#{bucket}           | {epoch s}#UNPAID#{id}                 |
| refund that is due    | REFUNDS                | {due, epoch s}#{id}                   |
| buyer's hold budget   | BUYER#{id}             | BUDGET                                |
| a refusal of a buyer  | BUYER#{id}             | REFUSED#{minute}#{code}               |
| what rules did        | RISK#{day}             | {ms}#{id}                             |
| crowd of newcomers    | CROWD#{sku}            | {minute}                              |
| incident              | INCIDENT#{id}          | INCIDENT                              |
| the auditor's bookmark| AUDIT                  | BOOKMARK                              |
| shop                  | SHOP#{channel}#{shop}  | SETTINGS                              |
| its polling           | SHOP#{channel}#{shop}  | HEALTH                                |
| its token's lock      | SHOP#{channel}#{shop}  | TOKEN                                 |
| its delays of a week  | SHOP#{channel}#{shop}  | DELAYS#{week}                         |
| order that waits      | WAITING#{channel}#{shop} | {listing}#{order}                   |
| listing               | LISTING#{channel}#{shop} | {listing}                           |
| its row per SKU       | LISTINGS_OF#{sku}      | {channel}#{shop}#{listing}            |
| a shop's sync settings| SHOP#{channel}#{shop}  | SYNC                                  |
| its calls and runs    | SHOP#{channel}#{shop}  | PUSHING                               |
| a listing's push state| PUSH#{channel}#{shop}  | {listing}                             |
| a number's passport   | PASSPORT#{channel}#{shop}#{listing} | {sent, ms}#{fence}       |
"""

import zlib
from datetime import date, datetime

from holdfast.domain.level import Place
from holdfast.domain.listing import ListingKey
from holdfast.domain.shop import ShopKey

from .table import Key

# The register's rows of one minute are spread over so many partitions; the sweeper asks each of them.
DUE_BUCKETS = 4
# A level is one item today. The key keeps the place for more, should one SKU ever need several writers.
ONLY_SHARD = "0"

LISTS = "lists"
SKUS_LIST = "skus"
SHOPS_LIST = "shops"
MAX_SK = "\uffff"


def sku_partition(sku: str) -> str:
    return f"SKU#{sku}"


def settings(sku: str) -> Key:
    return Key(sku_partition(sku), "SETTINGS")


def level(place: Place) -> Key:
    return Key(sku_partition(place.sku), f"LEVEL#{place.location}#{ONLY_SHARD}")


def place_of_level(pk: str, sk: str) -> Place:
    return Place(pk.removeprefix("SKU#"), sk.split("#")[1])


def incoming(sku: str, announcement: str) -> Key:
    return Key(sku_partition(sku), f"INCOMING#{announcement}")


def movements_partition(sku: str) -> str:
    return f"MOVEMENTS#{sku}"


def movement(sku: str, movement_id: str) -> Key:
    return Key(movements_partition(sku), movement_id)


def reservation(reservation_id: str) -> Key:
    return Key(f"RESERVATION#{reservation_id}", "RESERVATION")


def sku_reservations_partition(sku: str) -> str:
    return f"SKU_RESERVATIONS#{sku}"


def day_partition(day: date) -> str:
    return f"DAY#{day.isoformat()}"


def by_creation(created_at: datetime, reservation_id: str) -> str:
    return f"{int(created_at.timestamp() * 1000):013d}#{reservation_id}"


def due_partition(bucket: int) -> str:
    return f"DUE#{bucket}"


def _bucket(name: str) -> int:
    return zlib.crc32(name.encode()) % DUE_BUCKETS


def due_minute(minute: int, place: Place) -> Key:
    return Key(due_partition(_bucket(place.sku)), f"{minute:010d}#LEVEL#{place.location}#{place.sku}")


def unpaid_order(pay_by: datetime, reservation_id: str) -> Key:
    return Key(due_partition(_bucket(reservation_id)), f"{int(pay_by.timestamp()):010d}#UNPAID#{reservation_id}")


def due_up_to(epoch_s: float) -> str:
    """The largest sort key of what is due at this time."""
    return f"{int(epoch_s):010d}{MAX_SK}"


REFUNDS = "REFUNDS"


def refund(refund_by: datetime, reservation_id: str) -> Key:
    return Key(REFUNDS, f"{int(refund_by.timestamp()):010d}#{reservation_id}")


def buyer_partition(buyer_id: str) -> str:
    return f"BUYER#{buyer_id}"


def buyer(buyer_id: str) -> Key:
    return Key(buyer_partition(buyer_id), "BUDGET")


def refusal(buyer_id: str, minute: int, code: str) -> Key:
    return Key(buyer_partition(buyer_id), f"REFUSED#{minute:010d}#{code}")


def risk_partition(day: date) -> str:
    return f"RISK#{day.isoformat()}"


def crowd(sku: str, minute: int) -> Key:
    return Key(f"CROWD#{sku}", f"{minute:010d}")


def incident(incident_id: str) -> Key:
    return Key(f"INCIDENT#{incident_id}", "INCIDENT")


def incidents_list(*, is_open: bool) -> str:
    return f"incidents#{'open' if is_open else 'closed'}"


AUDIT_BOOKMARK = Key("AUDIT", "BOOKMARK")


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
