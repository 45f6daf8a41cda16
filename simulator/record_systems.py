"""The systems that hold records of persons: who is in them, which fields they fill, how they write them."""

from __future__ import annotations

from dataclasses import dataclass

COLUMNS = (
    "source_record_id", "origin_system", "customer_id", "title", "given_name", "middle_name", "family_name", "name_suffix",
    "full_name", "birth_date", "gender", "email", "phone", "mobile_phone", "national_id", "house_number", "street_address",
    "address_line_2", "city", "postcode", "region", "country", "language", "company_name", "job_title", "is_email_verified",
    "is_phone_verified", "is_deleted", "is_test", "created_at", "updated_at",
)  # fmt: skip


@dataclass(frozen=True)
class SourceSystem:
    """One system.

    Attributes:
        share: of the persons that have a record in it.
        again: further records of a person in it, on average (0: it holds none twice).
        fills: field -> share of its records that have it; what is not named is never filled.
        name_form: `parts` (given and family name apart), `whole` (full_name only) or `family first` (full_name, 'Smith, John').
        has_number_apart: whether the house number has a field of its own.
        birth_form: how it writes dates (strftime). country_form: `code`, `name` or `mixed`.
        phone_form: `international` (+44…), `national` or `spaced` (+44 20 …).
        hears: chance that a move or change of name reaches a record.
        sloppiness: how much more often than elsewhere something is written wrongly.
    """

    name: str
    share: float
    again: float
    fills: dict[str, float]
    name_form: str = "parts"
    has_number_apart: bool = False
    birth_form: str = "%Y-%m-%d"
    country_form: str = "code"
    phone_form: str = "international"
    hears: float = 0.55
    sloppiness: float = 1.0


SYSTEMS = (
    SourceSystem(
        "crm", 0.52, 0.14,
        {"title": 0.6, "middle_name": 0.5, "name_suffix": 0.8, "birth_date": 0.85, "gender": 0.4, "email": 0.93, "phone": 0.5, "mobile_phone": 0.88,
         "address": 0.96, "address_line_2": 0.7, "region": 0.5, "country": 0.9, "language": 0.6, "company_name": 0.6, "job_title": 0.6},
        country_form="mixed", phone_form="spaced", sloppiness=1.0,
    ),
    SourceSystem(
        "shop", 0.48, 0.25,
        {"mobile_phone": 0.85, "email": 0.98, "phone": 0.3, "address": 0.97, "address_line_2": 0.9, "region": 0.3, "country": 0.97,
         "is_email_verified": 1.0},
        phone_form="national", hears=0.7, sloppiness=1.2,
    ),
    SourceSystem(
        "support", 0.22, 0.25,
        {"postcode": 0.4, "mobile_phone": 0.8, "email": 0.96, "phone": 0.3, "country": 0.3, "language": 0.7, "city": 0.5},
        name_form="whole", phone_form="international", hears=0.15, sloppiness=1.5,
    ),
    SourceSystem(
        "loyalty", 0.4, 0.0,
        {"title": 0.4, "birth_date": 0.97, "gender": 0.8, "email": 0.85, "mobile_phone": 0.88, "address": 0.96, "address_line_2": 0.5,
         "country": 0.4},
        has_number_apart=True, birth_form="%d/%m/%Y", country_form="name", phone_form="national", hears=0.4, sloppiness=1.3,
    ),
    SourceSystem(
        "app", 0.3, 0.08,
        {"birth_date": 0.92, "gender": 0.2, "email": 0.98, "mobile_phone": 0.92, "country": 0.9, "language": 1.0, "is_email_verified": 1.0,
         "is_phone_verified": 0.6, "postcode": 0.6, "city": 0.6},
        name_form="whole", hears=0.3, sloppiness=0.9,
    ),
    SourceSystem(
        "billing", 0.38, 0.0,
        {"mobile_phone": 0.85, "title": 0.3, "middle_name": 0.8, "name_suffix": 0.9, "birth_date": 0.95, "email": 0.85, "phone": 0.4,
         "national_id": 0.5, "address": 0.98, "address_line_2": 0.95, "region": 0.6, "country": 1.0},
        name_form="family first", birth_form="%d.%m.%Y", phone_form="spaced", hears=0.8, sloppiness=0.5,
    ),
)  # fmt: skip
NAMES = tuple(system.name for system in SYSTEMS)
CRM, SHOP, SUPPORT, LOYALTY, APP, BILLING = range(len(SYSTEMS))
