"""Every key of the table. `docs/table-design.md` prints the access patterns.

Those of shops and of what they list are made in `shop_keys`, which buyers' commands do without.

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
