"""Figures out of records: medians, spreads, ratios, and whether goals are met. Pure: knows nothing of how they came."""
import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A median over the rounds, and the least and the most of them."""
    median: float
    least: float
    most: float

    @staticmethod
    def of(values):
        values = list(values)
        return Figure(statistics.median(values), min(values), max(values)) if values else None


class Results:
    """The records of a run."""

    def __init__(self, records):
        self.records = list(records)
        self.meta = next((record for record in self.records if record["kind"] == "meta"), {})

    def scenarios(self):
        """Names in the order measured."""
        return list(dict.fromkeys(record["scenario"] for record in self.records if "scenario" in record))

    def rows(self, scenario):
        """(server, variant) in the order of the rows: by server as asked for, and its sizes as measured."""
        seen = dict.fromkeys((record["variant"], record["server"]) for record in self.slices(scenario))
        variants = list(dict.fromkeys(variant for variant, _ in seen))
        order = self.meta.get("order", {}).get(scenario, [])
        return sorted(((server, variant) for variant, server in seen), key=lambda row: (
            order.index(row[0]) if row[0] in order else len(order), row[0], variants.index(row[1])))

    def slices(self, scenario, server=None, variant=None):
        return [record for record in self.records
                if record["kind"] == "slice" and record["scenario"] == scenario
                and server in (None, record["server"]) and variant in (None, record["variant"])]

    def values(self, scenario, server, variant, key):
        return [record[key] for record in self.slices(scenario, server, variant) if key in record]

    def figure(self, scenario, server, variant, key):
        """None where it was not measured."""
        return Figure.of(self.values(scenario, server, variant, key))

    def median(self, scenario, server, variant, key):
        figure = self.figure(scenario, server, variant, key)
        return None if figure is None else figure.median

    def ratio(self, scenario, row, against, key):
        """How many times that of the other row, in the same round; None where they share no round."""
        over = {record["round"]: record[key] for record in self.slices(scenario, *row) if key in record}
        under = {record["round"]: record[key] for record in self.slices(scenario, *against) if record.get(key)}
        return Figure.of(over[number] / under[number] for number in over if number in under)

    def extra(self, scenario, server, key):
        return next((record[key] for record in self.records if record["kind"] == "extra"
                     and record["scenario"] == scenario and record["server"] == server and key in record), None)

    def notes(self):
        return [record["text"] for record in self.records if record["kind"] == "note"]

    def rate(self, scenario):
        return next((record for record in self.records if record["kind"] == "rate" and record["scenario"] == scenario), None)

    def foreign(self):
        """What others used of the machine, of each slice but the starts, whose own children can't be told apart."""
        return [record["foreign"] for record in self.records if record["kind"] == "slice" and "start_ms" not in record]

    def curve(self, scenario, server):
        """Points (percentile, median over the rounds)."""
        curves = self.values(scenario, server, "", "curve")
        return [(points[0][0], statistics.median(value for _, value in points)) for points in zip(*curves)]


def measured(results, scenario, goal):
    """The goal's figure, or None where it was not measured."""
    key = goal.figure or scenario.figure
    if goal.against:
        return results.ratio(scenario.name, (goal.server, goal.variant), (goal.against, goal.against_variant), key)
    return results.figure(scenario.name, goal.server, goal.variant, key)


def verdict(figure, at_most):
    """Whether a goal is met by the median, and whether the spread leaves that open."""
    word = "met" if figure.median <= at_most else "**missed**"
    return word if figure.most <= at_most or figure.least > at_most else word + ", within the spread"
