"""Schemas of the API's answers, one module per kind. They define the OpenAPI document, and check every answer."""
