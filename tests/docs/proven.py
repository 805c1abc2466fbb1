"""The facets and arguments that the public platform is known to have: its own documentation shows them."""

from __future__ import annotations

PROVEN = {
    "INPUT.Imported": {"dataset_id", "file_type", "header", "use_raw_file", "data_types"},
    "MID.Count": {"output_column_name", "sort", "target_columns"},
    "MID.Union": {"option"},
    "MID.Python": {"script"},
    "MID.Predict": {"model_name", "model_version", "version"},
    "MID.Custom_Facet": {"custom_facet_id", "version_id", "arguments"},
    "OUTPUT.Exported": {"dataset_name", "file_type", "header", "directory"},
}
"""The arguments of each facet type, by its name."""

MODELS = {
    # The help of the public platform's Lasso shows `target_column` and `alpha`; its examples give `fit_intercept`, too.
    # `mode` is known of its other models, and of the rule that a model with a version is trained again only so.
    "Linear.Lasso": {"parameters": {"target_column", "mode"}, "hyperparameters": {"alpha", "fit_intercept"}},
    "Linear.Base": {"parameters": {"target_column", "mode"}, "hyperparameters": set()},
}
"""The parameters and hyperparameters of each model type, by its name."""

ALWAYS = {
    "INPUT.Imported": {"file_type", "header", "use_raw_file"},
    "OUTPUT.Exported": {"dataset_name", "file_type", "header"},
}
"""The arguments that are never left out there."""

ARROWS = {"table_side", "name"}
"""The arguments of arrows."""
