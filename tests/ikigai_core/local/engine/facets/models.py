"""Trains and uses one model as the platform does: what a run learned, later runs have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .random_tables import texts_of


class Trained:
    """A model and its versions, with a facet that uses it."""

    def __init__(self, jobs: Any, facet_type: str, model_type: str, sub_model_type: str = "Base") -> None:
        self.jobs = jobs
        self.facet_type = facet_type
        self.model = {"model_id": "m", "model_type": model_type, "sub_model_type": sub_model_type, "versions": []}

    def run(
        self,
        *inputs: tuple[str, dict[str, str]],
        outputs: Sequence[str] = ("",),
        types: Mapping[str, Any] | None = None,
        **arguments: Any,
    ) -> Any:
        """Run the facet on tables, each with the arguments of its arrow; export each of the outputs.

        `types` are those of the tables' columns, which are inferred otherwise.
        """
        facet = self.jobs.facet(self.facet_type, "it", **{"model_name": "mine", **arguments})
        sources = [
            self.jobs.facet("INPUT.IMPORTED", f"source {number}", dataset_id=self.jobs.dataset(content, types))
            for number, (content, _) in enumerate(inputs)
        ]
        sinks = [self.jobs.exported(f"sink {output}", output or "result") for output in outputs]
        arrows = [
            *(self.jobs.arrow(one, facet, **given) for one, (_, given) in zip(sources, inputs, strict=True)),
            *(
                self.jobs.arrow(facet, sink, **({"output_type": output} if output else {}))
                for sink, output in zip(sinks, outputs, strict=True)
            ),
        ]
        ended = self.jobs.run([*sources, facet, *sinks], arrows, models={"mine": self.model})
        self.model["versions"] += [{"name": made["name"], "path": made["path"]} for made in ended.model_versions]
        return ended

    def refusal(self, *inputs: tuple[str, dict[str, str]], **arguments: Any) -> str:
        """Run it, and return why it was refused."""
        ended = self.run(*inputs, **arguments)
        assert (ended.status, ended.facet_id, ended.model_versions) == ("FAILED", "it", [])
        return str(ended.message)


def records(ended: Any, name: str = "result") -> list[dict[str, str | None]]:
    """Return the rows of an output by the name of its dataset."""
    number = next(number for number, output in enumerate(ended.outputs) if output["dataset_name"] == name)
    return texts_of(ended, number).to_dict("records")
