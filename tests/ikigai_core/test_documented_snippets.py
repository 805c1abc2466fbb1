"""What the platform client's documentation shows works with one import changed, and prints what is shown there.

One test for each of its snippets, in its order. Ids and times differ, and blank space does not count.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pprint import pprint
from typing import Any

import pandas as pd
import pytest

from ikigai_core import App, Flow, FlowDefinition, Ikigai, Model, errors
from ikigai_core.local.process import LocalPlatform

_TIME = r"datetime\.datetime\([0-9, ]+tzinfo=TzInfo\(\w+\)\)"
_IMPORTED = {"dataset_id": "my-input-dataset-id", "file_type": "csv", "header": True, "use_raw_file": False}
_COUNT = {"output_column_name": "count", "sort": True, "target_columns": ["col1", "col2"]}
_EXPORTED = {"dataset_name": "my-output-dataset-name", "file_type": "csv", "header": True}


@pytest.fixture(scope="module")
def platform() -> Iterator[LocalPlatform]:
    """A platform as new: the documentation starts from its tutorial."""
    with LocalPlatform.start(user_email="bob@example.com", api_key="my-ikigai-api-key") as platform:
        yield platform


@pytest.fixture(scope="module")
def ikigai(platform: LocalPlatform) -> Iterator[Ikigai]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IKIGAI_BASE_URL", platform.url)
        client = Ikigai(user_email="bob@example.com", api_key="my-ikigai-api-key")
    with client:
        yield client


@pytest.fixture(scope="module")
def app(ikigai: Ikigai) -> App:
    """The app `my app`, with a dataset, a flow and a model that was trained once."""
    app = ikigai.app.new("my app").build()
    cookies = ikigai.apps["Start Here (Tutorial)"].datasets["[INPUT]"].df()
    dataset = app.dataset.new("my dataset").df(cookies).build()
    lasso = ikigai.model_types.Linear.Lasso
    app.model.new("example_1").model_type(lasso).description("example 1").build()
    trained = (
        ikigai.builder.facet(ikigai.facet_types.INPUT.Imported)
        .arguments(dataset_id=dataset.dataset_id, file_type="csv", header=True)
        .model_facet(ikigai.facet_types.MID.PREDICT, lasso)
        .arguments(model_name="example_1", model_version="Demo")
        .parameters(target_column="Qty")
        .facet(ikigai.facet_types.OUTPUT.EXPORTED)
        .arguments(dataset_name="predicted", file_type="csv", header=True)
        .build()
    )
    assert app.flow.new("train").definition(trained).build().run().status == "SUCCESS"
    return app


@pytest.fixture
def flow(ikigai: Ikigai) -> Flow:
    return ikigai.apps()["Start Here (Tutorial)"].flows()["new flow"]


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def printed(capsys: pytest.CaptureFixture[str], what: Any) -> str:
    print(what)
    return capsys.readouterr().out.rstrip("\n")


def without_ids(definition: FlowDefinition) -> dict[str, Any]:
    """A definition's dump in which facets are known by their position."""
    dumped = definition.model_dump()
    positions = {facet.pop("facet_id"): position for position, facet in enumerate(dumped["facets"])}
    for arrow in dumped["arrows"]:
        arrow.update(source=positions[arrow["source"]], destination=positions[arrow["destination"]])
    return dumped


