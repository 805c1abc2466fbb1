"""What the API answers, one module a noun: what the OpenAPI document describes, and every answer is checked against."""
