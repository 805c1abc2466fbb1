"""The browsers of each kind of component."""

from __future__ import annotations

from ikigai_core.components.app import App
from ikigai_core.components.browser import Browser
from ikigai_core.components.custom_facet import CustomFacet
from ikigai_core.components.dataset import Dataset
from ikigai_core.components.flow import Flow
from ikigai_core.components.model import Model

AppBrowser = Browser[App]
CustomFacetBrowser = Browser[CustomFacet]
DatasetBrowser = Browser[Dataset]
FlowBrowser = Browser[Flow]
ModelBrowser = Browser[Model]