def chain(*facets: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """The dump of facets that hang one on the other."""
    return {
        "facets": [{"facet_uid": uid, "name": "", "arguments": arguments} for uid, arguments in facets],
        "arrows": [{"source": n, "destination": n + 1, "arguments": {}} for n in range(len(facets) - 1)],
        "arguments": {},
        "variables": {},
        "model_variables": {},
    }


# -- apps --------------------------------------------------------------------------------------------------------------


def test_creating_a_client_and_being_told_of_a_wrong_key(platform: LocalPlatform) -> None:
    client = Ikigai(user_email="bob@example.com", api_key="not-my-key", base_url=platform.url)
    with client, pytest.raises(errors.AccessRefusedError, match="Missing Authentication Token"):
        client.apps()


def test_listing_all_apps(ikigai: Ikigai, app: App, capsys: pytest.CaptureFixture[str]) -> None:
    apps = ikigai.apps()
    for one in apps.values():
        print(one)
    assert {"Start Here (Tutorial)", "my app"} <= set(capsys.readouterr().out.splitlines())


def test_showing_details_of_an_app(ikigai: Ikigai, app: App) -> None:
    described = ikigai.apps()["Start Here (Tutorial)"].describe()
    assert list(described) == ["app", "components"]
    assert list(described["app"]) == [
        "app_id",
        "name",
        "owner",
        "description",
        "created_at",
        "modified_at",
        "last_used_at",
    ]
    assert (described["app"]["owner"], described["app"]["description"]) == ("bob@example.com", "")
    for directory, name in zip(described["components"]["dataset_directories"], ["[OUTPUT]", "[INPUT]"], strict=True):
        assert directory.keys() == {"directory_id", "name", "type", "project_id", "parent_id", "size"}
        assert (directory["name"], directory["type"], directory["parent_id"], directory["size"]) == (
            name,
            "DATASET",
            "",
            "0",
        )
    for empty in ("charts", "database_directories", "pipeline_directories", "model_directories"):
        assert described["components"][empty] == []
    assert described["components"]["external_resource_directories"] == []


# -- datasets ----------------------------------------------------------------------------------------------------------


def test_finding_a_dataset_from_an_app(ikigai: Ikigai, app: App, capsys: pytest.CaptureFixture[str]) -> None:
    datasets = ikigai.apps()["my app"].datasets()
    dataset = datasets["my dataset"]
    shown = printed(capsys, dataset)
    assert re.fullmatch(
        rf"""Dataset\(
    app_id='\w{{27}}',
    dataset_id='\w{{27}}',
    name='my dataset',
    filename='my dataset\.csv',
    file_extension='csv',
    data_types={{
        'Product \(name/description\)': ColumnDataType\(
            data_type=<DataType\.\w+: '\w+'>,
            data_formats={{}}
        \),
        'SKU/Unique Item ID': ColumnDataType\(
            data_type=<DataType\.TEXT: 'TEXT'>,
            data_formats={{}}
        \),
        'Channel/Location': ColumnDataType\(
            data_type=<DataType\.CATEGORICAL: 'CATEGORICAL'>,
            data_formats={{}}
        \),
        'Qty': ColumnDataType\(
            data_type=<DataType\.NUMERIC: 'NUMERIC'>,
            data_formats={{'numeric_format': 'INTEGER'}}
        \)
    }},
    size=\d+,
    created_at={_TIME},
    modified_at={_TIME}
\)""",
        shown,
    ), shown


def test_showing_details_of_a_dataset(ikigai: Ikigai) -> None:
    datasets = ikigai.apps()["Start Here (Tutorial)"].datasets()
    described = datasets["[INPUT]"].describe()
    assert (described["name"], described["filename"]) == ("[INPUT]", "example.csv")
    assert described["data_types"]["Channel/Location"] == {"data_type": "CATEGORICAL", "data_formats": {}}
    assert described["directory"].keys() >= {"directory_id", "name", "type", "project_id"}
    assert described["directory"]["type"] == "DATASET"
    assert described.keys() >= {"dataset_id", "project_id"}


def test_downloading_a_dataset(ikigai: Ikigai) -> None:
    datasets = ikigai.apps()["Start Here (Tutorial)"].datasets()
    df = datasets["[INPUT]"].df()
    assert list(df.columns) == ["Product (name/description)", "SKU/Unique Item ID", "Channel/Location", "Qty"]
    assert df.head().to_numpy().tolist() == [
        ["Chocolate Chip Cookie", "Chocolate_C123_Am", "Amazon", 166],
        ["Snickerdoodle Cookie", "Snickerdoodle_C123_Am", "Amazon", 428],
        ["Ginger Cookie", "Ginger_C123_Am", "Amazon", 271],
        ["Sugar Cookie", "Sugar_C123_Am", "Amazon", 421],
        ["Double Chocolate Cookie", "Double_C123_Am", "Amazon", 342],
    ]


def test_creating_a_new_dataset(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    df = pd.DataFrame({"Name": ["Alice", "Bob"], "Age": [25, 30]})
    new_dataset = app.dataset.new("New Dataset").df(df).build()
    shown = printed(capsys, new_dataset)
    assert shown == repr(new_dataset)
    assert re.match(r"Dataset\(\n    app_id='\w+',\n    dataset_id='\w+',\n    name='New Dataset',\n", shown)
    assert squeezed("'Age': ColumnDataType(data_type=<DataType.NUMERIC: 'NUMERIC'>,") in squeezed(shown)
    assert squeezed("data_formats={'numeric_format': 'INTEGER'}") in squeezed(shown)


def test_updating_a_dataset(app: App) -> None:
    dataset = app.datasets()["my dataset"]
    df = dataset.df()
    df_updated = df[df.columns[:-1]]
    dataset.edit_data(df_updated)
    head = dataset.df().head()
    assert list(head.columns) == ["Product (name/description)", "SKU/Unique Item ID", "Channel/Location"]
    assert head.iloc[4].tolist() == ["Double Chocolate Cookie", "Double_C123_Am", "Amazon"]


# -- models ------------------------------------------------------------------------------------------------------------


def test_listing_all_models(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    models = app.models()
    for model in models.values():
        print(model)
    shown = capsys.readouterr().out
    assert re.search(
        r"Model\(\n    app_id='\w+',\n    model_id='\w+',\n    name='example_1',\n    model_type='Linear',\n"
        r"    sub_model_type='Lasso',\n    description='example 1',\n"
        rf"    created_at={_TIME},\n    modified_at={_TIME}\n\)",
        shown,
    ), shown


def test_showing_details_of_a_model(app: App) -> None:
    model = app.models()["example_1"]
    described = model.describe()
    assert sorted(described) == [
        "created_at",
        "description",
        "directory",
        "latest_version_id",
        "model_id",
        "model_type",
        "modified_at",
        "name",
        "project_id",
        "sub_model_type",
    ]
    nowhere = {"directory_id": "", "name": "", "parent_id": "", "project_id": "", "size": "0", "type": "MODEL"}
    assert described["directory"] == nowhere
    assert described["created_at"].isdigit()
    assert (described["description"], described["model_type"]) == ("example 1", "Linear")


def test_listing_all_versions_of_a_model(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    model = app.models()["example_1"]
    versions = model.versions()
    for version in versions.values():
        print(version)
    shown = capsys.readouterr().out
    begins = r"ModelVersion\(\n    app_id='\w+',\n    model_id='\w+',\n    version_id='\w+',\n    version='Demo',\n"
    assert re.match(begins + r"    hyperparameters={\n        '", shown), shown
    assert re.search(r"\n    metrics={\n        'feature_importance': ", shown)
    assert re.search(r"\n        'performance': {\n            '\w+': {\n? *'average_test': ", shown)
    assert re.search(rf"    created_at={_TIME},\n    modified_at={_TIME}\n\)\n\Z", shown)


def test_showing_details_of_a_model_version(app: App) -> None:
    model: Model = app.models()["example_1"]
    described = model.versions()["Demo"].describe()
    assert sorted(described) == [
        "created_at",
        "hyperparameters",
        "metrics",
        "model_id",
        "modified_at",
        "version",
        "version_id",
    ]
    assert list(described["metrics"]) == ["feature_importance", "performance"]
    assert described["created_at"].isdigit()
    assert (described["version"], described["model_id"]) == ("Demo", model.model_id)


def test_model_types(ikigai: Ikigai) -> None:
    assert ikigai.model_types.types == [
        "Ai Cast",
        "Ai Llm",
        "Ai Match",
        "Ai Predict",
        "Anomaly Detection",
        "Change Point Detection",
        "Clustering",
        "Decision Trees",
        "Decomposition",
        "Dimensionality Reduction",
        "Embedding",
        "Estimators",
        "Gaussian Process",
        "Imputation",
        "Linear",
        "Llms",
        "Matrix Completion",
        "Naive Bayes",
        "Nearest Neighbors",
        "Reconciliation",
        "Supply Chain",
        "Svm",
        "Time Series",
        "Vectorizer",
    ]


def test_help_on_all_model_types(ikigai: Ikigai) -> None:
    text = ikigai.model_types.help()
    assert text.startswith(
        "Ai Cast:\n  keywords: ['AI', 'cast', 'time series', 'auto', 'ML', 'AiCast']\n  sub-model types:\n    Base:\n"
    )
    settings = """
        interval_to_predict: NUMBER = 10
        metric: TEXT = 'mean_absolute_percentage_error'  options=[mean_absolute_percentage_error|mean_absolute_error\
|mean_squared_error|weighted_mean_absolute_percentage_error]
Ai Llm:
  keywords: ['ai', 'llm', 'predict']
  sub-model types:
    Classification:
      keywords: ['classification']
      metrics:
        feature_importance: {}
        performance: {}
      parameters:
        target_column: TEXT
      hyperparameters:
        No hyperparameters
"""
    assert settings in text
    assert "        temperature: NUMBER = 0\n    Flow Search:\n" in text
    for name in ikigai.model_types.types:
        assert f"\n{name.title()}:\n" in f"\n{text}"


def test_help_on_a_model_type(ikigai: Ikigai) -> None:
    text = ikigai.model_types.AI_CAST.help()
    assert ikigai.model_types.help().startswith(f"{text}\n")
    metric = """'0': {'name': 'weighted_mean_absolute_percentage_error', 'parameters': {'0': {'default_value': 0.5,
        'have_options': False, 'is_deprecated': False, 'is_hidden': False, 'is_list': False,
        'name': 'overforecast_weight', 'options': [], 'parameter_type': 'NUMBER'}},
        'target_column_data_types': ['NUMERIC', 'TIME']}"""
    assert squeezed(metric) in squeezed(text)
    for line in (
        "identifier_columns: list[TEXT]",
        "mode: TEXT = 'train'  options=[train|fine_tune|inference|retrain_inference]",
        "eval_method: TEXT = 'cv'  options=[cv|holdout]",
        "confidence: NUMBER = 0.7",
        "fine_tune: list[MAP] = {",
        "  filter: list[TEXT] = ''",
        "  hyperparameters: MAP = {}",
        "experiment_selection: MAP = {}",
        "enable_parallel_processing: BOOLEAN = False",
    ):
        assert f"\n        {line}\n" in text


def test_help_on_a_sub_model_type(ikigai: Ikigai) -> None:
    def metric(name: str, *types: str) -> dict[str, Any]:
        return {"name": name, "parameters": {}, "target_column_data_types": list(types)}

    importance = {"0": {"name": "shapley"}, "1": {"name": "permutation"}, "2": {"name": "linear_base"}}
    performance = {
        "0": metric("r2", "NUMERIC", "TIME"),
        "1": metric("neg_mean_absolute_error", "NUMERIC", "TIME"),
        "2": metric("neg_mean_squared_error", "NUMERIC", "TIME"),
        "3": metric("accuracy", "TEXT", "CATEGORICAL"),
        "4": metric("balanced_accuracy", "TEXT", "CATEGORICAL"),
    }
    assert ikigai.model_types.Linear.Lasso.help().splitlines() == [
        "Lasso:",
        "  keywords: ['lasso', 'linear']",
        "  metrics:",
        f"    feature_importance: {importance}",
        f"    performance: {performance}",
        "  parameters:",
        "    target_column: TEXT",
        "  hyperparameters:",
        "    alpha: NUMBER = 1",
    ]


def test_creating_a_new_model(ikigai: Ikigai, app: App) -> None:
    model_types = ikigai.model_types
    model = app.model.new("Simple Linear Regression with Lasso").model_type(model_type=model_types.Linear.Lasso).build()
    assert (model.model_type, model.sub_model_type) == ("Linear", "Lasso")


# -- facets and definitions --------------------------------------------------------------------------------------------


_INPUT_TYPES = "HANA IMPORTED LOAD CUSTOM_FACET INPUT_CONNECTOR PYTHON S3"
_MID_TYPES = """
    ADD_PRIMARY_KEY COUNT CROSS_TAB DEDUPLICATE DESCRIBE DROP_COLUMNS DROP_MISSING_VALUES FILL_MISSING_VALUES FILTER
    FIND_REPLACE FREE_FORM_SQL INTERPOLATE KEEP_HEADERS_ONLY MELT MULTI_INPUT_FORMULA NEW_COLUMNS PIVOT_TABLE
    RENAME_COLUMNS SAMPLE SELECT SORT SUMMARY TEXT_SPLIT TRANSPOSE ADD_CURRENT_TIME ADD_OR_SUBTRACT_TIME
    CHANGE_TIME_GRANULARITY FILTER_BY_TIME GET_TIME_UNIT ROLLING_WINDOW COLUMN_VALUE COPY JOIN SUBSTITUTE UNION AI_CAST
    AI_LLM AI_MATCH AI_PLAN AI_PREDICT PREDICT TIME_SERIES_ANALYSIS CONVERT EDA EDA_TIME_SERIES CUSTOM_FACET PYTHON
"""
_OUTPUT_TYPES = "HANA EXPORTED DUMP CUSTOM_FACET OUTPUT_CONNECTOR PYTHON S3 SLACK"


def test_facet_types(ikigai: Ikigai) -> None:
    facet_types = ikigai.facet_types
    assert facet_types.INPUT.types == _INPUT_TYPES.split()
    assert facet_types.MID.types == _MID_TYPES.split()
    assert facet_types.OUTPUT.types == _OUTPUT_TYPES.split()


def test_help_on_a_facet_type(ikigai: Ikigai, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        printed(capsys, ikigai.facet_types.INPUT.Imported.help())
        == """Imported:
  facet_arguments:
    dataset_id: TEXT | None
    use_raw_file: BOOLEAN | None
    script: TEXT
    libraries: list[TEXT]
    file_type: TEXT  options=[csv|xlsx|xls]
    header: BOOLEAN = True
    column_names: list[TEXT]
    header_row_number: NUMBER
    sheet_name: TEXT
    data_types: list[MAP] = [{
      column_name: TEXT | None
      data_formats: list[MAP] = [{
        key: TEXT | None
        value: TEXT | None
      }]
      data_type: TEXT | None  options=[CATEGORICAL|NUMERIC|TEXT|TIME]
    }]"""
    )


def test_adding_and_configuring_a_model_facet(ikigai: Ikigai) -> None:
    facet_types, model_types = ikigai.facet_types, ikigai.model_types
    flow_builder = ikigai.builder
    facet_1 = (
        flow_builder.facet(facet_type=facet_types.INPUT.Imported)
        .arguments(dataset_id="my-input-dataset-id")
        .arguments(file_type="csv", header=True, use_raw_file=False)
    )
    model_facet = (
        facet_1.model_facet(facet_type=facet_types.MID.PREDICT, model_type=model_types.Linear.Lasso)
        .arguments(model_name="my-model-name", model_version="initial")
        .hyperparameters(alpha=0.1, fit_intercept=True)
        .parameters(target_column="target_column_name")
    )
    facet_3 = model_facet.facet(facet_type=facet_types.OUTPUT.EXPORTED).arguments(
        dataset_name="my-output-dataset-name", file_type="csv", header=True
    )
    settings = {
        "model_name": "my-model-name",
        "model_version": "initial",
        "hyperparameters": {"alpha": 0.1, "fit_intercept": True},
        "parameters": {"target_column": "target_column_name"},
    }
    assert without_ids(facet_3.build()) == chain(("I_005", _IMPORTED), ("M_016", settings), ("O_005", _EXPORTED))


def implicit(ikigai: Ikigai) -> FlowDefinition:
    facet_types = ikigai.facet_types
    return (
        ikigai.builder.facet(facet_type=facet_types.INPUT.Imported)
        .arguments(dataset_id="my-input-dataset-id", file_type="csv", header=True, use_raw_file=False)
        .facet(facet_type=facet_types.MID.COUNT)
        .arguments(output_column_name="count", sort=True, target_columns=["col1", "col2"])
        .facet(facet_type=facet_types.OUTPUT.EXPORTED)
        .arguments(dataset_name="my-output-dataset-name", file_type="csv", header=True)
        .build()
    )


def test_chaining_facets_implicitly(ikigai: Ikigai, capsys: pytest.CaptureFixture[str]) -> None:
    definition = implicit(ikigai)
    pprint(definition.model_dump(), sort_dicts=False)
    first, second, _ = (facet.facet_id for facet in definition.facets)
    assert f"'arrows': [{{'source': '{first}', 'destination': '{second}', 'arguments': {{}}}}," in (
        capsys.readouterr().out
    )
    assert without_ids(definition) == chain(("I_005", _IMPORTED), ("M_003", _COUNT), ("O_005", _EXPORTED))


def test_adding_and_configuring_a_facet_bit_by_bit(ikigai: Ikigai) -> None:
    facet_types = ikigai.facet_types
    at_once = ikigai.builder.facet(facet_type=facet_types.INPUT.Imported).arguments(
        dataset_id="my-input-dataset-id", file_type="csv", header=True, use_raw_file=False
    )
    bit_by_bit = (
        ikigai.builder.facet(facet_type=facet_types.INPUT.Imported)
        .arguments(dataset_id="my-input-dataset-id")
        .arguments(file_type="csv", header=True, use_raw_file=False)
    )
    assert at_once.build() == bit_by_bit.build()


def test_chaining_facets_explicitly(ikigai: Ikigai) -> None:
    facet_types = ikigai.facet_types
    flow_builder = ikigai.builder
    facet_1 = flow_builder.facet(facet_type=facet_types.INPUT.Imported).arguments(
        dataset_id="my-input-dataset-id", file_type="csv", header=True, use_raw_file=False
    )
    facet_2 = facet_1.facet(facet_type=facet_types.MID.COUNT).arguments(
        output_column_name="count", sort=True, target_columns=["col1", "col2"]
    )
    facet_2.facet(facet_type=facet_types.OUTPUT.EXPORTED).arguments(
        dataset_name="my-output-dataset-name", file_type="csv", header=True
    )
    assert flow_builder.build() == implicit(ikigai)


def test_creating_a_branch_in_the_flow(ikigai: Ikigai) -> None:
    facet_types = ikigai.facet_types
    flow_builder = ikigai.builder
    import_1 = flow_builder.facet(facet_type=facet_types.INPUT.Imported).arguments(
        dataset_id="my-input-dataset-id", file_type="csv", header=True, use_raw_file=False
    )
    import_2 = import_1.facet(facet_type=facet_types.INPUT.Imported).arguments(
        dataset_id="my-input-dataset-id-2", file_type="csv", header=True, use_raw_file=False
    )
    union_facet = (
        flow_builder.facet(facet_type=facet_types.MID.UNION, name="union")
        .add_arrow(import_1, table_side="top")
        .add_arrow(import_2, table_side="bottom")
        .arguments(option="full")
    )
    definition = (
        union_facet.facet(facet_type=facet_types.OUTPUT.EXPORTED)
        .arguments(dataset_name="my-output-dataset-name", file_type="csv", header=True)
        .build()
    )
    dumped = without_ids(definition)
    assert dumped["facets"] == [
        {"facet_uid": "I_005", "name": "", "arguments": _IMPORTED},
        {"facet_uid": "I_005", "name": "", "arguments": {**_IMPORTED, "dataset_id": "my-input-dataset-id-2"}},
        {"facet_uid": "M_019", "name": "union", "arguments": {"option": "full"}},
        {"facet_uid": "O_005", "name": "", "arguments": _EXPORTED},
    ]
    assert [(arrow["source"], arrow["destination"], arrow["arguments"]) for arrow in dumped["arrows"]] == [
        (0, 1, {}),
        (0, 2, {"table_side": "top"}),
        (1, 2, {"table_side": "bottom"}),
        (2, 3, {}),
    ]


# -- flows -------------------------------------------------------------------------------------------------------------


def test_creating_a_new_flow(ikigai: Ikigai, app: App) -> None:
    now = str(int(time.time()))[-3:]
    flow_name = f"Flow Definition Example {now}"
    flow = app.flow.new(name=flow_name).definition(implicit(ikigai)).build()
    dumped = flow.model_dump()
    assert list(dumped) == ["app_id", "flow_id", "name", "created_at", "modified_at"]
    assert (dumped["app_id"], dumped["name"]) == (app.app_id, flow_name)


def test_finding_a_flow_from_an_app(flow: Flow, capsys: pytest.CaptureFixture[str]) -> None:
    assert re.fullmatch(
        r"Flow\(\n    app_id='\w+',\n    flow_id='\w+',\n    name='new flow',\n"
        rf"    created_at={_TIME},\n    modified_at={_TIME}\n\)",
        printed(capsys, flow),
    )


def test_running_a_flow_and_viewing_its_logs(flow: Flow, capsys: pytest.CaptureFixture[str]) -> None:
    one = (
        r"RunLog\(\n    log_id='\w+',\n    status=SUCCESS,\n    user='bob@example\.com',\n"
        rf"    erroneous_facet_id=None,\n    data='',\n    timestamp={_TIME}\n\)"
    )
    logs = [flow.run() for _ in range(2)]
    assert re.fullmatch(one, repr(logs[0]))
    capsys.readouterr()
    assert re.fullmatch(rf"\[{one}\]", printed(capsys, flow.run_logs()))
    assert re.fullmatch(rf"\[{one}, {one}\]", printed(capsys, flow.run_logs(max_count=3)))
    assert flow.run_logs(max_count=3, since=logs[1].timestamp) == []
    assert [log.log_id for log in flow.run_logs(max_count=3)] == [log.log_id for log in reversed(logs)]


def test_getting_the_status_of_a_flow(flow: Flow) -> None:
    assert repr(flow.status()) == "FlowStatusReport(\n    status=IDLE,\n    progress=None,\n    message=''\n)"
