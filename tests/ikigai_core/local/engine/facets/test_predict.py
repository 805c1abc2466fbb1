from __future__ import annotations

import csv
import io
import random
from collections.abc import Mapping
from typing import Any

import pytest

SUB_MODELS = ["Base", "Lasso", "Ridge", "Elastic Net"]


def table(rows: int = 120, **more: Any) -> str:
    """Numbers, dates, text, few and many values, and missing values everywhere; `price` is 3 n + 50 where east."""
    chance = random.Random(7)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["n", "day", "side", "code", "nothing", "price", "late"])
    for number in range(rows):
        n = chance.uniform(0, 100)
        side = chance.choice(["east", "west"])
        price = round(3 * n + (50 if side == "east" else 0) + chance.gauss(0, 1), 3)
        late = "yes" if n > 50 else "no"
        day = f"2026-0{chance.randint(1, 9)}-1{chance.randint(0, 9)}"
        row = [round(n, 3), day, side, f"id {number}", "", price, late]
        for position in (1, 3):
            row[position] = "" if chance.random() < 0.1 else row[position]
        row[0] = "" if number == 5 else row[0]
        writer.writerow(row)
    return out.getvalue()


class Models:
    """Trains and uses one model as the platform does: what a run learned, later runs have."""

    def __init__(self, jobs: Any, sub_model_type: str, model_type: str = "Linear") -> None:
        self.jobs = jobs
        self.model = {"model_id": "m", "model_type": model_type, "sub_model_type": sub_model_type, "versions": []}

    def run(
        self, content: str, hyperparameters: Mapping[str, Any] | None = None, version: str = "", **parameters: Any
    ) -> Any:
        facet = self.jobs.facet(
            "MID.PREDICT",
            "predict",
            model_name="prices",
            model_version=version,
            parameters=parameters,
            hyperparameters=hyperparameters or {},
        )
        facets = [self.jobs.imported(content), facet, self.jobs.exported()]
        ended = self.jobs.run(facets, models={"prices": self.model})
        self.model["versions"] += [{"name": made["name"], "path": made["path"]} for made in ended.model_versions]
        return ended

    def refusal(self, content: str, *args: Any, **parameters: Any) -> str:
        ended = self.run(content, *args, **parameters)
        assert (ended.status, ended.facet_id, ended.model_versions) == ("FAILED", "predict", [])
        return str(ended.message)


def column(ended: Any, name: str) -> list[str]:
    header, *rows = ended.rows()
    return [row[header.index(name)] for row in rows]


@pytest.mark.parametrize("sub_model_type", SUB_MODELS)
def test_a_number_is_learned_from_mixed_columns(jobs: Any, sub_model_type: str) -> None:
    given = {} if sub_model_type == "Base" else {"alpha": 0.01}
    ended = Models(jobs, sub_model_type).run(table(), given, target_column="price")
    assert (ended.status, ended.message) == ("SUCCESS", "")
    pairs = zip(column(ended, "price"), column(ended, "predicted_price"), strict=True)
    # Where n is missing nothing good can be told.
    errors = [abs(float(price) - float(told)) for number, (price, told) in enumerate(pairs) if number != 5]
    assert max(errors) < 25
    assert ended.types()["predicted_price"] == "NUMERIC"
    made = ended.model_versions[0]
    assert (made["name"], made["model_id"], made["is_first"]) == ("initial", "m", True)
    assert set(made["metrics"]["performance"]) == {"r2", "neg_mean_absolute_error", "neg_mean_squared_error"}
    assert made["metrics"]["performance"]["r2"]["average_test"] > 0.9
    for shares in made["metrics"]["feature_importance"].values():
        assert set(shares) == {"n", "day", "side", "code", "nothing", "late"}
        assert shares["nothing"] == pytest.approx(0, abs=1e-6)
    importance = made["metrics"]["feature_importance"]
    assert set(importance) == {"shapley", "permutation", "linear_base"}
    assert max(importance["permutation"].items(), key=lambda item: item[1])[0] == "n"
    # n spreads evenly over 100, so it is 25 from its mean on average; east and west are 25 from theirs.
    assert importance["shapley"]["n"] == pytest.approx(75, rel=0.15)
    assert importance["shapley"]["side"] == pytest.approx(25, rel=0.15)


@pytest.mark.parametrize("sub_model_type", SUB_MODELS)
def test_a_text_is_learned_from_mixed_columns(jobs: Any, sub_model_type: str) -> None:
    ended = Models(jobs, sub_model_type).run(table(), target_column="late")
    assert ended.status == "SUCCESS", ended.message
    hits = sum(one == other for one, other in zip(column(ended, "late"), column(ended, "predicted_late"), strict=True))
    assert hits > 105
    performance = ended.model_versions[0]["metrics"]["performance"]
    assert set(performance) == {"accuracy", "balanced_accuracy"}
    assert 0.8 < performance["accuracy"]["average_test"] <= 1


