"""Numbers that systems know people by beside their own: loyalty cards, devices, logins, payment cards, national ids."""

from __future__ import annotations

import numpy as np

from simulator.billing import Columns
from simulator.contacts import Contacts
from simulator.households import Persons
from simulator.places import Stream
from simulator.record_systems import APP, BILLING, CRM, LOYALTY, SHOP
from simulator.records import Records
from simulator.settings import Array

#: people that one kiosk serves, and shares of joint things
_PEOPLE_A_KIOSK = 300
_JOINT_CARD, _FAMILY_TABLET = 0.12, 0.1


def _tokens(stream: Stream, name: str, count: int, digits: int = 16) -> Array:
    raw = stream(name).integers(0, 2**63, count, dtype=np.uint64)
    return np.array([f"{value:016x}"[:digits] for value in raw.tolist()], dtype=object)


def draw_identifiers(stream: Stream, persons: Persons, contacts: Contacts, records: Records) -> Columns:
    """One row an identifier of a record: record (position), identifier_type, identifier_value, is_verified ('' unknown), day."""
    count, total = len(records), len(persons)
    owner, system = records.person, records.system
    head = np.unique(persons.household, return_index=True)[1][persons.household] if total else np.zeros(0, int)
    parts: list[tuple[Array, str, Array, float]] = []

    def chosen(name: str, share: float, *systems: int) -> Array:
        luck = stream(f"identifier {name}").random(count)
        return np.flatnonzero(np.isin(system, systems) & (luck < share))

    number = _tokens(stream, "loyalty", total)
    cards = np.array([f"{int(value, 16) % 10**11:011d}" for value in number.tolist()], dtype=object)
    in_loyalty = np.zeros(total, dtype=bool)
    in_loyalty[owner[system == LOYALTY]] = True
    parts.append((np.flatnonzero(system == LOYALTY), "loyalty_number", cards, 1.0))
    for name, share, where in (("loyalty in shop", 0.3, SHOP), ("loyalty in app", 0.45, APP), ("loyalty in crm", 0.12, CRM)):  # fmt: skip
        at = chosen(name, share, where)
        parts.append((at[in_loyalty[owner[at]]], "loyalty_number", cards, 0.4))

    device = _tokens(stream, "devices", total)
    tablet = stream("family tablet").random(total) < _FAMILY_TABLET
    device = np.where(tablet, device[head], device)
    second = _tokens(stream, "second devices", total)
    parts.append((chosen("device", 0.85, APP), "device_id", device, 0.0))
    parts.append((chosen("second device", 0.2, APP), "device_id", second, 0.0))
    parts.append((chosen("device in shop", 0.2, SHOP), "device_id", device, 0.0))
    parts.append((chosen("cookie", 0.5, SHOP), "cookie_id", _tokens(stream, "cookies", total, 12), 0.0))
    handles = np.array(
        [mail.split("@")[0][:14] + token[:3] for mail, token in zip(contacts.private_mail, _tokens(stream, "handles", total), strict=True)],
        dtype=object,
    )  # fmt: skip
    parts.append((chosen("login app", 0.9, APP), "login", handles, 1.0))
    parts.append((chosen("login shop", 0.35, SHOP), "login", handles, 1.0))
    card = _tokens(stream, "payment cards", total)
    joint = persons.is_couple & (stream("joint card").random(total)[head] < _JOINT_CARD)
    card = np.where(joint, card[head], card)
    parts.append((chosen("card in shop", 0.5, SHOP), "card_fingerprint", card, 0.0))
    parts.append((chosen("card in billing", 0.4, BILLING), "card_fingerprint", card, 0.0))
    parts.append((chosen("other card", 0.15, SHOP, BILLING), "card_fingerprint", _tokens(stream, "other cards", total), 0.0))  # fmt: skip
    parts.append((chosen("national id billing", 0.35, BILLING), "national_id", contacts.national_id, 0.9))
    parts.append((chosen("national id crm", 0.06, CRM), "national_id", contacts.national_id, 0.3))
    parts.append((chosen("tax id", 0.08, BILLING), "tax_id", _tokens(stream, "tax ids", total, 11), 0.5))
    customer = np.array([f"K{int(value[:9], 16) % 10**9:09d}" for value in _tokens(stream, "customer numbers", total)], dtype=object)  # fmt: skip
    parts.append((chosen("customer number billing", 0.6, BILLING), "external_id", customer, 0.0))
    parts.append((chosen("customer number crm", 0.3, CRM), "external_id", customer, 0.0))
    for name, share, kind, values in (
        ("work mail", 0.12, "email", contacts.work_mail),
        ("former mail", 0.1, "email", contacts.former_mail),
        ("mail", 0.1, "email", contacts.private_mail),
        ("former mobile", 0.08, "phone", contacts.former_mobile),
        ("landline", 0.08, "phone", contacts.landline),
    ):
        at = chosen(f"further {name}", share, CRM, BILLING, APP)
        parts.append((at[values[owner[at]] != ""], kind, values, 0.3))

    kiosk_at = np.flatnonzero(records.is_kiosk)
    kiosks = _tokens(stream, "kiosks", max(1, len(kiosk_at) // _PEOPLE_A_KIOSK))
    own = np.concatenate([at for at, *_ in parts])
    columns: Columns = {
        "record": np.concatenate([own, kiosk_at, kiosk_at]),
        "identifier_type": np.concatenate(
            [np.full(len(at), kind, dtype=object) for at, kind, *_ in parts]
            + [np.full(len(kiosk_at), kind, dtype=object) for kind in ("device_id", "cookie_id")]
        ),
        "identifier_value": np.concatenate(
            [values[owner[at]] for at, _, values, _ in parts] + [kiosks[kiosk_at % len(kiosks)]] * 2
        ),
        "verified_share": np.concatenate([np.full(len(at), share) for at, *_, share in parts] + [np.zeros(len(kiosk_at))] * 2),
    }  # fmt: skip
    at_kiosk = records.is_kiosk[columns["record"]]
    is_kiosk_row = np.arange(len(at_kiosk)) >= len(own)
    of_device = np.isin(columns["identifier_type"], ("device_id", "cookie_id"))
    keep = ~records.is_bare[columns["record"]] & ~(at_kiosk & of_device & ~is_kiosk_row)
    columns = {name: values[keep] for name, values in columns.items()}
    verified = columns.pop("verified_share")
    size = len(verified)
    luck = stream("identifier verified").random(size)
    columns["is_verified"] = np.where(verified == 0, "", np.where(luck < verified, "true", "false")).astype(object)
    begin = records.created_day[columns["record"]]
    wait = (stream("identifier later").random(size) < 0.4) * stream("identifier wait").exponential(200.0, size)
    columns["day"] = np.minimum(begin + wait.astype("int64"), persons.end)
    return columns
