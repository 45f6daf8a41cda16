"""Private persons and who lives with whom: couples, children, twins, moves, marriages; the truth behind all records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.names import KEEPS_NAME, POLISH, SPANISH, draw_family, draw_given, draw_origins, for_women
from simulator.places import PLACES, Addresses, Stream, draw_addresses
from simulator.settings import NEVER, Array
from simulator.trouble import LIFE

#: days before the end in which people move and marry, and in which records come into being
PAST_DAYS = 1825
_YEAR = 365.25
SINGLE, COUPLE, FAMILY, LONE_PARENT, SHARED_FLAT = range(5)
_FORMS = (0.36, 0.25, 0.28, 0.07, 0.04)
FIRST, SECOND, CHILD = range(3)  # place in the household


@dataclass
class Persons:
    """One array a field, one value a person. Days count from 1970-01-01; NEVER: has not happened."""

    household: Array
    member: Array  # FIRST, SECOND or CHILD
    form: Array  # of the household
    place: Array
    origin: Array
    sex: Array  # 0 woman, 1 man
    birth_day: Array
    given: Array
    middle: Array
    suffix: Array
    title: Array
    former_family: Array
    family: Array
    name_day: Array  # from then on `family`, before `former_family`
    former_address: Array  # position in `addresses`
    address: Array
    move_day: Array
    partner: Array  # position of the partner; -1: none
    is_twin: Array
    is_namesake_at_home: Array
    is_namesake_elsewhere: Array
    is_couple: Array
    addresses: Addresses
    end: int

    def __len__(self) -> int:
        return len(self.household)

    @property
    def age(self) -> Array:
        """Age at the end, in years."""
        return (self.end - self.birth_day) / _YEAR


def _chance(stream: Stream, kind: str, size: int) -> Array:
    return np.asarray(stream(f"life {kind}").random(size) < LIFE[kind][0])


def draw_persons(stream: Stream, households: int, end: int, place: Array | None = None) -> Persons:
    """Persons of some number of households; `end` is the last day (from 1970-01-01).

    Args:
        place: the country of each household (index into PLACES); those of `PLACES.share` when not given.
    """
    shares = np.array([land.share for land in PLACES])
    if place is None:
        place = stream("place").choice(len(PLACES), households, p=shares / shares.sum())
    form = stream("form").choice(len(_FORMS), households, p=_FORMS)
    origin = draw_origins(stream, place)
    first_birth = end - (_YEAR * (20 + 68 * stream("age").beta(1.6, 2.0, households))).astype("int64")
    has_second = np.isin(form, (COUPLE, FAMILY, SHARED_FLAT))
    some = stream("children").choice((1, 2, 3, 4), households, p=(0.38, 0.42, 0.15, 0.05))
    children = np.where(np.isin(form, (FAMILY, LONE_PARENT)), some, 0)
    size = 1 + has_second + children
    household = np.repeat(np.arange(households), size)
    total = len(household)
    start = np.cumsum(size) - size
    rank = np.arange(total) - start[household]
    member = np.where(rank == 0, FIRST, np.where((rank == 1) & has_second[household], SECOND, CHILD))

    gap = stream("gap").normal(0, 4.0, total) * _YEAR
    distance = (22 + 15 * stream("parent age").beta(2.0, 2.2, total)) * _YEAR
    birth = first_birth[household] + np.where(member == FIRST, 0, np.where(member == SECOND, gap, distance)).astype(
        "int64"
    )
    sex = stream("sex").integers(0, 2, total)
    first = start[household]
    other = np.where(stream("same sex couple").random(total) < 0.04, sex[first], 1 - sex[first])
    sex = np.where((member == SECOND) & (form[household] != SHARED_FLAT), other, sex)

    is_first_child = (member == CHILD) & (rank == 1 + has_second[household])
    twin_first = np.flatnonzero(is_first_child & (children[household] >= 2) & _chance(stream, "twins", households)[household])  # fmt: skip
    birth[twin_first + 1] = birth[twin_first]
    alike = twin_first[stream("twins of one sex").random(len(twin_first)) < 0.65]
    sex[alike + 1] = sex[alike]
    is_twin = np.zeros(total, dtype=bool)
    is_twin[twin_first] = is_twin[twin_first + 1] = True

    own_origin = np.where(
        (member == SECOND) & (stream("mixed").random(total) < 0.1), draw_origins(stream, place[household]), origin[household]
    )  # fmt: skip
    year = (birth / _YEAR + 1970).astype("int64")
    given = draw_given(stream, "own", own_origin, sex, year)
    has_middle = stream("has middle").random(total) < np.where(np.isin(place[household], (0, 1)), 0.55, 0.18)
    middle = np.where(has_middle, draw_given(stream, "middle", own_origin, sex, year), "")
    middle = np.where(middle == given, "", middle).astype(object)
    second_twin = twin_first + 1
    clash = second_twin[given[second_twin] == given[twin_first]]
    given[clash] = draw_given(stream, "twin", own_origin[clash], sex[clash], year[clash] + 9)

    persons = _with_families(stream, household, member, form, place, own_origin, sex, first)
    former, family, name_day, move_out, is_couple = persons
    parent = np.where(is_first_child & (sex == sex[first]), first, first + has_second[household])
    like = np.flatnonzero(
        is_first_child & (sex[np.minimum(parent, total - 1)] == sex) & (origin[household] == own_origin)
    )
    like = like[_chance(stream, "parent_and_child_namesakes", total)[like] & ~is_twin[like]]
    given[like], middle[like] = given[parent[like]], middle[parent[like]]
    former[like] = family[like] = former[parent[like]]
    name_day[like] = NEVER
    name_day[parent[like]] = NEVER
    family[parent[like]] = former[parent[like]]
    at_home = np.zeros(total, dtype=bool)
    at_home[like] = at_home[parent[like]] = True
    suffix = np.full(total, "", dtype=object)
    is_american = (place[household] == 0) & (stream("suffix").random(total) < 0.7)
    suffix[like[is_american[like] & (sex[like] == 1)]] = "Jr."

    partner = np.where(is_couple & (member == FIRST), first + 1, np.where(is_couple & (member == SECOND), first, -1))
    born = end - birth
    doctor = (stream("doctor").random(total) < 0.03) & (born > 27 * _YEAR)
    title = np.where(doctor, "Dr.", "").astype(object)
    addresses, former_address, address, move_day = _with_addresses(stream, household, member, place, move_out, born, end)  # fmt: skip
    result = Persons(
        household=household, member=member, form=form[household], place=place[household], origin=own_origin, sex=sex,
        birth_day=birth, given=given, middle=middle, suffix=suffix, title=title, former_family=former, family=family,
        name_day=np.where(name_day == NEVER, NEVER, end - name_day), former_address=former_address, address=address,
        move_day=move_day, partner=partner, is_twin=is_twin, is_namesake_at_home=at_home,
        is_namesake_elsewhere=np.zeros(total, dtype=bool), is_couple=is_couple, addresses=addresses, end=end,
    )  # fmt: skip
    _plant_namesakes(stream, result)
    return result


def _with_families(
    stream: Stream, household: Array, member: Array, form: Array, place: Array, origin: Array, sex: Array, first: Array
) -> tuple[Array, Array, Array, Array, Array]:
    """Former and present family name, days before the end of its change, who moves out then, and who is of a couple."""
    total = len(household)
    born = draw_family(stream, "own", origin)
    family = born.copy()
    former, change = born.copy(), np.full(total, NEVER, dtype="int64")
    second = np.flatnonzero((member == SECOND) & (form[household] != SHARED_FLAT))
    is_couple = np.zeros(total, dtype=bool)
    is_couple[second] = is_couple[second - 1] = True
    luck = stream("married").random(total)[household[second]]
    ends, begins = LIFE["divorced"][0], LIFE["divorced"][0] + LIFE["married"][0]
    taker = np.where((sex[second] == 0) | (stream("taker").random(len(second)) < 0.15), second, second - 1)
    giver = np.where(taker == second, second - 1, second)
    takes = ~np.isin(origin[taker], KEEPS_NAME) & (stream("takes name").random(len(second)) < 0.85)
    double = stream("double name").random(len(second)) < LIFE["double_name"][0]
    joined = np.where(double, born[giver] + "-" + born[taker], born[giver])
    days = 30 + stream("wedding day").integers(0, PAST_DAYS - 30, len(second))
    move_out = np.full(total, NEVER, dtype="int64")
    was = takes & (luck < ends)
    former[taker[was]], family[taker[was]], change[taker[was]] = joined[was], born[taker[was]], days[was]
    leaves = second[luck < ends]
    move_out[leaves] = days[luck < ends]
    now = takes & (luck >= ends) & (luck < begins)
    family[taker[now]], change[taker[now]] = joined[now], days[now]
    long_ago = takes & (luck >= begins) & (luck < begins + 0.55)
    family[taker[long_ago]] = former[taker[long_ago]] = joined[long_ago]
    child = np.flatnonzero(member == CHILD)
    head = first[child]
    has_second = is_couple[head]
    source = np.where(has_second & (sex[head] == 0), head + 1, head)
    source[~has_second] = head[~has_second]
    name = born[source]
    spanish = np.flatnonzero((origin[child] == SPANISH) & has_second)
    for at in spanish:
        mother = head[at] if source[at] != head[at] else head[at] + 1
        name[at] = born[source[at]].split()[0] + " " + born[mother].split()[0]
    family[child] = former[child] = name
    polish = (origin == POLISH) & (sex == 0)
    return for_women(former, polish), for_women(family, polish), change, move_out, is_couple


def _with_addresses(
    stream: Stream, household: Array, member: Array, place: Array, move_out: Array, age_days: Array, end: int
) -> tuple[Addresses, Array, Array, Array]:
    """Addresses, and of each person: former and present one, and the day of the move."""
    households, total = len(place), len(household)
    homes = draw_addresses(stream, "homes", place)
    moves = _chance(stream, "moved", households)
    day = stream("moving day").integers(10, PAST_DAYS, households)
    grown = (member == CHILD) & (age_days > 19 * _YEAR)
    long_ago = grown & (stream("left long ago").random(total) < np.clip((age_days / _YEAR - 19) / 14, 0, 0.9))
    leaves = grown & ~long_ago & _chance(stream, "left_home", total)
    out_day = np.where(move_out < NEVER, move_out, stream("leaving day").integers(10, PAST_DAYS, total))
    out_day = np.where(long_ago, PAST_DAYS + 1, out_day)
    alone = leaves | long_ago | (move_out < NEVER)
    mover = np.flatnonzero(alone)
    house = np.flatnonzero(moves)
    going = np.concatenate([place[house], place[household[mover]]])
    town = np.concatenate([homes.town[house], homes.town[household[mover]]])
    near = np.where(stream("stays in town").random(len(going)) < 0.65, town, -1)
    later = draw_addresses(stream, "later homes", going, near)
    names = ("place", "street", "number", "unit", "city", "postcode", "region", "town")
    joined = Addresses(**{name: np.concatenate([getattr(homes, name), getattr(later, name)]) for name in names})
    new_home = np.arange(households)
    new_home[house] = households + np.arange(len(house))
    address = new_home[household]
    move_day = np.where(moves, end - day, NEVER)[household]
    address[mover] = households + len(house) + np.arange(len(mover))
    move_day[mover] = end - out_day[mover]
    return joined, household.copy(), address, move_day


def _plant_namesakes(stream: Stream, persons: Persons) -> None:
    """Some persons get name and birth date of somebody of their country who lives elsewhere."""
    plain = ~persons.is_twin & ~persons.is_namesake_at_home & (persons.name_day == NEVER)
    chosen = np.flatnonzero(_chance(stream, "namesakes_born_alike", len(persons)) & plain)
    rng = stream("namesakes of")
    for land in range(len(PLACES)):
        mine = chosen[persons.place[chosen] == land]
        pool = np.flatnonzero((persons.place == land) & (persons.name_day == NEVER) & ~persons.is_twin & (persons.member != CHILD))  # fmt: skip
        if not len(mine) or len(pool) < 2:
            continue
        like = pool[rng.integers(0, len(pool), len(mine))]
        apart = (persons.household[like] != persons.household[mine]) & ~np.isin(like, mine)
        mine, like = mine[apart], like[apart]
        for name in ("given", "family", "former_family", "birth_day", "sex", "origin"):
            getattr(persons, name)[mine] = getattr(persons, name)[like]
        persons.is_namesake_elsewhere[mine] = persons.is_namesake_elsewhere[like] = True
