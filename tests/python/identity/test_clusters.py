"""Clusters against networkx and against a plain reading of average linkage, on random graphs, with conflicts, decisions and any order of arrival."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from itertools import combinations, pairwise

import networkx as nx
import pytest

from tests.python.identity.conftest import Workbench

pytestmark = pytest.mark.slow

Link = tuple[str, str, float]


def components_of(keys: Iterable[str], links: Iterable[Link]) -> set[frozenset[str]]:
    graph = nx.Graph()
    graph.add_nodes_from(keys)
    graph.add_edges_from((a, b) for a, b, _ in links)
    return {frozenset(component) for component in nx.connected_components(graph)}


def average_linkage(
    keys: Iterable[str],
    links: Iterable[Link],
    conflicts: Iterable[tuple[str, str]],
    absent: float = -1.0,
    least: float = 1.0,
) -> set[frozenset[str]]:
    """Join the two clusters whose pairs weigh most on average, again and again; components without conflicts are one cluster."""
    weight = {frozenset((a, b)): min(math.log2(p / (1 - p)), 12.0) for a, b, p in links}
    apart = {frozenset(pair) for pair in conflicts}
    result = set()
    for component in components_of(keys, links):
        clusters = [frozenset([key]) for key in sorted(component)]
        if not any(frozenset(pair) in apart for pair in combinations(component, 2)):
            clusters = [component]

        def worth(pair: tuple[frozenset[str], frozenset[str]]) -> float:
            crossing = [frozenset((a, b)) for a in pair[0] for b in pair[1]]
            barred = any(it in apart for it in crossing)
            return -math.inf if barred else sum(weight.get(it, absent) for it in crossing) / len(crossing)

        while len(clusters) > 1 and worth(best := max(combinations(clusters, 2), key=worth)) >= least:
            clusters = [it for it in clusters if it not in best] + [best[0] | best[1]]
        result |= set(clusters)
    return result


def random_graph(name: str, chance: random.Random) -> tuple[list[str], list[Link]]:
    keys = [f"s|{name}-{chance.random():.9f}" for _ in range(chance.randint(1, 12))]
    pairs = [pair for pair in combinations(keys, 2) if chance.random() < chance.choice([0.1, 0.3])]
    # Strengths that differ, so that the order of links is the same everywhere.
    return keys, [(a, b, 0.8 + chance.random() / 5.1) for a, b in pairs]


def shapes() -> tuple[list[str], list[Link]]:
    """A chain of 10,000 in the order of its keys and one in no order, a star with a leaf before its middle, a ring, a full graph, single records."""
    chance = random.Random(4)
    chain = [f"s|a{place:05d}" for place in range(10_000)]
    tangled = [f"s|b{place:05d}" for place in chance.sample(range(10_000), 10_000)]
    star = ["s|c5000", *(f"s|c{place}" for place in range(4_000, 6_001) if place != 5_000)]
    ring = [f"s|d{place:03d}" for place in range(500)]
    full = [f"s|e{place:02d}" for place in range(30)]
    links: list[Link] = [(a, b, 0.995) for row in (chain, tangled) for a, b in pairwise(row)]
    links += [(star[0], leaf, 0.995) for leaf in star[1:]]
    links += [(ring[place], ring[place - 1], 0.995) for place in range(500)]
    links += [(a, b, 0.995) for a, b in combinations(full, 2)]
    return [*chain, *tangled, *star, *ring, *full, *(f"s|single{place}" for place in range(50))], links


def test_components_are_those_of_networkx(bench: Workbench) -> None:
    chance = random.Random(1)
    keys, links = shapes()
    for number in range(200):
        more_keys, more_links = random_graph(f"random{number}", chance)
        keys += more_keys
        links += more_links
    bench.clear()
    bench.records(keys)
    bench.links(links)
    bench.run()
    assert bench.clusters() == components_of(keys, links)
    smallest = bench.query(
        "select count(*) from (select component_key, min(record_key) as key from silver.identity_components group by 1) where key != component_key"
    )
    assert smallest == [(0,)]


def test_a_chain_is_quick(bench: Workbench) -> None:
    keys, links = shapes()
    bench.clear()
    bench.records(keys)
    bench.links(links)
    assert bench.run()["silver__identity_components"] < 5


def with_conflicts(chance: random.Random, graphs: int) -> tuple[list[str], list[Link], list[tuple[str, str]]]:
    keys: list[str] = []
    links: list[Link] = []
    conflicts: list[tuple[str, str]] = []
    for number in range(graphs):
        more_keys, more_links = random_graph(f"apart{number}", chance)
        keys += more_keys
        links += more_links
        conflicts += [pair for pair in combinations(more_keys, 2) if chance.random() < 0.15]
    return keys, links, conflicts


def test_contested_components_are_put_together_by_average_linkage(bench: Workbench) -> None:
    keys, links, conflicts = with_conflicts(random.Random(2), 150)
    bench.clear()
    bench.records(keys)
    bench.links(links)
    bench.keep_apart_all(conflicts)
    bench.run()
    assert bench.clusters() == average_linkage(keys, links, conflicts)
    assert bench.query("select count(*) from silver.identity_clusters where is_contested")[0][0] > 100


def test_any_order_of_arrival_ends_where_a_rebuild_does(bench: Workbench) -> None:
    chance = random.Random(3)
    keys, links, conflicts = with_conflicts(chance, 60)
    load_of = {key: chance.randint(1, 4) for key in keys}
    bench.clear()
    for load_id in range(1, 5):
        here = {key for key, load in load_of.items() if load <= load_id}
        fresh = [key for key, load in load_of.items() if load == load_id]
        bench.records(fresh, load_id=load_id)
        now = [link for link in links if {link[0], link[1]} <= here and not {link[0], link[1]}.isdisjoint(fresh)]
        bench.links(now or [("x|1", "x|2", 0.99)])
        bench.keep_apart_all([pair for pair in conflicts if set(pair) <= here and not set(pair).isdisjoint(fresh)])
        bench.run()
        seen = [link for link in links if {link[0], link[1]} <= here]
        assert bench.clusters() == average_linkage(here, seen, [pair for pair in conflicts if set(pair) <= here])
    built = bench.query(
        "select record_key, golden_customer_id, match_type, match_probability from silver.identity_map order by 1"
    )
    numbers = bench.query("select record_key, build_number from silver.identity_map order by 1")
    bench.run()
    assert bench.query("select record_key, build_number from silver.identity_map order by 1") == numbers
    bench.run("--full-refresh")
    assert (
        bench.query(
            "select record_key, golden_customer_id, match_type, match_probability from silver.identity_map order by 1"
        )
        == built
    )


def test_links_and_records_that_go_are_forgotten(bench: Workbench) -> None:
    bench.clear()
    bench.records(["s|1", "s|2", "s|3", "s|4"])
    bench.links([("s|1", "s|2", 0.995), ("s|2", "s|3", 0.995), ("s|3", "s|4", 0.995)])
    bench.run()
    assert bench.clusters() == {frozenset(["s|1", "s|2", "s|3", "s|4"])}
    bench.execute("delete from given.silver__identity_stated_links where record_key_a = 's|2'")
    bench.run()
    assert bench.clusters() == {frozenset(["s|1", "s|2"]), frozenset(["s|3", "s|4"])}
    bench.execute(
        "delete from given.silver__source_records where record_key = 's|3'",
        "delete from given.silver__identity_stated_links where record_key_a = 's|3'",
    )
    bench.run()
    assert bench.clusters() == {frozenset(["s|1", "s|2"]), frozenset(["s|4"])}


def test_a_decision_undoes_a_merge_exactly(bench: Workbench) -> None:
    bench.clear()
    bench.records(["crm|1", "crm|2", "web|1", "web|2"])
    bench.links([("crm|1", "web|1", 0.995), ("crm|2", "web|2", 0.995)])
    bench.run()
    before = bench.query("select record_key, golden_customer_id from silver.identity_map order by 1")
    bench.links([("web|1", "web|2", 0.991)])
    bench.run()
    assert len(bench.clusters()) == 1
    assert bench.query("select distinct change, cause from silver.identity_changes") == [("merge", "rule: rule")]
    bench.keep_apart_all([("web|1", "web|2")])
    bench.run()
    assert bench.query("select record_key, golden_customer_id from silver.identity_map order by 1") == before
    assert bench.query(
        "select record_key, change, cause, decided_by from silver.identity_changes where change != 'merge' order by 1"
    ) == [
        ("crm|2", "split", "decision: keep apart", "kim"),
        ("web|2", "split", "decision: keep apart", "kim"),
    ]
    assert bench.query("select count(*) from silver.identity_review_queue") == [(0,)]
    bench.run("--full-refresh")
    assert bench.query("select count(*) from silver.identity_changes") == [(4,)]


def test_a_decision_that_is_withdrawn_is_logged_as_such(bench: Workbench) -> None:
    bench.clear()
    bench.records(["crm|1", "crm|2", "crm|3", "web|1", "web|2"])
    bench.links([("crm|1", "web|1", 0.995), ("crm|2", "web|2", 0.995)])
    decided = "insert into given.silver__identity_decided_pairs values ('web|1', 'web|2', '{}', 'kim', timestamp '2025-01-01', '{}')"
    linked = "insert into given.silver__identity_stated_links values ('web|1', 'web|2', 'manual', 'merge', 1, null, 'automatic', '{}')"
    log = (
        "select record_key, change, cause, decided_by, reason from silver.identity_changes "
        "where change_number = (select max(change_number) from silver.identity_changes) order by 1"
    )
    bench.run()
    bench.execute(decided.format("merge", "one voice"), linked)
    bench.run()
    # The companion of the record decided about moved for the same reason.
    assert bench.query(log) == [
        ("crm|2", "merge", "decision: merge", "kim", "one voice"),
        ("web|2", "merge", "decision: merge", "kim", "one voice"),
    ]
    # A decision that others stand beside, and that moved nobody, is not blamed.
    withdrawn = "delete from given.silver__identity_decided_pairs where record_key_a = 'web|1'"
    bench.execute(
        withdrawn,
        "delete from given.silver__identity_stated_links where link_type = 'manual'",
        "insert into given.silver__identity_decided_pairs values ('crm|1', 'crm|3', 'keep_apart', 'bo', timestamp '2025-02-01', 'no')",
    )
    bench.run()
    assert bench.query(log) == [
        ("crm|2", "split", "decision withdrawn", "kim", "one voice"),
        ("web|2", "split", "decision withdrawn", "kim", "one voice"),
    ]
    bench.links([("web|1", "web|2", 0.991)])
    bench.keep_apart_all([("web|1", "web|2")])
    bench.run()
    logged = bench.query("select count(*) from silver.identity_changes")
    bench.execute(withdrawn, "delete from given.silver__identity_stated_links where link_type = 'manual'")
    bench.run()
    assert {row[1:4] for row in bench.query(log)} == {("merge", "decision withdrawn", "kim")}
    assert bench.query("select count(*) from silver.identity_changes") > logged
    # What is withdrawn is withdrawn once: whoever moves later does so for another reason.
    bench.execute("delete from given.silver__identity_stated_links where record_key_a = 'web|1'")
    bench.run()
    assert {row[2] for row in bench.query(log)} == {"rule: rule"}


def test_a_system_without_duplicates_holds_its_records_apart(bench: Workbench) -> None:
    bench.clear()
    bench.execute("insert into given.source_systems values ('crm', 1, false)")
    bench.records(["crm|1", "crm|2", "web|1"])
    bench.links([("crm|1", "web|1", 0.998), ("crm|2", "web|1", 0.995)])
    bench.run()
    assert bench.clusters() == {frozenset(["crm|1", "web|1"]), frozenset(["crm|2"])}
    assert bench.query("select record_key_a, record_key_b, queue_reason from silver.identity_review_queue") == [
        ("crm|2", "web|1", "cut by the guard")
    ]
    bench.execute("update given.source_systems set holds_duplicates = true")
    bench.run()
    assert len(bench.clusters()) == 1


def test_records_that_contradict_each_other_are_not_chained_together(bench: Workbench) -> None:
    bench.clear()
    name = "case when key = 's|1' then 'margaret' when key = 's|3' then 'johannes' end"
    bench.records(["s|1", "s|2", "s|3"], given_name_key=name)
    bench.links([("s|1", "s|2", 0.995), ("s|2", "s|3", 0.997)])
    bench.run()
    assert bench.clusters() == {frozenset(["s|1"]), frozenset(["s|2", "s|3"])}
    assert bench.query("select reason from silver.identity_conflicts") == [("given names differ",)]


def test_namesakes_of_one_home_with_other_birth_dates_stay_two(bench: Workbench) -> None:
    """Father and son: most pairs agree in name and address, and half of the records have no birth date."""
    father, son = [f"a|{number}" for number in range(3)], [f"b|{number}" for number in range(3)]
    bench.clear()
    bench.records(
        father + son,
        birth_digits="case key when 'a|0' then '19630504' when 'b|0' then '19890817' when 'b|1' then '19890817' end",
    )
    likely = [(a, b, 0.999) for group in (father, son) for a, b in combinations(group, 2)]
    contradict = {("a|0", "b|0"), ("a|0", "b|1")}
    links = likely + [(a, b, 0.9) for a in father for b in son if (a, b) not in contradict]
    bench.links(links, link_type="probabilistic")
    bench.run()
    assert bench.clusters() == {frozenset(father), frozenset(son)}


def test_a_wrong_birth_date_does_not_split_whom_the_model_joins_nonetheless(bench: Workbench) -> None:
    keys = ["a|0", "a|1", "a|2"]
    bench.clear()
    bench.records(keys, birth_digits="case key when 'a|0' then '19630504' else '19890817' end")
    bench.links([(a, b, 0.99) for a, b in combinations(keys, 2)], link_type="probabilistic")
    bench.run()
    assert bench.clusters() == {frozenset(keys)}


def test_father_and_son_with_other_suffixes_contradict_each_other(bench: Workbench) -> None:
    bench.clear()
    bench.records(["s|1", "s|2", "s|3"], name_suffix_key="case key when 's|1' then '1' when 's|3' then '2' end")
    bench.links([("s|1", "s|2", 0.995), ("s|2", "s|3", 0.997)])
    bench.run()
    assert bench.clusters() == {frozenset(["s|1"]), frozenset(["s|2", "s|3"])}
    assert bench.query("select reason from silver.identity_conflicts") == [("name suffixes differ",)]


def test_a_golden_id_is_that_of_the_record_which_came_first(bench: Workbench) -> None:
    bench.clear()
    bench.records(["a|late"], load_id=2)
    bench.records(["z|early"], load_id=1)
    bench.run()
    ids = dict(bench.query("select record_key, golden_customer_id from silver.identity_map"))
    bench.links([("a|late", "z|early", 0.995)])
    bench.run()
    assert set(dict(bench.query("select record_key, golden_customer_id from silver.identity_map")).values()) == {
        ids["z|early"]
    }


def test_what_the_model_does_not_link_speaks_against_it(bench: Workbench) -> None:
    """A chain that rules would join: once the model has looked at all pairs, the ends that it does not link count."""
    keys = ["s|1", "s|2", "s|3", "s|4"]
    links = [("s|1", "s|2", 0.999), ("s|2", "s|3", 0.85), ("s|3", "s|4", 0.9995)]
    bench.clear()
    bench.records(keys)
    bench.links(links, link_type="probabilistic")
    bench.run()
    assert bench.clusters() == {frozenset(keys)}
    bench.execute("insert into identity.probabilistic_links values ('s|1')")
    bench.run()
    assert bench.clusters() == {frozenset(["s|1", "s|2"]), frozenset(["s|3", "s|4"])}
    assert bench.query("select record_key_a, record_key_b, queue_reason from silver.identity_review_queue") == [
        ("s|2", "s|3", "cut by the guard")
    ]


def decide_merge(bench: Workbench, one: str, other: str) -> None:
    bench.execute(
        f"insert into given.silver__identity_decided_pairs values ('{one}', '{other}', 'merge', 'kim', '2025-06-01', 'married abroad')",
        f"insert into given.silver__identity_stated_links values ('{one}', '{other}', 'manual', 'merge', 1, null, 'automatic', '')",
    )


@pytest.mark.parametrize("has_model", [False, True])
def test_a_merge_by_a_person_joins_the_whole_of_both(bench: Workbench, has_model: bool) -> None:
    """However many records contradict each other, or are silent of each other."""
    one, other = [f"a|{number}" for number in range(9)], [f"b|{number}" for number in range(9)]
    bench.clear()
    bench.records(one + other, given_name_key="case when key like 'b%' then 'johannes' else 'margaret' end")
    bench.links([(a, b, 0.995) for group in (one, other) for a, b in combinations(group, 2)])
    bench.run()
    if has_model:
        bench.execute("insert into identity.probabilistic_links values ('s|1')")
    assert bench.clusters() == {frozenset(one), frozenset(other)}
    decide_merge(bench, "a|4", "b|2")
    bench.run()
    assert bench.clusters() == {frozenset(one + other)}
    bench.run("--full-refresh")
    assert bench.clusters() == {frozenset(one + other)}


def test_a_merge_that_is_barred_for_others_joins_the_records_it_names(bench: Workbench) -> None:
    """Two of the records are kept apart by decision: the two that are merged are one all the same."""
    one, other = [f"a|{number}" for number in range(4)], [f"b|{number}" for number in range(4)]
    bench.clear()
    bench.records(one + other)
    bench.links([(a, b, 0.995) for group in (one, other) for a, b in combinations(group, 2)])
    bench.keep_apart_all([("a|0", "b|0")])
    decide_merge(bench, "a|1", "b|1")
    bench.run()
    (together,) = [cluster for cluster in bench.clusters() if "a|1" in cluster]
    assert "b|1" in together
    assert not {"a|0", "b|0"} <= together


def test_a_rule_that_asks_for_a_look_does_not_outvote_the_model(bench: Workbench) -> None:
    bench.clear()
    bench.records(["s|1", "s|2", "s|3"])
    bench.links([("s|1", "s|2", 0.999)], link_type="probabilistic")
    bench.links([("s|2", "s|3", 0.9999)])
    bench.run()
    bench.execute("insert into identity.probabilistic_links values ('s|1')")
    bench.run("--full-refresh")
    assert bench.clusters() == {frozenset(["s|1", "s|2", "s|3"])}
    bench.execute("update given.silver__identity_stated_links set zone = 'review' where record_key_b = 's|3'")
    bench.run("--full-refresh")
    assert bench.clusters() == {frozenset(["s|1", "s|2"]), frozenset(["s|3"])}
