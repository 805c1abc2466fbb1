"""What tasks import, for the scheduler to import once before it forks them; Airflow reads it as its local settings."""

import importlib
import pkgutil
import sys

if "scheduler" in sys.argv:
    import airflow_provider_ikigai

    NAMES = (
        "airflow.dag_processing.bundles.local",
        "airflow.dag_processing.dagbag",
        "airflow.providers.standard.decorators.python",
        "airflow.sdk.definitions.decorators",
        "airflow.sdk.execution_time.secrets",
        "airflow.sdk.execution_time.task_runner",
        "ikigai_core.client",
        "ikigai_core.components.app",
        "ikigai_core.components.directories",
        "ikigai_core.components.flow",
        "ikigai_core.orchestration.data_profile",
        "ikigai_core.orchestration.ensuring",
        "ikigai_core.runs",
        "ikigai_core.transfer.reading",
        "ikigai_core.transport.sync",
        "pandas",
    )
    PARTS = pkgutil.walk_packages(airflow_provider_ikigai.__path__, "airflow_provider_ikigai.")
    for name in (*NAMES, *(part.name for part in PARTS)):
        importlib.import_module(name)