def test_a_date_can_be_learned(jobs: Any) -> None:
    rows = "".join(f"{n},2026-01-{n + 1:02}\n" for n in range(25))
    ended = Models(jobs, "Base").run("n,day\n" + rows, target_column="day")
    assert column(ended, "predicted_day")[3].startswith("2026-01-04T00:00:0")
    assert ended.types()["predicted_day"] == "TIME"


def test_a_trained_model_is_used_and_not_trained_by_accident(jobs: Any) -> None:
    models = Models(jobs, "Ridge")
    first = models.run(table(), target_column="price")
    message = models.refusal(table(), target_column="price")
    assert "model 'prices' is trained already (its newest version is 'initial')" in message
    assert "'inference' to use it, or to 'retrain_inference'" in message
    without = "\n".join(",".join(row[:5] + row[6:]) for row in csv.reader(io.StringIO(table())))
    used = models.run(without, mode="inference")
    assert used.model_versions == []
    assert column(used, "predicted_price") == column(first, "predicted_price")


def test_retraining_makes_another_version_and_each_can_be_used(jobs: Any) -> None:
    models = Models(jobs, "Base")
    models.run(table(), version="v", target_column="price")
    again = models.run(
        "n,price\n1,10\n2,20\n3,30\n4,40\n", version="v", target_column="price", mode="retrain_inference"
    )
    assert [again.model_versions[0][key] for key in ("name", "is_first")] == ["v 2", False]
    assert [round(float(value)) for value in column(models.run("n\n5\n", mode="inference"), "predicted_price")] == [50]
    message = models.refusal("n\n5\n", version="v", mode="inference")
    assert "there is no column 'day'" in message
    assert "its model has no version 'w'" in models.refusal("n\n5\n", version="w", mode="inference")


def test_values_unknown_or_missing_or_of_another_type_do_not_break_a_prediction(jobs: Any) -> None:
    models = Models(jobs, "Lasso")
    models.run(table(), target_column="price")
    odd = "n,day,side,code,nothing,late\nmany,not a day,north,,7,perhaps\n,,,,,\n"
    told = column(models.run(odd, mode="inference"), "predicted_price")
    assert [float(value) for value in told] == pytest.approx([float(told[0])] * 2, abs=200)


def test_rows_without_a_target_are_predicted_and_not_learned_from(jobs: Any) -> None:
    ended = Models(jobs, "Base").run("n,y\n1,2\n2,4\n3,\n4,8\n", target_column="y")
    assert [round(float(value)) for value in column(ended, "predicted_y")] == [2, 4, 6, 8]
    assert column(ended, "y") == ["2", "4", "", "8"]


def test_hyperparameters_are_kept_with_their_defaults(jobs: Any) -> None:
    ended = Models(jobs, "Lasso").run(table(), {"alpha": 0.25, "fit_intercept": False}, target_column="price")
    kept = ended.model_versions[0]["hyperparameters"]
    assert (kept["alpha"], kept["fit_intercept"], kept["max_iter"]) == (0.25, False, 1000)


@pytest.mark.parametrize(
    ("content", "given", "parameters", "says"),
    [
        ("n,y\n1,2\n2,3\n", {}, {}, "it needs the parameter 'target_column'"),
        ("n,y\n1,2\n2,3\n", {}, {"target_column": "z"}, "there is no column 'z'"),
        ("n,y\n1,2\n2,3\n", {"alhpa": 1}, {"target_column": "y"}, "no hyperparameter 'alhpa'; did you mean 'alpha'?"),
        ("n,y\n1,2\n2,3\n", {"alpha": "1"}, {"target_column": "y"}, "hyperparameter 'alpha' must be a number, not '1'"),
        ("n,y\n1,2\n2,3\n", {"alpha": -1}, {"target_column": "y"}, "the model cannot be trained: "),
        ("n,y\n1,2\n2,3\n", {}, {"target_column": "y", "mode": "guess"}, "parameter 'mode' cannot be 'guess'"),
        ("n,y\n1,2\n2,3\n", {}, {"mode": "inference"}, "its model has not been trained"),
        ("n,y\n1,2\n2,2\n", {}, {"target_column": "y"}, "has 1 different values; two are needed to learn"),
        ("y\n1\n2\n", {}, {"target_column": "y"}, "there is no column beside 'y' to learn from"),
    ],
)
def test_what_cannot_be_trained_is_said(
    jobs: Any, content: str, given: dict[str, Any], parameters: dict[str, Any], says: str
) -> None:
    assert says in Models(jobs, "Lasso").refusal(content, given, **parameters)


def test_other_models_are_not_run_yet(jobs: Any) -> None:
    message = Models(jobs, "Base", "Svm").refusal("n,y\n1,2\n", target_column="y")
    assert "model 'prices' is Svm Base; the local platform trains models of the type Linear so far" in message
