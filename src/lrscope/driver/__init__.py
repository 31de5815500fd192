"""The driver: a schedule on an optimizer, with nothing to step or forget."""
