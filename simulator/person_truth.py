"""Who is who behind the records of persons, who lives with whom and who is related; never part of the exports."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from simulator.database import load
from simulator.files import write_query
from simulator.person_files import PersonFiles
from simulator.places import PLACES
from simulator.settings import NEVER, blanked
from simulator.trouble import KINDS, WRITING

_HOUSEHOLD = "printf('hh-%07d', household + 1) as household_id"


def load_people(files: PersonFiles) -> None:
    """Load tables `person` and `person_login`."""
    persons, contacts = files.persons, files.contacts
    address, homes = persons.address, persons.addresses
    never = persons.name_day == NEVER
    load(files.session, "person", {
        "person": np.arange(len(persons)), "person_id": files.person_ids, "household": persons.household,
        "given_name": persons.given, "middle_name": blanked(persons.middle, persons.middle == ""), "family_name": persons.family,
        "former_family_name": blanked(persons.former_family, never | (persons.former_family == persons.family)),
        "birth_date": persons.birth_day.astype("datetime64[D]"), "gender": np.array(["female", "male"], dtype=object)[persons.sex],
        "email": contacts.private_mail, "mobile_phone": contacts.mobile, "national_id": contacts.national_id,
        "street": homes.street[address], "house_number": homes.number[address], "city": homes.city[address],
        "postcode": homes.postcode[address], "country": np.array([land.code for land in PLACES], dtype=object)[homes.place[address]],
        "is_twin": persons.is_twin, "partner": persons.partner, "home": address, "former_home": persons.former_address,
        "member": persons.member, "form": persons.form,
    })  # fmt: skip
    user_ids, owners = files.logins
    load(files.session, "person_login", {"user_id": user_ids.astype("U").astype(object), "person": owners})


def write_person_truth(files: PersonFiles, folder: Path) -> None:
    """Write who is who into `folder`; needs `load_people`.

    person_records: a source record or login a row, with person, household and the kinds of trouble planted in any of the
        record's versions. people: the persons who have one, as they are at the end. households: which home they live in
        (home_id), and which they come from. relationships: pairs of persons of one household and what ties them.
    trouble: of each kind its share, how many rows could have had it, and how many got it when they were first written.
    """

    def write(name: str, query: str) -> None:
        write_query(files.session, query, folder / f"{name}.parquet", "parquet")

    kinds = ", ".join(f"case when marks & {1 << place} <> 0 then '{kind}' end" for place, kind in enumerate(KINDS))
    write(
        "person_records",
        f"""select source_system, source_record_id, person_id, {_HOUSEHOLD}, is_twin,
            list_filter([{kinds}], lambda kind: kind is not null) as trouble
        from (
            select source_system, source_record_id, person, marks from person_record
            union all
            select 'files', 'user:' || user_id, person, 0 from person_login
        ) inner join person using (person)
        order by source_system, source_record_id""",
    )
    files.session.execute(
        """create temp table known_person as select * from person
        where person in (select person from person_record union select person from person_login)"""
    )
    write(
        "people",
        f"""select known_person.person_id, {_HOUSEHOLD.replace("household +", "known_person.household +")},
            known_person.* exclude (person, person_id, household, partner, home, former_home, member, form),
            other.person_id as partner_id
        from known_person left join person as other on known_person.partner = other.person
        order by known_person.person_id""",
    )
    write(
        "households",
        f"""select {_HOUSEHOLD}, person_id, home <> former_home as has_moved, printf('home-%07d', home + 1) as home_id,
            printf('home-%07d', former_home + 1) as former_home_id
        from known_person order by household_id, person_id""",
    )
    write(
        "relationships",
        """select a.person_id, b.person_id as other_person_id, case
                when a.partner = b.person then 'spouse'
                when a.form = 4 then 'household_member'
                when a.member = 2 and b.member = 2 then 'sibling'
                when a.member < 2 and b.member = 2 then 'parent'
                when a.member = 2 and b.member < 2 then 'child' else 'household_member' end as relationship_type,
            a.home = b.home as is_one_home
        from known_person as a inner join known_person as b using (household)
        where a.person <> b.person order by 1, 2""",
    )
    tally = sorted(files.tally.items())
    load(files.session, "planted", {
        "kind": np.array([kind for kind, _ in tally], dtype=object),
        "share": np.array([WRITING[kind][0] for kind, _ in tally]),
        "possible": np.array([counts[0] for _, counts in tally]),
        "planted": np.array([counts[1] for _, counts in tally]),
    })  # fmt: skip
    write("trouble", "select * from planted order by kind")
