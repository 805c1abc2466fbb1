"""The platform's facet types and model types, with help texts and checks."""
